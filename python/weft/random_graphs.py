# weft/random_graphs.py - Seeded small graphs as transformer authors write them
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# graph(seed) gives one graph of one recipe: linear layers, attention in the
# spellings of exporters, norms, activations, odd data movement, or a whole small
# model. Sizes divide nothing in particular. The same seed gives the same graph
# anywhere. test/integration/ops.py compiles, runs and compares them.
#
#   python -m weft.random_graphs SEED -o DIR [--recipe NAME]

import argparse
import random

import numpy as np
import onnx
from onnx import helper

from . import onnxio
from .builder import Graph, Style, seeded

FLOAT = np.dtype(np.float32)


class Value:
    """A tensor of the graph: its name, shape and element type."""

    def __init__(self, name, shape, dtype=FLOAT):
        self.name, self.shape, self.dtype = name, tuple(shape), np.dtype(dtype)

    @property
    def rank(self):
        return len(self.shape)


class Builder:
    """Nodes with shapes, on top of Graph; all choices come from one generator."""

    def __init__(self, seed, scale=1):
        self.scale = scale
        self.rng = random.Random(seed)
        opset = self.rng.choice([13, 14, 17, 17, 18, 20])
        self.seed = seed
        self.g = Graph(f"random{seed}", Style(opset=opset), seed)
        self.opset = opset
        self.names = 0

    # -- Choices -----------------------------------------------------------

    def pick(self, *options):
        return self.rng.choice(options)

    def chance(self, p):
        return self.rng.random() < p

    def size(self, low=1, high=24):
        return self.rng.randint(low, high)

    def length(self, low, high):
        """Tokens of a sequence or features of a tensor, which a scale enlarges."""
        return self.rng.randint(low, high * self.scale)

    def fresh(self, stem):
        self.names += 1
        return f"{stem}{self.names}"

    # -- Leaves ------------------------------------------------------------

    def input(self, shape, scale=1.0, offset=0.0):
        name = self.fresh("x")
        value = (seeded(self.seed, name, list(shape), scale)
                 + np.float32(offset)).astype(np.float32)
        return Value(self.g.input(name, value), shape)

    def input_ints(self, shape, high, dtype=np.int64, low=0):
        name = self.fresh("ids")
        draws = np.abs(seeded(self.seed, name, list(shape), 1 << 14)).astype(np.int64)
        value = (low + draws * 7919 % (high - low)).astype(dtype)
        return Value(self.g.input(name, value), shape, dtype)

    def weight(self, shape, scale=None, offset=0.0):
        name = self.g.weight(self.fresh("w"), list(shape) or [1], scale, offset)
        if not shape:
            return self.op("Squeeze", Value(name, [1]), shape=[])
        return Value(name, shape)

    def const(self, value, dtype=FLOAT):
        value = np.asarray(value, dtype=dtype)
        return Value(self.g.const(value, value.dtype), value.shape, value.dtype)

    def ints(self, *values):
        return self.const(np.array(values, dtype=np.int64), np.int64)

    # -- Nodes -------------------------------------------------------------

    def op(self, kind, *args, shape=None, dtype=None, **attrs):
        """A node of one output; the shape is that of the first operand unless
        given."""
        args = [a for a in args]
        name = self.g.op(kind, *[a.name if a else "" for a in args], **attrs)
        shape = args[0].shape if shape is None else shape
        return Value(name, shape, dtype or args[0].dtype)

    def binary(self, kind, a, b, dtype=None):
        return self.op(kind, a, b, shape=np.broadcast_shapes(a.shape, b.shape),
                       dtype=dtype or a.dtype)

    def add(self, a, b):
        return self.binary("Add", a, b)

    def mul(self, a, b):
        return self.binary("Mul", a, b)

    def reshape(self, x, shape):
        return self.op("Reshape", x, self.ints(*shape), shape=shape)

    def transpose(self, x, perm):
        return self.op("Transpose", x, shape=[x.shape[p] for p in perm],
                       perm=list(perm))

    def matmul(self, a, b):
        shape = np.matmul(np.empty(a.shape, bool), np.empty(b.shape, bool)).shape
        return self.op("MatMul", a, b, shape=shape)

    def squeeze(self, x, axis):
        shape = [n for d, n in enumerate(x.shape) if d != axis]
        return self.op("Squeeze", x, self.ints(axis), shape=shape)

    def unsqueeze(self, x, axis):
        shape = [*x.shape[:axis], 1, *x.shape[axis:]]
        return self.op("Unsqueeze", x, self.ints(axis), shape=shape)

    def cast(self, x, dtype):
        return self.op("Cast", x, dtype=dtype, to=onnxio.elem_type(dtype))

    def slice(self, x, axis, start, stop, step=1):
        shape = list(x.shape)
        shape[axis] = len(range(shape[axis])[start:stop:step])
        end = -(1 << 60) if stop is None and step < 0 else (
            (1 << 60) if stop is None else stop)
        return self.op("Slice", x, self.ints(start), self.ints(end),
                       self.ints(axis), self.ints(step), shape=shape)

    def concat(self, values, axis):
        shape = list(values[0].shape)
        shape[axis] = sum(v.shape[axis] for v in values)
        return self.op("Concat", *values, shape=shape, axis=axis)

    def split(self, x, parts, axis):
        names = self.g.op("Split", x.name, self.ints(*parts).name, axis=axis,
                          outputs=len(parts))
        names = names if isinstance(names, list) else [names]
        values = []
        for name, n in zip(names, parts):
            shape = list(x.shape)
            shape[axis] = n
            values.append(Value(name, shape, x.dtype))
        return values

    def reduce(self, kind, x, axes, keepdims):
        axes = sorted(a % x.rank for a in axes)
        shape = [1 if d in axes else n for d, n in enumerate(x.shape)
                 if keepdims or d not in axes]
        if self.opset >= 18 or kind == "ReduceSum":
            return self.op(kind, x, self.ints(*axes), shape=shape,
                           keepdims=int(keepdims))
        return self.op(kind, x, shape=shape, axes=axes, keepdims=int(keepdims))

    def output(self, value, name=None):
        """Declares an output; a node's own result unless it has a name already."""
        name = name or self.fresh("y")
        self.g.nodes.append(helper.make_node("Identity", [value.name], [name]))
        self.declare(Value(name, value.shape, value.dtype))

    def declare(self, value):
        """The value itself is an output, whatever it is."""
        elem = helper.np_dtype_to_tensor_dtype(value.dtype)
        self.g.outputs.append(helper.make_tensor_value_info(
            value.name, elem, list(value.shape)))


