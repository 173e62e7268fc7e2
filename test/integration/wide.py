# test/integration/wide.py - Numbers that f16 does not hold, with --dtype=f16
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Angles of positions far along, integers beyond 2048, sums of integers beyond
# 65504: --dtype=f16 is for features, so all three agree with f32 arithmetic on f16
# weights. Rounding to 8 bits may fall to the other side of a half: there the
# oracle's excuse counts.
#
#   python wide.py [--only TEXT] [--grid=3x2]

import sys

import numpy as np

import spellings
from spellings import Graph, f32  # noqa: F401  (cases are registered below)

CASES = []


def case(name):
    def register(build):
        CASES.append((name, "", "", 17, build))
        return build
    return register


def columns(g, x, start, stop):
    return g.Slice(x, np.array([start]), np.array([stop]), np.array([2]))


@case("rotary embedding from position 3001 on")
def far_rotary(g):
    x = g.input("x", f32(2, 4, 8))
    places = g.input("places", np.arange(4)[None] + np.array([[1500], [3001]]))
    rates = (10000.0 ** -(np.arange(4) / 4)).astype(np.float32)
    angles = g.MatMul(g.Unsqueeze(g.Cast(places, to=1), np.array([2])), rates[None])
    angles = g.Concat(angles, angles, axis=-1)
    turned = g.Concat(g.Neg(columns(g, x, 4, 8)), columns(g, x, 0, 4), axis=-1)
    return g.Add(g.Mul(x, g.Cos(angles)), g.Mul(turned, g.Sin(angles)))


@case("rows of a table at places counted in floats")
def counted(g):
    ones = g.input("ones", np.ones((1, 4), np.float32))
    places = g.Cast(g.Add(g.CumSum(ones, np.array(1)), np.array(2056, np.float32)), to=7)
    return g.Gather(f32(2100, 8), places)


@case("a dynamically quantised product")
def dynamic(g):
    x = g.input("x", f32(4, 32))
    weight = spellings.RNG.integers(-127, 128, (32, 8)).astype(np.int8)
    q, scale, zero = g.DynamicQuantizeLinear(x, outputs=3)
    product = g.MatMulInteger(q, weight, zero)
    factor = g.Mul(scale, np.array(0.0007, np.float32))
    return g.Add(g.Mul(g.Cast(product, to=1), factor), f32(8))


if __name__ == "__main__":
    sys.exit(spellings.main(CASES, "graphs"))
