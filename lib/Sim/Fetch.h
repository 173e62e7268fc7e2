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

/// Below that, what is looked at mostly stays in a cache.
constexpr size_t FetchFrom = 8192;

inline void fetch(const void *p) { __builtin_prefetch(p, 1); }
inline void Machine::fetchFifo(const Fifo &f) const {
  fetch(&wavelets[f.head()]);
}

/// What a PE's synchronous op takes and gives.
inline void Machine::fetchQueues(const Flight &f) const {
  if (f.simple.flags & (SimpleOp::Ahead0 | SimpleOp::Ahead1))
    fetch(f.ahead);
  if (f.simple.flags & SimpleOp::Behind)
    fetch(f.behind);
  if (f.in0 != None)
    fetch(&queues[f.in0]);
  if (f.in1 != None)
    fetch(&queues[f.in1]);
  if (f.out != None)
    fetch(&cells[f.out]);
}

/// The lines of SRAM that the next step of a simple op comes to the end of.
inline void Machine::fetchLines(const PE &pe, const Flight &f) const {
  const SimpleOp &s = f.simple;
  auto word = [](uint32_t addr) { return addr / 4 % Flight::Line; };
  if (s.flags & SimpleOp::Ahead0 && word(s.src0) == 0)
    fetch(memory.at(pe.id, s.src0));
  if (s.flags & SimpleOp::Ahead1 && word(s.src1) == 0)
    fetch(memory.at(pe.id, s.src1));
  if (s.flags & SimpleOp::Behind && word(s.dst) == Flight::Line - 1)
    fetch(memory.at(pe.id, s.dst));
}

inline void Machine::fetchPEs(std::span<const uint32_t> list, size_t i) const {
  auto ahead = [&](size_t n) {
    return i + n < list.size() ? pes.find(list[i + n]) : nullptr;
  };
  if (const PE *pe = ahead(12))
    for (const void *part : {(const void *)pe, (const void *)&pe->flights[0]})
      fetch(part);
  if (const PE *pe = ahead(8); pe && pe->live)
    fetchQueues(pe->flights[0]);
  if (const PE *pe = ahead(4); pe && pe->live & 1) {
    const Flight &f = pe->flights[0];
    if (f.in0 != None)
      fetchFifo(queues[f.in0].fifo);
    fetchLines(*pe, f);
  }
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
