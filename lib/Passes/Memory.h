//===- Memory.h - Addresses of a region's buffers -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_MEMORY_H
#define WEFT_LIB_PASSES_MEMORY_H

#include "PassDetail.h"
#include "weft/Target/Target.h"
#include <map>

namespace weft {

/// Where a region's data lies, the same on all its PEs.
struct RegionMemory {
  llvm::DenseMap<mlir::Operation *, uint64_t> address; // of a fabric.buffer
  uint64_t params = 0, paramBytes = 0;
  uint64_t end = 0; // one past the highest byte
  bool reusedWeights = false;
};

/// Allocates by liveness over the order of launches. Weights stay for the whole
/// program if there is room; else their bytes are reused after their last use.
/// On failure an error on the region says need, capacity and the largest.
mlir::FailureOr<RegionMemory> allocateRegion(fabric::RegionOp region,
                                             const Target &t);

/// Fails like allocateRegion() if one buffer alone is too large, which the code
/// that walks it may show first as a walk that no DSD can describe.
mlir::LogicalResult checkBuffers(fabric::RegionOp region, const Target &t);

} // namespace weft

#endif
