//===- Moves.h - Wavelets from queue to queue -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What every move of a wavelet calls, so that it can be compiled into its
// callers.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_MOVES_H
#define WEFT_LIB_SIM_MOVES_H

#include "Machine.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

namespace weft::sim {

/// Cycles from a router to its neighbour; more if the wavelet came along the
/// other axis.
inline uint32_t Machine::wire(const Cell &from, unsigned dir) const {
  constexpr uint8_t Vertical = bin::North | bin::South;
  bool turns =
      from.rx != bin::Ramp && !(from.rx & Vertical) != !(1u << dir & Vertical);
  return hop + (turns ? turn : 0);
}

inline void Machine::wakeRouter(uint32_t r, uint64_t at) {
  routerEvents.add(r, std::clamp(at, now + 1, now + Calendar::Horizon));
}

template <bool Plain> inline void Machine::wakePE(uint32_t pe, uint64_t at) {
  if (!Plain && fidelity == Fidelity::Functional)
    return;
  at = std::max(at, now + 1);
  if (at - now <= Calendar::Horizon)
    peEvents.add(pe, at);
  else
    sleepers.add(pe, at);
}

inline bool Machine::canLeave(Cell &c) {
  if (!c.tx)
    return false; // another position holds
  uint32_t ready = wavelets[c.fifo.head()].ready;
  if (ready > now) {
    wakeRouter(c.router, ready);
    return false;
  }
  for (unsigned ports = c.tx; ports; ports &= ports - 1) {
    unsigned dir = llvm::countr_zero(ports);
    uint32_t to = dir == DirRamp ? c.queue : c.next[dir];
    if (to == None) {
      unrouted(c, dir);
      return false;
    }
    if (!(dir == DirRamp ? queues[to].fifo : cells[to].fifo).room(now))
      return false; // its reader wakes this router
  }
  return true;
}

template <bool Plain> inline void Machine::forward(Router &r, uint32_t cell) {
  if (!Plain && recorder)
    traceForward(cells[cell]);
  uint32_t word = popCell<Plain>(r, cell);
  const Cell &c = cells[cell];
  bool switched = !Plain && !switches.empty();
  // Round robin is by colours: after all cells of this one.
  uint32_t last = switched ? lastOfColor(r, cell) : cell;
  for (unsigned ports = c.tx; ports; ports &= ports - 1) {
    unsigned dir = llvm::countr_zero(ports);
    r.lastWinner[dir] = uint8_t(last - r.first);
    if (dir == DirRamp)
      pushQueue<Plain>(c.queue, word, now + ramp);
    else
      pushCell<Plain>(c.next[dir], word, now + wire(c, dir));
  }
  if (switched && c.rx == bin::Ramp)
    passedSwitch(cell);
}

inline uint32_t popFifo(Fifo &f, const HugeVector<Wavelet> &wavelets,
                        uint64_t now) {
  uint32_t word = wavelets[f.head()].word;
  ++f.popped;
  --f.count;
  f.lastPop = uint32_t(now);
  return word;
}

inline void pushFifo(Fifo &f, HugeVector<Wavelet> &wavelets, uint32_t word,
                     uint64_t ready) {
  wavelets[f.tail()] = {word, uint32_t(ready)};
  ++f.count;
}

template <bool Plain>
inline uint32_t Machine::popCell(Router &r, uint32_t cell) {
  Cell &c = cells[cell];
  bool wasFull = c.fifo.count >= c.fifo.capacity;
  uint32_t word = popFifo(c.fifo, wavelets, now);
  if (c.fifo.count)
    wakeRouter(c.router, wavelets[c.fifo.head()].ready);
  else
    r.occupied &= ~(1u << (cell - r.first));
  if (wasFull) {
    if (c.rx == bin::Ramp)
      wakePE<Plain>(peAt[c.router], now + 1);
    else
      wakeRouter(cells[c.up].router, now + 1);
  }
  return word;
}

inline uint32_t Machine::popQueue(uint32_t queue) {
  Queue &q = queues[queue];
  if (q.fifo.count >= q.fifo.capacity)
    wakeRouter(cells[q.cell].router, now + 1);
  return popFifo(q.fifo, wavelets, now);
}

template <bool Plain>
inline void Machine::pushCell(uint32_t cell, uint32_t word, uint64_t ready) {
  Cell &c = cells[cell];
  bool stated = !Plain && lazy;
  if (stated)
    settleCell(cell, now);
  if (stated || !c.fifo.count) {
    Router &r = routers[c.router];
    if (!c.fifo.count || (r.asleep >> (cell - r.first) & 1))
      wakeRouter(c.router, ready);
    r.occupied |= 1u << (cell - r.first);
  }
  pushFifo(c.fifo, wavelets, word, ready);
}

template <bool Plain>
inline void Machine::pushQueue(uint32_t queue, uint32_t word, uint64_t ready) {
  Queue &q = queues[queue];
  bool stated = !Plain && lazy;
  if (stated)
    settleQueue(queue, now);
  const PE *pe = stated ? pes.find(q.pe) : nullptr;
  if (!q.fifo.count || (pe && pe->lazy.slot != None))
    wakePE<Plain>(q.pe, ready);
  pushFifo(q.fifo, wavelets, word, ready);
}

} // namespace weft::sim
#endif
