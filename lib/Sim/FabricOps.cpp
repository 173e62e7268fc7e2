//===- FabricOps.cpp - The element pipe of a PE ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One step per cycle over all ops that have a fabric operand: the synchronous
// op first, then the microthreads in turn. A step is one wavelet per fabric
// operand: one element, or two if they are 16 bits wide (the lower half first).
//
//===----------------------------------------------------------------------===//
#include "Moves.h"
#include "SimpleStep.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;
using isa::Op;

void Machine::issueFabric(PE &pe, Flight &f) {
  const Inst &i = *f.inst;
  unsigned slot = i.async ? 1 + i.microthread : 0;
  if (i.advance && !mayAdvance(pe, f.dst.fifo))
    return;
  f.earliest = pe.time + f.setup;
  if (i.async) {
    f.earliest += target.scalarAlu;
    pe.time += target.scalarAlu;
    pe.compute += target.scalarAlu;
  } else {
    pe.state = PE::InOp;
    pe.setup += f.setup;
  }
  makeSimple(pe, f);
  f.words = lazy && hasWords(f);
  uint32_t stream = lazy && !i.async ? streamOf(pe, f) : None;
  if (pe.flights.size() <= slot)
    pe.flights.resize(slot + 1);
  if (&pe.flights[slot] != &f)
    pe.flights[slot] = f;
  pe.flights[slot].unmoved = f.total;
  pe.live |= 1u << slot;
  ++pe.pc;
  if (stream != None && startStream(pe, stream))
    return;
  if (lazy)
    moveAhead(pe, slot);
  if (f.earliest > now)
    wakePE(pe.id, f.earliest);
}

//===----------------------------------------------------------------------===//
// One step
//===----------------------------------------------------------------------===//

uint32_t Machine::loadChecked(PE &pe, Flight &f, Source &s, View v) {
  if (s.kind == Source::Reg)
    return s.value;
  if (s.kind != Source::Mem)
    return 0;
  int64_t at = s.cursor.addr;
  if (f.checkEach && !memory.written(pe.id, at, at + s.shape->bytes))
    fault(pe, "R-MEM-3",
          formatv("byte {0} is read before anything wrote it", at));
  s.cursor.advance(1);
  return loadElement(memory.at(pe.id, at), s.type, v);
}

uint32_t Machine::takeOperand(PE &pe, Flight &f, Source &s, View v,
                              uint32_t word, unsigned half) {
  if (s.kind != Source::FabIn)
    return loadChecked(pe, f, s, v);
  if (isa::dtypeBytes(s.type) == 4)
    return word;
  return widen(half ? word >> 16 : word, s.type, v);
}

/// One element; `in0` and `in1` are the words of fabric sources. Returns its
/// bits in the word that a fabric destination gets.
uint32_t Machine::processElement(PE &pe, Flight &f, uint32_t in0, uint32_t in1,
                                 unsigned half) {
  const Recipe &r = f.recipe;
  uint32_t a = takeOperand(pe, f, f.src0, r.src0, in0, half);
  uint32_t b = takeOperand(pe, f, f.src1, r.src1, in1, half);
  if (f.dst.kind == Source::Reg) {
    pe.regs[f.dst.reg] =
        evaluate(r.op, r.src0, r.width, a, b, pe.regs[f.dst.reg]);
    pe.regs[0] = 0;
    return 0;
  }
  if (f.dst.kind == Source::FabOut) {
    uint32_t value = evaluate(r.op, r.src0, r.width, a, b, 0);
    return isa::dtypeBytes(f.fabType) == 2
               ? uint32_t(narrow(value, f.fabType, r.dst)) << (16 * half)
               : value;
  }
  uint8_t *p = memory.at(pe.id, f.dst.cursor.addr);
  uint32_t old = r.readsDst ? loadElement(p, f.dst.type, r.dst) : 0;
  storeElement(p, f.dst.type, r.dst,
               evaluate(r.op, r.src0, r.width, a, b, old));
  if (f.checkEach)
    memory.mark(pe.id, f.dst.cursor.addr,
                f.dst.cursor.addr + f.dst.shape->bytes);
  f.dst.cursor.advance(1);
  return 0;
}

/// The next `k` elements, those of one wavelet.
template <bool Plain>
LLVM_ATTRIBUTE_ALWAYS_INLINE void Machine::moveElements(PE &pe, Flight &f,
                                                        unsigned k) {
  uint32_t in0 = f.in0 != None ? popQueue(f.in0) : 0;
  uint32_t in1 = f.in1 != None ? popQueue(f.in1) : 0;
  uint32_t out = f.simple.flags ? simpleStep(pe, f, in0, in1) : 0;
  for (unsigned half = 0; half < k && !f.simple.flags; ++half)
    out |= processElement(pe, f, in0, in1, half);
  if (f.out != None)
    pushCell<Plain>(f.out, out, now + 1 + ramp);
}

