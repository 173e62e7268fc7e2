# test/integration/windows.py - Which keys Attention sees, against ONNX itself
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Windows, causal or not, with a past, with lengths of a cache and with masks:
# ONNX Runtime has no kernel for Attention-25 and no test is stored, so the
# reference is ONNX's own implementation.
#
#   python windows.py [--grid=3x2]

import itertools
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from weft import conform, onnxio

RNG = np.random.default_rng(5)
BATCH, HEADS, ROWS, KEYS, WIDTH = 2, 2, 3, 5, 4
WINDOWS = [(-1, -1), (0, -1), (1, -1), (-1, 1), (2, 0), (1, 2)]
CACHES = ["none", "past", "lengths"]


def tensor(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def build(window, causal, cache, masked):
    """(model, inputs) of one Attention."""
    rows = KEYS if cache == "none" else ROWS
    inputs = {"q": tensor(BATCH, HEADS, rows, WIDTH), "k": tensor(BATCH, HEADS, KEYS, WIDTH),
              "v": tensor(BATCH, HEADS, KEYS, WIDTH), "m": None, "pk": None, "pv": None,
              "n": None}
    total = KEYS
    if cache == "past":
        inputs["pk"], inputs["pv"] = (tensor(BATCH, HEADS, 4, WIDTH) for _ in range(2))
        total += 4
    if cache == "lengths":
        inputs["n"] = np.array([4, 2], np.int64)
    if masked:
        inputs["m"] = RNG.random((rows, total)) > 0.3
    there = {n: v for n, v in inputs.items() if v is not None}
    node = helper.make_node("Attention", [n if n in there else "" for n in inputs], ["y"], "a",
                            left_window_size=window[0], right_window_size=window[1],
                            is_causal=int(causal))
    types = {"m": TensorProto.BOOL, "n": TensorProto.INT64}
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info(n, types.get(n, TensorProto.FLOAT), v.shape)
                      for n, v in there.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (BATCH, HEADS, rows, WIDTH))])
    return helper.make_model(graph, ir_version=10,
                             opset_imports=[helper.make_opsetid("", 25)]), there


def main():
    options = sys.argv[1:] or ["--grid=3x2"]
    wrong = runs = 0
    for case in itertools.product(WINDOWS, (False, True), CACHES, (False, True)):
        model, inputs = build(*case)
        onnx.checker.check_model(model)
        want = ReferenceEvaluator(model).run(None, inputs)
        with tempfile.TemporaryDirectory() as scratch:
            onnxio.write_files(scratch, model, list(inputs.values()), want)
            outcome = conform.check(scratch, options)
        runs += 1
        if outcome.kind != "agrees":
            wrong += 1
            print(f"window {case[0]} causal {case[1]} cache {case[2]} mask {case[3]}: "
                  f"{outcome.kind} {outcome.message}")
    print(f"{runs - wrong} of {runs} agree with ONNX")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
