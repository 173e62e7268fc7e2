//===- WideFloats.cpp - What --dtype leaves in f32 ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Three kinds: sums of integers and the scales that bring them into range,
// since f16 ends at 65504; angles computed from positions, since f16 knows only
// every second integer from 2048 on; and integers computed in floats. All are
// small beside a model's features. Walks are forward, along the block, so a
// long chain costs no stack.
//
//===----------------------------------------------------------------------===//
#include "WideFloats.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

bool nn::isExactProduct(Operation *op) {
  return isa<LinearOp, MatMulOp>(op) && elementOf(op->getResult(0)).isF32() &&
         !op->use_empty() && llvm::all_of(op->getUsers(), [](Operation *user) {
           return isa<CastOp>(user) &&
                  elementOf(user->getResult(0)).isInteger(32);
         });
}

namespace {
class Walk {
public:
  explicit Walk(Block &body) : body(body) {}

  WideFloats run() {
    for (Operation &op : body.without_terminator())
      if (op.getNumResults() == 1)
        look(&op);
    close();
    return {std::move(kept), std::move(scales)};
  }

private:
  Block &body;
  llvm::SetVector<Operation *> kept;
  llvm::DenseSet<Value> constants;        // by evaluation
  llvm::DenseSet<Value> sums;             // exact products as integers
  llvm::DenseSet<Operation *> arithmetic; // f32, of integers and constants
  llvm::DenseSet<Value> bytes;            // of these, what f16 holds
  llvm::DenseSet<Operation *> scales;     // kept: what they are computed of too

  static bool isIntegral(Value x, unsigned width) {
    auto type = dyn_cast<IntegerType>(elementOf(x));
    return type && type.getWidth() >= width;
  }

  void look(Operation *op) {
    Value x = op->getResult(0);
    if (isConstantAfter(op, constants)) {
      constants.insert(x);
      return;
    }
    if (isSum(op))
      sums.insert(x);
    if (elementOf(x).isF32() && isArithmetic(op) && !isExactProduct(op)) {
      arithmetic.insert(op);
      if (isOfBytes(op))
        bytes.insert(x);
    }
    keepScaledSum(op);
    // The two ends where a last place is more than a last place.
    bool angle = isa<SinOp, CosOp>(op) && elementOf(x).isF32();
    bool index = isa<CastOp>(op) && isIntegral(x, 32) &&
                 elementOf(op->getOperand(0)).isF32();
    if ((angle || index) && isPlain(op->getOperand(0)))
      kept.insert(op);
    if (index && isWideProduct(op->getOperand(0))) {
      kept.insert(op);
      kept.insert(op->getOperand(0).getDefiningOp());
    }
  }

  /// Of integers that f16 may not hold, not of bytes.
  bool isWideProduct(Value x) const {
    Operation *op = x.getDefiningOp();
    return op && isExactProduct(op) && isOfPlain(op) &&
           llvm::any_of(op->getOperands(), [&](Value operand) {
             return arithmetic.contains(operand.getDefiningOp()) &&
                    !bytes.contains(operand);
           });
  }

  /// Bytes, or differences of such.
  bool isOfBytes(Operation *op) const {
    if (isa<CastOp>(op))
      return !isIntegral(op->getOperand(0), 9);
    return isa<SubOp, ReshapeOp, TransposeOp, SliceOp, ConcatOp>(op) &&
           llvm::all_of(op->getOperands(), [&](Value operand) {
             return constants.contains(operand) || bytes.contains(operand);
           });
  }

  bool isSum(Operation *op) const {
    if (isa<CastOp>(op)) {
      Operation *from = op->getOperand(0).getDefiningOp();
      return from && isExactProduct(from);
    }
    return isa<AddOp, ReshapeOp, TransposeOp>(op) &&
           sums.contains(op->getOperand(0));
  }

  void keepScaledSum(Operation *op) {
    auto multiplies = [](Operation *user) { return isa<MulOp>(user); };
    if (!isa<CastOp>(op) || !elementOf(op->getResult(0)).isF32() ||
        !sums.contains(op->getOperand(0)) ||
        !llvm::all_of(op->getUsers(), multiplies))
      return;
    kept.insert(op);
    kept.insert(op->user_begin(), op->user_end());
    scales.insert(op->user_begin(), op->user_end());
  }

  /// A float of the program's inputs, of integers, or computed of such.
  bool isPlain(Value x) const {
    Operation *op = x.getDefiningOp();
    return !op || arithmetic.contains(op);
  }

  bool isArithmetic(Operation *op) const {
    if (isa<CastOp>(op))
      return isa<IntegerType>(elementOf(op->getOperand(0)));
    return isa<AddOp, SubOp, MulOp, DivOp, ExactDivOp, NegOp, FloorOp, MatMulOp,
               LinearOp, CumSumOp, ReshapeOp, TransposeOp, ExpandOp, ConcatOp,
               SliceOp, WhereOp>(op) &&
           isOfPlain(op);
  }

  bool isOfPlain(Operation *op) const {
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      return !isa<FloatType>(elementOf(operand)) ||
             constants.contains(operand) || isPlain(operand);
    });
  }

  /// What the kept ops are computed of.
  void close() {
    for (unsigned i = 0; i < kept.size(); ++i)
      for (Value operand : kept[i]->getOperands()) {
        Operation *op = operand.getDefiningOp();
        if (!op || !elementOf(operand).isF32() || constants.contains(operand))
          continue;
        bool scale = scales.contains(kept[i]) &&
                     isa<MulOp, DivOp, ExactDivOp, WhereOp, ReshapeOp>(op);
        if (scale)
          scales.insert(op);
        if (scale || arithmetic.contains(op))
          kept.insert(op);
      }
  }
};
} // namespace

WideFloats nn::wideFloats(Block &body) { return Walk(body).run(); }
