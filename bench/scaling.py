# bench/scaling.py - Compile time and file size against grid size
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Prints file size and the time of 'weftc --emit=cost' for a 64x64 cut and for
# the whole wafer, and their ratios. Time is no test: it is measured here, on a
# quiet machine.

import argparse
import os
import statistics
import tempfile
import time

from weft import refs
from weft.tools import call

GRIDS = ["64x64", "750x994"]


def measure(folder, grid, repeats):
    model = os.path.join(folder, "model.onnx")
    binary = os.path.join(folder, grid + ".weft")
    call(["weftc", model, "-o", binary, "--target=wse2", f"--grid={grid}"])
    times = []
    for _ in range(repeats):
        began = time.monotonic()
        call(["weftc", model, "--emit=cost", "-o", os.path.join(folder, "cost.json"),
              "--target=wse2", f"--grid={grid}"])
        times.append(time.monotonic() - began)
    return os.path.getsize(binary), statistics.median(times)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--case", default="gpt2-64", choices=sorted(refs.CASES))
    p.add_argument("--repeats", type=int, default=5)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        refs.write(args.case, folder)
        rows = [measure(folder, grid, args.repeats) for grid in GRIDS]
    for grid, (size, seconds) in zip(GRIDS, rows):
        print(f"{grid:8}  {size:12,} bytes  {seconds:8.3f} s")
    print(f"ratio     {rows[1][0] / rows[0][0]:12.2f}        "
          f"{rows[1][1] / rows[0][1]:8.2f}")


if __name__ == "__main__":
    main()
