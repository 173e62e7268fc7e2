//===- PEOps.cpp - Verifiers of what a PE executes ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Vector instructions and their operands: numbers of elements, types, limits
// of the encoding. The op classes themselves are compiled in PEProgramOps.cpp.
//
//===----------------------------------------------------------------------===//
#include "PE/PEOps.h"
#include "mlir/IR/Builders.h"
#include "weft/Binary/Isa.h"

using namespace mlir;
using namespace weft::pe;

bool weft::pe::isStorageElement(Type t) {
  return t.isF32() || t.isF16() || t.isBF16() || t.isSignlessInteger(32) ||
         t.isSignlessInteger(16);
}

FailureOr<SmallVector<int64_t>> weft::pe::staticStrides(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (failed(type.getStridesAndOffset(strides, offset)) ||
      llvm::is_contained(strides, ShapedType::kDynamic))
    return failure();
  return strides;
}

namespace {
enum class Kind { Any, Float, Int };
/// What an instruction takes: the number of sources and the kinds of elements.
struct Signature {
  unsigned sources;
  Kind dst, src;
};
} // namespace

static Signature signatureOf(VecOpcode op) {
  switch (op) {
  case VecOpcode::VMov:
    return {1, Kind::Any, Kind::Any};
  case VecOpcode::VFNeg:
  case VecOpcode::VFAbs:
    return {1, Kind::Float, Kind::Float};
  case VecOpcode::VFAdd:
  case VecOpcode::VFSub:
  case VecOpcode::VFMul:
  case VecOpcode::VFMax:
  case VecOpcode::VFMin:
  case VecOpcode::VFMac:
    return {2, Kind::Float, Kind::Float};
  case VecOpcode::VI2F:
    return {1, Kind::Float, Kind::Int};
  case VecOpcode::VF2I:
    return {1, Kind::Int, Kind::Float};
  case VecOpcode::VFLt:
  case VecOpcode::VFLe:
  case VecOpcode::VFEq:
    return {2, Kind::Int, Kind::Float};
  case VecOpcode::VSel:
    return {2, Kind::Any, Kind::Any};
  default:
    return {2, Kind::Int, Kind::Int};
  }
}

static Type elementOf(Value v) {
  auto m = dyn_cast<MemRefType>(v.getType());
  return m ? m.getElementType() : v.getType();
}

/// Wavelets have no type of their own and fit any instruction; so do 32-bit
/// elements, whose raw bits an op reads as its name says (machine-model.md).
static bool fits(Kind kind, Value v) {
  Type e = elementOf(v);
  if (kind == Kind::Any || llvm::isa<FabInType, FabOutType>(e) ||
      e.getIntOrFloatBitWidth() == 32)
    return true;
  return kind == Kind::Float ? llvm::isa<FloatType>(e)
                             : llvm::isa<IntegerType>(e);
}

/// R-OP-1 as far as the encoding limits it; the target's own limits are
/// checked at emission.
static LogicalResult verifyDsd(Operation *op, MemRefType type) {
  FailureOr<SmallVector<int64_t>> strides = staticStrides(type);
  if (failed(strides))
    return op->emitOpError("strides of ") << type << " are not static (R-OP-1)";
  if (type.getRank() > weft::isa::MaxDsdDims)
    return op->emitOpError("operand of rank ")
           << type.getRank() << ", a DSD has at most " << weft::isa::MaxDsdDims
           << " dimensions (R-OP-1)";
  for (auto [n, s] : llvm::zip(type.getShape(), *strides)) {
    if (n < 1 || n > UINT16_MAX)
      return op->emitOpError("extent ")
             << n << " is not in 1 to 65535 (R-OP-1)";
    if (n > 1 && (s < INT16_MIN || s > INT16_MAX))
      return op->emitOpError("stride ")
             << s << " is not in -32768 to 32767 elements (R-OP-1)";
  }
  Type e = type.getElementType();
  if (!isStorageElement(e))
    return op->emitOpError("element type ")
           << e << " is not one of f32, f16, bf16, i32, i16";
  return success();
}

