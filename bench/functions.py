# bench/functions.py - Accuracy and cycles of elementwise functions
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Compiles one small nn program per function, runs it in the simulator on
# sampled inputs and compares with numpy in double precision. Prints the table of
# docs/kernels.md: largest error relative to max(|y|, floor), the same in units in
# the last place, and cycles per element on one PE.

import json
import math
import os
import subprocess
import tempfile

import numpy as np

ROWS, COLUMNS = 2, 1200


def erf(x):
    return np.array([math.erf(v) for v in x.ravel()]).reshape(x.shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu(x):
    return x * 0.5 * (1 + erf(x / math.sqrt(2)))


def gelu_tanh(x):
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))


def between(low, high):
    return lambda n: np.linspace(low, high, n)


def magnitudes(low, high):
    return lambda n: np.geomspace(low, high, n)


# name, nn op with attributes, reference, inputs, what they are, floor
CASES = [
    ("exp", "nn.exp %x", np.exp, between(-86.5, 88.7), "-86.5 to 88.7", 0),
    ("log", "nn.log %x", np.log, magnitudes(2e-45, 3e38), "2e-45 to 3e38", 0),
    ("sqrt", "nn.sqrt %x", np.sqrt, magnitudes(2e-45, 3e38), "2e-45 to 3e38", 0),
    ("rsqrt", "nn.rsqrt %x", lambda x: 1 / np.sqrt(x), magnitudes(2e-45, 3e38), "2e-45 to 3e38", 0),
    ("reciprocal", "nn.reciprocal %x", lambda x: 1 / x, magnitudes(3e-39, 8e37), "3e-39 to 8e37", 0),
    ("tanh", "nn.tanh %x", np.tanh, between(-12, 12), "-12 to 12", 0),
    ("erf", "nn.erf %x", erf, between(-6, 6), "-6 to 6", 0),
    ("sigmoid", "nn.sigmoid %x", sigmoid, between(-86, 20), "-86 to 20", 0),
    ("silu", "nn.silu %x", lambda x: x * sigmoid(x), between(-20, 20), "-20 to 20", 0),
    ("gelu", 'nn.gelu %x approximate = "none"', gelu, between(-8, 8), "-8 to 8", 1),
    ("gelu (tanh)", 'nn.gelu %x approximate = "tanh"', gelu_tanh, between(-8, 8), "-8 to 8", 1),
    ("tan", "nn.tan %x", np.tan, between(-100, 100), "-100 to 100", 0),
    ("asin", "nn.asin %x", np.arcsin, between(-1, 1), "-1 to 1", 0),
    ("acos", "nn.acos %x", np.arccos, between(-1, 1), "-1 to 1", 0),
    ("atan", "nn.atan %x", np.arctan, between(-20, 20), "-20 to 20", 0),
    ("sinh", "nn.sinh %x", np.sinh, between(-88, 88), "-88 to 88", 0),
    ("cosh", "nn.cosh %x", np.cosh, between(-88, 88), "-88 to 88", 0),
    ("asinh", "nn.asinh %x", np.arcsinh, magnitudes(1e-20, 3e38), "1e-20 to 3e38", 0),
    ("acosh", "nn.acosh %x", np.arccosh, magnitudes(1, 3e38), "1 to 3e38", 0),
    ("atanh", "nn.atanh %x", np.arctanh, between(-0.9999, 0.9999), "-0.9999 to 0.9999", 0),
    ("round", "nn.round %x", np.rint, between(-1e5, 1e5), "-1e5 to 1e5", 0),
    ("sin", "nn.sin %x", np.sin, between(-3e5, 3e5), "-3e5 to 3e5", 1),
    ("cos", "nn.cos %x", np.cos, between(-3e5, 3e5), "-3e5 to 3e5", 1),
]


def run(folder, op, x):
    shape = f"tensor<{ROWS}x{COLUMNS}xf32>"
    with open(os.path.join(folder, "f.mlir"), "w") as f:
        f.write(f'nn.program @main(%x: {shape} {{nn.name = "x"}}) -> ({shape} {{nn.name = "y"}}) {{\n'
                f"  %y = {op} : ({shape}) -> {shape}\n  nn.return %y : {shape}\n}}\n")
    np.save(os.path.join(folder, "x.npy"), x)
    subprocess.run(["weftc", "f.mlir", "--grid=1x1", "-o", "f.weft"], check=True, cwd=folder)
    subprocess.run(["weft-run", "f.weft", "--input", "x=x.npy", "--output-dir=out", "--quiet",
                    "--stats-json=stats.json"], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "stats.json")) as f:
        cycles = json.load(f)["cycles"]
    import onnx
    tensor = onnx.TensorProto()
    with open(os.path.join(folder, "out", "output_0.pb"), "rb") as f:
        tensor.ParseFromString(f.read())
    return onnx.numpy_helper.to_array(tensor), cycles


def main():
    print("| function | inputs | error | relative to | ulp | cycles per element |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, op, reference, sample, inputs, floor in CASES:
            x = sample(ROWS * COLUMNS).astype(np.float32).reshape(ROWS, COLUMNS)
            y, cycles = run(folder, op, x)
            want = reference(x.astype(np.float64))
            size = np.maximum(np.abs(want), max(floor, 1e-37))
            error = np.abs(y - want)
            ulp = error / np.spacing(size.astype(np.float32))
            print(f"| {name} | {inputs} | {np.max(error / size):.1e} "
                  f"| {'max(abs(y), 1)' if floor else 'abs(y)'} | {np.max(ulp):.1f} "
                  f"| {cycles / x.size:.1f} |")


if __name__ == "__main__":
    main()
