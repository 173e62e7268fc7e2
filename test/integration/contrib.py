# test/integration/contrib.py - ONNX Runtime's transformer ops, against itself
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Small graphs of one com.microsoft op each, in the forms that ONNX Runtime's
# optimiser and model builder write: compiled, verified, run, and compared with
# ONNX Runtime. A refusal is a failure here.
#
#   python contrib.py [--only TEXT] [--grid=3x2]

import argparse
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper

from weft import conform

TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float16): TensorProto.FLOAT16,
         np.dtype(np.int32): TensorProto.INT32, np.dtype(np.int64): TensorProto.INT64,
         np.dtype(np.bool_): TensorProto.BOOL,
         np.dtype(np.uint8): TensorProto.UINT8, np.dtype(np.int8): TensorProto.INT8}
RNG = np.random.default_rng(4)
CASES = {}


def f32(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def i32(*values):
    return np.array(values, np.int32)


def case(name, op, inputs, outputs, constant=(), **attributes):
    """`inputs`: name -> array, None where absent; `constant`: names of weights."""
    CASES[name] = (op, inputs, outputs, constant, attributes)


def build(op, inputs, outputs, constant, attributes):
    names = [n if v is not None else "" for n, v in inputs.items()]
    node = helper.make_node(op, names, [o if s is not None else "" for o, s in outputs.items()],
                            "op", domain="com.microsoft", **attributes)
    there = {n: v for n, v in inputs.items() if v is not None}
    info = {n: helper.make_tensor_value_info(n, TYPES[v.dtype], v.shape)
            for n, v in there.items() if n not in constant}
    outs = [helper.make_tensor_value_info(
        o, TensorProto.INT32 if o == "mask_index" else TensorProto.FLOAT, s)
            for o, s in outputs.items() if s is not None]
    graph = helper.make_graph([node], "g", list(info.values()), outs,
                              [onnx.numpy_helper.from_array(there[n], n)
                               for n in constant if n in there])
    model = helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)])
    return model, [there[n] for n in info]


# -- Attention ---------------------------------------------------------------


