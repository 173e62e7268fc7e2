"""Writes a one-dimensional float32 .npy file without numpy.

npy.py OUT VALUE...     a VALUE is a number or a Python expression of numbers
"""

import struct
import sys


def main(out, values):
    numbers = []
    for value in values:
        v = eval(value, {"__builtins__": {"range": range, "float": float}})
        numbers += v if isinstance(v, list) else [v]
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(numbers)},), }}"
    header = header.ljust(117) + "\n"
    with open(out, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        f.write(struct.pack(f"<{len(numbers)}f", *numbers))


main(sys.argv[1], sys.argv[2:])
