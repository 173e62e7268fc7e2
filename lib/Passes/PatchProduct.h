//===- PatchProduct.h - Products of the patches of an image ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_PATCHPRODUCT_H
#define WEFT_LIB_PASSES_PATCHPRODUCT_H

#include "Candidate.h"

namespace weft {

/// A linear of the patches of an image as one problem, "wafer.patches": its
/// operands are the image, seen as [batch, channels, rows of patches, rows of a
/// patch, columns of patches, columns of a patch], the weight as [a, b, c,
/// features] and the bias as [1, features]. Its config holds `order`: which
/// dimensions of the image a, b and c are.
struct PatchProduct {
  OpProblem problem;
  llvm::SmallVector<mlir::Operation *> gathers; // the patches; only it reads
};

/// What linear(reshape(transpose(reshape(image)))) is, if that gathers patches.
std::optional<PatchProduct> matchPatchProduct(nn::LinearOp linear);

/// Whether the types of a "wafer.patches" belong together; else why not.
mlir::LogicalResult checkPatchProduct(mlir::Operation *op, const Problem &p);

} // namespace weft

#endif
