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
#include <limits>

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
// reduction, degree-7 polynomial (Cephes expf). Adding 1.5 * 2^23 + 126 rounds
// to an integer and leaves n + 126, the exponent of 2^(n-1), in the low bits;
// the polynomial's coefficients are doubled. Clamped to n in [-126, 129], that
// power is 0 at the low end and infinite at the high one, so the result is 0
// below -87 and inf above 88.72, as it should be, at no cost. Error: 1 ulp.
void Code::exp(Value x, Value t, Value p, double high) {
  const double round = 12582912.0 + 126;
  vec(V::VFMax, x, {x, f32(-87.3)});
  vec(V::VFMin, x, {x, f32(high)});
  vec(V::VFMul, t, {x, f32(1.44269504088896341)});
  vec(V::VFAdd, t, {t, f32(round)});
  vec(V::VFSub, p, {t, f32(round)});
  vec(V::VFMac, x, {p, f32(-0.693359375)});
  vec(V::VFMac, x, {p, f32(2.12194440e-4)});
  horner(*this, p, x,
         {3.9751383000e-4, 2.7963998014e-3, 1.66669038146e-2, 8.333159179e-2,
          3.3333330918e-1, 1.00000002402, 2.0, 2.0});
  vec(V::VShl, t, {t, i32(23)});
  vec(V::VFMul, x, {p, t});
}

// Newton from a bit trick: the first guess is within 12 %, three steps
// n' = n + n (1 + x n) square the error each. With n = -1/x both products fuse,
// so the residual is exact and the result correctly rounded but for rare cases;
// 1/1 is 1. Only the last residual needs to be exact: two of the three words
// that the fused form reads lie at one place of their lines, wherever buffers
// are. For 2^-126 <= |x| <= 2^125; 1/0 is NaN.
void Code::reciprocal(Value dst, Value x, Value tmp) {
  vec(V::VSub, dst, {i32(0xfef311c7), x});
  for (int step = 0; step < 3; ++step) {
    if (step < 2) {
      vec(V::VFMul, tmp, {x, dst});
      vec(V::VFAdd, tmp, {tmp, f32(1.0)});
    } else {
      vec(V::VMov, tmp, {f32(1.0)});
      vec(V::VFMac, tmp, {x, dst});
    }
    vec(V::VFMac, dst, {dst, tmp});
  }
  vec(V::VFNeg, dst, {dst});
}

/// scale = 2^-e with x = 2^e m, 1 <= |m| < 4, from the exponent's bits; 2^127
/// if x is 0 or subnormal.
static void inverseExponent(Code &k, Value scale, Value x) {
  k.vec(V::VAnd, scale, {x, k.i32(0x7f800000)});
  k.vec(V::VMin, scale, {scale, k.i32(0x7e800000)});
  k.vec(V::VSub, scale, {k.i32(0x7f000000), scale});
}

// Zeros and infinities become each other by their bits.
void Code::reciprocalParts(Value dst, Value scale, Value x, Value tmp) {
  inverseExponent(*this, scale, x);
  vec(V::VFMul, tmp, {x, scale});
  reciprocal(dst, tmp, scale);
  vec(V::VFAbs, scale, {x});
  vec(V::VFEq, scale, {scale, f32(std::numeric_limits<double>::infinity())});
  vec(V::VFEq, tmp, {x, f32(0)});
  vec(V::VOr, scale, {scale, tmp});
  vec(V::VXor, tmp, {x, i32(0x7f800000)});
  vec(V::VSel, dst, {scale, tmp});
  inverseExponent(*this, scale, x);
}

// The exponent comes last, so that only one product rounds to a subnormal.
void Code::reciprocalOfAny(Value dst, Value x, Value t0, Value t1) {
  reciprocalParts(dst, t1, x, t0);
  vec(V::VFMul, dst, {dst, t1});
}

