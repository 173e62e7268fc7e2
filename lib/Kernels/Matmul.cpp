//===- Matmul.cpp - Batched products of activations -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// As gemm, but the right operand may be an activation and both may be batched:
// the left one is split over K along one axis, the right one over N along the
// other, which all PEs of a line along K's axis hold. Each PE multiplies its
// part of K; the partial sums are added along K's axis. A constant right
// operand is split over both.
//
// Two forms of the inner step, for each (k, n) of a PE: one multiply-accumulate
// per batch entry over its rows, with a scalar from the right operand; or one
// over rows of all entries, with a vector from it.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
using Strides = SmallVector<int64_t>;

/// Where the batch dimensions of an operand lie; 0: it is the same for all.
Strides batchStrides(RankedTensorType type, size_t batchDims) {
  std::vector<weft::bin::DimMap> maps = dimMaps(type);
  Strides s(batchDims, 0);
  size_t own = maps.size() - 2;
  for (size_t d = 0; d < own; ++d)
    if (maps[d].extent > 1)
      s[batchDims - own + d] = maps[d].stride;
  return s;
}

class Matmul final : public Kernel {
public:
  explicit Matmul(bool whole) : whole(whole) {}

private:
  bool whole; // rows of all batch entries at once

  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &) const override {
    if (p.op != "nn.matmul" || !mlir::isa<FloatType>(p.out.getElementType()) ||
        p.ins[0].getRank() < 2 || p.ins[1].getRank() < 2 ||
        (whole && p.out.getRank() == 2))
      return;
    for (int8_t k : {X, Y}) {
      SmallVector<int8_t> right(p.ins[1].getRank(), None);
      right.back() = other(k);
      if (p.constant[1])
        right[right.size() - 2] = k;
      out.push_back({whole ? "matmul_whole" : "matmul",
                     {laidOut(p.ins[0], r, k), laidOut(p.ins[1], r, right)},
                     laidOut(p.out, r, other(k))});
    }
  }

  /// Sizes and strides of a PE's part.
  struct Part {
    int64_t m, n, k, rowsOfK; // of the tiles; K of the right operand's
    int64_t aCol, bRow, bCol, yCol;
    Strides batch, a, b, y; // sizes, and a stride for each operand
    bool padded;            // is there a k or n beyond the last?

    Part(const Problem &p, const Option &o) {
      RankedTensorType left = o.ins[0], right = o.ins[1];
      unsigned rank = p.out.getRank();
      std::vector<weft::bin::DimMap> am = dimMaps(left), bm = dimMaps(right),
                                     ym = dimMaps(o.out);
      m = p.out.getDimSize(rank - 2);
      n = ym.back().tile;
      k = am.back().tile;
      rowsOfK = bm[bm.size() - 2].tile;
      aCol = am.back().stride;
      bRow = bm[bm.size() - 2].stride;
      bCol = bm.back().stride;
      yCol = ym.back().stride;
      batch.assign(p.out.getShape().begin(), p.out.getShape().end() - 2);
      a = batchStrides(left, batch.size());
      b = batchStrides(right, batch.size());
      y = batchStrides(o.out, batch.size());
      padded = isPadded(left) || isPadded(o.out);
    }
  };

  void expand(const Problem &p, const Option &o, Code &c) const override {
    Part t(p, o);
    int8_t axis = axisOf(o.ins[0]);
    int64_t all = tileElems(o.out);
    Type acc = accumulatorType(p);
    Value y = acc == o.out.getElementType() ? c.out : c.scratch(all, acc);
    c.fill(c.view(y, 0, all), 0);
    // A constant holds its part of K and zeros behind it.
    bool split = p.constant[1];
    int64_t depth = p.ins[0].getShape().back(), width = p.out.getShape().back();
    Idx firstK = c.mul(c.coord(axis), t.k),
        firstN = c.mul(c.coord(other(axis)), t.n);
    c.loop(t.n, [&](Idx n) {
      c.loop(t.k, [&](Idx k) {
        Idx row = split ? k : c.add(firstK, k);
        Value valid;
        if (t.padded && !split) {
          valid =
              arith::AndIOp::create(c.b, c.loc, c.less(c.add(firstK, k), depth),
                                    c.less(c.add(firstN, n), width));
          row = c.min(row, depth - 1);
        }
        Idx right = c.add(c.mul(row, t.bRow), c.mul(n, t.bCol));
        Idx left = c.mul(k, t.aCol), target = c.mul(n, t.yCol);
        if (whole)
          wholeStep(t, c, y, target, left, right, valid);
        else
          entries(t, c, y, 0, target, left, right, valid);
      });
    });
    Value sum = c.view(y, 0, all);
    c.allReduce(c.view(c.out, 0, all), sum, axis);
  }

  /// One multiply-accumulate for each entry from batch dimension `d` on.
  static void entries(const Part &t, Code &c, Value y, size_t d, Idx target,
                      Idx left, Idx right, Value valid) {
    if (d < t.batch.size())
      return c.loop(t.batch[d], [&](Idx i) {
        Idx to = c.add(target, c.mul(i, t.y[d]));
        Idx from = c.add(left, c.mul(i, t.a[d]));
        entries(t, c, y, d + 1, to, from, c.add(right, c.mul(i, t.b[d])),
                valid);
      });
    Value w = c.load(c.ins[1], right);
    if (valid) {
      Value zero = c.f32(0);
      w = c.select(valid, w, zero);
    }
    Value column = c.view(c.ins[0], left, t.m);
    c.vec(V::VFMac, c.view(y, target, t.m), {column, w});
  }

  /// One multiply-accumulate for all of them.
  static void wholeStep(const Part &t, Code &c, Value y, Idx target, Idx left,
                        Idx right, Value valid) {
    Strides sizes = t.batch, to = t.y, from = t.a, by = t.b;
    Code::Operand weights{c.ins[1], right, by};
    if (valid) { // zeros for what lies beyond the last
      Value some = c.scratch(1 + reach(t.batch, t.b));
      Value zero = c.f32(0), one = c.f32(1);
      c.strided(V::VFMul, t.batch, {some, 0, by},
                {weights, {c.select(valid, one, zero), 0, {}}});
      weights = {some, 0, by};
    }
    sizes.push_back(t.m);
    to.push_back(1);
    from.push_back(1);
    weights.strides.push_back(0);
    c.strided(V::VFMac, sizes, {y, target, to},
              {{c.ins[0], left, from}, weights});
  }

  /// The last element that a walk touches.
  static int64_t reach(Ints sizes, Ints strides) {
    int64_t last = 0;
    for (auto [n, s] : llvm::zip(sizes, strides))
      last += (n - 1) * s;
    return last;
  }
};
} // namespace

const Kernel &weft::kernels::matmulKernel() {
  static const Matmul kernel(false);
  return kernel;
}

const Kernel &weft::kernels::wholeMatmulKernel() {
  static const Matmul kernel(true);
  return kernel;
}
