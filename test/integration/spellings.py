# test/integration/spellings.py - What exporters write for the same thing
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Graphs that say layer norm, RMS norm, GELU, rotary embedding and masked
# attention in the ways of PyTorch, Hugging Face, Keras and ONNX Runtime. For each:
# which nn ops it becomes, and, where ONNX Runtime is installed, that the numbers
# agree. Near misses must not become them, and must agree all the same.
#
#   python spellings.py [--only TEXT] [--grid=3x2]

import argparse
import itertools
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from weft import conform, onnxio
from weft.tools import tool

TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float16): TensorProto.FLOAT16,
         np.dtype(np.int64): TensorProto.INT64, np.dtype(np.bool_): TensorProto.BOOL}
RNG = np.random.default_rng(11)
CASES = []


class Graph:
    """Nodes by method: g.Add(a, b). Numbers and arrays become constants."""

    def __init__(self, opset):
        self.opset, self.nodes, self.inputs, self.constants = opset, [], {}, {}

    def input(self, name, value):
        self.inputs[name] = value
        return name

    def value(self, x):
        if isinstance(x, str):
            return x
        array = np.asarray(x, np.float32 if isinstance(x, float) else None)
        name = f"c{len(self.constants)}"
        self.constants[name] = array
        return name

    def __getattr__(self, op):
        def make(*operands, outputs=1, **attributes):
            n = len(self.nodes)
            names = [f"v{n}_{k}" for k in range(outputs)]
            self.nodes.append(helper.make_node(
                op, [self.value(x) for x in operands], names, f"{op}{n}", **attributes))
            return names[0] if outputs == 1 else names
        return make

    def model(self, result):
        def info(name, value):
            return helper.make_tensor_value_info(name, TYPES[value.dtype], value.shape)
        self.nodes.append(helper.make_node("Identity", [result], ["y"], "out"))
        graph = helper.make_graph(
            self.nodes, "g", [info(n, v) for n, v in self.inputs.items()],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(v, n) for n, v in self.constants.items()])
        model = helper.make_model(graph, ir_version=8,
                                  opset_imports=[helper.make_opsetid("", self.opset)])
        model = onnx.shape_inference.infer_shapes(model)
        return model, list(self.inputs.values())


