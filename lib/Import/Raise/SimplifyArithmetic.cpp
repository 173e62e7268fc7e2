//===- SimplifyArithmetic.cpp - Arithmetic that is not needed -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "SimplifyPatterns.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {

/// x + 0, x - 0, x * 1, x / 1.
struct DropNeutral : RewritePattern {
  DropNeutral(MLIRContext *context, int64_t *left)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context), left(left) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    bool sum = isa<AddOp, SubOp>(op), product = isa<MulOp, DivOp>(op);
    if (!sum && !product)
      return failure();
    bool commutes = isa<AddOp, MulOp>(op);
    for (unsigned i : {1u, 0u}) {
      Value other = op->getOperand(1 - i);
      if ((i == 0 && !commutes) ||
          other.getType() != op->getResult(0).getType())
        continue;
      if (auto scalar = constantScalar(op->getOperand(i), 4096, left);
          scalar && *scalar == (sum ? 0 : 1)) {
        rewriter.replaceOp(op, other);
        return success();
      }
    }
    return failure();
  }
  int64_t *left;
};

/// Whether x cannot be -inf, as where a norm takes a root of a mean square:
/// sqrt(-inf) is NaN, pow(-inf, 0.5) is inf.
bool isNonNegative(Value x, int64_t *left, int depth = 8) {
  Operation *op = x.getDefiningOp();
  if (!op || !depth)
    return false;
  if (isa<AbsOp, ExpOp, ReluOp, SigmoidOp, SqrtOp, SoftmaxOp>(op))
    return true;
  if (auto scalar = constantScalar(x, 4096, left))
    return *scalar >= 0;
  if (isa<MulOp>(op) && op->getOperand(0) == op->getOperand(1))
    return true;
  if (isa<ReduceMeanOp, ReduceSumOp, ReduceMaxOp>(op))
    return isNonNegative(op->getOperand(0), left, depth - 1);
  return isa<AddOp, MulOp>(op) &&
         isNonNegative(op->getOperand(0), left, depth - 1) &&
         isNonNegative(op->getOperand(1), left, depth - 1);
}

struct LowerPow : OpRewritePattern<PowOp> {
  LowerPow(MLIRContext *context, int64_t *left)
      : OpRewritePattern(context), left(left) {}
  LogicalResult matchAndRewrite(PowOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getLhs();
    auto exponent = constantScalar(op.getRhs(), 4096, left);
    if (!exponent || x.getType() != op.getType() || isConstant(x))
      return failure();
    bool isFloat = isa<FloatType>(elementOf(x));
    if (*exponent == 1)
      rewriter.replaceOp(op, x);
    else if (*exponent == 2)
      rewriter.replaceOpWithNewOp<MulOp>(op, x, x);
    else if (*exponent == 0.5 && isFloat && isNonNegative(x, left))
      rewriter.replaceOpWithNewOp<SqrtOp>(op, x);
    else if (*exponent == -0.5 && isFloat && isNonNegative(x, left))
      rewriter.replaceOpWithNewOp<RsqrtOp>(op, x);
    else if (*exponent == -1 && isFloat)
      rewriter.replaceOpWithNewOp<ReciprocalOp>(op, x);
    else
      return failure();
    return success();
  }
  int64_t *left;
};

/// cast(cast(x)) where the first loses nothing.
struct ComposeCasts : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  static bool loses(Type from, Type to) {
    if (from.isInteger(1))
      return false;
    if (!isa<FloatType>(from) || !isa<FloatType>(to))
      return true;
    return !(to.isF32() && (from.isF16() || from.isBF16()));
  }
  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<CastOp>();
    if (!inner || loses(elementOf(inner.getX()), elementOf(inner)))
      return failure();
    Location loc = fuseOps({op, inner});
    rewriter.replaceOp(op,
                       makeCast(rewriter, loc, inner.getX(), elementOf(op)));
    return success();
  }
};

/// An operand need not be expanded if broadcasting does it anyway.
struct DropExpand : RewritePattern {
  DropExpand(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<AddOp, SubOp, MulOp, DivOp, PowOp, MaxOp, MinOp, AndOp, OrOp,
             EqualOp, LessOp, LessEqualOp, GreaterOp, GreaterEqualOp, WhereOp>(
            op))
      return failure();
    ArrayRef<int64_t> result = shapeOf(op->getResult(0));
    for (unsigned i = 0; i < op->getNumOperands(); ++i) {
      auto expand = op->getOperand(i).getDefiningOp<ExpandOp>();
      if (!expand)
        continue;
      SmallVector<int64_t> shape(shapeOf(expand.getX()));
      for (unsigned j = 0; j < op->getNumOperands(); ++j)
        if (j != i)
          shape = *broadcastShapes(shape, shapeOf(op->getOperand(j)));
      if (ArrayRef(shape) != result)
        continue;
      rewriter.modifyOpInPlace(op, [&] { op->setOperand(i, expand.getX()); });
      return success();
    }
    return failure();
  }
};

struct SimplifyWhere : OpRewritePattern<WhereOp> {
  SimplifyWhere(MLIRContext *context, int64_t *left)
      : OpRewritePattern(context), left(left) {}
  LogicalResult matchAndRewrite(WhereOp op,
                                PatternRewriter &rewriter) const override {
    if (auto negated = op.getCondition().getDefiningOp<NotOp>()) {
      rewriter.replaceOpWithNewOp<WhereOp>(op, negated.getX(), op.getB(),
                                           op.getA());
      return success();
    }
    auto condition = constantScalar(op.getCondition(), 1 << 22, left);
    if (!condition)
      return failure();
    Value chosen = *condition != 0 ? op.getA() : op.getB();
    rewriter.replaceOp(op,
                       makeExpand(rewriter, op.getLoc(), chosen, shapeOf(op)));
    return success();
  }
  int64_t *left;
};

struct DoubleNot : OpRewritePattern<NotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(NotOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<NotOp>();
    if (!inner)
      return failure();
    rewriter.replaceOp(op, inner.getX());
    return success();
  }
};

} // namespace

void nn::addArithmeticPatterns(RewritePatternSet &patterns, int64_t *left) {
  MLIRContext *context = patterns.getContext();
  patterns.add<DropNeutral, LowerPow, SimplifyWhere>(context, left);
  patterns.add<ComposeCasts, DropExpand, DoubleNot>(context);
}
