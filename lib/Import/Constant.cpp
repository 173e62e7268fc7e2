//===- Constant.cpp - Constant expressions of the nn dialect --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Recursion over the IR; the ops themselves are in Evaluate.cpp.
//
//===----------------------------------------------------------------------===//
#include "weft/Import/Constant.h"
#include "EvaluateNumbers.h"
#include "NN/NNOps.h"
#include "mlir/IR/SymbolTable.h"
#include "weft/Import/WeightStore.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using llvm::Expected;
using namespace weft;
using namespace weft::nn;

static bool isEvaluable(Operation *op) {
  return isa<CastOp, ReshapeOp, ExpandOp, TransposeOp, SliceOp, ConcatOp,
             GatherOp, WhereOp, ReduceSumOp, ReduceMeanOp, ReduceMaxOp,
             ReduceMinOp, AddOp, SubOp, MulOp, DivOp, PowOp, MaxOp, MinOp,
             AndOp, OrOp, EqualOp, LessOp, LessEqualOp, GreaterOp,
             GreaterEqualOp, NegOp, AbsOp, ReluOp, NotOp, SqrtOp, RsqrtOp,
             ReciprocalOp, FloorOp, ExpOp, LogOp, TanhOp, ErfOp, SinOp, CosOp,
             SigmoidOp, SiluOp, TopKOp, CumSumOp, CumProdOp, CacheUpdateOp,
             BitCastOp>(op) ||
         hasNumberRule(op);
}

/// Whether `value` is constant; false, too, if more than `limit` values have to
/// be looked at.
static bool isConstantWithin(Value value, size_t limit) {
  SmallVector<Value> work = {value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    Operation *op = next.getDefiningOp();
    if (!op || seen.size() > limit)
      return false;
    if (isa<LoadOp, ConstantOp>(op))
      continue;
    if (!isEvaluable(op))
      return false;
    llvm::append_range(work, op->getOperands());
  }
  return true;
}

bool weft::isConstant(Value value) { return isConstantWithin(value, SIZE_MAX); }

bool weft::isConstantAfter(Operation *op,
                           const llvm::DenseSet<Value> &constants) {
  return isa<LoadOp, ConstantOp>(op) ||
         (isEvaluable(op) && llvm::all_of(op->getOperands(), [&](Value v) {
            return constants.contains(v);
          }));
}

static HostTensor fromElements(ElementsAttr attr) {
  auto type = cast<RankedTensorType>(attr.getType());
  HostTensor tensor = HostTensor::zeros(type);
  auto dense = cast<DenseElementsAttr>(attr);
  if (isa<FloatType>(type.getElementType())) {
    int64_t i = 0;
    unsigned width = hostElementBytes(type.getElementType());
    for (const APFloat &value : dense.getValues<APFloat>()) {
      uint64_t bits = value.bitcastToAPInt().getZExtValue();
      std::memcpy(tensor.bytes.data() + i++ * width, &bits, width);
    }
    return tensor;
  }
  int64_t i = 0;
  for (const APInt &value : dense.getValues<APInt>())
    tensor.setInt(i++, int64_t(value.getZExtValue()));
  return tensor;
}

static Expected<HostTensor> readWeight(LoadOp load) {
  auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(
      load, load.getWeightAttr());
  auto *dialect = load->getContext()->getLoadedDialect<NNDialect>();
  if (!weight || !dialect->getWeights())
    return llvm::createStringError("weight '" + load.getWeight() +
                                   "' cannot be read: no weights are at hand");
  auto bytes = dialect->getWeights()->read(weight.getValue());
  if (!bytes)
    return llvm::createStringError("weight '" + load.getWeight() + "' " +
                                   llvm::toString(bytes.takeError()));
  HostTensor tensor;
  tensor.type = cast<RankedTensorType>(load.getType());
  tensor.bytes = HostBytes::borrow(*bytes);
  if (tensor.type.getElementType().isInteger(1))
    for (uint8_t &byte : tensor.bytes)
      byte = byte != 0;
  return tensor;
}

/// Values computed in this evaluation; shared subexpressions count once.
using Memo = llvm::DenseMap<Value, HostTensor>;

static Expected<HostTensor> evaluateOne(Value value, const Memo &memo) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return llvm::createStringError("the value is not constant");
  if (auto load = dyn_cast<LoadOp>(op))
    return readWeight(load);
  if (auto constant = dyn_cast<ConstantOp>(op))
    return fromElements(constant.getValue());
  SmallVector<const HostTensor *> operands;
  for (Value operand : op->getOperands())
    operands.push_back(&memo.find(operand)->second);
  return evaluateOp(op, operands);
}

/// The values that `value` is made of, operands first, each once.
static SmallVector<Value> inOrder(Value value) {
  SmallVector<Value> order, work = {value};
  llvm::DenseSet<Value> done;
  while (!work.empty()) {
    Value next = work.back();
    bool ready = true;
    if (Operation *op = next.getDefiningOp())
      for (Value operand : op->getOperands())
        if (!done.contains(operand)) {
          work.push_back(operand);
          ready = false;
        }
    if (!ready)
      continue;
    work.pop_back();
    if (done.insert(next).second)
      order.push_back(next);
  }
  return order;
}

Expected<HostTensor> weft::evaluateTensor(Value value, int64_t limit) {
  Memo memo;
  SmallVector<Value> order = inOrder(value);
  llvm::DenseMap<Value, unsigned> uses; // still to come
  for (Value next : order)
    if (Operation *op = next.getDefiningOp())
      for (Value operand : op->getOperands())
        ++uses[operand];
  for (Value next : order) {
    if (!isa_and_nonnull<LoadOp>(next.getDefiningOp()) &&
        (limit -= cast<RankedTensorType>(next.getType()).getNumElements()) < 0)
      return llvm::createStringError("is too large to look at");
    Expected<HostTensor> result = evaluateOne(next, memo);
    if (!result)
      return result.takeError();
    memo.try_emplace(next, std::move(*result));
    for (Value operand : next.getDefiningOp()->getOperands())
      if (--uses[operand] == 0)
        memo.erase(operand);
  }
  return std::move(memo.find(value)->second);
}

Expected<HostBytes> weft::evaluateConstant(Value value) {
  Expected<HostTensor> tensor = evaluateTensor(value);
  if (!tensor)
    return tensor.takeError();
  return std::move(tensor->bytes);
}

/// Raising asks for each op of a program, so an expression may not be one of
/// its size; exporters' take a few dozen ops.
constexpr size_t MostLooked = 256;
/// Elements to compute for it: many ops may ask for the same large tensor.
constexpr int64_t MostComputed = int64_t(1) << 18;

std::optional<double> weft::constantScalar(Value value, int64_t limit) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getNumElements() < 1 || type.getNumElements() > limit ||
      !isConstantWithin(value, MostLooked))
    return std::nullopt;
  Expected<HostTensor> tensor = evaluateTensor(value, MostComputed);
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
