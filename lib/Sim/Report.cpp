//===- Report.cpp - What a run says of itself -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Faults name rule, PE, cycle and instruction; a deadlock names who waits for
// what. One place for the wording, so that all messages name a PE the same way.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

constexpr size_t MaxListed = 8;

std::string Machine::where(const PE &pe) const {
  return formatv("PE ({0}, {1}) of class '{2}'", pe.x, pe.y,
                 program.classes[pe.cls].name);
}

std::string Machine::describe(const PE &pe, const Inst &i,
                              uint32_t kernel) const {
  const isa::Instr &source = pe.code->source[&i - pe.code->insts.data()];
  std::string text =
      formatv("'{0}' at word {1}", isa::print(source), i.wordIndex);
  if (kernel != None)
    text += formatv(" of kernel '{0}'",
                    program.kernels[pe.code->kernels[kernel]].name);
  return text;
}

std::string Machine::colorAt(const Cell &c) const {
  return formatv("colour {0} at ({1}, {2})", unsigned(colorId[c.color]),
                 c.router % program.gridW, c.router / program.gridW);
}

void Machine::fault(const PE &pe, const char *rule, const std::string &what) {
  std::string text =
      formatv("{0}, cycle {1}: {2} ({3})", where(pe), pe.time, what, rule);
  if (pe.pc < pe.code->insts.size()) {
    const Inst &i = pe.code->insts[pe.pc];
    text += ", in " + describe(pe, i, kernelOf(pe, i));
  }
  faults.push_back({RunError::Fault, rule, std::move(text), pe.time, pe.id});
}

//===----------------------------------------------------------------------===//
// Deadlock and leftovers
//===----------------------------------------------------------------------===//

std::string Machine::flightText(const PE &pe, const Flight &f) const {
  auto color = [&](const Source &s) -> unsigned {
    return (s.kind == Source::FabIn ? pe.code->inColor
                                    : pe.code->outColor)[s.queue];
  };
  std::string text;
  for (const Source *s : {&f.src0, &f.src1})
    if (s->kind == Source::FabIn && !queues[s->fifo].fifo.count)
      text = formatv("a wavelet of colour {0} on input queue {1}", color(*s),
                     s->queue);
  if (text.empty() && f.dst.kind == Source::FabOut)
    text = formatv("room for colour {0} in output queue {1}", color(f.dst),
                   f.dst.queue);
  return formatv("{0} ({1} of {2} elements done, {3})", text, f.total - f.left,
                 f.total, describe(pe, *f.inst, f.kernel));
}

std::string Machine::waitingText(const PE &pe) const {
  std::string text = where(pe);
  if (pe.state == PE::Ended)
    text += " ended its last task without halt (R-TASK-2)";
  else if (pe.state == PE::Waiting)
    text += formatv(" waits for microthread {0}", pe.waitsFor - 1);
  for (uint32_t m = pe.live; m; m &= m - 1) {
    unsigned slot = countr_zero(m);
    text += slot ? formatv("; microthread {0} waits for ", slot - 1).str()
                 : " waits for ";
    text += flightText(pe, pe.flights[slot]);
  }
  return text;
}

/// The last cycle in which something happened.
uint64_t Machine::lastChange() const {
  uint64_t at = 0;
  auto note = [&](const Fifo &f) {
    if (f.popped)
      at = std::max<uint64_t>(at, f.lastPop);
  };
  for (const Cell &c : cells)
    note(c.fifo);
  for (const Queue &q : queues)
    note(q.fifo);
  for (const PE &pe : pes)
    at = std::max({at, pe.time, pe.lastElement});
  return std::max({at, lastElement, lastHalt});
}

Fault Machine::deadlock() const {
  std::string text = "deadlock";
  if (fidelity != Fidelity::Functional)
    text += formatv(" at cycle {0}", lastChange());
  text +=
      formatv(": {0} of {1} PEs never halt", pes.size() - donePEs, pes.size());
  size_t listed = 0;
  for (const PE &pe : pes) {
    if (pe.counted || ++listed > MaxListed)
      continue;
    text += "\n  " + waitingText(pe);
  }
  if (listed > MaxListed)
    text += formatv("\n  and {0} more", listed - MaxListed);
  return {RunError::Deadlock, "", std::move(text), lastChange()};
}

