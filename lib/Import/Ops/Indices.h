//===- Indices.h - Indices as values, for rules ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What the rules of ops that read, write or order by index share. Indices that
// are only known at run time become one index into the flattened tensor, so
// that nn.gather and nn.cache_update say all of them. An index that ONNX calls
// an error reads or writes an unspecified element, never one outside.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_OPS_INDICES_H
#define WEFT_LIB_IMPORT_OPS_INDICES_H

#include "../Importer.h"

namespace weft {

/// Longest table of consecutive numbers that a rule makes.
constexpr int64_t MaxIota = int64_t(1) << 20;

/// 0, factor, 2 factor, ... along dimension `axis` of `rank`, extent 1 in the
/// others.
Value iota(NodeCtx &n, int64_t extent, int64_t factor, int64_t axis,
           int64_t rank, mlir::Type element);

/// Negative indices counted from the end of `extent`.
Value wrapped(NodeCtx &n, Value indices, int64_t extent);

/// The parts of `x` at known indices along an axis, as slices where they are
/// regular.
Value takeAlong(NodeCtx &n, Value x, int64_t axis,
                llvm::ArrayRef<int64_t> indices);

/// Index into the flattened `data` for each element of `indices`, which index
/// dimension `axis`: ONNX GatherElements and ScatterElements. Without
/// `negative` none counts from the end.
Value flatIndices(NodeCtx &n, Value data, Value indices, int64_t axis,
                  bool negative = true);

/// Which slice of `data`, after `batch` dimensions, each row of `indices`
/// names: ONNX GatherND and ScatterND.
Value sliceIndices(NodeCtx &n, Value data, Value indices, int64_t batch);

/// ONNX GatherElements.
Value gatherAlong(NodeCtx &n, Value data, Value indices, int64_t axis,
                  bool negative = true);

/// Index of the largest (smallest) element along an axis, which stays with
/// extent 1; of equal ones the first or the last.
Value argReduce(NodeCtx &n, Value x, int64_t axis, bool largest, bool last);

} // namespace weft
#endif
