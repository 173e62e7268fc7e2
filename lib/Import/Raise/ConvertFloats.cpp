//===- ConvertFloats.cpp - One float type for a whole program -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-convert-floats: what --dtype and --acc mean. Inputs and outputs keep
// their types; a cast stands between them and the program, which the host does
// where it can. Constant expressions are evaluated as the model states them and
// rounded once.
//
//===----------------------------------------------------------------------===//
#include "ValueNames.h"
#include "WideFloats.h"
#include "mlir/IR/BuiltinOps.h"
#include "weft/Import/Passes.h"
#include "llvm/ADT/StringSwitch.h"

namespace weft::nn {
#define GEN_PASS_DEF_CONVERTFLOATS
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {
class Converter {
public:
  Converter(ProgramOp program, FloatType to)
      : body(program.getBody().front()), b(program), to(to) {}

  void run() {
    auto ret = cast<ReturnOp>(body.getTerminator());
    SmallVector<Type> outputs(ret.getOperandTypes());
    WideFloats wide;
    if (!to.isF32())
      wide = wideFloats(body);
    auto &kept = wide.ops;
    SmallVector<Operation *> computed, exact;
    for (Operation &op : body.without_terminator())
      if (op.getNumResults() == 0 || !isConstant(op.getResult(0)))
        if (!kept.contains(&op))
          (isExactProduct(&op) ? exact : computed).push_back(&op);
    for (BlockArgument arg : body.getArguments())
      convertInput(arg, kept, ret);
    for (Operation *op : computed)
      convertOp(op);
    for (Operation *op : kept)
      narrowUses(op, kept, ret);
    for (Operation *op : kept) {
      if (!wide.scales.contains(op))
        roundWeights(op);
      widenOperands(op);
    }
    for (Operation *op : exact)
      widenOperands(op);
    b.setInsertionPoint(ret);
    for (auto [operand, type] : llvm::zip(ret->getOpOperands(), outputs))
      if (operand.get().getType() != type)
        operand.set(CastOp::create(b, ret.getLoc(), type, operand.get()));
  }

private:
  Block &body;
  OpBuilder b;
  FloatType to;
  llvm::DenseMap<Value, Value> converted; // constants; lookups only

  bool differs(Value v) const {
    return isa<FloatType>(elementOf(v)) && elementOf(v) != to;
  }
  Type convertedType(Value v) const {
    return RankedTensorType::get(shapeOf(v), to);
  }

  /// What stays in f32 is narrow for those that do not.
  void narrowUses(Operation *op, const llvm::SetVector<Operation *> &kept,
                  ReturnOp ret) {
    Value x = op->getResult(0);
    auto narrow = [&](OpOperand &use) {
      return !kept.contains(use.getOwner()) && use.getOwner() != ret;
    };
    if (!differs(x) || llvm::none_of(x.getUses(), narrow))
      return;
    b.setInsertionPointAfter(op);
    Value y = CastOp::create(b, op->getLoc(), convertedType(x), x);
    x.replaceUsesWithIf(y, [&](OpOperand &use) {
      return narrow(use) && use.getOwner() != y.getDefiningOp();
    });
  }

  /// Weights are rounded, as all are; single numbers, an epsilon say, are none.
  void roundWeights(Operation *op) {
    for (OpOperand &operand : op->getOpOperands())
      if (differs(operand.get()) && isConstant(operand.get()) &&
          tensorType(operand.get()).getNumElements() > 1)
        operand.set(convertConstant(operand.get()));
  }

  /// Floating operands back to f32; of 8 bits, which every float holds, or what
  /// stays wide is computed of.
  void widenOperands(Operation *op) {
    b.setInsertionPoint(op);
    for (OpOperand &operand : op->getOpOperands())
      if (Type f32 = b.getF32Type(); isa<FloatType>(elementOf(operand.get())) &&
                                     elementOf(operand.get()) != f32)
        operand.set(CastOp::create(b, op->getLoc(),
                                   tensorType(operand.get()).clone(f32),
                                   operand.get()));
  }

  void convertInput(BlockArgument arg, const llvm::SetVector<Operation *> &kept,
                    ReturnOp ret) {
    auto computes = [&](OpOperand &use) {
      return use.getOwner() != ret && !kept.contains(use.getOwner());
    };
    if (!differs(arg) || llvm::none_of(arg.getUses(), computes))
      return;
    b.setInsertionPointToStart(&body);
    Value x = CastOp::create(b, arg.getLoc(), convertedType(arg), arg);
    arg.replaceUsesWithIf(x, [&](OpOperand &use) {
      return computes(use) && use.getOwner() != x.getDefiningOp();
    });
  }

  void convertOp(Operation *op) {
    for (OpOperand &operand : op->getOpOperands())
      if (differs(operand.get()) && isConstant(operand.get()))
        operand.set(convertConstant(operand.get()));
    for (OpResult r : op->getResults())
      if (differs(r))
        r.setType(cast<RankedTensorType>(convertedType(r)));
    if (auto cast = dyn_cast<CastOp>(op))
      if (cast.getX().getType() == cast.getType()) {
        for (StringAttr name : valueNamesOf(cast.getLoc()))
          addValueName(cast.getX(), name);
        cast.getResult().replaceAllUsesWith(cast.getX());
        cast.erase();
      }
  }

  /// A mask's -1e9 becomes the lowest f16, not -inf, which would make NaN of a
  /// row that is masked whole.
  Value convertConstant(Value v) {
    Value &known = converted[v];
    if (!known) {
      b.setInsertionPointAfterValue(v);
      auto cast = CastOp::create(b, v.getLoc(), convertedType(v), v);
      cast.setSaturate(true);
      known = cast;
    }
    return known;
  }
};

struct ConvertFloats : weft::nn::impl::ConvertFloatsBase<ConvertFloats> {
  using ConvertFloatsBase::ConvertFloatsBase;

  void runOnOperation() override {
    MLIRContext *ctx = &getContext();
    FloatType type = llvm::StringSwitch<FloatType>(to)
                         .Case("f32", Float32Type::get(ctx))
                         .Case("f16", Float16Type::get(ctx))
                         .Case("bf16", BFloat16Type::get(ctx))
                         .Default(nullptr);
    if ((!type && to != "keep") || (acc != "f32" && acc != "f16")) {
      getOperation().emitError("nn-convert-floats: found to=")
          << to << " acc=" << acc
          << ", allowed are to=keep, f32, f16 or bf16 and acc=f32 or f16";
      return signalPassFailure();
    }
    for (ProgramOp program : getOperation().getOps<ProgramOp>()) {
      if (type)
        Converter(program, type).run();
      if (acc == "f16")
        program.walk([&](Operation *op) {
          if (isa<LinearOp, MatMulOp, AttentionOp>(op) && !isExactProduct(op))
            op->setAttr("weft.acc", StringAttr::get(ctx, "f16"));
        });
    }
  }
};
} // namespace

std::unique_ptr<Pass> weft::createConvertFloatsPass(StringRef to,
                                                    StringRef acc) {
  ConvertFloatsOptions options;
  options.to = to.str();
  options.acc = acc.str();
  return nn::createConvertFloats(options);
}
