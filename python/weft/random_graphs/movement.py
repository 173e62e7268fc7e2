# weft/random_graphs/movement.py - Recipes about data movement and storage
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Gathers, odd chains of movement, outputs that are inputs, values with many uses:
# what tests addresses, layouts and the sharing of storage.

import numpy as np

from .blocks import activation, layer_norm, lead_shape, linear, padding_input, width
from .builder import FLOAT, Value
from .ops import positive, step_elementwise


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
