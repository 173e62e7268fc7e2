//===- OpProblem.cpp - nn ops as problems of kernels ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "OpProblem.h"
#include "NN/NNOps.h"
#include "weft/Import/Constant.h"

using namespace mlir;
using namespace weft;
using kernels::Problem;

RankedTensorType weft::stored(Type t) {
  auto type = cast<RankedTensorType>(t);
  return RankedTensorType::get(type.getShape(),
                               kernels::storageType(type.getElementType()));
}

/// A power with a constant exponent is a function of its base alone.
static void rewritePow(Operation *op, OpProblem &p) {
  std::optional<double> e = constantScalar(op->getOperand(1));
  if (!e)
    return;
  OpBuilder b(op);
  NamedAttrList config(p.problem.config);
  config.set("exponent", b.getF64FloatAttr(*e));
  p.problem.config = config.getDictionary(op->getContext());
  if (*e == 2.0)
    p.problem.op = "nn.square";
  else if (*e == 0.5)
    p.problem.op = "nn.sqrt";
  p.problem.ins.pop_back();
  p.problem.constant.pop_back();
  p.operands.pop_back();
}

/// What an i32 on the PE is in the graph, where that changes the arithmetic:
/// the width in which it wraps, or that it is unsigned.
static bool readsKind(Operation *op) {
  Type t =
      op->getNumOperands() ? getElementTypeOrSelf(op->getOperand(0)) : Type();
  auto integer = dyn_cast_or_null<IntegerType>(t);
  if (auto update = dyn_cast<nn::CacheUpdateOp>(op))
    if (!update.getReductionAttr())
      return false; // moves bits
  return integer && integer.getWidth() > 1 && integer.getWidth() <= 32 &&
         !integer.isSignlessInteger(32) &&
         !isa<nn::CastOp, nn::BitCastOp, nn::ReshapeOp, nn::TransposeOp,
              nn::SliceOp, nn::ConcatOp, nn::ExpandOp, nn::GatherOp,
              nn::BitAndOp, nn::BitOrOp, nn::BitXorOp, nn::ShiftRightOp,
              nn::EqualOp>(op);
}

static DictionaryAttr configOf(Operation *op) {
  NamedAttrList config(op->getAttrDictionary());
  OpBuilder b(op);
  auto set = [&](StringRef key, Value v) {
    std::string s;
    llvm::raw_string_ostream(s) << getElementTypeOrSelf(v.getType());
    config.set(key, b.getStringAttr(s));
  };
  if (isa<nn::CastOp, nn::BitCastOp>(op)) {
    set("from", op->getOperand(0));
    set("to", op->getResult(0));
  }
  if (readsKind(op))
    set("int", op->getOperand(0));
  return config.getDictionary(op->getContext());
}

OpProblem weft::problemOf(Operation *op) {
  OpProblem p;
  p.problem.op = op->getName().getStringRef().str();
  p.problem.config = configOf(op);
  for (Value v : op->getOperands()) {
    p.problem.ins.push_back(stored(v.getType()));
    p.problem.constant.push_back(isConstant(v));
    p.operands.push_back(v);
  }
  p.problem.out = stored(op->getResult(0).getType());
  if (isa<nn::PowOp>(op))
    rewritePow(op, p);
  return p;
}

OpProblem weft::chainOf(ArrayRef<Operation *> ops) {
  OpProblem chain;
  OpBuilder b(ops.back());
  SmallVector<Attribute> steps;
  Value soFar;
  for (Operation *op : ops) {
    OpProblem one = problemOf(op);
    SmallVector<int64_t> args;
    for (auto [i, v] : llvm::enumerate(one.operands)) {
      if (soFar && v == soFar) {
        args.push_back(-1);
        continue;
      }
      auto it = llvm::find(chain.operands, v);
      args.push_back(it - chain.operands.begin());
      if (it != chain.operands.end())
        continue;
      chain.operands.push_back(v);
      chain.problem.ins.push_back(one.problem.ins[i]);
      chain.problem.constant.push_back(one.problem.constant[i]);
    }
    NamedAttrList step(one.problem.config);
    step.set("op", b.getStringAttr(one.problem.op));
    step.set("args", b.getDenseI64ArrayAttr(args));
    step.set("out", TypeAttr::get(one.problem.out.getElementType()));
    steps.push_back(step.getDictionary(b.getContext()));
    soFar = op->getResult(0);
    chain.problem.out = one.problem.out;
  }
  chain.problem.op = "wafer.chain";
  chain.problem.config =
      b.getDictionaryAttr(b.getNamedAttr("steps", b.getArrayAttr(steps)));
  return chain;
}

bool weft::isHostCast(Operation *op) {
  auto cast = dyn_cast<nn::CastOp>(op);
  if (!cast || cast->use_empty() ||
      !isa<FloatType>(getElementTypeOrSelf(cast.getX().getType())) ||
      !isa<FloatType>(getElementTypeOrSelf(cast.getType())))
    return false;
  bool returned = llvm::any_of(cast->getUsers(), [](Operation *user) {
    return isa<nn::ReturnOp>(user);
  });
  // Both ends of a state have one type on the wafer; nn-state-views has already
  // taken the casts off where it could.
  ArrayAttr states = op->getParentOfType<nn::ProgramOp>().getStateAttr();
  if (auto arg = dyn_cast<BlockArgument>(cast.getX()))
    return !returned && arg.hasOneUse() &&
           !nn::stateOfInput(states, arg.getArgNumber());
  if (!returned || !cast->hasOneUse() ||
      nn::stateOfOutput(states, cast->use_begin()->getOperandNumber()))
    return false;
  return !isConstant(cast.getX()) && !isHostCast(cast.getX().getDefiningOp());
}
