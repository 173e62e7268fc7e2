//===- Microsoft.cpp - Rules of ONNX Runtime's transformer ops ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// com.microsoft: what ONNX Runtime's optimiser writes. Caches come in as `past`
// and go out as `present`; both are plain concatenation here.
//
//===----------------------------------------------------------------------===//
#include "AttentionRules.h"
#include "Quantization.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// 1-D masks: [B] numbers of keys, or [2B] with the first key of each after it,
/// or [3B + 2] with sums of the numbers of queries and keys, which say the
/// same.
static Value rangeMask(NodeCtx &n, Value mask, int64_t batch, int64_t columns) {
  int64_t size = n.shape(mask)[0];
  if (size != batch && size != 2 * batch && size != 3 * batch + 2)
    return n.failValue("has a mask of " + Twine(size) +
                       " numbers for a batch of " + Twine(batch) +
                       ", expected one or two for each, or three and two");
  Value keys = counted(n, columns, n.element(mask));
  auto bounds = [&](int64_t at) {
    return n.reshape(n.sliceAxis(mask, 0, at, batch), {batch, 1});
  };
  Value seen = n.make<LessOp>({keys, bounds(0)});
  if (size != 2 * batch)
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

/// Attention with the masks of inputs `keys` and `bias`, where the first query
/// stands at key `past`; `length`, if any, is the number of rows in a cache of
/// fixed size.
static bool finish(NodeCtx &n, Value q, Value k, Value v, unsigned keys,
                   unsigned bias, int64_t past, Value length = {}) {
  if (n.failed)
    return false;
  assert(q && k && v);
  Heads in;
  in.q = q, in.k = k, in.v = v;
  in.scale = scaleOf(n, n.shape(q)[3]);
  in.causal = n.attrInt("unidirectional", 0) != 0;
  int64_t rows = n.shape(q)[2], columns = n.shape(k)[2];
  in.mask = keyMask(n, n.in(keys), n.shape(q)[0], rows, columns);
  in.mask = sumOf(n, in.mask, additiveMask(n, n.in(bias), 0));
  if (length) {
    Window w{-1, in.causal ? 0 : -1};
    in.mask = sumOf(n, in.mask, lengthsMask(n, w, length, rows, columns));
    in.causal = false;
  } else if (in.causal && rows == 1 && columns > past + 1) {
    in.causal = false;
  } else if (in.causal && columns > past + rows) {
    // ONNX Runtime's last query then sees all keys, the one before few.
    return n.fail("is unidirectional with " + Twine(rows) + " queries over " +
                  Twine(columns - past) +
                  " keys, which does not say which of them a query sees");
  } else if (in.causal && columns < past + rows) {
    in.mask = sumOf(n, in.mask, windowMask(n, {-1, 0}, rows, columns, past));
    in.causal = false;
  }
  return n.out(attend(n, in));
}

/// A scale or zero point that is one number.
static Value perTensor(NodeCtx &n, unsigned input) {
  Value q = n.in(input);
  return q && n.type(q).getNumElements() == 1 ? n.reshape(q, {}) : q;
}

namespace {
/// What Attention and QAttention have at different places.
struct PackedInputs {
  Value x, w, past;
  unsigned mask, bias;
};
} // namespace

/// One packed projection; past and present are [2, B, H, S, d].
static bool attendPacked(NodeCtx &n, const PackedInputs &in) {
  Value x = in.x, w = in.w, b = n.in(2), past = in.past;
  int64_t heads = n.attrInt("num_heads", 0);
  if (!x || !w || n.rank(x) != 3 || n.rank(w) != 2 || heads < 1)
    return n.fail("has no input of rank 3, weights of rank 2 or num_heads");
  if (n.attrInt("do_rotary", 0) || n.attrInt("past_present_share_buffer", 0))
    return n.fail("has do_rotary or a past of fixed size, which is not "
                  "supported");
  auto sizes = n.attrInts("qkv_hidden_sizes");
  int64_t third = n.shape(w)[1] / 3;
  if (!sizes || sizes->empty())
    sizes = Ints{third, third, third};
  int64_t left = n.shape(w)[1];
  for (int64_t size : *sizes)
    left = size < 0 || size > left ? -1 : left - size;
  if (sizes->size() != 3 || left != 0)
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
  if (past && n.rank(past) != 5)
    return n.fail("has a past of rank " + Twine(n.rank(past)) + ", expected 5");
  for (int64_t i = 1; i < 3 && past; ++i) {
    Ints shape(n.shape(past).drop_front(1));
    Value half = n.reshape(n.sliceAxis(past, 0, i - 1, 1), shape);
    parts[i] = n.concat({half, parts[i]}, 2);
    if (!parts[i])
      return false;
  }
  if (n.wants(1)) {
    Ints wide = {1};
    llvm::append_range(wide, n.shape(parts[1]));
    n.out(n.concat({n.reshape(parts[1], wide), n.reshape(parts[2], wide)}, 0),
          1);
  }
  int64_t before = n.shape(parts[1])[2] - n.shape(parts[0])[2];
  return finish(n, parts[0], parts[1], parts[2], in.mask, in.bias, before);
}

static bool packedAttention(NodeCtx &n) {
  if (n.has(6))
    return n.fail("has do_rotary or a past of fixed size, which is not "
                  "supported");
  return attendPacked(n, {n.in(0), n.in(1), n.in(4), 3, 5});
}

/// The same with quantised input and weights.
static bool quantizedAttention(NodeCtx &n) {
  Value x = n.in(0), w = n.in(1), scale = n.in(4), zero = n.in(7);
  if (!x || !w || !n.has(3) || !scale || n.rank(w) != 2)
    return n.fail("has no input, weights of rank 2 or scales");
  auto perColumn = [&](Value q) { return spreadOver(n, q, w, 1, 0, "scale"); };
  x = dequantized(n, x, perTensor(n, 3), perTensor(n, 6));
  scale = perColumn(scale);
  zero = zero ? perColumn(zero) : zero;
  w = dequantized(n, w, scale, zero);
  remarkDequantized(n, n.in(1));
  return attendPacked(n, {x, w, n.in(8), 5, 9});
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

namespace {
/// Where the two ops of several heads have their inputs.
struct HeadInputs {
  unsigned bias, mask, added, past, length, beams;
};
} // namespace

/// The rows of a cache behind those of a past; or, where past_sequence_length
/// says at which, written into it.
static Value withPast(NodeCtx &n, Value past, Value rows, Value at) {
  if (!past || !rows)
    return rows;
  if (!at)
    return n.concat({past, rows}, 2);
  Value order = counted(n, n.shape(rows)[2], n.element(at));
  return n.make<CacheUpdateOp>({past, rows, n.make<AddOp>({order, at})},
                               n.named("axis", 2));
}

/// Key and value may have heads apart already (a cache of a cross attention); a
/// bias holds three vectors.
static bool headsApart(NodeCtx &n, const HeadInputs &in) {
  Value qkv[3], at = n.in(in.length);
  int64_t heads = n.attrInt("num_heads", 0), column = 0, past = 0;
  if (n.has(in.beams) || (at && n.type(at).getNumElements() != 1))
    return n.fail("has beams (cache_indirection) or several lengths of the "
                  "past, which is not supported");
  if (at)
    at = n.reshape(at, {1});
  if (!readPacked(n, qkv))
    return false;
  for (int i = 0; i < 3; ++i) {
    Value &x = qkv[i];
    if (!x || (n.rank(x) != 3 && n.rank(x) != 4) || heads < 1)
      return n.fail("has no query, key and value of rank 3 or 4, or no heads");
    int64_t columns =
        n.rank(x) == 3 ? n.shape(x)[2] : n.shape(x)[1] * n.shape(x)[3];
    if (Value bias = n.rank(x) == 3 ? n.in(in.bias) : Value()) {
      if (n.rank(bias) != 1 || column + columns > n.shape(bias)[0])
        return n.fail("has a bias that is too short");
      x = n.make<AddOp>({x, n.sliceAxis(bias, 0, column, columns)});
    }
    column += columns;
    x = splitHeads(n, x, heads);
    int64_t rows = x ? n.shape(x)[2] : 0;
    if (i > 0)
      x = withPast(n, n.in(in.past + i - 1), x, at);
    if (!x)
      return false;
    past = n.shape(x)[2] - rows;
    if (i > 0)
      n.out(x, i);
  }
  Value length;
  if (at && n.has(in.past))
    length = n.make<AddOp>({at, n.scalarLike(at, double(n.shape(qkv[0])[2]))});
  return finish(n, qkv[0], qkv[1], qkv[2], in.mask, in.added, past, length);
}

static bool multiHeadAttention(NodeCtx &n) {
  return headsApart(n, {3, 4, 5, 6, 8, 9});
}

/// The same for one token, with a cache of fixed size.
static bool decoderAttention(NodeCtx &n) {
  auto beams = n.has(8) ? n.knownInts(n.in(8)) : Ints{1};
  if (!beams || *beams != Ints{1})
    return n.fail("has a beam_width that is not known to be 1");
  return headsApart(n, {10, 3, 4, 5, 7, 9});
}

void weft::addMicrosoftRules(llvm::StringMap<Rule> &rules) {
  rules["com.microsoft/Attention"] = {
      packedAttention,
      {"num_heads", "unidirectional", "scale", "mask_filter_value", "do_rotary",
       "past_present_share_buffer", "rotary_embedding_dim",
       "qkv_hidden_sizes"}};
  rules["com.microsoft/QAttention"] = {quantizedAttention,
                                       {"num_heads", "unidirectional", "scale",
                                        "mask_filter_value", "do_rotary",
                                        "past_present_share_buffer"}};
  rules["com.microsoft/MultiHeadAttention"] = {
      multiHeadAttention,
      {"num_heads", "unidirectional", "scale", "mask_filter_value"}};
  rules["com.microsoft/DecoderMaskedMultiHeadAttention"] = {
      decoderAttention,
      {"num_heads", "scale", "mask_filter_value", "past_present_share_buffer",
       "output_qk"}};
  addMicrosoftEmbeddingRules(rules);
}