/// R-OP-1, R-OP-2, R-OP-3 over all operands of `op`.
static LogicalResult verifyLength(Operation *op, ValueRange operands,
                                  std::optional<uint32_t> length) {
  std::optional<int64_t> n;
  for (Value v : operands) {
    auto m = dyn_cast<MemRefType>(v.getType());
    if (!m)
      continue;
    if (failed(verifyDsd(op, m)))
      return failure();
    if (n && *n != m.getNumElements())
      return op->emitOpError("operands have ")
             << *n << " and " << m.getNumElements() << " elements (R-OP-2)";
    n = m.getNumElements();
  }
  if (!n && !length)
    return op->emitOpError("has no operand in memory and states no length "
                           "(R-OP-3)");
  if (length && (*length < 1 || *length > UINT16_MAX))
    return op->emitOpError("length ")
           << int32_t(*length) << " is not in 1 to 65535 (R-OP-1)";
  if (n && length && *n != int64_t(*length))
    return op->emitOpError("states length ")
           << *length << ", its operands have " << *n << " elements (R-OP-2)";
  return success();
}

void VecOp::build(OpBuilder &b, OperationState &s, VecOpcode opcode, Value dst,
                  ValueRange srcs, std::optional<uint32_t> length,
                  std::optional<uint32_t> async) {
  s.addAttribute(getOpcodeAttrName(s.name),
                 VecOpcodeAttr::get(b.getContext(), opcode));
  if (length)
    s.addAttribute(getLengthAttrName(s.name), b.getI32IntegerAttr(*length));
  if (async)
    s.addAttribute(getAsyncAttrName(s.name), b.getI32IntegerAttr(*async));
  s.addOperands(dst);
  s.addOperands(srcs);
}

LogicalResult VecOp::verify() {
  Signature sig = signatureOf(getOpcode());
  if (getSrcs().size() != sig.sources)
    return emitOpError(stringifyVecOpcode(getOpcode()))
           << " takes " << sig.sources << " sources, not " << getSrcs().size();
  if (!fits(sig.dst, getDst()))
    return emitOpError(stringifyVecOpcode(getOpcode()))
           << " cannot write elements of type " << elementOf(getDst());
  for (Value v : getSrcs())
    if (!fits(sig.src, v))
      return emitOpError(stringifyVecOpcode(getOpcode()))
             << " cannot read elements of type " << elementOf(v);
  bool accumulates =
      getOpcode() == VecOpcode::VFMac || getOpcode() == VecOpcode::VSel;
  if (accumulates && llvm::isa<FabOutType>(getDst().getType()))
    return emitOpError(stringifyVecOpcode(getOpcode()))
           << " reads its destination, which cannot be a queue (R-QUE-4)";
  if (getAsync() && *getAsync() > 15)
    return emitOpError("microthread ")
           << int32_t(*getAsync()) << " is not in 0 to 15 (R-OP-4)";
  if (getAdvance() && !llvm::isa<FabOutType>(getDst().getType()))
    return emitOpError("advances the switch of no output queue (R-FAB-10)");
  return verifyLength(*this, getOperands(), getLength());
}

void ReduceOp::build(OpBuilder &b, OperationState &s, ReduceOpcode opcode,
                     Value init, ValueRange srcs,
                     std::optional<uint32_t> length) {
  s.addAttribute(getOpcodeAttrName(s.name),
                 ReduceOpcodeAttr::get(b.getContext(), opcode));
  if (length)
    s.addAttribute(getLengthAttrName(s.name), b.getI32IntegerAttr(*length));
  s.addOperands(init);
  s.addOperands(srcs);
  s.addTypes(init.getType());
}

LogicalResult ReduceOp::verify() {
  unsigned want = getOpcode() == ReduceOpcode::VFDot ? 2 : 1;
  if (getSrcs().size() != want)
    return emitOpError(stringifyReduceOpcode(getOpcode()))
           << " takes " << want << " sources, not " << getSrcs().size();
  for (Value v : getSrcs())
    if (!fits(Kind::Float, v))
      return emitOpError("reduces elements of type ")
             << elementOf(v) << " into " << getInit().getType();
  return verifyLength(*this, getSrcs(), getLength());
}

LogicalResult RetypeOp::verify() {
  auto from = cast<MemRefType>(getSource().getType());
  auto to = cast<MemRefType>(getResult().getType());
  if (from.getShape() != to.getShape() || from.getLayout() != to.getLayout())
    return emitOpError("changes shape or strides from ")
           << from << " to " << to;
  if (from.getElementTypeBitWidth() != to.getElementTypeBitWidth())
    return emitOpError("elements of ")
           << from.getElementType() << " and " << to.getElementType()
           << " differ in width";
  return success();
}

void CoordOp::getAsmResultNames(OpAsmSetValueNameFn set) {
  set(getResult(), stringifyAxis(getAxis()));
}

LogicalResult CoordOp::verify() {
  if (getAxis() == Axis::None)
    return emitOpError("reads 'x' or 'y'");
  return success();
}
