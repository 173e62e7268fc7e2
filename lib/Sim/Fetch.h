//===- Fetch.h - What the cache will need next ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Who is looked at in a cycle is known when it begins, and on a big grid none
// of it is in a cache: it is asked for some turns ahead, each thing when what
// leads to it is there.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_FETCH_H
#define WEFT_LIB_SIM_FETCH_H

#include "Machine.h"
#include "llvm/ADT/bit.h"

namespace weft::sim {

/// Below that, all of it stays in a cache of the second level.
constexpr size_t FetchFrom = 1024;

inline void fetch(const void *p) { __builtin_prefetch(p, 1); }
inline void Machine::fetchFifo(const Fifo &f) const {
  fetch(&wavelets[f.head()]);
}

/// What a PE's synchronous op takes and gives.
inline void Machine::fetchQueues(const Flight &f) const {
  if (f.in0 != None)
    fetch(&queues[f.in0]);
  if (f.in1 != None)
    fetch(&queues[f.in1]);
  if (f.out != None)
    fetch(&cells[f.out]);
}

inline void Machine::fetchPEs(std::span<const uint32_t> list, size_t i) const {
  auto ahead = [&](size_t n) {
    return i + n < list.size() ? pes.find(list[i + n]) : nullptr;
  };
  if (const PE *pe = ahead(12))
    for (size_t line = 0; line < 3; ++line) // with the op of the main thread
      fetch(reinterpret_cast<const char *>(pe) + 64 * line);
  if (const PE *pe = ahead(8); pe && pe->live)
    fetchQueues(pe->flights[0]);
  if (const PE *pe = ahead(4); pe && pe->live & 1)
    if (uint32_t in = pe->flights[0].in0; in != None)
      fetchFifo(queues[in].fifo);
}

inline void Machine::fetchRouters(std::span<const uint32_t> list,
                                  size_t i) const {
  if (i + 12 < list.size())
    fetch(&cells[routers[list[i + 12]].first]);
  if (i + 6 >= list.size())
    return;
  const Router &r = routers[list[i + 6]];
  if (!r.occupied)
    return;
  const Cell &c = cells[r.first + unsigned(llvm::countr_zero(r.occupied))];
  fetchFifo(c.fifo);
  for (unsigned ports = c.tx; ports; ports &= ports - 1) {
    unsigned dir = llvm::countr_zero(ports);
    uint32_t to = dir == DirRamp ? c.queue : c.next[dir];
    if (to != None && dir == DirRamp)
      fetch(&queues[to]);
    else if (to != None)
      fetch(&cells[to]);
  }
}

} // namespace weft::sim
#endif
