//===- Evaluate.cpp - nn ops on constant tensors --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One small reference semantics of the ops that constant expressions are made
// of. Data movement copies bytes with strides; arithmetic is done element by
// element in double or int64 and rounded to the result's type.
//
//===----------------------------------------------------------------------===//
#include "EvaluateAxis.h"
#include "EvaluateMoves.h"
#include "EvaluateNumbers.h"
#include "EvaluateWalk.h"
#include "NN/NNOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using llvm::Expected;
using namespace weft;
using namespace weft::nn;

using Operands = ArrayRef<const HostTensor *>;

static HostTensor binaryFloat(RankedTensorType type, Operands in,
                              double (*f)(double, double)) {
  HostTensor out = HostTensor::zeros(type);
  size_t rank = type.getRank();
  Strides strides[] = {broadcastStrides(in[0]->type.getShape(), rank),
                       broadcastStrides(in[1]->type.getShape(), rank)};
  StridedWalk walk(type.getShape(), strides);
  for (int64_t i = 0, n = out.size(); i < n; ++i, walk.next())
    out.setFloat(
        i, f(in[0]->getFloat(walk.offset(0)), in[1]->getFloat(walk.offset(1))));
  return out;
}

static HostTensor binaryInt(RankedTensorType type, Operands in,
                            int64_t (*f)(int64_t, int64_t)) {
  HostTensor out = HostTensor::zeros(type);
  size_t rank = type.getRank();
  Strides strides[] = {broadcastStrides(in[0]->type.getShape(), rank),
                       broadcastStrides(in[1]->type.getShape(), rank)};
  StridedWalk walk(type.getShape(), strides);
  for (int64_t i = 0, n = out.size(); i < n; ++i, walk.next())
    out.setInt(i,
               f(in[0]->getInt(walk.offset(0)), in[1]->getInt(walk.offset(1))));
  return out;
}

static HostTensor unaryFloat(RankedTensorType type, Operands in,
                             double (*f)(double)) {
  HostTensor out = HostTensor::zeros(type);
  for (int64_t i = 0, n = out.size(); i < n; ++i)
    out.setFloat(i, f(in[0]->getFloat(i)));
  return out;
}

static HostTensor unaryInt(RankedTensorType type, Operands in,
                           int64_t (*f)(int64_t)) {
  HostTensor out = HostTensor::zeros(type);
  for (int64_t i = 0, n = out.size(); i < n; ++i)
    out.setInt(i, f(in[0]->getInt(i)));
  return out;
}

static bool isFloat(const HostTensor &tensor) {
  return isa<FloatType>(tensor.type.getElementType());
}

/// The largest finite number of a float type; infinite for others.
static double largestOf(Type type) {
  auto f = dyn_cast<FloatType>(type);
  return f ? APFloat::getLargest(f.getFloatSemantics()).convertToDouble()
           : std::numeric_limits<double>::infinity();
}

static double clampTo(double x, double most) { // NaN and infinities stay
  return std::isinf(x) ? x : x > most ? most : x < -most ? -most : x;
}

static HostTensor castTensor(RankedTensorType type, Operands in,
                             bool saturate) {
  double most = saturate ? largestOf(type.getElementType())
                         : std::numeric_limits<double>::infinity();
  HostTensor out = HostTensor::zeros(type);
  bool bothInt = !isFloat(*in[0]) && isa<IntegerType>(type.getElementType());
  auto integer = dyn_cast<IntegerType>(type.getElementType());
  bool word = integer && integer.getWidth() == 32; // saturates on a PE
  double low = word && !integer.isUnsigned() ? -0x1p31 : 0;
  double high = word && integer.isUnsigned() ? 0x1p32 - 1 : 0x1p31 - 1;
  for (int64_t i = 0, n = out.size(); i < n; ++i)
    if (bothInt)
      out.setInt(i, in[0]->getInt(i));
    else if (double v = in[0]->getFloat(i); word && v == v)
      out.setFloat(i, std::clamp(v, low, high));
    else
      out.setFloat(i, clampTo(in[0]->getFloat(i), most));
  return out;
}

