//===- PartitionRemarks.h - What partition says of its choice -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_PARTITIONREMARKS_H
#define WEFT_LIB_PASSES_PARTITIONREMARKS_H

#include "Candidate.h"

namespace weft {

/// A rectangle that was tried, or the one that was `chosen`.
void remarkRectangle(const Candidate &c, mlir::Location loc, uint64_t capacity,
                     bool chosen);
/// For every op the chosen kernel and layouts, the options that were not, and
/// the relayouts that the choice needs.
void remarkKernels(Candidate &c);

/// The nn op, or the steps of a chain: "nn.add + nn.gelu".
std::string opText(const Problem &p);
/// "[*, x]", "[x, y] row_major": a layout without the extent of its rectangle.
std::string layoutText(mlir::RankedTensorType type);

} // namespace weft

#endif
