//===- CandidateOptions.cpp - The options of inputs and ops ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Candidate.h"
#include "weft/Import/Constant.h"

using namespace mlir;
using namespace weft;

/// Bytes of one PE's tile.
static uint64_t tileBytes(RankedTensorType type) {
  return type.getElementTypeBitWidth() / 8 * uint64_t(kernels::tileElems(type));
}

static bool isAlias(const Problem &p) {
  return p.ins[0].getRank() && p.out.getRank() &&
         p.ins[0].getShape().back() == p.out.getShape().back();
}

void Candidate::addInput(BlockArgument arg) {
  solve::LayoutNode node;
  OpProblem p;
  Value first = arg;
  if (arg.hasOneUse() && isHostCast(*arg.user_begin()))
    first = (*arg.user_begin())->getResult(0);
  RankedTensorType type = stored(first.getType());
  p.problem.out = type;
  p.problem.config = DictionaryAttr::get(type.getContext());
  std::vector<Option> opts;
  std::vector<OptionCost> optionCost;
  for (int8_t axis : {kernels::None, kernels::X, kernels::Y}) {
    if (axis != kernels::None &&
        (type.getRank() == 0 || type.getShape().back() == 1))
      continue;
    opts.push_back({"input", {}, kernels::laidOut(type, rect, axis)});
    node.options.push_back({{}, axis, 0});
    optionCost.push_back({0, 0, tileBytes(opts.back().out)});
  }
  if (Operation *product = imageOf.lookup(arg)) {
    std::string why;
    const Problem &patches = patchProducts[product].problem;
    RankedTensorType laid = kernels::allOptions(patches, rect, why)[0].ins[0];
    p.problem.out = patches.ins[0];
    opts = {{"input", {}, laid}};
    node.options = {{{}, kernels::None, 0}};
    optionCost = {{0, 0, tileBytes(laid)}};
  }
  // What nothing computes with lies where it takes the least room.
  if (llvm::all_of(arg.getUsers(), llvm::IsaPred<nn::ReturnOp>)) {
    auto less = [](const OptionCost &a, const OptionCost &b) {
      return a.otherBytes < b.otherBytes;
    };
    size_t k = llvm::min_element(optionCost, less) - optionCost.begin();
    opts = {opts[k]};
    node.options = {node.options[k]};
    optionCost = {optionCost[k]};
  }
  append(arg, arg.getLoc(), std::move(node), std::move(p), std::move(opts),
         std::move(optionCost));
}

/// A 64-bit integer among the constants that an i32 cannot hold.
static std::optional<int64_t> tooWide(Operation *op) {
  for (Value v : op->getOperands()) {
    auto type = dyn_cast<IntegerType>(getElementTypeOrSelf(v.getType()));
    if (!type || type.getWidth() != 64 || !isConstant(v))
      continue;
    llvm::Expected<HostTensor> tensor = evaluateTensor(v);
    if (!tensor) {
      llvm::consumeError(tensor.takeError());
      continue;
    }
    for (int64_t i = 0, n = tensor->size(); i < n; ++i)
      if (!llvm::isInt<32>(tensor->getInt(i)))
        return tensor->getInt(i);
  }
  return std::nullopt;
}

/// The element type that kernels cannot compute with, or null.
static Type unsupported(Operation *op, const Target &t) {
  for (Value v : llvm::concat<Value>(op->getOperands(), op->getResults())) {
    Type e = getElementTypeOrSelf(v.getType());
    if (isa<FloatType>(e) && !e.isF32() && !e.isF16() &&
        !(e.isBF16() && t.bf16))
      return e;
  }
  return nullptr;
}

/// What no kernel takes, whatever its options.
static LogicalResult checkShape(Operation *op) {
  for (Value v : llvm::concat<Value>(op->getOperands(), op->getResults()))
    if (cast<RankedTensorType>(v.getType()).getNumElements() == 0)
      return op->emitOpError("cannot be mapped: a tensor without elements, ")
             << v.getType();
  if (auto cast = dyn_cast<nn::CastOp>(op); cast && cast.getSaturate())
    return op->emitOpError("cannot be mapped: a cast that saturates needs a "
                           "constant operand");
  return success();
}

static LogicalResult checkElements(Operation *op, const Target &t) {
  if (Type e = unsupported(op, t))
    return op->emitOpError("cannot be mapped: found element type ")
           << e << ", " << t.name << " computes with f32, f16"
           << (t.bf16 ? ", bf16" : "")
           << ", integers and bool; --dtype=f32 or --dtype=f16 converts floats";
  if (std::optional<int64_t> wide = tooWide(op))
    return op->emitOpError("cannot be mapped: found the constant ")
           << *wide << ", 64-bit integers are held in 32 bits";
  return success();
}

Candidate::OptionCost Candidate::measure(const Problem &p, const Option &o) {
  OptionCost c;
  if (!(p.op == "nn.reshape" && isAlias(p))) {
    kernels::Measure m = costs.of(p, o);
    c = {m.cycles, 0, m.scratchBytes + tileBytes(o.out)};
  }
  for (size_t k = 0; k < p.ins.size(); ++k)
    (p.constant[k] ? c.constantBytes : c.otherBytes) += tileBytes(o.ins[k]);
  return c;
}

LogicalResult Candidate::addOp(Operation *op) {
  if (failed(checkShape(op)))
    return failure();
  if (isHostCast(op)) {
    nodeOf[op->getResult(0)] = nodeOf.lookup(op->getOperand(0));
    return success();
  }
  if (failed(checkElements(op, costs.target)))
    return failure();
  if (absorbed.contains(op))
    return success();
  SmallVector<Operation *> ops{op};
  while (Operation *before = stepBefore.lookup(ops.front()))
    ops.insert(ops.begin(), before);
  auto patches = patchProducts.find(op);
  OpProblem p = patches != patchProducts.end() ? patches->second
                : ops.size() > 1               ? chainOf(ops)
                                               : problemOf(op);
  std::string why;
  std::vector<Option> opts = kernels::allOptions(p.problem, rect, why);
  if (opts.empty())
    return op->emitOpError("cannot be mapped: ") << why;
  solve::LayoutNode node;
  std::vector<OptionCost> optionCost;
  for (auto [v, constant] : llvm::zip(p.operands, p.problem.constant))
    node.operands.push_back(constant ? -1 : nodeOf.lookup(v));
  for (const Option &o : opts) {
    solve::LayoutOption lo;
    for (size_t k = 0; k < p.operands.size(); ++k)
      lo.ins.push_back(p.problem.constant[k] ? -1 : kernels::axisOf(o.ins[k]));
    lo.out = kernels::axisOf(o.out);
    optionCost.push_back(measure(p.problem, o));
    node.options.push_back(lo);
  }
  SmallVector<Location> parts;
  for (Operation *step : ops)
    parts.push_back(nn::withoutValueNames(step->getLoc()));
  append(op->getResult(0), FusedLoc::get(op->getContext(), parts),
         std::move(node), std::move(p), std::move(opts), std::move(optionCost));
  return success();
}

void Candidate::append(Value v, Location loc, solve::LayoutNode node,
                       OpProblem p, std::vector<Option> opts,
                       std::vector<OptionCost> optionCost) {
  nodeOf[v] = int(values.size());
  values.push_back(v);
  locs.push_back(loc);
  operands.push_back(std::move(p.operands));
  problem.nodes.push_back(std::move(node));
  problems.push_back(std::move(p.problem));
  options.push_back(std::move(opts));
  optionCosts.push_back(std::move(optionCost));
}
