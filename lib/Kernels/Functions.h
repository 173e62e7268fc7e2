//===- Functions.h - Functions of one number over contiguous tiles --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// nn ops as sequences of Math.cpp's functions, with the results that IEEE 754
// wants at the edges (0, inf, NaN), which kernels that use those functions
// inside do not need.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_KERNELS_FUNCTIONS_H
#define WEFT_LIB_KERNELS_FUNCTIONS_H

#include "weft/Kernels/Code.h"

namespace weft::kernels {

/// One piece: y = f(x), where y may be x; s and t are temporaries.
struct Chunk {
  Code &c;
  Value x, y, s, t0, t1, t2;

  void vec(V op, Value dst, mlir::ValueRange srcs) const {
    if (op != V::VMov || dst != srcs[0])
      c.vec(op, dst, srcs);
  }
  Value f32(double k) const { return c.f32(k); }
  Value i32(uint32_t k) const { return c.i32(k); }
  /// p = (...((k0 z + k1) z + k2) ...)
  void horner(Value p, Value z, mlir::ArrayRef<double> k) const;
};

// Trigonometric.cpp
void tangent(const Chunk &k);
void arcsine(const Chunk &k);
void arccosine(const Chunk &k);
void arctangent(const Chunk &k);
// Hyperbolic.cpp
void hyperbolicSine(const Chunk &k);
void hyperbolicCosine(const Chunk &k);
void areaSine(const Chunk &k);
void areaCosine(const Chunk &k);
void areaTangent(const Chunk &k);

/// Is `p` a function of one number that emitFunction() knows?
bool isFunction(const Problem &p);
/// May it give inf or NaN for a finite operand?
bool isUnbounded(llvm::StringRef op);
/// out = f(ins[0]) over `total` elements that lie contiguously.
void emitFunction(const Problem &p, Code &c, int64_t total);
/// y = x^e for any f32 e; y and e are no temporaries of `k`.
void floatPower(const Chunk &k, Value e);

/// How the integers of an nn type live in an i32: narrow ones are kept within
/// their width, ui32 uses all bits, wider ones are i32.
struct IntKind {
  unsigned width = 32;
  bool isUnsigned = false;
  bool usesTopBit() const { return isUnsigned && width == 32; }
};
/// Of "i8", "ui32" and so on; of anything else that of i32.
IntKind intKind(llvm::StringRef type);
/// Brings the elements of `target` back into their width.
void wrapIntegers(Code &c, IntKind kind, Ints sizes,
                  const Code::Operand &target);

/// Negation, absolute value, casts and the like, of operand `x`.
void emitUnary(const Problem &p, Code &c, bool isFloat, Ints sizes,
               const Code::Operand &target, const Code::Operand &x);
/// The same bytes as elements of another type of the same width.
Value typed(Code &c, Value buffer, mlir::Type element);
/// target = a / b; the second rounds rightly but for rare cases, and where b
/// and the quotient are between 2^-100 and 2^100; so does the third, with the
/// operands a, b and -1/b.
void divide(const Option &o, Code &c, Ints sizes, const Code::Operand &target,
            mlir::SmallVectorImpl<Code::Operand> &operands);
void divideExactly(const Option &o, Code &c, Ints sizes,
                   const Code::Operand &target,
                   mlir::ArrayRef<Code::Operand> operands);
void divideByKnown(const Option &o, Code &c, Ints sizes,
                   const Code::Operand &target,
                   mlir::ArrayRef<Code::Operand> operands);

/// Is `p` a function of two numbers that emitPair() knows?
bool isPair(const Problem &p);
/// y = f(a, b) over `total` elements that lie contiguously; a and b may be y.
/// b may also be a scalar.
void emitPair(const Problem &p, Code &c, Value a, Value b, Value y,
              int64_t total);

/// body(offset, size) over 0 .. total in pieces of at most `limit`.
void inChunks(Code &c, int64_t total, int64_t limit,
              llvm::function_ref<void(Idx, int64_t)> body);

} // namespace weft::kernels
#endif
