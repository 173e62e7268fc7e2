//===- EvaluateAxis.h - Ops along one axis on constant tensors ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The part of the evaluator (Evaluate.cpp) that orders, accumulates and writes
// rows.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_EVALUATEAXIS_H
#define WEFT_LIB_IMPORT_EVALUATEAXIS_H

#include "weft/Import/Constant.h"

namespace weft {

/// The result of nn.top_k, nn.cum_sum, nn.cum_prod or nn.cache_update; nothing
/// if `op` is another.
std::optional<HostTensor>
evaluateAlongAxis(mlir::Operation *op, mlir::RankedTensorType type,
                  llvm::ArrayRef<const HostTensor *> in);

} // namespace weft
#endif
