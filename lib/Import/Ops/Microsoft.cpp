//===- Microsoft.cpp - Rules of ONNX Runtime's transformer ops ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// com.microsoft: what ONNX Runtime's optimiser writes. Caches come in as `past`
// and go out as `present`; both are plain concatenation here.
//
//===----------------------------------------------------------------------===//
#include "AttentionRules.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// The numbers 0 .. size-1, as `element`.
static Value numbers(NodeCtx &n, int64_t size, Type element) {
  HostTensor tensor = HostTensor::zeros(RankedTensorType::get({size}, element));
  for (int64_t i = 0; i < size; ++i)
    tensor.setInt(i, i);
  return n.constant(std::move(tensor));
}

/// Additive mask of keys: [B, S] of 0 and 1, or [B] lengths.
static Value keyMask(NodeCtx &n, Value mask, int64_t columns) {
  if (!mask)
    return {};
  Type f32 = n.builder().getF32Type();
  Value seen;
  if (n.rank(mask) == 1) {
    Value lengths = n.reshape(mask, {n.shape(mask)[0], 1});
    seen = n.make<LessOp>({numbers(n, columns, n.element(mask)), lengths});
  } else if (n.rank(mask) == 2) {
    seen = n.cast(mask, n.builder().getI1Type());
  } else {
    return n.failValue("has a mask of rank " + Twine(n.rank(mask)) +
                       ", expected 1 or 2");
  }
  if (!seen || n.shape(seen)[1] != columns)
    return n.failValue("has a mask that does not cover its " + Twine(columns) +
                       " keys");
  Value fill = n.scalar(n.attrFloat("mask_filter_value", -10000.0f), f32);
  Value added = n.make<WhereOp>({seen, n.scalar(0, f32), fill});
  return added ? n.reshape(added, {n.shape(added)[0], 1, 1, columns}) : Value();
}

static double scaleOf(NodeCtx &n, int64_t width) {
  double scale = n.attrFloat("scale", 0);
  return scale != 0 ? scale
                    : 1 / std::sqrt(double(std::max<int64_t>(width, 1)));
}

/// `mask` plus the fill value for keys after the query. With a mask, ONNX
/// Runtime fills rather than removes them, which shows in rows whose earlier
/// keys are all masked.
static Value addCausal(NodeCtx &n, Value mask, int64_t rows, int64_t columns) {
  Type i64 = n.builder().getI64Type(), f32 = n.builder().getF32Type();
  Value queries = n.reshape(numbers(n, rows, i64), {rows, 1});
  Value last = n.make<AddOp>({queries, n.scalar(columns - rows, i64)});
  Value late = n.make<LessOp>({last, numbers(n, columns, i64)});
  Value fill = n.scalar(n.attrFloat("mask_filter_value", -10000.0f), f32);
  Value added = n.make<WhereOp>({late, fill, n.scalar(0, f32)});
  if (!added)
    return {};
  return n.make<AddOp>({mask, n.reshape(added, {1, 1, rows, columns})});
}

/// nn.attention on heads apart: [B, H, T, d].
static bool finish(NodeCtx &n, Value q, Value k, Value v, Value mask) {
  if (!q || !k || !v || n.failed)
    return n.fail("has no query, key or value");
  bool causal = n.attrInt("unidirectional", 0) != 0;
  int64_t rows = n.shape(q)[2], columns = n.shape(k)[2];
  if (causal && rows > columns)
    return n.fail("is unidirectional with " + Twine(rows) + " queries over " +
                  Twine(columns) + " keys");
  if (causal && mask) {
    mask = addCausal(n, mask, rows, columns);
    causal = false;
  }
  SmallVector<Value> operands = {mergeHeads(n, q), mergeHeads(n, k),
                                 mergeHeads(n, v)};
  if (mask)
    operands.push_back(mask);
  return n.out(n.attention(operands, n.shape(q)[1], n.shape(k)[1],
                           scaleOf(n, n.shape(q)[3]), causal));
}

