//===- PEOps.h - Operations of pe -----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The generated classes, and the few questions about memrefs that both the
// verifiers and emission ask.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_PEOPS_H
#define WEFT_PE_PEOPS_H

#include "PE/PEDialect.h"

#define GET_OP_CLASSES
#include "PE/PEOps.h.inc"

namespace weft::pe {

/// May elements in SRAM have this type? f32, f16, bf16, i32, i16.
bool isStorageElement(mlir::Type type);

/// Strides of `type` in elements (identity layout: row-major), or failure if
/// one of them is not static.
llvm::FailureOr<llvm::SmallVector<int64_t>>
staticStrides(mlir::MemRefType type);

} // namespace weft::pe
#endif
