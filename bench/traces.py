# bench/traces.py - What recording a run costs
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Runs a program without a record (exact, as a recorded run is, and batched) and
# with each of them, in turn, and prints the least CPU time of several runs, how
# much longer that is than without, the most memory, and the size of the trace.
#
#   python bench/traces.py model.weft [--pes=0,0,8x8] [--repeat=5]

import argparse
import os
import subprocess
import sys
import tempfile


def measure(words):
    """CPU seconds and peak MiB of a command."""
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{' '.join(words)}: exit code {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program", metavar="FILE.weft")
    p.add_argument("--pes", default="0,0,1x1", metavar="X,Y,WxH", help="default %(default)s")
    p.add_argument("--repeat", type=int, default=5, metavar="N")
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace.json")
        kinds = [("no record", ["--fidelity=exact"]),
                 ("no record, batched", []),
                 ("--trace", [f"--trace={trace}"]),
                 ("--critical-path", ["--critical-path"]),
                 (f"--trace-pes={args.pes}", [f"--trace={trace}", f"--trace-pes={args.pes}"]),
                 ("all of them", [f"--trace={trace}", f"--trace-pes={args.pes}",
                                  "--critical-path"])]
        best, sizes = {}, {}
        for _ in range(args.repeat):  # in turn, so that all see the same load
            for name, options in kinds:
                now = measure(["weft-run", args.program, "--zeros", *options])
                best[name] = min(best.get(name, now), now)
                sizes[name] = os.path.getsize(trace) if f"--trace={trace}" in options else 0
        print(f"{'record':28} {'CPU s':>8} {'factor':>7} {'MiB':>8} {'trace, MiB':>11}")
        for name, _ in kinds:
            seconds, memory = best[name]
            print(f"{name:28} {seconds:8.2f} {seconds / best['no record'][0]:7.2f} "
                  f"{memory:8.0f} {sizes[name] / 2**20:11.2f}")


if __name__ == "__main__":
    main()
