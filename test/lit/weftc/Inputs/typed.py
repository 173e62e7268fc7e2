# typed.py - Writes a one-dimensional .npy file of any element type
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# typed.py OUT TYPE NUMBER...

import struct
import sys

CODES = {"int8": ("|i1", "b"), "uint8": ("|u1", "B"), "int16": ("<i2", "h"), "uint16": ("<u2", "H"),
         "int32": ("<i4", "i"), "uint32": ("<u4", "I"), "int64": ("<i8", "q"), "uint64": ("<u8", "Q"),
         "float32": ("<f4", "f"), "bool": ("|b1", "?")}

descr, code = CODES[sys.argv[2]]
read = float if code == "f" else int
numbers = [read(n) for n in sys.argv[3:]]
header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({len(numbers)},), }}"
header = header.ljust(117) + "\n"
with open(sys.argv[1], "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    f.write(struct.pack(f"<{len(numbers)}{code}", *numbers))
