//===- ModelWork.h - What one step of a model asks of any machine ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_MODELWORK_H
#define WEFT_LIB_DRIVER_MODELWORK_H

#include "NN/NNOps.h"
#include "weft/Compare/Compare.h"

namespace weft {

/// Multiply-adds of the products of `op`, 0 if it has none. Of attention that
/// is causal only the keys that a query sees count.
uint64_t countMacs(mlir::Operation *op);

/// Counts over the whole program, without what is computed at compile time:
/// weights once each, a cache at its capacity, inputs and outputs.
compare::ModelWork measureWork(nn::ProgramOp program);

} // namespace weft

#endif
