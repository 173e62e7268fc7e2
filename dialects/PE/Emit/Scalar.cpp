//===- Scalar.cpp - Scalar arithmetic -------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Values are lowered when they are first used, so that what folds into an
// address or an immediate never becomes an instruction.
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft::pe;

FailureOr<Word> weft::pe::constantWord(Value v) {
  Operation *def = v.getDefiningOp();
  if (llvm::isa_and_nonnull<BufferOp>(def))
    return Word{v, 0};
  if (auto op = dyn_cast_or_null<RetypeOp>(def))
    return constantWord(op.getSource());
  if (auto op = dyn_cast_or_null<memref::CastOp>(def))
    return constantWord(op.getSource());
  if (auto op = dyn_cast_or_null<memref::ReinterpretCastOp>(def)) {
    FailureOr<Word> base = constantWord(op.getSource());
    auto offset = getConstantIntValue(op.getMixedOffsets()[0]);
    if (failed(base) || !offset)
      return failure();
    auto type = cast<MemRefType>(v.getType());
    base->value += *offset * (type.getElementTypeBitWidth() / 8);
    return base;
  }
  Attribute a;
  if (!def || !matchPattern(v, m_Constant(&a)))
    return failure();
  if (auto i = dyn_cast<IntegerAttr>(a))
    return Word{{},
                i.getType().isInteger(1)
                    ? int64_t(i.getValue().getZExtValue())
                    : int64_t(int32_t(i.getValue().getSExtValue()))};
  if (auto f = dyn_cast<FloatAttr>(a)) {
    APFloat x = f.getValue();
    bool lost = false;
    x.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &lost);
    return Word{{}, int32_t(x.bitcastToAPInt().getZExtValue())};
  }
  return failure();
}

std::optional<int64_t> Lowering::constant(Value v) {
  FailureOr<Form> f = form(v);
  if (failed(f) || !f->terms.empty())
    return std::nullopt;
  return f->konst;
}

/// The word of an argument's slot in the parameter block, loaded once.
FailureOr<Form> Lowering::argument(BlockArgument arg) {
  if (auto it = forms.find(arg); it != forms.end())
    return it->second;
  if (!sub || arg.getOwner() != &sub->op.getBody().front())
    return emitError(arg.getLoc(), "internal: block argument without a value");
  unsigned n = arg.getArgNumber();
  Form f;
  if (sub->fixed[n]) {
    f.konst = sub->fixed[n]->value;
  } else {
    mir::Reg r = newReg();
    mir::Inst &i = emit(Opcode::Ld, 0);
    i.a = r;
    i.b = mir::Params;
    i.imm = 4 * sub->slot[n];
    f = atom(r, 0, {});
  }
  forms[arg] = f;
  return f;
}

FailureOr<Form> Lowering::form(Value v) {
  if (auto it = forms.find(v); it != forms.end())
    return it->second;
  FailureOr<Form> f = failure();
  if (auto arg = dyn_cast<BlockArgument>(v)) {
    f = argument(arg);
  } else if (FailureOr<Word> w = constantWord(v); succeeded(w) && !w->buffer) {
    f = Form{{}, w->value};
  } else {
    f = affine(v.getDefiningOp());
    if (failed(f))
      f = pure(v.getDefiningOp());
  }
  if (succeeded(f))
    forms[v] = *f;
  return f;
}

FailureOr<mir::Reg> Lowering::reg(Value v, int d) {
  FailureOr<Form> f = form(v);
  if (failed(f))
    return failure();
  return regOf(*f, d < 0 ? depth() : d);
}

/// Sums and multiples stay forms; failure means another case, not an error.
FailureOr<Form> Lowering::affine(Operation *op) {
  auto linearOf = [&](Value x, Value y, int64_t k) -> FailureOr<Form> {
    FailureOr<Form> fx = form(x), fy = form(y);
    if (failed(fx) || failed(fy))
      return failure();
    return *fx + *fy * k;
  };
  if (auto a = dyn_cast<arith::AddIOp>(op))
    return linearOf(a.getLhs(), a.getRhs(), 1);
  if (auto a = dyn_cast<arith::SubIOp>(op))
    return linearOf(a.getLhs(), a.getRhs(), -1);
  if (auto a = dyn_cast<arith::MulIOp>(op)) {
    Value x = a.getLhs(), y = a.getRhs();
    if (constant(x))
      std::swap(x, y);
    FailureOr<Form> f = form(x);
    std::optional<int64_t> k = constant(y);
    if (!k || failed(f))
      return failure();
    return *f * *k;
  }
  if (auto a = dyn_cast<arith::ShLIOp>(op)) {
    FailureOr<Form> f = form(a.getLhs());
    std::optional<int64_t> k = constant(a.getRhs());
    if (!k || failed(f) || *k < 0 || *k > 31)
      return failure();
    return *f * (int64_t(1) << *k);
  }
  if (llvm::isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::BitcastOp,
                arith::ExtUIOp, arith::ExtFOp>(op)) {
    // i16 values are kept sign-extended, i1 as 0 or 1, f16 as f32.
    if (llvm::isa<arith::ExtUIOp>(op) &&
        !op->getOperand(0).getType().isInteger(1))
      return failure();
    if (llvm::isa<arith::BitcastOp>(op) &&
        op->getOperand(0).getType().getIntOrFloatBitWidth() != 32)
      return failure();
    return form(op->getOperand(0));
  }
  if (auto a = dyn_cast<arith::ExtSIOp>(op);
      a && a.getIn().getType().isInteger(1)) {
    FailureOr<Form> f = form(a.getIn());
    if (failed(f))
      return failure();
    return *f * -1;
  }
  if (auto a = dyn_cast<arith::ExtSIOp>(op))
    return form(a.getIn());
  return failure();
}