/// Attention: one packed projection; past and present are [2, B, H, S, d].
static bool packedAttention(NodeCtx &n) {
  Value x = n.in(0), w = n.in(1), b = n.in(2);
  int64_t heads = n.attrInt("num_heads", 0);
  if (!x || !w || n.rank(x) != 3 || n.rank(w) != 2 || heads < 1)
    return n.fail("has no input of rank 3, weights of rank 2 or num_heads");
  auto sizes = n.attrInts("qkv_hidden_sizes");
  int64_t third = n.shape(w)[1] / 3;
  if (!sizes || sizes->empty())
    sizes = Ints{third, third, third};
  if (sizes->size() != 3 ||
      (*sizes)[0] + (*sizes)[1] + (*sizes)[2] != n.shape(w)[1])
    return n.fail("has qkv_hidden_sizes that do not match the weights");
  Value parts[3];
  for (int64_t i = 0, at = 0; i < 3; at += (*sizes)[i++]) {
    parts[i] = n.make<MatMulOp>({x, n.sliceAxis(w, 1, at, (*sizes)[i])});
    if (b)
      parts[i] = n.make<AddOp>({parts[i], n.sliceAxis(b, 0, at, (*sizes)[i])});
    parts[i] = splitHeads(n, parts[i], heads);
    if (!parts[i])
      return false;
  }
  for (int64_t i = 1; i < 3 && (n.has(4) || n.wants(1)); ++i) {
    Ints s(n.shape(parts[i]));
    if (n.has(4) && n.rank(n.in(4)) != 5)
      return n.fail("has a past of rank " + Twine(n.rank(n.in(4))) +
                    ", expected 5");
    if (n.has(4)) {
      Value past = n.sliceAxis(n.in(4), 0, i - 1, 1);
      Ints shape(n.shape(n.in(4)).drop_front(1));
      parts[i] = n.concat({n.reshape(past, shape), parts[i]}, 2);
    }
    if (!parts[i])
      return false;
  }
  if (n.wants(1)) {
    Ints wide = {1};
    llvm::append_range(wide, n.shape(parts[1]));
    n.out(n.concat({n.reshape(parts[1], wide), n.reshape(parts[2], wide)}, 0),
          1);
  }
  Value mask = sumOf(n, keyMask(n, n.in(3), n.shape(parts[1])[2]),
                     additiveMask(n, n.in(5), 0));
  return finish(n, parts[0], parts[1], parts[2], mask);
}

/// MultiHeadAttention: key and value may have heads apart already (a cache of a
/// cross attention); a bias holds three vectors.
static bool multiHeadAttention(NodeCtx &n) {
  Value qkv[3] = {n.in(0), n.in(1), n.in(2)};
  int64_t heads = n.attrInt("num_heads", 0), at = 0;
  for (int i = 0; i < 3; ++i) {
    Value &x = qkv[i];
    if (!x || (n.rank(x) != 3 && n.rank(x) != 4) || heads < 1)
      return n.fail(
          "has a packed query, key or value, expected three of rank 3 "
          "or 4");
    int64_t columns =
        n.rank(x) == 3 ? n.shape(x)[2] : n.shape(x)[1] * n.shape(x)[3];
    if (n.has(3) && n.rank(x) == 3) {
      if (n.rank(n.in(3)) != 1 || at + columns > n.shape(n.in(3))[0])
        return n.fail("has a bias that is too short");
      x = n.make<AddOp>({x, n.sliceAxis(n.in(3), 0, at, columns)});
    }
    at += columns;
    x = splitHeads(n, x, heads);
    if (i > 0 && n.has(5 + i))
      x = n.concat({n.in(5 + i), x}, 2);
    if (!x)
      return false;
    if (i > 0)
      n.out(x, i);
  }
  Value mask = sumOf(n, keyMask(n, n.in(4), n.shape(qkv[1])[2]),
                     additiveMask(n, n.in(5), 0));
  return finish(n, qkv[0], qkv[1], qkv[2], mask);
}

//===----------------------------------------------------------------------===//
// GroupQueryAttention of a prompt
//===----------------------------------------------------------------------===//

