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

/// 1-D masks: [B] numbers of keys, or [2B] with the first key of each after it.
static Value rangeMask(NodeCtx &n, Value mask, int64_t batch, int64_t columns) {
  int64_t size = n.shape(mask)[0];
  if (size != batch && size != 2 * batch)
    return n.failValue("has a mask of " + Twine(size) +
                       " numbers for a batch "
                       "of " +
                       Twine(batch) + ", expected one or two for each");
  Value keys = numbers(n, columns, n.element(mask));
  auto bounds = [&](int64_t at) {
    return n.reshape(n.sliceAxis(mask, 0, at, batch), {batch, 1});
  };
  Value seen = n.make<LessOp>({keys, bounds(0)});
  if (size == batch)
    return seen;
  return n.make<AndOp>({seen, n.make<LessEqualOp>({bounds(batch), keys})});
}

/// Additive mask, by the rank of the mask: 1 see above, 2 [B, S], 3 [B, T, S]
/// and 4 [B, 1, M, M], of which the last T rows of the first S apply; 1 is a
/// key that is seen.
static Value keyMask(NodeCtx &n, Value mask, int64_t batch, int64_t rows,
                     int64_t columns) {
  if (!mask || n.failed)
    return {};
  int64_t rank = n.rank(mask);
  if (rank < 1 || rank > 4)
    return n.failValue("has a mask of rank " + Twine(rank) +
                       ", expected 1 to 4");
  if (rank == 4) {
    if (n.shape(mask)[2] < columns || n.shape(mask)[3] < columns ||
        rows > columns)
      return n.failValue("has a mask that does not cover its " +
                         Twine(columns) + " keys");
    mask = n.sliceAxis(mask, 2, columns - rows, rows);
    mask = n.sliceAxis(mask, 3, 0, columns);
  }
  Value seen = rank == 1 ? rangeMask(n, mask, batch, columns)
                         : n.cast(mask, n.builder().getI1Type());
  if (!seen)
    return {};
  if (n.shape(seen).back() != columns)
    return n.failValue("has a mask that does not cover its " + Twine(columns) +
                       " keys");
  Type f32 = n.builder().getF32Type();
  Value fill = n.scalar(n.attrFloat("mask_filter_value", -10000.0f), f32);
  Value added = n.make<WhereOp>({seen, n.scalar(0, f32), fill});
  if (!added)
    return {};
  Ints shape(n.shape(added));
  shape.insert(shape.begin() + 1, 4 - shape.size(), 1);
  return n.reshape(added, shape);
}

static double scaleOf(NodeCtx &n, int64_t width) {
  double scale = n.attrFloat("scale", 0);
  return scale != 0 ? scale
                    : 1 / std::sqrt(double(std::max<int64_t>(width, 1)));
}

/// Attention with the masks of inputs `keys` and `bias`.
static bool finish(NodeCtx &n, Value q, Value k, Value v, unsigned keys,
                   unsigned bias) {
  if (!q || !k || !v || n.failed)
    return n.fail("has no query, key or value");
  Heads in;
  in.q = q, in.k = k, in.v = v;
  in.scale = scaleOf(n, n.shape(q)[3]);
  in.causal = n.attrInt("unidirectional", 0) != 0;
  int64_t rows = n.shape(q)[2], columns = n.shape(k)[2];
  if (in.causal && rows > columns)
    return n.fail("is unidirectional with " + Twine(rows) + " queries over " +
                  Twine(columns) + " keys");
  in.mask = keyMask(n, n.in(keys), n.shape(q)[0], rows, columns);
  in.mask = sumOf(n, in.mask, additiveMask(n, n.in(bias), 0));
  return n.out(attend(n, in));
}

/// Attention: one packed projection; past and present are [2, B, H, S, d].
static bool packedAttention(NodeCtx &n) {
  Value x = n.in(0), w = n.in(1), b = n.in(2);
  int64_t heads = n.attrInt("num_heads", 0);
  if (!x || !w || n.rank(x) != 3 || n.rank(w) != 2 || heads < 1)
    return n.fail("has no input of rank 3, weights of rank 2 or num_heads");
  if (n.attrInt("do_rotary", 0) || n.attrInt("past_present_share_buffer", 0) ||
      n.has(6))
    return n.fail("has do_rotary or a past of fixed size, which is not "
                  "supported");
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
  return finish(n, parts[0], parts[1], parts[2], 3, 5);
}

/// The query, key and value of a MultiHeadAttention; packed ones, [B, T, H, 3
/// or 2, d], come apart.
static bool readPacked(NodeCtx &n, Value (&qkv)[3]) {
  for (int i = 0; i < 3; ++i)
    qkv[i] = n.in(i);
  int first = qkv[0] && n.rank(qkv[0]) == 5 ? 0 : 1, count = 3 - first;
  Value packed = qkv[first];
  if (!packed || n.rank(packed) != 5)
    return true;
  if (qkv[2] || n.shape(packed)[3] != count)
    return n.fail("has a packed tensor beside a value, or not of " +
                  Twine(count) + " parts");
  Ints s(n.shape(packed));
  for (int i = 0; i < count; ++i)
    qkv[first + i] =
        n.reshape(n.sliceAxis(packed, 3, i, 1), {s[0], s[1], s[2] * s[4]});
  return !n.failed;
}

/// MultiHeadAttention: key and value may have heads apart already (a cache of a
/// cross attention); a bias holds three vectors.
static bool multiHeadAttention(NodeCtx &n) {
  Value qkv[3];
  int64_t heads = n.attrInt("num_heads", 0), at = 0;
  if (n.has(8) || n.has(9))
    return n.fail("has past_sequence_length or cache_indirection, which is not "
                  "supported");
  if (!readPacked(n, qkv))
    return false;
  for (int i = 0; i < 3; ++i) {
    Value &x = qkv[i];
    if (!x || (n.rank(x) != 3 && n.rank(x) != 4) || heads < 1)
      return n.fail("has no query, key and value of rank 3 or 4, or no heads");
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
  return finish(n, qkv[0], qkv[1], qkv[2], 4, 5);
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
  rules["com.microsoft/Attention"] = {
      packedAttention,
      {"num_heads", "unidirectional", "scale", "mask_filter_value", "do_rotary",
       "past_present_share_buffer", "rotary_embedding_dim",
       "qkv_hidden_sizes"}};
  rules["com.microsoft/MultiHeadAttention"] = {
      multiHeadAttention,
      {"num_heads", "unidirectional", "scale", "mask_filter_value"}};
  rules["com.microsoft/EmbedLayerNormalization"] = {
      embedLayerNorm, {"epsilon", "mask_index_type"}};
  rules["com.microsoft/RotaryEmbedding"] = {rotaryEmbedding,
                                            {"interleaved", "num_heads",
                                             "rotary_embedding_dim", "scale",
                                             "is_packed_batching"}};
}