def f32(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def case(name, has="", lacks="", opset=17):
    """`has` and `lacks`: texts of the nn module, separated by ';'."""
    def register(build):
        CASES.append((name, has, lacks, opset, build))
        return build
    return register


# -- Layer norm --------------------------------------------------------------

GAMMA, BETA, EPS = f32(8), f32(8), np.float32(1e-5)


def mean_of(g, x):
    return g.ReduceMean(x, axes=[-1], keepdims=1)


def sum_mean(g, x):
    return g.Mul(g.ReduceSum(x, np.array([-1]), keepdims=1), np.float32(1 / 8))


SQUARES = {"pow": lambda g, d: g.Pow(d, np.float32(2)), "mul": lambda g, d: g.Mul(d, d),
           "cast-pow": lambda g, d: g.Pow(g.Cast(d, to=TensorProto.FLOAT), np.float32(2))}
QUOTIENTS = {
    "div-sqrt": lambda g, d, v: g.Div(d, g.Sqrt(g.Add(v, EPS))),
    "div-pow": lambda g, d, v: g.Div(d, g.Pow(g.Add(EPS, v), np.float32(0.5))),
    "mul-reciprocal": lambda g, d, v: g.Mul(g.Reciprocal(g.Sqrt(g.Add(v, EPS))), d),
    "mul-one-over": lambda g, d, v: g.Mul(d, g.Div(np.float32(1), g.Sqrt(g.Add(v, EPS)))),
    "mul-pow": lambda g, d, v: g.Mul(d, g.Pow(g.Add(v, EPS), np.float32(-0.5))),
}


def layer_norm(g, square, quotient, mean=mean_of, twice=False, swapped=False):
    x = g.input("x", f32(2, 3, 8))
    d = g.Sub(x, mean(g, x))
    again = g.Sub(x, mean(g, x)) if twice else d
    y = quotient(g, d, mean(g, square(g, again)))
    if swapped:
        return g.Add(BETA, g.Mul(GAMMA, y))
    return g.Add(g.Mul(y, GAMMA), BETA)


NORM = "nn.layer_norm"
for (s, square), (q, quotient) in itertools.product(SQUARES.items(), QUOTIENTS.items()):
    case(f"layer-norm-{s}-{q}", NORM, "nn.sub")(
        lambda g, s=square, q=quotient: layer_norm(g, s, q))
for name, options in {"twice": {"twice": True}, "swapped": {"swapped": True},
                      "sum": {"mean": sum_mean}}.items():
    case(f"layer-norm-{name}", NORM, "nn.sub")(
        lambda g, o=options: layer_norm(g, SQUARES["pow"], QUOTIENTS["div-sqrt"], **o))


@case("layer-norm-keras", NORM, "nn.sub;nn.rsqrt;nn.sqrt")
def keras(g):
    """x·r + (β − mean·r), with r = γ / sqrt(variance + ε)."""
    x = g.input("x", f32(2, 3, 8))
    mean = mean_of(g, x)
    d = g.Sub(x, mean)
    r = g.Mul(g.Reciprocal(g.Sqrt(g.Add(mean_of(g, g.Mul(d, d)), EPS))), GAMMA)
    return g.Add(g.Mul(x, r), g.Sub(BETA, g.Mul(mean, r)))


@case("layer-norm-not-keras", "", NORM)
def not_keras(g):
    """The bias without the mean of the same x."""
    x, z = g.input("x", f32(2, 3, 8)), g.input("z", f32(2, 3, 8))
    d = g.Sub(x, mean_of(g, x))
    r = g.Mul(g.Reciprocal(g.Sqrt(g.Add(mean_of(g, g.Mul(d, d)), EPS))), GAMMA)
    return g.Add(g.Mul(x, r), g.Sub(BETA, g.Mul(mean_of(g, z), r)))


@case("layer-norm-not-axis", "", NORM)
def other_axis(g):
    x = g.input("x", f32(2, 8, 8))
    d = g.Sub(x, mean_of(g, x))
    v = g.ReduceMean(g.Mul(d, d), axes=[1], keepdims=1)
    return g.Div(d, g.Sqrt(g.Add(v, EPS)))


# -- RMS norm ----------------------------------------------------------------

for q, quotient in QUOTIENTS.items():
    @case(f"rms-norm-{q}", "nn.rms_norm", "nn.sqrt;nn.rsqrt")
    def rms_norm(g, quotient=quotient):
        x = g.input("x", f32(2, 3, 8))
        return g.Mul(GAMMA, quotient(g, x, mean_of(g, g.Pow(x, np.float32(2)))))


@case("rms-norm-not-power", "", "nn.rms_norm")
def cubes(g):
    x = g.input("x", f32(2, 3, 8))
    return g.Div(x, g.Sqrt(g.Add(mean_of(g, g.Abs(x)), EPS)))


@case("rms-norm-not-same", "", "nn.rms_norm")
def other_numerator(g):
    x = g.input("x", f32(2, 3, 8))
    return g.Div(g.Relu(x), g.Sqrt(g.Add(mean_of(g, g.Mul(x, x)), EPS)))


# -- GELU --------------------------------------------------------------------


def product(g, factors, order, left):
    """Three factors in an order and a grouping, operands either way."""
    a, b, c = (factors[i] for i in order)
    return g.Mul(g.Mul(a, b), c) if left else g.Mul(a, g.Mul(b, c))


for order, left in itertools.product(itertools.permutations(range(3)), (True, False)):
    @case(f"gelu-erf-{''.join(map(str, order))}{'l' if left else 'r'}", 'approximate = "none"',
          "nn.erf")
    def erf(g, order=order, left=left):
        x = g.input("x", f32(3, 8))
        gate = g.Add(g.Erf(g.Div(x, np.float32(2 ** 0.5))), np.float32(1))
        return product(g, [x, gate, np.float32(0.5)], order, left)

    @case(f"gelu-tanh-{''.join(map(str, order))}{'l' if left else 'r'}", 'approximate = "tanh"',
          "nn.tanh")
    def tanh(g, order=order, left=left):
        x = g.input("x", f32(3, 8))
        cubic = g.Mul(np.float32(0.044715), g.Pow(x, np.float32(3)))
        gate = g.Add(np.float32(1), g.Tanh(g.Mul(g.Add(x, cubic), np.float32((2 / np.pi) ** 0.5))))
        return product(g, [x, gate, np.float32(0.5)], order, left)


@case("gelu-erf-half-inside", 'approximate = "none"', "nn.erf")
def half_inside(g):
    x = g.input("x", f32(3, 8))
    half = g.Mul(np.float32(0.5), g.Erf(g.Mul(x, np.float32(0.5 ** 0.5))))
    return g.Mul(x, g.Add(np.float32(0.5), half))


@case("gelu-tanh-products", 'approximate = "tanh"', "nn.tanh")
def cube_by_products(g):
    x = g.input("x", f32(3, 8))
    cubic = g.Mul(np.float32(0.044715), g.Mul(x, g.Mul(x, x)))
    gate = g.Add(g.Tanh(g.Mul(np.float32((2 / np.pi) ** 0.5), g.Add(x, cubic))), np.float32(1))
    return g.Mul(g.Mul(np.float32(0.5), x), gate)


@case("gelu-tanh-fast", 'approximate = "tanh"', "nn.tanh")
def fast(g):
    """x factored out of the cubic, as in Megatron."""
    x = g.input("x", f32(3, 8))
    inner = g.Add(np.float32(1), g.Mul(g.Mul(np.float32(0.044715), x), x))
    argument = g.Mul(g.Mul(x, np.float32(0.7978845608)), inner)
    return g.Mul(g.Mul(x, np.float32(0.5)), g.Add(np.float32(1), g.Tanh(argument)))


@case("gelu-not-root", "nn.erf", "nn.gelu")
def wrong_root(g):
    x = g.input("x", f32(3, 8))
    gate = g.Add(g.Erf(g.Div(x, np.float32(1.5))), np.float32(1))
    return g.Mul(g.Mul(x, gate), np.float32(0.5))


@case("gelu-not-cubic", "nn.tanh", "nn.gelu")
def wrong_cubic(g):
    x = g.input("x", f32(3, 8))
    cubic = g.Mul(np.float32(0.05), g.Pow(x, np.float32(3)))
    gate = g.Add(g.Tanh(g.Mul(np.float32((2 / np.pi) ** 0.5), g.Add(x, cubic))), np.float32(1))
    return g.Mul(g.Mul(np.float32(0.5), x), gate)


# -- Rotary embedding --------------------------------------------------------


def angles(g, positions, interleaved=False):
    """cos and sin, [1, 1, T, 8], from positions [T] by an outer product."""
    base = (10000.0 ** (-np.arange(4) / 4)).astype(np.float32)
    p = g.Cast(g.Unsqueeze(positions, np.array([1])), to=TensorProto.FLOAT)
    angle = g.Mul(p, base[None])
    both = (g.Reshape(g.Concat(*[g.Unsqueeze(angle, np.array([2]))] * 2, axis=2), np.array([-1, 8]))
            if interleaved else g.Concat(angle, angle, axis=1))
    wide = g.Unsqueeze(both, np.array([0, 1]))
    return g.Cos(wide), g.Sin(wide)


def rotary(g, turn, interleaved=False):
    x = g.input("x", f32(1, 2, 5, 8))
    positions = g.input("p", np.arange(3, 8))
    cos, sin = angles(g, positions, interleaved)
    return g.Add(g.Mul(x, cos), g.Mul(turn(g, x), sin))


def cut(g, x, start, stop, step=1):
    return g.Slice(x, np.array([start]), np.array([stop]), np.array([-1]), np.array([step]))


@case("rotary-slices", "nn.cos;nn.concat")
def half_by_slices(g):
    return rotary(g, lambda g, x: g.Concat(g.Neg(cut(g, x, 4, 2 ** 63 - 1)), cut(g, x, 0, 4),
                                           axis=-1))


@case("rotary-split", "nn.cos;nn.concat")
def half_by_split(g):
    def turn(g, x):
        a, b = g.Split(x, np.array([4, 4]), axis=-1, outputs=2)
        return g.Concat(g.Neg(b), a, axis=-1)
    return rotary(g, turn)


@case("rotary-pairs", "nn.cos;nn.concat")
def pairs(g):
    """GPT-J: every second column, put side by side again."""
    def turn(g, x):
        even, odd = cut(g, x, 0, 8, 2), cut(g, x, 1, 8, 2)
        both = g.Concat(g.Unsqueeze(g.Neg(odd), np.array([-1])), g.Unsqueeze(even, np.array([-1])),
                        axis=-1)
        return g.Reshape(both, np.array([1, 2, 5, 8]))
    return rotary(g, turn, interleaved=True)


@case("rotary-complex", "nn.cos;nn.sin")
def complex_numbers(g):
    """Llama's own code: pairs as real and imaginary parts."""
    x = g.Reshape(g.input("x", f32(1, 2, 5, 8)), np.array([1, 2, 5, 4, 2]))
    p = g.Cast(g.input("p", np.arange(3, 8)), to=TensorProto.FLOAT)
    base = (10000.0 ** (-np.arange(4) / 4)).astype(np.float32)
    angle = g.Einsum(p, base, equation="t,f->tf")
    cos, sin = g.Cos(angle), g.Sin(angle)
    re, im = (g.Gather(x, np.array(k), axis=-1) for k in (0, 1))
    a = g.Sub(g.Mul(re, cos), g.Mul(im, sin))
    b = g.Add(g.Mul(re, sin), g.Mul(im, cos))
    both = g.Concat(g.Unsqueeze(a, np.array([-1])), g.Unsqueeze(b, np.array([-1])), axis=-1)
    return g.Reshape(both, np.array([1, 2, 5, 8]))


@case("rotary-tables", "nn.gather")
def tables(g):
    """cos and sin in tables, of which positions pick rows."""
    table = f32(16, 8)
    x, p = g.input("x", f32(1, 2, 5, 8)), g.input("p", np.arange(3, 8)[None])
    cos, sin = (g.Unsqueeze(g.Gather(t, p), np.array([1])) for t in (table, table[::-1].copy()))
    turned = g.Concat(g.Neg(cut(g, x, 4, 8)), cut(g, x, 0, 4), axis=-1)
    return g.Add(g.Mul(x, cos), g.Mul(turned, sin))


# -- Masks of attention ------------------------------------------------------

T = 6


def attention(g, hide):
    """2 heads of 4 over T rows; `hide` turns scores into masked scores."""
    q, k, v = (g.input(n, f32(1, 2, T, 4)) for n in "qkv")
    scores = g.Div(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), np.float32(2))
    return g.MatMul(g.Softmax(hide(g, scores), axis=-1), v)


