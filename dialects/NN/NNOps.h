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

/// Of a program at any level: the states name inputs and outputs of equal
/// shapes, each once, and their host views hold as many elements. An output
/// without a known type is null.
mlir::LogicalResult verifyStates(mlir::Operation *op, mlir::ArrayAttr states,
                                 mlir::TypeRange inputs,
                                 llvm::ArrayRef<mlir::Type> outputs);

/// The state that input (output) `i` of a program with these states is part of,
/// or null.
StateAttr stateOfInput(mlir::ArrayAttr states, unsigned i);
StateAttr stateOfOutput(mlir::ArrayAttr states, unsigned i);

} // namespace weft::nn
#endif