/// result = op(x, y), at the depth of the deeper operand.
FailureOr<Form> Lowering::binary(Opcode op, Value x, Value y, Value result) {
  FailureOr<Form> fx = form(x), fy = form(y);
  if (failed(fx) || failed(fy))
    return failure();
  int d = std::max(depthOf(*fx), depthOf(*fy));
  mir::Reg rx = regOf(*fx, d), ry = regOf(*fy, d), r = newReg();
  mir::Inst &i = emit(op, d);
  i.a = r;
  i.b = rx;
  i.c = ry;
  return atom(r, d, result);
}

FailureOr<Form> Lowering::compare(arith::CmpIOp op) {
  using P = arith::CmpIPredicate;
  Value x = op.getLhs(), y = op.getRhs();
  Opcode code = Opcode::Slt;
  bool swap = false, negate = false;
  switch (op.getPredicate()) {
  case P::eq:
  case P::ne:
    code = Opcode::Seq;
    negate = op.getPredicate() == P::ne;
    break;
  case P::slt:
    break;
  case P::sgt:
    swap = true;
    break;
  case P::sge:
    negate = true;
    break;
  case P::sle:
    swap = negate = true;
    break;
  default:
    op.emitOpError("unsigned comparison has no instruction");
    return failure();
  }
  FailureOr<Form> f = binary(code, swap ? y : x, swap ? x : y, {});
  return failed(f) || !negate ? f : logicalNot(*f);
}

FailureOr<Form> Lowering::compare(arith::CmpFOp op) {
  using P = arith::CmpFPredicate;
  Value x = op.getLhs(), y = op.getRhs();
  bool swap = false, negate = false;
  switch (op.getPredicate()) {
  case P::OLT:
    break;
  case P::OGT:
    swap = true;
    break;
  case P::UGE:
    negate = true;
    break;
  case P::ULE:
    swap = negate = true;
    break;
  default:
    op.emitOpError("only olt, ogt, ule and uge have an instruction");
    return failure();
  }
  FailureOr<Form> f = binary(Opcode::FLt, swap ? y : x, swap ? x : y, {});
  return failed(f) || !negate ? f : logicalNot(*f);
}

/// 1 - f for a condition f.
FailureOr<Form> Lowering::logicalNot(const Form &f) {
  int d = depthOf(f);
  mir::Reg x = regOf(f, d), r = newReg();
  mir::Inst &i = emit(Opcode::Seq, d);
  i.a = r;
  i.b = x;
  i.c = mir::Zero;
  return atom(r, d, {});
}

FailureOr<Form> Lowering::select(arith::SelectOp op) {
  FailureOr<Form> c = form(op.getCondition()), x = form(op.getTrueValue()),
                  y = form(op.getFalseValue());
  if (failed(c) || failed(x) || failed(y))
    return failure();
  if (c->terms.empty())
    return c->konst ? x : y;
  // A condition is 0 or 1 already.
  if (op.getResult().getType().isInteger() && x->terms.empty() &&
      y->terms.empty() && x->konst == 1 && y->konst == 0)
    return c;
  int d = std::max({depthOf(*c), depthOf(*x), depthOf(*y)});
  mir::Reg rc = regOf(*c, d), rx = regOf(*x, d), ry = regOf(*y, d),
           r = newReg();
  mir::Inst &copy = emit(Opcode::Mov, d);
  copy.a = r;
  copy.b = rc;
  mir::Inst &i = emit(Opcode::Sel, d);
  i.a = r;
  i.b = rx;
  i.c = ry;
  return atom(r, d, op.getResult());
}

FailureOr<Form> Lowering::fma(Value x, Value y, Value z, Value result) {
  FailureOr<Form> fx = form(x), fy = form(y), fz = form(z);
  if (failed(fx) || failed(fy) || failed(fz))
    return failure();
  int d = std::max({depthOf(*fx), depthOf(*fy), depthOf(*fz)});
  mir::Reg rx = regOf(*fx, d), ry = regOf(*fy, d), rz = regOf(*fz, d),
           r = newReg();
  mir::Inst &copy = emit(Opcode::Mov, d);
  copy.a = r;
  copy.b = rz;
  mir::Inst &i = emit(Opcode::FMac, d);
  i.a = r;
  i.b = rx;
  i.c = ry;
  return atom(r, d, result);
}