CAUSAL, MASKED, WRITTEN = "causal = true", "mask %;causal = false", "nn.attention"
TRIANGLE = np.tril(np.ones((1, 1, 16, 16), np.bool_))


def sliced(g, of):
    """GPT-2: rows and columns of a larger triangle."""
    rows = g.Slice(of, np.array([0]), np.array([T]), np.array([2]), np.array([1]))
    return g.Slice(rows, np.array([0]), np.array([T]), np.array([3]), np.array([1]))


@case("mask-where-triangle", CAUSAL, "nn.softmax;nn.where")
def where_triangle(g):
    return attention(g, lambda g, s: g.Where(sliced(g, TRIANGLE), s, np.float32(-1e4)))


@case("mask-where-triangle-bytes", CAUSAL, "nn.softmax;nn.where")
def where_bytes(g):
    bytes_ = TRIANGLE.astype(np.int64)
    return attention(g, lambda g, s: g.Where(g.Cast(sliced(g, bytes_), to=TensorProto.BOOL), s,
                                             np.float32(-1e4)))


@case("mask-multiplied-triangle", CAUSAL, "nn.softmax")
def multiplied(g):
    """GPT-2 of old: s·b − 1e4·(1 − b)."""
    b = TRIANGLE.astype(np.float32)

    def hide(g, s):
        t = sliced(g, b)
        return g.Sub(g.Mul(s, t), g.Mul(np.float32(1e4), g.Sub(np.float32(1), t)))
    return attention(g, hide)


