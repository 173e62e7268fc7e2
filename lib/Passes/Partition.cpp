//===- Partition.cpp - nn to wafer ----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Translates nn ops to kernel problems, has the layout solver choose, and
// writes the choice as wafer IR. It holds no decision of its own: legality and
// cost come from the kernels, the choice from solve::solveLayout.
//
//===----------------------------------------------------------------------===//
#include "NN/NNOps.h"
#include "PassDetail.h"
#include "weft/Import/Constant.h"
#include "weft/Kernels/Kernel.h"
#include "weft/Passes/Passes.h"
#include "weft/Solve/Layout.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace weft;
using kernels::Option;
using kernels::Problem;
using kernels::Rect;

namespace {
/// Cost of an expansion, remembered by what determines it.
class Costs {
public:
  Costs(MLIRContext *ctx, const Rect &r, const Target &t)
      : rect(r), target(t), module(ModuleOp::create(UnknownLoc::get(ctx))) {}
  ~Costs() { module->erase(); }

  kernels::Measure of(const Problem &p, const Option &o) {
    std::string key;
    llvm::raw_string_ostream os(key);
    os << p.op << '|' << o.algorithm << '|' << p.config << '|' << o.out;
    for (RankedTensorType t : o.ins)
      os << '|' << t;
    auto [it, isNew] = known.try_emplace(key);
    if (isNew) {
      OpBuilder b(module.getBodyRegion());
      SmallVector<MemRefType> scratch;
      fabric::KernelOp k = kernels::expandKernel(b, module.getLoc(), "cost", p,
                                                 o, rect, scratch);
      it->second = kernels::measure(k, rect, target);
      for (MemRefType s : scratch)
        it->second.scratchBytes += 4 * uint64_t(s.getNumElements());
      k->erase();
    }
    return it->second;
  }

private:
  Rect rect;
  const Target &target;
  ModuleOp module;
  std::map<std::string, kernels::Measure> known;
};

Problem relayoutProblem(RankedTensorType type) {
  Problem p;
  p.op = "wafer.relayout";
  p.ins = {type};
  p.constant = {false};
  p.out = type;
  p.config = DictionaryAttr::get(type.getContext());
  return p;
}

RankedTensorType stored(Type t) {
  auto type = cast<RankedTensorType>(t);
  return RankedTensorType::get(type.getShape(),
                               kernels::storageType(type.getElementType()));
}

/// The program as a layout problem on one rectangle, and its solution.
class Candidate {
public:
  Candidate(nn::ProgramOp program, const Rect &r, const Target &t)
      : rect(r), costs(program.getContext(), r, t) {}

  LogicalResult build(nn::ProgramOp program) {
    for (BlockArgument arg : program.getBody().getArguments())
      addInput(arg);
    for (Operation &op : program.getBody().front().without_terminator())
      if (!isConstant(op.getResult(0)) && failed(addOp(&op)))
        return failure();
    return success();
  }

  uint64_t solve() {
    problem.relayout = [&](int node, int from, int to) {
      Problem p = relayoutProblem(stored(values[node].getType()));
      Option o{"relayout",
               {kernels::laidOut(p.ins[0], rect, int8_t(from))},
               kernels::laidOut(p.out, rect, int8_t(to))};
      return costs.of(p, o).cycles;
    };
    choice = solve::solveLayout(problem);
    return problem.cost(choice);
  }

  /// Bytes per PE of the constants, for a quick refusal of small rectangles.
  uint64_t constantBytes() const {
    uint64_t bytes = 0;
    for (size_t i = 0; i < problems.size(); ++i)
      for (size_t k = 0; k < problems[i].ins.size(); ++k)
        if (problems[i].constant[k])
          bytes += 4 * kernels::tileElems(options[i][choice[i]].ins[k]);
    return bytes;
  }

  Rect rect;
  Costs costs;
  solve::LayoutProblem problem;
  std::vector<unsigned> choice;
  SmallVector<Value> values; // by node
  std::vector<Problem> problems;
  std::vector<std::vector<Option>> options;
  llvm::DenseMap<Value, int> nodeOf; // lookups only

private:
  void addInput(BlockArgument arg) {
    solve::LayoutNode node;
    Problem p;
    RankedTensorType type = stored(arg.getType());
    p.out = type;
    p.config = DictionaryAttr::get(type.getContext());
    std::vector<Option> opts;
    for (int8_t axis : {kernels::None, kernels::X, kernels::Y}) {
      if (axis != kernels::None &&
          (type.getRank() == 0 || type.getShape().back() == 1))
        continue;
      opts.push_back({"input", {}, kernels::laidOut(type, rect, axis)});
      node.options.push_back({{}, axis, 0});
    }
    append(arg, std::move(node), std::move(p), std::move(opts));
  }

