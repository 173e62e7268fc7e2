//===- Functions.cpp - Functions of one number over contiguous tiles ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace weft::kernels;

namespace {
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double smallest = 1.1754944e-38; // normal
constexpr double huge = 3.4028234e38;

struct Piece : Chunk {
  const Problem &p;
  Piece(const Chunk &chunk, const Problem &p) : Chunk(chunk), p(p) {}

  void exp() {
    vec(V::VMov, y, {x});
    c.exp(y, t0, t1);
  }
  void tanh() {
    vec(V::VMov, y, {x});
    c.tanh(y, t0, t1);
  }
  void erf() {
    vec(V::VMov, y, {x});
    c.erf(y, t0, t1);
  }
  void sigmoid() {
    vec(V::VMov, y, {x});
    c.sigmoid(y, t0, t1, t2);
  }
  void silu() {
    vec(V::VMov, s, {x});
    c.sigmoid(s, t0, t1, t2);
    vec(V::VFMul, y, {x, s});
  }
  void sin() { trigonometric(false); }
  void cos() { trigonometric(true); }
  void trigonometric(bool cosine) {
    vec(V::VMov, s, {x});
    c.sinCos(s, cosine, t0, t1, t2, y); // y is done with as x
    vec(V::VMov, y, {s});
  }
  void reciprocal() {
    c.reciprocalOfAny(s, x, t0, t1);
    vec(V::VMov, y, {s});
  }
  /// s = |x|, subnormals times `by`; t2 says which.
  void liftSubnormals(double by) {
    vec(V::VFAbs, s, {x});
    vec(V::VFLt, t2, {s, f32(smallest)});
    vec(V::VFMul, t0, {s, f32(by)});
    vec(V::VSel, s, {t2, t0});
  }
  /// t1 = 1/sqrt(s), with s = |x| or, where t2 says so, 2^24 |x|.
  void rsqrtParts() {
    liftSubnormals(0x1p24);
    vec(V::VFMin, s, {s, f32(huge)});
    c.rsqrt(t1, s, t1, t0);
  }
  void sqrt() {
    rsqrtParts();
    vec(V::VFMul, t1, {s, t1});
    vec(V::VFMul, t0, {t1, f32(0x1p-12)});
    vec(V::VSel, t1, {t2, t0});
    vec(V::VFEq, t0, {x, f32(inf)});
    vec(V::VSel, t1, {t0, x});
    vec(V::VAnd, t0, {x, i32(0x80000000)}); // -0 stays
    vec(V::VOr, t1, {t1, t0});
    negativeIsNaN();
  }
  void rsqrt() {
    rsqrtParts();
    vec(V::VFMul, t0, {t1, f32(0x1p12)});
    vec(V::VSel, t1, {t2, t0});
    // 0, -0 and inf become inf, -inf and 0 by their bits.
    vec(V::VXor, t2, {x, i32(0x7f800000)});
    vec(V::VFEq, t0, {x, f32(0)});
    vec(V::VSel, t1, {t0, t2});
    vec(V::VFEq, t0, {x, f32(inf)});
    vec(V::VSel, t1, {t0, t2});
    negativeIsNaN();
  }
  /// y = t1, NaN where x is negative.
  void negativeIsNaN() {
    vec(V::VFLt, t0, {x, f32(0)});
    vec(V::VMov, y, {t1});
    vec(V::VSel, y, {t0, f32(nan)});
  }
  /// t1 = log(|x|); -inf for 0, inf for inf, NaN for NaN.
  void logParts() {
    liftSubnormals(0x1p24);
    c.log(s, t0, t1);
    vec(V::VFSub, t0, {s, f32(24 * 0.69314718055994531)});
    vec(V::VSel, s, {t2, t0});
    vec(V::VFEq, t0, {x, f32(0)});
    vec(V::VSel, s, {t0, f32(-inf)});
    vec(V::VFAbs, t1, {x});
    vec(V::VFLt, t0, {t1, f32(inf)});
    vec(V::VSel, t1, {t0, s});
  }
  void log() {
    logParts();
    negativeIsNaN();
  }
  void floor() {
    vec(V::VF2I, t0, {x});
    vec(V::VI2F, s, {t0});
    vec(V::VFLt, t0, {x, s});
    vec(V::VI2F, t0, {t0});
    vec(V::VFSub, s, {s, t0});
    // From 2^23 on every number is an integer.
    vec(V::VFAbs, t0, {x});
    vec(V::VFLt, t0, {t0, f32(8388608.0)});
    vec(V::VMov, y, {x});
    vec(V::VSel, y, {t0, s});
  }
  /// Adding 2^23 leaves no room for a fraction; the sum rounds half to even.
  void round() {
    vec(V::VFAbs, s, {x});
    vec(V::VFLt, t0, {s, f32(8388608.0)});
    vec(V::VFAdd, t1, {s, f32(8388608.0)});
    vec(V::VFSub, t1, {t1, f32(8388608.0)});
    vec(V::VAnd, s, {x, i32(0x80000000)});
    vec(V::VOr, t1, {t1, s});
    vec(V::VMov, y, {x});
    vec(V::VSel, y, {t0, t1});
  }
  void sign() {
    vec(V::VFLt, t0, {f32(0), x});
    vec(V::VFLt, t1, {x, f32(0)});
    vec(V::VSub, t0, {t0, t1});
    vec(V::VI2F, s, {t0});
    vec(V::VFEq, t0, {x, x});
    vec(V::VMov, y, {x}); // NaN stays
    vec(V::VSel, y, {t0, s});
  }
  template <void (*F)(const Chunk &)> void call() { F(*this); }
  void gelu() {
    if (p.text("approximate") == "tanh") {
      // 0.5 x (1 + tanh u) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3)
      vec(V::VFMul, s, {x, x});
      vec(V::VFMul, s, {s, f32(0.044715 * 1.5957691216057308)});
      vec(V::VFAdd, s, {s, f32(1.5957691216057308)});
      vec(V::VFMul, s, {s, x});
      c.sigmoid(s, t0, t1, t2);
    } else { // 0.5 x (1 + erf(x / sqrt 2))
      vec(V::VFMul, s, {x, f32(0.70710678118654752)});
      c.erf(s, t0, t1);
      vec(V::VFMul, s, {s, f32(0.5)});
      vec(V::VFAdd, s, {s, f32(0.5)});
    }
    vec(V::VFMul, y, {x, s});
  }
  void pow() {
    double e = p.real("exponent");
    if (e == std::floor(e) && std::abs(e) <= 64)
      return integerPower(int(std::abs(e)), e < 0);
    // exp(e log |x|), NaN for finite negative x: pow(-inf, e) is that of inf.
    logParts();
    vec(V::VFMul, s, {t1, f32(e)});
    vec(V::VFLt, t0, {x, f32(0)});
    vec(V::VFLt, t1, {f32(-inf), x});
    vec(V::VAnd, t0, {t0, t1});
    vec(V::VSel, s, {t0, f32(nan)});
    vec(V::VMov, y, {s});
    c.exp(y, t0, t1);
  }
  /// |x|^e by its logarithm; the sign, and NaN, from x and the parity of e.
  void anyPower(Value e) {
    logParts();
    vec(V::VFMul, s, {t1, e});
    vec(V::VFEq, t0, {t1, f32(0)}); // |x| is 1, whatever e
    vec(V::VSel, s, {t0, f32(0)});
    vec(V::VFEq, t0, {e, f32(0)});
    vec(V::VSel, s, {t0, f32(0)});
    c.exp(s, t0, t1);
    // From 2^24 on every float is even.
    vec(V::VFMin, t0, {e, f32(16777216)});
    vec(V::VFMax, t0, {t0, f32(-16777216)});
    vec(V::VF2I, t1, {t0});
    vec(V::VI2F, t2, {t1});
    vec(V::VFEq, t0, {t0, t2}); // e is whole
    vec(V::VShl, t1, {t1, i32(31)});
    vec(V::VAnd, t1, {t1, x});
    vec(V::VXor, t2, {s, t1}); // odd: the sign of x
    vec(V::VSel, s, {t0, t2});
    vec(V::VXor, t0, {t0, i32(1)});
    vec(V::VFLt, t1, {x, f32(0)});
    vec(V::VAnd, t0, {t0, t1});
    vec(V::VFLt, t1, {f32(-inf), x});
    vec(V::VAnd, t0, {t0, t1});
    vec(V::VSel, s, {t0, f32(nan)});
    vec(V::VMov, y, {s});
  }
  /// By squaring; s holds the result, t2 the powers x^(2^i).
  void integerPower(int e, bool inverse) {
    vec(V::VMov, t2, {x});
    bool empty = true;
    for (; e; e >>= 1) {
      if (e & 1) {
        if (empty)
          vec(V::VMov, s, {t2});
        else
          vec(V::VFMul, s, {s, t2});
        empty = false;
      }
      if (e > 1)
        vec(V::VFMul, t2, {t2, t2});
    }
    if (empty)
      return c.fill(y, 1.0);
    if (inverse) {
      c.reciprocalOfAny(t2, s, t0, t1);
      s = t2;
    }
    vec(V::VMov, y, {s});
  }
};

using Member = void (Piece::*)();

Member memberOf(StringRef op) {
  return llvm::StringSwitch<Member>(op)
      .Case("nn.exp", &Piece::exp)
      .Case("nn.log", &Piece::log)
      .Case("nn.sqrt", &Piece::sqrt)
      .Case("nn.rsqrt", &Piece::rsqrt)
      .Case("nn.reciprocal", &Piece::reciprocal)
      .Case("nn.tanh", &Piece::tanh)
      .Case("nn.erf", &Piece::erf)
      .Case("nn.sigmoid", &Piece::sigmoid)
      .Case("nn.silu", &Piece::silu)
      .Case("nn.gelu", &Piece::gelu)
      .Case("nn.sin", &Piece::sin)
      .Case("nn.cos", &Piece::cos)
      .Case("nn.floor", &Piece::floor)
      .Case("nn.pow", &Piece::pow)
      .Case("nn.round", &Piece::round)
      .Case("nn.sign", &Piece::sign)
      .Case("nn.tan", &Piece::call<tangent>)
      .Case("nn.asin", &Piece::call<arcsine>)
      .Case("nn.acos", &Piece::call<arccosine>)
      .Case("nn.atan", &Piece::call<arctangent>)
      .Case("nn.sinh", &Piece::call<hyperbolicSine>)
      .Case("nn.cosh", &Piece::call<hyperbolicCosine>)
      .Case("nn.asinh", &Piece::call<areaSine>)
      .Case("nn.acosh", &Piece::call<areaCosine>)
      .Case("nn.atanh", &Piece::call<areaTangent>)
      .Default(nullptr);
}
} // namespace

