//===- SimplifyMoves.cpp - Transposes, reshapes and slices that cancel ----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "SimplifyPatterns.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {

//===----------------------------------------------------------------------===//
// Transposes and reshapes
//===----------------------------------------------------------------------===//

struct ComposeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getX().getDefiningOp<TransposeOp>())
      return failure();
    rewriter.replaceOp(
        op, makeTranspose(rewriter, op.getLoc(), op.getX(), op.getPerm()));
    return success();
  }
};

/// A reshape that only drops dimensions of extent 1 goes above a transpose.
struct DropUnitsAboveTranspose : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = op.getX().getDefiningOp<TransposeOp>();
    if (!transpose)
      return failure();
    ArrayRef<int64_t> from = shapeOf(transpose), to = shapeOf(op);
    SmallVector<int64_t> kept; // axes of the transpose's result
    size_t at = 0;
    for (auto [axis, dim] : llvm::enumerate(from)) {
      if (at < to.size() && to[at] == dim) {
        kept.push_back(axis);
        ++at;
      } else if (dim != 1) {
        return failure();
      }
    }
    if (at != to.size() || kept.size() == from.size())
      return failure();
    // The operand's axes that stay, in the operand's order, renumbered.
    SmallVector<int64_t> sources;
    for (int64_t axis : kept)
      sources.push_back(transpose.getPerm()[axis]);
    SmallVector<int64_t> sorted(sources), shape, perm;
    llvm::sort(sorted);
    for (int64_t axis : sorted)
      shape.push_back(shapeOf(transpose.getX())[axis]);
    for (int64_t axis : sources)
      perm.push_back(llvm::find(sorted, axis) - sorted.begin());
    Location loc = fuseOps({op, transpose});
    Value narrow = makeReshape(rewriter, loc, transpose.getX(), shape);
    rewriter.replaceOp(op, makeTranspose(rewriter, loc, narrow, perm));
    return success();
  }
};

/// op(reshape(x)) with the reshape on all dimensions of an elementwise op.
struct SinkReshapeBelowUnary : RewritePattern {
  SinkReshapeBelowUnary(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<GeluOp, SiluOp, ReluOp, TanhOp, ErfOp, SigmoidOp, ExpOp, SqrtOp,
             NegOp, AbsOp, CastOp>(op))
      return failure();
    auto reshape = op->getOperand(0).getDefiningOp<ReshapeOp>();
    if (!reshape)
      return failure();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    OperationState state(op->getLoc(), op->getName());
    state.addOperands(reshape.getX());
    state.addAttributes(op->getAttrs());
    state.addTypes(type.clone(shapeOf(reshape.getX())));
    Value moved = rewriter.create(state)->getResult(0);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, type, moved)
        ->setLoc(reshape.getLoc());
    return success();
  }
};

/// op(reshape(a), reshape(b)) of equal shapes, or with a scalar for b.
template <typename OpTy>
struct SinkReshapeBelowBinary : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto lhs = op.getLhs().template getDefiningOp<ReshapeOp>();
    auto rhs = op.getRhs().template getDefiningOp<ReshapeOp>();
    Value a = lhs ? lhs.getX() : op.getLhs(),
          b = rhs ? rhs.getX() : op.getRhs();
    auto isScalar = [](Value v) {
      return tensorType(v).getRank() == 0 || shapeOf(v) == ArrayRef<int64_t>{1};
    };
    auto keepsVector = [&](ReshapeOp reshape, Value other) {
      // A vector along a last dimension that the reshape keeps.
      return tensorType(other).getRank() == 1 && shapeOf(reshape).size() &&
             shapeOf(reshape.getX()).size() &&
             shapeOf(reshape).back() == shapeOf(reshape.getX()).back() &&
             shapeOf(other)[0] == shapeOf(reshape).back();
    };
    bool both = lhs && rhs && a.getType() == b.getType() &&
                lhs.getType() == rhs.getType();
    bool left = lhs && !rhs && tensorType(lhs).getRank() && shapeOf(a).size() &&
                (isScalar(b) || keepsVector(lhs, b));
    bool right = rhs && !lhs && tensorType(rhs).getRank() &&
                 shapeOf(b).size() && (isScalar(a) || keepsVector(rhs, a));
    if (!both && !left && !right)
      return failure();
    Value moved = OpTy::create(rewriter, op.getLoc(), a, b);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), moved)
        ->setLoc((lhs ? lhs : rhs).getLoc());
    return success();
  }
};

