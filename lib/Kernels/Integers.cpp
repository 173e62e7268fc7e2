//===- Integers.cpp - Integers of every width, and functions of two numbers
//===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Integers lie in words of 32 bits. Division has no instruction: quotients are
// guessed in floats, always too low, until the rest is below two divisors.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"

using namespace mlir;
using namespace weft::kernels;

IntKind weft::kernels::intKind(StringRef type) {
  IntKind kind;
  bool isUnsigned = type.consume_front("u");
  unsigned width = 32;
  if (!type.consume_front("i") || type.getAsInteger(10, width) || width == 1)
    return kind;
  kind.width = std::min(width, 32u);
  kind.isUnsigned = isUnsigned && width <= 32; // ui64 is checked at the border
  return kind;
}

void weft::kernels::wrapIntegers(Code &c, IntKind kind, Ints sizes,
                                 const Code::Operand &target) {
  if (kind.width == 32)
    return;
  if (kind.isUnsigned)
    return c.strided(V::VAnd, sizes, target,
                     {target, {c.i32((1u << kind.width) - 1), 0, {}}});
  Code::Operand shift{c.i32(32 - kind.width), 0, {}};
  c.strided(V::VShl, sizes, target, {target, shift});
  c.strided(V::VSar, sizes, target, {target, shift});
}

namespace {
/// One piece: y = f(a, b); y may be a or b, the rest are temporaries.
struct Pair {
  Code &c;
  IntKind kind;
  Value a, b, y, t0, t1, t2, t3, t4, t5;

  void vec(V op, Value dst, ValueRange srcs) { c.vec(op, dst, srcs); }
  Value f32(double k) { return c.f32(k); }
  Value i32(uint32_t k) { return c.i32(k); }

  /// dst = x as unsigned words.
  void toFloat(Value dst, Value x, Value mask, Value tmp) {
    vec(V::VI2F, dst, {x});
    if (kind.width < 32)
      return;
    vec(V::VLt, mask, {x, i32(0)});
    vec(V::VFAdd, tmp, {dst, f32(0x1p32)});
    vec(V::VSel, dst, {mask, tmp});
  }

  /// t0 = t0 / t1 and t1 = t0 % t1 of unsigned words; 0 and 0 for t1 = 0. A
  /// guess is at most 2^-19 of the rest too low, so after three of them (one
  /// for 16 bits) the quotient is right or 1 too low.
  void divideWords() {
    Value divisor = t1, rest = t2, f = t3, inverse = t4, t = t5;
    toFloat(f, divisor, inverse, t);
    vec(V::VFMax, f, {f, f32(1)});
    c.reciprocal(inverse, f, t);
    vec(V::VFMul, inverse, {inverse, f32(1 - 0x1p-20)});
    vec(V::VMov, rest, {t0});
    vec(V::VMov, t0, {i32(0)});
    Value mask = c.view(c.scratch(size(), c.b.getI32Type()), 0, size());
    c.loop(kind.width < 32 ? 1 : 3, [&](Idx) {
      toFloat(f, rest, mask, t);
      vec(V::VFMul, f, {f, inverse});
      vec(V::VF2I, t, {f});
      vec(V::VAdd, t0, {t0, t});
      vec(V::VMul, t, {t, divisor});
      vec(V::VSub, rest, {rest, t});
    });
    vec(V::VXor, f, {rest, i32(0x80000000)});
    vec(V::VXor, t, {divisor, i32(0x80000000)});
    vec(V::VLt, mask, {f, t});
    vec(V::VXor, mask, {mask, i32(1)}); // the rest is a divisor or more
    vec(V::VAdd, t0, {t0, mask});
    vec(V::VMul, mask, {mask, divisor});
    vec(V::VSub, rest, {rest, mask});
    vec(V::VEq, mask, {divisor, i32(0)});
    vec(V::VSel, t0, {mask, i32(0)});
    vec(V::VMov, t1, {rest});
    vec(V::VSel, t1, {mask, i32(0)});
  }
  int64_t size() const {
    return mlir::cast<MemRefType>(y.getType()).getNumElements();
  }

  /// dst = |x| as an unsigned word, sign = 0 or -1.
  void magnitude(Value dst, Value x, Value sign) {
    vec(V::VSar, sign, {x, i32(31)});
    vec(V::VXor, dst, {x, sign});
    vec(V::VSub, dst, {dst, sign});
  }
  void divided(bool remainder) {
    Value quotient = t0, rest = t1;
    if (kind.isUnsigned) {
      vec(V::VMov, t0, {a});
      vec(V::VMov, t1, {b});
      divideWords();
      return vec(V::VMov, y, {remainder ? rest : quotient});
    }
    magnitude(t0, a, t2);
    magnitude(t1, b, t3);
    divideWords();
    // A remainder has the sign of a, a quotient that of a times that of b.
    vec(V::VSar, t2, {a, i32(31)});
    if (!remainder) {
      vec(V::VSar, t3, {b, i32(31)});
      vec(V::VXor, t2, {t2, t3});
    }
    Value result = remainder ? rest : quotient;
    vec(V::VXor, result, {result, t2});
    vec(V::VSub, result, {result, t2});
  }
  void div() {
    divided(/*remainder=*/false);
    if (!kind.isUnsigned)
      vec(V::VMov, y, {t0});
  }
  void rem() {
    divided(/*remainder=*/true);
    if (!kind.isUnsigned)
      vec(V::VMov, y, {t1});
  }
  /// A remainder of the other sign than b takes b once more.
  void mod() {
    divided(/*remainder=*/true);
    if (kind.isUnsigned)
      return;
    vec(V::VXor, t2, {t1, b});
    vec(V::VSar, t2, {t2, i32(31)});
    vec(V::VAnd, t2, {t2, b});
    vec(V::VEq, t3, {t1, i32(0)});
    vec(V::VSel, t2, {t3, i32(0)});
    vec(V::VAdd, y, {t1, t2});
  }