# -- Building blocks -------------------------------------------------------


def lead_shape(b):
    """Leading dimensions of activations: [T], [B, T] or [B, H, T]."""
    return b.pick([b.length(1, 12)], [1, b.length(1, 12)], [b.size(1, 3), b.length(1, 9)],
                  [1, b.size(1, 3), b.length(1, 6)], [b.size(2, 3), 2, b.length(1, 4)])


def width(b):
    return b.pick(b.length(1, 48), b.length(2, 32), 4, 8, 16, 32, 64)


def linear(b, x, cols, bias=None):
    """x times a weight, in one of the spellings."""
    rows = x.shape[-1]
    bias = b.chance(0.8) if bias is None else bias
    how = b.pick("matmul", "matmul", "gemm", "gemm_t", "matmul_t")
    if how.startswith("gemm"):
        flat = x if x.rank == 2 else b.reshape(x, [int(np.prod(x.shape[:-1])), rows])
        transposed = how == "gemm_t"
        w = b.weight([cols, rows] if transposed else [rows, cols],
                     1 / np.sqrt(rows))
        attrs = {"transB": 1} if transposed else {}
        if b.chance(0.2):
            attrs["alpha"] = 0.5
        operands = [flat, w]
        if bias:
            operands.append(b.weight(b.pick([cols], [1, cols]), 0.1))
            if b.chance(0.2):
                attrs["beta"] = 2.0
        y = b.op("Gemm", *operands, shape=[flat.shape[0], cols], **attrs)
        return y if x.rank == 2 else b.reshape(y, [*x.shape[:-1], cols])
    if how == "matmul_t":
        w = b.transpose(b.weight([cols, rows], 1 / np.sqrt(rows)), [1, 0])
    else:
        w = b.weight([rows, cols])
    y = b.matmul(x, w)
    if not bias:
        return y
    c = b.weight([cols], 0.1)
    return b.add(y, c) if b.chance(0.5) else b.add(c, y)


def layer_norm(b, x, kind=None):
    n = x.shape[-1]
    kind = kind or b.pick("fused", "pow", "mul", "nobias", "rms", "rms_div")
    gain = b.weight([n], 0.1, 1.0)
    eps = b.pick(1e-5, 1e-6, 1e-12)
    if kind == "fused" and b.opset >= 17:
        bias = [b.weight([n], 0.1)] if b.chance(0.8) else []
        return b.op("LayerNormalization", x, gain, *bias, axis=-1, epsilon=eps)
    if kind.startswith("rms"):
        eps = b.pick(1e-5, 1e-6)
        square = b.binary("Pow", x, b.const(2.0)) if b.chance(0.5) else b.mul(x, x)
        mean = b.add(b.reduce("ReduceMean", square, [-1], True), b.const(eps))
        root = b.op("Sqrt", mean)
        if kind == "rms_div":
            unit = b.binary("Div", x, root)
        else:
            unit = b.mul(x, b.op("Reciprocal", root))
        return b.mul(gain, unit) if b.chance(0.5) else b.mul(unit, gain)
    centred = b.binary("Sub", x, b.reduce("ReduceMean", x, [-1], True))
    square = (b.mul(centred, centred) if kind == "mul"
              else b.binary("Pow", centred, b.const(2.0)))
    variance = b.add(b.reduce("ReduceMean", square, [-1], True), b.const(eps))
    unit = b.binary("Div", centred, b.op("Sqrt", variance))
    scaled = b.mul(unit, gain)
    return scaled if kind == "nobias" else b.add(scaled, b.weight([n], 0.1))


