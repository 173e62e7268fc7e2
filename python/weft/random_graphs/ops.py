# weft/random_graphs/ops.py - Recipes about one operator or a chain of a few
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Each recipe_NAME(b) builds one graph: products, norms, softmax, reductions,
# elementwise chains, functions at the ends of their domain, integers.

import numpy as np

from .blocks import activation, layer_norm, lead_shape, linear, width
from .builder import FLOAT, Value


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
    x = b.input([*lead_shape(b), width(b)], b.pick(1.0, 10.0, 60.0))
    axis = b.size(0, x.rank - 1)
    b.output(b.op(b.pick("Softmax", "Softmax", "LogSoftmax"), x,
                  axis=b.pick(axis, axis - x.rank)))


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
    raw = b.chance(0.15)  # where poles, overflow and NaN may come in
    if kind == "div":
        other = operand(b, x.shape)
        return b.binary("Div", x, other if raw else positive(b, other))
    if kind == "rdiv":
        return b.binary("Div", operand(b, x.shape), x if raw else positive(b, x))
    if kind == "pow":
        e = b.pick(2.0, 3.0, 4.0, 0.5, -1.0, 1.5, 0.3, -2.0, 1.0, 0.0, 5.0)
        whole = e in (2.0, 3.0, 1.0, 0.0, 4.0, 5.0)
        base = x if whole or raw else positive(b, x)
        base = b.op("Tanh", base) if e > 3 and not raw else base
        return b.binary("Pow", base, b.const(e))
    if kind == "sqrt":
        return b.op("Sqrt", x if raw else b.op("Abs", x))
    if kind == "exp":
        return b.op("Exp", x if raw else b.op("Tanh", x))
    if kind == "log":
        return b.op("Log", x if raw else positive(b, x))
    if kind == "recip":
        return b.op("Reciprocal", x if raw else positive(b, x))
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
              104.0, -104.0, 1e10, -1e10, 1e-30, -1e-30, 1e-40, -1e-40, 3e37, 6e37,
              -1e38, 3e38, np.inf, -np.inf, np.nan]
    shape = [b.size(1, 3), b.size(1, 30)]
    draws = [b.rng.choice(values) for _ in range(shape[0] * shape[1])]
    x = np.array(draws, np.float32).reshape(shape)
    x = Value(b.g.input(b.fresh("x"), x), shape)
    kind = b.pick("Exp", "Log", "Sqrt", "Reciprocal", "Div", "Tanh", "Sigmoid", "Erf",
                  "Pow", "gelu", "Floor", "Ceil", "Relu", "chain", "Max", "Min", "Clip",
                  "ReduceMax", "ReduceMin", "Softmax", "Where", "rsqrt")
    if kind == "Div":
        y = b.binary("Div", b.input(b.pick(shape, [1])), x)
    elif kind == "Pow":
        y = b.binary("Pow", x, b.const(b.pick(2.0, 3.0, 0.5, -1.0, 1.5, -0.5, -2.0)))
    elif kind == "gelu":
        y = activation(b, x, b.pick("erf", "tanh_gelu", "silu"))
    elif kind in ("Max", "Min"):
        y = b.binary(kind, x, b.input(b.pick(shape, [1], [shape[1]])))
    elif kind == "Clip":
        y = b.op("Clip", x, b.const(-2.0), b.const(7.0))
    elif kind.startswith("Reduce"):
        y = b.reduce(kind, x, [b.pick(0, 1)], True)
    elif kind == "Softmax":
        y = b.op("Softmax", x, axis=b.pick(0, 1))
    elif kind == "Where":
        test = b.op(b.pick("Less", "Greater"), x, b.const(0.5), dtype=bool)
        y = b.op("Where", test, x, b.input(shape), shape=shape, dtype=FLOAT)
    elif kind == "rsqrt":
        y = b.op("Reciprocal", b.op("Sqrt", x))
    elif kind == "chain":
        y = b.op(b.pick("Exp", "Tanh", "Sigmoid"), b.op("Log", b.op("Abs", x)))
    else:
        y = b.op(kind, x)
    b.output(y)
    if b.chance(0.5):  # padding must not spill into a product
        keep = b.op("Clip", y, b.const(-3.0), b.const(3.0))
        keep = b.op("Where", b.op("IsNaN", y, dtype=bool), b.const(0.0), keep,
                    shape=y.shape, dtype=FLOAT)
        b.output(linear(b, keep, b.size(5, 9)))


def recipe_reduce(b):
    x = b.input([*lead_shape(b), width(b)], 1.0, b.pick(0.0, 1.0))
    axes = b.rng.sample(range(x.rank), b.size(1, x.rank))
    kind = b.pick("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")
    y = b.reduce(kind, x, axes, b.chance(0.5))
    if b.chance(0.3) and len(y.shape) == x.rank:
        y = b.binary("Sub", x, y)
    b.output(y)


def recipe_scalars(b):
    s = b.input([], 1.0, 0.5)
    x = b.input([b.size(1, 5), b.size(1, 9)])
    y = b.mul(x, s)
    total = b.reduce("ReduceSum", b.mul(y, b.pick(x, y)), [0, 1], False)
    b.output(b.add(total, b.mul(s, s)))
    if b.chance(0.5):
        b.output(b.op("Tanh", s))
    if b.chance(0.5):
        b.output(y)


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
