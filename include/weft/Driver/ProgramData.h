//===- ProgramData.h - Bytes of a program's tensors -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_DRIVER_PROGRAMDATA_H
#define WEFT_DRIVER_PROGRAMDATA_H

#include "PE/Emit/Emit.h"
#include "mlir/IR/BuiltinOps.h"

namespace weft {

/// Where the tensors of `module`'s pe.program come from: blobs in files beside
/// the model, in `folder`, or constant expressions of the module.
pe::TensorSource programData(mlir::ModuleOp module, llvm::StringRef folder);

/// The same for a program that is not written: bytes without an address where
/// nobody looks at the values, so that weights are not read and may be missing.
pe::TensorSource programSizes(mlir::ModuleOp module, llvm::StringRef folder);

} // namespace weft
#endif
