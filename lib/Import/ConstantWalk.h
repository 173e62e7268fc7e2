//===- ConstantWalk.h - Parts of constant expressions ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What evaluating an expression (Constant.cpp) and looking at it without
// evaluating (ConstantScalar.cpp) share.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_CONSTANTWALK_H
#define WEFT_LIB_IMPORT_CONSTANTWALK_H

#include "NN/NNOps.h"
#include "weft/Import/Constant.h"

namespace weft {

/// Whether `value` is constant; false, too, if more than `limit` values have to
/// be looked at.
bool isConstantWithin(mlir::Value value, size_t limit);

/// The values that `value` is made of, operands first, each once.
llvm::SmallVector<mlir::Value> operandsFirst(mlir::Value value);

HostTensor elementsOf(mlir::DenseElementsAttr attr);
llvm::Expected<HostTensor> readWeight(nn::LoadOp load); // borrows its bytes

/// What evaluateTensor does; what is computed is taken off `left`.
llvm::Expected<HostTensor> evaluateWithin(mlir::Value value, int64_t &left);

} // namespace weft
#endif
