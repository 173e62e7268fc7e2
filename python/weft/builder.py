# weft/builder.py - Writing ONNX graphs as exporters write them
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# A Style says how an exporter spells what a transformer computes (layer norm
# decomposed or fused, one packed QKV or three matrices, ...); a Graph collects
# nodes and seeded weights. A weight depends on its name, shape and the seed
# alone, so every style of one model computes the same function, and one
# reference serves them all.

import dataclasses
import hashlib
import zlib

import numpy as np
import onnx
from onnx import helper, numpy_helper


@dataclasses.dataclass(frozen=True)
class Style:
    """How an exporter spells a transformer."""

    opset: int = 17
    fused_norm: bool = True      # LayerNormalization, else its decomposition
    fused_gelu: bool = False     # Gelu of opset 20, else its decomposition
    packed_qkv: bool = True      # one matrix and Split, else three matrices
    gemm: bool = False           # Reshape, Gemm, Reshape, as Conv1D is exported
    where_mask: bool = True      # Where from a sliced triangle, else added -inf
    shape_ops: bool = False      # Shape, Gather, Concat before each Reshape
    square: str = "pow"          # spelling of the square in layer norm: pow, mul
    names: bool = True           # nodes have names


STYLES = {
    # PyTorch before opset 17: everything decomposed, Conv1D as Gemm, shapes
    # computed in the graph.
    "torch13": Style(opset=13, fused_norm=False, gemm=True, shape_ops=True),
    # PyTorch at a fixed shape: decomposed norms, constant shapes.
    "torch14": Style(opset=14, fused_norm=False, packed_qkv=False),
    # The recent exporter: LayerNormalization stays one node.
    "fused17": Style(opset=17),
    # Three matrices and an additive mask.
    "separate17": Style(opset=17, packed_qkv=False, where_mask=False),
    # Gelu as an operator, axes of reductions as inputs, no node names.
    "opset20": Style(opset=20, fused_norm=False, fused_gelu=True, square="mul",
                     names=False),
}


# How a row is written into a cache: a select, index_put of the first dimension
# between transposes, scatter along the capacity.
CACHES = ["where", "scatter_nd", "scatter_elements"]


def seeded(seed, name, shape, scale):
    """Bell-shaped float32 values from integers only: the same bits anywhere."""
    rng = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
    draws = rng.integers(-(1 << 15), 1 << 15, size=(3, *shape), dtype=np.int64)
    # Variance of one draw is 2^30/3: three of them give unit variance at 2^15.
    unit = draws.sum(axis=0).astype(np.float64) / (1 << 15)
    return (unit * float(scale)).astype(np.float32)


