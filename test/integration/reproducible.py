# reproducible.py - The same graph compiled twice gives the same bytes
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Compiles and checks models in both of the folders that are given and compares
# all that is written.

import os
import subprocess
import sys


CASES = {
    "bert-64": ["--grid=24x10"],
    "gpt2-64": ["--grid=16x16", "--dtype=f16"],
    "decoder-64": ["--grid=24x10"],
}
OUTPUTS = ["out.weft", "cost.json", "plan.yaml", "remarks.yaml", "check.txt", "check.json"]


def compile_in(folder, name, options):
    folder = os.path.join(folder, name)
    os.makedirs(folder)
    subprocess.run([sys.executable, "-m", "weft.refs", "--write", name, "-o", folder], check=True)
    subprocess.run(["weftc", "model.onnx", *options, "-o", "out.weft", "--cost-json=cost.json",
                    "--plan=plan.yaml", "--remarks=remarks.yaml"], cwd=folder, check=True)
    with open(os.path.join(folder, "check.txt"), "wb") as out:
        subprocess.run(["weftc", "--check", "model.onnx", *options, "--check-json=check.json"],
                       cwd=folder, check=True, stdout=out)
    contents = {}
    for output in OUTPUTS:
        with open(os.path.join(folder, output), "rb") as f:
            contents[output] = f.read()
    return contents


for name, options in CASES.items():
    first, second = (compile_in(folder, name, options) for folder in sys.argv[1:3])
    for output in OUTPUTS:
        if not first[output]:
            sys.exit(f"{name}: {output} is empty")
        if first[output] != second[output]:
            sys.exit(f"{name}: {output} differs")
    print(f"{name}: {len(OUTPUTS)} files are the same")