/// Rotates rows at positions 0 .. T-1; `x` is [B, T, H*d].
static Value rotatePrompt(NodeCtx &n, Value x, int64_t heads) {
  Value cos = n.in(7), sin = n.in(8);
  if (!cos || !sin || n.rank(cos) != 2 || n.rank(sin) != 2)
    return n.failValue("has no cos and sin caches of rank 2");
  Ints s(n.shape(x));
  if (heads < 1 || s[2] % heads || n.shape(cos)[0] < s[1])
    return n.failValue("has caches shorter than the prompt, or columns that "
                       "its heads do not divide");
  auto rows = [&](Value cache) {
    return n.reshape(n.sliceAxis(cache, 0, 0, s[1]),
                     {1, s[1], n.shape(cache)[1]});
  };
  Value open = n.reshape(x, {s[0], s[1], heads, s[2] / heads});
  bool interleaved = n.attrInt("rotary_interleaved", 0) != 0;
  return n.reshape(rotate(n, open, rows(cos), rows(sin), interleaved), s);
}

/// Without a past. Keys behind `seqlens_k` (last valid index) are padding.
static bool groupQueryAttention(NodeCtx &n) {
  Value q = n.in(0), k = n.in(1), v = n.in(2), last = n.in(5);
  int64_t heads = n.attrInt("num_heads", 0), kv = n.attrInt("kv_num_heads", 0);
  if (!q || !k || !v || !last || n.rank(q) != 3 || n.rank(k) != 3 ||
      n.rank(v) != 3)
    return n.fail("has a packed query, key or value, or no seqlens_k");
  if ((n.has(3) && n.type(n.in(3)).getNumElements() != 0) ||
      n.shape(q)[1] != n.shape(k)[1])
    return n.fail("has a past, which is not supported");
  if (n.attrInt("local_window_size", -1) != -1 || n.attrFloat("softcap", 0) ||
      n.attrInt("smooth_softmax", 0))
    return n.fail("has a window, a softcap or a smooth softmax, which is not "
                  "supported");
  if (n.attrInt("do_rotary", 0)) {
    q = rotatePrompt(n, q, heads);
    k = rotatePrompt(n, k, kv);
  }
  if (!q || !k)
    return false;
  n.out(splitHeads(n, k, kv), 1);
  n.out(splitHeads(n, v, kv), 2);
  int64_t batch = n.shape(q)[0], columns = n.shape(k)[1];
  Type f32 = n.builder().getF32Type();
  Value seen = n.make<LessEqualOp>(
      {numbers(n, columns, n.element(last)), n.reshape(last, {batch, 1})});
  Value mask = n.make<WhereOp>({seen, n.scalar(0, f32), n.scalar(-1e30, f32)});
  if (!mask || heads < 1 || n.shape(q)[2] % heads)
    return n.fail("has no num_heads that divides the query");
  return n.out(n.attention({q, k, v, n.reshape(mask, {batch, 1, 1, columns})},
                           heads, kv, scaleOf(n, n.shape(q)[2] / heads), true));
}

//===----------------------------------------------------------------------===//
// EmbedLayerNormalization, RotaryEmbedding
//===----------------------------------------------------------------------===//

static Value gatherRows(NodeCtx &n, Value table, Value rows) {
  return n.make<GatherOp>({table, rows}, n.named("axis", 0));
}

