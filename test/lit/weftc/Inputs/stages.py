# stages.py - Input and expected output of a chain of linears, without numpy
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# stages.py MODEL.mlir X.npy Y.npy: reads the constants w1, b1 and w2 from the
# module's text and writes integers x and y = gelu(x w1 + b1) w2. The hidden
# values are at least 8 away from zero, where gelu is relu to the last bit, and
# everything is a small integer, so the comparison is exact.

import json
import re
import struct
import sys


def constant(text, name):
    found = re.search(rf"@{name} :.*?dense<(\[.*?\])>", text, re.S)
    return json.loads(found.group(1))


def save(path, rows):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    header = header.ljust(117) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            f.write(struct.pack(f"<{len(row)}f", *row))


def product(a, b):
    return [[sum(p * q for p, q in zip(row, column)) for column in zip(*b)] for row in a]


def main(model, x_path, y_path):
    with open(model) as f:
        text = f.read()
    w1, b1, w2 = (constant(text, name) for name in ("w1", "b1", "w2"))
    x = [[(3 * i + 5 * j) % 7 - 3 for j in range(len(w1))] for i in range(4)]
    hidden = [[v + b for v, b in zip(row, b1[0])] for row in product(x, w1)]
    assert all(abs(v) >= 8 for row in hidden for v in row), hidden
    save(x_path, x)
    save(y_path, product([[max(v, 0) for v in row] for row in hidden], w2))


main(*sys.argv[1:])