class Graph:
    """Nodes, weights, inputs and outputs of a graph under construction."""

    def __init__(self, name, style, seed, dtype=np.float32, through=None):
        """Floats have type `dtype`, after rounding to type `through`."""
        self.name, self.style, self.seed = name, style, seed
        self.dtype, self.through = np.dtype(dtype), np.dtype(through or dtype)
        self.nodes, self.initializers = [], []
        self.inputs, self.outputs = [], []
        self.samples = []            # value of each input, in graph order
        self.constants = {}
        self.scope = []
        self.fresh = 0
        self.digest = hashlib.sha256()

    # -- Structure ---------------------------------------------------------

    def input(self, name, value):
        value = np.asarray(value)
        elem = helper.np_dtype_to_tensor_dtype(value.dtype)
        self.inputs.append(
            helper.make_tensor_value_info(name, elem, list(value.shape)))
        self.samples.append(value)
        self.digest.update(name.encode() + value.tobytes())
        return name

    def output(self, value, name, shape):
        self.nodes.append(helper.make_node("Identity", [value], [name],
                                           name="/out/" + name))
        elem = helper.np_dtype_to_tensor_dtype(self.dtype)
        self.outputs.append(helper.make_tensor_value_info(name, elem, shape))

    def weight(self, name, shape, scale=None, offset=0.0):
        """A seeded weight; `scale` defaults to 1/sqrt(rows)."""
        full = ".".join([*self.scope, name])
        scale = 1.0 / np.sqrt(shape[0]) if scale is None else scale
        value = seeded(self.seed, full, shape, scale) + np.float32(offset)
        self.digest.update(full.encode() + value.tobytes())
        return self.initializer(full, value.astype(self.through).astype(self.dtype))

    def initializer(self, name, value):
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def const(self, value, dtype=None):
        """A constant, shared by value."""
        if dtype is None:
            value = np.asarray(value, self.through).astype(self.dtype)
        value = np.asarray(value, dtype=dtype)
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in self.constants:
            name = f"const_{len(self.constants)}"
            self.constants[key] = self.initializer(name, value)
        return self.constants[key]

    def ints(self, *values):
        return self.const(np.array(values, dtype=np.int64), np.int64)

    def op(self, kind, *args, outputs=1, **attrs):
        self.fresh += 1
        outs = [f"v{self.fresh}_{i}" if outputs > 1 else f"v{self.fresh}"
                for i in range(outputs)]
        name = "/" + "/".join([*self.scope, f"{kind}_{self.fresh}"])
        self.nodes.append(helper.make_node(
            kind, list(args), outs, name=name if self.style.names else "", **attrs))
        return outs if outputs > 1 else outs[0]

    def model(self):
        graph = helper.make_graph(self.nodes, self.name, self.inputs,
                                  self.outputs, self.initializers)
        # IR 8 is the newest that readers of opset 17 agree on.
        ir = 8 if self.style.opset <= 17 else 9 if self.style.opset < 23 else 11
        model = helper.make_model(
            graph, producer_name="weft.models", ir_version=ir,
            opset_imports=[helper.make_opsetid("", self.style.opset)])
        onnx.checker.check_model(model, full_check=True)
        return model

    # -- Spellings ---------------------------------------------------------

    def reshape(self, x, dims, like=None):
        """Reshape; with shape_ops the two leading sizes are those of `like`."""
        if not self.style.shape_ops or len(dims) < 3:
            return self.op("Reshape", x, self.ints(*dims))
        shape = self.op("Shape", like or x)
        parts = []
        for i, dim in enumerate(dims):
            if i < 2:
                dim_value = self.op("Gather", shape,
                                    self.const(np.int64(i), np.int64), axis=0)
                parts.append(self.op("Unsqueeze", dim_value, self.ints(0)))
            else:
                parts.append(self.ints(dim))
        return self.op("Reshape", x, self.op("Concat", *parts, axis=0))

    def reduce_mean(self, x):
        if self.style.opset >= 18:
            return self.op("ReduceMean", x, self.ints(-1), keepdims=1)
        return self.op("ReduceMean", x, axes=[-1], keepdims=1)

    def layer_norm(self, x, width, name, eps=1e-5):
        gain = self.weight(name + ".weight", [width], scale=0.1, offset=1.0)
        bias = self.weight(name + ".bias", [width], scale=0.1)
        if self.style.fused_norm:
            return self.op("LayerNormalization", x, gain, bias, axis=-1,
                           epsilon=eps)
        centred = self.op("Sub", x, self.reduce_mean(x))
        if self.style.square == "pow":
            squared = self.op("Pow", centred, self.const(2.0))
        else:
            squared = self.op("Mul", centred, centred)
        variance = self.op("Add", self.reduce_mean(squared), self.const(eps))
        unit = self.op("Div", centred, self.op("Sqrt", variance))
        return self.op("Add", self.op("Mul", unit, gain), bias)

    def gelu(self, x, kind):
        if self.style.fused_gelu:
            return self.op("Gelu", x,
                           approximate="tanh" if kind == "tanh" else "none")
        if kind == "erf":
            inner = self.op("Erf", self.op("Div", x, self.const(np.sqrt(2.0))))
            outer = self.op("Mul", x, self.op("Add", inner, self.const(1.0)))
            return self.op("Mul", outer, self.const(0.5))
        cube = self.op("Pow", x, self.const(3.0))
        inner = self.op("Add", x, self.op("Mul", cube, self.const(0.044715)))
        inner = self.op("Mul", inner, self.const(np.sqrt(2.0 / np.pi)))
        outer = self.op("Add", self.op("Tanh", inner), self.const(1.0))
        return self.op("Mul", self.op("Mul", x, self.const(0.5)), outer)

    def linear(self, x, lead, rows, cols, name):
        """x [*lead, rows] times a weight, plus a bias."""
        w = self.weight(name + ".weight", [rows, cols])
        b = self.weight(name + ".bias", [cols], scale=0.1)
        if not self.style.gemm:
            return self.op("Add", self.op("MatMul", x, w), b)
        flat = self.op("Reshape", x, self.ints(-1, rows))
        return self.reshape(self.op("Gemm", flat, w, b), [*lead, cols], like=x)

    def qkv(self, x, lead, hidden):
        """The three projections; packed and separate share their numbers."""
        parts = [(self.weight(f"attn.{p}.weight", [hidden, hidden]),
                  self.weight(f"attn.{p}.bias", [hidden], scale=0.1))
                 for p in "qkv"]
        if not self.style.packed_qkv:
            return [self.op("Add", self.op("MatMul", x, w), b) for w, b in parts]
        w, b = self.pack(parts)
        if self.style.gemm:
            flat = self.op("Reshape", x, self.ints(-1, hidden))
            y = self.reshape(self.op("Gemm", flat, w, b), [*lead, 3 * hidden],
                             like=x)
        else:
            y = self.op("Add", self.op("MatMul", x, w), b)
        return self.op("Split", y, self.ints(hidden, hidden, hidden), axis=2,
                       outputs=3)

    def pack(self, parts):
        """Replaces the three weights (and biases) by one each."""
        packed = []
        for names, axis in zip(zip(*parts), (1, 0)):
            found = {t.name: t for t in self.initializers if t.name in names}
            self.initializers = [t for t in self.initializers
                                 if t.name not in names]
            arrays = [numpy_helper.to_array(found[n]) for n in names]
            packed.append(self.initializer(names[0].replace(".q.", ".qkv."),
                                           np.concatenate(arrays, axis=axis)))
        return packed

    def causal_mask(self, scores, seq):
        if not self.style.where_mask:
            lowest = np.finfo(self.through).min
            mask = np.triu(np.full((1, 1, seq, seq), lowest, self.dtype), 1)
            return self.op("Add", scores, self.const(mask))
        # GPT-2's buffer is a triangle for all positions, sliced to the length.
        size = 2 * seq
        triangle = self.const(np.tril(np.ones((1, 1, size, size), bool)), bool)
        rows = self.op("Slice", triangle, self.ints(0), self.ints(seq), self.ints(2))
        mask = self.op("Slice", rows, self.ints(0), self.ints(seq), self.ints(3))
        return self.op("Where", mask, scores, self.const(-1e4))

    def attention(self, x, batch, seq, hidden, heads, mask=None, causal=False):
        """Multi-head attention of x [batch, seq, hidden]; `mask` is added."""
        size = hidden // heads
        q, k, v = self.qkv(x, [batch, seq], hidden)
        split = [batch, seq, heads, size]
        q, v = (self.op("Transpose", self.reshape(t, split), perm=[0, 2, 1, 3])
                for t in (q, v))
        k = self.op("Transpose", self.reshape(k, split), perm=[0, 2, 3, 1])
        scores = self.op("Div", self.op("MatMul", q, k),
                         self.const(np.sqrt(float(size))))
        if causal:
            scores = self.causal_mask(scores, seq)
        if mask is not None:
            scores = self.op("Add", scores, mask)
        probs = self.op("Softmax", scores, axis=-1)
        mixed = self.op("Transpose", self.op("MatMul", probs, v),
                        perm=[0, 2, 1, 3])
        mixed = self.reshape(mixed, [batch, seq, hidden])
        return self.linear(mixed, [batch, seq], hidden, hidden, "attn.proj")

    def cache_write(self, cache, row, position, shape, spelling):
        """`cache` with `row` [1, heads, 1, size] at `position` of dimension 2."""
        _, heads, capacity, size = shape
        if spelling == "where":
            slots = self.const(np.arange(capacity)[:, None], np.int64)
            here = self.op("Equal", slots, position)
            return self.op("Where", here, row, cache)
        if spelling == "scatter_elements":
            index = self.op("Reshape", position, self.ints(1, 1, 1, 1))
            index = self.op("Expand", index, self.ints(1, heads, 1, size))
            return self.op("ScatterElements", cache, index, row, axis=2)
        first = [2, 0, 1, 3]
        index = self.op("Reshape", position, self.ints(1, 1))
        cache, row = (self.op("Transpose", t, perm=first) for t in (cache, row))
        written = self.op("ScatterND", cache, index, row)
        return self.op("Transpose", written, perm=[1, 2, 0, 3])

    def cached_attention(self, x, caches, position, late, heads, spelling):
        """Attention of one token over caches that its key and value go into;
        where `late`, a slot is not seen. Returns the result and the caches."""
        shape = list(self.shape_of(caches[0]))
        size, hidden = shape[3], heads * shape[3]
        q, k, v = (self.op("Transpose", self.reshape(t, [1, 1, heads, size]),
                           perm=[0, 2, 1, 3])
                   for t in self.qkv(x, [1, 1], hidden))
        written = [self.cache_write(c, row, position, shape, spelling)
                   for c, row in zip(caches, (k, v))]
        keys = self.op("Transpose", written[0], perm=[0, 1, 3, 2])
        scores = self.op("Div", self.op("MatMul", q, keys),
                         self.const(np.sqrt(float(size))))
        if self.style.where_mask:
            scores = self.op("Where", late, self.const(-1e4), scores)
        else:
            low = self.op("Where", late, self.const(-3.4028235e38), self.const(0.0))
            scores = self.op("Add", scores, low)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), written[1])
        mixed = self.reshape(self.op("Transpose", mixed, perm=[0, 2, 1, 3]),
                             [1, 1, hidden])
        return self.linear(mixed, [1, 1], hidden, hidden, "attn.proj"), written

    def shape_of(self, name):
        """Shape of a graph input."""
        return next(value.shape for info, value in zip(self.inputs, self.samples)
                    if info.name == name)
