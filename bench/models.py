# bench/models.py - Every model of a folder, against stored outputs
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Compiles, verifies and runs each MODEL.onnx under a folder that has inputs and
# outputs (input_K.pb, output_K.pb) under another, in a folder named like the
# model's path with '__' for '/'. Symbolic dimensions are those of the inputs.
# Prints one line per model and the refusals by reason.
#
#   python bench/models.py data/models data/models_ref [--grid=16x16] [--only=bert]
#
# The tolerance is weft-run's. Where ONNX Runtime is installed and its optimised
# and unoptimised runs differ by more than half of it, twice their difference; and
# models in f16 are compared with f32 arithmetic on their weights, not with what
# was stored.

import argparse
import collections
import concurrent.futures
import os
import shutil
import sys
import tempfile

import onnx

from weft import conform, onnxio, oracle


def models_of(root, references):
    """(name, model file, folder of its inputs) with stored outputs, sorted."""
    for here, dirs, files in sorted(os.walk(root)):
        for name in sorted(f for f in files if f.endswith(".onnx")):
            path = os.path.join(here, name)
            key = os.path.relpath(path, root)[:-len(".onnx")].replace(os.sep, "__")
            folder = os.path.join(references, key)
            if os.path.exists(os.path.join(folder, "output_0.pb")):
                yield key, path, folder


def bindings(model, samples):
    """--dim for each symbolic dimension of an input that has a sample."""
    found = {}
    for info in model.graph.input:
        if info.name not in samples:
            continue
        dims = info.type.tensor_type.shape.dim
        for k, (dim, n) in enumerate(zip(dims, samples[info.name].shape)):
            if dim.dim_value < 1:
                found.setdefault(dim.dim_param or f"{info.name}.{k}", n)
    return [f"--dim={name}={n}" for name, n in found.items()]


def misfit(model, samples):
    """A stored input that the model does not declare so; ONNX Runtime is lenient."""
    for info in model.graph.input:
        sample, rank = samples.get(info.name), len(info.type.tensor_type.shape.dim)
        if sample is not None and info.type.tensor_type.HasField("shape") and (
                sample.ndim != rank):
            return f"'{info.name}' has rank {rank}, its stored value {sample.ndim}"
    return ""


def reference(model, samples):
    """What weft.oracle expects, or None where ONNX Runtime cannot say."""
    if not onnxio.have_runtime():
        return None
    names = [i.name for i in model.graph.input if i.name in samples]
    if len(names) != len(model.graph.input):
        return None
    try:
        return oracle.expected(model, [samples[n] for n in names])
    except Exception:  # an operator that ONNX Runtime has not
        return None


def one(path, folder, options, timeout):
    model = onnx.load(path)
    samples = dict(onnxio.read_tensor(p) for _, p in onnxio.read_tensors(folder, "input"))
    if wrong := misfit(model, samples):
        return conform.Outcome("unfit", "", wrong)
    with tempfile.TemporaryDirectory() as scratch:
        # Beside its data files, which are read by relative name.
        for name in os.listdir(os.path.dirname(path)):
            if name != os.path.basename(path) and not name.endswith(".onnx"):
                os.symlink(os.path.abspath(os.path.join(os.path.dirname(path), name)),
                           os.path.join(scratch, name))
        shutil.copyfile(path, os.path.join(scratch, "model.onnx"))
        for stem in ("input", "output"):
            for _, source in onnxio.read_tensors(folder, stem):
                shutil.copy(source, scratch)
        want = reference(model, samples)
        if want and oracle.HALF in oracle.element_types(model):
            onnxio.write_tensors(scratch, "output", model.graph.output, want.outputs)
        told = want and want.rtol != want.default
        return conform.check(scratch, [*options, *bindings(model, samples)],
                             want.rtol if told else None, timeout)


def main():
    p = argparse.ArgumentParser(epilog="other options go to weftc")
    p.add_argument("models", metavar="MODELS")
    p.add_argument("references", metavar="REFERENCES")
    p.add_argument("--grid", action="append", metavar="WxH", help="default 8x8; may be repeated")
    p.add_argument("--only", default="", metavar="TEXT", help="names that contain it")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--timeout", type=float, default=600, metavar="S")
    p.add_argument("--quiet", action="store_true", help="no line for what is refused")
    args, options = p.parse_known_args()
    cases = [c for c in models_of(args.models, args.references) if args.only in c[0]]
    tasks = [(c, grid) for grid in args.grid or ["8x8"] for c in cases]
    counts, reasons = collections.Counter(), collections.Counter()

    def run(task):
        (_, path, folder), grid = task
        return one(path, folder, [f"--grid={grid}", *options], args.timeout)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for ((name, _, _), grid), o in zip(tasks, pool.map(run, tasks)):
            counts[o.kind] += 1
            if o.kind == "refused":
                reasons[o.reason] += 1
            if o.kind != "refused" or not args.quiet:
                print(f"{name} {grid}: {o.kind} {o.message}".rstrip(), flush=True)
    for reason, count in sorted(reasons.items(), key=lambda x: (-x[1], x[0])):
        print(f"{count:6} refused: {reason}")
    print(f"{len(tasks)} runs: {counts['agrees']} agree, {counts['refused']} refused, "
          f"{counts['unfit']} unfit, {counts['wrong']} wrong")
    sys.exit(1 if counts["wrong"] else 0)


if __name__ == "__main__":
    main()