  LogicalResult addOp(Operation *op) {
    Problem p = problemOf(op);
    std::string why;
    std::vector<Option> opts = kernels::allOptions(p, rect, why);
    if (opts.empty())
      return op->emitOpError("cannot be mapped: ") << why;
    solve::LayoutNode node;
    for (Value v : op->getOperands())
      node.operands.push_back(isConstant(v) ? -1 : nodeOf.lookup(v));
    for (const Option &o : opts) {
      solve::LayoutOption lo;
      for (size_t k = 0; k < op->getNumOperands(); ++k)
        lo.ins.push_back(p.constant[k] ? -1 : kernels::axisOf(o.ins[k]));
      lo.out = kernels::axisOf(o.out);
      bool alias = p.op == "nn.reshape" && isAlias(p);
      lo.cost = alias ? 0 : costs.of(p, o).cycles;
      node.options.push_back(lo);
    }
    append(op->getResult(0), std::move(node), std::move(p), std::move(opts));
    return success();
  }

  static bool isAlias(const Problem &p) {
    return p.ins[0].getRank() && p.out.getRank() &&
           p.ins[0].getShape().back() == p.out.getShape().back();
  }

  Problem problemOf(Operation *op) {
    Problem p;
    p.op = op->getName().getStringRef().str();
    NamedAttrList config(op->getDiscardableAttrDictionary());
    for (NamedAttribute a : op->getAttrDictionary())
      config.set(a.getName(), a.getValue());
    if (auto cast = dyn_cast<nn::CastOp>(op)) {
      auto name = [](Type t) {
        std::string s;
        llvm::raw_string_ostream(s) << getElementTypeOrSelf(t);
        return s;
      };
      OpBuilder b(op);
      config.set("from", b.getStringAttr(name(op->getOperand(0).getType())));
      config.set("to", b.getStringAttr(name(op->getResult(0).getType())));
    }
    p.config = config.getDictionary(op->getContext());
    for (Value v : op->getOperands()) {
      p.ins.push_back(stored(v.getType()));
      p.constant.push_back(isConstant(v));
    }
    p.out = stored(op->getResult(0).getType());
    if (isa<nn::PowOp>(op))
      rewritePow(op, p);
    return p;
  }

  /// Powers that have a kernel: 2 (square) and 0.5 (sqrt).
  static void rewritePow(Operation *op, Problem &p) {
    std::optional<double> e = constantScalar(op->getOperand(1));
    if (e && *e == 2.0)
      p.op = "nn.square";
    else if (e && *e == 0.5)
      p.op = "nn.sqrt";
  }

  void append(Value v, solve::LayoutNode node, Problem p,
              std::vector<Option> opts) {
    nodeOf[v] = int(values.size());
    values.push_back(v);
    problem.nodes.push_back(std::move(node));
    problems.push_back(std::move(p));
    options.push_back(std::move(opts));
  }
};

/// Writes a solved candidate as wafer IR.
class Writer {
public:
  Writer(Candidate &c, nn::ProgramOp program, const Target &t)
      : c(c), program(program), target(t),
        module(program->getParentOfType<ModuleOp>()), b(program) {}

  void write() {
    Location loc = program.getLoc();
    auto ret = cast<nn::ReturnOp>(program.getBody().front().getTerminator());
    SmallVector<Attribute> inNames, outNames;
    for (unsigned i = 0; i < program.getArgumentTypes().size(); ++i)
      inNames.push_back(b.getStringAttr(program.getInputName(i)));
    for (unsigned i = 0; i < ret.getNumOperands(); ++i)
      outNames.push_back(b.getStringAttr(program.getOutputName(i)));
    auto waferProgram = wafer::ProgramOp::create(
        b, loc, "main", b.getArrayAttr(inNames), b.getArrayAttr(outNames),
        b.getDenseI64ArrayAttr({target.gridW.value, target.gridH.value}),
        wafer::TargetAttr::get(b.getContext(), printTarget(target)));
    Block *body = b.createBlock(&waferProgram.getBody());
    for (Type t : program.getArgumentTypes())
      body->addArgument(t, loc);
    writeStage(body, ret, loc);
    module->setAttr("weft.outputs", outputTypes(ret));
    program->erase();
  }

private:
  Candidate &c;
  nn::ProgramOp program;
  const Target &target;
  ModuleOp module;
  OpBuilder b;
  SmallVector<Value> laid;                       // by node
  std::map<std::pair<int, int>, Value> relaid;   // (node, axis)
  llvm::MapVector<Value, std::string> constants; // nn value -> symbol
  unsigned nextConstant = 0;

