//===- Unary.cpp - Elementwise ops of one operand that are no functions ---===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Signs, squares and casts: a few instructions each, in any strides.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"

using namespace mlir;
using namespace weft::kernels;

/// The same bytes as elements of another type of the same width.
Value weft::kernels::typed(Code &c, Value buffer, Type element) {
  auto type = mlir::cast<MemRefType>(buffer.getType());
  if (type.getElementType() == element)
    return buffer;
  return weft::pe::RetypeOp::create(
      c.b, c.loc, MemRefType::get(type.getShape(), element), buffer);
}

static void toFloats(const Problem &p, Code &c, ArrayRef<int64_t> sizes,
                     const Code::Operand &target, const Code::Operand &x) {
  if (!intKind(p.text("from")).usesTopBit())
    return c.strided(V::VI2F, sizes, target, {x});
  // Half of what has a top bit, with the lost bit kept sticky, twice.
  int64_t n = llvm::product_of(SmallVector<int64_t>(sizes));
  auto temporary = [&](Type type) {
    return Code::Operand{c.scratch(n, type), 0, target.strides};
  };
  Type i32 = c.b.getI32Type();
  Code::Operand half = temporary(i32), bit = temporary(i32),
                value = temporary(c.b.getF32Type());
  c.strided(V::VShr, sizes, half, {x, {c.i32(1), 0, {}}});
  c.strided(V::VAnd, sizes, bit, {x, {c.i32(1), 0, {}}});
  c.strided(V::VOr, sizes, half, {half, bit});
  c.strided(V::VI2F, sizes, value, {half});
  c.strided(V::VFAdd, sizes, value, {value, value});
  c.strided(V::VLt, sizes, bit, {x, {c.i32(0), 0, {}}});
  Code::Operand low = temporary(c.b.getF32Type());
  c.strided(V::VI2F, sizes, low, {x});
  c.strided(V::VSel, sizes, low, {bit, value});
  c.strided(V::VMov, sizes, target, {low});
}

static void toIntegers(const Problem &p, Code &c, bool isFloat,
                       ArrayRef<int64_t> sizes, const Code::Operand &target,
                       const Code::Operand &x) {
  IntKind to = intKind(p.text("to")), from = intKind(p.text("from"));
  if (isFloat && to.usesTopBit()) {
    // What is 2^31 or more is converted less 2^31.
    int64_t n = llvm::product_of(SmallVector<int64_t>(sizes));
    Code::Operand wide{c.scratch(n), 0, target.strides},
        high{c.scratch(n, c.b.getI32Type()), 0, target.strides},
        large{c.scratch(n, c.b.getI32Type()), 0, target.strides};
    c.strided(V::VMov, sizes, wide, {x});
    c.strided(V::VFLt, sizes, large, {wide, {c.f32(0x1p31), 0, {}}});
    c.strided(V::VF2I, sizes, target, {wide});
    c.strided(V::VFSub, sizes, wide, {wide, {c.f32(0x1p31), 0, {}}});
    c.strided(V::VF2I, sizes, high, {wide});
    c.strided(V::VXor, sizes, high, {high, {c.i32(0x80000000), 0, {}}});
    c.strided(V::VXor, sizes, large, {large, {c.i32(1), 0, {}}});
    c.strided(V::VSel, sizes, target, {large, high});
    return;
  }
  bool moves = isFloat || c.out != x.buffer || x.strides != target.strides;
  if (moves)
    c.strided(isFloat ? V::VF2I : V::VMov, sizes, target, {x});
  bool fits = !isFloat &&
              (p.text("from") == "i1" ||
               (from.width < to.width && (from.isUnsigned || !to.isUnsigned)) ||
               (from.width == to.width && from.isUnsigned == to.isUnsigned));
  if (!fits)
    wrapIntegers(c, to, sizes, target);
}

/// (x > 0) - (x < 0); of unsigned ones x != 0.
static void signOfIntegers(const Problem &p, Code &c, ArrayRef<int64_t> sizes,
                           const Code::Operand &target,
                           const Code::Operand &x) {
  Code::Operand zero{c.i32(0), 0, {}}, one{c.i32(1), 0, {}};
  if (intKind(p.text("int")).isUnsigned) {
    c.strided(V::VEq, sizes, target, {x, zero});
    c.strided(V::VXor, sizes, target, {target, one});
    return;
  }
  Value t = c.scratch(llvm::product_of(SmallVector<int64_t>(sizes)),
                      c.b.getI32Type());
  Code::Operand positive{t, 0, target.strides};
  c.strided(V::VLt, sizes, positive, {zero, x});
  c.strided(V::VSar, sizes, target, {x, {c.i32(31), 0, {}}});
  c.strided(V::VAdd, sizes, target, {target, positive});
}