/// Of no elements: infinite, or the least and the greatest of an integer type.
static double initialOf(Operation *op, Type element) {
  if (!isa<ReduceMaxOp, ReduceMinOp>(op))
    return 0;
  bool isMax = isa<ReduceMaxOp>(op);
  if (auto integer = dyn_cast<IntegerType>(element)) {
    unsigned width = integer.getWidth();
    if (integer.isUnsigned() || width == 1)
      return isMax ? 0 : std::ldexp(1.0, width) - 1;
    return isMax ? -std::ldexp(1.0, width - 1) : std::ldexp(1.0, width - 1) - 1;
  }
  double infinity = std::numeric_limits<double>::infinity();
  return isMax ? -infinity : infinity;
}

/// Sums in double, in row-major order.
static HostTensor reduceTensor(RankedTensorType type, Operands in,
                               Operation *op, ArrayRef<int64_t> axes) {
  ArrayRef<int64_t> shape = in[0]->type.getShape();
  SmallVector<int64_t> kept(shape);
  int64_t reduced = 1;
  for (int64_t axis : axes) {
    reduced *= shape[axis];
    kept[axis] = 1;
  }
  Strides strides[] = {broadcastStrides(kept, shape.size())};
  std::vector<double> sums(type.getNumElements(),
                           initialOf(op, type.getElementType()));
  StridedWalk walk(shape, strides);
  for (int64_t i = 0, n = in[0]->size(); i < n; ++i, walk.next()) {
    double value = in[0]->getFloat(i), &sum = sums[walk.offset(0)];
    if (!isa<ReduceMaxOp, ReduceMinOp>(op))
      sum += value;
    else if (value != value ||
             (isa<ReduceMaxOp>(op) ? value > sum : value < sum))
      sum = value; // a NaN stays: nothing is more or less
  }
  HostTensor out = HostTensor::zeros(type);
  for (size_t i = 0; i < sums.size(); ++i)
    out.setFloat(i,
                 isa<ReduceMeanOp>(op) ? sums[i] / double(reduced) : sums[i]);
  return out;
}

/// sin, cos and tan reduce their argument for moderate values only.
static bool inRange(Operation *op, const HostTensor &x) {
  if (!isa<SinOp, CosOp, TanOp>(op))
    return true;
  for (int64_t i = 0, n = x.size(); i < n; ++i)
    if (std::fabs(x.getFloat(i)) >= 0x1p20)
      return false;
  return true;
}

static llvm::Error notEvaluated(Operation *op) {
  return llvm::createStringError("'" + op->getName().getStringRef() +
                                 "' is not evaluated on constants");
}

static Expected<HostTensor>
evaluateArithmetic(Operation *op, RankedTensorType type, Operands in) {
  std::optional<BinaryRule> binary = binaryRule(op);
  if (!binary)
    binary = compareRule(op);
  if (!binary)
    binary = binaryNumberRule(op);
  if (binary && isFloat(*in[0]) && binary->onFloat)
    return binaryFloat(type, in, binary->onFloat);
  if (binary && binary->onInt)
    return binaryInt(type, in, binary->onInt);
  std::optional<UnaryRule> unary = unaryRule(op);
  if (!unary)
    unary = unaryNumberRule(op);
  if (unary && inRange(op, *in[0])) {
    if (!isFloat(*in[0]) && unary->onInt)
      return unaryInt(type, in, unary->onInt);
    if (unary->onFloat)
      return unaryFloat(type, in, unary->onFloat);
  }
  return notEvaluated(op);
}

Expected<HostTensor> weft::evaluateOp(Operation *op, Operands in) {
  if (op->getNumResults() != 1 || in.empty())
    return notEvaluated(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return evaluateOpAs(op, type, in);
}

Expected<HostTensor> weft::evaluateOpAs(Operation *op, RankedTensorType type,
                                        Operands in) {
  using R = Expected<HostTensor>;
  if (std::optional<HostTensor> along = evaluateAlongAxis(op, type, in))
    return std::move(*along);
  if (isMove(op))
    return evaluateMove(op, type, in);
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case(
          [&](CastOp o) -> R { return castTensor(type, in, o.getSaturate()); })
      .Case<ReduceSumOp, ReduceMeanOp, ReduceMaxOp, ReduceMinOp>(
          [&](auto o) -> R { return reduceTensor(type, in, o, o.getAxes()); })
      .Default(
          [&](Operation *o) -> R { return evaluateArithmetic(o, type, in); });
}
