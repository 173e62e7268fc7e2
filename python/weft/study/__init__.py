# weft/study/__init__.py - One model on many machines, as a table and a plot
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# The cross product of grids, targets, fields of the target, dimensions and
# algorithms is compiled, and run if asked for; what comes of each combination is
# one row. docs/studies.md says how to use it. The parts: axes (what is swept),
# point (one combination), plan (kernels by name, from weftc's plan), table (text,
# CSV, JSON) and plot (SVG).
