//===- Cache.cpp - Writes into a cache ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-raise-cache.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "mlir/IR/BuiltinOps.h"

namespace weft::nn {
#define GEN_PASS_DEF_RAISECACHE
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {

/// The dimension of `like` along which `value` is 0, 1, 2, ..., with all others
/// of extent 1; -1 if there is none.
int64_t countingAxis(Value value, RankedTensorType like) {
  RankedTensorType type = tensorType(value);
  int64_t shift = like.getRank() - type.getRank(), axis = -1;
  if (!isa<IntegerType>(type.getElementType()) || !isConstant(value) ||
      shift < 0)
    return -1;
  for (auto [d, size] : llvm::enumerate(type.getShape()))
    if (size != 1) {
      if (axis >= 0 || size != like.getDimSize(int64_t(d) + shift))
        return -1;
      axis = int64_t(d) + shift;
    }
  auto tensor = evaluateTensor(value, LookLimit);
  if (!tensor) {
    llvm::consumeError(tensor.takeError());
    return -1;
  }
  for (int64_t i = 0; i < tensor->size(); ++i)
    if (tensor->getInt(i) != i)
      return -1;
  return axis;
}

/// where(position == 0, 1, 2, ..., row, cache)
struct SelectedRow : OpRewritePattern<WhereOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(WhereOp op,
                                PatternRewriter &rewriter) const override {
    Operation *condition = op.getCondition().getDefiningOp();
    SmallVector<Operation *> ops = {op};
    while (isa_and_nonnull<ReshapeOp, ExpandOp>(condition) &&
           isUnitChange(condition)) {
      ops.push_back(condition);
      condition = condition->getOperand(0).getDefiningOp();
    }
    auto equal = dyn_cast_or_null<EqualOp>(condition);
    Value row = op.getA(), cache = op.getB();
    if (!equal || cache.getType() != op.getType() || isConstant(cache))
      return failure();
    ops.push_back(equal);
    for (bool swapped : {false, true}) {
      Value slots = swapped ? equal.getRhs() : equal.getLhs();
      Value position = swapped ? equal.getLhs() : equal.getRhs();
      int64_t axis = axisOf(slots, op);
      if (axis < 0 || tensorType(position).getNumElements() != 1)
        continue;
      SmallVector<int64_t> shape(shapeOf(cache));
      shape[axis] = 1;
      if (shapeOf(row) != ArrayRef(shape))
        return failure();
      Location loc = fuseOps(ops);
      position = makeReshape(rewriter, loc, position, {1});
      rewriter
          .replaceOpWithNewOp<CacheUpdateOp>(op, cache, row, position,
                                             rewriter.getI64IntegerAttr(axis),
                                             UnitAttr(), StringAttr())
          ->setLoc(loc);
      return success();
    }
    return failure();
  }

private:
  /// The condition may have got dimensions of extent 1 after the comparison,
  /// or been expanded to the cache.
  static bool isUnitChange(Operation *op) {
    if (isa<ExpandOp>(op))
      return true;
    auto count = [](Value v) {
      return llvm::count_if(shapeOf(v), [](int64_t n) { return n != 1; });
    };
    return count(op->getOperand(0)) == 1 && count(op->getResult(0)) == 1;
  }

  /// Where the numbers stand in the condition decides the dimension.
  static int64_t axisOf(Value slots, WhereOp op) {
    Value condition = op.getCondition();
    while (auto expand = condition.getDefiningOp<ExpandOp>())
      condition = expand.getX();
    RankedTensorType type = tensorType(condition), like = tensorType(op);
    int64_t shift = like.getRank() - type.getRank(), axis = -1;
    for (auto [d, size] : llvm::enumerate(type.getShape()))
      if (size != 1) {
        if (axis >= 0)
          return -1;
        axis = int64_t(d) + shift;
      }
    if (axis < 0 || type.getDimSize(axis - shift) != like.getDimSize(axis))
      return -1;
    auto line =
        RankedTensorType::get({like.getDimSize(axis)}, like.getElementType());
    // Compared as a line: reshapes may lie in between.
    RankedTensorType own = tensorType(slots);
    if (own.getNumElements() != line.getDimSize(0))
      return -1;
    return countingAxis(slots, own) >= 0 ? axis : -1;
  }
};

/// An update of a transposed cache is a transpose of the cache's update: below
/// it the transpose meets the exporter's own inverse.
struct SinkTranspose : OpRewritePattern<CacheUpdateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CacheUpdateOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = op.getCache().getDefiningOp<TransposeOp>();
    if (!transpose)
      return failure();
    ArrayRef<int64_t> perm = transpose.getPerm();
    if (tensorType(op.getPositions()).getRank() == 2 && perm[0] != 0)
      return failure(); // the positions are those of a batch
    SmallVector<int64_t> inverse(perm.size());
    for (auto [i, axis] : llvm::enumerate(perm))
      inverse[axis] = int64_t(i);
    Location loc = op.getLoc();
    Value row = makeTranspose(rewriter, loc, op.getUpdate(), inverse);
    Value written = CacheUpdateOp::create(
        rewriter, loc, transpose.getX(), row, op.getPositions(),
        rewriter.getI64IntegerAttr(perm[op.getAxis()]), op.getWrapAttr(),
        op.getReductionAttr());
    rewriter.replaceOp(op, makeTranspose(rewriter, loc, written, perm));
    return success();
  }
};

struct RaiseCachePass : nn::impl::RaiseCacheBase<RaiseCachePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SelectedRow, SinkTranspose>(&getContext());
    if (failed(runPatterns(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