// The same with y' = y (1.5 - 0.5 x y y); the first guess is within 3.5 %.
// x y y in this order stays finite for x = 0.
void Code::rsqrt(Value dst, Value x, Value y, Value tmp) {
  vec(V::VShr, y, {x, i32(1)});
  vec(V::VSub, y, {i32(0x5f3759df), y});
  for (int step = 0; step < 3; ++step) {
    vec(V::VFMul, tmp, {x, y});
    vec(V::VFMul, tmp, {tmp, y});
    vec(V::VFMul, tmp, {tmp, f32(-0.5)});
    vec(V::VFAdd, tmp, {tmp, f32(1.5)});
    vec(V::VFMul, step < 2 ? y : dst, {y, tmp});
  }
}

// e / (1 + e) with e = exp(x), which is 0 at the low end and, clamped at the
// high one, has a normal reciprocal.
void Code::sigmoid(Value x, Value t0, Value t1, Value t2) {
  exp(x, t0, t1, 86.0);
  vec(V::VFAdd, t0, {x, f32(1.0)});
  reciprocal(t1, t0, t2);
  vec(V::VFMul, x, {x, t1});
}

/// x = x P(x^2) / Q(x^2) for |x| <= limit: keeps the relative accuracy of small
/// values, which 2 sigmoid(2x) - 1 and the like lose.
static void rational(Code &k, Value x, double limit, Value t0, Value t1,
                     ArrayRef<double> p, ArrayRef<double> q) {
  k.vec(V::VFMax, x, {x, k.f32(-limit)});
  k.vec(V::VFMin, x, {x, k.f32(limit)});
  k.vec(V::VFMul, t0, {x, x});
  horner(k, t1, t0, p);
  k.vec(V::VFMul, x, {x, t1});
  horner(k, t1, t0, q);
  Value inverse = k.scratch(cast<MemRefType>(x.getType()).getNumElements());
  Value view =
      k.view(inverse, 0, cast<MemRefType>(x.getType()).getNumElements());
  k.reciprocal(view, t1, t0);
  k.vec(V::VFMul, x, {x, view});
}

// Minimax rationals as in Eigen; error 5e-7 relative. That of erf is enlarged
// by 1.2e-7, so that it is exactly 1 at its limit and gelu(-1e4) is 0.
void Code::tanh(Value x, Value t0, Value t1) {
  rational(*this, x, 9.0, t0, t1,
           {-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11,
            5.12229709037114e-08, 1.48572235717979e-05, 6.37261928875436e-04,
            4.89352455891786e-03},
           {1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03,
            4.89352518554385e-03});
}

void Code::erf(Value x, Value t0, Value t1) {
  rational(*this, x, 3.9, t0, t1,
           {2.72614258515013e-10, -2.77068175744079e-08, 2.10102427294796e-06,
            5.69250707772423e-05, 7.34990718525731e-04, 2.95460016309223e-03,
            1.60960352577655e-02},
           {1.45660718464996e-05, 2.13374055278905e-04, 1.68282697438203e-03,
            7.37332916720468e-03, 1.42647390514189e-02});
}

// r = x - n pi/2, |r| <= pi/4, in three parts of pi/2 of full precision: fused,
// the first difference is exact. Good for |x| < 3e5, where rounding n to the
// wrong side begins to tell; the polynomials are Cephes'. n and n + 1 mod 4
// choose.
void Code::sinCos(Value x, bool cosine, Value n, Value z, Value s, Value c) {
  const double round = 12582912.0;
  vec(V::VFMul, n, {x, f32(0.63661977236758134)});
  vec(V::VFAdd, n, {n, f32(round)});
  vec(V::VFSub, z, {n, f32(round)});
  for (double part : {0x1.921fb6p+0, -0x1.777a5cp-25, -0x1.ee59dap-50})
    vec(V::VFMac, x, {z, f32(-part)});
  if (cosine)
    vec(V::VAdd, n, {n, i32(1)});
  vec(V::VFMul, z, {x, x});
  horner(*this, s, z, {-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1});
  vec(V::VFMul, s, {s, z});
  vec(V::VFMul, s, {s, x});
  vec(V::VFAdd, s, {s, x});
  horner(*this, c, z,
         {2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2,
          -0.5, 1.0});
  vec(V::VAnd, z, {n, i32(1)});
  vec(V::VSel, s, {z, c});
  vec(V::VAnd, n, {n, i32(2)});
  vec(V::VShl, n, {n, i32(30)});
  vec(V::VXor, x, {s, n});
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
