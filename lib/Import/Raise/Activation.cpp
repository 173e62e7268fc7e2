//===- Activation.cpp - GELU and SiLU -------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-raise-activation. A product tree is read as factor * terms, stopping
// at the candidate for x, and compared with the formula: the order and grouping
// of factors do not matter.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "Remarks.h"
#include "mlir/IR/BuiltinOps.h"
#include <cmath>

namespace weft::nn {
#define GEN_PASS_DEF_RAISEACTIVATION
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {
constexpr StringRef PassName = "nn-raise-activation";

struct Product {
  double factor = 1;
  SmallVector<Value> terms; // without casts
  SmallVector<Operation *> ops;
};

/// Flattens products; `stop` (if any) is a term, whatever computes it.
void flatten(Value value, Value stop, Product &product, unsigned depth = 0) {
  Value bare = stripCasts(value);
  Operation *op = bare.getDefiningOp();
  if ((stop && bare == stripCasts(stop)) || !op || depth > 8) {
    product.terms.push_back(bare);
    return;
  }
  Value x;
  double factor;
  if (matchScaled(bare, x, factor)) {
    product.factor *= factor;
    product.ops.push_back(op);
    return flatten(x, stop, product, depth + 1);
  }
  if (auto mul = dyn_cast<MulOp>(op)) {
    product.ops.push_back(op);
    flatten(mul.getLhs(), stop, product, depth + 1);
    return flatten(mul.getRhs(), stop, product, depth + 1);
  }
  auto pow = dyn_cast<PowOp>(op);
  auto exponent = pow ? constantScalar(pow.getRhs(), 4096) : std::nullopt;
  if (exponent && (*exponent == 2 || *exponent == 3)) {
    product.ops.push_back(op);
    for (int i = 0; i < int(*exponent); ++i)
      flatten(pow.getLhs(), stop, product, depth + 1);
    return;
  }
  product.terms.push_back(bare);
}

/// `value` = factor * x^power, for this x.
bool isPower(Value value, Value x, unsigned power, double factor,
             Product &product) {
  flatten(value, x, product);
  return product.terms.size() == power && isNear(product.factor, factor) &&
         llvm::all_of(product.terms,
                      [&](Value term) { return sameUpToCasts(term, x); });
}

/// All values of a product tree that might be x.
void candidates(Value value, SmallVectorImpl<Value> &found,
                unsigned depth = 0) {
  Value bare = stripCasts(value);
  if (!llvm::is_contained(found, bare))
    found.push_back(bare);
  Operation *op = bare.getDefiningOp();
  if (depth < 6 && op && isa<MulOp, DivOp>(op))
    for (Value operand : op->getOperands())
      candidates(operand, found, depth + 1);
}

struct Gelu {
  Value x;
  StringRef approximate;
  SmallVector<Operation *> ops;
};

/// erf(x / sqrt 2).
bool matchErf(ErfOp erf, Gelu &gelu) {
  SmallVector<Value> found;
  candidates(erf.getX(), found);
  for (Value x : found) {
    Product product;
    if (!isPower(erf.getX(), x, 1, std::sqrt(0.5), product))
      continue;
    gelu.x = x;
    gelu.approximate = "none";
    gelu.ops.append(product.ops);
    return true;
  }
  return false;
}

/// `sum` = one + 0.044715 * x^power.
bool matchCubic(AddOp sum, Value x, unsigned power, Gelu &gelu) {
  for (unsigned i : {0u, 1u}) {
    Value first = sum.getOperand(i);
    bool linear = power == 3 ? sameUpToCasts(first, x)
                             : constantScalar(stripCasts(first), 4096) == 1.0;
    Product product;
    if (!linear || !isPower(sum.getOperand(1 - i), x, power, 0.044715, product))
      continue;
    gelu.ops.append(product.ops);
    gelu.ops.push_back(sum);
    return true;
  }
  return false;
}

/// The argument of tanh: sqrt(2/pi) * (x + 0.044715 x^3), or with x outside.
bool matchTanhWith(Value argument, Value x, Gelu &gelu) {
  const double factor = 0.79788456080286536;
  Product product;
  flatten(argument, x, product);
  if (!isNear(product.factor, factor))
    return false;
  AddOp sum;
  unsigned powers = 0;
  for (Value term : product.terms)
    if (sameUpToCasts(term, x))
      ++powers;
    else
      sum = term.getDefiningOp<AddOp>();
  if (!sum || product.terms.size() != powers + 1 || powers > 1 ||
      !matchCubic(sum, x, powers ? 2 : 3, gelu))
    return false;
  gelu.x = x;
  gelu.approximate = "tanh";
  gelu.ops.append(product.ops);
  return true;
}

bool matchTanh(TanhOp tanh, Gelu &gelu) {
  SmallVector<Value> found;
  candidates(tanh.getX(), found);
  // x may stand inside the sum only.
  SmallVector<Value> terms(found);
  for (Value term : terms)
    if (auto sum = term.getDefiningOp<AddOp>())
      for (Value operand : sum.getOperands())
        candidates(operand, found);
  for (Value x : found) {
    if (!isa<FloatType>(elementOf(x)) || isConstant(x))
      continue;
    Gelu trial = gelu;
    if (matchTanhWith(tanh.getX(), x, trial)) {
      gelu = trial;
      return true;
    }
  }
  return false;
}

/// `gate` = 1 + erf(..) or 1 + tanh(..) with factor 0.5 to come, or
/// 0.5 + 0.5 * erf(..) with factor 1.
bool matchGate(Value gate, double &factor, Gelu &gelu) {
  auto add = gate.getDefiningOp<AddOp>();
  double constant;
  Value inner;
  if (!add || !matchScalarOperand(add, inner, constant))
    return false;
  Product product;
  flatten(inner, {}, product);
  if (product.terms.size() != 1 || !isNear(product.factor, constant) ||
      constant == 0)
    return false;
  factor = constant == 1 ? 0.5 : 0.5 / constant;
  Operation *function = product.terms.front().getDefiningOp();
  gelu.ops.push_back(add);
  gelu.ops.append(product.ops);
  if (function)
    gelu.ops.push_back(function);
  if (auto erf = dyn_cast_or_null<ErfOp>(function))
    return matchErf(erf, gelu);
  if (auto tanh = dyn_cast_or_null<TanhOp>(function))
    return matchTanh(tanh, gelu);
  return false;
}

struct RaiseGelu : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    if (!isa<FloatType>(elementOf(op)))
      return failure();
    SmallVector<Value> gates;
    candidates(op, gates);
    for (Value gate : gates) {
      Gelu gelu;
      double factor;
      if (!matchGate(gate, factor, gelu))
        continue;
      Product product;
      flatten(op, gelu.x, product);
      bool fits = product.terms.size() == 2 && isNear(product.factor, factor) &&
                  llvm::is_contained(product.terms, gate) &&
                  llvm::is_contained(product.terms, stripCasts(gelu.x)) &&
                  shapeOf(gelu.x) == shapeOf(op);
      if (!fits)
        continue;
      gelu.ops.append(product.ops);
      Location loc = fuseOps(gelu.ops);
      Value x = makeCast(rewriter, loc, gelu.x, elementOf(op));
      auto raised = rewriter.replaceOpWithNewOp<GeluOp>(
          op, x, rewriter.getStringAttr(gelu.approximate));
      raised->setLoc(loc);
      remarkRaised(PassName, raised);
      return success();
    }
    return failure();
  }
};