bool Machine::leftOver(Fault &f) const {
  std::string text;
  size_t places = 0;
  uint64_t total = 0;
  auto note = [&](const Cell &c, const Fifo &q, const char *place) {
    if (!q.count)
      return;
    total += q.count;
    if (++places <= MaxListed)
      text += formatv("\n  {0} of {1} in {2}", q.count, colorAt(c), place);
  };
  for (const Cell &c : cells) {
    note(c, c.fifo, c.rx == bin::Ramp ? "an output queue" : "the router");
    if (c.queue != None && &cells[queues[c.queue].cell] == &c)
      note(c, queues[c.queue].fifo, "an input queue");
  }
  if (!places)
    return false;
  if (places > MaxListed)
    text += formatv("\n  and {0} more places", places - MaxListed);
  std::string head =
      formatv("{0} wavelet{1} left when all PEs have halted (R-FAB-9)", total,
              total == 1 ? " is" : "s are");
  f = {RunError::Fault, "R-FAB-9", head + text, lastHalt};
  return true;
}

//===----------------------------------------------------------------------===//
// Counters
//===----------------------------------------------------------------------===//

/// Each wavelet that left a cell crossed all its links.
void Machine::countLinks(Stats &s) const {
  for (const Router &r : routers) {
    uint64_t links[NumDirs] = {};
    for (uint32_t c = r.first; c < r.first + r.count; ++c)
      for (unsigned dir = 0; dir < DirRamp; ++dir)
        links[dir] += crossed(c, dir);
    for (unsigned dir = 0; dir < DirRamp; ++dir) {
      s.waveletHops += links[dir];
      s.maxLinkWavelets = std::max(s.maxLinkWavelets, links[dir]);
    }
  }
}

void Machine::countMacs(Stats &s) const {
  for (uint32_t cls = 0; cls < codes.size(); ++cls) {
    const uint64_t *n = macsOf.data() + macBase[cls];
    for (uint32_t i = 0; i < pes.countOf(cls); ++i)
      for (uint32_t kernel : codes[cls].kernels) {
        KernelStats &k = s.kernels[kernel];
        k.macs += *n;
        k.macsMaxPerPE = std::max(k.macsMaxPerPE, *n);
        k.pesActive += *n != 0;
        ++n;
      }
  }
}

/// Of those that have halted and those that have not.
std::vector<Retired> Machine::totals() const {
  std::vector<Retired> by = retired;
  for (const PE &pe : pes)
    by[pe.cls].add(pe);
  return by;
}

Stats Machine::collect() const {
  Stats s;
  s.cycles = faults.empty() ? lastHalt : faults[0].at;
  countLinks(s);
  s.batching.batched = batchedMoves + closedMoves;
  s.batching.closed = closedMoves;
  for (const Cell &c : cells)
    s.batching.moves += c.fifo.popped;
  for (const Queue &q : queues)
    s.batching.moves += q.fifo.popped;
  s.macs = macs;
  s.instructions = instructions;
  s.elements = elements;
  s.fabricElements = fabricElements;
  if (fabricElements) {
    s.firstElement = firstElement;
    s.lastElement = lastElement;
  }
  s.kernels = kernels;
  countMacs(s);
  std::vector<Retired> by = totals();
  for (const Retired &r : by)
    s.sramPeakBytes = std::max<uint64_t>(s.sramPeakBytes, r.peak);
  for (KernelStats &k : s.kernels) {
    if (k.firstCycle > k.lastCycle)
      k.firstCycle = k.lastCycle;
    k.cycles = k.lastCycle - k.firstCycle;
  }
  if (faults.empty())
    splitTime(s, by);
  if (!timed)
    closeFunctional(s);
  return s;
}
