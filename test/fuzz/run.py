# run.py - Runs one fuzzer over a number of inputs
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   run.py NAME INPUTS --build build/fuzz [--seed N] [--jobs N]
#   run.py NAME FILE --build build/fuzz
#
# Starts from the seeds in the tree; what a run learns is kept in the build
# folder and used by the next. The same seed, build and corpus repeat a run of
# one job; with more, processes run side by side and share what they learn.
# Exit code 0 if nothing was found; else the input is named. With a FILE, runs
# that input alone.

import argparse
import os
import subprocess
import sys

import seeds

HERE = os.path.dirname(os.path.abspath(__file__))
LARGEST = {"weft": 12288, "text": 3000, "target": 3000, "onnx": 6000}
# No input may take longer than 10 s or more than 1 GiB.
LIMITS = ["-timeout=10", "-rss_limit_mb=1024"]
# Most of the time goes into the allocator. Run the input that was found alone
# for a full report.
ASAN = ("max_malloc_fill_size=0:thread_local_quarantine_size_kb=64:quarantine_size_mb=4:"
        "detect_stack_use_after_return=0:malloc_context_size=1")
# Weighing and shrinking the corpus costs a quarter of the time.
FAST = ["-entropic=0", "-reduce_inputs=0", "-len_control=0"]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("name", choices=sorted(LARGEST))
    p.add_argument("inputs")
    p.add_argument("--build", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--jobs", type=int, default=1)
    args = p.parse_args()
    fuzzer = os.path.join(args.build, "bin", "weft-fuzz-" + args.name)
    if not args.inputs.isdigit():
        sys.exit(subprocess.run([fuzzer, *LIMITS, args.inputs]).returncode)
    folder = os.path.join(args.build, "fuzz", args.name)
    learnt, found = os.path.join(folder, "corpus"), os.path.join(folder, "found")
    for d in (learnt, found):
        os.makedirs(d, exist_ok=True)
    given = os.path.join(HERE, "corpus", args.name)
    if args.name in seeds.GATHERED:
        given = os.path.join(folder, "seeds")
        seeds.GATHERED[args.name](given)
    side_by_side = [f"-fork={args.jobs}"] if args.jobs > 1 else []
    result = subprocess.run(
        [fuzzer, learnt, given, f"-runs={args.inputs}", f"-seed={args.seed}",
         f"-max_len={LARGEST[args.name]}", f"-artifact_prefix={found}/",
         "-print_final_stats=1", "-verbosity=0", *LIMITS, *FAST, *side_by_side],
        env={**os.environ, "ASAN_OPTIONS": ASAN})
    print(f"fuzz {args.name}: " + ("nothing found" if result.returncode == 0 else
                                   f"the input is in {found}"))
    sys.exit(1 if result.returncode else 0)


if __name__ == "__main__":
    main()
