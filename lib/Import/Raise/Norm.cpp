//===- Norm.cpp - Layer norm and RMS norm ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-raise-norm. Exporters write the quotient in nine ways; they differ in
// how the root is spelt and where casts stand, which small matchers absorb.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "Remarks.h"
#include "mlir/IR/BuiltinOps.h"

namespace weft::nn {
#define GEN_PASS_DEF_RAISENORM
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {
constexpr StringRef PassName = "nn-raise-norm";

/// The ops that a match went through.
using Trail = SmallVector<Operation *>;

/// Defining op behind casts, recorded.
Operation *define(Value value, Trail &trail) {
  while (auto cast = value.getDefiningOp<CastOp>()) {
    if (stripCasts(value) == value)
      break;
    trail.push_back(cast);
    value = cast.getX();
  }
  Operation *op = value.getDefiningOp();
  if (op)
    trail.push_back(op);
  return op;
}

/// `value` is the mean over the last axis, kept: of what.
Value matchMean(Value value, Trail &trail) {
  Operation *op = define(value, trail);
  double factor = 1;
  Value x, scaled;
  if (op && isa<MulOp, DivOp>(op) &&
      matchScaled(op->getResult(0), scaled, factor))
    op = define(scaled, trail);
  ArrayRef<int64_t> axes;
  bool keep = false;
  if (auto mean = dyn_cast_or_null<ReduceMeanOp>(op)) {
    x = mean.getX();
    axes = mean.getAxes();
    keep = mean.getKeepdims() && factor == 1;
  } else if (auto sum = dyn_cast_or_null<ReduceSumOp>(op)) {
    x = sum.getX();
    axes = sum.getAxes();
    keep = sum.getKeepdims() && !shapeOf(x).empty() &&
           isNear(factor * double(shapeOf(x).back()), 1);
  }
  bool last =
      keep && axes.size() == 1 && axes[0] == tensorType(x).getRank() - 1;
  return last ? x : Value();
}

/// `value` is sqrt(r): r.
Value matchSqrt(Value value, Trail &trail) {
  auto sqrt = dyn_cast_or_null<SqrtOp>(define(value, trail));
  return sqrt ? sqrt.getX() : Value();
}

/// `value` is 1 / sqrt(r): r.
Value matchRsqrt(Value value, Trail &trail) {
  Operation *op = define(value, trail);
  if (auto rsqrt = dyn_cast_or_null<RsqrtOp>(op))
    return rsqrt.getX();
  if (auto reciprocal = dyn_cast_or_null<ReciprocalOp>(op))
    return matchSqrt(reciprocal.getX(), trail);
  auto div = dyn_cast_or_null<DivOp>(op);
  if (div && constantScalar(div.getLhs(), 4096) == 1.0)
    return matchSqrt(div.getRhs(), trail);
  return {};
}

/// `value` is v + epsilon: v. Without a sum epsilon is 0.
Value matchEpsilon(Value value, double &epsilon, Trail &trail) {
  Trail inner;
  Value v;
  epsilon = 0;
  if (auto add = dyn_cast_or_null<AddOp>(define(value, inner));
      add && matchScalarOperand(add, v, epsilon)) {
    trail.append(inner);
    return v;
  }
  return value;
}

/// `value` is the mean of squares over the last axis: of what.
Value matchMeanSquare(Value value, Trail &trail) {
  Value square = matchMean(value, trail);
  if (!square)
    return {};
  auto mul = dyn_cast_or_null<MulOp>(define(square, trail));
  return mul && sameUpToCasts(mul.getLhs(), mul.getRhs()) ? mul.getLhs()
                                                          : Value();
}

/// `value` is x - mean(x) over the last axis: x.
Value matchCentered(Value value, Trail &trail) {
  auto sub = dyn_cast_or_null<SubOp>(define(value, trail));
  if (!sub)
    return {};
  Value of = matchMean(sub.getRhs(), trail);
  return of && sameUpToCasts(of, sub.getLhs()) ? sub.getLhs() : Value();
}

/// The quotient numerator / sqrt(radicand), in all its spellings.
bool matchQuotient(Operation *op, Value &numerator, Value &radicand,
                   Trail &trail) {
  if (auto div = dyn_cast<DivOp>(op)) {
    numerator = div.getLhs();
    radicand = matchSqrt(div.getRhs(), trail);
    return bool(radicand);
  }
  for (unsigned i : {0u, 1u}) {
    Trail inner;
    numerator = op->getOperand(i);
    radicand = matchRsqrt(op->getOperand(1 - i), inner);
    if (radicand) {
      trail.append(inner);
      return true;
    }
  }
  return false;
}

/// `x` in element type `element`, by dropping a cast if one is there.
Value inType(OpBuilder &b, Location loc, Value x, Type element) {
  if (elementOf(x) == element)
    return x;
  if (elementOf(stripCasts(x)) == element)
    return stripCasts(x);
  return makeCast(b, loc, x, element);
}

template <typename OpTy> struct RaiseQuotient : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Trail trail = {op};
    Value numerator, radicand;
    double epsilon;
    if (!isa<FloatType>(elementOf(op)) || tensorType(op).getRank() < 1 ||
        !matchQuotient(op, numerator, radicand, trail))
      return failure();
    Value variance = matchEpsilon(radicand, epsilon, trail);
    Value squared = matchMeanSquare(variance, trail);
    // Where nothing is added, 0 / 0 is NaN, which no norm gives.
    if (!squared || epsilon == 0 || !sameUpToCasts(squared, numerator) ||
        shapeOf(numerator) != shapeOf(op))
      return failure();
    Trail centering;
    Value x = matchCentered(numerator, centering);
    if (x)
      trail.append(centering);
    Location loc = fuseOps(trail);
    Type element = elementOf(op);
    Value source = inType(rewriter, loc, x ? x : numerator, element);
    Value ones =
        makeSplat(rewriter, loc, 1,
                  RankedTensorType::get({shapeOf(source).back()}, element));
    FloatAttr eps = rewriter.getF32FloatAttr(float(epsilon));
    Value norm = x ? Value(LayerNormOp::create(rewriter, loc, source, ones,
                                               Value(), eps))
                   : Value(RMSNormOp::create(rewriter, loc, source, ones, eps));
    remarkRaised(PassName, norm.getDefiningOp());
    rewriter.replaceOp(op, norm);
    return success();
  }
};

