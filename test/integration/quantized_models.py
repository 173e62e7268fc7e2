# test/integration/quantized_models.py - Whole quantised models
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   quantized_models.py [--grid WxH] [--only TEXT] [options of weftc]
#   quantized_models.py --only TEXT --write FILE
#
# Models of weft.models as ONNX Runtime's quantiser writes them, statically
# (pairs of QuantizeLinear and DequantizeLinear around every op, or fused into
# QLinear ops) and dynamically: compiled, verified, run, and compared with ONNX
# Runtime. A refusal is a failure here: code for quantising has to fit. One step
# of a quantised value is excused where ONNX Runtime itself is off (weft.oracle).

import argparse
import logging
import os
import sys
import tempfile

import onnx
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                      quantize_dynamic, quantize_static)
from weft import conform, models, onnxio

SIZES = ["--hidden=32", "--heads=2", "--layers=2", "--seq=8", "--vocab=64", "--no-outputs"]
NAMES = ["bert", "gpt2"]
KINDS = ["qdq", "operators", "dynamic"]


class Samples(CalibrationDataReader):
    """The one input that is compared."""

    def __init__(self, feeds):
        self.feeds = iter([feeds])

    def get_next(self):
        return next(self.feeds, None)


def quantize(source, target, feeds, kind):
    if kind == "dynamic":
        quantize_dynamic(source, target, weight_type=QuantType.QInt8)
        return
    form = QuantFormat.QDQ if kind == "qdq" else QuantFormat.QOperator
    quantize_static(source, target, Samples(feeds), quant_format=form,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)


def verdict(name, kind, options, written=None):
    """The outcome; with `written`, only the model is written there."""
    with tempfile.TemporaryDirectory() as folder:
        models.main([name, *SIZES, "-o", folder])
        source = os.path.join(folder, "model.onnx")
        samples = [onnxio.read_tensor(p)[1] for _, p in onnxio.read_tensors(folder, "input")]
        inputs = [i.name for i in onnx.load(source).graph.input]
        target = written or os.path.join(folder, "quantized.onnx")
        quantize(source, target, dict(zip(inputs, samples)), kind)
        if written:
            return None
        scratch = os.path.join(folder, "scratch")
        os.mkdir(scratch)
        return conform.verdict(onnx.load(target), samples, scratch, options)


def main():
    p = argparse.ArgumentParser(epilog="other options go to weftc")
    p.add_argument("--only", default="", metavar="TEXT")
    p.add_argument("--grid", default="8x8", metavar="WxH")
    p.add_argument("--write", metavar="FILE")
    args, options = p.parse_known_args()
    logging.disable(logging.WARNING)
    cases = [(n, k) for n in NAMES for k in KINDS if args.only in f"{n}-{k}"]
    if args.write:
        verdict(*cases[0], [], args.write)
        return
    wrong = 0
    for name, kind in cases:
        outcome = verdict(name, kind, [f"--grid={args.grid}", *options])
        if outcome.kind != "agrees":
            wrong += outcome.kind != "excused"
            print(f"{name}-{kind}: {outcome.kind} {outcome.reason} {outcome.message}")
    print(f"{len(cases) - wrong} of {len(cases)} agree with ONNX Runtime")
    sys.exit(1 if wrong or not cases else 0)


if __name__ == "__main__":
    main()