/// norm(word[ids] + position[i] + segment[segments]); the mask index is the
/// number of valid keys of each row.
static bool embedLayerNorm(NodeCtx &n) {
  Value ids = n.in(0), segments = n.in(1), positions = n.in(8);
  if (!ids || !n.has(2) || !n.has(3) || !n.has(5) || !n.has(6) ||
      n.rank(ids) != 2 || n.rank(n.in(3)) != 2)
    return n.fail("has no ids of rank 2, tables or scale and bias");
  int64_t length = n.shape(ids)[1];
  if (!positions && n.shape(n.in(3))[0] < length)
    return n.fail("has fewer positions than ids");
  Value where = positions ? gatherRows(n, n.in(3), positions)
                          : n.sliceAxis(n.in(3), 0, 0, length);
  Value sum = n.make<AddOp>({gatherRows(n, n.in(2), ids), where});
  if (segments && n.has(4))
    sum = n.make<AddOp>({sum, gatherRows(n, n.in(4), segments)});
  if (!sum)
    return false;
  n.out(sum, 2);
  if (n.wants(1)) {
    // Without a mask nothing is counted.
    Type i32 = n.builder().getI32Type();
    Value count = n.splat(0, RankedTensorType::get({n.shape(ids)[0]}, i32));
    if (n.has(7))
      count = n.make<ReduceSumOp>(
          n.in(7), {n.named("axes", ArrayRef<int64_t>{1}),
                    n.named("keepdims", n.builder().getBoolAttr(false))});
    n.out(count, 1);
  }
  auto eps = n.named("epsilon", n.builder().getF32FloatAttr(
                                    float(n.attrFloat("epsilon", 1e-12f))));
  return n.out(n.make<LayerNormOp>({sum, n.in(5), n.in(6)}, eps));
}

/// RotaryEmbedding: positions are [B, T], or one offset for all rows.
static bool rotaryEmbedding(NodeCtx &n) {
  Value x = n.in(0), positions = n.in(1), cos = n.in(2), sin = n.in(3);
  if (!x || !positions || !cos || !sin || n.rank(cos) != 2 ||
      n.attrInt("is_packed_batching", 0) || n.attrFloat("scale", 1) != 1)
    return n.fail("has missing inputs, packed batches or a scale");
  bool fourD = n.rank(x) == 4;
  if (!fourD && n.rank(x) != 3)
    return n.fail("has an input of rank " + Twine(n.rank(x)) +
                  ", expected 3 or 4");
  Ints shape(n.shape(x));
  int64_t width =
      n.attrInt("rotary_embedding_dim", 0) > 0
          ? shape.back() / std::max<int64_t>(n.attrInt("num_heads", 0), 1)
          : 2 * n.shape(cos)[1];
  if (width < 1 || (!fourD && shape[2] % width))
    return n.fail("has " + Twine(shape.back()) +
                  " columns that heads do not divide");
  x = fourD ? n.transpose(x, {0, 2, 1, 3})
            : n.reshape(x, {shape[0], shape[1], shape[2] / width, width});
  if (!x)
    return false;
  if (n.rank(positions) == 1) {
    Value rows = numbers(n, n.shape(x)[1], n.element(positions));
    positions = n.reshape(n.make<AddOp>({rows, positions}), {1, n.shape(x)[1]});
  }
  Value y =
      rotate(n, x, gatherRows(n, cos, positions), gatherRows(n, sin, positions),
             n.attrInt("interleaved", 0) != 0);
  return n.out(fourD ? n.transpose(y, {0, 2, 1, 3}) : n.reshape(y, shape));
}

void weft::addMicrosoftRules(llvm::StringMap<Rule> &rules) {
  rules["com.microsoft/Attention"] = {packedAttention,
                                      {"num_heads", "unidirectional", "scale",
                                       "mask_filter_value",
                                       "qkv_hidden_sizes"}};
  rules["com.microsoft/MultiHeadAttention"] = {
      multiHeadAttention,
      {"num_heads", "unidirectional", "scale", "mask_filter_value"}};
  rules["com.microsoft/GroupQueryAttention"] = {
      groupQueryAttention,
      {"num_heads", "kv_num_heads", "scale", "do_rotary", "rotary_interleaved",
       "local_window_size", "softcap", "smooth_softmax"}};
  rules["com.microsoft/EmbedLayerNormalization"] = {
      embedLayerNorm, {"epsilon", "mask_index_type"}};
  rules["com.microsoft/RotaryEmbedding"] = {rotaryEmbedding,
                                            {"interleaved", "num_heads",
                                             "rotary_embedding_dim", "scale",
                                             "is_packed_batching"}};
}
