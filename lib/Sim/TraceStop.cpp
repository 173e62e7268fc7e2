//===- TraceStop.cpp - The record of a run that failed --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What is under way has no end to be recorded at: it is recorded up to the
// cycle in which the run stopped, with what it waits for.
//
//===----------------------------------------------------------------------===//
#include "TraceHooks.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

/// An op in flight.
void Machine::traceStopOp(PE &pe, unsigned slot, uint64_t at) {
  const Flight &f = pe.flights[slot];
  noteKernel(pe, f.kernel, f.issue, std::max(f.earliest, at));
  uint32_t traced = recorder->events.find(pe.x, pe.y);
  if (traced == None)
    return;
  recorder->events.endElements(traced, slot, recorder->trace);
  uint64_t begins = f.issue + (slot ? uint64_t(target.scalarAlu) : 0);
  traceEvent(pe, slot, PEEvent::Instruction, begins, at, textOf(pe, *f.inst),
             globalKernel(pe, f.kernel));
  const Source *lacks = nullptr;
  for (const Source *s : {&f.src0, &f.src1})
    if (s->kind == Source::FabIn && !queues[s->fifo].fifo.count)
      lacks = s;
  if (lacks)
    traceEvent(pe, slot, PEEvent::WaitIn, f.earliest, at,
               pe.code->inColor[lacks->queue], 0);
  else if (f.dst.kind == Source::FabOut && f.blockedOn == 'o')
    traceEvent(pe, slot, PEEvent::WaitOut, f.earliest, at,
               pe.code->outColor[f.dst.queue], 0);
}

/// Until when what is under way is recorded. A deadlock lasts for ever: one
/// cycle of it is shown.
uint64_t Machine::endOfRecord() const {
  uint64_t at = faults[0].at;
  if (faults[0].kind != RunError::Deadlock)
    return at;
  for (const PE &pe : pes)
    for (uint32_t m = pe.live; m; m &= m - 1)
      at = std::max(at, pe.flights[countr_zero(m)].earliest);
  return at + 1;
}

void Machine::traceStop() {
  const Fault &fault = faults[0];
  uint64_t at = endOfRecord();
  recorder->trace.failure = fault.message;
  recorder->trace.failedAt = fault.at;
  recorder->events.keepAll(); // a few per PE, and what is looked for
  for (PE &pe : pes) {
    chargeTo(pe, None);
    for (uint32_t m = pe.live; m; m &= m - 1)
      traceStopOp(pe, unsigned(countr_zero(m)), at);
    if (recorder->events.find(pe.x, pe.y) == None)
      continue;
    if (pe.state == PE::Ended)
      traceEvent(pe, 0, PEEvent::WaitTask, pe.time, at, 0, 0);
    bool waits = pe.state == PE::Waiting,
         faulty = pe.state == PE::Running && fault.pe == pe.id;
    if ((waits || faulty) && pe.pc < pe.code->insts.size()) {
      const Inst &i = pe.code->insts[pe.pc];
      traceEvent(pe, 0, PEEvent::Instruction, pe.time, waits ? at : pe.time + 1,
                 textOf(pe, i), globalKernel(pe, kernelOf(pe, i)));
    }
  }
}
