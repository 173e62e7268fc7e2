//===- NormMatch.cpp - Parts of a norm ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "NormMatch.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

Operation *nn::define(Value value, Trail &trail) {
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

Value nn::matchMean(Value value, Trail &trail) {
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
static Value matchSqrt(Value value, Trail &trail) {
  auto sqrt = dyn_cast_or_null<SqrtOp>(define(value, trail));
  return sqrt ? sqrt.getX() : Value();
}

Value nn::matchRsqrt(Value value, Trail &trail) {
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

Value nn::matchEpsilon(Value value, double &epsilon, Trail &trail) {
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

Value nn::matchMeanSquare(Value value, Trail &trail) {
  Value square = matchMean(value, trail);
  if (!square)
    return {};
  auto mul = dyn_cast_or_null<MulOp>(define(square, trail));
  return mul && sameUpToCasts(mul.getLhs(), mul.getRhs()) ? mul.getLhs()
                                                          : Value();
}

Value nn::matchCentered(Value value, Trail &trail) {
  auto sub = dyn_cast_or_null<SubOp>(define(value, trail));
  if (!sub)
    return {};
  Value of = matchMean(sub.getRhs(), trail);
  return of && sameUpToCasts(of, sub.getLhs()) ? sub.getLhs() : Value();
}

bool nn::matchQuotient(Operation *op, Value &numerator, Value &radicand,
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
