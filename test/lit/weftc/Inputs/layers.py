# layers.py - A chain of equal layers as nn text
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# `layers.py N`: N times relu(x W), every W with a value of its own; enough equal
# calls to become a loop.

import sys

layers = int(sys.argv[1])
t = "tensor<4x6xf32>"
print(f'nn.program @main(%x0: {t} {{nn.name = "x"}}) -> ({t} {{nn.name = "y"}}) {{')
for i in range(layers):
    print(f"  %w{i} = nn.constant dense<{0.1 * (i + 1):.2f}> : tensor<6x6xf32>")
    print(f"  %h{i} = nn.linear %x{i}, %w{i} : ({t}, tensor<6x6xf32>) -> {t}")
    print(f"  %x{i + 1} = nn.relu %h{i} : ({t}) -> {t}")
print(f"  nn.return %x{layers} : {t}")
print("}")
