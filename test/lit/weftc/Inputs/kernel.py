# kernel.py - One kernel against what numpy makes of the documented weights
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# `kernel.py DIR GRID NAME:SIZES,DTYPE [OPTIONS OF weftc]`: compiles --kernel, verifies
# the file, runs it on seeded inputs, and compares numbers with numpy and the
# cost report with the run. The weights are computed here from the formula of
# docs/weftc.md.

import math
import os
import sys

import numpy as np

from weft import report
from weft.tools import call

SEED = 7


def weight(t, shape):
    """Weight number t: ((2654435761 (i + 7919 t) mod 2^32) >> 24) / 256 - 1/2."""
    i = np.arange(math.prod(shape), dtype=np.uint64)
    bits = (np.uint64(2654435761) * (i + np.uint64(7919 * t))) % np.uint64(2**32)
    return ((bits >> np.uint64(24)) / 256 - 0.5).reshape(shape)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(q, k, v, heads, causal):
    def split(x):
        return x[0].reshape(x.shape[1], heads, -1).transpose(1, 0, 2)
    q, k, v = split(q), split(k), split(v)
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[2])
    if causal:
        rows, columns = scores.shape[1:]
        hidden = np.triu(np.ones((rows, columns), bool), 1 + columns - rows)
        scores = np.where(hidden, -np.inf, scores)
    return (softmax(scores) @ v).transpose(1, 0, 2).reshape(1, q.shape[1], -1)


def case(name, s, rng):
    """(inputs by name, expected result)."""
    def array(*shape):
        return rng.standard_normal(shape).astype(np.float32)
    if name in ("gemm", "linear"):
        m, n, k = s
        x = array(m, k)
        y = x.astype(np.float64) @ weight(0, (k, n))
        return {"x": x}, y + (weight(1, (n,)) if name == "linear" else 0)
    if name == "matmul":
        m, n, k = s
        a, b = array(m, k), array(k, n)
        return {"a": a, "b": b}, a.astype(np.float64) @ b
    if name.endswith("attention"):
        heads, queries, keys, size = s
        q = array(1, queries, heads * size)
        k, v = array(1, keys, heads * size), array(1, keys, heads * size)
        return {"q": q, "k": k, "v": v}, attention(
            *(x.astype(np.float64) for x in (q, k, v)), heads, name.startswith("causal"))
    if name == "embedding":
        rows, n, m = s
        ids = rng.integers(0, rows, m).astype(np.int32)
        return {"ids": ids}, weight(0, (rows, n))[ids]
    x = array(*s)
    d = x.astype(np.float64)
    if name == "layer_norm":
        c = d - d.mean(-1, keepdims=True)
        y = c / np.sqrt((c * c).mean(-1, keepdims=True) + 1e-5)
        return {"x": x}, y * weight(0, s[1:]) + weight(1, s[1:])
    if name == "rms_norm":
        return {"x": x}, d / np.sqrt((d * d).mean(-1, keepdims=True) + 1e-5) * weight(0, s[1:])
    if name in ("add", "sub", "mul", "div", "max", "min"):
        b = array(*s) + (3 if name == "div" else 0)
        f = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
             "max": np.maximum, "min": np.minimum}[name]
        return {"a": x, "b": b}, f(d, b.astype(np.float64))
    if name == "sqrt":
        x, d = np.abs(x), np.abs(d)
    erf = np.vectorize(math.erf)
    y = {"softmax": softmax, "sqrt": np.sqrt, "exp": np.exp, "tanh": np.tanh, "erf": erf,
         "relu": lambda v: np.maximum(v, 0),
         "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
         "silu": lambda v: v / (1 + np.exp(-v)),
         "gelu": lambda v: v / 2 * (1 + erf(v / math.sqrt(2))),
         "gelu_tanh": lambda v: v / 2 * (1 + np.tanh(
             math.sqrt(2 / math.pi) * (v + 0.044715 * v**3)))}[name](d)
    return {"x": x}, y


def main():
    out, grid, kernel, *options = sys.argv[1:]
    name, words = kernel.split(":")
    *sizes, dtype = words.split(",")
    inputs, y = case(name, [int(s) for s in sizes], np.random.default_rng(SEED))
    os.makedirs(out, exist_ok=True)
    path = {key: os.path.join(out, key) for key in ("k.weft", "cost.json", "stats.json", "y.npy")}
    call(["weftc", f"--kernel={kernel}", f"--grid={grid}", "-o", path["k.weft"],
          f"--cost-json={path['cost.json']}", *options])
    call(["weft-verify", path["k.weft"]], capture_output=True)
    half = {"f32": np.float32, "f16": np.float16}[dtype]
    np.save(path["y.npy"], y.astype(half))
    words = ["weft-run", path["k.weft"], "--expect", f"y={path['y.npy']}",
             f"--stats-json={path['stats.json']}"]
    for key, value in inputs.items():
        file = os.path.join(out, key + ".npy")
        np.save(file, value if value.dtype == np.int32 else value.astype(half))
        words += ["--input", f"{key}={file}"]
    call(words, capture_output=True, text=True)
    wrong = report.compare(report.load(path["cost.json"]), report.load(path["stats.json"]))
    print("\n".join(wrong) or f"{kernel} agrees (seed {SEED})")
    sys.exit(2 if wrong else 0)


if __name__ == "__main__":
    main()
