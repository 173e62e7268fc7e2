# weft/random_graphs/models.py - Recipes for attention and small whole models
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# What transformers are made of, at sizes that divide nothing in particular:
# attention alone, blocks of several families, models from tokens to logits.

import numpy as np

from .blocks import (activation, attention, attention_core, block, causal, heads_of,
                     layer_norm, linear, mlp, pad_mask, rotate, width)
from .builder import FLOAT, Value
from .ops import step_elementwise


def recipe_attention(b):
    batch, seq = b.size(1, 3), b.length(1, 12)
    x = b.input([batch, seq, width(b)])
    is_causal = b.chance(0.5)
    masks = pad_mask(b, batch, seq, void=not is_causal)
    y = attention(b, x, masks=masks, is_causal=is_causal)
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


def recipe_attention_op(b):
    """Attention of opset 23; bool masks may leave a query without keys."""
    b.use_opset(23)
    batch, heads, size = b.size(1, 2), b.pick(1, 2, 4), b.pick(3, 4, 8)
    seq, past = b.size(1, 7), b.pick(0, 0, 0, b.size(1, 4))
    fresh = b.pick(seq, seq, b.size(1, 9))
    groups = heads if b.chance(0.7) else b.pick(*(g for g in (1, 2, 4) if heads % g == 0))
    four = b.chance(0.5)

    def operand(count, rows):
        if four:
            return b.input([batch, count, rows, size])
        return b.input([batch, rows, count * size])

    q, k, v = operand(heads, seq), operand(groups, fresh), operand(groups, fresh)
    attrs = {} if four else {"q_num_heads": heads, "kv_num_heads": groups}
    if b.chance(0.3):
        attrs["is_causal"] = 1
    if b.chance(0.3):
        attrs["scale"] = 0.3
    if b.chance(0.2):
        attrs["softcap"] = 5.0
    keys = past + fresh
    shape = b.pick([seq, keys], [1, 1, seq, keys], [batch, 1, seq, keys],
                   [batch, heads, seq, keys])
    kind = b.pick("none", "bool", "bool", "float")
    mask = None
    if kind == "bool":
        keep = np.array([b.chance(0.6) for _ in range(int(np.prod(shape)))], bool)
        mask = Value(b.g.input(b.fresh("mask"), keep.reshape(shape)), shape, bool)
    elif kind == "float":
        mask = b.input(shape)
    args = [q, k, v, mask]
    if past:
        args += [b.input([batch, groups, past, size]) for _ in range(2)]
    while args[-1] is None:
        args.pop()
    if past:
        names = b.g.op("Attention", *[a.name if a else "" for a in args], outputs=3,
                       **attrs)
        y = Value(names[0], q.shape)
        for name in names[1:]:
            b.output(Value(name, [batch, groups, keys, size]))
    else:
        y = b.op("Attention", *args, shape=q.shape, **attrs)
    b.output(y)


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
