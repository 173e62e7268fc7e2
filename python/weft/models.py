# weft/models.py - The project's own models
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Small transformers with seeded weights, spelled as exporters spell them:
#
#   python -m weft.models gpt2 --hidden 64 --layers 2 -o DIR
#
# writes DIR/model.onnx, the inputs DIR/input_K.pb and, where ONNX Runtime is
# installed, its outputs DIR/output_K.pb.

import argparse
import sys

import numpy as np

from . import onnxio
from .builder import CACHES, STYLES, Graph, seeded


def token_ids(seed, name, shape, vocab):
    """Seeded token ids, as uniform as the model needs them."""
    draws = seeded(seed, name, shape, 1 << 14)
    return (np.abs(draws).astype(np.int64) * 7919 + 13) % vocab


def gpt2(args):
    """Decoder in GPT-2's form: pre-norm, tanh GELU, tied output weights."""
    style = STYLES[args.style]
    g = Graph("gpt2", style, args.seed, args.dtype, args.through)
    batch, seq, hidden = args.batch, args.seq, args.hidden
    ids = g.input("input_ids", token_ids(args.seed, "input_ids", [batch, seq],
                                         args.vocab))
    table = g.weight("wte", [args.vocab, hidden], scale=0.5)
    where = g.const(np.arange(seq, dtype=np.int64)[None, :], np.int64)
    position = g.op("Gather", g.weight("wpe", [seq, hidden], scale=0.25), where,
                    axis=0)
    x = g.op("Add", g.op("Gather", table, ids, axis=0), position)
    for layer in range(args.layers):
        g.scope = [f"h.{layer}"]
        n = g.layer_norm(x, hidden, "ln_1")
        x = g.op("Add", g.attention(n, batch, seq, hidden, args.heads,
                                    causal=True), x)
        n = g.layer_norm(x, hidden, "ln_2")
        n = g.linear(n, [batch, seq], hidden, 4 * hidden, "mlp.fc")
        n = g.gelu(n, "tanh")
        x = g.op("Add", x, g.linear(n, [batch, seq], 4 * hidden, hidden, "mlp.proj"))
    g.scope = []
    x = g.layer_norm(x, hidden, "ln_f")
    logits = g.op("MatMul", x, g.op("Transpose", table, perm=[1, 0]))
    g.output(logits, "logits", [batch, seq, args.vocab])
    return g


def padded_mask(batch, seq):
    """Ones, then zeros where a row is padded: row b ends after seq - 11*b % seq."""
    mask = np.zeros((batch, seq), np.int64)
    for row in range(batch):
        mask[row, : seq - (11 * row) % seq] = 1
    return mask