def activation(b, x, kind=None):
    kind = kind or b.pick("erf", "tanh_gelu", "silu", "relu", "tanh", "sigmoid",
                          "gelu_op", "quick")
    if kind == "gelu_op" and b.opset >= 20:
        return b.op("Gelu", x, approximate=b.pick("none", "tanh"))
    if kind in ("erf", "gelu_op"):
        inner = b.op("Erf", b.binary("Div", x, b.const(np.sqrt(2.0))))
        if b.chance(0.5):
            outer = b.mul(x, b.add(inner, b.const(1.0)))
            return b.mul(outer, b.const(0.5))
        return b.mul(b.mul(x, b.const(0.5)), b.add(b.const(1.0), inner))
    if kind == "tanh_gelu":
        cube = (b.binary("Pow", x, b.const(3.0)) if b.chance(0.5)
                else b.mul(b.mul(x, x), x))
        inner = b.add(x, b.mul(cube, b.const(0.044715)))
        inner = b.mul(inner, b.const(np.sqrt(2.0 / np.pi)))
        outer = b.add(b.op("Tanh", inner), b.const(1.0))
        return b.mul(b.mul(x, b.const(0.5)), outer)
    if kind == "silu":
        return b.mul(x, b.op("Sigmoid", x))
    if kind == "quick":
        return b.mul(x, b.op("Sigmoid", b.mul(x, b.const(1.702))))
    return b.op({"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}[kind], x)


def heads_of(b, x, heads, size, batch_dim=True):
    """[B, T, H*d] to [B, H, T, d]."""
    batch, seq = x.shape[0], x.shape[1]
    return b.transpose(b.reshape(x, [batch, seq, heads, size]), [0, 2, 1, 3])


def padding(batch, seq):
    """Ones, then zeros: every row keeps at least one key."""
    mask = np.zeros((batch, seq), np.int64)
    for row in range(batch):
        mask[row, : max(1, seq - (5 * row + 3) % seq)] = 1
    return mask


def padding_input(b, batch, seq, dtype=np.int64):
    value = padding(batch, seq).astype(dtype)
    return Value(b.g.input(b.fresh("mask"), value), [batch, seq], dtype)


def additive_mask(b, mask, low):
    """(1 - mask) * low over heads and queries."""
    wide = b.unsqueeze(b.unsqueeze(mask, 1), 1)
    if mask.dtype != FLOAT:
        wide = b.cast(wide, FLOAT)
    return b.mul(b.binary("Sub", b.const(1.0), wide), b.const(low))


def causal(b, scores, seq, keys):
    """Scores with keys after the query masked, by one of the spellings."""
    low = b.pick(-1e4, -3.4028235e38, -1e9, -np.inf)
    how = b.pick("where", "where_slice", "add", "trilu")
    tril = np.tril(np.ones((1, 1, seq, keys), bool), keys - seq)
    if how == "where":
        return b.op("Where", b.const(tril, bool), scores, b.const(low),
                    shape=scores.shape, dtype=FLOAT)
    if how == "where_slice" and seq == keys:
        size = 2 * seq
        big = b.const(np.tril(np.ones((1, 1, size, size), bool)), bool)
        part = b.slice(b.slice(big, 2, 0, seq), 3, 0, seq)
        return b.op("Where", part, scores, b.const(low), shape=scores.shape,
                    dtype=FLOAT)
    if how == "trilu" and b.opset >= 14 and seq == keys:
        full = b.const(np.full((seq, seq), -1e9, np.float32))
        mask = b.op("Trilu", full, b.const(np.int64(1), np.int64), upper=1)
        return b.add(scores, mask)
    mask = np.where(tril[0, 0], 0.0, low).astype(np.float32)
    return b.add(scores, b.const(mask if b.chance(0.5) else mask[None, None]))


def attention_core(b, q, k, v, heads, size, masks):
    """softmax(q k^T + masks) v of projected [B, T, H*d]; `masks`: functions."""
    batch, seq = q.shape[0], q.shape[1]
    scale = 1.0 / np.sqrt(size)
    where = b.pick("div", "mul", "query", "both", "none")
    q, v = heads_of(b, q, heads, size), heads_of(b, v, heads, size)
    if where == "query":
        q = b.mul(q, b.const(scale))
    if b.chance(0.5):
        k = b.transpose(b.reshape(k, [batch, k.shape[1], heads, size]), [0, 2, 3, 1])
    else:
        k = b.transpose(heads_of(b, k, heads, size), [0, 1, 3, 2])
    if where == "both":
        q = b.mul(q, b.const(np.sqrt(scale)))
        k = b.mul(k, b.const(np.sqrt(scale)))
    scores = b.matmul(q, k)
    if where == "div":
        scores = b.binary("Div", scores, b.const(np.sqrt(size)))
    if where == "mul":
        scores = b.mul(scores, b.const(scale))
    for mask in masks:
        scores = mask(scores)
    probs = b.op("Softmax", scores, axis=b.pick(-1, 3))
    mixed = b.transpose(b.matmul(probs, v), [0, 2, 1, 3])
    return b.reshape(mixed, [batch, seq, heads * size])


def attention(b, x, memory=None, masks=(), heads=None, is_causal=False):
    """Multi-head attention of x over `memory` (or x), with projections."""
    heads = heads or b.pick(1, 2, 3, 4, 8)
    size = b.pick(4, 5, 8, 12)
    inner, cols = heads * size, x.shape[-1]
    memory = memory or x
    if memory is x and b.chance(0.5):
        q, k, v = b.split(linear(b, x, 3 * inner), [inner] * 3, 2)
    else:
        q, k, v = (linear(b, t, inner) for t in (x, memory, memory))
    masks = list(masks)
    if is_causal:
        masks.append(lambda s: causal(b, s, x.shape[1], memory.shape[1]))
    return linear(b, attention_core(b, q, k, v, heads, size, masks), cols)


def pad_mask(b, batch, keys):
    """A mask of padded keys: None or what adds it to the scores."""
    how = b.pick("none", "ints", "ints", "min", "bool", "float", "where")
    if how == "none":
        return []
    if how in ("ints", "min"):
        bias = additive_mask(b, padding_input(b, batch, keys, b.pick(np.int64, np.int32)),
                             -1e4 if how == "ints" else -3.4028235e38)
        return [lambda s: b.add(s, bias) if b.chance(0.7) else b.add(bias, s)]
    if how == "float":
        bias = additive_mask(b, padding_input(b, batch, keys, np.float32), -1e4)
        return [lambda s: b.add(s, bias)]
    if how == "bool":
        keep = b.unsqueeze(b.unsqueeze(padding_input(b, batch, keys, np.bool_), 1), 1)
    else:
        ints = b.unsqueeze(b.unsqueeze(padding_input(b, batch, keys), 1), 1)
        keep = b.op("Equal", ints, b.const(np.int64(1), np.int64), dtype=bool)
    low = b.pick(-1e9, -np.inf)
    return [lambda s: b.op("Where", keep, s, b.const(low), shape=s.shape, dtype=FLOAT)]


# -- Recipes ---------------------------------------------------------------


def recipe_linear(b):
    x = b.input([*lead_shape(b), width(b)])
    for _ in range(b.size(1, 4)):
        x = linear(b, x, width(b))
        if b.chance(0.6):
            x = activation(b, x)
    b.output(x)


def recipe_vector(b):
    """Products whose operands are vectors, or activations both."""
    k = b.size(1, 20)
    lead = b.pick([], [b.size(1, 6)], [2, b.size(1, 5)])
    x = b.input([*lead, k])
    how = b.pick("column", "dot", "activations", "batched")
    if how == "column":
        y = b.matmul(x, b.weight([k], 0.3))
    elif how == "dot":
        y = b.matmul(x, b.input([k], 0.3))
    elif how == "activations":
        y = b.matmul(x, b.input([k, b.size(1, 9)], 0.3))
    else:
        heads = b.size(1, 3)
        p = b.input([heads, b.size(1, 6), k])
        q = b.input([b.pick(1, heads), k, b.size(1, 7)])
        y = b.matmul(p, q)
    b.output(y)


def recipe_attention(b):
    batch, seq = b.size(1, 3), b.length(1, 12)
    x = b.input([batch, seq, width(b)])
    masks = pad_mask(b, batch, seq)
    y = attention(b, x, masks=masks, is_causal=b.chance(0.5))
    b.output(b.add(x, y) if b.chance(0.5) else y)


def recipe_cross(b):
    batch, seq, keys = b.size(1, 2), b.length(1, 9), b.length(1, 11)
    x = b.input([batch, seq, width(b)])
    memory = b.input([batch, keys, width(b)])
    y = attention(b, x, memory=memory, masks=pad_mask(b, batch, keys))
    b.output(b.add(x, y))


def recipe_plain_attention(b):
    """q, k and v are inputs; sometimes already in heads."""
    batch, seq, keys = b.size(1, 2), b.size(1, 8), b.size(1, 8)
    heads, size = b.size(1, 4), b.pick(4, 6, 16)
    q = b.input([batch, seq, heads * size])
    k, v = (b.input([batch, keys, heads * size]) for _ in range(2))
    if b.chance(0.5):
        b.output(attention_core(b, q, k, v, heads, size, pad_mask(b, batch, keys)))
        return
    q = b.input([batch, heads, seq, size])
    k, v = (b.input([batch, heads, keys, size]) for _ in range(2))
    scores = b.matmul(q, b.transpose(k, [0, 1, 3, 2]))
    probs = b.op("Softmax", b.mul(scores, b.const(0.25)), axis=-1)
    b.output(b.matmul(probs, v))


def recipe_norm(b):
    x = b.input([*lead_shape(b), b.pick(width(b), 1, 2, 3)], b.pick(1.0, 5.0),
                b.pick(0.0, 0.0, 3.0))
    if x.shape[-1] > 2 and b.chance(0.5):
        x = linear(b, x, b.size(3, 40))
    y = layer_norm(b, x)
    b.output(b.add(x, y) if b.chance(0.3) else y)


def recipe_activation(b):
    x = b.input([*lead_shape(b), width(b)], b.pick(0.01, 1.0, 4.0, 30.0))
    for _ in range(b.size(1, 2)):
        x = activation(b, x)
    b.output(x)


def recipe_softmax(b):
    x = b.input([*lead_shape(b), width(b)], b.pick(1.0, 10.0))
    axis = b.size(0, x.rank - 1)
    b.output(b.op(b.pick("Softmax", "Softmax", "LogSoftmax"), x,
                  axis=b.pick(axis, axis - x.rank)))


def recipe_embedding(b):
    hidden, vocab = width(b), b.size(2, 60)
    shape = b.pick([b.size(1, 9)], [1, b.size(1, 9)], [b.size(1, 3), b.size(1, 6)], [],
                   [2, 2, b.size(1, 3)])
    ids = b.input_ints(shape, vocab, b.pick(np.int64, np.int32),
                       b.pick(0, 0, -vocab))
    x = b.op("Gather", b.weight([vocab, hidden], 0.5), ids, axis=0,
             shape=[*shape, hidden], dtype=FLOAT)
    if shape and b.chance(0.6):
        table = b.weight([shape[-1] + b.size(0, 3), hidden], 0.3)
        how = b.pick("gather", "slice")
        if how == "gather":
            where = b.const(np.arange(shape[-1])[None], np.int64)
            part = b.op("Gather", table, where, axis=0,
                        shape=[1, shape[-1], hidden], dtype=FLOAT)
        else:
            part = b.slice(table, 0, 0, shape[-1])
        x = b.add(x, part)
    if b.chance(0.5):
        x = layer_norm(b, x)
    b.output(x)


def recipe_gather_input(b):
    """A table that is computed, or indices along another axis."""
    x = b.input([b.size(1, 5), b.size(2, 6), width(b)])
    axis = b.size(0, 2)
    extent = x.shape[axis]
    shape = b.pick([], [b.size(1, 4)], [2, b.size(1, 3)])
    if b.chance(0.4):
        ids = b.input_ints(shape, extent)
    else:
        ids = Value(b.g.const(np.array(
            [b.rng.randrange(-extent, extent) for _ in range(int(np.prod(shape)))],
            np.int64).reshape(shape), np.int64), shape, np.int64)
    b.output(b.op("Gather", x, ids, axis=axis, dtype=FLOAT,
                  shape=[*x.shape[:axis], *shape, *x.shape[axis + 1:]]))


def operand(b, shape):
    """Something that broadcasts to `shape`: input, weight or constant."""
    drop = b.size(0, len(shape)) if b.chance(0.4) else 0
    own = [1 if b.chance(0.25) else n for n in shape[drop:]]
    how = b.pick("input", "weight", "weight", "const")
    if how == "const":
        return b.const(round(b.rng.uniform(-2, 2), 2))
    return b.input(own) if how == "input" else b.weight(own, 0.7)


def positive(b, x):
    return b.add(b.op("Abs", x), b.const(0.5))


def step_elementwise(b, x):
    kind = b.pick("add", "sub", "mul", "div", "rdiv", "max", "min", "pow", "sqrt",
                  "exp", "log", "unary", "clip", "where", "erf", "act", "recip",
                  "floor", "sin")
    if kind in ("add", "sub", "mul", "max", "min"):
        other = operand(b, x.shape)
        pair = (x, other) if b.chance(0.6) else (other, x)
        return b.binary(kind.capitalize(), *pair)
    if kind == "div":
        return b.binary("Div", x, positive(b, operand(b, x.shape)))
    if kind == "rdiv":
        return b.binary("Div", operand(b, x.shape), positive(b, x))
    if kind == "pow":
        e = b.pick(2.0, 3.0, 4.0, 0.5, -1.0, 1.5, 0.3, -2.0, 1.0, 0.0, 5.0)
        base = positive(b, x) if e not in (2.0, 3.0, 1.0, 0.0, 4.0, 5.0) else x
        base = b.op("Tanh", base) if e > 3 else base
        return b.binary("Pow", base, b.const(e))
    if kind == "sqrt":
        return b.op("Sqrt", b.op("Abs", x))
    if kind == "exp":
        return b.op("Exp", b.op("Tanh", x))
    if kind == "log":
        return b.op("Log", positive(b, x))
    if kind == "recip":
        return b.op("Reciprocal", positive(b, x))
    if kind == "unary":
        return b.op(b.pick("Neg", "Abs", "Relu", "Sigmoid", "Tanh"), x)
    if kind == "clip":
        return b.op("Clip", x, b.const(-0.75), b.const(1.25))
    if kind == "where":
        test = b.op(b.pick("Greater", "Less", "GreaterOrEqual", "LessOrEqual"), x,
                    b.const(0.25), dtype=bool)
        if b.chance(0.3):
            test = b.op("Not", test)
        return b.op("Where", test, x, operand(b, x.shape), shape=x.shape, dtype=FLOAT)
    if kind == "floor":
        return b.op(b.pick("Floor", "Ceil"), b.mul(x, b.const(3.0)))
    if kind == "sin":
        return b.op(b.pick("Sin", "Cos"), b.mul(x, b.const(b.pick(1.0, 7.0))))
    return b.op("Erf", x) if kind == "erf" else activation(b, x)


def recipe_elementwise(b):
    x = b.input(b.pick([*lead_shape(b), width(b)], [width(b)], [b.size(1, 6), 1],
                       [2, 1, b.size(1, 5), 3, b.size(1, 7)]))
    for _ in range(b.size(1, 6)):
        x = step_elementwise(b, x)
    b.output(x)


def recipe_edges(b):
    """Functions at 0, at infinities and beyond their domain."""
    values = [0.0, -0.0, 1.0, -1.0, 2.0, -2.5, 1e-3, -1e-3, 50.0, -50.0, 88.5, -88.5,
              100.0, -100.0, 1e10, -1e10, 3e37, np.inf, -np.inf]
    shape = [b.size(1, 3), b.size(3, 30)]
    draws = [b.rng.choice(values) for _ in range(shape[0] * shape[1])]
    draws[0] = 1.0
    x = np.array(draws, np.float32).reshape(shape)
    x = Value(b.g.input(b.fresh("x"), x), shape)
    kind = b.pick("Exp", "Log", "Sqrt", "Reciprocal", "Div", "Tanh", "Sigmoid", "Erf",
                  "Pow", "gelu", "Floor", "Relu", "chain")
    if kind == "Div":
        y = b.binary("Div", b.input(b.pick(shape, [1])), x)
    elif kind == "Pow":
        # (-inf)^0.5 is inf in C, NaN as a square root.
        x = b.op("Max", x, b.const(-1e10))
        y = b.binary("Pow", x, b.const(b.pick(2.0, 3.0, 0.5, -1.0, 1.5, -0.5, -2.0)))
    elif kind == "gelu":
        x = b.op("Clip", x, b.const(-1e5), b.const(1e5))
        y = activation(b, x, b.pick("erf", "tanh_gelu", "silu"))
    elif kind == "chain":
        y = b.op(b.pick("Exp", "Tanh", "Sigmoid"), b.op("Log", b.op("Abs", x)))
    else:
        y = b.op(kind, x)
    b.output(y)
    if b.chance(0.5):  # padding must not spill into a product
        keep = b.op("Clip", y, b.const(-3.0), b.const(3.0))
        keep = b.op("Where", b.op("IsNaN", y, dtype=bool), b.const(0.0), keep,
                    shape=shape, dtype=FLOAT)
        b.output(linear(b, keep, b.size(5, 9)))


def recipe_reduce(b):
    x = b.input([*lead_shape(b), width(b)], 1.0, b.pick(0.0, 1.0))
    axes = b.rng.sample(range(x.rank), b.size(1, x.rank))
    kind = b.pick("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")
    y = b.reduce(kind, x, axes, b.chance(0.5))
    if b.chance(0.3) and len(y.shape) == x.rank:
        y = b.binary("Sub", x, y)
    b.output(y)


def recipe_pool(b):
    batch, seq, hidden = b.size(1, 3), b.size(1, 9), width(b)
    x = b.input([batch, seq, hidden])
    if b.chance(0.5):
        x = linear(b, x, hidden)
    how = b.pick("gather", "slice", "mean", "max", "masked")
    if how == "gather":
        first = b.op("Gather", x, b.const(np.int64(b.pick(0, -1)), np.int64), axis=1,
                     shape=[batch, hidden])
    elif how == "slice":
        first = b.squeeze(b.slice(x, 1, 0, 1), 1)
    elif how == "masked":
        keep = b.cast(b.unsqueeze(padding_input(b, batch, seq), 2), FLOAT)
        total = b.reduce("ReduceSum", b.mul(x, keep), [1], False)
        count = b.op("Clip", b.reduce("ReduceSum", keep, [1], False), b.const(1e-9))
        first = b.binary("Div", total, count)
    else:
        first = b.reduce("ReduceMean" if how == "mean" else "ReduceMax", x, [1], False)
    y = b.op("Tanh", linear(b, first, width(b)))
    b.output(y)
    if b.chance(0.4):
        b.output(x)


def step_movement(b, x):
    kind = b.pick("transpose", "reshape", "slice", "concat", "split", "squeeze",
                  "unsqueeze", "expand", "flatten", "tile", "pad")
    if kind == "transpose":
        return b.transpose(x, b.rng.sample(range(x.rank), x.rank))
    if kind == "reshape" and x.rank:
        total, dims = int(np.prod(x.shape)), []
        while total > 1 and len(dims) < 3:
            factor = b.rng.choice([d for d in range(1, total + 1) if total % d == 0])
            dims.append(factor)
            total //= factor
        return b.reshape(x, [*dims, total])
    if kind == "slice" and x.rank:
        axis = b.size(0, x.rank - 1)
        n = x.shape[axis]
        if b.chance(0.3):
            return b.slice(x, axis, n - 1, None, b.pick(-1, -2))
        start = b.size(0, n - 1)
        return b.slice(x, axis, start, b.size(start + 1, n), b.pick(1, 1, 2))
    if kind == "concat" and x.rank:
        axis = b.size(0, x.rank - 1)
        shape = list(x.shape)
        shape[axis] = b.size(1, 5)
        if x.dtype != FLOAT:
            other = b.cast(b.input_ints(shape, 5), x.dtype)
        else:
            other = b.input(shape) if b.chance(0.5) else b.weight(shape, 0.5)
        return b.concat(b.pick([x, other], [other, x], [x, other, x]), axis)
    if kind == "split" and x.rank and x.shape[axis := b.size(0, x.rank - 1)] > 1:
        n = x.shape[axis]
        cut = b.size(1, n - 1)
        left, right = b.split(x, [cut, n - cut], axis)
        return b.concat([right, left], axis)
    if kind == "squeeze" and 1 in x.shape:
        return b.squeeze(x, x.shape.index(1))
    if kind == "unsqueeze" and x.rank < 5:
        return b.unsqueeze(x, b.size(0, x.rank))
    if kind == "expand" and x.rank and x.rank < 5:
        shape = [b.size(1, 3) if n == 1 else n for n in x.shape]
        return b.op("Expand", x, b.ints(*shape), shape=shape)
    if kind == "tile" and x.rank and np.prod(x.shape) < 300:
        repeats = [b.pick(1, 1, 2) for _ in x.shape]
        return b.op("Tile", x, b.ints(*repeats),
                    shape=[n * r for n, r in zip(x.shape, repeats)])
    if kind == "pad" and x.rank and x.dtype != bool:
        pads = [b.pick(0, 0, 1, 2) for _ in range(2 * x.rank)]
        shape = [n + pads[d] + pads[d + x.rank] for d, n in enumerate(x.shape)]
        return b.op("Pad", x, b.ints(*pads), shape=shape)
    if kind == "flatten" and x.rank > 1:
        return b.op("Flatten", x, axis=1,
                    shape=[x.shape[0], int(np.prod(x.shape[1:]))])
    return x


def recipe_movement(b):
    x = b.input(b.pick([b.size(1, 6), b.size(1, 6), width(b)], [b.size(1, 9), width(b)],
                       [2, 3, b.size(1, 4), b.size(1, 9)]))
    if b.chance(0.3):
        x = b.cast(x, b.pick(np.int32, np.int64, bool))
    elif b.chance(0.5):
        x = linear(b, x, b.size(1, 20))
    for _ in range(b.size(1, 5)):
        x = step_movement(b, x)
        if x.dtype != FLOAT:
            continue
        if b.chance(0.3):
            x = step_elementwise(b, x)
        if x.rank >= 2 and b.chance(0.2):
            x = linear(b, x, b.size(1, 12))
    b.output(x)


def recipe_scalars(b):
    s = b.input([], 1.0, 0.5)
    x = b.input([b.size(1, 5), b.size(1, 9)])
    y = b.mul(x, s)
    total = b.reduce("ReduceSum", b.mul(y, y), [0, 1], False)  # does not cancel
    b.output(b.add(total, b.mul(s, s)))
    if b.chance(0.5):
        b.output(b.op("Tanh", s))
    if b.chance(0.5):
        b.output(y)


def recipe_passing(b):
    """Outputs that are inputs or constants, twice the same, unused inputs."""
    x = b.input([b.size(1, 4), width(b)])
    b.input(b.pick([3], [], [2, 2]))
    b.input_ints([4], 9)
    if b.chance(0.5):
        b.declare(x)
    if b.chance(0.5):
        b.output(x)
    if b.chance(0.5):
        b.output(b.weight([3, b.size(1, 5)]))
    if b.chance(0.5):
        b.output(b.const(np.arange(4), np.int64))
    if b.chance(0.5):
        y = b.reshape(x, [1, *x.shape])
        b.output(y)
        b.output(b.add(y, y))
    y = linear(b, x, width(b))
    b.output(y)
    if b.chance(0.5):
        b.output(y)
    if b.chance(0.5):
        b.output(b.op("Relu", y))


def recipe_ints(b):
    """Integers and bools: comparisons, arithmetic, casts."""
    shape = [b.size(1, 4), b.size(1, 9)]
    dtype = b.pick(np.int64, np.int32)
    x = b.input_ints(shape, 9, dtype, -5)
    y = b.input_ints(b.pick(shape, [1, shape[1]], [shape[0], 1]), 9, dtype, -5)
    sums = b.binary(b.pick("Add", "Sub", "Mul", "Max", "Min"), x, y)
    if b.chance(0.3):
        sums = b.op(b.pick("Neg", "Abs"), sums)
    b.output(sums)
    kinds = ["Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"]
    test = b.binary(b.pick(*kinds), sums, y, bool)
    if b.chance(0.5):
        other = b.binary(b.pick(*kinds), y, x, bool)
        test = b.binary(b.pick("And", "Or"), test, other, bool)
    if b.chance(0.3):
        test = b.op("Not", test)
    b.output(test)
    b.output(b.mul(b.cast(test, FLOAT), b.cast(sums, FLOAT)))
    if b.chance(0.5):
        b.output(b.op("Where", test, sums, x, shape=test.shape, dtype=dtype))
    if b.chance(0.3):
        b.output(b.cast(b.mul(b.cast(sums, FLOAT), b.const(0.37)), np.int32))
    if b.chance(0.3):
        b.output(b.reduce(b.pick("ReduceSum", "ReduceMax"), sums, [b.pick(0, 1)], True))


def mlp(b, x, inner=None):
    y = activation(b, linear(b, x, inner or 2 * x.shape[-1]),
                   b.pick("erf", "tanh_gelu", "silu", "relu"))
    return linear(b, y, x.shape[-1])


def block(b, x, masks, is_causal, post, memory=None, memory_masks=()):
    """A transformer block, pre- or post-norm; with `memory`, a decoder's."""
    fused = b.pick("fused", "pow", "mul")
    steps = [lambda t: attention(b, t, masks=masks, is_causal=is_causal)]
    if memory is not None:
        steps.append(lambda t: attention(b, t, memory=memory, masks=memory_masks))
    steps.append(lambda t: mlp(b, t))
    for step in steps:
        if post:
            x = layer_norm(b, b.add(x, step(x)), fused)
        else:
            x = b.add(x, step(layer_norm(b, x, fused)))
    return x


def recipe_gpt(b):
    batch, seq = b.size(1, 2), b.length(2, 10)
    hidden, vocab = b.pick(16, 24, 32) * b.scale, 37 * b.scale
    ids = b.input_ints([batch, seq], vocab)
    table = b.weight([vocab, hidden], 0.5)
    x = b.op("Gather", table, ids, axis=0, shape=[batch, seq, hidden], dtype=FLOAT)
    where = b.const(np.arange(seq)[None], np.int64)
    x = b.add(x, b.op("Gather", b.weight([10 * b.scale, hidden], 0.3), where, axis=0,
                      shape=[1, seq, hidden], dtype=FLOAT))
    masks = pad_mask(b, batch, seq) if b.chance(0.3) else []
    for _ in range(b.size(1, 2)):
        x = block(b, x, masks, True, post=False)
    x = layer_norm(b, x, "fused")
    if b.chance(0.5):
        x = b.matmul(x, b.transpose(table, [1, 0]))
    else:
        x = linear(b, x, vocab, bias=False)
    b.output(x)


def recipe_bert(b):
    batch, seq, hidden, vocab = b.size(1, 3), b.length(2, 10), b.pick(16, 20, 32) * b.scale, 41
    ids, kinds = b.input_ints([batch, seq], vocab), b.input_ints([batch, seq], 2)
    parts = []
    for index, rows in ((ids, vocab), (kinds, 2)):
        parts.append(b.op("Gather", b.weight([rows, hidden], 0.5), index, axis=0,
                          shape=[batch, seq, hidden], dtype=FLOAT))
    x = b.add(b.add(*parts), b.weight([1, seq, hidden], 0.5))
    x = layer_norm(b, x)
    masks = pad_mask(b, batch, seq)
    for _ in range(b.size(1, 2)):
        x = block(b, x, masks, False, post=True)
    b.output(x)
    if b.chance(0.6):
        first = b.op("Gather", x, b.const(np.int64(0), np.int64), axis=1,
                     shape=[batch, hidden])
        b.output(b.op("Tanh", linear(b, first, hidden)))


def recipe_vit(b):
    """Patches are inputs; a class token is put before them."""
    batch, patches, hidden = b.size(1, 2), b.size(2, 8), b.pick(16, 24)
    x = linear(b, b.input([batch, patches, b.size(4, 20)]), hidden)
    token = b.weight([1, 1, hidden], 0.5)
    token = b.op("Expand", token, b.ints(batch, 1, hidden), shape=[batch, 1, hidden])
    x = b.add(b.concat([token, x], 1), b.weight([1, patches + 1, hidden], 0.3))
    x = block(b, x, [], False, post=False)
    x = layer_norm(b, x)
    first = b.op("Gather", x, b.const(np.int64(0), np.int64), axis=1,
                 shape=[batch, hidden])
    b.output(linear(b, first, b.size(2, 11)))


def recipe_decoder(b):
    batch, seq, keys, hidden = b.size(1, 2), b.size(2, 7), b.size(2, 9), b.pick(16, 20)
    x = b.input([batch, seq, hidden])
    memory = b.input([batch, keys, b.pick(hidden, 12)])
    x = block(b, x, [], True, b.chance(0.5), memory, pad_mask(b, batch, keys))
    b.output(x)


def rotate(b, x, style):
    """Rotary position embedding of [B, H, T, d] by constant angles."""
    seq, size = x.shape[2], x.shape[3]
    half = size // 2
    angle = np.arange(seq)[:, None] / 100.0 ** (np.arange(half) / half)[None]
    wide = np.concatenate([angle, angle], 1)
    cos, sin = b.const(np.cos(wide)[None, None]), b.const(np.sin(wide)[None, None])
    if style == "split":
        left, right = b.split(x, [half, half], 3)
    else:
        left, right = b.slice(x, 3, 0, half), b.slice(x, 3, half, None)
    turned = b.concat([b.op("Neg", right), left], 3)
    return b.add(b.mul(x, cos), b.mul(turned, sin))


def recipe_llama(b):
    """RMS norm, rotary positions, SwiGLU; sometimes fewer key than query heads."""
    batch, seq, heads, size = b.size(1, 2), b.size(2, 8), b.pick(2, 4), b.pick(4, 8)
    hidden = heads * size
    groups = heads if b.chance(0.8) else heads // 2
    x = b.input([batch, seq, hidden])
    n = layer_norm(b, x, "rms")
    q = heads_of(b, linear(b, n, hidden, False), heads, size)
    k = heads_of(b, linear(b, n, groups * size, False), groups, size)
    v = heads_of(b, linear(b, n, groups * size, False), groups, size)
    style = b.pick("split", "slice")
    q, k = rotate(b, q, style), rotate(b, k, style)
    if groups != heads:
        k, v = (b.reshape(b.op("Expand", b.unsqueeze(t, 2),
                               b.ints(batch, groups, heads // groups, seq, size),
                               shape=[batch, groups, heads // groups, seq, size]),
                          [batch, heads, seq, size]) for t in (k, v))
    scores = b.mul(b.matmul(q, b.transpose(k, [0, 1, 3, 2])), b.const(size ** -0.5))
    probs = b.op("Softmax", causal(b, scores, seq, seq), axis=-1)
    y = b.reshape(b.transpose(b.matmul(probs, v), [0, 2, 1, 3]), [batch, seq, hidden])
    x = b.add(x, linear(b, y, hidden, False))
    n = layer_norm(b, x, "rms")
    gate = activation(b, linear(b, n, 2 * hidden, False), "silu")
    x = b.add(x, linear(b, b.mul(gate, linear(b, n, 2 * hidden, False)), hidden, False))
    b.output(layer_norm(b, x, "rms"))


def recipe_cache(b):
    """One step of a decoder: past keys and values come in, longer ones go out."""
    batch, past, new = b.size(1, 2), b.size(1, 7), b.pick(1, 1, 2)
    heads, size = b.pick(1, 2, 4), b.pick(4, 8)
    hidden = heads * size
    x = b.input([batch, new, hidden])
    q, k, v = (heads_of(b, linear(b, x, hidden), heads, size) for _ in range(3))
    k = b.concat([b.input([batch, heads, past, size]), k], 2)
    v = b.concat([b.input([batch, heads, past, size]), v], 2)
    scores = b.mul(b.matmul(q, b.transpose(k, [0, 1, 3, 2])), b.const(size ** -0.5))
    if b.chance(0.5):
        scores = causal(b, scores, new, past + new)
    probs = b.op("Softmax", scores, axis=-1)
    y = b.reshape(b.transpose(b.matmul(probs, v), [0, 2, 1, 3]), [batch, new, hidden])
    b.output(b.add(x, linear(b, y, hidden)))
    b.output(k)
    b.output(v)


def recipe_variants(b):
    """Parts of models that are neither GPT-2 nor BERT."""
    batch, seq, heads, size = b.size(1, 2), b.size(2, 8), b.pick(2, 4), b.pick(4, 8)
    hidden = heads * size
    x = b.input([batch, seq, hidden])
    kind = b.pick("bias", "alibi", "parallel", "qknorm", "window", "experts", "scale",
                  "squared", "sinusoid", "classifier")
    if kind in ("bias", "alibi", "window"):
        q, k, v = (linear(b, x, hidden) for _ in range(3))
        if kind == "bias":
            extra = b.weight([1, heads, seq, seq], 0.5)
        elif kind == "alibi":
            distance = -np.abs(np.arange(seq)[:, None] - np.arange(seq)[None])
            slope = 2.0 ** -np.arange(1, heads + 1)
            extra = b.const((slope[:, None, None] * distance)[None])
        else:
            near = np.abs(np.arange(seq)[:, None] - np.arange(seq)[None]) <= 2
            extra = b.const(np.where(near, 0, b.pick(-1e9, -np.inf)))
        y = attention_core(b, q, k, v, heads, size, [lambda s: b.add(s, extra)])
        x = b.add(x, linear(b, y, hidden))
    elif kind == "parallel":
        n = layer_norm(b, x, "fused")
        x = b.add(b.add(x, attention(b, n, heads=heads, is_causal=True)), mlp(b, n))
    elif kind == "qknorm":
        q, k, v = (heads_of(b, linear(b, x, hidden), heads, size) for _ in range(3))
        q, k = layer_norm(b, q, "rms"), layer_norm(b, k, "rms")
        scores = b.matmul(q, b.transpose(k, [0, 1, 3, 2]))
        y = b.matmul(b.op("Softmax", scores, axis=-1), v)
        x = b.reshape(b.transpose(y, [0, 2, 1, 3]), [batch, seq, hidden])
    elif kind == "experts":
        gates = b.op("Softmax", linear(b, x, 3), axis=-1)
        total = None
        for gate in b.split(gates, [1, 1, 1], 2):
            part = b.mul(mlp(b, x, 2 * hidden), gate)
            total = part if total is None else b.add(total, part)
        x = b.add(x, total)
    elif kind == "scale":
        x = b.add(x, b.mul(mlp(b, x), b.weight([hidden], 0.1)))
        x = b.mul(x, b.const(np.sqrt(hidden)))
    elif kind == "squared":
        y = b.op("Relu", linear(b, x, 2 * hidden))
        x = linear(b, b.mul(y, y), hidden)
    elif kind == "sinusoid":
        place = b.mul(b.input([batch, seq, 1]), b.const(np.linspace(0.1, 2, hidden // 2)))
        x = b.add(x, b.concat([b.op("Sin", place), b.op("Cos", place)], 2))
        x = linear(b, x, hidden)
    else:
        x = b.op("LogSoftmax", linear(b, layer_norm(b, x), b.size(2, 9)), axis=-1)
    b.output(x)


def step_dag(b, pool, shape):
    """A value of `shape` from values of the pool, which have that shape too."""
    x, y, n = b.rng.choice(pool), b.rng.choice(pool), shape[-1]
    kind = b.pick("add", "sub", "mul", "max", "where", "tanh", "relu", "act", "linear",
                  "alias", "transpose", "cut", "norm", "mean", "rows", "self", "div",
                  "scalar", "gram", "gate")
    if kind in ("add", "sub", "max"):
        return b.binary(kind.capitalize(), x, y)
    if kind == "mul":
        return b.op("Tanh", b.mul(x, y))
    if kind == "where":
        test = b.op("Greater", x, y, dtype=bool)
        return b.op("Where", test, b.rng.choice(pool), x, shape=shape, dtype=FLOAT)
    if kind in ("tanh", "relu"):
        return b.op(kind.capitalize(), x)
    if kind == "act":
        return activation(b, x)
    if kind == "linear":
        return b.mul(linear(b, x, n), b.const(0.7))
    if kind == "alias":  # the same storage under other shapes
        rows = int(np.prod(shape[:-1]))
        flat = b.op(b.pick("Relu", "Neg", "Abs"), b.reshape(x, [rows, n]))
        return b.add(b.reshape(flat, shape), y)
    if kind == "transpose":
        turned = b.op("Sigmoid", b.transpose(x, [0, 2, 1]))
        return b.add(b.transpose(turned, [0, 2, 1]), y)
    if kind == "cut" and n > 1:
        at = b.size(1, n - 1)
        left, right = b.split(x, [at, n - at], 2)
        return b.concat(b.pick([right, left], [left, right]), 2)
    if kind == "norm":
        return layer_norm(b, x)
    if kind in ("mean", "rows"):
        mean = b.reduce(b.pick("ReduceMean", "ReduceMax"), x,
                        [-1 if kind == "mean" else 1], True)
        return b.binary(b.pick("Sub", "Add"), y, mean)
    if kind == "self":
        return b.binary(b.pick("Add", "Max", "Sub"), x, x)
    if kind == "div":
        return b.binary("Div", x, positive(b, y))
    if kind == "scalar":
        return b.mul(x, b.reduce("ReduceMax", b.op("Tanh", y), [0, 1, 2], True))
    if kind == "gram":  # products of activations, x with itself at times
        scores = b.op("Softmax", b.matmul(x, b.transpose(y, [0, 2, 1])), axis=-1)
        return b.matmul(scores, x)
    return b.mul(x, b.op("Sigmoid", y))


def recipe_dag(b):
    """Values with several uses, in all orders: storage that is shared or reused."""
    shape = [b.size(1, 2), b.size(1, 5), b.pick(b.size(1, 12), 16, 24)]
    pool = [b.input(shape) for _ in range(b.size(1, 3))]
    for _ in range(b.size(4, 16)):
        pool.append(step_dag(b, pool, shape))
    for value in b.rng.sample(pool, min(len(pool), b.size(1, 4))):
        b.output(value)
    b.output(pool[-1])


def recipe_mixture(b):
    """Blocks of several kinds after one another."""
    x = b.input([b.size(1, 2), b.size(1, 8), b.size(2, 24)])
    for _ in range(b.size(2, 5)):
        kind = b.pick("linear", "norm", "attention", "act", "elementwise", "residual")
        if kind == "linear":
            x = linear(b, x, width(b))
        elif kind == "norm":
            x = layer_norm(b, x)
        elif kind == "attention":
            x = attention(b, x, is_causal=b.chance(0.5))
        elif kind == "act":
            x = activation(b, x)
        elif kind == "elementwise":
            x = step_elementwise(b, x)
        else:
            x = b.add(x, linear(b, x, x.shape[-1]))
        if x.rank != 3:
            break
        if b.chance(0.15):
            b.output(x)
    b.output(x)


RECIPES = {name[len("recipe_"):]: f for name, f in sorted(globals().items())
           if name.startswith("recipe_")}


def graph(seed, recipe=None, scale=1):
    """(Graph, name of its recipe) of a seed. Seeds walk through the recipes."""
    names = sorted(RECIPES)
    recipe = recipe or names[seed % len(names)]
    b = Builder(seed, scale)
    RECIPES[recipe](b)
    return b.g, recipe


def main(argv=None):
    p = argparse.ArgumentParser(prog="weft.random_graphs")
    p.add_argument("seed", type=int)
    p.add_argument("--recipe", choices=sorted(RECIPES))
    p.add_argument("--scale", type=int, default=1, help="longer sequences, more features")
    p.add_argument("--text", action="store_true", help="print the graph")
    p.add_argument("-o", "--output", metavar="DIR")
    args = p.parse_args(argv)
    g, recipe = graph(args.seed, args.recipe, args.scale)
    model = g.model()
    print(f"seed {args.seed}: {recipe}")
    if args.text:
        print(onnx.helper.printable_graph(model.graph))
    if args.output:
        outputs = (onnxio.run_reference(model, g.samples)
                   if onnxio.have_runtime() else None)
        onnxio.write_case(args.output, g, outputs)


if __name__ == "__main__":
    main()
