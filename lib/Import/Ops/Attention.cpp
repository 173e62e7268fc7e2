//===- Attention.cpp - Rules of attention in ai.onnx ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Attention and RotaryEmbedding of opset 23. What nn.attention cannot say (a
// softcap, scores as an output) is written out as the standard's function body.
//
//===----------------------------------------------------------------------===//
#include "AttentionRules.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

Value weft::mergeHeads(NodeCtx &n, Value x) {
  if (!x || n.rank(x) != 4)
    return x;
  Ints s(n.shape(x));
  return n.reshape(n.transpose(x, {0, 2, 1, 3}), {s[0], s[2], s[1] * s[3]});
}

Value weft::splitHeads(NodeCtx &n, Value x, int64_t heads) {
  if (!x || n.rank(x) != 3)
    return x;
  Ints s(n.shape(x));
  if (heads < 1 || s[2] % heads)
    return n.failValue("has " + Twine(s[2]) + " columns for " + Twine(heads) +
                       " heads");
  return n.transpose(n.reshape(x, {s[0], s[1], heads, s[2] / heads}),
                     {0, 2, 1, 3});
}

Value weft::additiveMask(NodeCtx &n, Value mask, double fill, int64_t columns) {
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
  mask = n.reshape(mask, shape);
  if (columns <= shape[3])
    return mask;
  // Keys beyond the mask are hidden.
  int64_t missing = columns - shape[3];
  shape[3] = missing;
  return n.concat({mask, n.splat(-std::numeric_limits<double>::infinity(),
                                 RankedTensorType::get(shape, f32))},
                  3);
}

Value weft::causalMask(NodeCtx &n, int64_t rows, int64_t columns,
                       int64_t offset) {
  if (rows * columns > (int64_t(1) << 26))
    return n.failValue("has a triangle of more than 2^26 pairs");
  Type f32 = n.builder().getF32Type();
  HostTensor mask =
      HostTensor::zeros(RankedTensorType::get({1, 1, rows, columns}, f32));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = i + offset + 1; j < columns; ++j)
      mask.setFloat(i * columns + j, -std::numeric_limits<double>::infinity());
  return n.constant(std::move(mask));
}

Value weft::sumOf(NodeCtx &n, Value a, Value b) {
  return a && b ? n.make<AddOp>({a, b}) : a ? a : b;
}

