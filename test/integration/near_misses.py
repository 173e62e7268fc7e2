# test/integration/near_misses.py - What looks like an op of nn, and its numbers
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   near_misses.py [--only TEXT] [--grid WxH] [options of weftc]
#
# Graphs that differ in one point from what the raising passes know: either they
# stay as they are, or the op that they become gives the same numbers, also where
# a query sees no key, where x is far from 0 and where a type is narrow.

import sys

import numpy as np
import spellings
from onnx import TensorProto
from spellings import f32

CASES = []
RAISED, KEPT = ("nn.attention", "nn.softmax"), ("nn.softmax", "nn.attention")
T = 4
TRIANGLE = np.tril(np.ones((1, 1, T, T), np.float32))
LEAST = np.finfo(np.float32).min


def case(name, has, lacks, opset=17):
    def add(build):
        CASES.append((name, has, lacks, opset, build))
        return build
    return add


def blind(value=False):
    """A mask with a query, the second, that sees no key."""
    seen = np.full((1, 1, T, T), not value, np.bool_)
    seen[0, 0, 1] = value
    return seen


def scores(g, size=1.0):
    scaled = np.float32(size)
    return g.MatMul(g.input("q", f32(1, 2, T, 4) * scaled), g.input("k", f32(1, 2, 4, T) * scaled))


def finish(g, s):
    return g.MatMul(g.Softmax(s, axis=-1), g.input("v", f32(1, 2, T, 4)))


@case("factor-after-mask", *KEPT)
def factor_after_mask(g):
    """(s + mask) times the triangle makes hidden scores 0, which is visible."""
    s = g.Add(scores(g), (TRIANGLE - 1) * np.float32(1e4))
    return finish(g, g.Mul(s, TRIANGLE))


@case("factor-before-mask", *RAISED)
def factor_before_mask(g):
    return finish(g, g.Add(g.Mul(scores(g), TRIANGLE), (TRIANGLE - 1) * np.float32(1e4)))


for fill in (-1e4, -65504.0, -1e9):
    @case(f"select-{-fill:.0f}", *RAISED)
    def select(g, fill=fill):
        """Where no key is visible all weigh the same."""
        m = g.input("m", blind())
        return finish(g, g.Where(m, scores(g, 2), np.float32(fill)))


@case("select-twice", *KEPT)
def select_twice(g):
    """What the second select hides is not what the first did."""
    first, second = blind(), blind()
    first[0, 0, 1, 2:], second[0, 0, 1, :1] = True, True
    s = g.Where(g.input("m", first), scores(g), np.float32(-1e9))
    return finish(g, g.Where(g.input("n", second), s, np.float32(-1e9)))


@case("select-then-add", *KEPT)
def select_then_add(g):
    s = g.Where(g.input("m", blind()), scores(g), np.float32(-1e4))
    return finish(g, g.Add(s, g.input("b", f32(1, 1, T, T))))


@case("clamp-then-scale", *KEPT)
def clamp_then_scale(g):
    """The clamp is far below 0, but the scores are too."""
    s = g.Max(scores(g, 300), np.float32(-2e4))
    return finish(g, g.Mul(s, np.float32(1e-5)))


@case("clamp-of-infinity", *RAISED)
def clamp_of_infinity(g):
    m = g.input("m", np.where(blind(), 0, -np.inf).astype(np.float32))
    return finish(g, g.Max(g.Add(scores(g), m), LEAST))


@case("clamp-of-least", *RAISED)
def clamp_of_least(g):
    """OPT of Hugging Face."""
    m = g.input("m", np.where(blind(), 0, LEAST).astype(np.float32))
    return finish(g, g.Max(g.Add(scores(g), m), LEAST))


@case("clamp-then-mask", *KEPT)
def clamp_then_mask(g):
    m = g.input("m", np.where(TRIANGLE, 0, -np.inf).astype(np.float32))
    return finish(g, g.Add(g.Max(scores(g), LEAST), m))


@case("clamp-near-mask", *KEPT)
def clamp_near_mask(g):
    m = np.zeros((1, 1, T, T), np.float32)
    m[0, 0, 1] = [-1e5, -1.0001e5, -1e5, -9.9999e4]
    return finish(g, g.Max(g.Add(scores(g), g.input("m", m)), np.float32(-1e5)))


@case("probabilities-whole", *KEPT)
def probabilities_whole(g):
    p = g.Cast(g.Softmax(scores(g, 6), axis=-1), to=TensorProto.INT32)
    return g.MatMul(g.Cast(p, to=TensorProto.FLOAT), g.input("v", f32(1, 2, T, 4)))


@case("mask-of-rank-5", *KEPT)
def rank_5(g):
    """The mask is one for each pair of heads, not for each batch."""
    s = g.MatMul(g.input("q", f32(2, 4, T, T)), g.input("k", f32(2, 4, T, T)))
    s = g.Reshape(s, np.array([2, 2, 2, T, T]))
    s = g.Add(s, g.input("m", f32(2, 1, T, T) * np.float32(3)))
    s = g.Reshape(s, np.array([2, 4, T, T]))
    return g.MatMul(g.Softmax(s, axis=-1), g.input("v", f32(2, 4, T, T)))


def half(g, norm, op):
    """A norm in f32, cast to f16, with a scale or bias in f16."""
    y = getattr(g, op)(g.Cast(norm, to=TensorProto.FLOAT16), f32(16).astype(np.float16))
    return g.Cast(y, to=TensorProto.FLOAT)


def centred(g, x):
    return g.Sub(x, g.ReduceMean(x, axes=[-1]))


def quotient(g, c):
    square = g.ReduceMean(g.Mul(c, c), axes=[-1])
    return g.Div(c, g.Sqrt(g.Add(square, np.float32(1e-5))))


@case("layer-norm-then-half", "nn.layer_norm", "nn.div")
def layer_norm_then_half(g):
    """x in f16 would have lost what makes the deviation."""
    x = g.input("x", f32(4, 16) + np.float32(3000))
    return half(g, quotient(g, centred(g, x)), "Mul")


@case("layer-norm-op-then-half", "nn.layer_norm", "nn.div")
def layer_norm_op_then_half(g):
    x = g.input("x", f32(4, 16) + np.float32(3000))
    return half(g, g.LayerNormalization(x, f32(16), axis=-1), "Add")


@case("rms-norm-then-half", "nn.rms_norm", "nn.div")
def rms_norm_then_half(g):
    """x in f16 would be infinite."""
    return half(g, quotient(g, g.input("x", f32(4, 16) * np.float32(1e5))), "Mul")


@case("mean-of-columns", "nn.rms_norm", "nn.layer_norm")
def mean_of_columns(g):
    x = g.input("x", f32(16, 16))
    return quotient(g, g.Sub(x, g.ReduceMean(x, axes=[0])))


if __name__ == "__main__":
    sys.exit(spellings.main(CASES, "near misses"))
