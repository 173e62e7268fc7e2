# weft/oracle.py - What a graph should compute, and how closely
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# The reference is ONNX Runtime's unoptimised run. The tolerance is that of the
# coarsest float type in the graph; where the optimised run differs by more than
# half of it, twice their difference. Nothing else loosens it.
#
# A result that misses it is wrong, unless ONNX's own reference implementation,
# run in double precision, tells why. Either Weft is within half the tolerance of
# the true value and ONNX Runtime is not ("reference off"). Or single precision
# cannot do better ("ill-conditioned"): Weft is off at most twice as far as ONNX
# Runtime is, or as the true value moves if inputs and weights change by half a
# unit in their last place, and that is more than half the tolerance. excuse()
# names such a case; who asks must count and report it.

import dataclasses

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from . import onnxio

RTOL = {TensorProto.BFLOAT16: 1e-2, TensorProto.FLOAT16: 2e-3, TensorProto.FLOAT: 1e-5}


@dataclasses.dataclass
class Expected:
    outputs: list           # of the unoptimised run, in graph order
    rtol: float             # what a comparison may demand
    default: float          # the same by element type alone


def element_types(model):
    """Element types of inputs, outputs, initializers and casts."""
    graph = model.graph
    for info in [*graph.input, *graph.output]:
        yield info.type.tensor_type.elem_type
    for tensor in graph.initializer:
        yield tensor.data_type
    for node in graph.node:
        for attr in node.attribute:
            if node.op_type == "Cast" and attr.name == "to":
                yield attr.i
            if attr.type == onnx.AttributeProto.TENSOR:
                yield attr.t.data_type


def default_rtol(model):
    found = [RTOL[t] for t in element_types(model) if t in RTOL]
    return max(found, default=RTOL[TensorProto.FLOAT])


def expected(model, samples, default=None):
    """Reference and tolerance; `default` where the compiler changes the types."""
    default = default or default_rtol(model)
    plain = onnxio.run_runtime(model, samples, optimised=False)
    spread = onnxio.disagreement(onnxio.run_runtime(model, samples), plain)
    return Expected(plain, 2 * spread if spread > default / 2 else default, default)


def in_double(model):
    """The model with double for float."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    graph, single, double = wide.graph, TensorProto.FLOAT, TensorProto.DOUBLE
    del graph.value_info[:]
    for info in [*graph.input, *graph.output]:
        if info.type.tensor_type.elem_type == single:
            info.type.tensor_type.elem_type = double
    for tensor in graph.initializer:
        widen(tensor)
    for node in graph.node:
        for attr in node.attribute:
            if node.op_type == "Cast" and attr.name == "to" and attr.i == single:
                attr.i = double
            if attr.type == onnx.AttributeProto.TENSOR:
                widen(attr.t)
    return wide


def widen(tensor):
    if tensor.data_type == TensorProto.FLOAT:
        value = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))


def doubled(model, samples):
    """The model and its inputs by name in double precision."""
    feed = {info.name: s.astype(np.float64) if s.dtype == np.float32 else s
            for info, s in zip(model.graph.input, samples)}
    return in_double(model), feed


def run_reference(model, feed):
    """Outputs of ONNX's reference implementation, or None where it has no such
    operator."""
    try:
        with np.errstate(all="ignore"):
            return ReferenceEvaluator(model).run(None, feed)
    except Exception:
        return None


def nudged(value, rng):
    """Doubles off by half a unit in the last place of a float."""
    return value * (1 + rng.choice([-1.0, 1.0], value.shape) * 2.0 ** -24)


def sensitivity(model, feed, true, tries=8):
    """How far each output moves if inputs and weights are rounded otherwise."""
    rng, worst = np.random.default_rng(1), [0.0] * len(true)
    for _ in range(tries):
        moved = onnx.ModelProto()
        moved.CopyFrom(model)
        for tensor in moved.graph.initializer:
            if tensor.data_type == TensorProto.DOUBLE:
                value = nudged(numpy_helper.to_array(tensor), rng)
                tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
        inputs = {n: nudged(v, rng) if v.dtype == np.float64 else v
                  for n, v in feed.items()}
        found = run_reference(moved, inputs)
        if found is not None:
            worst = [max(w, distance(f, t)) for w, f, t in zip(worst, found, true)]
    return worst


def distance(got, true):
    """Largest error relative to the largest finite true value; inf where NaN or
    infinities do not match."""
    if not np.issubdtype(np.asarray(true).dtype, np.floating):
        return 0.0 if np.array_equal(got, true) else np.inf
    with np.errstate(over="ignore", invalid="ignore"):
        # An infinity of the narrow type is what a large double becomes in it.
        true = np.asarray(true).astype(np.asarray(got).dtype).astype(np.float64)
        got = np.asarray(got, np.float64)
    same = (got == true) | (np.isnan(got) & np.isnan(true))
    if not (np.isfinite(got) & np.isfinite(true) | same).all():
        return np.inf
    size = np.abs(true[np.isfinite(true)]).max(initial=0.0) or 1.0
    with np.errstate(invalid="ignore"):
        off = np.where(same, 0.0, got - true)
    return float(np.abs(off).max(initial=0.0) / size)


def excuse(model, samples, want, outputs):
    """Why outputs that miss the tolerance are not to blame, or None."""
    wide, feed = doubled(model, samples)
    true = run_reference(wide, feed)
    if true is None:
        return None
    kind, moves = None, None
    for k, (got, reference, t) in enumerate(zip(outputs, want.outputs, true)):
        error, its = distance(got, t), distance(reference, t)
        if distance(got, reference) <= want.rtol:
            continue
        if error <= want.default / 2 < its:
            kind = kind or "reference off"
            continue
        moves = moves or sensitivity(wide, feed, true)
        # Infinite if integers, NaN or infinities change.
        bound = max(its if np.isfinite(its) else 0.0, moves[k])
        if not (want.default / 2 < bound and error <= 2 * bound):
            return None
        kind = "ill-conditioned"
    return kind
