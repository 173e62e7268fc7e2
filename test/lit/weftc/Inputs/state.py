# Inputs and expected outputs of three steps of state.mlir.
import sys

import numpy as np

from weft import onnxio

folder = sys.argv[1]
steps = 3
rng = np.random.default_rng(7)
count = np.array([1, -2, 3, 4], np.int32)
total, a, b = (rng.standard_normal((2, 6)).astype(np.float32) for _ in range(3))
cache = np.zeros((5, 6), np.float32)  # not given: states begin as zeros
for name, value in (("count", count), ("sum", total), ("a", a), ("b", b)):
    onnxio.write_tensor(f"{folder}/{name}.pb", name, value)
for step in range(steps):
    x = rng.standard_normal((2, 6)).astype(np.float32)
    # From the end, at one place twice, and outside of the cache.
    at = np.array([[0, -1], [2, 2], [5, -6]][step], np.int64)
    onnxio.write_tensor(f"{folder}/x{step}.pb", "x", x)
    onnxio.write_tensor(f"{folder}/at{step}.pb", "at", at)
    y, shown = total * (total + x), a
    count, total, a, b = count + np.int32(2), total + x, b, a
    for row, place in zip(x, at):
        if -5 <= place < 5:
            cache[place] = row
    for name, value in (("count_next", count), ("sum_next", total), ("a_next", a),
                        ("b_next", b), ("cache_next", cache), ("y", y),
                        ("shown", shown)):
        onnxio.write_tensor(f"{folder}/{name}{step}.pb", name, value)