def bert(args):
    """Encoder in BERT's form: post-norm, erf GELU, padded rows in the mask."""
    style = STYLES[args.style]
    g = Graph("bert", style, args.seed, args.dtype, args.through)
    batch, seq, hidden = args.batch, args.seq, args.hidden
    ids = g.input("input_ids", token_ids(args.seed, "input_ids", [batch, seq],
                                         args.vocab))
    mask = g.input("attention_mask", padded_mask(batch, seq))
    kinds = g.input("token_type_ids",
                    np.tile(np.arange(seq) * 2 // seq, (batch, 1)).astype(np.int64))
    scale = 0.5
    words = g.op("Gather", g.weight("word", [args.vocab, hidden], scale), ids, axis=0)
    types = g.op("Gather", g.weight("type", [2, hidden], scale), kinds, axis=0)
    where = g.const(np.arange(seq, dtype=np.int64)[None, :], np.int64)
    position = g.op("Gather", g.weight("position", [seq, hidden], scale), where,
                    axis=0)
    x = g.op("Add", g.op("Add", words, types), position)
    x = g.layer_norm(x, hidden, "embed.norm", 1e-12)
    # (1 - mask) * -10000, over heads and queries.
    wide = g.op("Unsqueeze", g.op("Unsqueeze", mask, g.ints(1)), g.ints(2))
    wide = g.op("Cast", wide, to=onnxio.elem_type(args.dtype))
    bias = g.op("Mul", g.op("Sub", g.const(1.0), wide), g.const(-1e4))
    for layer in range(args.layers):
        g.scope = [f"layer.{layer}"]
        y = g.attention(x, batch, seq, hidden, args.heads, mask=bias)
        x = g.layer_norm(g.op("Add", y, x), hidden, "attn.norm", 1e-12)
        y = g.linear(x, [batch, seq], hidden, 4 * hidden, "mlp.fc")
        y = g.linear(g.gelu(y, "erf"), [batch, seq], 4 * hidden, hidden, "mlp.proj")
        x = g.layer_norm(g.op("Add", y, x), hidden, "mlp.norm", 1e-12)
    g.scope = []
    g.output(x, "last_hidden_state", [batch, seq, hidden])
    return g


def mlp(args):
    """MatMul, bias and GELU: sizes that divide no usual rectangle."""
    g = Graph("mlp", STYLES[args.style], args.seed, args.dtype, args.through)
    x = g.input("x", seeded(args.seed, "x", [args.seq, args.hidden],
                            1.0).astype(args.dtype))
    inner = args.inner or 3 * args.hidden + 1
    x = g.gelu(g.linear(x, [args.seq], args.hidden, inner, "fc"), "erf")
    x = g.linear(x, [args.seq], inner, args.hidden, "proj")
    g.output(x, "y", [args.seq, args.hidden])
    return g


def attention(args):
    """One causal attention block: norm, attention, residual."""
    g = Graph("attention", STYLES[args.style], args.seed, args.dtype, args.through)
    shape = [args.batch, args.seq, args.hidden]
    x = g.input("x", seeded(args.seed, "x", shape, 1.0).astype(args.dtype))
    n = g.layer_norm(x, args.hidden, "norm")
    y = g.attention(n, args.batch, args.seq, args.hidden, args.heads, causal=True)
    g.output(g.op("Add", y, x), "y", shape)
    return g


def decoder(args):
    """One token of GPT-2 with caches of fixed capacity (--seq): the position says
    where the token's key and value go, and what it sees."""
    style = STYLES[args.style]
    g = Graph("decoder", style, args.seed, args.dtype)
    hidden, heads, capacity = args.hidden, args.heads, args.seq
    size = hidden // heads
    ids = g.input("input_ids", token_ids(args.seed, "input_ids", [1, 1], args.vocab))
    position = g.input("position", np.zeros(1, np.int64))
    empty = np.zeros([1, heads, capacity, size], args.dtype)
    caches = [[g.input(f"past_{part}_{layer}", empty) for part in ("key", "value")]
              for layer in range(args.layers)]
    table = g.weight("wte", [args.vocab, hidden], scale=0.5)
    where = g.op("Gather", g.weight("wpe", [capacity, hidden], scale=0.25),
                 g.op("Reshape", position, g.ints(1, 1)), axis=0)
    x = g.op("Add", g.op("Gather", table, ids, axis=0), where)
    late = g.op("Greater", g.ints(*range(capacity)), position)
    for layer, pasts in enumerate(caches):
        g.scope = [f"h.{layer}"]
        n = g.layer_norm(x, hidden, "ln_1")
        y, caches[layer] = g.cached_attention(n, pasts, position, late, heads,
                                              args.cache)
        x = g.op("Add", y, x)
        n = g.layer_norm(x, hidden, "ln_2")
        n = g.gelu(g.linear(n, [1, 1], hidden, 4 * hidden, "mlp.fc"), "tanh")
        x = g.op("Add", x, g.linear(n, [1, 1], 4 * hidden, hidden, "mlp.proj"))
    g.scope = []
    x = g.layer_norm(x, hidden, "ln_f")
    # Not tied: the likeliest token would often be the one just read.
    logits = g.op("MatMul", x, g.weight("head", [hidden, args.vocab]))
    g.output(logits, "logits", [1, 1, args.vocab])
    for layer, presents in enumerate(caches):
        for part, present in zip(("key", "value"), presents):
            g.output(present, f"present_{part}_{layer}", list(empty.shape))
    return g


def image(seed, batch, rows, columns):
    """Seeded pixels of three channels."""
    return seeded(seed, "pixel_values", [batch, 3, rows, columns], 1.0)


def vit(args):
    """Vision transformer: patches of an image by a convolution, a class token,
    pre-norm layers, erf GELU, logits of the class token. The patches, --seq of
    them, lie in as square a grid as their number allows."""
    style = STYLES[args.style]
    g = Graph("vit", style, args.seed, args.dtype, args.through)
    batch, patches, hidden, size = args.batch, args.seq, args.hidden, args.patch
    high = max(d for d in range(1, patches + 1) if patches % d == 0 and d * d <= patches)
    wide = patches // high
    pixels = image(args.seed, batch, high * size, wide * size).astype(args.dtype)
    x = g.input("pixel_values", pixels)
    scale = 1.0 / np.sqrt(3 * size * size)
    x = g.op("Conv", x, g.weight("patch.weight", [hidden, 3, size, size], scale),
             g.weight("patch.bias", [hidden], scale=0.1), kernel_shape=[size, size],
             strides=[size, size], pads=[0, 0, 0, 0], dilations=[1, 1], group=1)
    x = g.reshape(x, [batch, hidden, patches])
    x = g.op("Transpose", x, perm=[0, 2, 1])
    token = g.op("Expand", g.weight("cls_token", [1, 1, hidden], scale=0.5),
                 g.ints(batch, 1, hidden))
    x = g.op("Concat", token, x, axis=1)
    seq = patches + 1
    x = g.op("Add", x, g.weight("position", [1, seq, hidden], scale=0.25))
    for layer in range(args.layers):
        g.scope = [f"layer.{layer}"]
        n = g.layer_norm(x, hidden, "norm_before", 1e-12)
        x = g.op("Add", g.attention(n, batch, seq, hidden, args.heads), x)
        n = g.layer_norm(x, hidden, "norm_after", 1e-12)
        n = g.gelu(g.linear(n, [batch, seq], hidden, 4 * hidden, "mlp.fc"), "erf")
        x = g.op("Add", g.linear(n, [batch, seq], 4 * hidden, hidden, "mlp.proj"), x)
    g.scope = []
    x = g.layer_norm(x, hidden, "norm", 1e-12)
    x = g.op("Gather", x, g.const(np.int64(0), np.int64), axis=1)
    classes = 10
    logits = g.op("Gemm", x, g.weight("head.weight", [hidden, classes]),
                  g.weight("head.bias", [classes], scale=0.1))
    g.output(logits, "logits", [batch, classes])
    return g


KINDS = {"gpt2": gpt2, "vit": vit, "decoder": decoder, "bert": bert, "mlp": mlp, "attention": attention}
# What --batch, --seq and --hidden are where they are not given.
DEFAULTS = {
    "gpt2": dict(batch=1, seq=32, hidden=64),
    "decoder": dict(batch=1, seq=16, hidden=64),
    "bert": dict(batch=2, seq=32, hidden=64),
    "vit": dict(batch=1, seq=15, hidden=64),
    "mlp": dict(batch=1, seq=17, hidden=23),
    "attention": dict(batch=1, seq=16, hidden=32),
}


def parser():
    p = argparse.ArgumentParser(prog="weft.models", description=__doc__)
    p.add_argument("kind", choices=sorted(KINDS))
    p.add_argument("--hidden", type=int)
    p.add_argument("--inner", type=int, help="mlp: width of the inner layer")
    p.add_argument("--patch", type=int, default=4, help="vit: width of a patch")
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--seq", type=int)
    p.add_argument("--vocab", type=int, default=256)
    p.add_argument("--batch", type=int)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--style", choices=sorted(STYLES), default="fused17")
    p.add_argument("--cache", choices=CACHES, default="where",
                   help="decoder: spelling of the caches' updates")
    p.add_argument("--dtype", choices=["float32", "float16"], default="float32")
    p.add_argument("--through", choices=["float16"],
                   help="round weights and constants to this type first")
    p.add_argument("--no-outputs", action="store_true",
                   help="do not run ONNX Runtime")
    p.add_argument("-o", "--output", required=True, metavar="DIR")
    return p


def options(kind, **values):
    """Parsed options of a model, named as on the command line, without dashes."""
    words = [kind, "-o", "-"]
    for key, value in values.items():
        words += [f"--{key.replace('_', '-')}", str(value)]
    return parser().parse_args(words)


def build(kind, **values):
    return build_parsed(options(kind, **values))


def build_parsed(args):
    for key, value in DEFAULTS[args.kind].items():
        if getattr(args, key) is None:
            setattr(args, key, value)
    if args.hidden % args.heads and args.kind != "mlp":
        sys.exit(f"weft.models: --hidden {args.hidden} is no multiple of "
                 f"--heads {args.heads}")
    return KINDS[args.kind](args)


def reference(args, graph, optimised=False):
    """Outputs of ONNX Runtime; of a float16 model those of float32 arithmetic on
    its weights, rounded at the end."""
    if args.dtype == "float32":
        return onnxio.run_runtime(graph.model(), graph.samples, optimised)
    narrow = np.dtype(args.dtype)
    wide = build_parsed(argparse.Namespace(
        **{**vars(args), "dtype": "float32", "through": args.dtype}))
    samples = [s.astype(np.float32) if s.dtype == narrow else s
               for s in graph.samples]
    outputs = onnxio.run_runtime(wide.model(), samples, optimised)
    return [o.astype(narrow) if o.dtype == np.float32 else o for o in outputs]


def main(argv=None):
    args = parser().parse_args(argv)
    graph = build_parsed(args)
    outputs = None
    if not args.no_outputs:
        if onnxio.have_runtime():
            outputs = reference(args, graph)
        else:
            print("weft.models: onnxruntime is not installed, no outputs written",
                  file=sys.stderr)
    onnxio.write_case(args.output, graph, outputs)


if __name__ == "__main__":
    main()
