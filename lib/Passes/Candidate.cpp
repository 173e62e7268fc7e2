//===- Candidate.cpp - An nn program on one rectangle ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Candidate.h"
#include "PatchProduct.h"
#include "weft/Import/Constant.h"

using namespace mlir;
using namespace weft;

static Problem relayoutProblem(RankedTensorType type) {
  Problem p;
  p.op = "wafer.relayout";
  p.ins = {type};
  p.constant = {false};
  p.out = type;
  p.config = DictionaryAttr::get(type.getContext());
  return p;
}

/// A cast that rounds. Steps of a chain are f32, so it can only be the last.
static bool narrows(Operation *op) {
  auto cast = dyn_cast<nn::CastOp>(op);
  return cast && kernels::isNarrow(getElementTypeOrSelf(cast.getType())) &&
         cast.getX().getType() != cast.getType();
}

/// An image that only a product of its patches reads is placed for it.
void Candidate::findPatchProducts(nn::ProgramOp program) {
  for (auto linear : program.getBody().getOps<nn::LinearOp>()) {
    std::optional<PatchProduct> found = matchPatchProduct(linear);
    if (!found)
      continue;
    Value image = found->problem.operands[0];
    if (!image.hasOneUse())
      continue;
    if (Operation *op = image.getDefiningOp(); op && isHostCast(op))
      image = op->getOperand(0);
    auto arg = dyn_cast<BlockArgument>(image);
    if (!arg || nn::stateOfInput(program.getStateAttr(), arg.getArgNumber()))
      continue;
    absorbed.insert(found->gathers.begin(), found->gathers.end());
    imageOf[arg] = linear;
    patchProducts[linear] = std::move(found->problem);
  }
}

/// An elementwise op whose only use is an elementwise op of its own shape
/// becomes a step of that one.
void Candidate::findChains(nn::ProgramOp program) {
  for (Operation &op : program.getBody().front().without_terminator()) {
    if (isConstant(op.getResult(0)))
      continue;
    OpProblem p = problemOf(&op);
    if (!kernels::isElementwise(p.problem) || isHostCast(&op))
      continue;
    for (auto [i, v] : llvm::enumerate(p.operands)) {
      Operation *before = v.getDefiningOp();
      if (!before || p.problem.constant[i] || !v.hasOneUse() ||
          p.problem.ins[i].getShape() != p.problem.out.getShape() ||
          !kernels::canFollow(p.problem, i) ||
          !kernels::isElementwise(problemOf(before).problem) ||
          isHostCast(before) || narrows(before))
        continue;
      stepBefore[&op] = before;
      absorbed.insert(before);
      break;
    }
  }
}

LogicalResult Candidate::build(nn::ProgramOp program) {
  findPatchProducts(program);
  for (BlockArgument arg : program.getBody().getArguments())
    addInput(arg);
  findChains(program);
  // All ops that no kernel takes are said at once.
  LogicalResult result = success();
  for (Operation &op : program.getBody().front().without_terminator())
    if (!isConstant(op.getResult(0)) && failed(addOp(&op)))
      result = failure();
  return failed(result) ? failure() : addStates(program);
}

/// A state ends in the layout in which it began.
LogicalResult Candidate::addStates(nn::ProgramOp program) {
  auto ret = cast<nn::ReturnOp>(program.getBody().front().getTerminator());
  if (!program.getStateAttr())
    return success();
  for (auto s : program.getStateAttr().getAsRange<nn::StateAttr>()) {
    Value out = ret.getOperand(s.getOutput());
    if (isConstant(out) || isa<BlockArgument>(out))
      return program.emitOpError("has output #")
             << s.getOutput() << " as a state, which it does not compute";
    stateInput[s.getOutput()] =
        nodeOf.lookup(program.getBody().getArgument(s.getInput()));
    problem.loops.push_back({nodeOf.lookup(out), stateInput[s.getOutput()]});
  }
  return success();
}

bool Candidate::restrict(int node,
                         llvm::function_ref<bool(const Option &)> keep) {
  std::vector<Option> kept;
  std::vector<solve::LayoutOption> layouts;
  std::vector<OptionCost> costsOfKept;
  for (auto [i, option] : llvm::enumerate(options[node])) {
    if (!keep(option))
      continue;
    kept.push_back(option);
    layouts.push_back(problem.nodes[node].options[i]);
    costsOfKept.push_back(optionCosts[node][i]);
  }
  if (kept.empty())
    return false;
  options[node] = std::move(kept);
  problem.nodes[node].options = std::move(layouts);
  optionCosts[node] = std::move(costsOfKept);
  return true;
}

uint64_t Candidate::relayoutCycles(int node, int from, int to) {
  auto [it, isNew] = relayouts.try_emplace({node, from, to});
  if (!isNew)
    return it->second;
  Problem p = relayoutProblem(problems[node].out);
  Option o{"relayout",
           {kernels::laidOut(p.ins[0], rect, int8_t(from))},
           kernels::laidOut(p.out, rect, int8_t(to))};
  return it->second = costs.of(p, o).cycles;
}

int64_t Candidate::extraCost(int node, unsigned option) const {
  std::vector<unsigned> other = choice;
  other[node] = option;
  return int64_t(problem.cost(other)) - int64_t(problem.cost(choice));
}

uint64_t Candidate::solve(uint64_t capacity) {
  problem.relayout = [&](int node, int from, int to) {
    return relayoutCycles(node, from, to);
  };
  // Where nothing can fit, only what comes closest is of interest.
  static constexpr uint64_t Prices[] = {0, 1, 4, 16, 64, 256};
  ArrayRef<uint64_t> prices(Prices);
  for (uint64_t price : leastBytes() > capacity ? prices.take_back() : prices) {
    for (auto [node, cost] : llvm::zip(problem.nodes, optionCosts))
      for (auto [option, c] : llvm::zip(node.options, cost)) {
        uint64_t total = c.constantBytes + c.otherBytes;
        option.cost = c.cycles + price * total;
        // An op that does not fit by itself is the last resort.
        if (total > capacity)
          option.cost += uint64_t(1) << 40;
      }
    choice = solve::solveLayout(problem);
    if (bytes() <= capacity)
      break;
  }
  return cycles();
}

uint64_t Candidate::cycles() const {
  uint64_t total = problem.cost(choice);
  for (size_t i = 0; i < choice.size(); ++i)
    total += optionCosts[i][choice[i]].cycles -
             problem.nodes[i].options[choice[i]].cost;
  return total;
}

/// No choice takes less: every op's smallest constants, and one op's others.
uint64_t Candidate::leastBytes() const {
  uint64_t constants = 0, largest = 0;
  for (const std::vector<OptionCost> &of : optionCosts) {
    uint64_t least = UINT64_MAX, others = UINT64_MAX;
    for (const OptionCost &c : of) {
      least = std::min<uint64_t>(least, c.constantBytes);
      others = std::min<uint64_t>(others, c.otherBytes);
    }
    constants += least;
    largest = std::max(largest, others);
  }
  return constants + largest;
}

uint64_t Candidate::bytes() const {
  uint64_t constants = 0, largest = 0;
  for (size_t i = 0; i < choice.size(); ++i) {
    constants += optionCosts[i][choice[i]].constantBytes;
    largest = std::max(largest, optionCosts[i][choice[i]].otherBytes);
  }
  return constants + largest;
}
