//===- WideFloats.h - What --dtype leaves in f32 --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_WIDEFLOATS_H
#define WEFT_LIB_IMPORT_WIDEFLOATS_H

#include "PassDetail.h"
#include "llvm/ADT/SetVector.h"

namespace weft::nn {

/// A product of integers, said in f32 since that holds its sums exactly.
bool isExactProduct(mlir::Operation *op);

/// Ops of a program whose floats a narrow type would spoil, whatever its last
/// place: numbers that stand for integers or for angles, not for features.
struct WideFloats {
  llvm::SetVector<mlir::Operation *> ops;
  llvm::DenseSet<mlir::Operation *> scales; // those that scale integers
};
WideFloats wideFloats(mlir::Block &body);

} // namespace weft::nn
#endif
