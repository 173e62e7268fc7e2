# models.py - A model that needs a constant, and broken copies of it
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Written to the folder that is given, for test/lit/weftc/model-errors.test.

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper


def info(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


os.chdir(sys.argv[1])
reshape = helper.make_node("Reshape", ["x", "shape"], ["y"], name="r")
graph = helper.make_graph([reshape], "g",
                          [info("x", TensorProto.FLOAT, ["batch", "seq", 4]),
                           info("shape", TensorProto.INT64, [2])],
                          [info("y", TensorProto.FLOAT, [2, "rest"])])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
with open("model.onnx", "wb") as f:
    f.write(model)
# Cut after each quarter, and in the middle of a field's length.
for i, size in enumerate([1, len(model) // 4, len(model) // 2, len(model) - 1]):
    with open(f"cut{i}.onnx", "wb") as f:
        f.write(model[:size])
for name, value in {"good": [2, -1], "long": [2, 2, -1], "wrong": [3, 5], "negative": [-7, 2]}.items():
    np.save(f"{name}.npy", np.array(value, np.int64))
np.save("float.npy", np.zeros(2, np.float32))
np.save("x.npy", np.zeros((2, 3, 5), np.float32))
# A weight in a file of its own.
weight = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 4],
                          data_location=TensorProto.EXTERNAL)
weight.external_data.add(key="location", value="w.bin")
product = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
                            [info("x", TensorProto.FLOAT, [2, 4])],
                            [info("y", TensorProto.FLOAT, [2, 4])], [weight])
onnx.save(helper.make_model(product, opset_imports=[helper.make_opsetid("", 17)]), "external.onnx")
