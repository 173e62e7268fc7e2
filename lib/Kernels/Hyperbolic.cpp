//===- Hyperbolic.cpp - Hyperbolic functions and their inverses -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Near 0 the polynomials of Cephes' sinhf, asinhf, acoshf and atanhf, which
// keep the relative accuracy of small values; elsewhere exp and log.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"
#include <limits>

using namespace mlir;
using namespace weft::kernels;

static constexpr double Inf = std::numeric_limits<double>::infinity();
static constexpr double Nan = std::numeric_limits<double>::quiet_NaN();
static constexpr double Ln2 = 0.69314718055994531;

/// s = e^|x| / 2 and t2 = e^-|x| / 2. Half the exponent twice: cosh(89) is
/// finite, e^89 is not.
static void halfExponentials(const Chunk &k) {
  k.vec(V::VFAbs, k.s, {k.x});
  k.vec(V::VFMin, k.s, {k.s, k.f32(180)}); // NaN stays
  k.vec(V::VFMul, k.s, {k.s, k.f32(0.5)});
  k.c.exp(k.s, k.t0, k.t1);
  k.vec(V::VFMin, k.s, {k.s, k.f32(4e37)}); // its square is inf
  k.c.reciprocal(k.t2, k.s, k.t0);
  k.vec(V::VFMul, k.t0, {k.s, k.f32(0.5)});
  k.vec(V::VFMul, k.s, {k.s, k.t0});
  k.vec(V::VFMul, k.t0, {k.t2, k.f32(0.5)});
  k.vec(V::VFMul, k.t2, {k.t2, k.t0});
}

void weft::kernels::hyperbolicCosine(const Chunk &k) {
  halfExponentials(k);
  k.vec(V::VFAdd, k.y, {k.s, k.t2});
}

void weft::kernels::hyperbolicSine(const Chunk &k) {
  halfExponentials(k);
  k.vec(V::VFSub, k.s, {k.s, k.t2});
  k.vec(V::VAnd, k.t0, {k.x, k.i32(0x80000000)});
  k.vec(V::VOr, k.s, {k.s, k.t0});
  // Below 1: x + x^3 P(x^2)
  k.vec(V::VFMul, k.t0, {k.x, k.x});
  k.horner(k.t1, k.t0, {2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1});
  k.vec(V::VFMul, k.t1, {k.t1, k.t0});
  k.vec(V::VMov, k.t2, {k.x});
  k.vec(V::VFMac, k.t2, {k.t1, k.x});
  k.vec(V::VFLt, k.t0, {k.t0, k.f32(1)});
  k.vec(V::VMov, k.y, {k.s});
  k.vec(V::VSel, k.y, {k.t0, k.t2});
}

/// s = log(s + t2) with s, t2 >= 0 normal; s alone, and ln 2 more, where the
/// sum would be that of two equal numbers: t2 is ignored where s >= 1e9.
static void logOfSum(const Chunk &k) {
  k.vec(V::VFAdd, k.t2, {k.s, k.t2});
  k.vec(V::VFLt, k.t0, {k.f32(1e9), k.s});
  k.vec(V::VSel, k.t2, {k.t0, k.s});
  k.vec(V::VI2F, k.s, {k.t0});
  k.c.log(k.t2, k.t0, k.t1);
  k.vec(V::VFMul, k.s, {k.s, k.f32(Ln2)});
  k.vec(V::VFAdd, k.s, {k.s, k.t2});
}

/// t2 = sqrt(t2) for positive normal numbers.
static void root(const Chunk &k) {
  k.c.rsqrt(k.t1, k.t2, k.t1, k.t0);
  k.vec(V::VFMul, k.t2, {k.t2, k.t1});
}

void weft::kernels::areaSine(const Chunk &k) {
  k.vec(V::VFAbs, k.s, {k.x});
  k.vec(V::VFMin, k.t2, {k.s, k.f32(1e9)});
  k.vec(V::VFMul, k.t2, {k.t2, k.t2});
  k.vec(V::VFAdd, k.t2, {k.t2, k.f32(1)});
  root(k);
  logOfSum(k);
  k.vec(V::VFMul, k.t0, {k.x, k.x});
  k.horner(
      k.t1, k.t0,
      {2.0122003309e-2, -4.2699340972e-2, 7.4847586088e-2, -1.6666288134e-1});
  k.vec(V::VFMul, k.t1, {k.t1, k.t0});
  k.vec(V::VMov, k.t2, {k.x});
  k.vec(V::VFMac, k.t2, {k.t1, k.x});
  k.vec(V::VFLt, k.t0, {k.t0, k.f32(0.25)});
  k.vec(V::VSel, k.s, {k.t0, k.t2});
  k.vec(V::VAnd, k.t0, {k.x, k.i32(0x80000000)}); // -0 stays
  k.vec(V::VOr, k.s, {k.s, k.t0});
  // Infinities and NaN are their own results.
  k.vec(V::VFAbs, k.t0, {k.x});
  k.vec(V::VFLt, k.t0, {k.t0, k.f32(Inf)});
  k.vec(V::VMov, k.y, {k.x});
  k.vec(V::VSel, k.y, {k.t0, k.s});
}

