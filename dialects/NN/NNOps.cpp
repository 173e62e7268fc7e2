//===- NNOps.cpp - Assembly, verifiers and folds of nn ops ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What the ODS cannot say. Shapes of inferred ops are checked in NNInfer.cpp.
//
//===----------------------------------------------------------------------===//
#include "NN/NNOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace weft::nn;

#define GET_OP_CLASSES
#include "NN/NNOps.cpp.inc"

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Module level
//===----------------------------------------------------------------------===//

LogicalResult WeightOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  uint64_t expected =
      uint64_t(type.getNumElements()) * elementBytes(type.getElementType());
  if (getValue().getBytes() != expected)
    return emitOpError("refers to ") << getValue().getBytes() << " bytes, but "
                                     << type << " has " << expected;
  return success();
}

ParseResult ProgramOp::parse(OpAsmParser &parser, OperationState &result) {
  auto build = [](Builder &builder, ArrayRef<Type> in, ArrayRef<Type> out,
                  function_interface_impl::VariadicFlag,
                  std::string &) { return builder.getFunctionType(in, out); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), build,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void ProgramOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult ProgramOp::verify() {
  auto isTensor = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  };
  for (auto [i, type] : llvm::enumerate(getArgumentTypes()))
    if (!isTensor(type))
      return emitOpError("has input #")
             << i << " of type " << type
             << ", expected a ranked tensor of static shape";
  if (getBody().empty() || !isa<ReturnOp>(getBody().front().back()))
    return emitOpError("must end with nn.return");
  return verifyStates(*this, getStateAttr(), getArgumentTypes(),
                      SmallVector<Type>(getResultTypes()));
}

StringRef ProgramOp::getInputName(unsigned i) {
  auto name = getArgAttrOfType<StringAttr>(i, "nn.name");
  return name ? name.getValue() : StringRef();
}

StringRef ProgramOp::getOutputName(unsigned i) {
  auto name = getResultAttrOfType<StringAttr>(i, "nn.name");
  return name ? name.getValue() : StringRef();
}

LogicalResult ReturnOp::verify() {
  auto program = cast<ProgramOp>((*this)->getParentOp());
  ArrayRef<Type> expected = program.getResultTypes();
  if (expected.size() != getNumOperands())
    return emitOpError("has ")
           << getNumOperands() << " operands, but '" << program.getSymName()
           << "' has " << expected.size() << " outputs";
  for (auto [i, type] : llvm::enumerate(expected))
    if (getOperand(i).getType() != type)
      return emitOpError("has operand #")
             << i << " of type " << getOperand(i).getType() << ", but output #"
             << i << " of '" << program.getSymName() << "' is " << type;
  return success();
}

LogicalResult LoadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto weight =
      symbols.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight)
    return emitOpError("refers to '")
           << getWeight() << "', which is no nn.weight of the module";
  if (weight.getType() != getType()) {
    InFlightDiagnostic diag = emitOpError("has type ")
                              << getType() << ", but weight '" << getWeight()
                              << "' is " << weight.getType();
    diag.attachNote(weight.getLoc()) << "weight declared here";
    return diag;
  }
  return success();
}

void LoadOp::getAsmResultNames(
    llvm::function_ref<void(Value, StringRef)> setName) {
  setName(getResult(), getWeight());
}

LogicalResult ConstantOp::verify() {
  constexpr int64_t limit = 4096;
  auto type = cast<RankedTensorType>(getType());
  int64_t bytes = type.getNumElements() * elementBytes(type.getElementType());
  if (bytes > limit && !getValue().isSplat())
    return emitOpError("holds ") << bytes << " bytes, at most " << limit
                                 << " are allowed inline; use nn.weight";
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult GeluOp::verify() {
  if (getApproximate() != "none" && getApproximate() != "tanh")
    return emitOpError("has approximate \"")
           << getApproximate() << "\", expected \"none\" or \"tanh\"";
  return success();
}

LogicalResult BitCastOp::verify() {
  Type from = tensorType(getX()).getElementType(),
       to = tensorType(getResult()).getElementType();
  if (from.getIntOrFloatBitWidth() != to.getIntOrFloatBitWidth())
    return emitOpError("takes ")
           << from << " for " << to << ", expected types of one width";
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType from = tensorType(getX()), to = tensorType(getResult());
  if (from.getElementType() != to.getElementType())
    return emitOpError("changes the element type from ")
           << from.getElementType() << " to " << to.getElementType();
  if (from.getNumElements() != to.getNumElements())
    return emitOpError("changes the number of elements from ")
           << from.getNumElements() << " to " << to.getNumElements();
  return success();
}

LogicalResult ExpandOp::verify() {
  RankedTensorType from = tensorType(getX()), to = tensorType(getResult());
  if (from.getElementType() != to.getElementType())
    return emitOpError("changes the element type from ")
           << from.getElementType() << " to " << to.getElementType();
  auto shape = broadcastShapes(from.getShape(), to.getShape());
  if (failed(shape) || ArrayRef<int64_t>(*shape) != to.getShape())
    return emitOpError("cannot broadcast ") << from << " to " << to;
  return success();
}

//===----------------------------------------------------------------------===//
// Folds: ops that change nothing
//===----------------------------------------------------------------------===//

template <typename OpTy> static OpFoldResult foldToOperand(OpTy op) {
  return op.getX().getType() == op.getResult().getType()
             ? OpFoldResult(op.getX())
             : OpFoldResult();
}

OpFoldResult CastOp::fold(FoldAdaptor) { return foldToOperand(*this); }

OpFoldResult BitCastOp::fold(FoldAdaptor) { return foldToOperand(*this); }

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (OpFoldResult same = foldToOperand(*this))
    return same;
  auto inner = getX().getDefiningOp<ReshapeOp>();
  if (!inner)
    return {};
  setOperand(inner.getX());
  return getResult();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  for (auto [i, axis] : llvm::enumerate(getPerm()))
    if (int64_t(i) != axis)
      return {};
  return getX();
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  bool whole = getX().getType() == getResult().getType() &&
               llvm::all_of(getSteps(), [](int64_t s) { return s == 1; });
  return whole ? OpFoldResult(getX()) : OpFoldResult();
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? OpFoldResult(getInputs().front())
                                 : OpFoldResult();
}

OpFoldResult ExpandOp::fold(FoldAdaptor) { return foldToOperand(*this); }
