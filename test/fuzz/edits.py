# edits.py - Every change of one field of every seed of the importer's fuzzer
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   edits.py --build build/fuzz [--jobs N] [MODEL...]
#
# Chance seldom puts the largest integer into the one attribute that is
# multiplied. This tries each field of each seed: integers at their limits,
# numbers that are not finite, texts without meaning, types of all elements,
# parts left out and parts twice, and each attribute that a node may have and
# does not, but its operator's schema or another of the models has. Exit code 0
# if nothing was found; else the inputs are named.

import argparse
import glob
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile

import numpy
import onnx
from google.protobuf.descriptor import FieldDescriptor

import run
import seeds

INTEGERS = [2**63 - 1, 2**63 - 2, -2**63, -2**63 + 1, 2**62, -2**62, 3037000500, 2**32,
            2**31, 2**31 - 1, -2**31, 2**20, 64, 4, 2, 1, 0, -1, -2]
FLOATS = [float("nan"), float("inf"), -float("inf"), 3e38, 1e-45, 0.0, -1.0]
TEXTS = ["", "ai.onnx", "-1", "18446744073709551615", "a\nb"]
ELEMENTS = range(0, 27)
FEW = 8  # elements of a constant that are changed one by one
BATCH = 1000


def parts(message, depth=0):
    """All messages of a message, itself first."""
    yield message
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE and depth < 32:
            for part in value if field.is_repeated else [value]:
                yield from parts(part, depth + 1)


def others(field, value):
    """The values to try for one of a field."""
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return []
    if field.name in ("elem_type", "data_type"):
        return ELEMENTS
    if field.type in (FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64):
        return INTEGERS
    if field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_ENUM):
        return [v for v in INTEGERS if abs(v) < 2**31]
    if field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE):
        return FLOATS
    return TEXTS if field.type == FieldDescriptor.TYPE_STRING else []


def edited_lists(message, field):
    values = getattr(message, field.name)
    kept = list(values)
    for i in range(min(len(kept), 4 * FEW)):
        del values[i]
        yield
        del values[:]
        values.extend(kept[:i + 1] + kept[i:])
        yield
        del values[:]
        values.extend(kept)
        for v in others(field, kept[i]):
            try:
                values[i] = v
            except ValueError:
                continue  # outside of an enumeration or of 32 bits
            yield
        if others(field, kept[i]):
            values[i] = kept[i]


def edited_fields(message):
    for field, value in message.ListFields():
        if field.is_repeated:
            yield from edited_lists(message, field)
            continue
        kept = type(message).FromString(message.SerializePartialToString())
        message.ClearField(field.name)
        yield
        for v in others(field, value):
            try:
                setattr(message, field.name, v)
            except ValueError:
                continue
            yield
        message.CopyFrom(kept)


def edited_elements(tensor):
    """Few integers, be they in whichever field."""
    if tensor.data_type not in (onnx.TensorProto.INT64, onnx.TensorProto.INT32):
        return
    try:
        values = onnx.numpy_helper.to_array(tensor)
    except (ValueError, TypeError, RuntimeError):
        return
    kept = tensor.SerializePartialToString()
    limits = numpy.iinfo(values.dtype)
    for i in range(values.size if values.size <= FEW else 0):
        for v in INTEGERS:
            if limits.min <= v <= limits.max:
                changed = values.copy()
                changed.flat[i] = v
                tensor.CopyFrom(onnx.numpy_helper.from_array(changed, tensor.name))
                yield
    tensor.ParseFromString(kept)


def attributes_of_models(models):
    """The kinds of attributes that the nodes of an op have in any model, by domain and name:
    custom domains have no schema."""
    known = {}
    for model in models:
        for node in parts(model):
            if isinstance(node, onnx.NodeProto):
                op = known.setdefault((node.domain, node.op_type), {})
                op.update((a.name, a.type) for a in node.attribute)
    return known


