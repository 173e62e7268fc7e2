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

kernels::Measure Costs::of(const Problem &p, const Option &o) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << p.op << '|' << o.algorithm << '|' << p.config << '|' << o.out;
  for (RankedTensorType t : o.ins)
    os << '|' << t;
  auto [it, isNew] = known.try_emplace(key);
  if (isNew) {
    OpBuilder b(module.getBodyRegion());
    SmallVector<MemRefType> scratch;
    fabric::KernelOp k =
        kernels::expandKernel(b, module.getLoc(), "cost", p, o, rect, scratch);
    it->second = kernels::measure(k, rect, target);
    for (MemRefType s : scratch)
      it->second.scratchBytes +=
          s.getElementTypeBitWidth() / 8 * uint64_t(s.getNumElements());
    k->erase();
  }
  return it->second;
}

static Problem relayoutProblem(RankedTensorType type) {
  Problem p;
  p.op = "wafer.relayout";
  p.ins = {type};
  p.constant = {false};
  p.out = type;
  p.config = DictionaryAttr::get(type.getContext());
  return p;
}

RankedTensorType weft::stored(Type t) {
  auto type = cast<RankedTensorType>(t);
  return RankedTensorType::get(type.getShape(),
                               kernels::storageType(type.getElementType()));
}

/// Bytes of one PE's tile.
static uint64_t tileBytes(RankedTensorType type) {
  return type.getElementTypeBitWidth() / 8 * uint64_t(kernels::tileElems(type));
}

static bool isAlias(const Problem &p) {
  return p.ins[0].getRank() && p.out.getRank() &&
         p.ins[0].getShape().back() == p.out.getShape().back();
}

/// A power with a constant exponent is a function of its base alone.
static void rewritePow(Operation *op, OpProblem &p) {
  std::optional<double> e = constantScalar(op->getOperand(1));
  if (!e)
    return;
  OpBuilder b(op);
  NamedAttrList config(p.problem.config);
  config.set("exponent", b.getF64FloatAttr(*e));
  p.problem.config = config.getDictionary(op->getContext());
  if (*e == 2.0)
    p.problem.op = "nn.square";
  else if (*e == 0.5)
    p.problem.op = "nn.sqrt";
  p.problem.ins.pop_back();
  p.problem.constant.pop_back();
  p.operands.pop_back();
}

/// What an i32 on the PE is in the graph, where that changes the arithmetic:
/// the width in which it wraps, or that it is unsigned.
static bool readsKind(Operation *op) {
  Type t =
      op->getNumOperands() ? getElementTypeOrSelf(op->getOperand(0)) : Type();
  auto integer = dyn_cast_or_null<IntegerType>(t);
  if (auto update = dyn_cast<nn::CacheUpdateOp>(op))
    if (!update.getReductionAttr())
      return false; // moves bits
  return integer && integer.getWidth() > 1 && integer.getWidth() <= 32 &&
         !integer.isSignlessInteger(32) &&
         !isa<nn::CastOp, nn::BitCastOp, nn::ReshapeOp, nn::TransposeOp,
              nn::SliceOp, nn::ConcatOp, nn::ExpandOp, nn::GatherOp,
              nn::BitAndOp, nn::BitOrOp, nn::BitXorOp, nn::ShiftRightOp,
              nn::EqualOp>(op);
}

static DictionaryAttr configOf(Operation *op) {
  NamedAttrList config(op->getAttrDictionary());
  OpBuilder b(op);
  auto set = [&](StringRef key, Value v) {
    std::string s;
    llvm::raw_string_ostream(s) << getElementTypeOrSelf(v.getType());
    config.set(key, b.getStringAttr(s));
  };
  if (isa<nn::CastOp, nn::BitCastOp>(op)) {
    set("from", op->getOperand(0));
    set("to", op->getResult(0));
  }
  if (readsKind(op))
    set("int", op->getOperand(0));
  return config.getDictionary(op->getContext());
}

static OpProblem problemOf(Operation *op) {
  OpProblem p;
  p.problem.op = op->getName().getStringRef().str();
  p.problem.config = configOf(op);
  for (Value v : op->getOperands()) {
    p.problem.ins.push_back(stored(v.getType()));
    p.problem.constant.push_back(isConstant(v));
    p.operands.push_back(v);
  }
  p.problem.out = stored(op->getResult(0).getType());
  if (isa<nn::PowOp>(op))
    rewritePow(op, p);
  return p;
}

