//===- PEBorder.h - What pe.input and pe.output share ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_DIALECTS_PE_PEBORDER_H
#define WEFT_DIALECTS_PE_PEBORDER_H

#include "PE/PEOps.h"

namespace weft::pe {

/// What lies on the PEs: the view if there is one, else the tensor itself.
mlir::RankedTensorType placedType(mlir::Type type,
                                  std::optional<mlir::Type> view);

/// `view` holds the elements of `type`, permuted by `perm`, and needs a place.
mlir::LogicalResult verifyView(mlir::Operation *op, mlir::Type type,
                               bool isPlaced, std::optional<mlir::Type> view,
                               std::optional<llvm::ArrayRef<int64_t>> perm);

/// The state of an output, if it is one, is an input in the same place.
mlir::LogicalResult verifyState(OutputOp output,
                                llvm::ArrayRef<InputOp> inputs);

} // namespace weft::pe
#endif