bool weft::kernels::isFunction(const Problem &p) {
  if (!memberOf(p.op) || !mlir::isa<FloatType>(p.out.getElementType()))
    return false;
  return p.op != "nn.pow" || p.ins.size() == 1;
}

bool weft::kernels::isUnbounded(StringRef op) {
  return llvm::is_contained(
      ArrayRef<StringRef>{"nn.exp", "nn.log", "nn.sqrt", "nn.rsqrt",
                          "nn.reciprocal", "nn.pow", "nn.div", "nn.tan",
                          "nn.sinh", "nn.cosh", "nn.acosh", "nn.atanh",
                          "nn.exact_div", "nn.mod", "nn.rem"},
      op);
}

void weft::kernels::floatPower(const Chunk &k, Value e) {
  Problem none;
  Piece(k, none).anyPower(e);
}

void weft::kernels::inChunks(Code &c, int64_t total, int64_t limit,
                             llvm::function_ref<void(Idx, int64_t)> body) {
  int64_t n = std::min(total, limit);
  // A divisor saves the code of a remainder, if it is not much smaller.
  for (int64_t k = n; 2 * k > n; --k)
    if (total % k == 0) {
      n = k;
      break;
    }
  c.loop(total / n, [&](Idx i) { body(c.mul(i, n), n); });
  if (total % n)
    body(total - total % n, total % n);
}

