//===- Attention.cpp - Rules of attention in ai.onnx ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Attention and RotaryEmbedding of opset 23 on.
//
//===----------------------------------------------------------------------===//
#include "AttentionRules.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// With an output of scores: those of `qk_matmul_output_mode`.
static bool withScores(NodeCtx &n, const Heads &in, bool fourD) {
  WrittenOut w = writeOut(n, in);
  const Value shown[] = {w.scores, w.capped, w.masked, w.probabilities};
  int64_t mode = n.attrInt("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3)
    return n.fail("has qk_matmul_output_mode " + Twine(mode) +
                  ", expected 0 to 3");
  n.out(shown[mode], 3);
  return n.out(fourD ? w.result : mergeHeads(n, w.result));
}

static std::optional<Heads> readOperands(NodeCtx &n) {
  Heads in;
  in.q = n.in(0);
  in.k = n.in(1);
  in.v = n.in(2);
  if (!in.q || !in.k || !in.v || n.has(4) != n.has(5) ||
      n.rank(in.q) != n.rank(in.k) || n.rank(in.k) != n.rank(in.v) ||
      (n.rank(in.q) != 3 && n.rank(in.q) != 4)) {
    n.fail("has no query, key and value of the same rank, 3 or 4, or only half "
           "of the past");
    return std::nullopt;
  }
  bool fourD = n.rank(in.q) == 4;
  int64_t kv = fourD ? n.shape(in.k)[1] : n.attrInt("kv_num_heads", 0);
  in.q = splitHeads(n, in.q, fourD ? 1 : n.attrInt("q_num_heads", 0));
  in.k = splitHeads(n, in.k, kv);
  in.v = splitHeads(n, in.v, kv);
  if (n.has(4)) {
    in.k = n.concat({n.in(4), in.k}, 2);
    in.v = n.concat({n.in(5), in.v}, 2);
  }
  if (!in.q || !in.k || !in.v)
    return std::nullopt;
  in.scale = n.attrFloat("scale", 1 / std::sqrt(double(n.shape(in.q)[3])));
  in.softcap = n.attrFloat("softcap", 0);
  in.zeroMasked = true;
  return in;
}

/// Adds what hides keys: a window, a triangle, lengths of a cache.
static bool hideKeys(NodeCtx &n, Heads &in) {
  int64_t rows = n.shape(in.q)[2], columns = n.shape(in.k)[2];
  Window w{n.attrInt("left_window_size", -1),
           n.attrInt("right_window_size", -1)};
  if (w.left < -1 || w.right < -1)
    return n.fail("has a window of " + Twine(w.left) + " and " +
                  Twine(w.right) + " keys, expected at least -1");
  if (n.attrInt("is_causal", 0) != 0)
    w.right = 0;
  if (Value lengths = n.in(6)) {
    if (n.has(4) || n.rank(lengths) != 1 ||
        n.shape(lengths)[0] != n.shape(in.q)[0])
      return n.fail("has a nonpad_kv_seqlen beside a past, or not one for each "
                    "of a batch of " +
                    Twine(n.shape(in.q)[0]));
    in.mask = sumOf(n, in.mask, lengthsMask(n, w, lengths, rows, columns));
    return !n.failed;
  }
  // The first query follows the past; nn.attention aligns the last ones.
  int64_t offset = n.has(4) ? n.shape(n.in(4))[2] : 0;
  in.causal = w.isCausal() && offset == columns - rows;
  if (!in.causal)
    in.mask = sumOf(n, in.mask, windowMask(n, w, rows, columns, offset));
  return !n.failed;
}

static bool attention(NodeCtx &n) {
  bool fourD = n.has(0) && n.rank(n.in(0)) == 4;
  auto in = readOperands(n);
  if (!in)
    return false;
  n.out(in->k, 1);
  n.out(in->v, 2);
  in->mask = additiveMask(n, n.in(3), -std::numeric_limits<double>::infinity(),
                          n.shape(in->k)[2]);
  if (!hideKeys(n, *in))
    return false;
  if (n.wants(3))
    return withScores(n, *in, fourD);
  Value y = attend(n, *in);
  return n.out(fourD ? splitHeads(n, y, n.shape(in->q)[1]) : y);
}

//===----------------------------------------------------------------------===//
// RotaryEmbedding
//===----------------------------------------------------------------------===//

static bool rotaryEmbedding(NodeCtx &n) {
  Value x = n.in(0), cos = n.in(1), sin = n.in(2), positions = n.in(3);
  if (!x || !cos || !sin)
    return n.fail("has fewer than 3 inputs");
  bool fourD = n.rank(x) == 4;
  Ints shape(n.shape(x));
  if (fourD) {
    x = n.transpose(x, {0, 2, 1, 3});
  } else {
    int64_t heads = n.attrInt("num_heads", 0);
    if (n.rank(x) != 3 || heads < 1 || shape[2] % heads)
      return n.fail("has an input of rank " + Twine(n.rank(x)) +
                    " that num_heads does not divide");
    x = n.reshape(x, {shape[0], shape[1], heads, shape[2] / heads});
  }
  if (positions) {
    cos = n.make<GatherOp>({cos, positions}, n.named("axis", 0));
    sin = n.make<GatherOp>({sin, positions}, n.named("axis", 0));
  }
  Value y = rotate(n, x, cos, sin, n.attrInt("interleaved", 0) != 0);
  return n.out(fourD ? n.transpose(y, {0, 2, 1, 3}) : n.reshape(y, shape));
}

void weft::addAttentionRules(llvm::StringMap<Rule> &rules) {
  rules["Attention"] = {attention,
                        {"is_causal", "kv_num_heads", "q_num_heads", "scale",
                         "softcap", "qk_matmul_output_mode",
                         "softmax_precision", "left_window_size",
                         "right_window_size"}};
  rules["RotaryEmbedding"] = {
      rotaryEmbedding, {"interleaved", "num_heads", "rotary_embedding_dim"}};
  addMicrosoftRules(rules);
  addGroupQueryRules(rules);
}
