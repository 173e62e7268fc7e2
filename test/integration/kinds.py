# test/integration/kinds.py - Opset and count of each node kind of a model
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# For FileCheck: what a builder wrote, without its weights.

import collections
import sys

import onnx

model = onnx.load(sys.argv[1])
print("opset", model.opset_import[0].version)
for kind, number in sorted(collections.Counter(n.op_type for n in model.graph.node).items()):
    print(kind, number)
