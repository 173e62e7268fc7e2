//===- Math.cpp - exp, reciprocal, rsqrt, erf, log as vector code ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Math is code: each function is a sequence of real vector instructions, and
// its accuracy and cycles follow from it. Integer ops act on the raw bits of
// f32 elements. Errors are measured by test/unit/Kernels.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

/// p = (...((c0 * x + c1) * x + c2) ...): Horner's rule.
static void horner(Code &k, Value p, Value x, ArrayRef<double> c) {
  k.vec(V::VFMul, p, {x, k.f32(c[0])});
  for (double ck : c.drop_front().drop_back()) {
    k.vec(V::VFAdd, p, {p, k.f32(ck)});
    k.vec(V::VFMul, p, {p, x});
  }
  k.vec(V::VFAdd, p, {p, k.f32(c.back())});
}

// exp(x) = 2^n * exp(r), n = round(x / ln 2), |r| <= ln2 / 2: Cody-Waite
// reduction, degree-7 polynomial (Cephes expf), exponent added as an integer.
// Adding 1.5 * 2^23 rounds to an integer and leaves n in the low bits. x is
// clamped to [-87, 88.3], so the result is a normal number.
void Code::exp(Value x, Value t, Value p) {
  vec(V::VFMax, x, {x, f32(-87.0)});
  vec(V::VFMin, x, {x, f32(88.3)});
  vec(V::VFMul, t, {x, f32(1.44269504088896341)});
  vec(V::VFAdd, t, {t, f32(12582912.0)});
  vec(V::VFSub, p, {t, f32(12582912.0)});
  vec(V::VFMac, x, {p, f32(-0.693359375)});
  vec(V::VFMac, x, {p, f32(2.12194440e-4)});
  horner(*this, p, x,
         {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
          1.6666665459e-1, 5.0000001201e-1, 1.0, 1.0});
  vec(V::VShl, t, {t, i32(23)});
  vec(V::VAdd, x, {p, t});
}

// Newton from a bit trick: the first guess is within 12 %, three steps
// r' = r (2 - x r) square the error each. 1/0 gives a large finite number.
void Code::reciprocal(Value dst, Value x, Value tmp) {
  vec(V::VSub, dst, {i32(0x7ef311c7), x});
  for (int step = 0; step < 3; ++step) {
    vec(V::VFMul, tmp, {x, dst});
    vec(V::VFSub, tmp, {f32(2.0), tmp});
    vec(V::VFMul, dst, {dst, tmp});
  }
}

// The same with y' = y (1.5 - 0.5 x y y); the first guess is within 3.5 %.
void Code::rsqrt(Value dst, Value x, Value tmp) {
  vec(V::VShr, dst, {x, i32(1)});
  vec(V::VSub, dst, {i32(0x5f3759df), dst});
  for (int step = 0; step < 3; ++step) {
    vec(V::VFMul, tmp, {dst, dst});
    vec(V::VFMul, tmp, {tmp, x});
    vec(V::VFMul, tmp, {tmp, f32(-0.5)});
    vec(V::VFAdd, tmp, {tmp, f32(1.5)});
    vec(V::VFMul, dst, {dst, tmp});
  }
}

void Code::sigmoid(Value x, Value t0, Value t1) {
  vec(V::VFNeg, x, {x});
  exp(x, t0, t1);
  vec(V::VFAdd, t0, {x, f32(1.0)});
  reciprocal(x, t0, t1);
}

// erf(x) = sign(x) (1 - P(t) t exp(-x^2)), t = 1 / (1 + 0.3275911 |x|):
// Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
void Code::erf(Value x, Value t0, Value t1, Value t2) {
  vec(V::VFAbs, t0, {x});
  vec(V::VFMul, t1, {t0, f32(0.3275911)});
  vec(V::VFAdd, t1, {t1, f32(1.0)});
  reciprocal(t0, t1, t2); // t0 = t
  vec(V::VAnd, t2, {x, i32(0x80000000u)});
  vec(V::VFMul, x, {x, x});
  vec(V::VFNeg, x, {x});
  // The sign waits in a buffer of its own while exp uses the temporaries.
  Value sign = scratch(cast<MemRefType>(x.getType()).getNumElements());
  Value signView =
      view(sign, 0, cast<MemRefType>(x.getType()).getNumElements());
  vec(V::VMov, signView, {t2});
  exp(x, t1, t2); // x = exp(-x^2)
  horner(*this, t1, t0,
         {1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592});
  vec(V::VFMul, t1, {t1, t0});
  vec(V::VFMul, t1, {t1, x});
  vec(V::VFSub, x, {f32(1.0), t1});
  vec(V::VOr, x, {x, signView});
}

// log(x) for normal x > 0: x = 2^e m with m in [sqrt(1/2), sqrt(2)), degree-8
// polynomial in m - 1 (Cephes logf).
void Code::log(Value x, Value e, Value p) {
  vec(V::VSub, e, {x, i32(0x3f3504f3)}); // bits of sqrt(1/2)
  vec(V::VAnd, p, {e, i32(0x007fffff)});
  vec(V::VSar, e, {e, i32(23)});
  vec(V::VI2F, e, {e});
  vec(V::VAdd, x, {p, i32(0x3f3504f3)});
  vec(V::VFSub, x, {x, f32(1.0)});
  horner(*this, p, x,
         {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1,
          1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
          3.3333331174e-1});
  vec(V::VFMul, p, {p, x});
  vec(V::VFSub, p, {p, f32(0.5)}); // log(1+f) = f + f^2 (P f - 1/2)
  vec(V::VFMul, p, {p, x});
  vec(V::VFMul, p, {p, x});
  vec(V::VFMac, p, {e, f32(-2.12194440e-4)});
  vec(V::VFAdd, p, {p, x});
  vec(V::VFMac, p, {e, f32(0.693359375)});
  vec(V::VMov, x, {p});
}
