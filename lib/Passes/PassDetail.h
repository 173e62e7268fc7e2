//===- PassDetail.h - What the passes share -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_PASSDETAIL_H
#define WEFT_LIB_PASSES_PASSDETAIL_H

#include "Fabric/FabricOps.h"
#include "NN/NNDialect.h"
#include "PE/PEOps.h"
#include "Wafer/WaferOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/Pass.h"

namespace weft {
#define GEN_PASS_DECL
#include "Passes.h.inc"

/// Indices of the ONNX nodes that `loc` names, ascending.
inline llvm::SmallVector<int64_t> nodeIndices(mlir::Location loc) {
  llvm::SmallVector<int64_t> indices;
  for (nn::NodeAttr node : nn::nodesOf(loc))
    indices.push_back(node.getIndex());
  llvm::sort(indices);
  indices.erase(llvm::unique(indices), indices.end());
  return indices;
}
} // namespace weft

#endif