/// Whether a reshape keeps the last dimension, so regroups only leading ones.
bool keepsLast(ReshapeOp reshape) {
  return !shapeOf(reshape).empty() && !shapeOf(reshape.getX()).empty() &&
         shapeOf(reshape).back() == shapeOf(reshape.getX()).back();
}

template <typename OpTy> struct SinkReshapeBelowRows : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getX().template getDefiningOp<ReshapeOp>();
    if (!reshape || !keepsLast(reshape))
      return failure();
    SmallVector<int64_t> shape(shapeOf(reshape.getX()));
    shape.back() = shapeOf(op).back();
    auto moved = cast<OpTy>(rewriter.clone(*op));
    moved->setOperand(0, reshape.getX());
    moved->getResult(0).setType(tensorType(op).clone(shape));
    rewriter
        .replaceOpWithNewOp<ReshapeOp>(op, op.getType(), moved->getResult(0))
        ->setLoc(reshape.getLoc());
    return success();
  }
};

/// reshape(reduce(keepdims = false)) that puts the dimensions back.
template <typename OpTy> struct KeepReducedDims : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern<ReshapeOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto reduce = op.getX().template getDefiningOp<OpTy>();
    if (!reduce || reduce.getKeepdims())
      return failure();
    SmallVector<int64_t> shape(shapeOf(reduce.getX()));
    for (int64_t axis : reduce.getAxes())
      shape[axis] = 1;
    if (ArrayRef(shape) != shapeOf(op))
      return failure();
    Location loc = fuseOps({op, reduce});
    rewriter
        .replaceOpWithNewOp<OpTy>(op, reduce.getX(), reduce.getAxesAttr(),
                                  rewriter.getBoolAttr(true))
        ->setLoc(loc);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

struct ComposeSlices : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<SliceOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> starts, steps;
    for (size_t i = 0; i < op.getStarts().size(); ++i) {
      starts.push_back(inner.getStarts()[i] +
                       op.getStarts()[i] * inner.getSteps()[i]);
      steps.push_back(op.getSteps()[i] * inner.getSteps()[i]);
    }
    Location loc = fuseOps({op, inner});
    rewriter
        .replaceOpWithNewOp<SliceOp>(
            op, inner.getX(), rewriter.getDenseI64ArrayAttr(starts),
            op.getSizesAttr(), rewriter.getDenseI64ArrayAttr(steps))
        ->setLoc(loc);
    return success();
  }
};

/// Slices that share no elements, as of a packed projection; not the windows of
/// a convolution, each of which would be transposed on its own: neither if they
/// overlap nor if they are many. Each of them asks.
bool slicesFit(Value value) {
  constexpr unsigned most = 512; // three for each head
  int64_t left = tensorType(value).getNumElements();
  unsigned users = 0;
  for (Operation *user : value.getUsers()) {
    if (isa<SliceOp>(user))
      left -= tensorType(user->getResult(0)).getNumElements();
    if (++users > most || left < 0)
      return false;
  }
  return true;
}

struct SliceAboveTranspose : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = op.getX().getDefiningOp<TransposeOp>();
    if (!transpose || !slicesFit(transpose))
      return failure();
    size_t rank = op.getStarts().size();
    SmallVector<int64_t> starts(rank), sizes(rank), steps(rank);
    for (auto [i, axis] : llvm::enumerate(transpose.getPerm())) {
      starts[axis] = op.getStarts()[i];
      sizes[axis] = op.getSizes()[i];
      steps[axis] = op.getSteps()[i];
    }
    Value narrow = SliceOp::create(rewriter, op.getLoc(), transpose.getX(),
                                   starts, sizes, steps);
    rewriter.replaceOp(op, makeTranspose(rewriter, transpose.getLoc(), narrow,
                                         transpose.getPerm()));
    return success();
  }
};

} // namespace

void nn::addMovePatterns(RewritePatternSet &patterns) {
  patterns
      .add<ComposeTransposes, DropUnitsAboveTranspose, SinkReshapeBelowUnary,
           SinkReshapeBelowBinary<AddOp>, SinkReshapeBelowBinary<SubOp>,
           SinkReshapeBelowBinary<MulOp>, SinkReshapeBelowBinary<DivOp>,
           SinkReshapeBelowRows<LinearOp>, SinkReshapeBelowRows<LayerNormOp>,
           SinkReshapeBelowRows<RMSNormOp>, KeepReducedDims<ReduceMeanOp>,
           KeepReducedDims<ReduceSumOp>, ComposeSlices, SliceAboveTranspose>(
          patterns.getContext());
}
