# test/integration/onnx_node.py - Conformance against ONNX's node tests
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Runs every single-operator test of Debian's libonnx-testdata. Each one is
# either refused, with exit code 1 and a message, or compiles, passes the
# verifier and gives the stored outputs: never a crash, never a wrong number.
# onnx_node_accepted.txt lists those that compile; a test that leaves or enters
# the list without the list being changed (--update) is an error, so that
# support can neither shrink nor grow unnoticed.

import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile

import onnx

from weft.tools import tool

HERE = os.path.dirname(os.path.abspath(__file__))
LIST = os.path.join(HERE, "onnx_node_accepted.txt")
GRID = "3x2"
# Inputs whose value decides a shape, an axis or a count: bound at compile time.
BOUND = {
    "ConstantOfShape": [0], "CumSum": [1], "Expand": [1], "OneHot": [1],
    "Pad": [1], "Range": [0, 1, 2], "Reshape": [1], "Slice": [1, 2, 3, 4],
    "Split": [1], "Squeeze": [1], "Tile": [1], "TopK": [1], "Trilu": [1],
    "Unsqueeze": [1], "ReduceSum": [1],
}


def bound_names(model):
    names = set()
    for node in model.graph.node:
        for position in BOUND.get(node.op_type, []):
            if position < len(node.input):
                names.add(node.input[position])
    return names


def run(words):
    return subprocess.run([tool(words[0]), *words[1:]], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL)


def run_test(folder):
    """('accepted' | 'refused' | 'wrong', message)"""
    path = os.path.join(folder, "model.onnx")
    model = onnx.load(path)
    data = os.path.join(folder, "test_data_set_0")
    bound = bound_names(model)
    names = [i.name for i in model.graph.input]
    files = {n: os.path.join(data, f"input_{k}.pb") for k, n in enumerate(names)}
    with tempfile.TemporaryDirectory() as scratch:
        binary = os.path.join(scratch, "node.weft")
        consts = [f"--const={n}={files[n]}" for n in names if n in bound]
        result = run(["weftc", path, "-o", binary, "--target=wse2", f"--grid={GRID}",
                      *consts])
        if (result.returncode == 1 and result.stderr.strip()
                and "nknown command line" not in result.stderr):
            return "refused", result.stderr.strip().splitlines()[0]
        if result.returncode:
            return "wrong", f"weftc: {result.returncode}: {result.stderr[-300:]}"
        result = run(["weft-verify", binary])
        if result.returncode:
            return "wrong", f"weft-verify: {(result.stdout + result.stderr)[-300:]}"
        words = ["weft-run", binary]
        for name in names:
            if name not in bound:
                words += ["--input", f"{name}={files[name]}"]
        for k, output in enumerate(model.graph.output):
            words += ["--expect", f"{output.name}={data}/output_{k}.pb"]
        result = run(words)
        if result.returncode:
            return "wrong", (f"weft-run: {result.returncode}: "
                             f"{(result.stdout + result.stderr)[-300:]}")
    return "accepted", ""


def main():
    p = argparse.ArgumentParser()
    p.add_argument("root", help="folder 'data' of libonnx-testdata")
    p.add_argument("--only", default="", help="tests whose name contains this")
    p.add_argument("--update", action="store_true", help="write the list anew")
    p.add_argument("--reasons", action="store_true", help="print why tests are refused")
    args = p.parse_args()
    top = os.path.join(args.root, "node")
    names = sorted(n for n in os.listdir(top) if args.only in n)
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = dict(zip(names, pool.map(run_test,
                                           [os.path.join(top, n) for n in names])))
    accepted = [n for n in names if results[n][0] == "accepted"]
    wrong = [f"{n}: {results[n][1]}" for n in names if results[n][0] == "wrong"]
    if args.reasons:
        for n in names:
            print(results[n][0], n, results[n][1])
    if args.update:
        with open(LIST, "w") as f:
            f.write("".join(n + "\n" for n in accepted))
    with open(LIST) as f:
        listed = {n for n in f.read().split() if args.only in n}
    wrong += [f"{n}: is listed, but refused: {results[n][1]}"
              for n in sorted(listed - set(accepted)) if results[n][0] == "refused"]
    wrong += [f"{n}: is accepted, but not in onnx_node_accepted.txt"
              for n in accepted if n not in listed]
    for line in wrong:
        print("error: " + line, file=sys.stderr)
    print(f"{len(accepted)} of {len(names)} node tests compile and agree, "
          f"{len(wrong)} complaints")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
