//===- Quotients.cpp - Division of floats ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// There is no instruction that divides: a quotient is a product with a
// reciprocal.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"
#include <limits>

using namespace mlir;
using namespace weft::kernels;

/// The reciprocal of the divisor's own tile in two factors, then a product
/// with either. For one divisor a single factor will do: inf if it is below
/// 2.9e-39. So it will for f16, whose reciprocals f32 can hold.
void weft::kernels::divide(const Option &o, Code &c, ArrayRef<int64_t> sizes,
                           const Code::Operand &target,
                           SmallVectorImpl<Code::Operand> &operands) {
  auto narrow = [](Value v) {
    return isNarrow(mlir::cast<MemRefType>(v.getType()).getElementType());
  };
  int64_t n = tileElems(o.ins[1]), most = std::min<int64_t>(n, 256);
  bool widen = narrow(operands[1].buffer);
  bool parts = n > 1 && !widen && !narrow(target.buffer);
  Value inverse = c.scratch(n), scale = c.scratch(parts ? n : most),
        t = c.scratch(most), wide = widen ? c.scratch(most) : Value();
  inChunks(c, n, most, [&](Idx at, int64_t size) {
    Value x = c.view(operands[1].buffer, at, size),
          y = c.view(inverse, at, size),
          s = c.view(scale, parts ? at : Idx(0), size);
    if (widen) { // the reciprocal works on the bits of f32
      c.vec(V::VMov, c.view(wide, 0, size), {x});
      x = c.view(wide, 0, size);
    }
    if (parts)
      c.reciprocalParts(y, s, x, c.view(t, 0, size));
    else
      c.reciprocalOfAny(y, x, c.view(t, 0, size), s);
  });
  operands[1].buffer = inverse;
  c.strided(V::VFMul, sizes, target, {operands[0], operands[1]});
  operands[1].buffer = scale;
  if (parts)
    c.strided(V::VFMul, sizes, target, {target, operands[1]});
}

/// q = a y with y near 1/b; the residual a - q b is exact when fused, and
/// q + residual y rounds rightly. Where q is not finite it stays.
void weft::kernels::divideExactly(const Option &o, Code &c,
                                  ArrayRef<int64_t> sizes,
                                  const Code::Operand &target,
                                  ArrayRef<Code::Operand> operands) {
  int64_t n = tileElems(o.ins[1]), total = tileElems(o.out);
  Value b = c.scratch(n), y = c.scratch(n), t = c.scratch(n), u = c.scratch(n),
        q = c.scratch(total), r = c.scratch(total);
  auto all = [&](Value v) { return c.view(v, 0, n); };
  Value divisor = all(operands[1].buffer);
  c.vec(V::VMov, all(b), divisor);
  Value tmp1 = all(u), tmp0 = all(t);
  divisor = all(b);
  c.reciprocalOfAny(all(y), divisor, tmp0, tmp1);
  divisor = all(b);
  c.vec(V::VFNeg, all(b), divisor);
  Code::Operand quotient{q, 0, target.strides}, rest{r, 0, target.strides},
      inverse{y, 0, operands[1].strides}, minus{b, 0, operands[1].strides};
  c.strided(V::VMov, sizes, rest, {operands[0]});
  c.strided(V::VFMul, sizes, quotient, {rest, inverse});
  c.strided(V::VFMac, sizes, rest, {quotient, minus});
  Value finite = c.scratch(total);
  Value left = c.view(r, 0, total), mask = c.view(finite, 0, total);
  c.vec(V::VFAbs, mask, {left});
  c.vec(V::VFLt, mask, {mask, c.f32(std::numeric_limits<float>::infinity())});
  c.vec(V::VXor, mask, {mask, c.i32(1)});
  c.vec(V::VSel, left, {mask, c.f32(0)});
  auto limit = [&](V op, double bound) { // inf times 0 is NaN
    Value inverse = all(y), most = c.f32(bound);
    c.vec(op, all(y), {inverse, most});
  };
  limit(V::VFMin, 3e38);
  limit(V::VFMax, -3e38);
  c.strided(V::VFMac, sizes, quotient, {rest, inverse});
  c.strided(V::VMov, sizes, target, {quotient});
}

/// The same with m = -1/b: q = a m is minus the quotient, a + q b the residual.
/// Where that is not finite, q stays.
void weft::kernels::divideByKnown(const Option &o, Code &c,
                                  ArrayRef<int64_t> sizes,
                                  const Code::Operand &target,
                                  ArrayRef<Code::Operand> operands) {
  int64_t total = tileElems(o.out);
  Code::Operand quotient{c.scratch(total), 0, target.strides}, rest = target;
  const Code::Operand &a = operands[0], &b = operands[1], &m = operands[2];
  if (isNarrow(
          mlir::cast<MemRefType>(target.buffer.getType()).getElementType()))
    rest.buffer = c.scratch(total);
  c.strided(V::VFMul, sizes, quotient, {a, m});
  if (a.buffer != rest.buffer)
    c.strided(V::VMov, sizes, rest, {a});
  c.strided(V::VFMac, sizes, rest, {quotient, b});
  Code::Operand exponent{c.scratch(total), 0, target.strides},
      infinite{c.i32(0x7f800000), 0, {}};
  c.strided(V::VAnd, sizes, exponent, {rest, infinite});
  c.strided(V::VEq, sizes, exponent, {exponent, infinite});
  c.strided(V::VSel, sizes, rest, {exponent, {c.f32(0), 0, {}}});
  c.strided(V::VFMac, sizes, quotient, {rest, m});
  c.strided(V::VFNeg, sizes, target, {quotient});
}
