//===- ConstantScalar.cpp - Constants of equal elements -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Raising asks of nearly every op whether an operand is 0, 1 or another number
// throughout. Mostly the form of the expression tells: a splat that is moved,
// or a table of which two elements differ. Only else is it evaluated.
//
//===----------------------------------------------------------------------===//
#include "ConstantWalk.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {

/// Raising asks for each op of a program, so an expression may not be one of
/// its size; exporters' take a few dozen ops.
constexpr size_t MostLooked = 256;
/// Elements to compute for one expression, and to compare of a weight.
constexpr int64_t MostComputed = int64_t(1) << 18, MostCompared = 65536;

/// What the form of a tensor tells of its elements.
struct Known {
  enum Kind { Nothing, Differ, Same } kind = Nothing;
  HostTensor one; // of rank 0, if they are the same

  static Known same(HostTensor one) { return {Same, std::move(one)}; }
};

RankedTensorType scalarType(Value value) {
  return RankedTensorType::get(
      {}, cast<RankedTensorType>(value.getType()).getElementType());
}

int64_t sizeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

/// Elements of `width` bytes each, at least one.
Known compare(ArrayRef<uint8_t> bytes, unsigned width, RankedTensorType type) {
  if (std::memcmp(bytes.data(), bytes.data() + width, bytes.size() - width))
    return {Known::Differ, {}};
  HostTensor one = HostTensor::zeros(type);
  std::memcpy(one.bytes.data(), bytes.data(), width);
  return Known::same(std::move(one));
}

Known ofConstant(ConstantOp op) {
  auto dense = cast<DenseElementsAttr>(op.getValue());
  RankedTensorType type = scalarType(op);
  if (dense.isSplat())
    return Known::same(elementsOf(dense.resizeSplat(type)));
  if (dense.getNumElements() > MostCompared)
    return {};
  HostTensor all = elementsOf(dense);
  return compare(all.bytes, hostElementBytes(type.getElementType()), type);
}

Known ofWeight(LoadOp op) {
  if (sizeOf(op) > MostCompared)
    return {};
  llvm::Expected<HostTensor> all = readWeight(op);
  if (!all) {
    llvm::consumeError(all.takeError());
    return {};
  }
  RankedTensorType type = scalarType(op);
  return compare(all->bytes, hostElementBytes(type.getElementType()), type);
}

/// Sum or mean of `count` elements that are the same, added one by one as the
/// evaluator does.
Known sumOfSame(Operation *op, const Known &x, int64_t count) {
  if (x.kind != Known::Same || count < 1 || count > MostComputed)
    return {};
  double sum = 0, value = x.one.getFloat(0);
  for (int64_t i = 0; i < count; ++i)
    sum += value;
  HostTensor one = HostTensor::zeros(x.one.type);
  one.setFloat(0, isa<ReduceMeanOp>(op) ? sum / double(count) : sum);
  return Known::same(std::move(one));
}

/// Of operands of which each is the same throughout, so is every elementwise
/// op.
Known ofArithmetic(Operation *op, ArrayRef<const Known *> in) {
  SmallVector<const HostTensor *> ones;
  for (const Known *known : in) {
    if (known->kind != Known::Same)
      return {};
    ones.push_back(&known->one);
  }
  llvm::Expected<HostTensor> one =
      evaluateOpAs(op, scalarType(op->getResult(0)), ones);
  if (one)
    return Known::same(std::move(*one));
  llvm::consumeError(one.takeError());
  return {};
}

Known ofPart(const Known &whole) {
  return whole.kind == Known::Same ? whole : Known();
}

Known look(Value value, ArrayRef<const Known *> in) {
  Operation *op = value.getDefiningOp();
  if (sizeOf(value) < 1 ||
      llvm::any_of(op->getOperands(), [](Value v) { return sizeOf(v) < 1; }))
    return {};
  return llvm::TypeSwitch<Operation *, Known>(op)
      .Case([](ConstantOp o) { return ofConstant(o); })
      .Case([](LoadOp o) { return ofWeight(o); })
      .Case<ReshapeOp, ExpandOp, TransposeOp>([&](auto) { return *in[0]; })
      .Case<SliceOp, ReduceMaxOp, ReduceMinOp>(
          [&](auto) { return ofPart(*in[0]); })
      .Case<ReduceSumOp, ReduceMeanOp>([&](auto o) {
        return sumOfSame(o, *in[0], sizeOf(o.getX()) / sizeOf(o));
      })
      .Case<ConcatOp, GatherOp, TopKOp, CumSumOp, CumProdOp, CacheUpdateOp>(
          [](auto) { return Known(); })
      .Default([&](Operation *o) { return ofArithmetic(o, in); });
}

/// What the form of `value` tells, from its operands' on.
Known lookAt(Value value) {
  llvm::DenseMap<Value, Known> seen;
  for (Value next : operandsFirst(value)) {
    SmallVector<const Known *> in;
    for (Value operand : next.getDefiningOp()->getOperands())
      in.push_back(&seen.find(operand)->second);
    Known known = look(next, in);
    seen.try_emplace(next, std::move(known));
  }
  return std::move(seen.find(value)->second);
}

} // namespace

std::optional<double> weft::constantScalar(Value value, int64_t limit,
                                           int64_t *left) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getNumElements() < 1 || type.getNumElements() > limit ||
      !isConstantWithin(value, MostLooked))
    return std::nullopt;
  Known known = lookAt(value);
  if (known.kind == Known::Same)
    return known.one.getFloat(0);
  if (known.kind == Known::Differ)
    return std::nullopt;
  int64_t budget = left ? std::min(*left, MostComputed) : MostComputed;
  int64_t rest = budget;
  llvm::Expected<HostTensor> tensor = evaluateWithin(value, rest);
  if (left)
    *left -= budget - rest;
  if (!tensor) {
    llvm::consumeError(tensor.takeError());
    return std::nullopt;
  }
  double first = tensor->getFloat(0);
  for (int64_t i = 1, n = tensor->size(); i < n; ++i)
    if (tensor->getFloat(i) != first)
      return std::nullopt;
  return first;
}
