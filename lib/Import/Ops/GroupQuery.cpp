//===- GroupQuery.cpp - Rule of com.microsoft GroupQueryAttention ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Without a past, rows are those of a prompt, at places 0, 1, ... With one, the
// last row is at seqlens_k of its batch entry, and keys and values are written
// into the cache there. Whether the present is longer than the past depends on
// total_sequence_length, so that must be known.
//
//===----------------------------------------------------------------------===//
#include "AttentionRules.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

namespace {
/// Sizes of the node.
struct Sizes {
  int64_t batch, rows, heads, groups, width; // width of a head
  int64_t past = 0;                          // rows of the cache that comes in
  int64_t columns = 0;                       // and of the one that goes out
};
} // namespace

/// Query, key and value, [B, T, columns], apart.
static bool readInputs(NodeCtx &n, Sizes &s, Value (&x)[3]) {
  for (int i = 0; i < 3; ++i)
    x[i] = n.in(i);
  s.heads = n.attrInt("num_heads", 0);
  s.groups = n.attrInt("kv_num_heads", 0);
  if (!x[0] || n.rank(x[0]) != 3 || !n.has(5) || s.heads < 1 || s.groups < 1 ||
      s.heads % s.groups || n.has(1) != n.has(2))
    return n.fail(
        "has no query of rank 3, no seqlens_k, half of key and value, "
        "or heads that kv_num_heads does not divide");
  s.batch = n.shape(x[0])[0];
  s.rows = n.shape(x[0])[1];
  int64_t columns = n.shape(x[0])[2];
  int64_t parts = s.heads; // at most the columns before groups are added
  if (parts <= columns && !n.has(1))
    parts += 2 * s.groups;
  if (parts > columns || columns % parts)
    return n.fail("has " + Twine(columns) + " columns for " + Twine(parts) +
                  " heads");
  s.width = columns / parts;
  if (!n.has(1)) {
    Value packed = x[0];
    int64_t q = s.heads * s.width, kv = s.groups * s.width;
    x[0] = n.sliceAxis(packed, 2, 0, q);
    x[1] = n.sliceAxis(packed, 2, q, kv);
    x[2] = n.sliceAxis(packed, 2, q + kv, kv);
  }
  for (int i = 1; i < 3; ++i)
    if (!x[i] ||
        n.shape(x[i]) != ArrayRef<int64_t>{s.batch, s.rows, s.groups * s.width})
      return n.fail("has keys or values that are not as many and wide as "
                    "queries, in " +
                    Twine(s.groups) + " heads");
  return true;
}

/// What is refused by name.
static bool plain(NodeCtx &n) {
  for (auto [input, name] :
       {std::pair(12u, "k_scale"), {13u, "v_scale"}, {16u, "query_seqlens"}})
    if (n.has(input))
      return n.fail("has " + Twine(name) + ", which is not supported");
  for (StringRef name :
       {"qk_output", "kv_cache_bit_width", "sliding_window_cache"})
    if (int64_t value = n.attrInt(name, 0))
      return n.fail("has " + name + " " + Twine(value) + ", expected 0");
  for (StringRef name : {"k_quant_type", "v_quant_type"})
    if (std::string type = n.attrString(name, "NONE"); type != "NONE")
      return n.fail("has " + name + " '" + type + "', expected 'NONE'");
  return true;
}

/// Lengths of the caches, from the past and the total.
static bool readLengths(NodeCtx &n, Sizes &s) {
  if (n.has(3) != n.has(4))
    return n.fail("has half of a past");
  if (n.has(3)) {
    Ints want = {s.batch, s.groups, 0, s.width};
    if (n.rank(n.in(3)) == 4)
      want[2] = n.shape(n.in(3))[2];
    if (n.shape(n.in(3)) != ArrayRef(want) ||
        n.type(n.in(4)) != n.type(n.in(3)))
      return n.fail("has a past that is not [batch, kv_num_heads, length, " +
                    Twine(s.width) + "]");
    s.past = want[2];
  }
  s.columns = s.rows;
  if (s.past == 0)
    return true;
  auto total = n.knownInts(n.in(6));
  if (!total || total->size() != 1)
    return n.fail("has a total_sequence_length that is not known at compile "
                  "time, and with it the length of the present");
  s.columns = std::max((*total)[0], s.past);
  if ((*total)[0] < s.rows || s.columns > s.past + s.rows)
    return n.fail("has a total_sequence_length of " + Twine((*total)[0]) +
                  " for " + Twine(s.rows) + " rows and a past of " +
                  Twine(s.past));
  return true;
}