  /// The ONNX types of the outputs: what the host converts to.
  ArrayAttr outputTypes(nn::ReturnOp ret) {
    SmallVector<Attribute> types;
    for (Value v : ret.getOperands())
      types.push_back(TypeAttr::get(v.getType()));
    return b.getArrayAttr(types);
  }

  void writeStage(Block *body, nn::ReturnOp ret, Location loc) {
    // Results: every output that is computed; constants and inputs pass by.
    SmallVector<Type> resultTypes;
    for (Value v : ret.getOperands())
      if (!isConstant(v) && !isa<BlockArgument>(v))
        resultTypes.push_back(
            c.options[c.nodeOf[v]][c.choice[c.nodeOf[v]]].out);
    auto stage = wafer::StageOp::create(
        b, loc, resultTypes, "s0", DenseI64ArrayAttr(),
        b.getDenseI64ArrayAttr({c.rect.w, c.rect.h}), body->getArguments());
    Block *inner = b.createBlock(&stage.getBody());
    for (BlockArgument arg : body->getArguments())
      inner->addArgument(arg.getType(), loc);
    for (size_t i = 0; i < c.values.size(); ++i)
      laid.push_back(writeNode(int(i), inner));
    SmallVector<Value> yields;
    for (Value v : ret.getOperands())
      if (!isConstant(v) && !isa<BlockArgument>(v))
        yields.push_back(laid[c.nodeOf[v]]);
    wafer::YieldOp::create(b, loc, yields);
    b.setInsertionPointToEnd(body);
    SmallVector<Value> returns;
    unsigned next = 0;
    for (Value v : ret.getOperands()) {
      if (isConstant(v))
        returns.push_back(nullptr);
      else if (auto arg = dyn_cast<BlockArgument>(v))
        returns.push_back(body->getArgument(arg.getArgNumber()));
      else
        returns.push_back(stage.getResult(next++));
    }
    for (auto [i, v] : llvm::enumerate(ret.getOperands()))
      if (!returns[i])
        returns[i] = constantResult(v, loc);
    wafer::ReturnOp::create(b, loc, returns);
  }

  Value constantResult(Value v, Location loc) {
    auto type = cast<RankedTensorType>(v.getType());
    return wafer::PlaceOp::create(
        b, loc, kernels::laidOut(stored(type), c.rect, kernels::None), Value(),
        FlatSymbolRefAttr::get(b.getContext(), constantSymbol(v)));
  }

  Value writeNode(int i, Block *inner) {
    const Problem &p = c.problems[i];
    const Option &o = c.options[i][c.choice[i]];
    if (auto arg = dyn_cast<BlockArgument>(c.values[i])) {
      if (arg.use_empty())
        return nullptr;
      return wafer::PlaceOp::create(b, arg.getLoc(), o.out,
                                    inner->getArgument(arg.getArgNumber()),
                                    FlatSymbolRefAttr());
    }
    Operation *op = c.values[i].getDefiningOp();
    SmallVector<Value> operands;
    for (auto [k, v] : llvm::enumerate(op->getOperands())) {
      if (k >= o.ins.size())
        break;
      operands.push_back(p.constant[k] ? placeConstant(v, o.ins[k])
                                       : inLayout(c.nodeOf[v], o.ins[k]));
    }
    if (p.op == "nn.square" || p.op == "nn.sqrt")
      operands.truncate(1);
    NamedAttrList config(p.config);
    if (o.validOnes) {
      operands.push_back(placeOnes(o.validOnes, o.ins.back(), op->getLoc()));
      config.set("valid_ones", b.getI64IntegerAttr(o.validOnes));
    }
    return wafer::KernelOp::create(b, op->getLoc(), o.out, o.algorithm, p.op,
                                   operands,
                                   config.getDictionary(b.getContext()));
  }

  Value inLayout(int node, RankedTensorType wanted) {
    Value have = laid[node];
    int8_t axis = kernels::axisOf(wanted);
    if (kernels::axisOf(cast<RankedTensorType>(have.getType())) == axis)
      return have;
    Value &v = relaid[{node, axis}];
    if (!v)
      v = wafer::RelayoutOp::create(b, c.values[node].getLoc(), wanted, have);
    return v;
  }

  Value placeConstant(Value v, RankedTensorType type) {
    return wafer::PlaceOp::create(
        b, v.getLoc(), type, Value(),
        FlatSymbolRefAttr::get(b.getContext(), constantSymbol(v, type)));
  }