/// A norm behind at most one cast. Several scales may follow one quotient:
/// parallel blocks normalise the same value.
template <typename NormOp> NormOp matchNorm(Value value, CastOp &cast) {
  cast = value.getDefiningOp<CastOp>();
  return (cast ? cast.getX() : value).template getDefiningOp<NormOp>();
}

bool isOnes(Value scale) { return constantScalar(scale) == 1.0; }

template <typename NormOp>
Value rebuild(OpBuilder &b, Location loc, NormOp norm, Value x, Value scale,
              Value bias) {
  if constexpr (std::is_same_v<NormOp, LayerNormOp>)
    return LayerNormOp::create(b, loc, x, scale, bias, norm.getEpsilonAttr());
  else
    return RMSNormOp::create(b, loc, x, scale, norm.getEpsilonAttr());
}

bool hasBias(LayerNormOp norm) { return bool(norm.getBias()); }
bool hasBias(RMSNormOp) { return false; }

/// norm(x, 1) * s.
template <typename NormOp> struct AbsorbScale : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned i : {0u, 1u}) {
      CastOp cast;
      auto norm = matchNorm<NormOp>(op.getOperand(i), cast);
      Value scale = op.getOperand(1 - i);
      if (!norm || hasBias(norm) || shapeOf(norm) != shapeOf(op) ||
          !isVectorLike(scale, tensorType(op)) || !isOnes(norm.getScale()))
        continue;
      Trail trail = {norm, op};
      if (cast)
        trail.push_back(cast);
      Location loc = fuseOps(trail);
      Value x = inType(rewriter, loc, norm.getX(), elementOf(op));
      Value vector = makeVector(rewriter, loc, scale, tensorType(op));
      Value scaled = rebuild(rewriter, loc, norm, x, vector, Value());
      remarkRaised(PassName, scaled.getDefiningOp());
      rewriter.replaceOp(op, scaled);
      return success();
    }
    return failure();
  }
};

/// layer_norm(x, s) + b.
struct AbsorbBias : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned i : {0u, 1u}) {
      CastOp cast;
      auto norm = matchNorm<LayerNormOp>(op.getOperand(i), cast);
      Value bias = op.getOperand(1 - i);
      if (!norm || norm.getBias() || shapeOf(norm) != shapeOf(op) ||
          !norm->hasOneUse() || (cast && !cast->hasOneUse()) ||
          !isVectorLike(bias, tensorType(op)) || !isConstant(bias))
        continue;
      Trail trail = {norm, op};
      if (cast)
        trail.push_back(cast);
      Location loc = fuseOps(trail);
      Type element = elementOf(op);
      Value x = inType(rewriter, loc, norm.getX(), element);
      Value scale = makeCast(rewriter, loc, norm.getScale(), element);
      Value vector = makeVector(rewriter, loc, bias, tensorType(op));
      Value shifted = rebuild(rewriter, loc, norm, x, scale, vector);
      remarkRaised(PassName, shifted.getDefiningOp());
      rewriter.replaceOp(op, shifted);
      return success();
    }
    return failure();
  }
};

/// Quotients by a root that are no norm, and why.
void remarkNearMisses(Operation *root) {
  root->walk([&](Operation *op) {
    if (!isa<DivOp, MulOp>(op) || !isa<FloatType>(elementOf(op->getResult(0))))
      return;
    Trail trail;
    Value numerator, radicand;
    double epsilon;
    if (!matchQuotient(op, numerator, radicand, trail) || isConstant(radicand))
      return;
    Value squared =
        matchMeanSquare(matchEpsilon(radicand, epsilon, trail), trail);
    StringRef why = !squared ? "under the root is no mean of squares over the "
                               "last axis, plus a constant"
                    : epsilon == 0 ? "nothing is added under the root"
                    : !sameUpToCasts(squared, numerator)
                        ? "what is divided is not what was squared"
                        : "what is divided has another shape";
    remarkNotRaised(PassName, op, "nn.rms_norm or nn.layer_norm", why);
  });
}

struct RaiseNormPass : nn::impl::RaiseNormBase<RaiseNormPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseQuotient<DivOp>, RaiseQuotient<MulOp>,
                 AbsorbScale<LayerNormOp>, AbsorbScale<RMSNormOp>, AbsorbBias>(
        &getContext());
    if (failed(runPatterns(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (getContext().getRemarkEngine())
      remarkNearMisses(getOperation());
  }
};

} // namespace
