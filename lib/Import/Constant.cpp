//===- Constant.cpp - Constant expressions of the nn dialect --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Recursion over the IR; the ops themselves are in Evaluate.cpp.
//
//===----------------------------------------------------------------------===//
#include "ConstantWalk.h"
#include "EvaluateNumbers.h"
#include "mlir/IR/SymbolTable.h"
#include "weft/Import/WeightStore.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

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

bool weft::isConstantWithin(Value value, size_t limit) {
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

HostTensor weft::elementsOf(DenseElementsAttr dense) {
  auto type = cast<RankedTensorType>(dense.getType());
  HostTensor tensor = HostTensor::zeros(type);
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

Expected<HostTensor> weft::readWeight(LoadOp load) {
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
    return elementsOf(cast<DenseElementsAttr>(constant.getValue()));
  SmallVector<const HostTensor *> operands;
  for (Value operand : op->getOperands())
    operands.push_back(&memo.find(operand)->second);
  return evaluateOp(op, operands);
}

SmallVector<Value> weft::operandsFirst(Value value) {
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

/// What a value costs: its elements, and those of a weight that it reduces.
/// Weights themselves are borrowed.
static int64_t elementsToCompute(Value value) {
  Operation *op = value.getDefiningOp();
  auto count = [](Value v) {
    return cast<RankedTensorType>(v.getType()).getNumElements();
  };
  if (isa_and_nonnull<LoadOp>(op))
    return 0;
  int64_t most = count(value);
  if (isa_and_nonnull<ReduceSumOp, ReduceMeanOp, ReduceMaxOp, ReduceMinOp>(op))
    most = std::max(most, count(op->getOperand(0)));
  return most;
}

Expected<HostTensor> weft::evaluateTensor(Value value, int64_t limit) {
  return evaluateWithin(value, limit);
}

Expected<HostTensor> weft::evaluateWithin(Value value, int64_t &left) {
  Memo memo;
  SmallVector<Value> order = operandsFirst(value);
  llvm::DenseMap<Value, unsigned> uses; // still to come
  for (Value next : order)
    if (Operation *op = next.getDefiningOp())
      for (Value operand : op->getOperands())
        ++uses[operand];
  int64_t cost = 0;
  for (Value next : order)
    if (llvm::AddOverflow(cost, elementsToCompute(next), cost) || cost > left)
      return llvm::createStringError("is too large to look at");
  left -= cost;
  for (Value next : order) {
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
