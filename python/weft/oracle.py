# weft/oracle.py - What a graph should compute, and how closely
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# The reference is ONNX Runtime's unoptimised run in f32; for a graph in f16, or
# computed in f16, f32 arithmetic on weights and inputs rounded to f16. The
# tolerance is that of the coarsest float type; where the optimised run differs by
# more than half of it, twice their difference. Nothing else loosens it.
#
# A result that misses it is wrong, unless ONNX's own reference implementation,
# run in double precision, tells why. Either Weft is within half the tolerance of
# the true value and ONNX Runtime is not ("reference off"). Or the precision
# cannot do better ("ill-conditioned"): Weft is off at most twice as far as ONNX
# Runtime is in the same precision, or as the true value moves if inputs and
# weights change by half a unit in their last place, and that is more than half
# the tolerance. Sums in f16 have no tolerance; beyond f16's, but within a tenth of
# the largest value, they are called that. excuse() names such a case; who asks
# must count and report it.

import dataclasses

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from . import contrib, onnxio

HALF, SINGLE, DOUBLE = TensorProto.FLOAT16, TensorProto.FLOAT, TensorProto.DOUBLE
RTOL = {TensorProto.BFLOAT16: 1e-2, HALF: 2e-3, SINGLE: 1e-5}
DTYPES = {HALF: np.float16, SINGLE: np.float32, DOUBLE: np.float64}


@dataclasses.dataclass
class Expected:
    outputs: list           # in graph order, as the model declares them
    rtol: float             # what a comparison may demand
    default: float          # the same by element type alone
    wide: onnx.ModelProto   # in f32, with its inputs: what should be computed
    samples: list
    narrow: tuple           # model and inputs in the precision of the run


# -- Element types -----------------------------------------------------------


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
    return max(found, default=RTOL[SINGLE])


def converted(value, to):
    """Rounded to a type; finite values stay finite, as exporters clamp them."""
    dtype = DTYPES[to]
    if dtype == np.float16:
        finite = np.isfinite(value)
        value = np.where(finite, np.clip(value, -65504, 65504), value)
    return np.asarray(value).astype(dtype)


def retype(tensor, old, new, through=None):
    if tensor.data_type == old:
        value = numpy_helper.to_array(tensor)
        # A single number, an epsilon say, is none of the weights.
        if through and (old == through or value.size > 1):
            value = converted(value, through)
        value = converted(value, new)
        tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))


def retyped(model, old, new, through=None):
    """The model with another float type; weights rounded to `through` first."""
    found = onnx.ModelProto()
    found.CopyFrom(model)
    graph = found.graph
    del graph.value_info[:]
    for info in [*graph.input, *graph.output]:
        if info.type.tensor_type.elem_type == old:
            info.type.tensor_type.elem_type = new
    for tensor in graph.initializer:
        retype(tensor, old, new, through)
    for node in graph.node:
        for attr in node.attribute:
            if node.op_type == "Cast" and attr.name == "to" and attr.i == old:
                attr.i = new
            if attr.type == onnx.AttributeProto.TENSOR:
                retype(attr.t, old, new, through)
    return found


def retyped_samples(samples, old, new, through=None):
    """Inputs are rounded as they are: to infinity if they must."""
    with np.errstate(over="ignore"):
        return [s.astype(DTYPES[through or new]).astype(DTYPES[new])
                if s.dtype == DTYPES[old] else s for s in samples]


def narrowed(model, samples):
    """The model and its inputs in f16, as exporters convert them."""
    return retyped(model, SINGLE, HALF), retyped_samples(samples, SINGLE, HALF)


# -- What is expected --------------------------------------------------------


