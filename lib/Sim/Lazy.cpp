//===- Lazy.cpp - Routers in batched runs ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A cell that hands on wavelets at an even pace states its coming moves (a
// Flow) and sleeps. What it relies on is stated too: that its wavelets come,
// by the flow of the cell that feeds it; that there is room, by the flows of
// those it feeds, up to an alarm. Nothing that others do reaches it before the
// next cycle, so whoever gives up a flow can still tell in time those that rely
// on it. Whatever is not even is done as in an exact run, cycle by cycle:
// contention for a link, room that is missing, a pace that changes.
//
// State that a flow changes is brought up to date when it is read (Settle.cpp).
//
//===----------------------------------------------------------------------===//
#include "Moves.h"
#include "Targets.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

void Machine::resetLazy() {
  lazyCells.assign(cells.size(), {});
  queueFlows.assign(queues.size(), {});
  tapeFlows.assign(tapes.size(), {});
  for (Router &r : routers)
    r.asleep = 0;
  batchedMoves = closedMoves = 0;
  unpaired.clear();
  aheadOfNow.clear();
  heldFaults.clear();
}

//===----------------------------------------------------------------------===//
// Giving up
//===----------------------------------------------------------------------===//

/// The flow is over, or given up from this cycle on.
void Machine::endFlow(uint32_t cell) {
  const Cell &c = cells[cell];
  eachTarget(c, [&](uint32_t to, bool queue) { settleTarget(to, queue, now); });
  settleCell(cell, now);
  lazyCells[cell] = {};
  Router &r = routers[c.router];
  r.asleep &= ~(1u << (cell - r.first));
}

void Machine::stopFlow(uint32_t cell) {
  endFlow(cell);
  cutTargets(cell, cells[cell].fifo.popped);
  cutAll();
  setFeedAlarm(cell);
}

/// From wavelet `end` on, what `cell` feeds cannot count on it.
void Machine::cutTargets(uint32_t cell, uint64_t end) {
  eachTarget(cells[cell], [&](uint32_t to, bool queue) {
    cuts.push_back({to, queue, end});
  });
}

void Machine::cutAll() {
  while (!cuts.empty()) {
    Cut c = cuts.back();
    cuts.pop_back();
    Flow &f = c.queue ? queueFlows[c.index] : lazyCells[c.index].flow;
    if (!f.n || f.end() <= c.end)
      continue;
    if (c.queue) {
      cutOp(pes[queues[c.index].pe], c.end - f.base);
      continue;
    }
    f.n = c.end - f.base;
    Router &r = routers[cells[c.index].router];
    if (!f.n)
      r.asleep &= ~(1u << (c.index - r.first));
    cutTargets(c.index, c.end);
  }
}

//===----------------------------------------------------------------------===//
// Falling asleep
//===----------------------------------------------------------------------===//

/// May another cell of its router want one of its ports soon?
bool Machine::sharesPorts(uint32_t cell) {
  const Router &r = routers[cells[cell].router];
  for (uint32_t o = r.first; o < r.first + r.count; ++o) {
    uint32_t delay;
    if (o != cell && (cells[o].tx & cells[cell].tx) &&
        ((r.occupied | r.asleep) >> (o - r.first) & 1 ||
         feedOf(cells[o], delay).n))
      return true;
  }
  return false;
}

/// How `cell` goes on, given that it moves whenever it can and always has room.
/// n is 0: not evenly.
Flow Machine::evenFlow(const Cell &c, const Flow &in, uint32_t delay) const {
  const Fifo &f = c.fifo;
  uint64_t p = f.popped, pushed = f.pushed();
  uint64_t ready = f.count ? wavelets[f.head()].ready
                           : in.time(std::max(p, in.base)) + delay;
  if (p >= in.base && ready > now)
    return in.after(p, delay, p); // as they come
  if (in.rate != 1000)
    return {};
  Flow each = {p, in.end() - p, now + 1, 1000, 0}; // one in each cycle
  for (uint64_t k = p; k < pushed; ++k)
    if (wavelets[f.ring + (uint32_t(k) & f.mask)].ready > each.time(k))
      return {};
  if (pushed < in.end() && in.time(pushed) + delay > each.time(pushed))
    return {};
  return each;
}

