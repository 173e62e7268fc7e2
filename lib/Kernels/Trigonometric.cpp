//===- Trigonometric.cpp - tan and the inverse functions of angles --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The polynomials are those of Cephes' tanf, asinf and atanf; branches become
// selections. Errors are measured by test/unit/Kernels.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"
#include <limits>

using namespace mlir;
using namespace weft::kernels;

static constexpr double Nan = std::numeric_limits<double>::quiet_NaN();
static constexpr double HalfPi = 1.57079632679489662;

void Chunk::horner(Value p, Value z, ArrayRef<double> k) const {
  vec(V::VFMul, p, {z, f32(k[0])});
  for (double next : k.drop_front().drop_back()) {
    vec(V::VFAdd, p, {p, f32(next)});
    vec(V::VFMul, p, {p, z});
  }
  vec(V::VFAdd, p, {p, f32(k.back())});
}

// x = n pi/2 + r as for sin and cos; -1/tan(r) where n is odd.
void weft::kernels::tangent(const Chunk &k) {
  const double round = 12582912.0;
  k.vec(V::VFMul, k.t2, {k.x, k.f32(0.63661977236758134)});
  k.vec(V::VFAdd, k.t2, {k.t2, k.f32(round)});
  k.vec(V::VFSub, k.t1, {k.t2, k.f32(round)});
  k.vec(V::VMov, k.s, {k.x});
  for (double part : {0x1.921fb6p+0, -0x1.777a5cp-25, -0x1.ee59dap-50})
    k.vec(V::VFMac, k.s, {k.t1, k.f32(-part)});
  k.vec(V::VFMul, k.t0, {k.s, k.s});
  k.horner(k.t1, k.t0,
           {9.38540185543e-3, 3.11992232697e-3, 2.44301354525e-2,
            5.34112807005e-2, 1.33387994085e-1, 3.33331568548e-1});
  k.vec(V::VFMul, k.t1, {k.t1, k.t0});
  k.vec(V::VFMac, k.s, {k.t1, k.s});
  k.vec(V::VAnd, k.t2, {k.t2, k.i32(1)});
  k.vec(V::VMov, k.y, {k.s}); // x is done with
  // r is not 0 where n is odd, and never tiny: no float is that near to a pole.
  k.c.reciprocal(k.t0, k.s, k.t1);
  k.vec(V::VFNeg, k.t0, {k.t0});
  k.vec(V::VSel, k.y, {k.t2, k.t0});
}

/// s = asin(z) for 0 <= z <= 1/2, with z in t0.
static void smallArcsine(const Chunk &k) {
  k.vec(V::VFMul, k.t1, {k.t0, k.t0});
  k.horner(k.s, k.t1,
           {4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2,
            1.6666752422e-1});
  k.vec(V::VFMul, k.s, {k.s, k.t1});
  k.vec(V::VFMul, k.s, {k.s, k.t0});
  k.vec(V::VFAdd, k.s, {k.s, k.t0});
}

/// t2 = |x| > 1/2; s = asin(|x|), or asin(sqrt((1 - |x|) / 2)) where t2 says
/// so. Below 0 and beyond 1 a NaN comes from the caller.
static void halvedArcsine(const Chunk &k) {
  k.vec(V::VFAbs, k.s, {k.x});
  k.vec(V::VFSub, k.t0, {k.f32(1), k.s});
  k.vec(V::VFMul, k.t0, {k.t0, k.f32(0.5)});
  k.vec(V::VFMax, k.t0, {k.t0, k.f32(0)});
  k.c.rsqrt(k.t1, k.t0, k.t1, k.t2); // finite for 0
  k.vec(V::VFMul, k.t0, {k.t0, k.t1});
  k.vec(V::VFLe, k.t1, {k.s, k.f32(0.5)});
  k.vec(V::VFLt, k.t2, {k.f32(0.5), k.s});
  k.vec(V::VSel, k.t0, {k.t1, k.s});
  smallArcsine(k);
}

/// y = s, NaN where x lies beyond 1.
static void insideUnit(const Chunk &k) {
  k.vec(V::VFAbs, k.t0, {k.x});
  k.vec(V::VFLe, k.t0, {k.t0, k.f32(1)});
  k.vec(V::VFMul, k.y, {k.x, k.f32(Nan)});
  k.vec(V::VSel, k.y, {k.t0, k.s});
}

