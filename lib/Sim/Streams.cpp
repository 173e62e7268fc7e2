//===- Streams.cpp - Streams in closed form -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A route with one reader whose ports no other colour uses, between a
// synchronous op that only sends and one that only receives as many words: what
// its routers do follows from the two ops, and when those step from two starts,
// two paces, the latency of the route and the room on it. Such a pair is over
// as soon as both ops are issued, and both PEs go on ahead of the clock; a pair
// of PEs may come far before others are looked at, which keeps what it works on
// in the host's caches.
//
// With wavelet i sent in cycle s(i), taken in r(i), paces S and R, and every
// queue with room for what is on its way (latency + 1):
//
//   s(i) >= s(i - 1) + S, s(0) = start, s(i) >= r(i - room) + queues
//   r(i) >= r(i - 1) + R, r(0) >= start, r(i) >= s(i) + latency
//
// Other circles through queues in between take at most one cycle per wavelet
// and bind nothing. An op that finds no counterpart by its first step goes on
// cycle by cycle (it is opened).
//
//===----------------------------------------------------------------------===//
#include "Moves.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

/// Sets what streams on this tape need to know of its route.
void Machine::findAlone(Tape &t) {
  if (t.readers != 1 || t.lost != None)
    return;
  auto add = [&](const Fifo &f, uint32_t latency) {
    t.latency += latency;
    t.room += f.capacity;
    return f.capacity > std::max(1u, latency);
  };
  bool alone = add(cells[t.root].fifo, 1 + ramp);
  for (uint32_t k = 0; k < t.cells && alone; ++k) {
    const Cell &c = cells[tapeCells[t.firstCell + k]];
    const Router &r = routers[c.router];
    for (uint32_t o = r.first; o < r.first + r.count; ++o)
      alone &= &cells[o] == &c || !(cells[o].everTx & c.tx);
    alone &= has_single_bit(unsigned(c.tx)) && c.tx == c.everTx;
    unsigned dir = unsigned(countr_zero(unsigned(c.tx)));
    if (alone)
      alone = dir == DirRamp ? add(queues[c.queue].fifo, ramp)
                             : add(cells[c.next[dir]].fifo, wire(c, dir));
  }
  t.alone = alone;
}

