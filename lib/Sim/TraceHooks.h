//===- TraceHooks.h - Places and names in a record ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A wavelet's chain is found by its place in the rings of the queues.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_TRACEHOOKS_H
#define WEFT_LIB_SIM_TRACEHOOKS_H

#include "Machine.h"
#include "Recorder.h"

namespace weft::sim {

inline uint32_t lastOf(const Fifo &f) {
  return f.ring + (uint32_t(f.pushed() - 1) & f.mask);
}

/// Would the queue have no room if nothing had left it in the last cycle? Its
/// first place is its number.
inline bool wasFull(const Fifo &f, uint64_t now) {
  return uint32_t(f.count) + (f.lastPop == uint32_t(now)) + 1 >= f.capacity;
}

inline uint32_t globalKernel(const PE &pe, uint32_t local) {
  return local == None ? None : pe.code->kernels[local];
}

} // namespace weft::sim
#endif