/// The place of each row, [B or 1, T].
static Value places(NodeCtx &n, const Sizes &s) {
  Type element = n.element(n.in(5));
  Value rows = n.reshape(counted(n, s.rows, element), {1, s.rows});
  if (s.past == 0)
    return rows;
  Value last = n.reshape(n.in(5), {s.batch, 1});
  return n.make<AddOp>(
      {last, n.make<SubOp>({rows, n.scalar(double(s.rows - 1), element)})});
}

/// The places that position_ids gives to the rotation. Of several rows ONNX
/// Runtime reads the first one's of the first batch entry and counts on.
static Value givenPlaces(NodeCtx &n, const Sizes &s) {
  Value ids = n.in(9);
  if (n.shape(ids) != ArrayRef<int64_t>{s.batch, s.rows})
    return n.failValue("has position_ids that are not [" + Twine(s.batch) +
                       ", " + Twine(s.rows) + "]");
  if (s.rows == 1)
    return ids;
  Value first = n.sliceAxis(n.sliceAxis(ids, 0, 0, 1), 1, 0, 1);
  Value order = n.reshape(counted(n, s.rows, n.element(ids)), {1, s.rows});
  return n.make<AddOp>({order, first});
}

/// Rotates [B, T, H*d] by the tables' rows at the places of its rows.
static Value rotated(NodeCtx &n, const Sizes &s, Value x, int64_t heads,
                     Value at) {
  Value cos = n.in(7), sin = n.in(8);
  if (!cos || !sin || n.rank(cos) != 2 || n.type(cos) != n.type(sin))
    return n.failValue("has no cos and sin caches of rank 2");
  int64_t half = n.shape(cos)[1];
  if (n.shape(cos)[0] < s.rows)
    return n.failValue("has caches of " + Twine(n.shape(cos)[0]) +
                       " rows, shorter than the " + Twine(s.rows) +
                       " of the query");
  bool inOrder = s.past == 0 && !n.has(9);
  auto rows = [&](Value table) {
    if (inOrder)
      return n.reshape(n.sliceAxis(table, 0, 0, s.rows), {1, s.rows, half});
    return n.make<GatherOp>({table, at}, n.named("axis", 0));
  };
  Value open = n.reshape(x, {s.batch, s.rows, heads, s.width});
  bool interleaved = n.attrInt("rotary_interleaved", 0) != 0;
  sin = rows(sin);
  cos = rows(cos);
  return n.reshape(rotate(n, open, cos, sin, interleaved), n.shape(x));
}

/// The cache with new rows, [B, G, T, d], at their places in each batch entry.
static Value present(NodeCtx &n, const Sizes &s, Value past, Value rows,
                     Value at) {
  if (s.past == 0 || !rows)
    return rows;
  if (s.columns > s.past)
    past = n.concat(
        {past, n.splat(0, RankedTensorType::get(
                              {s.batch, s.groups, s.columns - s.past, s.width},
                              n.element(past)))},
        2);
  return n.make<CacheUpdateOp>({past, rows, at}, n.named("axis", 2));
}

static Value headNorm(NodeCtx &n, const Sizes &s, Value x, int64_t heads,
                      unsigned scale, StringRef attribute) {
  if (!n.has(scale))
    return x;
  double own = n.attrFloat("qk_norm_epsilon", 1e-6f);
  auto epsilon =
      n.named("epsilon",
              n.builder().getF32FloatAttr(float(n.attrFloat(attribute, own))));
  Value open = n.reshape(x, {s.batch, s.rows, heads, s.width});
  return n.reshape(n.make<RMSNormOp>({open, n.in(scale)}, epsilon), n.shape(x));
}