  /// By squaring, over all bits of b: products wrap, so large ones are right,
  /// too. 1/a^|b| is 0 but for a = 1 and -1, which the loop gets right.
  void pow() {
    vec(V::VMov, t0, {i32(1)});
    vec(V::VMov, t1, {a});
    vec(V::VMov, t2, {b});
    c.loop(32, [&](Idx) {
      vec(V::VAnd, t3, {t2, i32(1)});
      vec(V::VMul, t4, {t0, t1});
      vec(V::VSel, t0, {t3, t4});
      vec(V::VMul, t1, {t1, t1});
      vec(V::VShr, t2, {t2, i32(1)});
    });
    if (!kind.isUnsigned) {
      vec(V::VEq, t3, {a, i32(1)});
      vec(V::VEq, t4, {a, i32(0xffffffff)});
      vec(V::VOr, t3, {t3, t4});
      vec(V::VXor, t3, {t3, i32(1)});
      vec(V::VMov, t4, {b});
      vec(V::VLt, t4, {t4, i32(0)});
      vec(V::VAnd, t3, {t3, t4});
      vec(V::VSel, t0, {t3, i32(0)});
    }
    vec(V::VMov, y, {t0});
  }

  /// t1 = fmod(|a|, |b|): multiples of b with 17 bits are taken off, which is
  /// exact or nearly so; four times, for quotients up to 2^68.
  void floatRest() {
    Value rest = t1, divisor = t0, inverse = t2, q = t3, whole = t4, t = t5;
    vec(V::VFAbs, divisor, {b});
    vec(V::VFMin, divisor, {divisor, f32(3e38)});
    c.reciprocalOfAny(inverse, divisor, q, t);
    vec(V::VFAbs, rest, {a});
    c.loop(4, [&](Idx) {
      vec(V::VFMul, q, {rest, inverse});
      vec(V::VF2I, whole, {q});
      vec(V::VI2F, whole, {whole});
      vec(V::VFLt, t, {q, f32(0x1p17)});
      vec(V::VAnd, q, {q, i32(0xffffff80)});
      vec(V::VSel, q, {t, whole});
      vec(V::VFNeg, q, {q});
      vec(V::VFMac, rest, {q, divisor});
    });
    vec(V::VFAdd, t, {rest, divisor});
    vec(V::VFLt, q, {rest, f32(0)});
    vec(V::VSel, rest, {q, t});
    vec(V::VFSub, t, {rest, divisor});
    vec(V::VFLe, q, {divisor, rest});
    vec(V::VSel, rest, {q, t});
  }
  void floatRem() {
    floatRest();
    vec(V::VAnd, t2, {a, i32(0x80000000)});
    vec(V::VOr, y, {t1, t2});
  }
  void floatMod() {
    floatRest();
    vec(V::VXor, t2, {a, b});
    vec(V::VLt, t2, {t2, i32(0)}); // other signs
    vec(V::VFEq, t3, {t1, f32(0)});
    vec(V::VXor, t3, {t3, i32(1)});
    vec(V::VAnd, t2, {t2, t3});
    vec(V::VFSub, t3, {t0, t1});
    vec(V::VSel, t1, {t2, t3});
    vec(V::VAnd, t2, {b, i32(0x80000000)});
    vec(V::VOr, y, {t1, t2});
  }
  void floatPow() { floatPower({c, a, y, t0, t1, t2, t3}, b); }
};
} // namespace

bool weft::kernels::isPair(const Problem &p) {
  bool isFloat = mlir::isa<FloatType>(p.out.getElementType());
  return p.op == "nn.mod" || p.op == "nn.rem" ||
         (p.op == "nn.div" && !isFloat) ||
         (p.op == "nn.pow" && (p.ins.size() == 2 || !isFloat));
}

void weft::kernels::emitPair(const Problem &p, Code &c, Value a, Value b,
                             Value y, int64_t total) {
  bool isFloat = mlir::isa<FloatType>(p.out.getElementType());
  int64_t most = std::min<int64_t>(total, 128);
  Value t[6];
  for (Value &v : t)
    v = c.scratch(most);
  inChunks(c, total, most, [&](Idx at, int64_t n) {
    auto part = [&](Value v) {
      return mlir::isa<MemRefType>(v.getType()) ? c.view(v, at, n) : v;
    };
    auto temporary = [&](unsigned i) { return c.view(t[i], 0, n); };
    Pair pair{c,
              intKind(p.text("int")),
              part(a),
              part(b),
              part(y),
              temporary(0),
              temporary(1),
              temporary(2),
              temporary(3),
              temporary(4),
              temporary(5)};
    if (p.op == "nn.pow")
      isFloat ? pair.floatPow() : pair.pow();
    else if (p.op == "nn.mod")
      isFloat ? pair.floatMod() : pair.mod();
    else if (p.op == "nn.rem")
      isFloat ? pair.floatRem() : pair.rem();
    else
      pair.div();
  });
}
