//===- Legal.h - Is a kernel legal as it stands? --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_LEGAL_H
#define WEFT_LIB_PASSES_LEGAL_H

#include "weft/Kernels/Kernel.h"

namespace weft {

/// A wafer.kernel or wafer.relayout as the kernel interface sees it.
std::pair<kernels::Problem, kernels::Option> describe(mlir::Operation *op);

/// An error on `op` if no kernel of that name computes it with its layouts.
mlir::LogicalResult checkLegal(mlir::Operation *op, const kernels::Rect &r);

} // namespace weft

#endif
