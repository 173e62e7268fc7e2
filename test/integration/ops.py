# test/integration/ops.py - Random graphs against ONNX Runtime
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Each seed is one graph of weft.random_graphs on one grid. It is refused, with
# exit code 1 and a message, or it compiles, passes the verifier, gives the
# numbers of ONNX Runtime, and does exactly the work that the cost report states.
#
#   ops.py --seeds 0:40        the suite; 0:2000 is a night's work
#   ops.py --seeds 17 --grid 3x5 --keep DIR
#
# The tolerance is weft-run's default. Where ONNX Runtime's plain run differs by
# more than half of it from its optimised run or from one in double precision
# (a sum that cancels, say), it is twice the difference.

import argparse
import collections
import concurrent.futures
import dataclasses
import os
import random
import subprocess
import sys
import tempfile

import onnx

from weft import onnxio, random_graphs, report
from weft.tools import tool

GRIDS = ["1x1", "1x2", "2x1", "1x7", "6x1", "2x2", "3x5", "7x4", "5x5", "16x16",
         "24x10", "32x32"]
RTOL = 1e-5
# A refusal for memory is no news on the smallest grids; others are looked at.
SLACK = 0.15


@dataclasses.dataclass
class Result:
    seed: int
    recipe: str
    grid: str
    kind: str = "agrees"       # agrees, refused, wrong
    message: str = ""
    cycle_error: float = 0.0


def run(words):
    return subprocess.run([tool(words[0]), *words[1:]], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=900)


def tail(result):
    return f"exit {result.returncode}: {(result.stdout + result.stderr).strip()[-400:]}"


def in_double(model):
    """The model with double for float."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    graph, single, double = wide.graph, onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
    for info in [*graph.input, *graph.output]:
        if info.type.tensor_type.elem_type == single:
            info.type.tensor_type.elem_type = double
    for tensor in graph.initializer:
        if tensor.data_type == single:
            value = onnx.numpy_helper.to_array(tensor).astype("float64")
            tensor.CopyFrom(onnx.numpy_helper.from_array(value, tensor.name))
    for node in graph.node:
        for attr in node.attribute:
            if node.op_type == "Cast" and attr.name == "to" and attr.i == single:
                attr.i = double
    return wide


def spread_of(model, samples, plain):
    """How far other runs of ONNX Runtime are from the plain one."""
    spread = onnxio.disagreement(onnxio.run_runtime(model, samples), plain)
    wide = [s.astype("float64") if s.dtype == "float32" else s for s in samples]
    try:
        exact = onnxio.run_reference(in_double(model), wide)
    except Exception:  # an operator without a kernel for double
        return spread
    return max(spread, onnxio.disagreement(plain, exact))


def write_graph(seed, recipe, scale, folder):
    """The graph with inputs and outputs of ONNX Runtime; its tolerance."""
    graph, recipe = random_graphs.graph(seed, recipe, scale)
    model = graph.model()
    plain = onnxio.run_reference(model, graph.samples)
    spread = spread_of(model, graph.samples, plain)
    onnxio.write_case(folder, graph, plain)
    return recipe, 2 * spread if 2 * spread > RTOL else None


def simulate(binary, folder, rtol):
    words = ["weft-run", binary, f"--stats-json={folder}/stats.json"]
    if rtol:
        words.append(f"--rtol={rtol:.3g}")
    for stem, option in (("input", "--input"), ("output", "--expect")):
        for name, path in onnxio.read_tensors(folder, stem):
            words += [option, f"{name}={path}"]
    return run(words)


def check(result, folder, rtol, machine):
    """Compiles, verifies, runs and compares; fills in `result`."""
    binary, cost = os.path.join(folder, "g.weft"), os.path.join(folder, "cost.json")
    done = run(["weftc", os.path.join(folder, "model.onnx"), "-o", binary,
                *machine, f"--grid={result.grid}", f"--cost-json={cost}"])
    if done.returncode == 1 and "error: " in done.stderr and "internal" not in done.stderr:
        result.kind = "refused"
        result.message = done.stderr.strip().splitlines()[0]
        return
    steps = [("weftc", lambda: done),
             ("weft-verify", lambda: run(["weft-verify", binary])),
             ("weft-run", lambda: simulate(binary, folder, rtol))]
    for name, step in steps:
        done = step()
        if done.returncode:
            result.kind, result.message = "wrong", f"{name}: {tail(done)}"
            return
    said, found = report.load(cost), report.load(f"{folder}/stats.json")
    wrong = report.compare(said, found, SLACK)
    cycles = found["cycles"]
    result.cycle_error = abs(report.get(said, "cycles.estimate") - cycles) / cycles
    if wrong:
        result.kind, result.message = "wrong", "; ".join(wrong)


def one(seed, args):
    grid = args.grid or random.Random(seed * 7 + 1).choice(GRIDS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(args.keep, f"{seed}-{grid}") if args.keep else scratch
        recipe, rtol = write_graph(seed, args.recipe, args.scale, folder)
        result = Result(seed, recipe, grid)
        try:
            machine = [f"--target={args.target}", *(f"--set={s}" for s in args.set)]
            check(result, folder, rtol, machine)
        except subprocess.TimeoutExpired as e:
            result.kind, result.message = "wrong", f"{e.cmd[0]} takes more than 900 s"
    return result


def seeds_of(text):
    first, _, last = text.partition(":")
    return range(int(first), int(last)) if last else [int(first)]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seeds", default="0:40", help="N, or FIRST:END")
    p.add_argument("--grid", help="one grid for all, else one by seed")
    p.add_argument("--target", default="wse2")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                   help="as for weftc; a small pe.sram_bytes makes storage scarce")
    p.add_argument("--recipe", choices=sorted(random_graphs.RECIPES))
    p.add_argument("--scale", type=int, default=1, help="longer sequences, more features")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--keep", metavar="DIR", help="keep models, binaries and reports")
    p.add_argument("--quiet", action="store_true", help="print complaints only")
    args = p.parse_args()
    counts, worst = collections.Counter(), Result(0, "", "")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for r in pool.map(lambda s: one(s, args), seeds_of(args.seeds)):
            counts[r.kind] += 1
            worst = max(worst, r, key=lambda x: x.cycle_error)
            line = f"seed {r.seed} {r.recipe} {r.grid}: {r.kind}"
            if r.kind == "agrees":
                line += f", estimate off by {r.cycle_error:.1%}"
            if r.kind != "agrees" or not args.quiet:
                print(f"{line} {r.message}".rstrip(), flush=True)
    print(f"{counts['agrees']} agree, {counts['refused']} refused, "
          f"{counts['wrong']} wrong; worst estimate off by {worst.cycle_error:.1%} "
          f"(seed {worst.seed} on {worst.grid})")
    sys.exit(1 if counts["wrong"] else 0)


if __name__ == "__main__":
    main()
