//===- EvaluateMoves.h - Ops that move constant tensors -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The part of the evaluator (Evaluate.cpp) that copies bytes with strides.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_EVALUATEMOVES_H
#define WEFT_LIB_IMPORT_EVALUATEMOVES_H

#include "weft/Import/Constant.h"

namespace weft {

/// Whether the op moves, repeats or chooses elements and changes none.
bool isMove(mlir::Operation *op);
/// The result of such an op. An index of a gather may be out of range.
llvm::Expected<HostTensor> evaluateMove(mlir::Operation *op,
                                        mlir::RankedTensorType type,
                                        llvm::ArrayRef<const HostTensor *> in);

} // namespace weft
#endif