def added_attributes(node, version, known):
    attributes = dict(known.get((node.domain, node.op_type), {}))
    try:
        schema = onnx.defs.get_schema(node.op_type, version, node.domain.replace("ai.onnx", ""))
        attributes.update((name, int(a.type)) for name, a in schema.attributes.items())
    except onnx.defs.SchemaError:
        pass
    kinds = onnx.AttributeProto
    present = {a.name for a in node.attribute}
    for name, kind in sorted(attributes.items()):
        values = {kinds.INT: INTEGERS, kinds.FLOAT: FLOATS, kinds.STRING: TEXTS,
                  kinds.INTS: [[v] * k for k in (1, 2, 4) for v in INTEGERS]}
        for v in [] if name in present else values.get(kind, []):
            node.attribute.append(onnx.helper.make_attribute(name, v))
            yield
            del node.attribute[-1]


def edits(model, known):
    """Changes the model, each time by one field, and back."""
    versions = [o.version for o in model.opset_import if o.domain in ("", "ai.onnx")]
    version = min(max(versions + [1]), 2**31 - 1)
    for part in list(parts(model)):
        if isinstance(part, onnx.NodeProto):
            yield from added_attributes(part, version, known)
        if isinstance(part, onnx.TensorProto):
            yield from edited_elements(part)
    # A list that is put back is made of new messages: those below come later.
    for part in reversed(list(parts(model))):
        yield from edited_fields(part)


def run_files(fuzzer, files, found):
    """Runs the inputs, past each that fails; how many failed."""
    failures = 0
    while files:
        result = subprocess.run([fuzzer, *run.LIMITS, f"-artifact_prefix={found}/", *files],
                                env={**os.environ, "ASAN_OPTIONS": run.ASAN},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                errors="replace")
        if not result.returncode:
            break
        done = len(re.findall(r"^Running: ", result.stdout, re.M))
        bad = files[done - 1]
        kept = shutil.copy(bad, os.path.join(found, "edit-" + os.path.basename(bad)))
        why = re.search(r"^.*(?:runtime error|ERROR: |Assertion|fuzz:).*$", result.stdout, re.M)
        print(f"{kept}: {why.group(0)[:200] if why else result.stdout[-200:]}", flush=True)
        failures += 1
        files = files[done:]
    return failures


def run_seed(task):
    name, content, known, fuzzer, found = task
    model = onnx.ModelProto.FromString(content)
    inputs = failures = 0
    with tempfile.TemporaryDirectory() as folder:
        files, seen = [], set()

        def flush():
            failed = run_files(fuzzer, files, found)
            files.clear()
            return failed

        for i, _ in enumerate(edits(model, known)):
            content = model.SerializePartialToString(deterministic=True)
            if content in seen:
                continue
            seen.add(content)
            files.append(os.path.join(folder, f"{name}-{i}.onnx"))
            with open(files[-1], "wb") as f:
                f.write(content)
            inputs += 1
            if len(files) == BATCH:
                failures += flush()
        failures += flush()
    return inputs, failures


def read(paths):
    """The models by name: that of the folder where all are called model.onnx."""
    models = {}
    for path in sorted(paths):
        name = os.path.basename(path)[:-len(".onnx")]
        name = os.path.basename(os.path.dirname(path)) if name == "model" else name
        if os.path.getsize(path) < seeds.LARGEST_MODEL:
            with open(path, "rb") as f:
                models[name] = onnx.ModelProto.FromString(f.read())
    return models


def main():
    p = argparse.ArgumentParser()
    p.add_argument("models", nargs="*")
    p.add_argument("--build", required=True)
    p.add_argument("--jobs", type=int, default=1)
    args = p.parse_args()
    folder = os.path.join(args.build, "fuzz", "onnx")
    given, found = os.path.join(folder, "seeds"), os.path.join(folder, "found")
    os.makedirs(found, exist_ok=True)
    seeds.GATHERED["onnx"](given)
    own = read(glob.glob(os.path.join(given, "*.onnx")))
    models = read(args.models) or own
    known = attributes_of_models([*own.values(), *models.values()])
    fuzzer = os.path.join(args.build, "bin", "weft-fuzz-onnx")
    tasks = [(name, model.SerializeToString(), known, fuzzer, found)
             for name, model in models.items()]
    with multiprocessing.Pool(args.jobs) as pool:
        results = pool.map(run_seed, tasks, chunksize=1)
    inputs, failures = (sum(r[i] for r in results) for i in (0, 1))
    print(f"edits onnx: {len(tasks)} models, {inputs} inputs, {failures} failed")
    sys.exit(1 if failures or not inputs else 0)


if __name__ == "__main__":
    main()
