//===- ValueNames.h - Which op computes which ONNX value ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The name of an ONNX value is around the location of the op whose result it
// is. Patterns build, clone and fuse with locations as they like; so names are
// taken off while they run, follow the ops that replace others, and are put
// back. They never change what a pass does.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_VALUENAMES_H
#define WEFT_LIB_IMPORT_VALUENAMES_H

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/DenseMap.h"

namespace weft::nn {

/// `value` is also the ONNX value `name`. Inputs and constants keep no names.
void addValueName(mlir::Value value, llvm::StringRef name);

/// Keeps the names of all ops in `root` over its own lifetime.
class ValueNameKeeper : public mlir::RewriterBase::Listener {
public:
  explicit ValueNameKeeper(mlir::Operation *root);
  ~ValueNameKeeper() override;

  using Listener::notifyOperationReplaced;
  void notifyOperationReplaced(mlir::Operation *op,
                               mlir::ValueRange with) override;
  void notifyOperationErased(mlir::Operation *op) override;

private:
  mlir::Operation *root;
  // Lookups only.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::StringAttr>> names;
};

} // namespace weft::nn
#endif