  Value placeOnes(int64_t n, RankedTensorType type, Location loc) {
    std::string name = "ones" + std::to_string(n);
    if (!module.lookupSymbol(name)) {
      auto plain = RankedTensorType::get({n}, b.getF32Type());
      OpBuilder::InsertionGuard guard(b);
      startConstant(name, plain, loc);
      Value v = nn::ConstantOp::create(
          b, loc, SplatElementsAttr::get(plain, b.getF32FloatAttr(1.0f)));
      wafer::YieldOp::create(b, loc, v);
    }
    return wafer::PlaceOp::create(b, loc, type, Value(),
                                  FlatSymbolRefAttr::get(b.getContext(), name));
  }

  void startConstant(StringRef name, RankedTensorType type, Location loc) {
    b.setInsertionPointToEnd(module.getBody());
    auto op = wafer::ConstantOp::create(b, loc, name, type);
    b.createBlock(&op.getBody());
  }

  /// The symbol of constant `v`, stored in the element type and shape of `as`.
  std::string constantSymbol(Value v, RankedTensorType as = {}) {
    auto type = cast<RankedTensorType>(v.getType());
    RankedTensorType wanted = stored(type);
    if (as && as.getShape() != type.getShape())
      wanted = RankedTensorType::get(as.getShape(), wanted.getElementType());
    std::string key = constants.count(v) && wanted.getShape() == type.getShape()
                          ? constants[v]
                          : "";
    if (!key.empty())
      return key;
    std::string name = "c" + std::to_string(nextConstant++);
    OpBuilder::InsertionGuard guard(b);
    startConstant(name, wanted, v.getLoc());
    IRMapping map;
    Value result = cloneConstant(v, map);
    if (wanted.getElementType() != type.getElementType())
      result = nn::CastOp::create(
          b, v.getLoc(),
          RankedTensorType::get(type.getShape(), wanted.getElementType()),
          result);
    if (wanted.getShape() != type.getShape())
      result = nn::ReshapeOp::create(b, v.getLoc(), wanted, result);
    wafer::YieldOp::create(b, v.getLoc(), result);
    if (wanted.getShape() == type.getShape())
      constants[v] = name;
    return name;
  }

  Value cloneConstant(Value v, IRMapping &map) {
    if (Value known = map.lookupOrNull(v))
      return known;
    Operation *op = v.getDefiningOp();
    for (Value operand : op->getOperands())
      cloneConstant(operand, map);
    b.clone(*op, map);
    return map.lookup(v);
  }
};

struct Partition : public PassWrapper<Partition, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Partition)
  explicit Partition(const Target &t) : target(t) {}
  Partition() = default;

  StringRef getArgument() const override { return "weft-partition"; }
  StringRef getDescription() const override {
    return "choose rectangle, kernels and layouts for an nn program";
  }
  void getDependentDialects(DialectRegistry &r) const override {
    r.insert<wafer::WaferDialect, fabric::FabricDialect, pe::PEDialect,
             scf::SCFDialect, arith::ArithDialect, memref::MemRefDialect>();
  }

  void runOnOperation() override {
    auto programs = llvm::to_vector(getOperation().getOps<nn::ProgramOp>());
    for (nn::ProgramOp program : programs) {
      std::unique_ptr<Candidate> best;
      uint64_t bestCost = 0;
      bool bestFits = false;
      for (const Rect &r : rectangles()) {
        auto c = std::make_unique<Candidate>(program, r, target);
        if (failed(c->build(program)))
          return signalPassFailure();
        uint64_t cost = c->solve();
        bool fits = c->constantBytes() * 9 / 8 <
                    target.sramBytes - target.reservedBytes;
        if (!best || (fits && !bestFits) ||
            (fits == bestFits && fits && cost < bestCost)) {
          best = std::move(c);
          bestCost = cost;
          bestFits = fits;
        }
      }
      Writer(*best, program, target).write();
    }
  }

  /// Rectangles worth trying, largest first: the grid and shapes whose sides
  /// shrink by halves. At most 25, whatever the grid.
  SmallVector<Rect> rectangles() {
    auto sides = [](int64_t n) {
      SmallVector<int64_t> s{n};
      for (int64_t p = 256; p >= 16; p /= 2)
        if (p < n && s.size() < 5)
          s.push_back(p);
      return s;
    };
    SmallVector<Rect> out;
    for (int64_t w : sides(target.gridW))
      for (int64_t h : sides(target.gridH))
        out.push_back({0, 0, w, h});
    return out;
  }

  Target target;
};
} // namespace

std::unique_ptr<Pass> weft::createPartitionPass(const Target &t) {
  return std::make_unique<Partition>(t);
}
