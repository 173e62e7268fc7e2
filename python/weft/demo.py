# weft/demo.py - The demonstration
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Every step is one command of the tools, printed before it runs, so that it can
# be repeated by hand: compile a GPT-2-style decoder, verify the file, run it,
# compare with ONNX Runtime, show the placed grid and the cost report.

import argparse
import os
import sys
import time

import numpy as np

from . import models, onnxio, report
from .tools import ROOT, call


def title(text):
    print(f"\n== {text}", flush=True)


def write_model(folder):
    title("A GPT-2-style decoder: 2 layers, hidden 64, 4 heads, 32 tokens, as "
          "PyTorch exports it at opset 13")
    graph = models.build("gpt2", style="torch13", seed=0)
    if not onnxio.have_runtime():
        sys.exit("weft.demo: error: onnxruntime is not installed")
    outputs = onnxio.run_reference(graph.model(), graph.samples)
    onnxio.write_case(folder, graph, outputs)
    print(f"{len(graph.nodes)} nodes, {len(graph.initializers)} weights and constants"
          f" in {os.path.relpath(folder)}/model.onnx; outputs by ONNX Runtime beside it")
    return outputs[0]


def show_tokens(folder, want):
    got = onnxio.read_tensor(os.path.join(folder, "out", "output_0.pb"))[1]
    title("The token each position would say next")
    print("weft-run     ", *got[0].argmax(-1))
    print("ONNX Runtime ", *want[0].argmax(-1))
    off = onnxio.disagreement([got], [want])
    print(f"largest difference of a logit: {off:.2e} of the largest logit")
    return np.array_equal(got[0].argmax(-1), want[0].argmax(-1))


def main(argv=None):
    p = argparse.ArgumentParser(prog="weft.demo")
    p.add_argument("--grid", default="32x32")
    p.add_argument("--target", default="wse2")
    p.add_argument("-o", "--output", default=os.path.join(ROOT, "build", "demo"))
    args = p.parse_args(argv)
    folder = args.output
    os.makedirs(os.path.join(folder, "out"), exist_ok=True)
    path = {n: os.path.relpath(os.path.join(folder, n)) for n in
            ("model.onnx", "demo.weft", "cost.json", "stats.json", "out",
             "input_0.pb", "output_0.pb")}
    want = write_model(folder)

    title("Compile")
    began = time.monotonic()
    call(["weftc", path["model.onnx"], "-o", path["demo.weft"],
          f"--target={args.target}", f"--grid={args.grid}",
          f"--cost-json={path['cost.json']}"], show=True)
    print(f"{os.path.getsize(path['demo.weft']):,} bytes in "
          f"{time.monotonic() - began:.1f} s")

    title("Check the file with the independent verifier")
    call(["weft-verify", path["demo.weft"]], show=True)

    title("Run it in the simulator and compare with ONNX Runtime")
    call(["weft-run", path["demo.weft"], "--input", f"input_ids={path['input_0.pb']}",
          "--expect", f"logits={path['output_0.pb']}", f"--output-dir={path['out']}",
          f"--stats-json={path['stats.json']}"], show=True)
    same = show_tokens(folder, want)

    title("The placed grid")
    call(["weft-objdump", path["demo.weft"], "--map"], show=True)

    title("Cost, stated before anything ran, and the run")
    cost, stats = report.load(path["cost.json"]), report.load(path["stats.json"])
    report.show(cost, stats)
    wrong = report.compare(cost, stats)
    for line in wrong:
        print("differs: " + line)
    sys.exit(0 if same and not wrong else 2)


if __name__ == "__main__":
    main()
