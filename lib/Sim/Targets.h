//===- Targets.h - What a cell feeds --------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_TARGETS_H
#define WEFT_LIB_SIM_TARGETS_H

#include "Machine.h"
#include "llvm/ADT/bit.h"

namespace weft::sim {

/// Calls f(index, whether it is a queue) for what a cell feeds.
template <typename F> void eachTarget(const Cell &c, F f) {
  for (unsigned ports = c.tx; ports; ports &= ports - 1) {
    unsigned dir = llvm::countr_zero(ports);
    f(dir == DirRamp ? c.queue : c.next[dir], dir == DirRamp);
  }
}

} // namespace weft::sim
#endif