/// Is all that was ever sent on the tape taken, and nobody sending? Then what
/// is left of stated moves is forgotten.
bool Machine::makeQuiet(Tape &t) {
  if (t.quiet)
    return true;
  uint32_t queue = readersOf(t)[0];
  settleQueue(queue, now);
  if (queues[queue].fifo.popped != t.end())
    return false;
  if (const PE *pe = pes.find(peAt[cells[t.root].router]))
    for (uint32_t m = pe->live; m; m &= m - 1) {
      const Source &dst = pe->flights[unsigned(countr_zero(m))].dst;
      if (dst.kind == Source::FabOut && dst.fifo == t.root)
        return false;
    }
  ArrayRef<uint32_t> route = ArrayRef(tapeCells).slice(t.firstCell, t.cells);
  for (uint32_t cell : route)
    settleCell(cell, now);
  for (uint32_t cell : route) {
    lazyCells[cell] = {};
    Router &r = routers[cells[cell].router];
    r.asleep &= ~(1u << (cell - r.first));
  }
  queueFlows[queue].n = 0;
  tapeFlows[cells[t.root].tape].n = 0;
  return t.quiet = true;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

namespace {
/// The steps of an op in whole cycles.
struct Steps {
  explicit Steps(const Flight &f) {
    uint32_t per = isa::elementsPerWavelet(isa::dtypeBytes(f.fabType));
    n = (f.total + per - 1) >> (per == 2);
    uint32_t each = std::max(1000u, per * f.rate),
             end = std::max(1000u, (f.total - (n - 1) * per) * f.rate);
    even = each % 1000 == 0 && end % 1000 == 0;
    pace = each / 1000;
    last = end / 1000;
  }
  uint32_t n;    // wavelets
  uint64_t pace; // cycles from one to the next
  uint64_t last; // cycles that the last one takes
  bool even;     // they are whole cycles
};
} // namespace

/// The tape of a stream that `f`, about to start as the PE's only op, may be
/// one end of, or None.
uint32_t Machine::streamOf(const PE &pe, const Flight &f) {
  if (pe.live || f.checkEach)
    return None;
  bool sends = f.out != None;
  if (sends + (f.in0 != None) + (f.in1 != None) != 1)
    return None;
  uint32_t tape = sends           ? cells[f.out].tape
                  : f.in0 != None ? queues[f.in0].tape
                                  : queues[f.in1].tape;
  if (tape == None || !tapes[tape].alone || !Steps(f).even ||
      !makeQuiet(tapes[tape]))
    return None;
  return tape;
}

/// Has the op that was just issued wait for its counterpart, or ends both.
/// False: it goes on cycle by cycle.
bool Machine::startStream(PE &pe, uint32_t tape) {
  Tape &t = tapes[tape];
  bool sends = pe.flights[0].out != None;
  pe.lazy.stream = tape;
  (sends ? t.sends : t.receives) = true;
  if (t.sends && t.receives) {
    if (closeStream(t)) {
      PE &other =
          pes[sends ? queues[readersOf(t)[0]].pe : peAt[cells[t.root].router]];
      aheadOfNow.push_back(other.id);
      ahead = pe.time;
      return true;
    }
    pe.lazy.stream = None;
    (sends ? t.sends : t.receives) = false;
    if (!sends)
      openStream(pes[peAt[cells[t.root].router]]);
    return false;
  }
  if (sends && !t.listed) {
    t.listed = true;
    unpaired.push_back(tape);
  }
  uint32_t other =
      sends ? queues[readersOf(t)[0]].pe : peAt[cells[t.root].router];
  if (!now && !pes.find(other) && !pes.halted(other))
    aheadOfNow.push_back(other); // while this one is in the host's caches
  return true;
}

/// An op that waits for its counterpart goes on cycle by cycle.
void Machine::openStream(PE &pe) {
  Flight &f = pe.flights[0];
  Tape &t = tapes[pe.lazy.stream];
  pe.lazy.stream = None;
  (f.out != None ? t.sends : t.receives) = false;
  moveAhead(pe, 0);
  wakePE(pe.id, std::max(f.earliest, now + 1));
}

/// Those that nobody has come to meet are woken for their first step.
void Machine::lookAtUnpaired() {
  for (size_t k = 0; k < unpaired.size(); ++k) { // it may grow
    Tape &t = tapes[unpaired[k]];
    t.listed = false;
    PE *pe = pes.find(peAt[cells[t.root].router]);
    if (!pe || !(pe->live & 1))
      continue;
    if (pe->flights[0].earliest <= now)
      lookAtPE<false>(pe->id);
    else if (t.sends)
      wakePE(pe->id, pe->flights[0].earliest);
  }
  unpaired.clear();
}

//===----------------------------------------------------------------------===//
// Both ends
//===----------------------------------------------------------------------===//

/// Ends the two ops that wait at the ends of `t`. Not if their numbers of words
/// differ, or if words might still be under way when the sender's next op wants
/// their room.
bool Machine::closeStream(Tape &t) {
  Queue &q = queues[readersOf(t)[0]];
  PE &from = pes[peAt[cells[t.root].router]], &to = pes[q.pe];
  const Flight &f = from.flights[0], &g = to.flights[0];
  Steps s(f), r(g);
  uint64_t more = s.n - 1, fifos = t.cells + 1;
  if (s.n != r.n)
    return false;
  uint64_t first = std::max(g.earliest, f.earliest + t.latency),
           sent = f.earliest + more * s.pace, taken = first + more * r.pace;
  bool full = more >= t.room;
  if (s.pace < r.pace && full)
    sent = std::max(sent, first + (more - t.room) * r.pace + fifos);
  if (s.pace >= r.pace && full)
    sent = std::max(sent, g.earliest + (more - t.room) * s.pace + fifos);
  if (s.pace >= r.pace)
    taken = std::max(g.earliest + more * r.pace, sent + t.latency);
  if (sent + t.room < taken + fifos)
    return false;
  moveStream(t, from, to, s.n);
  // Whoever moves next does so later than `sent`, and must not find that
  // something leaves in the same cycle.
  auto pass = [&](Fifo &fifo) {
    fifo.popped += s.n;
    fifo.lastPop = uint32_t(sent);
  };
  for (uint32_t k = 0; k < t.cells; ++k)
    pass(cells[tapeCells[t.firstCell + k]].fifo);
  pass(q.fifo);
  closedMoves += s.n * fifos;
  t.sends = t.receives = false;
  endStreamOp(from, f.earliest, sent);
  endStreamOp(to, first, taken);
  return true;
}

/// The data: from SRAM to SRAM if the sender sends it as it is.
void Machine::moveStream(Tape &t, PE &from, PE &to, uint32_t steps) {
  Flight &f = from.flights[0], &g = to.flights[0];
  uint32_t *words = nullptr;
  if (f.recipe.raw && f.src0.kind == Source::Mem && f.src0.shape->dense &&
      f.total * f.src0.shape->bytes == steps * 4) {
    words = reinterpret_cast<uint32_t *>(memory.at(from.id, f.src0.base));
  } else {
    if (streamWords.size() < steps)
      streamWords.resize(steps);
    words = streamWords.data();
    words[steps - 1] = 0; // the upper half may stay empty
    applyRuns(from, f, f.total, nullptr, nullptr, words);
  }
  applyRuns(to, g, g.total, words, words, nullptr);
  t.base += steps;
  queues[readersOf(t)[0]].taken += steps;
}

/// The PE's op, whose first step was in cycle `first`, had its last in `last`.
void Machine::endStreamOp(PE &pe, uint64_t first, uint64_t last) {
  Flight &f = pe.flights[0];
  Steps s(f);
  firstElement = std::min(firstElement, first);
  lastElement = std::max(lastElement, last + 1);
  uint64_t spent = (s.n - 1) * s.pace;
  pe.compute += spent + s.last;
  (f.out != None ? pe.waitOut : pe.waitIn) += last - f.earliest - spent;
  countSteps(pe, f, s.n);
  f.unmoved = 0;
  f.earliest = last + s.last;
  finishOp(pe, 0);
  pe.lazy.stream = None;
}

//===----------------------------------------------------------------------===//
// Ahead of the clock
//===----------------------------------------------------------------------===//

/// Runs a main thread that an exact run looks at in cycle `at`. What is wrong
/// with it stops the run in the cycle in which an exact run finds it.
void Machine::runFrom(PE &pe, uint64_t at, bool early) {
  if (!faults.empty())
    return;
  ahead = at;
  runMain(pe);
  if (faults.empty() || (ahead <= now && !early))
    return;
  pe.held = true;
  heldFaults.push_back({std::move(faults[0]), pe.id, ahead});
  faults.clear();
  wakePE(pe.id, ahead);
}

void Machine::releaseFault(const PE &pe) {
  for (HeldFault &h : heldFaults)
    if (h.pe == pe.id && h.cycle <= now)
      faults.push_back(h.fault);
}

void Machine::runAhead() {
  while (!aheadOfNow.empty()) {
    uint32_t id = aheadOfNow.back();
    aheadOfNow.pop_back();
    PE *pe = pes.find(id);
    if (pe ? pe->held || pe->state != PE::Running : pes.halted(id))
      continue; // more than one asked for its start
    if (pe)
      runFrom(*pe, pe->time);
    else if (pe = &startPE(id); pe->time <= now)
      runFrom(*pe, now, /*early=*/true);
    if (pe->counted)
      retire(*pe);
  }
}
