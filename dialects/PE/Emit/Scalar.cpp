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
    std::optional<FailureOr<Form>> sum = affine(v.getDefiningOp());
    f = sum ? *sum : pure(v.getDefiningOp());
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

/// x + k * y
FailureOr<Form> Lowering::sum(Value x, Value y, int64_t k) {
  FailureOr<Form> fx = form(x), fy = form(y);
  if (failed(fx) || failed(fy))
    return failure();
  return *fx + *fy * k;
}

FailureOr<Form> Lowering::multiple(Value x, int64_t k) {
  FailureOr<Form> f = form(x);
  if (failed(f))
    return failure();
  return *f * k;
}

/// Whether the result is the operand's register: i16 values are kept
/// sign-extended, i1 as 0 or 1, f16 as f32.
static bool isTransparent(Operation *op) {
  if (llvm::isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtFOp>(op))
    return true;
  if (llvm::isa<arith::ExtUIOp>(op))
    return op->getOperand(0).getType().isInteger(1);
  if (llvm::isa<arith::ExtSIOp>(op))
    return !op->getOperand(0).getType().isInteger(1);
  return llvm::isa<arith::BitcastOp>(op) &&
         op->getOperand(0).getType().getIntOrFloatBitWidth() == 32;
}

/// Sums, multiples and casts stay forms; nothing if `op` is none of these.
std::optional<FailureOr<Form>> Lowering::affine(Operation *op) {
  if (llvm::isa<arith::AddIOp>(op))
    return sum(op->getOperand(0), op->getOperand(1), 1);
  if (llvm::isa<arith::SubIOp>(op))
    return sum(op->getOperand(0), op->getOperand(1), -1);
  if (auto a = dyn_cast<arith::MulIOp>(op)) {
    if (std::optional<int64_t> k = constant(a.getRhs()))
      return multiple(a.getLhs(), *k);
    if (std::optional<int64_t> k = constant(a.getLhs()))
      return multiple(a.getRhs(), *k);
  }
  if (auto a = dyn_cast<arith::ShLIOp>(op))
    if (std::optional<int64_t> k = constant(a.getRhs());
        k && *k >= 0 && *k < 32)
      return multiple(a.getLhs(), int64_t(1) << *k);
  if (isTransparent(op))
    return form(op->getOperand(0));
  if (llvm::isa<arith::ExtSIOp>(op)) // of a condition
    return multiple(op->getOperand(0), -1);
  return std::nullopt;
}

/// op(in..., imm, amount) at the depth of the deepest operand, once. `sel` and
/// `fmac` change their first operand, so they get a copy.
Form Lowering::compute(Opcode op, ArrayRef<Form> in, int32_t imm,
                       uint8_t small) {
  int d = 0;
  for (const Form &f : in)
    d = std::max(d, depthOf(f));
  Pure key{op, {in.begin(), in.end()}, imm, small};
  for (auto &[have, f] : scopes[d].pures)
    if (have == key)
      return f;
  SmallVector<mir::Reg, 3> regs;
  for (const Form &f : in)
    regs.push_back(regOf(f, d));
  mir::Reg r = newReg();
  if (in.size() == 3) {
    mir::Inst &copy = emit(Opcode::Mov, d);
    copy.a = r;
    copy.b = regs[0];
    regs.erase(regs.begin());
  }
  mir::Inst &i = emit(op, d);
  i.a = r;
  i.b = regs.empty() ? mir::NoReg : regs[0];
  i.c = regs.size() > 1 ? regs[1] : mir::NoReg;
  i.imm = imm;
  i.small = small;
  Form f = atom(r, d, {});
  scopes[d].pures.push_back({std::move(key), f});
  return f;
}

FailureOr<Form> Lowering::compute(Opcode op, ValueRange in, int32_t imm,
                                  uint8_t small) {
  SmallVector<Form, 3> operands;
  for (Value v : in) {
    FailureOr<Form> f = form(v);
    if (failed(f))
      return failure();
    operands.push_back(*f);
  }
  return compute(op, operands, imm, small);
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
  if (swap)
    std::swap(x, y);
  FailureOr<Form> f = compute(code, ValueRange{x, y});
  if (failed(f) || !negate)
    return f;
  return compute(Opcode::Seq, {*f, Form()});
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
  if (swap)
    std::swap(x, y);
  FailureOr<Form> f = compute(Opcode::FLt, ValueRange{x, y});
  if (failed(f) || !negate)
    return f;
  return compute(Opcode::Seq, {*f, Form()});
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
  return compute(Opcode::Sel, {*c, *x, *y});
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
      .Case<arith::MaximumFOp>([](auto) { return Opcode::FMax; })
      .Case<arith::MinimumFOp>([](auto) { return Opcode::FMin; })
      .Default(std::nullopt);
}

/// Values that take an instruction.
FailureOr<Form> Lowering::pure(Operation *op) {
  auto amount = [&](unsigned n) { return constant(op->getOperand(n)); };
  if (auto a = dyn_cast<arith::CmpIOp>(op))
    return compare(a);
  if (auto a = dyn_cast<arith::CmpFOp>(op))
    return compare(a);
  if (auto a = dyn_cast<arith::SelectOp>(op))
    return select(a);
  if (auto a = dyn_cast<FmaOp>(op))
    return compute(Opcode::FMac, ValueRange{a.getC(), a.getA(), a.getB()});
  if (auto a = dyn_cast<math::FmaOp>(op))
    return compute(Opcode::FMac, ValueRange{a.getC(), a.getA(), a.getB()});
  if (llvm::isa<arith::SIToFPOp>(op))
    return compute(Opcode::I2F, op->getOperands());
  if (llvm::isa<arith::FPToSIOp>(op))
    return compute(Opcode::F2I, op->getOperands());
  if (auto a = dyn_cast<CoordOp>(op))
    return compute(Opcode::Coord, ArrayRef<Form>(), 0, a.getAxis() == Axis::Y);
  if (llvm::isa<arith::ShRUIOp>(op) && amount(1))
    return compute(Opcode::Shri, op->getOperand(0), 0, *amount(1) & 31);
  if (llvm::isa<arith::AndIOp>(op) && amount(1))
    return compute(Opcode::Andi, op->getOperand(0), int32_t(*amount(1)));
  if (auto a = dyn_cast<arith::DivUIOp>(op))
    if (auto k = amount(1); k && llvm::isPowerOf2_64(uint64_t(*k)))
      return compute(Opcode::Shri, a.getLhs(), 0, llvm::Log2_64(*k));
  if (auto a = dyn_cast<arith::RemUIOp>(op))
    if (auto k = amount(1); k && llvm::isPowerOf2_64(uint64_t(*k)))
      return compute(Opcode::Andi, a.getLhs(), int32_t(*k - 1));
  if (std::optional<Opcode> code = binaryOpcode(op))
    return compute(*code, op->getOperands());
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