@case("mask-trilu-ones", CAUSAL, "nn.softmax")
def trilu_ones(g):
    ones = np.ones((T, T), np.float32)
    return attention(g, lambda g, s: g.Where(
        g.Cast(g.Trilu(ones, np.array(1), upper=1), to=TensorProto.BOOL),
        np.float32(-np.inf), s))


@case("mask-trilu-fill", CAUSAL, "nn.softmax")
def trilu_fill(g):
    """Hugging Face: the upper triangle of a matrix of lowest numbers."""
    low = np.full((T, T), np.finfo(np.float32).min, np.float32)
    return attention(g, lambda g, s: g.Add(s, g.Trilu(low, np.array(1), upper=1)))


@case("mask-ranges", CAUSAL, "nn.softmax")
def ranges(g):
    def hide(g, s):
        order = g.Range(np.array(0), np.array(T), np.array(1))
        late = g.Greater(order, g.Unsqueeze(order, np.array([1])))
        return g.Add(s, g.Mul(g.Cast(late, to=TensorProto.FLOAT), np.float32(-1e9)))
    return attention(g, hide)


PADDING = np.array([[1, 1, 1, 1, 0, 0]])


@case("mask-one-minus", MASKED, "nn.softmax")
def one_minus(g):
    """BERT: (1 − mask)·−1e4."""
    m = g.input("m", PADDING)

    def hide(g, s):
        wide = g.Unsqueeze(g.Unsqueeze(m, np.array([1])), np.array([2]))
        seen = g.Cast(wide, to=TensorProto.FLOAT)
        return g.Add(s, g.Mul(g.Sub(np.float32(1), seen), np.float32(-1e4)))
    return attention(g, hide)


