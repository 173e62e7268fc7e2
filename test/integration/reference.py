# test/integration/reference.py - Single nodes against ONNX's reference evaluator
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   reference.py [--grid WxH]
#
# Types and values that ONNX Runtime's CPU kernels lack, or that its node tests
# leave out: the top bit of uint32, integers that wrap, shifts by more than the
# width, infinite exponents, norms whose scale varies along one dimension only.

import argparse
import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from weft.conformance import Tools

random = np.random.default_rng(7)


def floats(*shape):
    return random.standard_normal(shape).astype(np.float32)


def filled(value, *first):
    x = np.full((1, 150), value, np.uint32)
    x[0, :len(first)] = first
    return x


def scatters():
    wide = np.array([2 ** 31 + 5, 7, 1, 2 ** 32 - 1], np.uint32)
    rows = np.array([2 ** 31 + 5, 2 ** 31 - 1, 7], np.uint32)
    for how in ("max", "min", "add"):
        yield (f"scatter-uint32-{how}", "ScatterND", [wide, np.array([[1], [1], [0]]), rows], [],
               {"reduction": how})
    for dtype in (np.uint8, np.int8, np.uint16, np.int16):
        for how in ("add", "mul"):
            yield (f"scatter-{dtype.__name__}-{how}", "ScatterND",
                   [np.array([1, 100, 3], dtype), np.array([[1], [2]]), np.array([100, 90], dtype)],
                   [], {"reduction": how})


def cases():
    """(name, op, inputs of the graph, weights behind them, attributes)"""
    yield "layer-norm-rows", "LayerNormalization", [floats(2, 3, 3)], [floats(3, 1), floats(3, 1)], {}
    yield "layer-norm-flat", "LayerNormalization", [floats(2, 3, 4)], [floats(3, 4)], {"axis": 1}
    axis = np.array([1])
    yield "max-uint32", "ReduceMax", [filled(7, 2 ** 31 + 5, 3, 9)], [axis], {}
    yield "min-uint32", "ReduceMin", [filled(2 ** 31 + 7, 2 ** 31 + 5, 2 ** 31 - 1)], [axis], {}
    yield from scatters()
    words, by = np.array([9, 9, 9, 255], np.uint32), np.array([31, 32, 33, 64], np.uint32)
    for direction in ("LEFT", "RIGHT"):
        yield f"shift-{direction.lower()}", "BitShift", [words, by], [], {"direction": direction}
        yield (f"shift-bytes-{direction.lower()}", "BitShift",
               [words.astype(np.uint8), np.array([1, 7, 6, 0], np.uint8)], [], {"direction": direction})
    bases = np.array([-7.5, -1, -0.5, -2], np.float32)
    yield "pow-infinite", "Pow", [bases], [np.array([np.inf, np.inf, np.inf, -np.inf], np.float32)], {}


def check(tools, grid, name, op, inputs, weights, attributes):
    names = [f"i{k}" for k in range(len(inputs))]
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
             for n, v in zip(names, inputs)]
    constants = [numpy_helper.from_array(w, f"w{k}") for k, w in enumerate(weights)]
    node = helper.make_node(op, names + [c.name for c in constants], ["y"], **attributes)
    kind = helper.np_dtype_to_tensor_dtype(inputs[0].dtype)
    graph = helper.make_graph([node], name, infos,
                              [helper.make_tensor_value_info("y", kind, None)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    want = ReferenceEvaluator(model).run(None, dict(zip(names, inputs)))[0]
    with tempfile.TemporaryDirectory() as scratch:
        def file(label, value):
            path = os.path.join(scratch, label + ".npy")
            np.save(path, value)
            return f"{label}={path}"
        path, binary = os.path.join(scratch, "m.onnx"), os.path.join(scratch, "m.weft")
        onnx.save(model, path)
        result = tools.compile(path, binary, [f"--grid={grid}"])
        if result != "pass":
            return result
        words = ["weft-run", binary, "--expect", file("y", want)]
        for label, value in zip(names, inputs):
            words += ["--input", file(label, value)]
        return tools.compare(words)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--grid", default="4x4")
    args = p.parse_args()
    tools, bad, count = Tools(), 0, 0
    for case in cases():
        result = check(tools, args.grid, *case)
        count += 1
        if result != "pass":
            bad += 1
            print(f"error: {case[0]}: {result}", file=sys.stderr)
    print(f"{count - bad} of {count} agree")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
