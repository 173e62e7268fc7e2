//===- TimeSplit.cpp - Where the time of the PEs went ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A main thread's cycles are counted by what it did (compute, set-up, waits).
// Which kernel it did it for changes seldom, so a kernel is charged with the
// difference when the PE leaves it.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

using namespace weft;
using namespace weft::sim;

/// From now on the PE's time is `kernel`'s.
void Machine::chargeTo(PE &pe, uint32_t kernel) {
  Account &a = pe.since;
  if (pe.account != None && pe.time > a.time) {
    TimeSplit &t = kernels[pe.code->kernels[pe.account]].time;
    t.compute += pe.compute - a.compute;
    t.setup += pe.setup - a.setup;
    t.waitIn += pe.waitIn - a.waitIn;
    t.waitOut += pe.waitOut - a.waitOut;
    if (auto mark = workedFor[macIndex(pe, pe.account)]; !mark) {
      mark = true;
      ++t.pes;
    }
  }
  pe.account = kernel;
  a = {pe.time, pe.compute, pe.setup, pe.waitIn, pe.waitOut};
}

static void addIdle(TimeSplit &t, uint64_t cycles) {
  t.idle = t.pes * cycles - t.compute - t.setup - t.waitIn - t.waitOut;
}

/// The classes' times, and what is left over: idle.
void Machine::splitTime(Stats &s, const std::vector<Retired> &by) const {
  for (uint32_t c = 0; c < by.size(); ++c)
    s.classes.push_back({pes.countOf(c), by[c].compute, by[c].setup,
                         by[c].waitIn, by[c].waitOut, 0});
  for (TimeSplit &c : s.classes)
    addIdle(c, s.cycles);
  for (KernelStats &k : s.kernels)
    addIdle(k.time, k.cycles);
}
