//===- OpsAttention.cpp - Rules of fused attention ops --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Attention of opset 23 and of com.microsoft, as far as nn.attention says it.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// [B, H, T, d] to [B, T, H*d].
static Value mergeHeads(NodeCtx &n, Value x) {
  if (!x || n.rank(x) != 4)
    return x;
  Ints s(n.shape(x));
  return n.reshape(n.transpose(x, {0, 2, 1, 3}), {s[0], s[2], s[1] * s[3]});
}

/// [B, T, H*d] to [B, H, T, d].
static Value splitHeads(NodeCtx &n, Value x, int64_t heads) {
  if (!x || n.rank(x) != 3)
    return x;
  Ints s(n.shape(x));
  if (heads < 1 || s[2] % heads)
    return n.failValue("has " + Twine(s[2]) + " columns for " + Twine(heads) +
                       " heads");
  return n.transpose(n.reshape(x, {s[0], s[1], heads, s[2] / heads}),
                     {0, 2, 1, 3});
}

/// A mask of any rank, bool or float, as an additive one of rank 4 in f32.
static Value additiveMask(NodeCtx &n, Value mask, double fill) {
  if (!mask)
    return {};
  if (n.rank(mask) > 4)
    return n.failValue("has a mask of rank " + Twine(n.rank(mask)) +
                       ", expected at most 4");
  Type f32 = n.builder().getF32Type();
  if (n.element(mask).isInteger(1))
    mask = n.make<WhereOp>({mask, n.scalar(0, f32), n.scalar(fill, f32)});
  mask = n.cast(mask, f32);
  if (!mask)
    return {};
  Ints shape(4 - n.rank(mask), 1);
  llvm::append_range(shape, n.shape(mask));
  return n.reshape(mask, shape);
}

/// Keys that query i may not see lie above the diagonal from the top left.
static Value topLeftCausal(NodeCtx &n, int64_t rows, int64_t columns) {
  Type f32 = n.builder().getF32Type();
  HostTensor mask =
      HostTensor::zeros(RankedTensorType::get({1, 1, rows, columns}, f32));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = i + 1; j < columns; ++j)
      mask.setFloat(i * columns + j, -std::numeric_limits<double>::infinity());
  return n.constant(std::move(mask));
}

namespace {
struct Heads {
  int64_t q, kv;
};
} // namespace

static std::optional<Heads> headsOf(NodeCtx &n, Value q, Value k) {
  bool split = n.rank(q) == 4;
  Heads heads = {split ? n.shape(q)[1] : n.attrInt("q_num_heads", 0),
                 n.rank(k) == 4 ? n.shape(k)[1] : n.attrInt("kv_num_heads", 0)};
  if (heads.q > 0 && heads.kv > 0)
    return heads;
  n.fail("has no number of heads");
  return std::nullopt;
}

static bool unsupportedAttention(NodeCtx &n) {
  if (n.attrFloat("softcap", 0) != 0)
    return !n.fail("has a softcap, which is not supported");
  if (n.wants(3))
    return !n.fail("outputs the scores, which is not supported");
  if (n.has(6))
    return !n.fail("has nonpad_kv_seqlen, which is not supported");
  return false;
}

/// Attention of ai.onnx, opset 23.
static bool attention(NodeCtx &n) {
  Value q = n.in(0), k = n.in(1), v = n.in(2);
  if (!q || !k || !v || n.has(4) != n.has(5))
    return n.fail("has no query, key or value, or only half of the past");
  if (unsupportedAttention(n))
    return false;
  auto heads = headsOf(n, q, k);
  if (!heads)
    return false;
  bool fourD = n.rank(q) == 4;
  k = splitHeads(n, k, heads->kv);
  v = splitHeads(n, v, heads->kv);
  if (n.has(4)) {
    k = n.concat({n.in(4), k}, 2);
    v = n.concat({n.in(5), v}, 2);
  }
  n.out(k, 1);
  n.out(v, 2);
  q = mergeHeads(n, q);
  Value k3 = mergeHeads(n, k), v3 = mergeHeads(n, v);
  if (!q || !k3 || !v3)
    return false;
  Type f32 = n.builder().getF32Type();
  double inf = std::numeric_limits<double>::infinity();
  Value mask = additiveMask(n, n.in(3), -inf);
  int64_t rows = n.shape(q)[1], columns = n.shape(k3)[1];
  bool causal = n.attrInt("is_causal", 0) != 0;
  if (causal && rows != columns && !n.has(4)) {
    Value triangle = topLeftCausal(n, rows, columns);
    mask = mask ? n.make<AddOp>({mask, triangle}) : triangle;
    causal = false;
  }
  double scale =
      n.attrFloat("scale", 1 / std::sqrt(double(n.shape(q)[2] / heads->q)));
  SmallVector<Value> operands = {q, k3, v3};
  if (mask)
    operands.push_back(n.cast(mask, f32));
  Value y = n.attention(operands, heads->q, heads->kv, scale, causal);
  return n.out(fourD ? splitHeads(n, y, heads->q) : y);
}

