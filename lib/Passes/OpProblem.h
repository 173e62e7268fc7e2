//===- OpProblem.h - nn ops as problems of kernels ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_OPPROBLEM_H
#define WEFT_LIB_PASSES_OPPROBLEM_H

#include "weft/Kernels/Kernel.h"

namespace weft {

/// `t` with the element type in which PEs store it.
mlir::RankedTensorType stored(mlir::Type t);

/// A problem, and the values that are its operands.
struct OpProblem {
  kernels::Problem problem;
  llvm::SmallVector<mlir::Value> operands;
};

/// One op by itself.
OpProblem problemOf(mlir::Operation *op);
/// The ops that end in the last, one step each, as a "wafer.chain".
OpProblem chainOf(llvm::ArrayRef<mlir::Operation *> ops);

/// A cast between floats that the host does on the way in or out: the only
/// reader of an input, or between a computed value and an output.
bool isHostCast(mlir::Operation *op);

} // namespace weft

#endif
