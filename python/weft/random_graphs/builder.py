# weft/random_graphs/builder.py - Nodes with shapes and seeded choices
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Builder adds to Graph what random graphs need: values that know their shape and
# element type, one generator for all choices, and one method per ONNX operator
# whose result's shape takes thought.

import random

import numpy as np
from onnx import helper

from .. import onnxio
from ..builder import Graph, Style, seeded

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
        self.seed = seed
        self.g = Graph(f"random{seed}", Style(), seed)
        self.use_opset(self.rng.choice([13, 14, 17, 17, 18, 20]))
        self.names = 0

    def use_opset(self, opset):
        """Another opset, before the first node."""
        self.opset = opset
        self.g.style = Style(opset=opset)

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
