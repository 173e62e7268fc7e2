//===- ModelWork.cpp - What one step of a model asks of any machine -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A lower bound on work, so that a roofline made of it is a bound: products
// only, weights once each and in the narrower of stored and computed type, of a
// table that is only gathered from the rows that are.
//
//===----------------------------------------------------------------------===//
#include "ModelWork.h"
#include "weft/Import/Constant.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

static RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}
static uint64_t elements(Value v) {
  return uint64_t(typeOf(v).getNumElements());
}
static uint64_t bytes(Value v) {
  return elements(v) * hostElementBytes(typeOf(v).getElementType());
}

static uint64_t attentionMacs(AttentionOp op) {
  ArrayRef<int64_t> q = typeOf(op.getQ()).getShape();
  uint64_t batch = uint64_t(q[0]), queries = uint64_t(q[1]);
  uint64_t keys = uint64_t(typeOf(op.getK()).getDimSize(1));
  uint64_t heads = op.getNumHeads();
  uint64_t size = uint64_t(q[2]) / heads;
  uint64_t valueSize =
      uint64_t(typeOf(op.getV()).getDimSize(2)) / uint64_t(op.getNumKvHeads());
  // Query i of T sees S - T + i + 1 of S keys.
  uint64_t pairs = queries * keys;
  if (op.getCausal() && queries)
    pairs -= queries * (queries - 1) / 2;
  return batch * heads * pairs * (size + valueSize);
}

uint64_t weft::countMacs(Operation *op) {
  return TypeSwitch<Operation *, uint64_t>(op)
      .Case([](LinearOp linear) {
        return elements(linear.getX()) *
               uint64_t(typeOf(linear.getWeight()).getDimSize(1));
      })
      .Case([](MatMulOp matmul) {
        return elements(matmul.getResult()) *
               uint64_t(typeOf(matmul.getLhs()).getShape().back());
      })
      .Case(attentionMacs)
      .Default(uint64_t(0));
}

namespace {

class Measure {
public:
  explicit Measure(ProgramOp program)
      : program(program), module(program->getParentOfType<ModuleOp>()),
        body(program.getBody().front()) {}

  compare::ModelWork run() {
    for (Operation &op : body)
      visit(op);
    countWeights();
    countPorts();
    return std::move(work);
  }

private:
  ProgramOp program;
  ModuleOp module;
  Block &body;
  compare::ModelWork work;
  llvm::DenseSet<Value> constants;
  uint64_t largestTable = 0;
  /// Of a weight: elements that ops read, and the narrowest type they read.
  struct Use {
    uint64_t read = 0;
    unsigned width = ~0u;
  };
  llvm::MapVector<StringAttr, Use> weights;

  void visit(Operation &op) {
    if (isConstantAfter(&op, constants)) {
      constants.insert(op.result_begin(), op.result_end());
      return;
    }
    if (uint64_t macs = countMacs(&op)) {
      std::string type;
      llvm::raw_string_ostream(type)
          << typeOf(op.getOperand(0)).getElementType();
      work.macs[type] += macs;
    }
    auto gather = dyn_cast<GatherOp>(op);
    if (gather)
      countTokens(gather);
    for (OpOperand &operand : op.getOpOperands()) {
      if (!constants.contains(operand.get()))
        continue;
      bool isTable = gather && operand.getOperandNumber() == 0;
      readConstant(operand.get(), isTable ? elements(gather.getResult())
                                          : elements(operand.get()));
    }
  }

  /// The ids that the largest table is asked for: an embedding's.
  void countTokens(GatherOp gather) {
    if (!constants.contains(gather.getTable()) ||
        constants.contains(gather.getIndices()) ||
        elements(gather.getTable()) <= largestTable)
      return;
    largestTable = elements(gather.getTable());
    work.tokens = elements(gather.getIndices());
    work.tokensSource = "computed: ids that the largest embedding looks up";
  }

  /// Notes the weights that `value` is made of.
  void readConstant(Value value, uint64_t count) {
    unsigned width = hostElementBytes(typeOf(value).getElementType());
    SmallVector<Value> open{value};
    llvm::DenseSet<Value> seen;
    while (!open.empty()) {
      Value v = open.pop_back_val();
      Operation *op = v.getDefiningOp();
      if (!seen.insert(v).second)
        continue;
      if (auto load = dyn_cast<LoadOp>(op)) {
        Use &use = weights[load.getWeightAttr().getAttr()];
        use.read += std::min(count, elements(v)); // no overflow: a few uses
        use.width = std::min(
            {use.width, width, hostElementBytes(typeOf(v).getElementType())});
      }
      open.append(op->operand_begin(), op->operand_end());
    }
  }

  void countWeights() {
    for (auto &[name, use] : weights) {
      auto weight = module.lookupSymbol<WeightOp>(name);
      auto all =
          uint64_t(cast<RankedTensorType>(weight.getType()).getNumElements());
      work.weightsHeld += all * use.width;
      work.weightsRead += std::min(all, use.read) * use.width;
    }
  }

  void countPorts() {
    ArrayAttr states = program.getStateAttr();
    for (BlockArgument arg : body.getArguments()) {
      uint64_t size = bytes(arg);
      if (stateOfInput(states, arg.getArgNumber())) {
        work.stateHeld += size;
        work.stateRead += arg.use_empty() ? 0 : size;
      } else if (!arg.use_empty()) {
        work.inputs += size;
      }
    }
    for (auto [i, v] : llvm::enumerate(body.getTerminator()->getOperands())) {
      if (StateAttr state = stateOfOutput(states, unsigned(i)))
        work.stateWritten += written(v, body.getArgument(state.getInput()));
      else
        work.outputs += bytes(v);
    }
  }

  /// Bytes that change from one step to the next: of a cache only the rows.
  static uint64_t written(Value v, Value before) {
    uint64_t rows = 0, all = bytes(v);
    while (auto update = v.getDefiningOp<CacheUpdateOp>()) {
      rows += bytes(update.getUpdate());
      v = update.getCache();
    }
    return v == before ? std::min(rows, all) : all;
  }
};

} // namespace

compare::ModelWork weft::measureWork(ProgramOp program) {
  return Measure(program).run();
}
