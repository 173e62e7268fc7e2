//===- BenchPrograms.h - What the simulator's speed is measured on --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_SIM_BENCHPROGRAMS_H
#define WEFT_TEST_UNIT_SIM_BENCHPROGRAMS_H

#include "Build.h"

namespace weft::sim {

/// R rounds of what a linear layer does: K products of B elements on each PE, a
/// chain reduction along each row, a multicast back.
Builder layers(uint32_t W, uint32_t H, uint32_t B, uint32_t K, uint32_t R);
/// R streams of N words over D links, side by side all over the grid.
Builder streams(uint32_t W, uint32_t H, uint32_t N, uint32_t D, uint32_t R);
/// The sum of a vector of B elements over all PEs, on all PEs: a chain along
/// each row, a chain up the first column, one multicast to the whole grid. Its
/// input and output are the vectors, [H, W, B].
Builder allReduce(uint32_t W, uint32_t H, uint32_t B);
/// y = A x with a tile of M rows and K columns of A on each PE: x goes down the
/// columns from row 0, the products are added up along the rows to column 0.
/// Inputs: A transposed, [W K, H M], and x; output y.
Builder gemv(uint32_t W, uint32_t H, uint32_t M, uint32_t K);
/// One PE has a thing to do and all others halt.
Builder idle(uint32_t W, uint32_t H);

} // namespace weft::sim
#endif
