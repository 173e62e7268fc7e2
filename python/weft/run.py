# weft/run.py - Compile, run, compare
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# One call for what a user does by hand with three tools:
#
#   python -m weft.run DIR --grid 32x32 [--target wse2] [-- more options of weftc]
#
# DIR holds model.onnx, input_K.pb and output_K.pb (weft.models or weft.refs
# wrote it). The exit code is that of the first tool that fails, or 2 where the
# cost report and the run differ.

import argparse
import dataclasses
import os
import sys
import tempfile

from . import onnxio, report
from .tools import call


@dataclasses.dataclass
class Outcome:
    cost: dict
    stats: dict
    binary: str
    stdout: str


def compile_model(folder, out, grid, target="wse2", extra=(), show=False):
    """weftc; returns the path of the binary. The cost report lies beside it."""
    binary = os.path.join(out, "model.weft")
    call(["weftc", os.path.join(folder, "model.onnx"), "-o", binary,
          f"--target={target}", f"--grid={grid}",
          f"--cost-json={os.path.join(out, 'cost.json')}", *extra], show=show)
    return binary


def run_binary(binary, folder, out, show=False, extra=()):
    """weft-run with all inputs of `folder`; --expect where outputs are stored."""
    words = ["weft-run", binary]
    for name, path in onnxio.read_tensors(folder, "input"):
        words += ["--input", f"{name}={path}"]
    for name, path in onnxio.read_tensors(folder, "output"):
        words += ["--expect", f"{name}={path}"]
    stats = os.path.join(out, "stats.json")
    words += [f"--stats-json={stats}", f"--output-dir={out}", *extra]
    return call(words, show=show, capture_output=True, text=True).stdout


def compile_and_run(folder, out, grid, target="wse2", extra=(), show=False):
    os.makedirs(out, exist_ok=True)
    binary = compile_model(folder, out, grid, target, extra, show)
    stdout = run_binary(binary, folder, out, show)
    return Outcome(report.load(os.path.join(out, "cost.json")),
                   report.load(os.path.join(out, "stats.json")), binary, stdout)


def main(argv=None):
    p = argparse.ArgumentParser(prog="weft.run",
                                epilog="after --: options of weftc")
    p.add_argument("folder", metavar="DIR")
    p.add_argument("--grid", default="32x32")
    p.add_argument("--target", default="wse2")
    p.add_argument("-o", "--output", metavar="DIR",
                   help="where binary and reports go (default: a temporary folder)")
    p.add_argument("--quiet", action="store_true")
    argv = sys.argv[1:] if argv is None else argv
    cut = argv.index("--") if "--" in argv else len(argv)
    args, extra = p.parse_args(argv[:cut]), argv[cut + 1:]
    with tempfile.TemporaryDirectory() as scratch:
        done = compile_and_run(args.folder, args.output or scratch, args.grid,
                               args.target, extra, show=not args.quiet)
    if not args.quiet:
        print(done.stdout, end="")
        report.show(done.cost, done.stats)
    wrong = report.compare(done.cost, done.stats)
    for line in wrong:
        print("differs: " + line, file=sys.stderr)
    sys.exit(2 if wrong else 0)


if __name__ == "__main__":
    main()