/// com.microsoft masks: [B, S] of 0 and 1.
static Value keyMask(NodeCtx &n, Value mask) {
  if (!mask)
    return {};
  if (n.rank(mask) != 2)
    return n.failValue("has a mask of rank " + Twine(n.rank(mask)) +
                       ", expected 2");
  Type f32 = n.builder().getF32Type();
  Value seen = n.cast(mask, n.builder().getI1Type());
  Value fill = n.make<WhereOp>(
      {seen, n.scalar(0, f32),
       n.scalar(n.attrFloat("mask_filter_value", -10000.0f), f32)});
  return n.reshape(fill, {n.shape(mask)[0], 1, 1, n.shape(mask)[1]});
}

static Value sumOf(NodeCtx &n, Value a, Value b) {
  return a && b ? n.make<AddOp>({a, b}) : a ? a : b;
}

static bool microsoftCore(NodeCtx &n, Value q, Value k, Value v, Value mask,
                          bool causal) {
  int64_t heads = n.attrInt("num_heads", 0);
  if (!q || !k || !v || heads < 1 || n.rank(q) != 3)
    return n.fail("has no query, key, value of rank 3 or no num_heads");
  double scale = n.attrFloat("scale", 0);
  if (scale == 0)
    scale = 1 / std::sqrt(double(std::max<int64_t>(n.shape(q)[2] / heads, 1)));
  SmallVector<Value> operands = {q, k, v};
  if (mask)
    operands.push_back(mask);
  return n.out(n.attention(operands, heads, heads, scale, causal));
}

/// com.microsoft.Attention: one packed projection.
static bool packedAttention(NodeCtx &n) {
  Value x = n.in(0), w = n.in(1), b = n.in(2);
  if (!x || !w)
    return n.fail("has fewer than 2 inputs");
  if (n.has(4) || n.wants(1))
    return n.fail("has a past, which is not supported");
  if (n.rank(w) != 2)
    return n.fail("has weights of rank " + Twine(n.rank(w)) + ", expected 2");
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
  }
  Value mask = sumOf(n, keyMask(n, n.in(3)), additiveMask(n, n.in(5), 0));
  return !n.failed && microsoftCore(n, parts[0], parts[1], parts[2], mask,
                                    n.attrInt("unidirectional", 0) != 0);
}

/// com.microsoft.MultiHeadAttention without past.
static bool multiHeadAttention(NodeCtx &n) {
  Value qkv[3] = {n.in(0), n.in(1), n.in(2)};
  if (n.has(6) || n.has(7) || n.wants(1))
    return n.fail("has a past, which is not supported");
  int64_t at = 0;
  for (Value &x : qkv) {
    if (!x || n.rank(x) != 3)
      return n.fail("has a packed or transposed query, key or value, expected "
                    "three of rank 3");
    int64_t columns = n.shape(x)[2];
    if (n.has(3)) {
      if (at + columns > n.shape(n.in(3))[0])
        return n.fail("has a bias that is too short");
      x = n.make<AddOp>({x, n.sliceAxis(n.in(3), 0, at, columns)});
    }
    at += columns;
  }
  Value mask = sumOf(n, keyMask(n, n.in(4)), additiveMask(n, n.in(5), 0));
  return !n.failed && microsoftCore(n, qkv[0], qkv[1], qkv[2], mask,
                                    n.attrInt("unidirectional", 0) != 0);
}

void weft::addAttentionRules(llvm::StringMap<Rule> &rules) {
  rules["Attention"] = {attention,
                        {"is_causal", "kv_num_heads", "q_num_heads", "scale",
                         "softcap", "qk_matmul_output_mode",
                         "softmax_precision"}};
  rules["com.microsoft/Attention"] = {packedAttention,
                                      {"num_heads", "unidirectional", "scale",
                                       "mask_filter_value",
                                       "qkv_hidden_sizes"}};
  rules["com.microsoft/MultiHeadAttention"] = {
      multiHeadAttention,
      {"num_heads", "unidirectional", "scale", "mask_filter_value"}};
}