@case("mask-equal-expand", MASKED, "nn.softmax")
def equal_expand(g):
    """DistilBERT: where the mask is 0, expanded to the scores."""
    m = g.input("m", PADDING)

    def hide(g, s):
        hidden = g.Reshape(g.Equal(m, np.array(0)), np.array([1, 1, 1, T]))
        return g.Where(g.Expand(hidden, g.Shape(s)), np.float32(-np.inf), s)
    return attention(g, hide)


@case("mask-cumsum", MASKED, "nn.softmax")
def cumsum(g):
    """A mask by positions that CumSum counts."""
    m = g.input("m", PADDING)

    def hide(g, s):
        seen = g.Greater(g.CumSum(m, np.array(1)), np.array([2]))
        wide = g.Cast(g.Unsqueeze(seen, np.array([1, 2])), to=TensorProto.FLOAT)
        return g.Add(s, g.Mul(g.Sub(np.float32(1), wide), np.float32(-1e4)))
    return attention(g, hide)


@case("mask-causal-and-padding", "mask %;causal = true", "nn.softmax")
def both(g):
    m = g.input("m", PADDING)

    def hide(g, s):
        s = g.Where(sliced(g, TRIANGLE), s, np.float32(-1e4))
        seen = g.Cast(g.Unsqueeze(m, np.array([1, 2])), to=TensorProto.FLOAT)
        return g.Add(s, g.Mul(g.Sub(np.float32(1), seen), np.float32(-1e4)))
    return attention(g, hide)


@case("mask-causal-in-one", WRITTEN, "nn.softmax")
def in_one(g):
    """Hugging Face of 2024: causal and padding in one select, then added."""
    m = g.input("m", PADDING)

    def hide(g, s):
        order = g.Range(np.array(0), np.array(T), np.array(1))
        early = g.LessOrEqual(order, g.Unsqueeze(order, np.array([1])))
        seen = g.And(early, g.Cast(g.Unsqueeze(m, np.array([1, 2])), to=TensorProto.BOOL))
        return g.Add(s, g.Where(seen, np.float32(0), np.finfo(np.float32).min))
    return attention(g, hide)


