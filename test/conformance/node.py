# test/conformance/node.py - ONNX's own tests, one by one, against a table
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Every test of Debian's libonnx-testdata, and of a folder of newer ones where
# it is present, is imported, compiled for 8x8 PEs, simulated and compared with
# its stored outputs. node.tsv says for each what must come of it: `pass` (with
# a tolerance, where the stored outputs are not better), or `refused at import:
# reason`, or `refused after import: reason`. A wrong number, a crash or an
# internal error is in no table; a result that differs from the table is an
# error, in either direction.

import argparse
import concurrent.futures
import glob
import os
import sys
import tempfile

import onnx

from weft.conformance import (Tools, bound_names, dim_options, is_eligible, read_table, summary,
                              write_table)

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "node.tsv")
DEBIAN = "/usr/share/libonnx-testdata/data"
NEWER = os.path.join(HERE, "..", "..", "..", "shared", "data", "onnx_node")
GRID = "8x8"


def find_tests(debian, newer):
    """Folders by key, `suite/test`."""
    suites = {s: os.path.join(debian, s)
              for s in ("node", "simple", "pytorch-converted", "pytorch-operator")}
    suites["newer"] = newer
    tests = {}
    for suite, top in suites.items():
        for path in sorted(glob.glob(os.path.join(top, "*", "model.onnx"))):
            folder = os.path.dirname(path)
            tests[f"{suite}/{os.path.basename(folder)}"] = folder
    return tests


def data_sets(folder, names, outputs):
    """Pairs of ({input: file}, {output: file}), a pair for each data set."""
    for data in sorted(glob.glob(os.path.join(folder, "test_data_set_*"))):
        def files(kind, which):
            return {n: os.path.join(data, f"{kind}_{k}.pb")
                    for k, n in enumerate(which)
                    if os.path.exists(os.path.join(data, f"{kind}_{k}.pb"))}
        yield files("input", names), files("output", outputs)


def run_set(tools, path, bound, dims, inputs, outputs, thorough):
    """What came of one data set."""
    consts = [f"--const={n}={inputs[n]}" for n in inputs if n in bound]
    options = ["--target=wse2", f"--grid={GRID}", *dims, *consts]
    with tempfile.TemporaryDirectory() as scratch:
        binary = os.path.join(scratch, "test.weft")
        result = tools.compile(path, binary, options)
        if thorough and (complaint := tools.agrees(path, binary, options, result)):
            return complaint
        if result != "pass":
            return result
        words = ["weft-run", binary]
        for name, file in inputs.items():
            if name not in bound:
                words += ["--input", f"{name}={file}"]
        for name, file in outputs.items():
            words += ["--expect", f"{name}={file}"]
        return tools.compare(words)


def run_test(tools, folder, thorough):
    path = os.path.join(folder, "model.onnx")
    model = onnx.load(path, load_external_data=False)
    initial = {t.name for t in model.graph.initializer}
    names = [i.name for i in model.graph.input if i.name not in initial]
    bound = bound_names(model)
    results = set()
    for inputs, outputs in data_sets(folder, names, [o.name for o in model.graph.output]):
        dims = dim_options(model, inputs)
        results.add(run_set(tools, path, bound, dims, inputs, outputs, thorough))
    worst = max(results or {"WRONG no data set"},
                key=lambda r: (r.startswith("WRONG"), r.startswith("refused"), r))
    return worst, is_eligible(model)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--debian", default=DEBIAN)
    p.add_argument("--newer", default=NEWER)
    p.add_argument("--only", default="", help="tests whose name contains this")
    p.add_argument("--update", action="store_true", help="write the table anew")
    p.add_argument("--thorough", type=int, default=0, metavar="N",
                   help="on every Nth test also: --check agrees with the compiler, and a "
                        "second compilation gives the same bytes")
    p.add_argument("--jobs", type=int, default=2)
    args = p.parse_args()
    tools = Tools()
    tests = {k: f for k, f in find_tests(args.debian, args.newer).items() if args.only in k}
    if not tests:
        sys.exit(f"error: no tests in '{args.debian}'")
    with concurrent.futures.ThreadPoolExecutor(max_workers=args.jobs) as pool:
        every = args.thorough
        jobs = {k: pool.submit(run_test, tools, f, every > 0 and i % every == 0)
                for i, (k, f) in enumerate(tests.items())}
        found = {k: job.result() for k, job in jobs.items()}
    table = read_table(TABLE)
    complaints = [f"{k}: {r}" for k, (r, _) in found.items() if r.startswith("WRONG")]
    if args.update and not complaints:
        write_table(TABLE, {**table, **found})
    elif not args.update:
        for key, (result, _) in found.items():
            listed = table.get(key, ("in no line of the table", False))[0]
            if result != listed and not result.startswith("WRONG"):
                complaints.append(f"{key}: found '{result}', the table says '{listed}'")
    for line in complaints:
        print("error: " + line, file=sys.stderr)
    print(summary(found))
    print(f"{len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
