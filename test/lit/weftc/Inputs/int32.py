# int32.py - Writes a one-dimensional int32 .npy file without numpy
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# int32.py OUT NUMBER...

import struct
import sys

numbers = [int(n) for n in sys.argv[2:]]
header = f"{{'descr': '<i4', 'fortran_order': False, 'shape': ({len(numbers)},), }}"
header = header.ljust(117) + "\n"
with open(sys.argv[1], "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    f.write(struct.pack(f"<{len(numbers)}i", *numbers))