def packed(name, mask=None, past=None, bias=None, rows=4, sizes=(8, 8, 8), **more):
    """2 heads over 2 batch entries."""
    q, k, v = sizes
    total = rows + (0 if past is None else past)
    inputs = {"x": f32(2, rows, 8), "w": f32(8, q + k + v) * np.float32(0.3),
              "b": f32(q + k + v), "mask": mask,
              "past": None if past is None else f32(2, 2, 2, past, k // 2),
              "bias": bias}
    outputs = {"y": (2, rows, v)}
    if past is not None:
        outputs["present"] = (2, 2, 2, total, k // 2)
    case(name, "Attention", inputs, outputs, ("w", "b"), num_heads=2, **more)


packed("attention")
packed("attention-causal", unidirectional=1)
packed("attention-lengths", mask=i32(4, 2))
packed("attention-lengths-causal", mask=i32(4, 2), unidirectional=1)
packed("attention-ranges", mask=i32(4, 3, 1, 0))
packed("attention-mask2d", mask=i32(1, 1, 1, 0, 0, 1, 1, 1).reshape(2, 4))
packed("attention-mask2d-causal", mask=i32(1, 1, 1, 0, 0, 1, 1, 1).reshape(2, 4),
       unidirectional=1)
packed("attention-mask3d", mask=(RNG.random((2, 4, 4)) > 0.4).astype(np.int32))
packed("attention-mask3d-past", mask=(RNG.random((2, 4, 7)) > 0.4).astype(np.int32), past=3)
packed("attention-mask3d-causal", unidirectional=1,
       mask=i32(0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1).reshape(1, 4, 4).repeat(2, 0))
packed("attention-filter", mask=i32(1, 1, 1, 0, 0, 1, 1, 1).reshape(2, 4),
       mask_filter_value=-3.0)
packed("attention-past", past=3)
packed("attention-past-causal", past=3, unidirectional=1)
packed("attention-past-step", past=3, rows=1, unidirectional=1,
       mask=i32(1, 1, 1, 1, 0, 1, 1, 1).reshape(2, 4))
packed("attention-bias", bias=f32(2, 2, 4, 4))
packed("attention-bias-broadcast", bias=f32(1, 2, 4, 4))
packed("attention-wide-values", sizes=(8, 8, 12), qkv_hidden_sizes=[8, 8, 12])
packed("attention-narrow-values", sizes=(12, 12, 4), qkv_hidden_sizes=[12, 12, 4])
packed("attention-scale", scale=0.7)


# -- MultiHeadAttention ------------------------------------------------------


def multi(name, rows=4, keys=5, q=None, k=None, v=None, bias=None, mask=None, added=None,
          past=None, present=False, width=8, **more):
    total = keys + (past or 0)
    inputs = {"q": f32(2, rows, 8) if q is None else q,
              "k": f32(2, keys, 8) if k is None else k,
              "v": f32(2, keys, width) if v is None else v,
              "bias": bias, "mask": mask, "added": added,
              "past_k": f32(2, 2, past, 4) if past else None,
              "past_v": f32(2, 2, past, width // 2) if past else None}
    outputs = {"y": (2, rows, width)}
    if present:
        outputs |= {"present_k": (2, 2, total, 4), "present_v": (2, 2, total, width // 2)}
    case(name, "MultiHeadAttention", inputs, outputs, ("bias",) if bias is not None else (),
         num_heads=2, **more)


multi("multi")
multi("multi-bias", bias=f32(24))
multi("multi-wide-values", width=12)
multi("multi-heads-apart", k=f32(2, 2, 5, 4), v=f32(2, 2, 5, 4))
multi("multi-lengths", mask=i32(5, 3))
multi("multi-lengths-sums", mask=i32(5, 3, 0, 4, 8, 0, 5, 10))
multi("multi-mask2d", mask=i32(1, 1, 1, 0, 1, 1, 0, 1, 1, 1).reshape(2, 5))
multi("multi-mask3d", mask=(RNG.random((2, 4, 5)) > 0.4).astype(np.int32))
multi("multi-added", added=f32(2, 2, 4, 5))
multi("multi-causal", keys=4, unidirectional=1)
multi("multi-causal-few-keys", rows=5, keys=3, unidirectional=1)
multi("multi-causal-one-query", rows=1, keys=5, unidirectional=1)
multi("multi-past", rows=1, keys=1, past=4, present=True)
multi("multi-past-causal", rows=3, keys=3, past=4, present=True, unidirectional=1)




def shared(name, op, rows=1, **more):
    """A cache of 8 rows, of which 3 are written."""
    cache = {}
    for n in ("past_k", "past_v"):
        cache[n] = f32(2, 2, 8, 4)
        cache[n][:, :, 3:] = 0
    qkv = {n: f32(2, rows, 8) for n in "qkv"}
    length = np.array([3], np.int32)
    if op == "MultiHeadAttention":
        inputs = qkv | {"b": f32(24), "mask": None, "added": None} | cache | {"length": length}
    else:
        inputs = qkv | {"mask": None, "added": None} | cache | {
            "length": length, "beams": i32(1), "indirection": None, "b": f32(24)}
        more["past_present_share_buffer"] = 1
    case(name, op, inputs, {"y": (2, rows, 8), "present_k": (2, 2, 8, 4),
                            "present_v": (2, 2, 8, 4)}, ("b", "beams"), num_heads=2, **more)


shared("multi-shared", "MultiHeadAttention")
shared("multi-shared-causal", "MultiHeadAttention", rows=2, unidirectional=1)
shared("decoder-shared", "DecoderMaskedMultiHeadAttention")
case("decoder-cross", "DecoderMaskedMultiHeadAttention",
     {"q": f32(2, 1, 8), "k": f32(2, 2, 5, 4), "v": f32(2, 2, 5, 4), "mask": None},
     {"y": (2, 1, 8)}, num_heads=2)


# -- GroupQueryAttention -----------------------------------------------------


def group(name, rows=4, past=0, last=None, total=None, packed=False, rotary=False, sink=None,
          added=None, batch=2, places=None, **more):
    """4 heads of 16 over 2."""
    total = rows + past if total is None else total
    length = max(total, past)
    q = f32(batch, rows, 128) if packed else f32(batch, rows, 64)
    last = last or [total - 1] * batch

    def cache():
        """Zero where nothing was written: that is what ONNX Runtime returns."""
        full = f32(batch, 2, past, 16)
        for b in range(batch):
            full[b, :, last[b] + 1 - rows:] = 0
        return full if past else None

    half = np.arange(16)[:, None] * 0.5 ** np.arange(8)[None]
    inputs = {"q": q, "k": None if packed else f32(batch, rows, 32),
              "v": None if packed else f32(batch, rows, 32),
              "past_k": cache(), "past_v": cache(), "last": i32(*last), "total": np.array(total, np.int32),
              "cos": np.cos(half).astype(np.float32) if rotary else None,
              "sin": np.sin(half).astype(np.float32) if rotary else None,
              "places": places, "added": added, "sink": sink}
    outputs = {"y": (batch, rows, 64), "present_k": (batch, 2, length, 16),
               "present_v": (batch, 2, length, 16)}
    constant = ("total", "cos", "sin") if rotary else ("total",)
    case(name, "GroupQueryAttention", inputs, outputs, constant, num_heads=4, kv_num_heads=2,
         do_rotary=int(rotary), **more)


group("group")
group("group-packed", packed=True)
group("group-rotary", rotary=True)
group("group-rotary-interleaved", rotary=True, rotary_interleaved=1)
group("group-packed-rotary", packed=True, rotary=True)
group("group-step", rows=1, past=5)
group("group-step-rotary", rows=1, past=5, rotary=True)
group("group-step-capacity", rows=1, past=8, total=6, rotary=True)
group("group-step-lengths", rows=1, past=8, total=6, last=[5, 3], rotary=True)
group("group-chunk", rows=3, past=5, rotary=True, batch=1)
group("group-places", rotary=True, places=np.array([[3, 4, 5, 6], [3, 4, 5, 6]], np.int64))
group("group-places-step", rows=1, past=5, rotary=True, places=np.array([[2], [9]], np.int64))
group("group-scale", scale=0.6, qk_output=0, k_quant_type="NONE")
group("group-softcap", softcap=2.0)
group("group-window", rows=6, local_window_size=2)
group("group-window-step", rows=1, past=6, local_window_size=3)
group("group-smooth", smooth_softmax=1)
group("group-sink", sink=f32(4))
group("group-sink-step", rows=1, past=5, sink=f32(4))
group("group-added", added=f32(1, 4, 4, 4))


# -- Norms, products, rotary embedding ---------------------------------------

case("skip-norm", "SkipLayerNormalization",
     {"x": f32(2, 3, 8), "skip": f32(2, 3, 8), "gamma": f32(8), "beta": f32(8), "bias": f32(8)},
     {"y": (2, 3, 8), "mean": None, "inv": None, "sum": (2, 3, 8)}, ("gamma", "beta", "bias"),
     epsilon=1e-5)
case("skip-norm-broadcast", "SkipLayerNormalization",
     {"x": f32(2, 3, 8), "skip": f32(3, 8), "gamma": f32(8)}, {"y": (2, 3, 8)}, ("gamma",))
case("skip-rms-norm", "SkipSimplifiedLayerNormalization",
     {"x": f32(2, 3, 8), "skip": f32(2, 3, 8), "gamma": f32(8), "bias": f32(8)},
     {"y": (2, 3, 8), "mean": None, "inv": None, "sum": (2, 3, 8)}, ("gamma", "bias"))
case("embed", "EmbedLayerNormalization",
     {"ids": i32(0, 3, 1, 4, 4, 2).reshape(2, 3), "segments": i32(0, 1, 1, 0, 0, 1).reshape(2, 3),
      "word": f32(5, 8), "position": f32(4, 8), "segment": f32(2, 8), "gamma": f32(8),
      "beta": f32(8), "mask": i32(1, 1, 0, 1, 1, 1).reshape(2, 3)},
     {"y": (2, 3, 8), "mask_index": (2,)},
     ("word", "position", "segment", "gamma", "beta"))
for activation, numbers in (("Relu", {}), ("Tanh", {}), ("Sigmoid", {}), ("Elu", {"activation_alpha": 0.7}),
                            ("LeakyRelu", {"activation_alpha": 0.2}),
                            ("HardSigmoid", {"activation_alpha": 0.3, "activation_beta": 0.4})):
    case(f"fused-gemm-{activation}", "FusedGemm", {"x": f32(3, 8), "w": f32(5, 8), "b": f32(5)},
         {"y": (3, 5)}, ("w", "b"), activation=activation, transB=1, alpha=0.5, beta=2.0, **numbers)
case("fused-conv", "FusedConv", {"x": f32(1, 3, 6, 5), "w": f32(4, 3, 3, 3), "b": f32(4)},
     {"y": (1, 4, 6, 5)}, ("w", "b"), activation="Relu", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
case("fused-conv-sum", "FusedConv",
     {"x": f32(1, 3, 4, 4), "w": f32(4, 3, 2, 2), "b": f32(4), "z": f32(1, 4, 2, 2)},
     {"y": (1, 4, 2, 2)}, ("w", "b"), activation="Clip", activation_params=[-1.0, 1.5],
     kernel_shape=[2, 2], strides=[2, 2])


def integers(dtype, *shape):
    limits = np.iinfo(dtype)
    return RNG.integers(limits.min, limits.max + 1, shape).astype(dtype)


def quantized(name, columns=None, past=None, mask=None, **more):
    """QAttention as the quantiser of ONNX Runtime writes it; 2 heads of 4."""
    scale = np.abs(f32(24)) * np.float32(0.01) if columns else np.array(0.01, np.float32)
    inputs = {"x": integers(np.uint8, 2, 4, 8), "w": integers(np.int8, 8, 24), "b": f32(24),
              "xs": np.array(0.02, np.float32), "ws": scale, "mask": mask,
              "xz": np.array(120, np.uint8), "wz": np.zeros(24 if columns else (), np.int8),
              "past": None if past is None else f32(2, 2, 2, past, 4)}
    outputs = {"y": (2, 4, 8)}
    if past is not None:
        outputs["present"] = (2, 2, 2, 4 + past, 4)
    case(name, "QAttention", inputs, outputs, ("w", "b", "xs", "ws", "xz", "wz"), num_heads=2, **more)


quantized("quantized-attention")
quantized("quantized-attention-columns", columns=True, mask=i32(4, 2))
quantized("quantized-attention-past", past=3, unidirectional=1)
for flags in ("A", "B", "AB"):
    case(f"fused-matmul-batch-{flags}", "FusedMatMul",
         {"a": f32(3, 2, 4) if "A" in flags else f32(2, 3, 4),
          "b": f32(4, 2, 5) if "B" in flags else f32(2, 4, 5)}, {"y": (2, 3, 5)},
         alpha=0.5, **{f"transBatch{c}": 1 for c in flags})
case("fused-matmul-all", "FusedMatMul", {"a": f32(4, 2, 3), "b": f32(5, 2, 4)},
     {"y": (2, 3, 5)}, transBatchA=1, transA=1, transBatchB=1, transB=1)
cosines = f32(6, 4), f32(6, 4)
case("rotary", "RotaryEmbedding",
     {"x": f32(2, 3, 16), "places": np.array([[0, 1, 2], [3, 4, 5]], np.int64),
      "cos": cosines[0], "sin": cosines[1]}, {"y": (2, 3, 16)}, ("cos", "sin"))
case("rotary-offset", "RotaryEmbedding",
     {"x": f32(2, 2, 3, 8), "places": np.array([2], np.int64), "cos": cosines[0],
      "sin": cosines[1]}, {"y": (2, 2, 3, 8)}, ("cos", "sin"), interleaved=1)
case("rotary-partial", "RotaryEmbedding",
     {"x": f32(2, 3, 24), "places": np.array([[0, 1, 2], [3, 4, 5]], np.int64),
      "cos": cosines[0], "sin": cosines[1]}, {"y": (2, 3, 24)}, ("cos", "sin"),
     rotary_embedding_dim=8, num_heads=2)
case("quick-gelu", "QuickGelu", {"x": f32(3, 8)}, {"y": (3, 8)}, alpha=1.7)
case("bias-gelu", "BiasGelu", {"x": f32(3, 8), "b": f32(8)}, {"y": (3, 8)}, ("b",))
case("fast-gelu", "FastGelu", {"x": f32(3, 8), "b": f32(8)}, {"y": (3, 8)}, ("b",))


def main():
    p = argparse.ArgumentParser(epilog="other options go to weftc")
    p.add_argument("--only", default="", metavar="TEXT")
    p.add_argument("--grid", default="3x2", metavar="WxH")
    args, options = p.parse_known_args()
    wrong = 0
    chosen = {n: c for n, c in CASES.items() if args.only in n}
    for name, parts in chosen.items():
        model, samples = build(*parts)
        with tempfile.TemporaryDirectory() as scratch:
            outcome = conform.verdict(model, samples, scratch,
                                      [f"--grid={args.grid}", *options])
        if outcome.kind != "agrees":
            wrong += 1
            print(f"{name}: {outcome.kind} {outcome.reason} {outcome.message}")
    print(f"{len(chosen) - wrong} of {len(chosen)} agree with ONNX Runtime")
    sys.exit(1 if wrong or not chosen else 0)


if __name__ == "__main__":
    main()
