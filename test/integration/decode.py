# test/integration/decode.py - A decoder with its caches on the wafer
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Compiles a stepped case of weft.refs with --state, verifies the file, and runs
# all steps in one call of weft-run, which is given tokens and positions but no
# cache. The logits of each step, and at the end the caches, must be those that
# ONNX Runtime gave when the caches were fed back to it; cost report and run must
# agree; and the tokens fed must be those that the wafer's own logits choose.

import argparse
import os
import subprocess
import sys

import numpy as np

from weft import onnxio, refs, report
from weft.tools import call


def run_steps(binary, model, out, steps):
    words = ["weft-run", binary, f"--steps={steps}", f"--output-dir={out}",
             f"--stats-json={os.path.join(out, 'stats.json')}"]
    place = os.path.join(model, "step_{step}")
    for k, name in enumerate(("input_ids", "position")):
        words += ["--input", f"{name}={place}/input_{k}.pb"]
    words += ["--expect", f"logits={place}/output_0.pb"]
    call(words, show=True)


def complaints(case, out, grid, tolerance):
    """What is wrong with the caches, the greedy choice and the counts."""
    steps = refs.STEPS[case]
    folder = os.path.join(refs.DATA, case)
    last = f"step_{steps - 1}"
    off = onnxio.disagreement(refs.stored(os.path.join(out, last), "output"),
                              refs.stored(os.path.join(folder, last), "output"))
    wrong = [] if off <= tolerance else [f"the last caches differ by {off:.1e}"]
    for step in range(steps - 1):
        logits = refs.stored(os.path.join(out, f"step_{step}"), "output")[0]
        fed = refs.stored(os.path.join(folder, f"step_{step + 1}"), "input")[0]
        if np.argmax(logits) != fed.item():
            wrong.append(f"step {step} chooses token {np.argmax(logits)}, ONNX "
                         f"Runtime {fed.item()}")
    cost = report.load(os.path.join(out, "cost.json"))
    stats = report.load(os.path.join(out, "stats.json"))
    if report.get(stats, "steps.count") != steps:
        wrong.append(f"steps.count is {report.get(stats, 'steps.count')}")
    print(f"{case} {grid}: {report.get(stats, 'cycles')} cycles a step, estimate "
          f"{report.get(cost, 'cycles.estimate')}, caches differ by {off:.1e}, "
          + ", ".join(f"{k} {report.get(stats, k)}" for k in report.EXACT))
    return wrong + report.compare(cost, stats)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("case", choices=sorted(refs.STEPS))
    p.add_argument("--grid", action="append", required=True)
    p.add_argument("--style", default="fused17")
    p.add_argument("--cache", default="where")
    p.add_argument("--dtype", default="keep", help="as of weftc")
    p.add_argument("-o", "--output", required=True)
    args = p.parse_args()
    tolerance = 1e-5 if args.dtype == "keep" else 2e-3
    model, wrong = os.path.join(args.output, "model"), []
    refs.write(args.case, model, args.style, cache=args.cache)
    for grid in args.grid:
        out = os.path.join(args.output, grid)
        os.makedirs(out, exist_ok=True)
        binary = os.path.join(out, "model.weft")
        call(["weftc", os.path.join(model, "model.onnx"), "-o", binary,
              f"--grid={grid}", "--state", "past_*=present_*",
              f"--dtype={args.dtype}",
              f"--cost-json={os.path.join(out, 'cost.json')}"], show=True)
        call(["weft-verify", binary], show=True, stdout=subprocess.DEVNULL)
        run_steps(binary, model, out, refs.STEPS[args.case])
        wrong += [f"{grid}: {line}" for line in complaints(args.case, out, grid, tolerance)]
    for line in wrong:
        print("error: " + line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
