# weft/__init__.py - The Python side of Weft
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Model builders, committed references, running a compile and reading reports.
# Nothing here takes part in compilation: weftc, weft-run and weft-verify stand
# alone. The modules that need onnx import it themselves, so that reading a
# report needs no package at all.

__version__ = "0.1.0"
