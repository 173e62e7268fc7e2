//===- Linear.cpp - Products with constant matrices -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-raise-linear. Slices of packed projections go to the weight, where
// they cost nothing at run time.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "Remarks.h"
#include "mlir/IR/BuiltinOps.h"

namespace weft::nn {
#define GEN_PASS_DEF_RAISELINEAR
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {
constexpr StringRef PassName = "nn-raise-linear";

struct MatMulToLinear : OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getLhs(), w = op.getRhs();
    int64_t rank = tensorType(w).getRank();
    if (!isa<FloatType>(elementOf(x)) || tensorType(x).getRank() < 2 ||
        rank < 2 || rank > tensorType(x).getRank())
      return failure();
    // Leading dimensions of extent 1 carry nothing.
    ArrayRef<int64_t> shape = shapeOf(w);
    for (int64_t dim : shape.drop_back(2))
      if (dim != 1)
        return failure();
    if (!isConstant(w) || isConstant(x))
      return failure();
    Value matrix = makeReshape(rewriter, op.getLoc(), w, shape.take_back(2));
    auto linear = rewriter.replaceOpWithNewOp<LinearOp>(op, x, matrix, Value());
    remarkRaised(PassName, linear);
    return success();
  }
};

struct AbsorbBias : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned i : {0u, 1u}) {
      auto linear = op.getOperand(i).getDefiningOp<LinearOp>();
      Value bias = op.getOperand(1 - i);
      if (!linear || linear.getBias() || !linear->hasOneUse() ||
          linear.getType() != op.getType() ||
          !isVectorLike(bias, tensorType(linear)) || !isConstant(bias))
        continue;
      Value vector =
          makeVector(rewriter, op.getLoc(), bias, tensorType(linear));
      Location loc = fuseOps({linear, op});
      auto whole = rewriter.replaceOpWithNewOp<LinearOp>(
          op, linear.getX(), linear.getWeight(), vector);
      whole->setLoc(loc);
      remarkRaised(PassName, whole);
      return success();
    }
    return failure();
  }
};

/// The columns of a linear that `slice` takes, seen through a reshape that
/// splits them: slice(reshape(linear)).
struct Columns {
  LinearOp linear;
  SmallVector<int64_t> split; // the last dimension, as the reshape has it
  SmallVector<int64_t> starts, sizes, steps; // of the slice, on `split`
};

bool matchColumns(SliceOp slice, Columns &columns) {
  auto reshape = slice.getX().getDefiningOp<ReshapeOp>();
  columns.linear =
      (reshape ? reshape.getX() : slice.getX()).getDefiningOp<LinearOp>();
  if (!columns.linear)
    return false;
  ArrayRef<int64_t> shape = shapeOf(slice.getX());
  int64_t width = shapeOf(columns.linear).back(), product = 1;
  size_t first = shape.size();
  while (first > 0 && product < width)
    product *= shape[--first];
  if (product != width)
    return false;
  for (size_t i = 0; i < first; ++i)
    if (slice.getSizes()[i] != shape[i] || slice.getSteps()[i] != 1)
      return false;
  columns.split.assign(shape.begin() + first, shape.end());
  auto tail = [&](ArrayRef<int64_t> values) {
    return SmallVector<int64_t>(values.drop_front(first));
  };
  columns.starts = tail(slice.getStarts());
  columns.sizes = tail(slice.getSizes());
  columns.steps = tail(slice.getSteps());
  return true;
}

/// Everything that reads `value` takes columns of it.
bool onlySliced(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    if (auto reshape = dyn_cast<ReshapeOp>(user))
      return llvm::all_of(reshape->getUsers(),
                          [](Operation *inner) { return isa<SliceOp>(inner); });
    return isa<SliceOp>(user);
  });
}

/// The same columns of the weight or the bias; leading dimension `rows` or
/// none.
Value sliceColumns(OpBuilder &b, Location loc, Value value,
                   const Columns &columns) {
  SmallVector<int64_t> open, starts, sizes, steps;
  bool matrix = tensorType(value).getRank() == 2;
  if (matrix) {
    open.push_back(shapeOf(value)[0]);
    starts.push_back(0);
    sizes.push_back(open[0]);
    steps.push_back(1);
  }
  llvm::append_range(open, columns.split);
  llvm::append_range(starts, columns.starts);
  llvm::append_range(sizes, columns.sizes);
  llvm::append_range(steps, columns.steps);
  Value part = SliceOp::create(b, loc, makeReshape(b, loc, value, open), starts,
                               sizes, steps);
  int64_t width = 1;
  for (int64_t size : columns.sizes)
    width *= size;
  SmallVector<int64_t> flat(matrix ? 1 : 0, matrix ? open[0] : 0);
  flat.push_back(width);
  return makeReshape(b, loc, part, flat);
}

