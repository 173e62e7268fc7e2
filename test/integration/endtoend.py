# test/integration/endtoend.py - A model through all tools, and what must hold
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Compiles a case of weft.refs, verifies the file, runs it, compares the outputs
# with the stored ones of ONNX Runtime (weft-run's default tolerance), and the
# cost report with the run. Prints what it measured; any complaint is an error.

import argparse
import os
import subprocess
import sys

from weft import refs, report
from weft.run import compile_and_run
from weft.tools import call


def spread_complaints(stats):
    """Whether matrix products use their rectangles, and little runs elsewhere."""
    wrong, local, total = [], 0, 0
    for kernel in stats["kernels"]:
        macs, area = kernel["macs"], report.rectangle_area(kernel)
        total += macs
        if kernel["algorithm"].startswith("local"):
            local += macs
        if not kernel["algorithm"].startswith(("gemm", "attention")):
            continue
        used, largest = kernel["pes_active"], kernel["macs_max_per_pe"]
        if 2 * used < area:
            wrong.append(f"{kernel['name']}: {used} of {area} PEs multiply")
        if largest * area > 2 * macs:
            wrong.append(f"{kernel['name']}: the busiest PE has "
                         f"{largest * area / max(macs, 1):.2f} times the mean")
    if local > 0.01 * total:
        wrong.append(f"kernels on one PE do {local} of {total} MACs")
    return wrong


def split_complaints(stats):
    """Whether the times of kernels and classes add up."""
    def adds_up(part, cycles):
        return sum(part[key] for key in report.SPLIT) == part["pes"] * cycles

    wrong = [f"{k['name']}: its times do not add up to PEs x cycles"
             for k in stats["kernels"] if not adds_up(k, k["cycles"])]
    return wrong + [f"class {c['name']}: its times do not add up to PEs x cycles"
                    for c in stats["classes"] if not adds_up(c, stats["cycles"])]


def run_case(case, grid, args):
    style, out, spread = args.style, args.output, args.spread
    model = os.path.join(out, "model")
    refs.write(case, model, style)
    done = compile_and_run(model, os.path.join(out, grid), grid, args.target,
                           args.weftc, show=True)
    call(["weft-verify", done.binary], show=True,
         stdout=subprocess.DEVNULL)
    wrong = report.compare(done.cost, done.stats) + split_complaints(done.stats)
    if spread:
        wrong += spread_complaints(done.stats)
    print(f"{case} {style} {grid}: cycles {report.get(done.stats, 'cycles')}, estimate "
          f"{report.get(done.cost, 'cycles.estimate')}, "
          + ", ".join(f"{k} {report.get(done.stats, k)}" for k in report.EXACT))
    return done, [f"{case} {grid}: {line}" for line in wrong]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("case", choices=sorted(refs.CASES))
    p.add_argument("--grid", action="append", required=True)
    p.add_argument("--style", default="fused17")
    p.add_argument("--spread", action="store_true",
                   help="matrix products must use their rectangles evenly")
    p.add_argument("--speedup", type=float, metavar="R",
                   help="cycles on the last grid are at most R of those on the first")
    p.add_argument("--target", default="wse2")
    p.add_argument("--weftc", action="append", default=[], metavar="OPTION",
                   help="a further option of weftc")
    p.add_argument("-o", "--output", required=True)
    args = p.parse_args()
    runs, wrong = [], []
    for grid in args.grid:
        done, complaints = run_case(args.case, grid, args)
        runs.append(done)
        wrong += complaints
    if args.speedup:
        first, last = (r.stats["cycles"] for r in (runs[0], runs[-1]))
        print(f"{args.grid[-1]} takes {last / first:.3f} of {args.grid[0]}")
        if last > args.speedup * first:
            wrong.append(f"{args.grid[-1]} takes {last} cycles, more than "
                         f"{args.speedup} of {first} on {args.grid[0]}")
    for line in wrong:
        print("error: " + line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
