//===- BenchWafer.h - The simulator on grids of the wafer's size ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_SIM_BENCHWAFER_H
#define WEFT_TEST_UNIT_SIM_BENCHWAFER_H

#include <cstdint>

namespace weft::sim {

/// An all-reduce and a matrix-vector product, built, run and checked; prints
/// what they took. Returns the exit code: 1 if a sum or a cycle is wrong.
int benchWafer(uint32_t W, uint32_t H, uint32_t B, uint32_t M, uint32_t K);
/// Prints what a PE costs that only halts.
int benchIdle(uint32_t W, uint32_t H);
/// Most bytes that this process has held.
double peakBytes();

} // namespace weft::sim
#endif
