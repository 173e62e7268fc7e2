//===- Local.h - Whole ops on one PE's data, one by one -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_KERNELS_LOCAL_H
#define WEFT_LIB_KERNELS_LOCAL_H

#include "weft/Kernels/Code.h"

namespace weft::kernels::local {

using Strides = llvm::SmallVector<int64_t>;

/// Strides of the dimensions of a tile, as it is stored.
Strides storage(mlir::RankedTensorType type);
Strides tileShape(mlir::RankedTensorType type);
Strides rowMajor(llvm::ArrayRef<int64_t> shape);

/// With an equal last dimension the storage is the same (the compiler then
/// aliases and this is never called); else through a row-major copy.
void reshape(const Option &o, Code &c);
/// A transpose, a slice or an expand.
void permute(const Problem &p, const Option &o, Code &c);
void concat(const Problem &p, const Option &o, Code &c);
/// Slices of a table along an axis; indices are clamped into the table.
void gather(const Problem &p, const Option &o, Code &c);

/// One vector op over the kept dimensions per reduced index.
void reduce(const Problem &p, const Option &o, Code &c);
/// Signed order is that of unsigned words whose top bit is flipped.
void reduceUnsigned(const Problem &p, const Option &o, Code &c);
/// Along any axis: running maximum, exp, running sum, reciprocal.
void softmax(const Problem &p, const Option &o, Code &c);

/// Batched, numpy semantics: a multiply-accumulate along rows of the result
/// per (batch, k, n). Integers have no such instruction: a product, a sum.
void matmul(const Option &o, Code &c);

} // namespace weft::kernels::local
#endif
