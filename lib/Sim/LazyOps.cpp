//===- LazyOps.cpp - Fabric ops in batched runs ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// An op that has the element pipe to itself, and whose wavelets come by flows,
// states its coming steps and lets the PE sleep until its last one. Its data is
// moved ahead of that, in bulk, as soon as the words are there (Tapes.cpp).
//
//===----------------------------------------------------------------------===//
#include "Moves.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

static uint32_t perWavelet(const Flight &f) {
  return isa::elementsPerWavelet(isa::dtypeBytes(f.fabType));
}

/// Cycles per 1000 steps of a whole wavelet.
static uint32_t stepRate(const Flight &f) {
  return std::max(1000u, perWavelet(f) * f.rate);
}

template <typename F> static void eachInput(const Flight &f, F fn) {
  for (const Source *s : {&f.src0, &f.src1})
    if (s->kind == Source::FabIn)
      fn(s->fifo);
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

/// Counts all steps before cycle `at`.
void Machine::catchUp(PE &pe, uint64_t at) {
  LazyOp &op = pe.lazy;
  if (op.slot == None)
    return;
  if (uint64_t next = op.steps.next(at); next != op.done)
    runSteps(pe, op, next - op.done);
}

/// The next `n` stated steps of the PE's op.
void Machine::runSteps(PE &pe, LazyOp &op, uint64_t n) {
  Flight &f = pe.flights[op.slot];
  uint32_t per = perWavelet(f);
  uint64_t last = op.steps.time(op.done + n - 1);
  firstElement = std::min(firstElement, op.steps.time(op.done));
  lastElement = std::max(lastElement, last + 1);
  // As many steps of an exact run would: the rest of the rate is kept.
  uint64_t carry = f.carry + (n - 1) * stepRate(f), spent = carry / 1000;
  uint64_t before = (n - 1) * per;
  uint32_t elems = uint32_t(std::min<uint64_t>(per, f.left - before));
  carry = carry % 1000 + std::max(1000u, elems * f.rate);
  uint64_t own = carry / 1000;
  f.carry = carry % 1000;
  if (f.left == before + elems && f.carry)
    ++own;
  if (op.slot == 0) {
    pe.compute += spent + own;
    pe.waitIn += last - f.earliest - spent;
  } else {
    pe.nextThread = uint8_t(op.slot + 1);
  }
  f.blockedOn = 0;
  f.earliest = last + own;
  op.done += n;
  if (!f.eager)
    moveData(pe, f, uint32_t(n));
  countSteps(pe, f, uint32_t(n));
}

void Machine::popLazyQueue(uint32_t queue) {
  settleQueue(queue, now);
  queueFlows[queue].n = 0; // of an op before
  Queue &q = queues[queue];
  if (q.fifo.count >= q.fifo.capacity)
    wakeRouter(cells[q.cell].router, now + 1);
  ++q.fifo.popped;
  --q.fifo.count;
  q.fifo.lastPop = uint32_t(now);
}

void Machine::sendLazy(uint32_t root) {
  settleCell(root, now);
  tapeFlows[cells[root].tape].n = 0; // of an op before
  pushCell(root, 0, now + 1 + ramp);
}

/// Does an operand's colour have a switch?
bool Machine::hasWords(const Flight &f) const {
  return (f.in0 != None && queues[f.in0].tape == None) ||
         (f.in1 != None && queues[f.in1].tape == None) ||
         (f.out != None && cells[f.out].tape == None);
}

uint32_t Machine::takeLazyWord(uint32_t queue) {
  if (queue == None)
    return 0;
  if (queues[queue].tape == None)
    return popQueue(queue);
  popLazyQueue(queue);
  uint32_t word = *wordsFor(queue);
  takeWords(queue, 1);
  return word;
}

/// A step of an op that keeps step with its words.
void Machine::stepWords(PE &pe, Flight &f, unsigned k) {
  uint32_t in0 = takeLazyWord(f.in0), in1 = takeLazyWord(f.in1), out = 0;
  for (unsigned half = 0; half < k; ++half)
    out |= processElement(pe, f, in0, in1, half);
  f.unmoved -= k;
  if (f.out == None)
    return;
  uint32_t tape = cells[f.out].tape;
  if (tape == None)
    return pushCell<false>(f.out, out, now + 1 + ramp);
  *appendWords(tape, 1) = out;
  sendLazy(f.out);
  addReaders(tapes[tape]);
  moveWaiting();
}

/// One step by itself, of `k` elements.
void Machine::stepLazyOp(PE &pe, Flight &f, unsigned k) {
  if (f.words)
    return stepWords(pe, f, k);
  eachInput(f, [&](uint32_t q) { popLazyQueue(q); });
  if (!f.eager)
    moveData(pe, f, 1);
  if (f.dst.kind == Source::FabOut)
    sendLazy(f.dst.fifo);
}

//===----------------------------------------------------------------------===//
// Falling asleep
//===----------------------------------------------------------------------===//

/// How the wavelets of `queue` come from now on; n is 0: unknown.
Flow Machine::arrivals(uint32_t queue) const {
  const Queue &q = queues[queue];
  const Flow &in = lazyCells[q.cell].flow;
  uint64_t p = q.fifo.popped;
  if (!in.n || p < in.base || in.end() <= p)
    return {};
  return in.after(p, ramp, 0);
}

/// Are the wavelets of `queue` there for all of `steps`?
bool Machine::comeInTime(uint32_t queue, const Flow &steps) const {
  const Queue &q = queues[queue];
  const Fifo &f = q.fifo;
  const Flow &in = lazyCells[q.cell].flow;
  uint64_t p = f.popped, pushed = f.pushed();
  for (uint64_t k = p; k < std::min(pushed, p + steps.n); ++k)
    if (wavelets[f.ring + (uint32_t(k) & f.mask)].ready > steps.time(k - p))
      return false;
  uint64_t k = std::max(pushed, in.base);
  return k >= p + steps.n || (in.n && in.rate <= steps.rate && k == pushed &&
                              in.milli(k) + ramp * 1000 <= steps.milli(k - p));
}

/// The steps of `f` from now on if nothing but its pace and its wavelets
/// matters; n is 0: not evenly.
Flow Machine::evenSteps(const Flight &f) {
  uint32_t per = perWavelet(f), rate = stepRate(f);
  uint64_t n = (uint64_t(f.left) + per - 1) / per;
  Flow own = {0, n, f.earliest, rate, f.carry}, steps = own;
  eachInput(f, [&](uint32_t q) {
    settleQueue(q, now);
    const Fifo &fifo = queues[q].fifo;
    const Flow &in = lazyCells[queues[q].cell].flow;
    uint64_t end = in.n ? std::max(in.end(), fifo.pushed()) : fifo.pushed();
    n = std::min(n, end - fifo.popped);
    Flow come = arrivals(q);
    if (come.n && come.milli(0) > steps.milli(0))
      steps = come;
  });
  steps.n = n;
  bool waits = steps.milli(0) != own.milli(0);
  if (waits && rate != 1000 && (rate + 999) / 1000 > steps.rate / 1000)
    return {};
  bool even = true;
  eachInput(f, [&](uint32_t q) { even &= comeInTime(q, steps); });
  return even ? steps : Flow();
}

/// The op in `slot` has just processed an element; nothing else on this PE can
/// before cycle `others`.
bool Machine::trySleepOp(PE &pe, unsigned slot, uint64_t others) {
  Flight &f = pe.flights[slot];
  if (f.words || others <= now + 1 || f.left < 3 * perWavelet(f))
    return false;
  Flow steps = evenSteps(f);
  if (steps.n < 3)
    return false;
  uint64_t alarm = Never;
  Flow sends = steps;
  if (f.dst.kind == Source::FabOut) {
    settleCell(f.dst.fifo, now);
    const Fifo &to = cells[f.dst.fifo].fifo;
    sends.base = to.pushed();
    alarm = blockedAt(sends, to, lazyCells[f.dst.fifo].flow);
    if (alarm < steps.time(1))
      return false;
    tapeFlows[cells[f.dst.fifo].tape] = sends;
  }
  LazyOp &op = pe.lazy;
  op.slot = slot;
  op.whole = steps.n * perWavelet(f) >= f.left;
  op.steps = steps;
  op.done = 0;
  op.alarm = alarm;
  eachInput(f, [&](uint32_t q) {
    queueFlows[q] = steps;
    queueFlows[q].base = queues[q].fifo.popped;
    setAlarm(queues[q].cell);
  });
  wakePE(pe.id, steps.last() + !op.whole);
  if (alarm != Never)
    wakePE(pe.id, alarm);
  return true;
}

/// When the next wavelet will be in the empty `queue`, if that is stated.
uint64_t Machine::nextArrival(uint32_t queue) const {
  const Queue &q = queues[queue];
  const Flow &in = lazyCells[q.cell].flow;
  uint64_t k = std::max(q.fifo.pushed(), in.base);
  return in.n && k < in.end() ? in.time(k) + ramp : Never;
}

/// If not, `wake` is when, if that is stated; else the router wakes the PE.
bool Machine::roomToSend(uint32_t root, uint64_t &wake) {
  settleCell(root, now);
  if (cells[root].fifo.room(now))
    return true;
  const Flow &out = lazyCells[root].flow;
  if (out.n && out.next(now) < out.end())
    wake = out.time(out.next(now)) + 1;
  return false;
}

//===----------------------------------------------------------------------===//
// Waking up
//===----------------------------------------------------------------------===//

/// Gives up the steps from this cycle on; those before have been run.
void Machine::stopOp(PE &pe) {
  LazyOp &op = pe.lazy;
  const Flight &f = pe.flights[op.slot];
  op.slot = None;
  eachInput(f, [&](uint32_t q) {
    settleQueue(q, now);
    queueFlows[q].n = 0;
    setAlarm(queues[q].cell);
  });
  if (f.dst.kind != Source::FabOut)
    return;
  settleCell(f.dst.fifo, now);
  tapeFlows[cells[f.dst.fifo].tape].n = 0;
  cuts.push_back({f.dst.fifo, false, cells[f.dst.fifo].fifo.pushed()});
  cutAll();
}

/// Only `n` of the op's stated steps have their wavelets.
void Machine::cutOp(PE &pe, uint64_t n) {
  LazyOp &op = pe.lazy;
  const Flight &f = pe.flights[op.slot];
  op.steps.n = n;
  op.whole = false;
  eachInput(f, [&](uint32_t q) {
    queueFlows[q].n = n;
    setAlarm(queues[q].cell);
  });
  if (f.dst.kind == Source::FabOut) {
    Flow &sends = tapeFlows[cells[f.dst.fifo].tape];
    sends.n = n;
    cuts.push_back({f.dst.fifo, false, sends.end()});
  }
  wakePE(pe.id, n ? op.steps.last() + 1 : now + 1);
}

/// A PE whose op states its steps was woken.
void Machine::lookAtOp(PE &pe) {
  LazyOp &op = pe.lazy;
  catchUp(pe, now);
  if (op.done == op.steps.n) {
    op.slot = None;
    return;
  }
  if (op.alarm > now)
    return;
  uint32_t root = pe.flights[op.slot].dst.fifo;
  settleCell(root, now);
  if (op.steps.time(op.done) == now && !cells[root].fifo.room(now))
    return stopOp(pe);
  op.alarm = Never;
  setFeedAlarm(root);
}

void Machine::stepLazyPE(PE &pe) {
  LazyOp &op = pe.lazy;
  if (pe.held)
    return releaseFault(pe);
  if (op.stream != None) {
    if (pe.flights[0].dst.kind != Source::FabOut ||
        pe.flights[0].earliest > now)
      return;
    openStream(pe);
  }
  if (op.slot != None)
    lookAtOp(pe);
  if (pe.state == PE::Running && pe.time <= now)
    runFrom(pe, now);
  if (!pe.live || op.stream != None || (op.slot != None && !serveOthers(pe)))
    return;
  serve(pe);
}

/// While an op states its steps: can another one process an element? Then both
/// go on as in an exact run.
bool Machine::serveOthers(PE &pe) {
  LazyOp &op = pe.lazy;
  uint64_t wake = Never;
  bool any = false;
  for (uint32_t m = pe.live & ~(1u << op.slot); m; m &= m - 1) {
    uint64_t at = Never;
    any |= ready(pe, pe.flights[countr_zero(m)], at);
    wake = std::min(wake, at);
  }
  if (any) {
    stopOp(pe);
    return true;
  }
  if (wake != Never)
    wakePE(pe.id, std::max(wake, now + 1));
  if (op.whole && op.steps.last() == now) {
    catchUp(pe, now + 1);
    unsigned slot = op.slot;
    op.slot = None;
    finishOp(pe, slot);
  }
  return false;
}
