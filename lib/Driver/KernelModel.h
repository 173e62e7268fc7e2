//===- KernelModel.h - One kernel as an nn module -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_KERNELMODEL_H
#define WEFT_LIB_DRIVER_KERNELMODEL_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>

namespace weft {

/// The module that `--kernel=text` names, e.g. "gemm:64,48,32,f32". Its weights
/// follow a formula (docs/weftc.md) and live in the context's weight store.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
buildKernelModel(mlir::MLIRContext &context, llvm::StringRef text);

} // namespace weft
#endif