/// `cell` has just moved a wavelet.
bool Machine::trySleep(uint32_t cell) {
  Cell &c = cells[cell];
  uint32_t delay;
  const Flow &in = feedOf(c, delay);
  uint64_t p = c.fifo.popped;
  if (!in.n || in.end() < p + 3 || c.fifo.pushed() < in.base ||
      sharesPorts(cell))
    return false;
  Flow flow = evenFlow(c, in, delay);
  if (!flow.n)
    return false;
  uint64_t alarm = blockedAt(flow, c);
  if (alarm < flow.time(p + 1))
    return false;
  lazyCells[cell] = {flow, alarm};
  Router &r = routers[c.router];
  r.asleep |= 1u << (cell - r.first);
  if (alarm != Never)
    wakeRouter(c.router, alarm);
  setFeedAlarm(cell);
  return true;
}

//===----------------------------------------------------------------------===//
// One router in one cycle
//===----------------------------------------------------------------------===//

/// Is there room for what `c` forwards? If not, and it is known when, its
/// router is woken then.
bool Machine::roomFor(const Cell &c) {
  bool room = true;
  eachTarget(c, [&](uint32_t to, bool queue) {
    if (to == None || !room)
      return;
    settleTarget(to, queue, now);
    const Fifo &f = queue ? queues[to].fifo : cells[to].fifo;
    const Flow &out = queue ? queueFlows[to] : lazyCells[to].flow;
    room = f.room(now);
    if (!room && out.n && out.next(now) < out.end())
      wakeRouter(c.router, out.time(out.next(now)) + 1);
  });
  return room;
}

bool Machine::canLeaveLazy(uint32_t cell) {
  const Cell &c = cells[cell];
  return roomFor(c) && canLeave(cells[cell]);
}

/// A sleeping cell of a router that was woken.
void Machine::lookAtFlow(uint32_t cell) {
  LazyCell &l = lazyCells[cell];
  const Cell &c = cells[cell];
  if (l.flow.last() < now)
    return endFlow(cell);
  if (l.alarm <= now) {
    uint64_t k = l.flow.next(now);
    if (l.flow.time(k) == now && !roomFor(c))
      return stopFlow(cell);
    l.alarm = Never;
    setAlarm(cell);
  } else if (l.alarm != Never) {
    wakeRouter(c.router, l.alarm);
  }
  uint32_t delay;
  const Flow &in = feedOf(c, delay);
  if (std::max(c.fifo.pushed(), in.n ? in.end() : 0) > l.flow.end())
    wakeRouter(c.router, l.flow.last() + 1);
}

/// When an awake cell must be looked at again; who waits for room is woken.
void Machine::wakeForNext(uint32_t cell, bool moved) {
  const Cell &c = cells[cell];
  uint32_t delay;
  const Flow &in = feedOf(c, delay);
  if (c.fifo.count) {
    if (moved)
      wakeRouter(c.router, wavelets[c.fifo.head()].ready);
  } else if (in.n && in.end() > c.fifo.pushed()) {
    wakeRouter(c.router, in.time(std::max(c.fifo.pushed(), in.base)) + delay);
  }
}

void Machine::stepLazyRouter(uint32_t index) {
  Router &r = routers[index];
  for (uint32_t m = r.asleep; m; m &= m - 1)
    lookAtFlow(r.first + unsigned(countr_zero(m)));
  uint32_t can = 0;
  for (unsigned i = 0; i < r.count; ++i) {
    if (r.asleep >> i & 1)
      continue;
    settleCell(r.first + i, now);
    if ((r.occupied >> i & 1) && canLeaveLazy(r.first + i))
      can |= 1u << i;
  }
  unsigned wanted = 0;
  for (uint32_t m = can; m; m &= m - 1)
    wanted |= cells[r.first + unsigned(countr_zero(m))].tx;
  for (uint32_t m = r.asleep; m; m &= m - 1) {
    unsigned i = countr_zero(m);
    if (!(cells[r.first + i].tx & wanted))
      continue;
    stopFlow(r.first + i);
    if ((r.occupied >> i & 1) && canLeaveLazy(r.first + i))
      can |= 1u << i;
  }
  uint32_t winners = choose(r, can);
  for (uint32_t m = winners; m; m &= m - 1)
    forward(r, r.first + unsigned(countr_zero(m)));
  for (unsigned i = 0; i < r.count; ++i) {
    bool moved = winners >> i & 1;
    if (!(r.asleep >> i & 1) && !(moved && trySleep(r.first + i)))
      wakeForNext(r.first + i, moved);
  }
  if (can & ~winners)
    wakeRouter(index, now + 1);
}
