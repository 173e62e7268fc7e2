//===- NNOps.h - The ops of the nn dialect --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Includes what the generated op classes need; users include only this.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_NN_OPS_H
#define WEFT_NN_OPS_H

#include "NN/NNDialect.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "NN/NNOps.h.inc"

namespace weft::nn {

/// The numpy broadcast of two shapes; failure if they do not broadcast.
mlir::FailureOr<llvm::SmallVector<int64_t>>
broadcastShapes(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

} // namespace weft::nn
#endif