def expected(model, samples, half=False):
    """Reference and tolerance; `half`: an f32 model is computed in f16."""
    default = max(default_rtol(model), RTOL[HALF] if half else 0)
    wide, wide_samples, narrow = model, samples, (model, samples)
    if default == RTOL[HALF]:
        own = HALF in element_types(model)
        old = HALF if own else SINGLE
        wide = retyped(model, old, SINGLE, HALF)
        wide_samples = retyped_samples(samples, old, SINGLE, HALF)
        narrow = (model, samples) if own else narrowed(model, samples)
    plain = onnxio.run_runtime(wide, wide_samples, optimised=False)
    spread = onnxio.disagreement(onnxio.run_runtime(wide, wide_samples), plain)
    outputs = []
    for info, value in zip(model.graph.output, plain):
        declared = info.type.tensor_type.elem_type
        with np.errstate(over="ignore"):
            outputs.append(value.astype(np.float16) if declared == HALF else value)
    return Expected(outputs, 2 * spread if spread > default / 2 else default, default,
                    wide, wide_samples, narrow)


# -- Excuses -----------------------------------------------------------------


def run_reference(model, feed):
    """Outputs of ONNX's reference implementation, or None where it has no such
    operator."""
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    for opset in plain.opset_import:
        opset.domain = "" if opset.domain == "ai.onnx" else opset.domain
    try:
        with np.errstate(all="ignore"):
            return ReferenceEvaluator(plain, new_ops=contrib.OPS).run(None, feed)
    except Exception:
        return None


def nudged(value, rng, ulp):
    """Doubles off by half a unit in the last place of a narrower type."""
    return value * (1 + rng.choice([-0.5, 0.5], value.shape) * ulp)


def sensitivity(model, feed, true, ulp, tries=8):
    """How far each output moves if inputs and weights are rounded otherwise."""
    rng, worst = np.random.default_rng(1), [0.0] * len(true)
    for _ in range(tries):
        moved = onnx.ModelProto()
        moved.CopyFrom(model)
        for tensor in moved.graph.initializer:
            # An exponent of Pow that moves would make NaN of negative numbers.
            value = numpy_helper.to_array(tensor)
            if tensor.data_type == DOUBLE and value.size > 1:
                value = nudged(value, rng, ulp)
                tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
        inputs = {n: nudged(v, rng, ulp) if v.dtype == np.float64 else v
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


def within_last_place(got, reference):
    """In f16, all numbers subnormal and off by no more than their last place, which
    is more than any tolerance."""
    if np.asarray(got).dtype != np.float16 or np.asarray(reference).dtype != np.float16:
        return False
    if not (np.abs(reference) < np.finfo(np.float16).smallest_normal).all():
        return False
    with np.errstate(invalid="ignore"):
        off = np.abs(got.astype(np.float64) - reference.astype(np.float64))
        return bool((off <= np.spacing(np.abs(reference)).astype(np.float64)).all())


def excuse(want, outputs, half_sums=False):
    """Why outputs that miss the tolerance are not to blame, or None."""
    wide = retyped(want.wide, SINGLE, DOUBLE)
    feed = dict(zip((i.name for i in wide.graph.input),
                    retyped_samples(want.samples, SINGLE, DOUBLE)))
    true = run_reference(wide, feed)
    if true is None:
        return None
    half = want.default > RTOL[SINGLE]
    own = want.outputs
    if half:
        try:
            own = onnxio.run_runtime(*want.narrow, optimised=False)
        except Exception:  # of a type that the op does not take: QuantizeLinear-13
            own = true
    if half_sums and all(distance(*pair) < 0.1 for pair in zip(outputs, true)):
        return "sums in f16"
    kind, moves = None, None
    for k, (got, reference, t) in enumerate(zip(outputs, want.outputs, true)):
        if distance(got, reference) <= want.rtol:
            continue
        if within_last_place(got, reference):
            kind = "ill-conditioned"
            continue
        error, its = distance(got, t), distance(own[k], t)
        if error <= want.default / 2 < its:
            kind = kind or "reference off"
            continue
        moves = moves or sensitivity(wide, feed, true, 2.0 ** (-10 if half else -23))
        # Infinite if integers, NaN or infinities change.
        bound = max(its if np.isfinite(its) else 0.0, moves[k])
        if not (want.default / 2 < bound and error <= 2 * bound):
            return None
        kind = "ill-conditioned"
    return kind
