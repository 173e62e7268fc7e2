//===- LocalMatmul.cpp - Products of one PE's data ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Local.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;
using local::Strides;

void local::matmul(const Option &o, Code &c) {
  bool isFloat = mlir::isa<FloatType>(o.out.getElementType());
  RankedTensorType a = o.ins[0], b = o.ins[1], y = o.out;
  Strides as = storage(a), bs = storage(b), ys = storage(y);
  int64_t ar = a.getRank(), br = b.getRank(), yr = y.getRank();
  bool aVector = ar == 1, bVector = br == 1;
  int64_t k = a.getShape().back(), n = bVector ? 1 : b.getShape().back();
  int64_t m = aVector ? 1 : a.getDimSize(ar - 2);
  int64_t batchDims = yr - (aVector ? 0 : 1) - (bVector ? 0 : 1);
  int64_t yRow = aVector ? 0 : ys[batchDims];
  int64_t yCol = bVector ? 0 : ys.back();
  Value zero = isFloat ? c.f32(0) : c.i32(0);
  c.vec(V::VMov, c.view(c.out, 0, tileElems(y)), zero);
  Value product = isFloat ? Value() : c.scratch(m, c.b.getI32Type());
  auto batchStride = [&](RankedTensorType t, ArrayRef<int64_t> s, int64_t core,
                         int64_t d) -> int64_t {
    int64_t own = d - (batchDims - (t.getRank() - core));
    return own < 0 || t.getDimSize(own) == 1 ? 0 : s[own];
  };
  std::function<void(int64_t, Idx, Idx, Idx)> walk = [&](int64_t d, Idx ao,
                                                         Idx bo, Idx yo) {
    if (d < batchDims)
      return c.loop(y.getDimSize(d), [&](Idx i) {
        Idx yi = c.add(yo, c.mul(i, ys[d]));
        Idx bi = c.mul(i, batchStride(b, bs, bVector ? 1 : 2, d));
        bi = c.add(bo, bi);
        Idx ai = c.mul(i, batchStride(a, as, aVector ? 1 : 2, d));
        walk(d + 1, c.add(ao, ai), bi, yi);
      });
    c.loop(n, [&](Idx j) {
      Idx yj = c.add(yo, c.mul(j, yCol));
      Idx bj = c.add(bo, c.mul(j, bVector ? 0 : bs.back()));
      c.loop(k, [&](Idx i) {
        Value w =
            c.load(c.ins[1], c.add(bj, c.mul(i, bVector ? bs[0] : bs[br - 2])));
        Value target = c.view(c.out, yj, {m}, {yRow});
        Value x = c.view(c.ins[0], c.add(ao, c.mul(i, as.back())), {m},
                         {aVector ? 0 : as[ar - 2]});
        if (isFloat)
          return c.vec(V::VFMac, target, {x, w});
        c.vec(V::VMul, c.view(product, 0, m), {x, w});
        c.vec(V::VAdd, target, {target, c.view(product, 0, m)});
      });
    });
  };
  walk(0, 0, 0, 0);
}
