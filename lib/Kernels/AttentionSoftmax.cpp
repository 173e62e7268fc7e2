//===- AttentionSoftmax.cpp - Step 3 of attention: probabilities ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Scale, mask and softmax of scores; Attention.cpp says what comes before and
// after.
//
//===----------------------------------------------------------------------===//
#include "AttentionSteps.h"
#include <limits>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

static constexpr double largest = std::numeric_limits<float>::max();
static constexpr double smallest = std::numeric_limits<float>::min(); // normal

/// row += mask[b, h, query, :]; unit dimensions of the mask broadcast.
static void addMask(const Problem &p, const AttentionShape &s, Code &c,
                    Value row, Idx b, Idx head, Idx query) {
  RankedTensorType mask = p.ins[3];
  int64_t rows = rowsOf(mask), at[3] = {0, 0, 0}, stride = 1;
  for (int d = 2; d >= 0; --d) {
    at[d] = mask.getDimSize(d) == 1 ? 0 : stride;
    stride *= mask.getDimSize(d);
  }
  const Idx indices[] = {b, head, query};
  Idx offset = 0;
  for (auto [index, k] : llvm::zip(indices, at))
    if (k)
      offset = c.add(offset, c.mul(index, k));
  int64_t step = mask.getDimSize(3) == 1 ? 0 : rows;
  c.vec(V::VFAdd, row, {row, c.view(c.ins[3], offset, {s.keys}, {step})});
}

Value kernels::keyOrder(const AttentionShape &s, Code &c) {
  Value order = c.scratch(s.keys, c.b.getI32Type());
  c.loop(s.keys, [&](Idx k) {
    c.store(
        arith::IndexCastOp::create(c.b, c.loc, c.b.getI32Type(), c.index(k)),
        order, k);
  });
  return order;
}

/// Keys after the query get -inf.
static void causal(const AttentionShape &s, Code &c, Value row, Value order,
                   Idx query) {
  Value late = c.scratch(s.keys, c.b.getI32Type());
  Value last = arith::IndexCastOp::create(
      c.b, c.loc, c.b.getI32Type(), c.index(c.add(query, s.keys - s.queries)));
  Value lateView = c.view(late, 0, s.keys);
  c.vec(V::VLt, lateView, {last, c.view(order, 0, s.keys)});
  c.vec(V::VSel, row,
        {lateView, c.f32(-std::numeric_limits<float>::infinity())});
}

void kernels::softmaxOfScores(const Problem &p, const AttentionShape &s,
                              Code &c, Value scores, Value order, Idx b) {
  int64_t lines = s.local * s.rows, total = lines * s.keys;
  Idx first = c.mul(s.firstHead, s.rows * s.keys);
  Idx base = c.add(c.mul(b, s.heads * s.rows * s.keys), first);
  Value tmp0 = c.scratch(total), tmp1 = c.scratch(total);
  Value block = c.view(scores, base, total);
  c.vec(V::VFMul, block, {block, c.f32(p.real("scale", 1.0))});
  c.loop(s.local, [&](Idx j) {
    c.loop(s.rows, [&](Idx i) {
      Idx line = c.add(c.mul(j, s.rows), i);
      Value row = c.view(scores, c.add(base, c.mul(line, s.keys)), s.keys);
      Idx query = s.query(c, i);
      if (p.ins.size() > 3)
        addMask(p, s, c, row, b, c.add(s.firstHead, j), query);
      if (order)
        causal(s, c, row, order, query);
      Value most = c.maximum(row);
      if (p.flag("zero_masked")) // exp(-inf) for all keys, not for a NaN
        most = arith::MaximumFOp::create(c.b, c.loc, most, c.f32(-largest));
      c.vec(V::VFSub, row, {row, most});
    });
  });
  Value scratch = c.view(tmp1, 0, total);
  c.exp(block, c.view(tmp0, 0, total), scratch);
  Value sums = c.scratch(lines), inverse = c.scratch(lines),
        tmp = c.scratch(lines);
  auto rowOf = [&](Idx line) {
    return c.view(scores, c.add(base, c.mul(line, s.keys)), s.keys);
  };
  c.loop(lines, [&](Idx l) { c.store(c.sum(rowOf(l)), sums, l); });
  if (p.flag("zero_masked")) {
    Value all = c.view(sums, 0, lines), least = c.f32(smallest);
    c.vec(V::VFMax, c.view(sums, 0, lines), {all, least});
  }
  Value last = c.view(tmp, 0, lines), of = c.view(sums, 0, lines);
  c.reciprocal(c.view(inverse, 0, lines), of, last);
  c.loop(s.local, [&](Idx j) {
    c.loop(s.rows, [&](Idx i) {
      Idx line = c.add(c.mul(j, s.rows), i);
      Value scale = c.load(inverse, line);
      if (s.padded(c)) { // another's row counts nothing here
        Value zero = c.f32(0);
        Idx own = c.sub(s.query(c, i), s.ownRow);
        scale = c.select(c.less(own, 0), zero, scale);
      }
      Value row = rowOf(line);
      c.vec(V::VFMul, rowOf(line), {row, scale});
    });
  });
}
