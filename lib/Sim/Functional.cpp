//===- Functional.cpp - Numbers without time ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Which words move never depends on time (docs/machine-model.md, "Progress"),
// so PEs take turns: each does what it can with the words that are there. More
// room never stops such a network; a bound on what a sender may be ahead only
// keeps memory small.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

/// Words that a root may be ahead of its slowest receiver; far above what
/// fabric and queues hold.
constexpr uint64_t MaxAhead = 1 << 16;

void Machine::lookAt(uint32_t pe) {
  if (willBeLookedAt[pe])
    return;
  willBeLookedAt[pe] = true;
  toLookAt.push_back(pe);
}

uint32_t Machine::stepsPossible(const Flight &f) const {
  unsigned per = isa::elementsPerWavelet(isa::dtypeBytes(f.fabType));
  uint64_t n = (uint64_t(f.left) + per - 1) / per;
  for (const Source *s : {&f.src0, &f.src1})
    if (s->kind == Source::FabIn) {
      const Queue &q = queues[s->fifo];
      n = q.tape == None ? 0 : std::min(n, tapes[q.tape].end() - q.taken);
    }
  if (f.dst.kind != Source::FabOut)
    return uint32_t(n);
  const Tape &t = tapes[cells[f.dst.fifo].tape];
  uint64_t taken = t.end();
  if (t.size >= MaxAhead)
    for (uint32_t q : readersOf(t))
      taken = std::min(taken, queues[q].taken);
  return uint32_t(std::min(n, MaxAhead - std::min(MaxAhead, t.end() - taken)));
}

/// All words that the op in `slot` can move now; false if there are none.
bool Machine::moveWords(PE &pe, unsigned slot) {
  Flight &f = pe.flights[slot];
  uint32_t n = stepsPossible(f);
  if (!n)
    return false;
  if (f.dst.kind == Source::FabOut) {
    const Tape &t = tapes[cells[f.dst.fifo].tape];
    if (t.lost != None)
      for (unsigned dir = 0; dir < NumDirs; ++dir)
        if (const Cell &c = cells[t.lost];
            (c.tx >> dir & 1) &&
            (dir == DirRamp ? c.queue : c.next[dir]) == None)
          return unrouted(c, dir), false;
    for (uint32_t q : readersOf(t))
      lookAt(queues[q].pe);
  }
  processMany(pe, f, n);
  for (const Source *s : {&f.src0, &f.src1})
    if (s->kind == Source::FabIn)
      lookAt(peAt[cells[tapes[queues[s->fifo].tape].root].router]);
  if (!f.left) {
    f.earliest = pe.time;
    finishOp(pe, slot);
  }
  return true;
}

void Machine::advance(PE &pe) {
  for (bool moved = true; moved && faults.empty();) {
    uint64_t before = instructions;
    if (pe.state == PE::Running)
      runMain(pe);
    moved = instructions != before;
    for (uint32_t m = pe.live; m && faults.empty(); m &= m - 1)
      moved |= moveWords(pe, countr_zero(m));
    if (pe.time > limit && faults.empty())
      faults.push_back({RunError::Limit, "",
                        formatv("{0} still runs after {1} cycles of its own",
                                where(pe), limit)});
  }
}

void Machine::runFunctional() {
  willBeLookedAt.assign(pes.size(), false);
  toLookAt.clear();
  for (uint32_t pe = 0; pe < pes.size(); ++pe)
    lookAt(pe);
  for (std::vector<uint32_t> turn; !toLookAt.empty() && faults.empty();) {
    turn.swap(toLookAt);
    toLookAt.clear();
    for (uint32_t pe : turn) {
      willBeLookedAt[pe] = false;
      lookAtPE(pe);
      if (!faults.empty())
        return;
    }
  }
  if (donePEs < pes.size() && faults.empty())
    faults.push_back(deadlock());
  // What is left over lies in input queues.
  for (const Tape &t : tapes) {
    for (uint32_t i = t.firstCell; i < t.firstCell + t.cells; ++i)
      cells[tapeCells[i]].fifo.popped = t.end();
    for (uint32_t q : readersOf(t))
      queues[q].fifo.count =
          uint16_t(std::min<uint64_t>(t.end() - queues[q].taken, UINT16_MAX));
  }
}

/// Time was not followed, so none is reported.
void Machine::closeFunctional(Stats &s) const {
  s.timed = false;
  s.cycles = s.firstElement = s.lastElement = 0;
  auto clear = [](TimeSplit &t) {
    uint64_t pes = t.pes;
    t = {};
    t.pes = pes;
  };
  for (KernelStats &k : s.kernels) {
    k.cycles = k.firstCycle = k.lastCycle = 0;
    clear(k.time);
  }
  for (TimeSplit &c : s.classes)
    clear(c);
}