Value weft::rotate(NodeCtx &n, Value x, Value cos, Value sin,
                   bool interleaved) {
  if (!x || !cos || !sin)
    return {};
  int64_t half = n.shape(cos).back(), width = n.shape(x)[3];
  if (n.rank(cos) != 3 || n.type(cos) != n.type(sin) || 2 * half > width)
    return n.failValue("has cos and sin caches that do not match heads of " +
                       Twine(width) + " columns");
  Ints wide = {n.shape(cos)[0], n.shape(cos)[1], 1, half};
  cos = n.reshape(cos, wide);
  sin = n.reshape(sin, wide);
  Ints starts(4, 0), sizes(n.shape(x)), steps(4, 1);
  sizes[3] = half;
  steps[3] = interleaved ? 2 : 1;
  Value first = n.slice(x, starts, sizes, steps);
  starts[3] = interleaved ? 1 : half;
  Value second = n.slice(x, starts, sizes, steps);
  auto mul = [&](Value a, Value b) { return n.make<MulOp>({a, b}); };
  Value real = n.make<SubOp>({mul(cos, first), mul(sin, second)});
  Value imag = n.make<AddOp>({mul(sin, first), mul(cos, second)});
  if (interleaved) {
    Ints pair(sizes);
    pair.push_back(1);
    Value both = n.concat({n.reshape(real, pair), n.reshape(imag, pair)}, 4);
    sizes[3] = 2 * half;
    real = n.reshape(both, sizes);
  } else {
    real = n.concat({real, imag}, 3);
  }
  if (2 * half == width)
    return real;
  return n.concat({real, n.sliceAxis(x, 3, 2 * half, width - 2 * half)}, 3);
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {
struct Operands {
  Value q, k, v; // [B, heads, rows, d] each
  Value mask;    // additive, f32, rank 4, or null
  int64_t heads, kvHeads;
  double scale;
  bool causal; // query i sees keys <= i + columns - rows
};
} // namespace

/// [B, G, S, d] with every head repeated for its group.
static Value repeatHeads(NodeCtx &n, Value x, int64_t heads) {
  if (!x || n.shape(x)[1] == heads)
    return x;
  Ints s(n.shape(x));
  int64_t group = heads / s[1];
  Value open = n.reshape(x, {s[0], s[1], 1, s[2], s[3]});
  return n.reshape(n.expand(open, {s[0], s[1], group, s[2], s[3]}),
                   {s[0], heads, s[2], s[3]});
}

/// The function body: scores, softcap, mask, softmax, product.
static bool decomposed(NodeCtx &n, const Operands &in, bool fourD) {
  int64_t rows = n.shape(in.q)[2], columns = n.shape(in.k)[2];
  if (in.heads % in.kvHeads)
    return n.fail("has " + Twine(in.heads) + " heads over " +
                  Twine(in.kvHeads) + " key/value heads");
  Type own = n.element(in.q), f32 = n.builder().getF32Type();
  Value keys = n.transpose(repeatHeads(n, in.k, in.heads), {0, 1, 3, 2});
  Value scores = n.scaled(n.make<MatMulOp>({in.q, keys}), in.scale);
  int64_t mode = n.attrInt("qk_matmul_output_mode", 0);
  double cap = n.attrFloat("softcap", 0);
  Value shown = scores;
  if (cap != 0)
    scores = n.scaled(n.make<TanhOp>(n.scaled(scores, 1 / cap)), cap);
  if (mode == 1)
    shown = scores;
  Value mask = in.mask;
  if (in.causal)
    mask = sumOf(n, mask, causalMask(n, rows, columns, columns - rows));
  if (mask)
    scores = n.make<AddOp>({scores, n.cast(mask, own)});
  if (mode == 2)
    shown = scores;
  Value p = n.softmax(n.cast(scores, f32), 3);
  if (auto op = p ? p.getDefiningOp<SoftmaxOp>() : nullptr)
    op.setZeroMasked(true);
  p = n.cast(p, own);
  if (mode == 3)
    shown = p;
  n.out(shown, 3);
  Value y = n.make<MatMulOp>({p, repeatHeads(n, in.v, in.heads)});
  return n.out(fourD ? y : mergeHeads(n, y));
}

static std::optional<Operands> readOperands(NodeCtx &n) {
  Operands in;
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
  in.heads = fourD ? n.shape(in.q)[1] : n.attrInt("q_num_heads", 0);
  in.kvHeads = fourD ? n.shape(in.k)[1] : n.attrInt("kv_num_heads", 0);
  in.q = splitHeads(n, in.q, in.heads);
  in.k = splitHeads(n, in.k, in.kvHeads);
  in.v = splitHeads(n, in.v, in.kvHeads);
  if (n.has(4)) {
    in.k = n.concat({n.in(4), in.k}, 2);
    in.v = n.concat({n.in(5), in.v}, 2);
  }
  if (!in.q || !in.k || !in.v)
    return std::nullopt;
  in.scale = n.attrFloat("scale", 1 / std::sqrt(double(n.shape(in.q)[3])));
  return in;
}

static bool attention(NodeCtx &n) {
  if (n.has(6))
    return n.fail("has nonpad_kv_seqlen, which is not supported");
  bool fourD = n.has(0) && n.rank(n.in(0)) == 4;
  auto in = readOperands(n);
  if (!in)
    return false;
  n.out(in->k, 1);
  n.out(in->v, 2);
  int64_t rows = n.shape(in->q)[2], columns = n.shape(in->k)[2];
  double inf = std::numeric_limits<double>::infinity();
  in->mask = additiveMask(n, n.in(3), -inf, columns);
  in->causal = n.attrInt("is_causal", 0) != 0;
  // The first query follows the past; nn.attention aligns the last ones.
  int64_t offset = n.has(4) ? n.shape(n.in(4))[2] : 0;
  if (in->causal && offset != columns - rows) {
    in->mask = sumOf(n, in->mask, causalMask(n, rows, columns, offset));
    in->causal = false;
  }
  if (n.failed)
    return false;
  if (n.attrFloat("softcap", 0) != 0 || n.wants(3))
    return decomposed(n, *in, fourD);
  SmallVector<Value> operands = {mergeHeads(n, in->q), mergeHeads(n, in->k),
                                 mergeHeads(n, in->v)};
  if (in->mask)
    operands.push_back(in->mask);
  Value y =
      n.attention(operands, in->heads, in->kvHeads, in->scale, in->causal);
  if (auto op = y ? y.getDefiningOp<AttentionOp>() : nullptr)
    op.setZeroMasked(true);
  return n.out(fourD ? splitHeads(n, y, in->heads) : y);
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
                         "softmax_precision"}};
  rules["RotaryEmbedding"] = {
      rotaryEmbedding, {"interleaved", "num_heads", "rotary_embedding_dim"}};
  addMicrosoftRules(rules);
}
