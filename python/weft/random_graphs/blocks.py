# weft/random_graphs/blocks.py - Parts of transformers in the spellings of exporters
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Linear layers, norms, activations, masks and attention, each in one of the
# spellings that exporters write, chosen by the builder's generator. Recipes are
# made of them.

import numpy as np

from .builder import FLOAT, Value


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


def pad_mask(b, batch, keys, void=False):
    """A mask of padded keys: none or what adds it to the scores; with `void`
    perhaps one without any key. (Weft takes a causal mask of -1e4 for -inf, which
    tells if nothing else is left.)"""
    how = b.pick("none", "ints", "ints", "min", "bool", "float", "where", *["void"] * void)
    if how == "none":
        return []
    if how in ("ints", "min"):
        bias = additive_mask(b, padding_input(b, batch, keys, b.pick(np.int64, np.int32)),
                             -1e4 if how == "ints" else -3.4028235e38)
        return [lambda s: b.add(s, bias) if b.chance(0.7) else b.add(bias, s)]
    if how == "void":  # -inf, for all keys of the last row: NaN
        value = np.where(padding(batch, keys), 0, -np.inf).astype(np.float32)
        value[-1] = -np.inf
        bias = Value(b.g.input(b.fresh("mask"), value[:, None, None]), [batch, 1, 1, keys])
        return [lambda s: b.add(s, bias)]
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