struct SliceOfLinear : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    Columns columns;
    if (!matchColumns(op, columns) || !onlySliced(columns.linear))
      return failure();
    LinearOp linear = columns.linear;
    Location loc = fuseOps({linear, op});
    Value weight = sliceColumns(rewriter, loc, linear.getWeight(), columns);
    Value bias = linear.getBias();
    if (bias)
      bias = sliceColumns(rewriter, loc, bias, columns);
    auto part = LinearOp::create(rewriter, loc, linear.getX(), weight, bias);
    remarkRaised(PassName, part);
    rewriter.replaceOp(op, makeReshape(rewriter, loc, part, shapeOf(op)));
    return success();
  }
};

/// The same of a product of a batch of constant matrices, and of the sum with a
/// constant: gate and up projections of experts, in one tensor every second
/// column of which belongs to either.
struct SliceOfBatchedProduct : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    Value whole = op.getX(), bias;
    auto sum = whole.getDefiningOp<AddOp>();
    for (unsigned i : {0u, 1u})
      if (sum && !bias && isConstant(sum->getOperand(i))) {
        bias = sum->getOperand(i);
        whole = sum->getOperand(1 - i);
      }
    auto product = whole.getDefiningOp<MatMulOp>();
    if (!product || tensorType(product.getRhs()).getRank() < 2 ||
        !isConstant(product.getRhs()) || isConstant(product.getLhs()) ||
        !takesColumns(op) || !areParts(op.getX()) ||
        (bias && (!product->hasOneUse() || whole.getType() != sum.getType())))
      return failure();
    Location loc = fuseOps({product, op});
    Value weight = lastColumns(rewriter, loc, product.getRhs(), op);
    Value part = MatMulOp::create(rewriter, loc, product.getLhs(), weight);
    if (bias)
      part = AddOp::create(rewriter, sum.getLoc(), part,
                           lastColumns(rewriter, loc, bias, op));
    rewriter.replaceOp(op, part);
    return success();
  }

  /// All of every dimension but the last.
  static bool takesColumns(SliceOp op) {
    ArrayRef<int64_t> steps = op.getSteps();
    return !steps.empty() &&
           op.getSizes().drop_back() == shapeOf(op.getX()).drop_back() &&
           llvm::all_of(steps.drop_back(), [](int64_t s) { return s == 1; });
  }

  /// Only slices read the whole, together no more of it than there is.
  static bool areParts(Value whole) {
    int64_t left = tensorType(whole).getNumElements();
    for (Operation *user : whole.getUsers()) {
      auto slice = dyn_cast<SliceOp>(user);
      if (!slice || !takesColumns(slice))
        return false;
      left -= tensorType(slice).getNumElements();
    }
    return left >= 0;
  }

  static Value lastColumns(OpBuilder &b, Location loc, Value x, SliceOp op) {
    if (tensorType(x).getRank() == 0 || shapeOf(x).back() == 1)
      return x; // the same for all columns
    SmallVector<int64_t> starts(tensorType(x).getRank(), 0), sizes(shapeOf(x)),
        steps(starts.size(), 1);
    starts.back() = op.getStarts().back();
    sizes.back() = op.getSizes().back();
    steps.back() = op.getSteps().back();
    return SliceOp::create(b, loc, x, starts, sizes, steps);
  }
};

/// What is almost a linear, and why it is none.
void remarkNearMisses(Operation *root) {
  auto miss = [](Operation *op, const Twine &why) {
    remarkNotRaised(PassName, op, LinearOp::getOperationName(), why);
  };
  root->walk([&](Operation *op) {
    if (auto matmul = dyn_cast<MatMulOp>(op);
        matmul && isConstant(matmul.getRhs()) && !isConstant(op->getResult(0)))
      miss(op, isa<FloatType>(elementOf(matmul.getLhs()))
                   ? "the weight is no single matrix, or x has fewer "
                     "dimensions than it"
                   : "the elements are no floats");
    if (!isa<AddOp>(op))
      return;
    for (unsigned i : {0u, 1u}) {
      auto linear = op->getOperand(i).getDefiningOp<LinearOp>();
      Value bias = op->getOperand(1 - i);
      if (!linear || linear.getBias() || !isConstant(bias))
        continue;
      miss(op, linear->hasOneUse()
                   ? "the summand is no vector over the last axis"
                   : "something else reads the product without the bias");
    }
  });
  root->walk([&](SliceOp slice) {
    Columns columns;
    if (matchColumns(slice, columns) && !onlySliced(columns.linear))
      miss(slice, "something else reads the whole product, so its columns stay "
                  "together");
  });
}

struct RaiseLinearPass : nn::impl::RaiseLinearBase<RaiseLinearPass> {
  using RaiseLinearBase::RaiseLinearBase;
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns
        .add<MatMulToLinear, AbsorbBias, SliceOfLinear, SliceOfBatchedProduct>(
            &getContext());
    if (failed(runPatterns(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (nearMisses && getContext().getRemarkEngine())
      remarkNearMisses(getOperation());
  }
};

} // namespace
