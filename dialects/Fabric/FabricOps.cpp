//===- FabricOps.cpp - Verifiers of the fabric dialect --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Fabric/FabricOps.h"
#include "Wafer/WaferOps.h"

using namespace mlir;
using namespace weft::fabric;

#define GET_OP_CLASSES
#include "Fabric/FabricOps.cpp.inc"

LogicalResult RegionOp::verify() {
  auto program = cast<ProgramOp>((*this)->getParentOp());
  if (getAt().size() != 2 || getSize().size() != 2 ||
      program.getGrid().size() != 2)
    return emitOpError("'at', 'size' and the grid must have two numbers");
  for (int i : {0, 1})
    if (getAt()[i] < 0 || getSize()[i] < 1 ||
        getAt()[i] + getSize()[i] > program.getGrid()[i])
      return emitOpError("rectangle [")
             << getAt()[0] << ", " << getAt()[1] << "] + [" << getSize()[0]
             << ", " << getSize()[1] << "] leaves the grid of ["
             << program.getGrid()[0] << ", " << program.getGrid()[1] << "]";
  return success();
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
  if (!cast<MemRefType>(getResult().getType()).hasStaticShape())
    return emitOpError("needs a static shape");
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  Block &body = getBody().front();
  if (body.empty() || !isa<ReturnOp>(body.back()))
    return emitOpError("body must end with fabric.return");
  return success();
}

LogicalResult LaunchOp::verify() {
  auto kernel =
      SymbolTable::lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("names kernel '") << getKernel()
                                         << "', which is not "
                                            "here";
  if (kernel.getBody().getArgumentTypes() != getOperandTypes()) {
    auto diag = emitOpError("operand types differ from the kernel's arguments");
    diag.attachNote(kernel.getLoc()) << "kernel here";
    return diag;
  }
  return success();
}

LogicalResult ChannelOp::verify() {
  StringRef kinds[] = {"chain_even", "chain_odd", "multicast", "stream"};
  if (!llvm::is_contained(kinds, getKind()))
    return emitOpError("found kind '")
           << getKind()
           << "', allowed are chain_even, chain_odd, multicast and stream";
  if ((getKind() == "stream") != bool(getPeer()))
    return emitOpError("of kind stream, and no other, names a peer region");
  return success();
}
