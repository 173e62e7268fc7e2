# weft/stored.py - Models with stored inputs and outputs
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# A folder of models, MODEL.onnx at any depth, and a folder of references: one
# folder for each model, named like its path with '__' for '/', with input_K.pb
# and output_K.pb. A file io.npz beside a model does as well. Symbolic dimensions are those of the inputs; inputs whose value
# decides a shape are bound at compile time.
#
# The tolerance is weft-run's. Where ONNX Runtime is installed, the rules of
# weft.oracle hold: twice the difference of its own runs where that is more than
# half of it, f32 arithmetic for models in f16, and a reason for what the precision
# cannot do better.

import os
import shutil
import tempfile

import numpy as np
import onnx

from . import conform, conformance, onnxio, oracle


def models_of(root, references):
    """(name, model file, folder or .npz with inputs and outputs), sorted."""
    for here, _, files in sorted(os.walk(root)):
        for name in sorted(f for f in files if f.endswith(".onnx")):
            path = os.path.join(here, name)
            key = os.path.relpath(path, root)[:-len(".onnx")].replace(os.sep, "__")
            folder = os.path.join(references, key)
            if os.path.exists(os.path.join(folder, "output_0.pb")):
                yield key, path, folder
            elif os.path.exists(beside := os.path.join(here, "io.npz")):
                yield key, path, beside


def read_tensors(model, folder):
    """({input: value}, [(output, value)]) as stored."""
    if not folder.endswith(".npz"):
        return tuple(kind(onnxio.read_tensor(p) for _, p in onnxio.read_tensors(folder, stem))
                     for stem, kind in (("input", dict), ("output", list)))
    with np.load(folder) as arrays:
        return ({i.name: arrays[i.name] for i in model.graph.input if i.name in arrays},
                [(o.name, arrays[o.name]) for o in model.graph.output])


def bindings(model, samples):
    """--dim for each symbolic dimension of an input that has a sample."""
    found = {}
    for info in model.graph.input:
        if info.name not in samples:
            continue
        dims = info.type.tensor_type.shape.dim
        for k, (dim, n) in enumerate(zip(dims, samples[info.name].shape)):
            if dim.dim_value < 1 and not (dim.HasField("dim_value") and n == 0):
                found.setdefault(dim.dim_param or f"{info.name}.{k}", n)
    return [f"--dim={name}={n}" for name, n in found.items()]


def fit_scalars(model, samples):
    """A single number that is stored as [1] for a declared [] becomes that."""
    for info in model.graph.input:
        sample = samples.get(info.name)
        if (sample is not None and sample.size == 1
                and info.type.tensor_type.HasField("shape")
                and not info.type.tensor_type.shape.dim):
            samples[info.name] = sample.reshape(())


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


def lay_out(path, scratch, samples, outputs):
    """The model as model.onnx beside its data files, and its inputs and outputs."""
    for name in os.listdir(os.path.dirname(path)):
        if name != os.path.basename(path) and not name.endswith(".onnx"):
            os.symlink(os.path.abspath(os.path.join(os.path.dirname(path), name)),
                       os.path.join(scratch, name))
    shutil.copyfile(path, os.path.join(scratch, "model.onnx"))
    for stem, tensors in (("input", samples.items()), ("output", outputs)):
        for k, (name, value) in enumerate(tensors):
            onnxio.write_tensor(os.path.join(scratch, f"{stem}_{k}.pb"), name, value)


def check_twice(scratch, options, outcome):
    """`outcome`, or a wrong one: `weftc --check` says otherwise, or a second
    compilation gives other bytes."""
    result = "refused" if outcome.kind == "refused" else "pass"
    complaint = conformance.Tools().agrees(os.path.join(scratch, "model.onnx"),
                                           os.path.join(scratch, "g.weft"), options, result)
    return outcome.wrong(complaint, complaint) if complaint else outcome


def run_model(path, folder, options, timeout, thorough=False):
    """conform.Outcome of one model; also of kind 'unfit', for stored inputs that the
    model does not declare so. `thorough`: --check and a second compilation too."""
    model = onnx.load(path)
    samples, outputs = read_tensors(model, folder)
    fit_scalars(model, samples)
    if wrong := misfit(model, samples):
        return conform.Outcome("unfit", "", wrong)
    with tempfile.TemporaryDirectory() as scratch:
        lay_out(path, scratch, samples, outputs)
        want = reference(model, samples)
        if want and oracle.HALF in oracle.element_types(model):
            onnxio.write_tensors(scratch, "output", model.graph.output, want.outputs)
        told = want and want.rtol != want.default
        bound, options = conformance.bound_names(model), [*options, *bindings(model, samples)]
        outcome = conform.check(scratch, options, want.rtol if told else None, timeout, bound)
        if want and (outcome.kind, outcome.reason) == ("wrong", "numbers"):
            if reason := oracle.excuse(want, conform.outputs(scratch)):
                outcome.kind, outcome.reason = "excused", reason
        if thorough and outcome.kind != "wrong":
            options += conform.const_options(scratch, bound)
            return check_twice(scratch, options, outcome)
        return outcome
