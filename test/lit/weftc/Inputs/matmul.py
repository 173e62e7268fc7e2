# test/lit/weftc/Inputs/matmul.py - Inputs and result of matmul.textproto
#
# Part of Weft, under the Apache License v2.0. See LICENSE.

import os
import sys

import numpy as np
import onnx
from google.protobuf import text_format
from onnx import numpy_helper

graph = os.path.join(os.path.dirname(__file__), os.pardir, "matmul.textproto")
with open(graph) as f:
    text = "".join(line for line in f if not line.startswith("#"))
model = onnx.ModelProto()
text_format.Parse(text, model)
w = numpy_helper.to_array(model.graph.initializer[0])
rng = np.random.default_rng(5)
a = rng.standard_normal((3, 2, 5, 7)).astype(np.float32)
b = rng.standard_normal((2, 7, 10)).astype(np.float32)
e = np.exp(np.tanh(a @ b))
for name, value in ("a", a), ("b", b), ("y", e / e.sum(-1, keepdims=True) @ w):
    np.save(f"{sys.argv[1]}.{name}.npy", value)
