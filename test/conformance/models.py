# test/conformance/models.py - Real graphs, one by one, against a table
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Every model with stored outputs of a folder (weft/stored.py) is compiled,
# verified, simulated and compared. models.tsv says for each, and for the grid on
# which it is run, what must come of it:
#
#   pass                   the numbers agree
#   excused: REASON        they do not, and weft.oracle says why they cannot
#   refused: MESSAGE       what weftc says
#   unfit: REASON          the stored inputs are not what the model declares
#
# A wrong number, a crash or an internal error is in no table; a result that
# differs from the table is an error, in either direction, and so is a model
# without a line. A model too large for 8x8 PEs has a line there and one for a
# grid where it fits; numbers of bytes are left out.
#
#   models.py [--only TEXT] [--thorough] [--update [--grid=16x16]] [MODELS REFERENCES]

import argparse
import concurrent.futures
import os
import re
import sys

from weft import stored

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "models.tsv")
DATA = os.path.join(HERE, "..", "..", "..", "shared", "data")
FIRST = "8x8"


def read_table(path):
    """{(model, grid): result}; empty if there is no file yet."""
    table = {}
    if os.path.exists(path):
        with open(path) as f:
            for line in f:
                if not line.startswith("#"):
                    model, grid, result = line.rstrip("\n").split("\t")
                    table[model, grid] = result
    return table


def write_table(path, table):
    def order(key):
        model, grid = key
        return model, [int(n) for n in grid.split("x")]

    with open(path, "w") as f:
        f.write("# model\tgrid\tresult\n")
        for key in sorted(table, key=order):
            f.write("\t".join([*key, table[key]]) + "\n")


def run_line(case, grid, timeout, thorough):
    """The result; one that no table may hold begins with WRONG."""
    _, path, folder = case
    o = stored.run_model(path, folder, ["--target=wse2", f"--grid={grid}"], timeout,
                         thorough)
    result = {"agrees": "pass", "excused": f"excused: {o.reason}",
              "refused": "refused: " + re.sub(r"^.*?error: ", "", o.message),
              "unfit": f"unfit: {o.message}"}.get(o.kind, f"WRONG {o.message or o.reason}")
    return re.sub(r"\d+( bytes for data, \w+ has )\d+", r"N\1N", result)


def summary(cases, table):
    """How many models pass on some grid, of those that fit their inputs."""
    results = {name: [r for (model, _), r in table.items() if model == name]
               for name in cases}
    fit = [r for r in results.values() if not any(x.startswith("unfit") for x in r)]
    passed = sum("pass" in r for r in fit)
    return (f"{len(results)} models, {len(results) - len(fit)} unfit; of {len(fit)} "
            f"{passed} pass ({100 * passed / max(len(fit), 1):.1f} %)")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("models", nargs="?", default=os.path.join(DATA, "models"))
    p.add_argument("references", nargs="?", default=os.path.join(DATA, "models_ref"))
    p.add_argument("--only", default="", help="models whose name contains this")
    p.add_argument("--update", action="store_true", help="write the lines anew")
    p.add_argument("--grid", metavar="WxH", help="with --update: a line for this grid")
    p.add_argument("--thorough", action="store_true",
                   help="also: --check says the same, and compiling again gives the same bytes")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--timeout", type=float, default=600, metavar="S")
    args = p.parse_args()
    cases = {c[0]: c for c in stored.models_of(args.models, args.references)
             if args.only in c[0]}
    if not cases and not os.path.exists(DATA):
        print("skipped: the models are not part of the project, and not here")
        return
    if not cases:
        sys.exit(f"error: no models with references in '{args.models}'")
    table = read_table(TABLE)
    lines = {k for k in table if args.only in k[0] and not args.grid}
    lines |= {(name, args.grid or FIRST) for name in cases
              if args.grid or not any(k[0] == name for k in table)}
    complaints = [f"{m} {g}: is in the table, but not there" for m, g in sorted(lines)
                  if m not in cases]
    with concurrent.futures.ThreadPoolExecutor(max_workers=args.jobs) as pool:
        jobs = {k: pool.submit(run_line, cases[k[0]], k[1], args.timeout, args.thorough)
                for k in sorted(lines) if k[0] in cases}
        found = {k: job.result() for k, job in jobs.items()}
    for key, result in found.items():
        listed = table.get(key, "nothing")
        if result.startswith("WRONG") or (result != listed and not args.update):
            complaints.append(f"{' '.join(key)}: found '{result}', the table says '{listed}'")
    if args.update and not complaints:
        table.update(found)
        write_table(TABLE, table)
    for line in complaints:
        print("error: " + line, file=sys.stderr)
    print(summary(cases, {**table, **found}))
    print(f"{len(found)} runs, {len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
