# weft/refs.py - Committed references
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# test/integration/data/<case>/ holds the inputs of a model of weft.models, the
# outputs that ONNX Runtime gave for them, and case.json: options, versions, and
# a digest of all weights and inputs. The model is built anew from its options;
# a digest that differs means that the numbers would not compare, and is an
# error. All styles of one model compute one function and share a reference.
#
#   python -m weft.refs --recompute        runs ONNX Runtime again
#   python -m weft.refs --check            compares its result with what is stored
#   python -m weft.refs --write CASE -o DIR [--style S]

import argparse
import json
import os
import shutil
import sys

from . import decode, models, onnxio
from .builder import CACHES, STYLES

DATA = os.path.join(os.path.dirname(__file__), "..", "..", "test", "integration",
                    "data")

CASES = {
    "gpt2-64": dict(kind="gpt2", hidden=64, layers=2, heads=4, seq=32, vocab=256,
                    seed=0),
    "bert-64": dict(kind="bert", hidden=64, layers=2, heads=4, seq=32, vocab=256,
                    batch=2, seed=1),
    "gpt2-256": dict(kind="gpt2", hidden=256, layers=2, heads=4, seq=32, vocab=256,
                     seed=2),
    "gpt2-64-f16": dict(kind="gpt2", hidden=64, layers=2, heads=4, seq=32, vocab=256,
                        dtype="float16", seed=0),
    "bert-64-f16": dict(kind="bert", hidden=64, layers=2, heads=4, seq=32, vocab=256,
                        batch=2, dtype="float16", seed=1),
    "mlp": dict(kind="mlp", seq=17, hidden=23, seed=3),
    "decoder-64": dict(kind="decoder", hidden=64, layers=2, heads=4, seq=16,
                       vocab=256, seed=5),
    "vit-64": dict(kind="vit", hidden=64, layers=2, heads=4, seq=15, patch=4, batch=2,
                   seed=6),
    "attention": dict(kind="attention", seq=16, hidden=32, heads=4, seed=4),
}
# Cases that run step by step, with caches fed back.
STEPS = {"decoder-64": 16}


def graph_of(case, style, **more):
    return models.build(style=style, **CASES[case], **more)


def run(case, style, graph, optimised=False):
    options = models.options(style=style, **CASES[case])
    return models.reference(options, graph, optimised)


def tolerance(case):
    """Of a repeated run: an output of float16 may round the other way."""
    return 1e-3 if CASES[case].get("dtype") == "float16" else 1e-5


def spellings(case):
    """(name, graph) of every way in which a case is spelled."""
    for style in STYLES:
        if case not in STEPS:
            yield style, graph_of(case, style)
            continue
        for cache in CACHES:
            yield f"{style} {cache}", graph_of(case, style, cache=cache)


def recompute_steps(case):
    """As recompute(), with the tokens that the first spelling chooses."""
    first, spread, tokens = None, {}, None
    for name, graph in spellings(case):
        plain = decode.run_steps(graph, STEPS[case], tokens=tokens)
        first = first or (graph, plain)
        tokens = tokens or [inputs[0] for inputs, _ in plain]
        optimised = decode.run_steps(graph, STEPS[case], optimised=True, tokens=tokens)
        worst = max(onnxio.disagreement(got, want) for run in (plain, optimised)
                    for (_, got), (_, want) in zip(run, first[1]))
        spread[name] = float(f"{worst:.3g}")
    graph, steps = first
    decode.write_steps(os.path.join(DATA, case), graph, steps)
    return graph, spread


def recompute(case):
    """Runs ONNX Runtime on every style and stores the result of the first."""
    import numpy
    import onnxruntime

    folder = os.path.join(DATA, case)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    graph, spread = (recompute_steps if case in STEPS else recompute_once)(case)
    facts = {
        "options": CASES[case],
        "digest": graph.digest.hexdigest(),
        "onnxruntime": onnxruntime.__version__,
        "numpy": numpy.__version__,
        # Largest difference of any run of any style, relative to max|output|.
        "spread": spread,
    }
    with open(os.path.join(folder, "case.json"), "w") as f:
        json.dump(facts, f, indent=2)
        f.write("\n")


def recompute_once(case):
    first, spread = None, {}
    for style, graph in spellings(case):
        plain = run(case, style, graph)
        first = first or (graph, plain)
        optimised = run(case, style, graph, optimised=True)
        worst = max(onnxio.disagreement(out, first[1]) for out in (plain, optimised))
        spread[style] = float(f"{worst:.3g}")
    graph, outputs = first
    folder = os.path.join(DATA, case)
    onnxio.write_tensors(folder, "input", graph.inputs, graph.samples)
    onnxio.write_tensors(folder, "output", graph.outputs, outputs)
    return graph, spread


def facts_of(case):
    with open(os.path.join(DATA, case, "case.json")) as f:
        return json.load(f)


def write(case, folder, style="fused17", **more):
    """model.onnx built anew, inputs and outputs from what is stored; with steps,
    those of step S in step_S."""
    graph = graph_of(case, style, **more)
    known = facts_of(case)["digest"]
    if graph.digest.hexdigest() != known:
        sys.exit(f"weft.refs: error: weights of '{case}' have digest "
                 f"{graph.digest.hexdigest()}, the stored reference was computed "
                 f"with {known}: run 'python -m weft.refs --recompute'")
    onnxio.write_case(folder, graph, None)
    for name in sorted(os.listdir(os.path.join(DATA, case))):
        if name.endswith(".pb"):
            shutil.copyfile(os.path.join(DATA, case, name),
                            os.path.join(folder, name))
        elif name.startswith("step_"):
            shutil.copytree(os.path.join(DATA, case, name),
                            os.path.join(folder, name), dirs_exist_ok=True)


def stored(folder, stem):
    return [onnxio.read_tensor(path)[1]
            for _, path in onnxio.read_tensors(folder, stem)]


def off_by(case, style, graph):
    """How far ONNX Runtime is from what is stored."""
    folder = os.path.join(DATA, case)
    if case not in STEPS:
        return onnxio.disagreement(run(case, style, graph),
                                   stored(folder, "output"))
    places = [os.path.join(folder, f"step_{s}") for s in range(STEPS[case])]
    steps = decode.run_steps(graph, STEPS[case],
                             tokens=[stored(p, "input")[0] for p in places])
    return max(onnxio.disagreement(got, stored(p, "output"))
               for (_, got), p in zip(steps, places))


def check(case):
    """Whether ONNX Runtime still gives what is stored, in every style."""
    good = True
    for style, graph in spellings(case):
        off = off_by(case, style, graph)
        good &= off <= tolerance(case) and graph.digest.hexdigest() == facts_of(case)["digest"]
        print(f"{case:10} {style:12} differs by {off:.2e} of the largest output")
    return good


def main(argv=None):
    p = argparse.ArgumentParser(prog="weft.refs")
    p.add_argument("--recompute", nargs="*", metavar="CASE", choices=sorted(CASES),
                   help="these, or all")
    p.add_argument("--check", action="store_true")
    p.add_argument("--write", metavar="CASE", choices=sorted(CASES))
    p.add_argument("--style", choices=sorted(STYLES), default="fused17")
    p.add_argument("-o", "--output", metavar="DIR")
    args = p.parse_args(argv)
    if args.recompute is not None:
        for case in args.recompute or CASES:
            recompute(case)
    if args.check and not all([check(case) for case in CASES]):
        sys.exit("weft.refs: error: stored references differ from ONNX Runtime")
    if args.write:
        if not args.output:
            p.error("--write needs -o DIR")
        write(args.write, args.output, args.style)


if __name__ == "__main__":
    main()
