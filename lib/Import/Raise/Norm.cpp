//===- Norm.cpp - Layer norm and RMS norm ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-raise-norm. Exporters write the quotient in nine ways; they differ in
// how the root is spelt and where casts stand, which small matchers absorb.
//
//===----------------------------------------------------------------------===//
#include "NormMatch.h"
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

/// `x` in element type `element` if that loses nothing: widened, or without a
/// cast that widened it. Else as it is; then the norm is computed in its type.
Value inType(OpBuilder &b, Location loc, Value x, Type element) {
  for (Value narrow = x; elementOf(narrow) != element;) {
    auto cast = narrow.getDefiningOp<CastOp>();
    if (!cast || !elementOf(cast).isF32() ||
        !isa<FloatType>(elementOf(cast.getX())))
      return element.isF32() ? makeCast(b, loc, x, element) : x;
    narrow = cast.getX();
    if (elementOf(narrow) == element)
      return narrow;
  }
  return x;
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
    Value ones = makeSplat(
        rewriter, loc, 1,
        RankedTensorType::get({shapeOf(source).back()}, elementOf(source)));
    FloatAttr eps = rewriter.getF32FloatAttr(float(epsilon));
    Value norm = x ? Value(LayerNormOp::create(rewriter, loc, source, ones,
                                               Value(), eps))
                   : Value(RMSNormOp::create(rewriter, loc, source, ones, eps));
    remarkRaised(PassName, norm.getDefiningOp());
    rewriter.replaceOp(op, makeCast(rewriter, loc, norm, element));
    return success();
  }
};

/// x r + (b - mean(x) r) with r = s / sqrt(variance + epsilon), as Keras writes
/// layer norm: normalisation by a batch's statistics, spelt out.
struct RaiseShifted : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    if (!isa<FloatType>(elementOf(op)))
      return failure();
    for (unsigned i : {0u, 1u}) {
      auto product = op.getOperand(i).getDefiningOp<MulOp>();
      auto shift = op.getOperand(1 - i).getDefiningOp<SubOp>();
      for (unsigned j : {0u, 1u})
        if (product && shift &&
            raise(op, product.getOperand(j), product.getOperand(1 - j), shift,
                  rewriter))
          return success();
    }
    return failure();
  }

private:
  static bool raise(AddOp op, Value x, Value root, SubOp shift,
                    PatternRewriter &rewriter) {
    Trail trail = {op, shift};
    auto moved = shift.getRhs().getDefiningOp<MulOp>();
    if (!moved || !llvm::is_contained(moved.getOperands(), root) ||
        shapeOf(x) != shapeOf(op) || elementOf(x) != elementOf(op))
      return false;
    Value mean = moved.getOperand(moved.getLhs() == root ? 1 : 0);
    Value scale, bias = shift.getLhs(), radicand = matchRsqrt(root, trail);
    auto scaled = root.getDefiningOp<MulOp>();
    for (unsigned i = 0; scaled && !radicand && i < 2; ++i) {
      scale = scaled.getOperand(i);
      if (isVectorLike(scale, tensorType(op)))
        radicand = matchRsqrt(scaled.getOperand(1 - i), trail);
    }
    double epsilon = 0;
    Value variance =
        radicand ? matchEpsilon(radicand, epsilon, trail) : Value();
    Value centred = variance ? matchMeanSquare(variance, trail) : Value();
    if (!centred || epsilon == 0 || matchCentered(centred, trail) != x ||
        matchMean(mean, trail) != x || !isVectorLike(bias, tensorType(op)))
      return false;
    Location loc = fuseOps(trail);
    auto vector = RankedTensorType::get({shapeOf(x).back()}, elementOf(x));
    Value gain = scale ? makeVector(rewriter, loc, scale, tensorType(op))
                       : makeSplat(rewriter, loc, 1, vector);
    auto norm = rewriter.replaceOpWithNewOp<LayerNormOp>(
        op, x, gain, makeVector(rewriter, loc, bias, tensorType(op)),
        rewriter.getF32FloatAttr(float(epsilon)));
    norm->setLoc(loc);
    remarkRaised(PassName, norm);
    return true;
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
      vector = makeCast(rewriter, loc, vector, elementOf(x));
      Value scaled = rebuild(rewriter, loc, norm, x, vector, Value());
      remarkRaised(PassName, scaled.getDefiningOp());
      rewriter.replaceOp(op, makeCast(rewriter, loc, scaled, elementOf(op)));
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
      Value scale = makeCast(rewriter, loc, norm.getScale(), elementOf(x));
      Value vector = makeVector(rewriter, loc, bias, tensorType(op));
      vector = makeCast(rewriter, loc, vector, elementOf(x));
      Value shifted = rebuild(rewriter, loc, norm, x, scale, vector);
      remarkRaised(PassName, shifted.getDefiningOp());
      rewriter.replaceOp(op, makeCast(rewriter, loc, shifted, element));
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
    patterns.add<RaiseQuotient<DivOp>, RaiseQuotient<MulOp>, RaiseShifted,
                 AbsorbScale<LayerNormOp>, AbsorbScale<RMSNormOp>, AbsorbBias>(
        &getContext());
    if (failed(runPatterns(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (getContext().getRemarkEngine())
      remarkNearMisses(getOperation());
  }
};

} // namespace
