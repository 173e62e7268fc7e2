# weft/probe.py - Where a run begins to differ from ONNX Runtime
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Computes all intermediate values of a model with ONNX Runtime and has weft-run
# compare those that lie on the wafer for a while:
#
#   python -m weft.probe DIR --grid 24x10
#
# DIR holds model.onnx and input_K.pb (weft.models or weft.refs wrote it). The
# exit code is weft-run's: 2 if a value diverges, and the first is named.

import argparse
import os
import re
import subprocess
import sys
import tempfile

import onnx

from . import onnxio
from .run import compile_model
from .tools import call

VALUE = re.compile(r"^  '((?:[^'\\]|\\.)*)' ")


def probeable(binary):
    """The names that `weft-objdump --values` lists, in the order of execution."""
    text = call(["weft-objdump", "--values", binary], stdout=subprocess.PIPE,
                text=True).stdout
    found = [VALUE.match(line) for line in text.splitlines()]
    return [m.group(1) for m in found if m]


def with_outputs(model, names):
    """The model with these values as its outputs."""
    full = onnx.shape_inference.infer_shapes(model)
    known = {v.name: v for v in [*full.graph.value_info, *full.graph.output]}
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[:]
    for name in names:
        copy.graph.output.append(known.get(name)
                                 or onnx.helper.make_empty_tensor_value_info(name))
    return copy


def write_references(folder, names, out):
    """[(name, path)] of what ONNX Runtime, unoptimised, gives for each value."""
    model = onnx.load(os.path.join(folder, "model.onnx"))
    samples = [onnxio.read_tensor(path)[1]
               for _, path in onnxio.read_tensors(folder, "input")]
    results = onnxio.run_reference(with_outputs(model, names), samples)
    paths = []
    for k, (name, value) in enumerate(zip(names, results)):
        paths.append((name, os.path.join(out, f"value_{k}.pb")))
        onnxio.write_tensor(paths[-1][1], name, value)
    return paths


def run(binary, folder, references, **options):
    """weft-run with all inputs of `folder` and a probe for each reference."""
    words = ["weft-run", binary]
    for name, path in onnxio.read_tensors(folder, "input"):
        words += ["--input", f"{name}={path}"]
    for name, path in references:
        words += ["--probe", f"{name}={path}"]
    return call(words, check=False, **options)


def main(argv=None):
    p = argparse.ArgumentParser(prog="weft.probe",
                                epilog="after --: options of weftc")
    p.add_argument("folder", metavar="DIR")
    p.add_argument("--grid", default="32x32")
    p.add_argument("--target", default="wse2")
    argv = sys.argv[1:] if argv is None else argv
    cut = argv.index("--") if "--" in argv else len(argv)
    args, extra = p.parse_args(argv[:cut]), argv[cut + 1:]
    with tempfile.TemporaryDirectory() as scratch:
        binary = compile_model(args.folder, scratch, args.grid, args.target, extra)
        names = probeable(binary)
        references = write_references(args.folder, names, scratch)
        sys.exit(run(binary, args.folder, references).returncode)


if __name__ == "__main__":
    main()