template <bool Plain>
LLVM_ATTRIBUTE_ALWAYS_INLINE void Machine::process(PE &pe, unsigned slot) {
  Flight &f = pe.flights[slot];
  unsigned k = 1;
  if (!f.simple.flags)
    k = std::min(isa::elementsPerWavelet(isa::dtypeBytes(f.fabType)), f.left);
  if (!Plain && recorder)
    traceTake(pe, slot);
  if (slot == 0 && now != f.earliest)
    (f.blockedOn == 'o' ? pe.waitOut : pe.waitIn) += now - f.earliest;
  f.blockedOn = 0;
  Op op = f.simple.flags ? f.simple.op : f.recipe.op;
  if (!Plain && lazy)
    stepLazyOp(pe, f, k);
  else
    moveElements<Plain>(pe, f, k);
  if (op == Op::VFMac || op == Op::VFDot)
    addMacs(pe, f.kernel, k);
  ++fabricElements;
  firstElement = std::min(firstElement, now);
  lastElement = std::max(lastElement, now + 1);
  f.earliest = now + 1;
  if (k * f.rate > 1000) {
    uint32_t due = f.carry + k * f.rate;
    f.earliest = now + due / 1000;
    f.carry = due % 1000;
  }
  f.left -= k;
  if (!f.left && f.carry)
    ++f.earliest;
  if (!Plain && recorder)
    tracePut(pe, slot, k);
  if (slot == 0)
    pe.compute += f.earliest - now;
  else
    pe.nextThread = slot + 1;
  if (!f.left)
    finishOp(pe, slot);
}

void Machine::finishOp(PE &pe, unsigned slot) {
  Flight &f = pe.flights[slot];
  f.end = f.earliest;
  if (f.inst->advance)
    advanceAfter(f.dst.fifo);
  if (recorder)
    traceEnd(pe, slot);
  pe.live &= ~(1u << slot);
  if (lazy)
    for (const Source *s : {&f.src0, &f.src1})
      if (s->kind == Source::FabIn)
        queues[s->fifo].slot = None;
  pe.lastElement = std::max(pe.lastElement, f.end);
  noteKernel(pe, f.kernel, f.issue, f.end);
  if (slot == 0) {
    pe.state = PE::Running;
    pe.time = f.end;
    if (pe.lazy.stream == None) // else it goes on at once
      wakePE(pe.id, pe.time);
  } else if (pe.state == PE::Waiting && pe.waitsFor == slot) {
    uint64_t least = pe.time + target.scalarAlu, done = std::max(least, f.end);
    pe.compute += target.scalarAlu;
    bool receives =
        f.src0.kind == Source::FabIn || f.src1.kind == Source::FabIn;
    (receives ? pe.waitIn : pe.waitOut) += done - least;
    noteKernel(pe, pe.code->insts[pe.pc], pe.time, done);
    pe.state = PE::Running;
    pe.time = done;
    ++pe.pc;
    wakePE(pe.id, pe.time);
  }
  if (!lateKernels.empty())
    keepLate(pe);
  finishIfDone(pe);
}

//===----------------------------------------------------------------------===//
// Whose turn it is
//===----------------------------------------------------------------------===//

/// Can the next step of `f` happen now? If not, `wake` is when it might, as far
/// as the PE can tell; a wavelet or room in a queue wakes the PE by itself.
template <bool Plain> bool Machine::ready(PE &pe, Flight &f, uint64_t &wake) {
  bool stated = !Plain && lazy;
  if (f.earliest > now) {
    wake = f.earliest;
    return false;
  }
  for (uint32_t in : {f.in0, f.in1}) {
    if (in == None)
      continue;
    if (stated)
      settleQueue(in, now);
    const Fifo &q = queues[in].fifo;
    uint32_t at = q.count ? wavelets[q.head()].ready : 0;
    if (q.count && at <= now)
      continue;
    f.blockedOn = 'i';
    if (q.count)
      wake = at;
    else if (stated)
      wake = nextArrival(in);
    return false;
  }
  bool room = f.out == None ||
              (stated ? roomToSend(f.out, wake) : cells[f.out].fifo.room(now));
  if (!room) {
    f.blockedOn = 'o';
    return false;
  }
  return true;
}

template bool Machine::ready<false>(PE &pe, Flight &f, uint64_t &wake);

/// The only op is the main thread's.
template <bool Plain> void Machine::serveOne(PE &pe) {
  Flight &f = pe.flights[0];
  uint64_t wake = Never;
  if (ready<Plain>(pe, f, wake)) {
    process<Plain>(pe, 0);
    wake = pe.live & 1 ? f.earliest : Never;
  }
  if (wake != Never)
    wakePE<Plain>(pe.id, std::max(wake, now + 1));
}

template <bool Plain> void Machine::serve(PE &pe) {
  bool stated = !Plain && lazy;
  if (pe.live == 1 && !stated)
    return serveOne<Plain>(pe);
  uint64_t wake = Never;
  unsigned chosen = None;
  uint32_t async = pe.live & ~1u,
           later = async >> pe.nextThread << pe.nextThread;
  for (uint32_t part : {pe.live & 1u, later, async & ~later})
    for (uint32_t m = part; m; m &= m - 1) {
      unsigned slot = countr_zero(m);
      uint64_t at = Never;
      if (!ready<Plain>(pe, pe.flights[slot], at))
        wake = std::min(wake, at);
      else if (chosen == None)
        chosen = slot;
      else
        wake = now + 1;
    }
  if (chosen != None) {
    process<Plain>(pe, chosen);
    if ((pe.live >> chosen & 1) && !(stated && trySleepOp(pe, chosen, wake)))
      wake = std::min(wake, pe.flights[chosen].earliest);
  }
  if (wake != Never)
    wakePE<Plain>(pe.id, std::max(wake, now + 1));
}
template void Machine::serve<false>(PE &pe);
template void Machine::serve<true>(PE &pe);