/// The ops that end in `last`, one step each, as a "wafer.chain".
static OpProblem chainOf(ArrayRef<Operation *> ops) {
  OpProblem chain;
  OpBuilder b(ops.back());
  SmallVector<Attribute> steps;
  Value soFar;
  for (Operation *op : ops) {
    OpProblem one = problemOf(op);
    SmallVector<int64_t> args;
    for (auto [i, v] : llvm::enumerate(one.operands)) {
      if (soFar && v == soFar) {
        args.push_back(-1);
        continue;
      }
      auto it = llvm::find(chain.operands, v);
      args.push_back(it - chain.operands.begin());
      if (it != chain.operands.end())
        continue;
      chain.operands.push_back(v);
      chain.problem.ins.push_back(one.problem.ins[i]);
      chain.problem.constant.push_back(one.problem.constant[i]);
    }
    NamedAttrList step(one.problem.config);
    step.set("op", b.getStringAttr(one.problem.op));
    step.set("args", b.getDenseI64ArrayAttr(args));
    step.set("out", TypeAttr::get(one.problem.out.getElementType()));
    steps.push_back(step.getDictionary(b.getContext()));
    soFar = op->getResult(0);
    chain.problem.out = one.problem.out;
  }
  chain.problem.op = "wafer.chain";
  chain.problem.config =
      b.getDictionaryAttr(b.getNamedAttr("steps", b.getArrayAttr(steps)));
  return chain;
}

/// A cast between floats that the host does on the way in or out: the only
/// reader of an input, or between a computed value and an output.
static bool isHostCast(Operation *op) {
  auto cast = dyn_cast<nn::CastOp>(op);
  if (!cast || cast->use_empty() ||
      !isa<FloatType>(getElementTypeOrSelf(cast.getX().getType())) ||
      !isa<FloatType>(getElementTypeOrSelf(cast.getType())))
    return false;
  bool returned = llvm::any_of(cast->getUsers(), [](Operation *user) {
    return isa<nn::ReturnOp>(user);
  });
  // Both ends of a state have one type on the wafer; nn-state-views has already
  // taken the casts off where it could.
  ArrayAttr states = op->getParentOfType<nn::ProgramOp>().getStateAttr();
  if (auto arg = dyn_cast<BlockArgument>(cast.getX()))
    return !returned && arg.hasOneUse() &&
           !nn::stateOfInput(states, arg.getArgNumber());
  if (!returned || !cast->hasOneUse() ||
      nn::stateOfOutput(states, cast->use_begin()->getOperandNumber()))
    return false;
  return !isConstant(cast.getX()) && !isHostCast(cast.getX().getDefiningOp());
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

LogicalResult Candidate::addOp(Operation *op) {
  for (Value v : llvm::concat<Value>(op->getOperands(), op->getResults()))
    if (cast<RankedTensorType>(v.getType()).getNumElements() == 0)
      return op->emitOpError("cannot be mapped: a tensor without elements, ")
             << v.getType();
  if (auto cast = dyn_cast<nn::CastOp>(op); cast && cast.getSaturate())
    return op->emitOpError("cannot be mapped: a cast that saturates needs a "
                           "constant operand");
  if (isHostCast(op)) {
    nodeOf[op->getResult(0)] = nodeOf.lookup(op->getOperand(0));
    return success();
  }
  if (Type e = unsupported(op, costs.target))
    return op->emitOpError("cannot be mapped: found element type ")
           << e << ", " << costs.target.name << " computes with f32, f16"
           << (costs.target.bf16 ? ", bf16" : "")
           << ", integers and bool; --dtype=f32 or --dtype=f16 converts floats";
  if (std::optional<int64_t> wide = tooWide(op))
    return op->emitOpError("cannot be mapped: found the constant ")
           << *wide << ", 64-bit integers are held in 32 bits";
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
    bool alias = p.problem.op == "nn.reshape" && isAlias(p.problem);
    OptionCost c;
    if (!alias) {
      kernels::Measure m = costs.of(p.problem, o);
      c = {m.cycles, 0, m.scratchBytes + tileBytes(o.out)};
    }
    for (size_t k = 0; k < p.operands.size(); ++k)
      (p.problem.constant[k] ? c.constantBytes : c.otherBytes) +=
          tileBytes(o.ins[k]);
    optionCost.push_back(c);
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
