//===- WaferWriter.cpp - A solved candidate as wafer IR -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "WaferWriter.h"
#include "weft/Import/Constant.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace weft;

namespace {
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
        wafer::TargetAttr::get(b.getContext(), printTarget(target)),
        program.getStateAttr());
    Block *body = b.createBlock(&waferProgram.getBody());
    for (Type t : program.getArgumentTypes())
      body->addArgument(t, loc);
    writeStage(body, ret, loc);
    module->setAttr("weft.outputs", outputTypes(ret));
    module->setAttr("weft.rtol", b.getF64FloatAttr(tolerance()));
    program->erase();
  }

private:
  Candidate &c;
  nn::ProgramOp program;
  const Target &target;
  ModuleOp module;
  OpBuilder b;
  SmallVector<Value> laid;                     // by node
  std::map<std::pair<int, int>, Value> relaid; // (node, axis)
  /// (nn value, type) -> symbol
  llvm::MapVector<std::pair<Value, Type>, std::string> constants;
  llvm::DenseMap<Type, std::string> ones; // by their plain type

  /// The default of weft-run --expect, by the coarsest float of the program.
  double tolerance() {
    double rtol = 1e-5;
    auto look = [&](Type t) {
      Type e = getElementTypeOrSelf(t);
      rtol = std::max(rtol, e.isF16() ? 2e-3 : e.isBF16() ? 1e-2 : 0.0);
    };
    llvm::for_each(program.getArgumentTypes(), look);
    program.walk(
        [&](Operation *op) { llvm::for_each(op->getResultTypes(), look); });
    return rtol;
  }

  /// The ONNX types of the outputs: what the host converts to.
  ArrayAttr outputTypes(nn::ReturnOp ret) {
    SmallVector<Attribute> types;
    for (Value v : ret.getOperands())
      types.push_back(TypeAttr::get(v.getType()));
    return b.getArrayAttr(types);
  }

  static bool isComputed(Value v) {
    return !isConstant(v) && !isa<BlockArgument>(v);
  }

  /// The layout of output `i`; a state has that of its input.
  RankedTensorType resultType(nn::ReturnOp ret, unsigned i) {
    auto state = c.stateInput.find(i);
    int node = state != c.stateInput.end() ? state->second
                                           : c.nodeOf[ret.getOperand(i)];
    return c.chosen(node).out;
  }

  void writeStage(Block *body, nn::ReturnOp ret, Location loc) {
    // Results: every output that is computed; constants and inputs pass by.
    SmallVector<Type> resultTypes;
    for (unsigned i = 0; i < ret.getNumOperands(); ++i)
      if (isComputed(ret.getOperand(i)))
        resultTypes.push_back(resultType(ret, i));
    auto stage = wafer::StageOp::create(
        b, loc, resultTypes, "s0", DenseI64ArrayAttr(),
        b.getDenseI64ArrayAttr({c.rect.w, c.rect.h}), body->getArguments());
    Block *inner = b.createBlock(&stage.getBody());
    for (BlockArgument arg : body->getArguments())
      inner->addArgument(arg.getType(), loc);
    for (size_t i = 0; i < c.values.size(); ++i) {
      laid.push_back(writeNode(int(i), inner));
      nameValue(c.values[i], laid.back());
    }
    SmallVector<Value> yields;
    for (unsigned i = 0; i < ret.getNumOperands(); ++i)
      if (isComputed(ret.getOperand(i)))
        yields.push_back(
            inLayout(c.nodeOf[ret.getOperand(i)], resultType(ret, i)));
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
        FlatSymbolRefAttr::get(b.getContext(), constantSymbol(v, type)));
  }

  Value writeNode(int i, Block *inner) {
    const Problem &p = c.problems[i];
    const Option &o = c.chosen(i);
    if (auto arg = dyn_cast<BlockArgument>(c.values[i])) {
      // Without elements it takes no room; it can only be passed on.
      if (o.out.getNumElements() == 0)
        return nullptr;
      return wafer::PlaceOp::create(b, arg.getLoc(), o.out,
                                    inner->getArgument(arg.getArgNumber()),
                                    FlatSymbolRefAttr());
    }
    Location loc = c.locs[i];
    SmallVector<Value> operands;
    for (auto [k, v] : llvm::enumerate(c.operands[i]))
      operands.push_back(p.constant[k] ? placeConstant(v, o.ins[k])
                                       : inLayout(c.nodeOf[v], o.ins[k]));
    NamedAttrList config(p.config);
    if (o.validOnes) {
      operands.push_back(placeOnes(o.validOnes, o.ins.back(), loc));
      config.set("valid_ones", b.getI64IntegerAttr(o.validOnes));
    }
    return wafer::KernelOp::create(b, loc, o.out, o.algorithm, p.op, operands,
                                   config.getDictionary(b.getContext()));
  }

  /// Of a chain only the last value exists.
  void nameValue(Value v, Value laid) {
    if (!v.getDefiningOp())
      return;
    for (StringAttr name : nn::valueNamesOf(v.getLoc()))
      wafer::ValueOp::create(b, laid.getLoc(), name, laid,
                             TypeAttr::get(v.getType()));
  }

  Value inLayout(int node, RankedTensorType wanted) {
    Value have = laid[node];
    int8_t axis = kernels::axisOf(wanted);
    if (kernels::axisOf(cast<RankedTensorType>(have.getType())) == axis)
      return have;
    Value &v = relaid[{node, axis}];
    if (!v)
      v = wafer::RelayoutOp::create(
          b, nn::withoutValueNames(c.values[node].getLoc()), wanted, have);
    return v;
  }

  Value placeConstant(Value v, RankedTensorType type) {
    auto plain = RankedTensorType::get(type.getShape(), type.getElementType());
    return wafer::PlaceOp::create(
        b, v.getLoc(), type, Value(),
        FlatSymbolRefAttr::get(b.getContext(), constantSymbol(v, plain)));
  }

  Value placeOnes(int64_t n, RankedTensorType type, Location loc) {
    auto element = cast<FloatType>(type.getElementType());
    auto plain = RankedTensorType::get({n}, element);
    std::string &name = ones[plain];
    if (name.empty()) {
      name = "ones" + std::to_string(n);
      if (!element.isF32())
        llvm::raw_string_ostream(name) << "_" << element;
      name = unusedSymbol(name);
      OpBuilder::InsertionGuard guard(b);
      startConstant(name, plain, loc);
      Value v = nn::ConstantOp::create(
          b, loc, SplatElementsAttr::get(plain, b.getFloatAttr(element, 1.0)));
      wafer::YieldOp::create(b, loc, v);
    }
    return wafer::PlaceOp::create(b, loc, type, Value(),
                                  FlatSymbolRefAttr::get(b.getContext(), name));
  }

  /// `name`, or longer where one of the model's weights has that name.
  std::string unusedSymbol(std::string name) {
    while (module.lookupSymbol(name))
      name += "_";
    return name;
  }

  void startConstant(StringRef name, RankedTensorType type, Location loc) {
    b.setInsertionPointToEnd(module.getBody());
    auto op = wafer::ConstantOp::create(b, loc, name, type);
    b.createBlock(&op.getBody());
  }

  /// The symbol of constant `v` as a tensor of type `wanted`.
  std::string constantSymbol(Value v, RankedTensorType wanted) {
    std::string &name = constants[{v, wanted}];
    if (!name.empty())
      return name;
    name = unusedSymbol("c" + std::to_string(constants.size() - 1));
    OpBuilder::InsertionGuard guard(b);
    startConstant(name, wanted, v.getLoc());
    auto type = cast<RankedTensorType>(v.getType());
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
} // namespace

void weft::writeWafer(Candidate &c, nn::ProgramOp program,
                      const Target &target) {
  Writer(c, program, target).write();
}
