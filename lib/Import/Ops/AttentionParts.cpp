//===- AttentionParts.cpp - What the rules of attention ops share ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Heads apart and together, masks of all kinds, and the rotation of rotary
// embeddings.
//
//===----------------------------------------------------------------------===//
#include "AttentionRules.h"
#include "Indices.h"

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

Value weft::repeatHeads(NodeCtx &n, Value x, int64_t heads) {
  if (!x || n.shape(x)[1] == heads)
    return x;
  Ints s(n.shape(x));
  int64_t group = heads / s[1];
  Value open = n.reshape(x, {s[0], s[1], 1, s[2], s[3]});
  return n.reshape(n.expand(open, {s[0], s[1], group, s[2], s[3]}),
                   {s[0], heads, s[2], s[3]});
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

Value weft::counted(NodeCtx &n, int64_t size, Type element) {
  return iota(n, size, 1, 0, 1, element);
}

/// Constant numbers `f(i, j)` over queries and keys, [1, 1, rows, columns].
static Value pairs(NodeCtx &n, int64_t rows, int64_t columns, Type element,
                   llvm::function_ref<double(int64_t, int64_t)> f) {
  if (columns > 0 && rows > (int64_t(1) << 26) / columns)
    return n.failValue("has a mask of more than 2^26 pairs");
  HostTensor mask =
      HostTensor::zeros(RankedTensorType::get({1, 1, rows, columns}, element));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      if (element.isF32())
        mask.setFloat(i * columns + j, f(i, j));
      else
        mask.setInt(i * columns + j, int64_t(f(i, j)));
  return n.constant(std::move(mask));
}

Value weft::windowMask(NodeCtx &n, const Window &w, int64_t rows,
                       int64_t columns, int64_t offset) {
  if (!w.limits())
    return {};
  Type f32 = n.builder().getF32Type();
  return pairs(n, rows, columns, f32, [&](int64_t i, int64_t j) {
    int64_t behind = i + offset - j; // of the key, seen from the query
    bool seen =
        (w.left < 0 || behind <= w.left) && (w.right < 0 || -behind <= w.right);
    return seen ? 0.0 : -std::numeric_limits<double>::infinity();
  });
}

Value weft::lengthsMask(NodeCtx &n, const Window &w, Value lengths,
                        int64_t rows, int64_t columns) {
  if (!lengths)
    return {};
  int64_t batch = n.type(lengths).getNumElements();
  Type own = n.element(lengths);
  lengths = n.reshape(lengths, {batch, 1, 1, 1});
  auto plus = [&](Value x, int64_t k) {
    return k ? n.make<AddOp>({x, n.scalarLike(x, double(k))}) : x;
  };
  // The last query is at the last key, so key j is behind query i by
  // length - place, where:
  Value place = pairs(n, rows, columns, own, [&](int64_t i, int64_t j) {
    return double(j - i + rows);
  });
  Value keys =
      pairs(n, 1, columns, own, [](int64_t, int64_t j) { return double(j); });
  Value seen;
  auto both = [&](Value more) {
    seen = seen ? n.make<AndOp>({seen, more}) : more;
  };
  if (w.right >= 0)
    both(n.make<LessEqualOp>({plus(place, -w.right), lengths}));
  if (w.right != 0) // else implied
    both(n.make<LessOp>({keys, lengths}));
  if (w.left >= 0)
    both(n.make<LessEqualOp>({lengths, plus(place, w.left)}));
  Type f32 = n.builder().getF32Type();
  double inf = std::numeric_limits<double>::infinity();
  return n.make<WhereOp>({seen, n.scalar(0, f32), n.scalar(-inf, f32)});
}

Value weft::sumOf(NodeCtx &n, Value a, Value b) {
  return a && b ? n.make<AddOp>({a, b}) : a ? a : b;
}

/// Softmax over keys and a sink, of which only the keys are kept.
static Value probabilities(NodeCtx &n, Value scores, const Heads &in) {
  Type f32 = n.builder().getF32Type();
  scores = n.cast(scores, f32);
  int64_t columns = scores ? n.shape(scores)[3] : 0;
  if (in.sink && scores) {
    Ints shape(n.shape(scores));
    shape[3] = 1;
    Value sink = n.reshape(n.cast(in.sink, f32), {1, shape[1], 1, 1});
    scores = n.concat({scores, n.expand(sink, shape)}, 3);
  }
  Value p = n.softmax(scores, 3);
  if (auto op = p ? p.getDefiningOp<SoftmaxOp>() : nullptr)
    op.setZeroMasked(in.zeroMasked);
  return in.sink ? n.sliceAxis(p, 3, 0, columns) : p;
}

WrittenOut weft::writeOut(NodeCtx &n, const Heads &in) {
  WrittenOut w;
  int64_t rows = n.shape(in.q)[2], columns = n.shape(in.k)[2];
  int64_t heads = n.shape(in.q)[1], groups = n.shape(in.k)[1];
  if (groups < 1 || heads % groups || n.shape(in.v)[1] != groups) {
    n.fail("has " + Twine(heads) + " heads over " + Twine(groups) +
           " heads of keys and " + Twine(n.shape(in.v)[1]) + " of values");
    return w;
  }
  Type own = n.element(in.q);
  Value keys = n.transpose(repeatHeads(n, in.k, heads), {0, 1, 3, 2});
  w.scores = n.scaled(n.make<MatMulOp>({in.q, keys}), in.scale);
  w.capped = w.scores;
  if (in.softcap != 0)
    w.capped = n.scaled(n.make<TanhOp>(n.scaled(w.scores, 1 / in.softcap)),
                        in.softcap);
  Value mask = in.mask;
  if (in.causal)
    mask =
        sumOf(n, mask, windowMask(n, {-1, 0}, rows, columns, columns - rows));
  w.masked = mask ? n.make<AddOp>({w.capped, n.cast(mask, own)}) : w.capped;
  w.probabilities = n.cast(probabilities(n, w.masked, in), own);
  w.result = n.make<MatMulOp>({w.probabilities, repeatHeads(n, in.v, heads)});
  return w;
}

Value weft::attend(NodeCtx &n, const Heads &in) {
  if (n.failed || !in.q || !in.k || !in.v)
    return {};
  if (in.softcap != 0 || in.sink)
    return mergeHeads(n, writeOut(n, in).result);
  SmallVector<Value> operands = {mergeHeads(n, in.q), mergeHeads(n, in.k),
                                 mergeHeads(n, in.v)};
  if (in.mask)
    operands.push_back(in.mask);
  Value y = n.attention(operands, n.shape(in.q)[1], n.shape(in.k)[1], in.scale,
                        in.causal);
  if (auto op = y ? y.getDefiningOp<AttentionOp>() : nullptr)
    op.setZeroMasked(in.zeroMasked);
  return y;
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