@case("mask-not-triangle", "", CAUSAL)
def shifted(g):
    """One diagonal more is no causal mask."""
    wider = np.tril(np.ones((1, 1, 16, 16), np.bool_), 1)
    return attention(g, lambda g, s: g.Where(sliced(g, wider), s, np.float32(-1e4)))


@case("mask-not-hiding", "nn.softmax", WRITTEN)
def small_fill(g):
    """A fill that other scores can be below of hides nothing."""
    return attention(g, lambda g, s: g.Where(sliced(g, TRIANGLE), s, np.float32(-1)))


@case("mask-not-linear", "nn.softmax", WRITTEN)
def capped(g):
    return attention(g, lambda g, s: g.Tanh(s))


# -- Packed projections ------------------------------------------------------


def heads(g, x):
    return g.Transpose(g.Reshape(x, np.array([1, T, 2, 4])), perm=[0, 2, 1, 3])


def projected(g, parts):
    q, k, v = (heads(g, p) for p in parts)
    scores = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), np.float32(0.5))
    y = g.MatMul(g.Softmax(scores, axis=-1), v)
    return g.Reshape(g.Transpose(y, perm=[0, 2, 1, 3]), np.array([1, T, 8]))


@case("packed-split", WRITTEN, "6x24xf32>;nn.transpose")
def packed_split(g):
    x = g.input("x", f32(1, T, 8))
    y = g.Add(g.MatMul(x, f32(8, 24)), f32(24))
    return projected(g, g.Split(y, np.array([8, 8, 8]), axis=2, outputs=3))


@case("packed-gemm", WRITTEN, "6x24xf32>;nn.transpose")
def packed_gemm(g):
    """GPT-2's Conv1D: a Gemm on rows of all batches."""
    x = g.Reshape(g.input("x", f32(1, T, 8)), np.array([-1, 8]))
    y = g.Reshape(g.Gemm(x, f32(8, 24), f32(24)), np.array([1, T, 24]))
    return projected(g, g.Split(y, np.array([8, 8, 8]), axis=2, outputs=3))


@case("packed-heads", WRITTEN, "nn.softmax")
def packed_heads(g):
    """[B, T, 3, H, d], of which Gather takes one of three."""
    x = g.input("x", f32(1, T, 8))
    y = g.Reshape(g.MatMul(x, f32(8, 24)), np.array([1, T, 3, 2, 4]))
    y = g.Transpose(y, perm=[2, 0, 3, 1, 4])
    q, k, v = (g.Gather(y, np.array(i), axis=0) for i in range(3))
    scores = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), np.float32(0.5))
    y = g.MatMul(g.Softmax(scores, axis=-1), v)
    return g.Reshape(g.Transpose(y, perm=[0, 2, 1, 3]), np.array([1, T, 8]))


# -- The run -----------------------------------------------------------------


def complaint(name, has, lacks, opset, build, options):
    g = Graph(opset)
    model, samples = g.model(build(g))
    with tempfile.TemporaryDirectory() as scratch:
        outcome = conform.verdict(model, samples, scratch, options, onnxio.have_runtime())
        if outcome.kind != "agrees":
            return f"{outcome.kind} {outcome.reason} {outcome.message}"
        done = conform.run(["weftc", f"{scratch}/model.onnx", "--emit=nn", "-o", "-"], 60)
    missing = [t for t in has.split(";") if t and t not in done.stdout]
    found = [t for t in lacks.split(";") if t and t in done.stdout]
    return f"lacks {missing}, has {found}" if missing or found else ""


def main(cases, what):
    """The exit code."""
    p = argparse.ArgumentParser(epilog="other options go to weftc")
    p.add_argument("--only", default="", metavar="TEXT")
    p.add_argument("--grid", default="3x2", metavar="WxH")
    args, options = p.parse_known_args()
    tool("weftc")
    chosen = [c for c in cases if args.only in c[0]]
    wrong = 0
    for parts in chosen:
        if text := complaint(*parts, [f"--grid={args.grid}", *options]):
            wrong += 1
            print(f"{parts[0]}: {text}")
    print(f"{len(chosen) - wrong} of {len(chosen)} {what} are what they should be")
    return 1 if wrong or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(CASES, "spellings"))