void weft::kernels::areaCosine(const Chunk &k) {
  k.vec(V::VFMax, k.s, {k.x, k.f32(1)});
  k.vec(V::VFMin, k.t2, {k.s, k.f32(1e9)});
  k.vec(V::VFSub, k.t1, {k.t2, k.f32(1)}); // z = x - 1
  k.vec(V::VFAdd, k.t2, {k.t2, k.f32(1)});
  k.vec(V::VFMul, k.t2, {k.t2, k.t1});
  k.vec(V::VFMax, k.t2, {k.t2, k.f32(1e-30)});
  root(k);
  logOfSum(k);
  // Near 1: sqrt(z) P(z)
  k.vec(V::VFMax, k.t2, {k.x, k.f32(1)});
  k.vec(V::VFSub, k.t2, {k.t2, k.f32(1)});
  k.vec(V::VFLt, k.t0, {k.t2, k.f32(0.5)});
  k.vec(V::VFMin, k.t2, {k.t2, k.f32(0.5)});
  int64_t n = cast<MemRefType>(k.x.getType()).getNumElements();
  Value inverse = k.c.view(k.c.scratch(n), 0, n);
  k.c.rsqrt(inverse, k.t2, inverse, k.t1); // finite for 0
  k.horner(k.t1, k.t2,
           {1.7596881071e-3, -7.5272886713e-3, 2.6454905019e-2,
            -1.1784741703e-1, 1.4142135263});
  k.vec(V::VFMul, k.t1, {k.t1, k.t2});
  k.vec(V::VFMul, k.t1, {k.t1, inverse});
  k.vec(V::VSel, k.s, {k.t0, k.t1});
  // 1 <= x < inf; else inf, or NaN.
  k.vec(V::VFLt, k.t0, {k.x, k.f32(Inf)});
  k.vec(V::VFLt, k.t1, {k.x, k.f32(1)});
  k.vec(V::VMov, k.y, {k.x});
  k.vec(V::VSel, k.y, {k.t0, k.s});
  k.vec(V::VSel, k.y, {k.t1, k.f32(Nan)});
}

void weft::kernels::areaTangent(const Chunk &k) {
  k.vec(V::VFAbs, k.s, {k.x});
  k.vec(V::VFSub, k.t0, {k.f32(1), k.s});
  k.vec(V::VFMax, k.t0, {k.t0, k.f32(1e-30)});
  k.vec(V::VFAdd, k.s, {k.s, k.f32(1)});
  k.c.reciprocal(k.t2, k.t0, k.t1);
  k.vec(V::VFMul, k.t2, {k.t2, k.s});
  k.c.log(k.t2, k.t0, k.t1);
  k.vec(V::VFMul, k.t2, {k.t2, k.f32(0.5)});
  k.vec(V::VFAbs, k.t0, {k.x});
  k.vec(V::VFEq, k.t1, {k.t0, k.f32(1)});
  k.vec(V::VSel, k.t2, {k.t1, k.f32(Inf)});
  k.vec(V::VAnd, k.t1, {k.x, k.i32(0x80000000)});
  k.vec(V::VOr, k.t2, {k.t2, k.t1});
  k.vec(V::VFLe, k.s, {k.t0, k.f32(1)}); // else NaN
  k.vec(V::VFMul, k.t1, {k.x, k.x});
  k.horner(k.t0, k.t1,
           {1.81740078349e-1, 8.24370301058e-2, 1.46691431730e-1,
            1.99782164500e-1, 3.33337300303e-1});
  k.vec(V::VFMul, k.t0, {k.t0, k.t1});
  k.vec(V::VFMul, k.t0, {k.t0, k.x});
  k.vec(V::VFAdd, k.t0, {k.t0, k.x});
  k.vec(V::VFLt, k.t1, {k.t1, k.f32(0.25)});
  k.vec(V::VSel, k.t2, {k.t1, k.t0});
  k.vec(V::VFMul, k.y, {k.x, k.f32(Nan)});
  k.vec(V::VSel, k.y, {k.s, k.t2});
}