void weft::kernels::arcsine(const Chunk &k) {
  halvedArcsine(k);
  k.vec(V::VMov, k.t1, {k.f32(HalfPi)});
  k.vec(V::VFMac, k.t1, {k.s, k.f32(-2)});
  k.vec(V::VSel, k.s, {k.t2, k.t1});
  k.vec(V::VAnd, k.t0, {k.x, k.i32(0x80000000)});
  k.vec(V::VOr, k.s, {k.s, k.t0});
  insideUnit(k);
}

void weft::kernels::arccosine(const Chunk &k) {
  halvedArcsine(k);
  // pi/2 - x', with x' of the sign of x; 2 s or pi - 2 s where |x| > 1/2.
  k.vec(V::VAnd, k.t0, {k.x, k.i32(0x80000000)});
  k.vec(V::VXor, k.t1, {k.s, k.t0});
  k.vec(V::VFSub, k.t1, {k.f32(HalfPi), k.t1});
  k.vec(V::VFAdd, k.s, {k.s, k.s});
  k.vec(V::VSel, k.t1, {k.t2, k.s});
  k.vec(V::VFSub, k.s, {k.f32(2 * HalfPi), k.s});
  k.vec(V::VShr, k.t0, {k.t0, k.i32(31)});
  k.vec(V::VAnd, k.t0, {k.t0, k.t2});
  k.vec(V::VSel, k.t1, {k.t0, k.s});
  k.vec(V::VMov, k.s, {k.t1});
  insideUnit(k);
}

// |x| <= tan(pi/8): itself; up to tan(3 pi/8): pi/4 + atan((x-1)/(x+1));
// beyond: pi/2 + atan(-1/x).
void weft::kernels::arctangent(const Chunk &k) {
  const double low = 0.4142135623730950, high = 2.414213562373095;
  k.vec(V::VFAbs, k.s, {k.x});
  k.vec(V::VFMin, k.s, {k.s, k.f32(1e30)}); // NaN stays
  k.vec(V::VAnd, k.t2, {k.x, k.i32(0x80000000)});
  // t0 = denominator, s = numerator
  k.vec(V::VFAdd, k.t0, {k.s, k.f32(1)});
  k.vec(V::VFLe, k.t1, {k.s, k.f32(low)});
  k.vec(V::VSel, k.t0, {k.t1, k.f32(1)});
  k.vec(V::VFLt, k.t1, {k.f32(high), k.s});
  k.vec(V::VSel, k.t0, {k.t1, k.s});
  k.vec(V::VMov, k.y, {k.s}); // the sign is kept in t2
  k.vec(V::VFLt, k.t1, {k.f32(low), k.y});
  k.vec(V::VFSub, k.s, {k.s, k.f32(1)});
  k.vec(V::VXor, k.t1, {k.t1, k.i32(1)});
  k.vec(V::VSel, k.s, {k.t1, k.y});
  k.vec(V::VFLt, k.t1, {k.f32(high), k.y});
  k.vec(V::VSel, k.s, {k.t1, k.f32(-1)});
  // y = offset: 0, pi/4 or pi/2
  k.vec(V::VI2F, k.t1, {k.t1});
  k.vec(V::VFLt, k.y, {k.f32(low), k.y});
  k.vec(V::VI2F, k.y, {k.y});
  k.vec(V::VFAdd, k.y, {k.y, k.t1});
  k.vec(V::VFMul, k.y, {k.y, k.f32(HalfPi / 2)});
  int64_t n = cast<MemRefType>(k.x.getType()).getNumElements();
  Value inverse = k.c.view(k.c.scratch(n), 0, n);
  k.c.reciprocal(inverse, k.t0, k.t1);
  k.vec(V::VFMul, k.s, {k.s, inverse});
  k.vec(V::VFMul, k.t0, {k.s, k.s});
  k.horner(k.t1, k.t0,
           {8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1,
            -3.33329491539e-1});
  k.vec(V::VFMul, k.t1, {k.t1, k.t0});
  k.vec(V::VFMac, k.s, {k.t1, k.s});
  k.vec(V::VFAdd, k.y, {k.y, k.s});
  k.vec(V::VXor, k.y, {k.y, k.t2});
}