/// One instruction with operands b and, if given, an immediate or amount.
FailureOr<Form> Lowering::unary(Opcode op, Value x, Value result, int32_t imm,
                                uint8_t small) {
  FailureOr<Form> fx = form(x);
  if (failed(fx))
    return failure();
  int d = depthOf(*fx);
  mir::Reg rx = regOf(*fx, d), r = newReg();
  mir::Inst &i = emit(op, d);
  i.a = r;
  i.b = rx;
  i.imm = imm;
  i.small = small;
  return atom(r, d, result);
}

static std::optional<Opcode> binaryOpcode(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<Opcode>>(op)
      .Case<arith::MulIOp>([](auto) { return Opcode::Mul; })
      .Case<arith::AndIOp>([](auto) { return Opcode::And; })
      .Case<arith::OrIOp>([](auto) { return Opcode::Or; })
      .Case<arith::XOrIOp>([](auto) { return Opcode::Xor; })
      .Case<arith::ShLIOp>([](auto) { return Opcode::Shl; })
      .Case<arith::ShRUIOp>([](auto) { return Opcode::Shr; })
      .Case<arith::ShRSIOp>([](auto) { return Opcode::Sar; })
      .Case<arith::MinSIOp>([](auto) { return Opcode::Min; })
      .Case<arith::MaxSIOp>([](auto) { return Opcode::Max; })
      .Case<arith::AddFOp>([](auto) { return Opcode::FAdd; })
      .Case<arith::SubFOp>([](auto) { return Opcode::FSub; })
      .Case<arith::MulFOp>([](auto) { return Opcode::FMul; })
      .Case<arith::MaximumFOp, arith::MaxNumFOp>(
          [](auto) { return Opcode::FMax; })
      .Case<arith::MinimumFOp, arith::MinNumFOp>(
          [](auto) { return Opcode::FMin; })
      .Default(std::nullopt);
}

/// Values that take an instruction.
FailureOr<Form> Lowering::pure(Operation *op) {
  Value result = op->getNumResults() ? op->getResult(0) : Value();
  auto amount = [&](unsigned n) { return constant(op->getOperand(n)); };
  if (auto a = dyn_cast<arith::CmpIOp>(op))
    return compare(a);
  if (auto a = dyn_cast<arith::CmpFOp>(op))
    return compare(a);
  if (auto a = dyn_cast<arith::SelectOp>(op))
    return select(a);
  if (auto a = dyn_cast<FmaOp>(op))
    return fma(a.getA(), a.getB(), a.getC(), result);
  if (auto a = dyn_cast<math::FmaOp>(op))
    return fma(a.getA(), a.getB(), a.getC(), result);
  if (llvm::isa<arith::SIToFPOp>(op))
    return unary(Opcode::I2F, op->getOperand(0), result, 0, 0);
  if (llvm::isa<arith::FPToSIOp>(op))
    return unary(Opcode::F2I, op->getOperand(0), result, 0, 0);
  if (auto a = dyn_cast<CoordOp>(op)) {
    mir::Reg r = newReg();
    mir::Inst &i = emit(Opcode::Coord, 0);
    i.a = r;
    i.small = a.getAxis() == Axis::Y;
    return atom(r, 0, result);
  }
  if (llvm::isa<arith::ShRUIOp>(op) && amount(1))
    return unary(Opcode::Shri, op->getOperand(0), result, 0, *amount(1) & 31);
  if (llvm::isa<arith::AndIOp>(op) && amount(1))
    return unary(Opcode::Andi, op->getOperand(0), result, int32_t(*amount(1)),
                 0);
  if (auto a = dyn_cast<arith::DivUIOp>(op))
    if (auto k = amount(1); k && llvm::isPowerOf2_64(uint64_t(*k)))
      return unary(Opcode::Shri, a.getLhs(), result, 0, llvm::Log2_64(*k));
  if (auto a = dyn_cast<arith::RemUIOp>(op))
    if (auto k = amount(1); k && llvm::isPowerOf2_64(uint64_t(*k)))
      return unary(Opcode::Andi, a.getLhs(), result, int32_t(*k - 1), 0);
  if (std::optional<Opcode> code = binaryOpcode(op))
    return binary(*code, op->getOperand(0), op->getOperand(1), result);
  return op->emitOpError("has no instruction");
}

/// A register that starts as `init` and that the next instruction may change.
/// If nothing else reads `init`, it is the register of `init` itself.
FailureOr<mir::Reg> Lowering::accumulator(Value init) {
  FailureOr<Form> f = form(init);
  if (failed(f))
    return failure();
  if (f->terms.size() == 1 && f->konst == 0 && f->terms[0].coeff == 1) {
    const Atom &a = atoms[f->terms[0].atom];
    if (a.owner == init && init.hasOneUse() && a.depth == depth() && !a.counter)
      return a.reg;
  }
  mir::Reg r = newReg();
  bool li = f->terms.empty() && f->konst != 0;
  mir::Reg from = li ? mir::Zero : regOf(*f, depth());
  mir::Inst &i = emit(li ? Opcode::Li : Opcode::Mov, depth());
  i.a = r;
  if (li)
    i.imm = int32_t(f->konst);
  else
    i.b = from;
  return r;
}
