# bench/models.py - Every model of a folder, against stored outputs
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Compiles, verifies and runs each model of a folder that has inputs and outputs
# in another (weft/stored.py says how, and what is compared). Prints one line per
# model and the refusals by reason. test/conformance/models.py holds the same runs
# against a table.
#
#   python bench/models.py data/models data/models_ref [--grid=16x16] [--only=bert]

import argparse
import collections
import concurrent.futures
import sys

from weft import stored


def main():
    p = argparse.ArgumentParser(epilog="other options go to weftc")
    p.add_argument("models", metavar="MODELS")
    p.add_argument("references", metavar="REFERENCES")
    p.add_argument("--grid", action="append", metavar="WxH", help="default 8x8; may be repeated")
    p.add_argument("--only", default="", metavar="TEXT", help="names that contain it")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--timeout", type=float, default=600, metavar="S")
    p.add_argument("--quiet", action="store_true", help="no line for what is refused")
    args, options = p.parse_known_args()
    cases = [c for c in stored.models_of(args.models, args.references) if args.only in c[0]]
    tasks = [(c, grid) for grid in args.grid or ["8x8"] for c in cases]
    counts, reasons = collections.Counter(), collections.Counter()

    def run(task):
        (_, path, folder), grid = task
        return stored.run_model(path, folder, [f"--grid={grid}", *options], args.timeout)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for ((name, _, _), grid), o in zip(tasks, pool.map(run, tasks)):
            counts[o.kind] += 1
            if o.kind == "refused":
                reasons[o.reason] += 1
            if o.kind != "refused" or not args.quiet:
                print(f"{name} {grid}: {o.kind} {o.message}".rstrip(), flush=True)
    for reason, count in sorted(reasons.items(), key=lambda x: (-x[1], x[0])):
        print(f"{count:6} refused: {reason}")
    print(f"{len(tasks)} runs: {counts['agrees']} agree, {counts['excused']} excused, "
          f"{counts['refused']} refused, {counts['unfit']} unfit, {counts['wrong']} wrong")
    sys.exit(1 if counts["wrong"] else 0)


if __name__ == "__main__":
    main()
