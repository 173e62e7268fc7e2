# weft/study/__main__.py - The command line of a study
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   python -m weft.study MODEL --grid=8x8,16x16 --set router.hop=1,2 -o DIR
#
# Exit codes: 0 the table is there, whatever single rows say; 1 a mistake of the
# user, which is also that no row is there; 2 a run did other work than the cost
# report states; 3 a tool failed for another reason than its input.

import argparse
import concurrent.futures
import os
import sys
import tempfile

from . import axes as ax
from . import point, table

# Options of weftc that a study gives itself, or that write one file for all.
OWN = ["o", "target", "grid", "set", "dim", "kernel", "emit", "cost-json", "check",
       "check-json", "remarks"]


def parser():
    p = argparse.ArgumentParser(
        prog="weft.study", allow_abbrev=False,
        epilog="after --: further options of weftc, the same for all",
        description="Compiles a model for every combination, and says what each costs.")
    p.error = ax.fail  # exit code 1 and one line
    p.add_argument("model", metavar="MODEL", nargs="?",
                   help="a model for weftc, or a folder with a model.onnx")
    p.add_argument("--kernel", metavar="NAME:SIZES,TYPE",
                   help="instead of MODEL, as for weftc; words in it are given by --dim")
    p.add_argument("--grid", required=True, metavar="WxH,...")
    p.add_argument("--target", default="wse2", metavar="NAME|FILE,...")
    for option, metavar, text in (
            ("--set", "KEY=V,...", "a field of the target"),
            ("--dim", "NAME=N,...", "a dimension of the model, a word of --kernel"),
            ("--algorithm", "NODE|KIND=A,...",
             "of a node or of all kernels of a kind; 'auto' is the compiler's choice")):
        p.add_argument(option, action="append", default=[], metavar=metavar, help=text)
    p.add_argument("--simulate", action="store_true", help="run each, on zeros")
    p.add_argument("--column", action="append", default=[], metavar="KEY",
                   help="a further figure of the cost report")
    p.add_argument("--plot", action="append", default=[], metavar="KEY[@AXIS]",
                   help="default: cycles.estimate over the first axis with several values")
    p.add_argument("--log", action="store_true", help="logarithmic plots")
    p.add_argument("-o", "--output", metavar="DIR", help="study.csv, study.json and plots")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    return p


class Study:
    """What the command line asks for."""

    def __init__(self, args, options):
        self.kernel, self.simulate, self.log = args.kernel, args.simulate, args.log
        self.model, self.options = args.model, options
        if self.model and os.path.isdir(self.model):
            self.model = os.path.join(self.model, "model.onnx")
        self.title = f"--kernel={self.kernel}" if self.kernel else self.model
        self.axes = ax.axes_of(args)
        self.plots = [self.plot(text) for text in args.plot]
        if not args.plot and (swept := ax.swept(self.axes)):
            self.plots = [("cycles.estimate", swept[0])]
        columns = [*point.COLUMNS, *args.column, *(c for c, _ in self.plots)]
        self.columns = [c for c in dict.fromkeys(columns)
                        if c != "cycles.simulated" or self.simulate]

    def plot(self, text):
        column, _, name = text.partition("@")
        swept = ax.swept(self.axes)
        if not swept:
            ax.fail(f"--plot '{text}': no axis has several values")
        found = [a for a in swept if a.name == name] if name else swept[:1]
        if not found:
            ax.fail(f"--plot '{text}': '{name}' has not several values; allowed: "
                    + ", ".join(f"'{a.name}'" for a in swept))
        return column, found[0]


def check(args, options):
    """Mistakes that no tool would see, or that each combination would repeat."""
    if bool(args.model) == bool(args.kernel):
        ax.fail("expected MODEL or --kernel=NAME:SIZES,TYPE")
    if args.model == "-":
        ax.fail("MODEL is read once per combination, which standard input cannot be")
    if args.jobs < 1:
        ax.fail(f"--jobs={args.jobs}: expected a number from 1")
    if args.plot and not args.output:
        ax.fail("--plot needs -o DIR")
    if args.output and os.path.exists(args.output) and not os.path.isdir(args.output):
        ax.fail(f"'{args.output}' is no folder")
    for word in options:
        check_plan(word, args)
        if word.startswith("-") and word.lstrip("-").partition("=")[0] in OWN:
            ax.fail(f"'{word}' after --: a study sets this itself")
    if args.kernel:
        words = args.kernel.partition(":")[2].split(",")
        for name in (t.rpartition("=")[0].strip() for t in args.dim):
            if name not in words:
                ax.fail(f"--dim '{name}': no such word in --kernel={args.kernel}")


def check_plan(word, args):
    """A plan for all combinations must be there, else each would write it."""
    name, _, path = word.lstrip("-").partition("=")
    if not word.startswith("-") or name != "plan":
        return
    if args.algorithm:
        ax.fail("--algorithm makes plans, so that --plan cannot be given")
    if not os.path.isfile(path):
        ax.fail(f"'{word}' after --: expected --plan=FILE with a file that is there")


def check_columns(study, rows):
    good = [r for r in rows if r.cost]
    for column in study.columns:
        if good and not any(column in r.cost for r in good):
            known = sorted({k for r in good for k in r.cost})
            ax.fail(f"no '{column}' in the cost report; there are " + ", ".join(known))
    for column, _ in study.plots:
        if any(isinstance(r.cost.get(column), str) for r in good):
            ax.fail(f"--plot '{column}': is no number")


def give_up(rows):
    """Where nothing compiles and the reason is always the same, it is said once."""
    first = rows[0]
    if first.status == "refused" and all(
            (r.status, r.message) == (first.status, first.message) for r in rows):
        for note in first.notes:
            first.message += f"\n  {note}"
        ax.fail(first.message)


def write(folder, files):
    """All files or none: they are complete before the first has its name."""
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            for name, text in files.items():
                with open(os.path.join(scratch, name), "w", encoding="utf-8") as f:
                    f.write(text)
            for name in files:
                os.replace(os.path.join(scratch, name), os.path.join(folder, name))
    except OSError as e:
        ax.fail(f"cannot write into '{folder}': {e.strerror}")


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    cut = argv.index("--") if "--" in argv else len(argv)
    args, options = parser().parse_args(argv[:cut]), argv[cut + 1:]
    check(args, options)
    study = Study(args, options)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        rows = list(pool.map(lambda p: point.run(study, p), ax.points(study.axes)))
    give_up(rows)
    check_columns(study, rows)
    if args.output:
        write(args.output, table.files(study, rows))
    table.show(study, rows)
    states = {r.status for r in rows}
    sys.exit(3 if "failed" in states else 2 if "differs" in states
             else 0 if "ok" in states else 1)


if __name__ == "__main__":
    main()
