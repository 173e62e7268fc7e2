//===- Settle.cpp - What flows say of cells and queues --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// In a batched run a fifo does not see the moves that are stated: it is
// settled, brought to the start of a cycle, when somebody reads it. The alarm
// of a flow is the first cycle in which it might find no room.
//
//===----------------------------------------------------------------------===//
#include "Moves.h"
#include "Targets.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

//===----------------------------------------------------------------------===//
// Settling
//===----------------------------------------------------------------------===//

/// Brings a fifo to the start of cycle `at`; `in` fills it, `out` empties it.
void Machine::settle(Fifo &f, const Flow &in, uint32_t delay, const Flow &out,
                     uint64_t at) {
  uint64_t popped = f.popped, pushed = f.pushed();
  if (out.n)
    if (uint64_t next = out.next(at); next > popped) {
      f.lastPop = uint32_t(out.time(next - 1));
      batchedMoves += next - popped;
      popped = next;
    }
  uint64_t next = in.n ? std::max(pushed, in.next(at)) : pushed;
  for (uint64_t k = std::max(pushed, popped); k < next; ++k)
    wavelets[f.ring + (uint32_t(k) & f.mask)].ready =
        uint32_t(in.time(k) + delay);
  f.popped = popped;
  f.count = uint16_t(next - popped);
}

/// The flow that fills a cell, and how long its wavelets are on their way.
const Flow &Machine::feedOf(const Cell &c, uint32_t &delay) const {
  static const Flow none;
  delay = c.delay;
  if (c.up != None)
    return lazyCells[c.up].flow;
  return c.rx == bin::Ramp && c.tape != None ? tapeFlows[c.tape] : none;
}

void Machine::settleCell(uint32_t cell, uint64_t at) {
  Cell &c = cells[cell];
  uint32_t delay;
  const Flow &in = feedOf(c, delay), &out = lazyCells[cell].flow;
  if (in.n || out.n)
    settle(c.fifo, in, delay, out, at);
  Router &r = routers[c.router];
  uint32_t bit = 1u << (cell - r.first);
  r.occupied = c.fifo.count ? r.occupied | bit : r.occupied & ~bit;
}

void Machine::settleQueue(uint32_t queue, uint64_t at) {
  Queue &q = queues[queue];
  const Flow &in = lazyCells[q.cell].flow, &out = queueFlows[queue];
  if (in.n || out.n)
    settle(q.fifo, in, ramp, out, at);
}

void Machine::settleTarget(uint32_t index, bool queue, uint64_t at) {
  if (queue)
    settleQueue(index, at);
  else
    settleCell(index, at);
}

/// All moves before cycle `at`, everywhere.
void Machine::settleAll(uint64_t at) {
  for (uint32_t c = 0; c < cells.size(); ++c)
    settleCell(c, at);
  for (uint32_t q = 0; q < queues.size(); ++q)
    settleQueue(q, at);
}

//===----------------------------------------------------------------------===//
// Alarms
//===----------------------------------------------------------------------===//

/// The first cycle after this one in which a wavelet of `f` might find no room
/// in `to`, which `out` empties. Wavelet k needs number k - capacity to have
/// left before.
uint64_t Machine::blockedAt(const Flow &f, const Fifo &to,
                            const Flow &out) const {
  uint64_t room = to.capacity, k = std::max(f.next(now + 1), to.popped + room),
           known = std::max(to.popped, out.n ? out.end() : 0) + room;
  if (k < std::min(known, f.end())) {
    uint64_t leaves = out.milli(k - room) + 1000, comes = f.milli(k);
    if (leaves > comes)
      return f.time(k);
    if (out.rate > f.rate)
      k = std::min(known, k + (comes - leaves) / (out.rate - f.rate) + 1);
    else
      k = known;
  }
  return k < f.end() ? f.time(k) : Never;
}

uint64_t Machine::blockedAt(const Flow &f, const Cell &c) {
  uint64_t at = Never;
  eachTarget(c, [&](uint32_t to, bool queue) {
    settleTarget(to, queue, now);
    at = std::min(at, queue ? blockedAt(f, queues[to].fifo, queueFlows[to])
                            : blockedAt(f, cells[to].fifo, lazyCells[to].flow));
  });
  return at;
}

/// An alarm that is due is left: its router has yet to look.
void Machine::setAlarm(uint32_t cell) {
  LazyCell &l = lazyCells[cell];
  if (!l.flow.n || l.alarm <= now)
    return;
  l.alarm = blockedAt(l.flow, cells[cell]);
  if (l.alarm != Never)
    wakeRouter(cells[cell].router, l.alarm);
}

/// The same for whoever fills `cell`, whose coming moves have changed.
void Machine::setFeedAlarm(uint32_t cell) {
  const Cell &c = cells[cell];
  if (c.up != None)
    return setAlarm(c.up);
  if (c.rx != bin::Ramp || peAt[c.router] == None)
    return;
  PE *pe = pes.find(peAt[c.router]);
  if (!pe || pe->lazy.slot == None || pe->lazy.alarm <= now)
    return;
  LazyOp &op = pe->lazy;
  const Source &dst = pe->flights[op.slot].dst;
  if (dst.kind != Source::FabOut || dst.fifo != cell)
    return;
  settleCell(cell, now);
  op.alarm = blockedAt(tapeFlows[c.tape], c.fifo, lazyCells[cell].flow);
  if (op.alarm != Never)
    wakePE(pe->id, op.alarm);
}
