//===- TraceFabric.cpp - What routers tell a recorder ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// And what is made of the record when the run is over.
//
//===----------------------------------------------------------------------===//
#include "TraceHooks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <tuple>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

//===----------------------------------------------------------------------===//
// Fabric
//===----------------------------------------------------------------------===//

/// Where a wavelet of a cell goes in direction `dir`.
const Fifo &Machine::fifoTowards(const Cell &c, unsigned dir) const {
  return dir == DirRamp ? queues[c.queue].fifo : cells[c.next[dir]].fifo;
}

/// The chain of the wavelet that is about to leave. If it waited for room, it
/// is the chain of what made room; a link that others had, and those before it,
/// are its own wait.
Wave Machine::traceLeave(const Cell &c) {
  CriticalPath &path = *recorder->path;
  Wave w = path.at(c.fifo.head());
  uint32_t waited = uint32_t(now - wavelets[c.fifo.head()].ready);
  std::optional<Path> other;
  for (unsigned ports = waited ? c.tx : 0; ports && !other;
       ports &= ports - 1) {
    const Fifo &to = fifoTowards(c, llvm::countr_zero(ports));
    if (wasFull(to, now))
      other = path.madeRoom(to.ring, now);
  }
  if (other)
    w = {*other, 0, 0};
  else
    w.waited += waited;
  if (wasFull(c.fifo, now))
    path.makesRoom(c.fifo.ring, CriticalPath::onItsWay(w, now));
  return w;
}

/// A router is about to move the wavelet of a colour on.
void Machine::traceForward(const Cell &c) {
  if (recorder->options.activity)
    countCycle(c.router);
  Wave w;
  if (recorder->path)
    w = traceLeave(c);
  for (unsigned ports = c.tx; ports; ports &= ports - 1) {
    unsigned dir = llvm::countr_zero(ports);
    if (recorder->path) {
      Wave &to = recorder->path->at(fifoTowards(c, dir).tail());
      to = w;
      to.hops += dir != DirRamp;
    }
    if (recorder->options.linkWindow && dir != DirRamp)
      recorder->links.count(4 * c.router + dir, now, recorder->options,
                            recorder->trace);
  }
}

//===----------------------------------------------------------------------===//
// The end
//===----------------------------------------------------------------------===//

void Machine::traceFinish() {
  Trace &t = recorder->trace;
  t.issueCycles = recorder->issues.cycles();
  t.workCycles = recorder->works.cycles();
  if (!faults.empty())
    traceStop();
  if (recorder->options.linkWindow)
    recorder->links.close(now, recorder->options, t);
  for (LinkWindow &w : t.links) {
    w.y = w.x / program.gridW;
    w.x %= program.gridW;
  }
  llvm::stable_sort(t.events, [](const PEEvent &a, const PEEvent &b) {
    return std::tuple(a.pe, a.lane, a.from, b.to, a.kind) <
           std::tuple(b.pe, b.lane, b.from, a.to, b.kind);
  });
  if (!recorder->path)
    return;
  t.pathTooLong = recorder->path->tooLong();
  uint32_t pe = 0;
  if (const Path *last = t.pathTooLong ? nullptr : lastOfPath(pe))
    tracePath(recorder->path->walk(*last), pe);
}

/// The end of the path to report, and on which PE it is.
const Path *Machine::lastOfPath(uint32_t &pe) const {
  const CriticalPath &path = *recorder->path;
  if (faults.empty()) {
    pe = lastToHalt();
    return path.endingAt(lastHalt);
  }
  const Path *last = nullptr;
  auto look = [&](uint32_t id) {
    if (const Path *p = path.latest(id); p && (!last || p->end() > last->end()))
      last = p, pe = id;
  };
  if (faults[0].pe != None)
    look(faults[0].pe);
  for (const PE &p : pes)
    if (faults[0].pe == None && (!p.counted || donePEs == pes.size()))
      look(p.id);
  return last;
}

void Machine::tracePath(const std::vector<Path> &chain, uint32_t lastPE) {
  for (size_t i = 0; i < chain.size(); ++i) {
    const Path &p = chain[i];
    PathSegment s;
    s.kernel = p.kernel;
    s.from = p.start;
    s.to = p.end();
    const PE &first = pes[p.pe],
             &last = pes[i + 1 < chain.size() ? chain[i + 1].pe : lastPE];
    s.fromX = first.x;
    s.fromY = first.y;
    s.toX = last.x;
    s.toY = last.y;
    std::copy(std::begin(p.part), std::end(p.part), s.part);
    s.messages = p.messages;
    s.hops = p.hops;
    recorder->trace.path.push_back(s);
  }
}

/// The first PE that is done in the last cycle.
uint32_t Machine::lastToHalt() const {
  auto last = llvm::find_if(pes, [&](const PE &pe) {
    return std::max(pe.time, pe.lastElement) == lastHalt;
  });
  return last == pes.end() ? 0 : last->id;
}