void weft::kernels::emitFunction(const Problem &p, Code &c, int64_t total) {
  int64_t most = std::min<int64_t>(total, 128);
  Value b0 = c.scratch(most), b1 = c.scratch(most), b2 = c.scratch(most),
        b3 = c.scratch(most);
  // The sequences work on the bits of f32.
  auto narrow = [](Value v) {
    return isNarrow(mlir::cast<MemRefType>(v.getType()).getElementType());
  };
  bool widen = narrow(c.ins[0]) || narrow(c.out);
  Value wide = widen ? c.scratch(most) : Value();
  inChunks(c, total, most, [&](Idx at, int64_t n) {
    Value x = c.view(c.ins[0], at, n),
          y = c.ins[0] == c.out ? x : c.view(c.out, at, n);
    Value f32 = widen ? c.view(wide, 0, n) : Value();
    if (widen)
      c.vec(V::VMov, f32, {x});
    Chunk chunk{c,
                widen ? f32 : x,
                widen ? f32 : y,
                c.view(b0, 0, n),
                c.view(b1, 0, n),
                c.view(b2, 0, n),
                c.view(b3, 0, n)};
    Piece piece(chunk, p);
    (piece.*memberOf(p.op))();
    if (widen)
      c.vec(V::VMov, y, {f32});
  });
}
