//===- FabricOps.cpp - Verifiers of the fabric dialect --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Fabric/FabricOps.h"
#include "NN/NNOps.h"
#include "Wafer/WaferOps.h"

using namespace mlir;
using namespace weft::fabric;

#define GET_OP_CLASSES
#include "Fabric/FabricOps.cpp.inc"

LogicalResult ProgramOp::verify() {
  if (getGrid().size() != 2 || getGrid()[0] < 1 || getGrid()[1] < 1)
    return emitOpError("grid must be [width, height], both at least 1");
  auto count = [](auto list) { return list ? list->size() : 0; };
  if (count(getInputNames()) != count(getInputTypes()))
    return emitOpError("has ") << count(getInputNames()) << " input names and "
                               << count(getInputTypes()) << " input types";
  if (count(getOutputNames()) != count(getOutputSources()))
    return emitOpError("has ")
           << count(getOutputNames()) << " output names and "
           << count(getOutputSources()) << " output sources";
  SmallVector<Type> inputs;
  if (getInputTypes())
    llvm::append_range(inputs, getInputTypes()->getAsValueRange<TypeAttr>());
  return weft::nn::verifyStates(*this, getStateAttr(), inputs,
                                SmallVector<Type>(count(getOutputNames())));
}

LogicalResult RegionOp::verify() {
  auto program = cast<ProgramOp>((*this)->getParentOp());
  ArrayRef<int64_t> grid = program.getGrid();
  if (getAt().size() != 2 || getSize().size() != 2 || grid.size() != 2)
    return emitOpError("'at', 'size' and the grid must have two numbers");
  for (int i : {0, 1})
    if (getAt()[i] < 0 || getSize()[i] < 1 ||
        getSize()[i] > grid[i] - getAt()[i])
      return emitOpError("rectangle [")
             << getAt()[0] << ", " << getAt()[1] << "] + [" << getSize()[0]
             << ", " << getSize()[1] << "] leaves the grid of [" << grid[0]
             << ", " << grid[1] << "]";
  return success();
}

/// How many words a buffer has is known.
static LogicalResult checkWords(Operation *op, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  unsigned bits =
      type.getElementType().isIntOrFloat() ? type.getElementTypeBitWidth() : 0;
  if (type.hasStaticShape() && (bits == 16 || bits == 32))
    return success();
  return op->emitOpError("has ")
         << type << ", allowed are static shapes of 16 and 32 bit elements";
}

LogicalResult BufferOp::verify() {
  StringRef classes[] = {"weights", "activations", "buffers", "io"};
  if (!llvm::is_contained(classes, getMemClass()))
    return emitOpError("found memory class '")
           << getMemClass()
           << "', allowed are weights, activations, buffers and io";
  if ((getInit() || getInput() || getOutput()) && !getTensor())
    return emitOpError("with init, input or output needs 'tensor'");
  if (getTensor() && !wafer::layoutOf(*getTensor()))
    return emitOpError("'tensor' needs a layout, found ") << *getTensor();
  SmallVector<Attribute> outputs;
  if (getOutput())
    llvm::append_range(outputs, *getOutput());
  for (Attribute i : outputs)
    if (cast<IntegerAttr>(i).getInt() < 0)
      return emitOpError("is output ")
             << cast<IntegerAttr>(i).getInt() << ", allowed are 0 and up";
  if (int64_t i = getInput().value_or(0); i < 0)
    return emitOpError("is input ") << i << ", allowed are 0 and up";
  return checkWords(*this, getResult());
}

LogicalResult KernelOp::verifyRegions() {
  Block &body = getBody().front();
  if (body.empty() || !isa<ReturnOp>(body.back()))
    return emitOpError("body must end with fabric.return");
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel =
      symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("names kernel '")
           << getKernel() << "', which is not here";
  if (kernel.getBody().getArgumentTypes() == getOperandTypes())
    return success();
  auto diag = emitOpError("operand types differ from the kernel's arguments");
  diag.attachNote(kernel.getLoc()) << "kernel here";
  return diag;
}

LogicalResult ValueOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  auto laid = dyn_cast<RankedTensorType>(getTensor());
  wafer::LayoutAttr layout = laid ? wafer::layoutOf(laid) : wafer::LayoutAttr();
  if (!layout || !layout.getPartial().empty())
    return emitOpError("'tensor' needs a layout without partial sums, found ")
           << getTensor();
  if (!type || type.getEncoding() || type.getShape() != laid.getShape())
    return emitOpError("may change only the element type, found ")
           << laid << " as " << getType();
  Operation *before = (*this)->getPrevNode();
  while (isa_and_nonnull<ValueOp, BufferOp>(before))
    before = before->getPrevNode();
  if (!isa_and_nonnull<LaunchOp>(before))
    return emitOpError("stands after the launch that writes the buffer, found "
                       "none before it");
  return success();
}

LogicalResult ReduceOp::verify() { return checkWords(*this, getBuffer()); }

LogicalResult MulticastOp::verify() { return checkWords(*this, getBuffer()); }

/// `name` is a stream channel.
static LogicalResult checkStream(Operation *op, Value buffer,
                                 FlatSymbolRefAttr name,
                                 SymbolTableCollection &symbols) {
  auto channel = symbols.lookupNearestSymbolFrom<ChannelOp>(op, name);
  if (!channel || channel.getKind() != "stream")
    return op->emitOpError("names '")
           << name.getValue() << "', which is no channel of kind stream";
  return checkWords(op, buffer);
}

LogicalResult SendOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return checkStream(*this, getBuffer(), getChannelAttr(), symbols);
}

LogicalResult RecvOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return checkStream(*this, getBuffer(), getChannelAttr(), symbols);
}

LogicalResult ChannelOp::verify() {
  StringRef kinds[] = {"chain_even", "chain_odd", "multicast", "stream"};
  if (!llvm::is_contained(kinds, getKind()))
    return emitOpError("found kind '")
           << getKind()
           << "', allowed are chain_even, chain_odd, multicast and stream";
  if ((getKind() == "stream") != bool(getPeer()))
    return emitOpError("of kind stream, and no other, names a peer region");
  if (getPeer() && getAxis() != Axis::X)
    return emitOpError("of kind stream runs along x");
  if (int64_t c = getColor().value_or(0); c < 0 || c > 255)
    return emitOpError("has color ") << c << ", allowed are 0 to 255";
  return success();
}

LogicalResult ChannelOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto find = [&](FlatSymbolRefAttr name) {
    auto region = symbols.lookupNearestSymbolFrom<RegionOp>(*this, name);
    if (!region)
      emitOpError("names region '")
          << name.getValue() << "', which is not here";
    return region;
  };
  RegionOp from = find(getRegionAttr());
  if (!from || !getPeer())
    return success(bool(from));
  RegionOp to = find(getPeerAttr());
  if (!to)
    return failure();
  ArrayRef<int64_t> a = from.getAt(), s = from.getSize(), b = to.getAt();
  if (a[1] == b[1] && s[1] == to.getSize()[1] && a[0] + s[0] <= b[0])
    return success();
  auto diag = emitOpError("must lead east, to a region on the same rows");
  diag.attachNote(from.getLoc()) << "from here";
  diag.attachNote(to.getLoc()) << "to here";
  return diag;
}