/// 16 bits of a float lie in 16 bits, those of an integer in an i32.
static void bitCast(const Problem &p, Code &c, ArrayRef<int64_t> sizes,
                    const Code::Operand &target, const Code::Operand &x) {
  Type from = p.ins[0].getElementType(), to = p.out.getElementType();
  Code::Operand source = x, result = target;
  Type i16 = c.b.getIntegerType(16);
  if (isNarrow(from))
    source.buffer = typed(c, source.buffer, i16);
  else if (mlir::isa<FloatType>(from))
    source.buffer = typed(c, source.buffer, c.b.getI32Type());
  if (isNarrow(to))
    result.buffer = typed(c, result.buffer, i16);
  else if (mlir::isa<FloatType>(to))
    result.buffer = typed(c, result.buffer, c.b.getI32Type());
  c.strided(V::VMov, sizes, result, {source});
  if (!mlir::isa<FloatType>(to))
    wrapIntegers(c, intKind(p.text("to")), sizes, target);
}

static void cast(const Problem &p, Code &c, bool isFloat,
                 ArrayRef<int64_t> sizes, const Code::Operand &target,
                 const Code::Operand &x) {
  bool toFloat = mlir::isa<FloatType>(p.out.getElementType());
  if (p.text("to") == "i1" && p.text("from") != "i1") {
    Code::Operand zero{isFloat ? c.f32(0) : c.i32(0), 0, {}};
    c.strided(isFloat ? V::VFEq : V::VEq, sizes, target, {x, zero});
    c.strided(V::VXor, sizes, target, {target, {c.i32(1), 0, {}}});
  } else if (isFloat && toFloat)
    c.strided(V::VMov, sizes, target, {x});
  else if (toFloat)
    toFloats(p, c, sizes, target, x);
  else
    toIntegers(p, c, isFloat, sizes, target, x);
}

void weft::kernels::emitUnary(const Problem &p, Code &c, bool isFloat,
                              ArrayRef<int64_t> sizes,
                              const Code::Operand &target,
                              const Code::Operand &x) {
  Code::Operand zero{isFloat ? c.f32(0) : c.i32(0), 0, {}};
  Code::Operand one{c.i32(1), 0, {}};
  if (p.op == "nn.not")
    c.strided(V::VXor, sizes, target, {x, one});
  else if (p.op == "nn.square") {
    c.strided(isFloat ? V::VFMul : V::VMul, sizes, target, {x, x});
    if (!isFloat)
      wrapIntegers(c, intKind(p.text("int")), sizes, target);
  } else if (p.op == "nn.sign") { // of integers
    signOfIntegers(p, c, sizes, target, x);
  } else if (p.op == "nn.bit_cast")
    bitCast(p, c, sizes, target, x);
  else if (p.op == "nn.relu")
    c.strided(isFloat ? V::VFMax : V::VMax, sizes, target, {x, zero});
  else if (p.op == "nn.neg" && isFloat)
    c.strided(V::VFNeg, sizes, target, {x});
  else if (p.op == "nn.neg") {
    c.strided(V::VSub, sizes, target, {zero, x});
    wrapIntegers(c, intKind(p.text("int")), sizes, target);
  } else if (p.op == "nn.abs" && isFloat)
    c.strided(V::VFAbs, sizes, target, {x});
  else if (p.op == "nn.abs" && intKind(p.text("int")).isUnsigned)
    c.strided(V::VMov, sizes, target, {x});
  else if (p.op == "nn.abs") {
    Value t = c.scratch(llvm::product_of(SmallVector<int64_t>(sizes)),
                        c.b.getI32Type());
    Code::Operand negative{t, 0, target.strides};
    c.strided(V::VSub, sizes, negative, {zero, x});
    c.strided(V::VMax, sizes, target, {x, negative});
    wrapIntegers(c, intKind(p.text("int")), sizes, target);
  } else
    cast(p, c, isFloat, sizes, target, x);
}