/// Additive mask of the keys that a row sees.
static bool readMask(NodeCtx &n, const Sizes &s, Heads &in) {
  int64_t window = n.attrInt("local_window_size", -1);
  Window w{-1, n.attrInt("causal", 1) ? 0 : -1};
  if (window < -1 || window == 0)
    return n.fail("has a local_window_size of " + Twine(window) +
                  ", expected -1 or at least 1");
  w.left = window > 0 ? window - 1 : -1; // its own place counts
  Type own = n.element(n.in(5));
  Value lengths =
      n.make<AddOp>({n.reshape(n.in(5), {s.batch}), n.scalar(1, own)});
  if (s.past) {
    in.mask = lengthsMask(n, w, lengths, s.rows, s.columns);
  } else {
    in.causal = w.isCausal();
    // Keys behind seqlens_k are padding, hidden but for rows that see no other.
    in.mask = in.causal ? Value() : windowMask(n, w, s.rows, s.columns, 0);
    Type f32 = n.builder().getF32Type();
    Value seen = n.make<LessEqualOp>(
        {counted(n, s.columns, own), n.reshape(n.in(5), {s.batch, 1})});
    Value hidden =
        n.make<WhereOp>({seen, n.scalar(0, f32), n.scalar(-1e30, f32)});
    in.mask = sumOf(n, in.mask, n.reshape(hidden, {s.batch, 1, 1, s.columns}));
  }
  in.mask = sumOf(n, in.mask, additiveMask(n, n.in(10), 0));
  return !n.failed;
}

static bool groupQueryAttention(NodeCtx &n) {
  Sizes s;
  Value x[3];
  if (!plain(n) || !readInputs(n, s, x) || !readLengths(n, s))
    return false;
  x[0] = headNorm(n, s, x[0], s.heads, 14, "q_norm_epsilon");
  x[1] = headNorm(n, s, x[1], s.groups, 15, "k_norm_epsilon");
  Value at = places(n, s);
  if (at && n.attrInt("do_rotary", 0)) {
    Value turn = n.has(9) ? givenPlaces(n, s) : at;
    if (!turn)
      return false;
    x[0] = rotated(n, s, x[0], s.heads, turn);
    x[1] = rotated(n, s, x[1], s.groups, turn);
  }
  Heads in;
  in.q = splitHeads(n, x[0], s.heads);
  in.k = present(n, s, n.in(3), splitHeads(n, x[1], s.groups), at);
  in.v = present(n, s, n.in(4), splitHeads(n, x[2], s.groups), at);
  if (!in.q || !in.k || !in.v || !readMask(n, s, in))
    return false;
  n.out(in.k, 1);
  n.out(in.v, 2);
  double scale = n.attrFloat("scale", 0);
  in.scale = scale != 0 ? scale : 1 / std::sqrt(double(s.width));
  in.softcap = n.attrFloat("softcap", 0);
  in.sink = n.in(11);
  if (!in.sink && n.attrInt("smooth_softmax", 0) == 1)
    in.sink =
        n.splat(0, RankedTensorType::get({s.heads}, n.builder().getF32Type()));
  return n.out(attend(n, in));
}

void weft::addGroupQueryRules(llvm::StringMap<Rule> &rules) {
  rules["com.microsoft/GroupQueryAttention"] = {
      groupQueryAttention,
      {"num_heads", "kv_num_heads", "scale", "do_rotary", "rotary_interleaved",
       "local_window_size", "softcap", "smooth_softmax", "causal",
       "q_norm_epsilon", "k_norm_epsilon", "qk_norm_epsilon", "qk_output",
       "kv_cache_bit_width", "sliding_window_cache", "k_quant_type",
       "v_quant_type"}};
}