struct RaiseSilu : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned i : {0u, 1u}) {
      Value x = op.getOperand(i);
      auto gate = stripCasts(op.getOperand(1 - i)).getDefiningOp<SigmoidOp>();
      if (!gate || !sameUpToCasts(gate.getX(), x) ||
          x.getType() != op.getType())
        continue;
      Location loc = fuseOps({gate, op});
      auto raised = rewriter.replaceOpWithNewOp<SiluOp>(op, x);
      raised->setLoc(loc);
      remarkRaised(PassName, raised);
      return success();
    }
    return failure();
  }
};

/// `1 + erf` and `1 + tanh` that are no gate of a GELU, and why.
void remarkNearMisses(Operation *root) {
  root->walk([&](AddOp add) {
    double constant;
    Value inner;
    if (!matchScalarOperand(add, inner, constant) || constant == 0)
      return;
    Product product;
    flatten(inner, {}, product);
    Operation *function = product.terms.size() == 1
                              ? product.terms.front().getDefiningOp()
                              : nullptr;
    if (!isNear(product.factor, constant) ||
        !isa_and_nonnull<ErfOp, TanhOp>(function))
      return;
    Gelu gelu;
    auto erf = dyn_cast<ErfOp>(function);
    bool argument =
        erf ? matchErf(erf, gelu) : matchTanh(cast<TanhOp>(function), gelu);
    StringRef why = argument ? "the sum is not multiplied by half of x"
                    : erf    ? "the argument of erf is not x / sqrt(2)"
                             : "the argument of tanh is not sqrt(2 / pi) * "
                               "(x + 0.044715 x^3)";
    remarkNotRaised(PassName, add, GeluOp::getOperationName(), why);
  });
}

struct RaiseActivationPass
    : nn::impl::RaiseActivationBase<RaiseActivationPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseGelu, RaiseSilu>(&getContext());
    if (failed(runPatterns(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (getContext().getRemarkEngine())
      remarkNearMisses(getOperation());
  }
};

} // namespace
