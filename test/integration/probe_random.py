# test/integration/probe_random.py - Probes of random graphs
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   probe_random.py FIRST LAST DIR
#
# Every value that can be probed in the graphs of these seeds agrees with ONNX
# Runtime: names follow the right values through all that the compiler does.
# Graphs of special values are left out, since ONNX Runtime differs there
# (docs/kernels.md).

import os
import sys

from weft import onnxio, probe
from weft.random_graphs import graph
from weft.tools import call


def main():
    first, last, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    graphs = values = 0
    for seed in range(first, last):
        g, recipe = graph(seed)
        if recipe == "edges":
            continue
        folder = os.path.join(out, str(seed))
        onnxio.write_case(folder, g, None)
        binary = os.path.join(folder, "model.weft")
        grid = f"{1 + seed % 7}x{1 + seed % 5}"
        call(["weftc", os.path.join(folder, "model.onnx"), "-o", binary,
              f"--grid={grid}"])
        names = probe.probeable(binary)
        if not names:
            continue
        references = probe.write_references(folder, names, folder)
        done = probe.run(binary, folder, references, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"seed {seed} ({recipe}), grid {grid}:\n{done.stderr}")
        graphs, values = graphs + 1, values + len(names)
    print(f"seeds {first} to {last - 1}: {values} values of {graphs} graphs agree")


if __name__ == "__main__":
    main()
