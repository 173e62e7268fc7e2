# test/integration/probe.py - Every value that can be probed, against ONNX Runtime
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# All probes of a model must agree. Then one reference in the middle is made
# wrong, and all later ones too: the one in the middle must be named.

import argparse
import os
import subprocess
import sys

import numpy as np

from weft import onnxio, probe, refs
from weft.run import compile_model


def spoil(path, amount):
    name, value = onnxio.read_tensor(path)
    value = np.array(value)
    value.flat[value.size // 2] += value.dtype.type(amount)
    onnxio.write_tensor(path, name, value)


def check(done, code, text):
    if done.returncode == code and text in done.stdout + done.stderr:
        return
    print(done.stdout + done.stderr, file=sys.stderr)
    sys.exit(f"expected exit code {code} and '{text}', got {done.returncode}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("case", choices=sorted(refs.CASES))
    p.add_argument("--grid", required=True)
    p.add_argument("--style", default="fused17")
    p.add_argument("--least", type=int, default=1, metavar="N",
                   help="values that must be there to probe")
    p.add_argument("-o", "--output", required=True)
    args = p.parse_args()
    model = os.path.join(args.output, "model")
    refs.write(args.case, model, args.style)
    binary = compile_model(model, args.output, args.grid)
    names = probe.probeable(binary)
    if len(names) < args.least:
        sys.exit(f"{len(names)} values can be probed, at least {args.least} are due")
    paths = probe.write_references(model, names, args.output)
    text = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    done = probe.run(binary, model, paths, **text)
    check(done, 0, f"value '{names[-1]}' agrees")
    if done.stdout.count(" agrees: ") != len(names):
        sys.exit("not all values were compared")
    middle = len(names) // 2
    for k, (_, path) in enumerate(paths[middle:]):
        spoil(path, 1 + k)
    done = probe.run(binary, model, reversed(paths), **text)
    check(done, 2, f"value '{names[middle]}' is the first that diverges")
    print(f"{args.case} {args.style} {args.grid}: {len(names)} values agree")


if __name__ == "__main__":
    main()
