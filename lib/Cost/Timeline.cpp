//===- Timeline.cpp - When things happen, for a few representative PEs ----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A Kahn network at the granularity of ops. The words of an op are segments,
// runs of words at an even pace; what a PE receives is what its sender sent, a
// fixed latency later. A representative PE whose sender is not followed (say,
// a PE of a followed row that receives along its column) copies the arrival
// from the PE of the same kind on the followed row and column that cross,
// shifted by how much earlier or later it got to the op. Buffers are taken as
// deep enough and links as free of contention; docs/cost-model.md says what
// that costs in accuracy.
//
//===----------------------------------------------------------------------===//
#include "Followed.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace weft;
using namespace weft::cost;

// Above so many ops over all followed PEs, loops are cut short.
constexpr uint64_t MaxOps = 4000000;

//===----------------------------------------------------------------------===//
// One PE
//===----------------------------------------------------------------------===//

void Timeline::charge(Followed &pe, uint32_t kernel, double cycles) {
  cover(kernelOf(pe, kernel), pe.t, pe.t + cycles);
  pe.t += cycles;
}

void Timeline::cover(uint32_t kernel, double from, double to) {
  if (kernel < kernels.size())
    kernels[kernel].cover(from, to);
}

void Timeline::enterCall(Followed &pe, const Item &item) {
  const std::vector<uint32_t> &list = codes[pe.cls]->callKernels;
  pe.kernel = pe.nextCall < list.size() ? list[pe.nextCall] : NoKernel;
  if (skipping && pe.nextCall < list.size())
    pe.calls.push_back({pe.t, pe.t});
  ++pe.nextCall;
  charge(pe, CallerKernel, item.cycles);
}

/// Performs what microthreads were given, as far as arrivals are known.
void Timeline::drain(Followed &pe, bool force) {
  for (size_t m = 0; m < pe.pending.size(); ++m)
    while (!pe.pending[m].empty()) {
      auto end = perform(pe, pe.pending[m].front(), force);
      if (!end)
        break;
      cover(end->kernel, pe.pending[m].front().at, end->at);
      pe.threads[m] = *end;
      pe.pending[m].pop_front();
      force = false;
    }
}

bool Timeline::startTask(Followed &pe) {
  const ClassCode &code = *codes[pe.cls];
  if (pe.run >= code.runs.size()) {
    drain(pe, false);
    pe.done = std::all_of(pe.pending.begin(), pe.pending.end(),
                          [](const auto &q) { return q.empty(); });
    return false;
  }
  const TaskRun &r = code.runs[pe.run++];
  if (r.id < pe.activated.size() && pe.activated[r.id] >= 0) {
    pe.t = std::max(pe.t, pe.activated[r.id] + t.taskActivate);
    pe.activated[r.id] = -1;
  }
  pe.stack.push_back({r.block});
  return true;
}

/// The innermost block is through: the next round of its loop, or up.
bool Timeline::endBlock(Followed &pe) {
  Level &l = pe.stack.back();
  if (l.loop) {
    bool last = --l.left == 0;
    charge(pe, l.loop->kernel,
           last && l.loop->index ? t.branchNotTaken : t.branchTaken);
    if (!last) {
      l.item = 0;
      skipRounds(pe, l);
      return true;
    }
  }
  if (l.listedCall) {
    pe.kernel = NoKernel;
    if (pe.calls.size() == pe.nextCall && !pe.calls.empty())
      pe.calls.back().last = pe.t;
  }
  pe.stack.pop_back();
  return true;
}

/// What an op finds at its issue by the main thread.
Issued Timeline::issue(const Followed &pe, const TimedOp &op) const {
  Issued what = {&op, pe.t, pe.ops, kernelOf(pe, op.kernel), {}};
  what.reach = within(pe.reach, pe.lastKernel, what.kernel);
  for (Reach &r : what.reach)
    if (r.from < 0)
      r.from = idOf(pe);
  return what;
}

bool Timeline::doOp(Followed &pe, const Item &item, bool force) {
  const TimedOp &op = codes[pe.cls]->ops[item.index];
  if (!op.async) {
    auto end = perform(pe, issue(pe, op), force);
    if (!end)
      return false;
    ++pe.ops;
    charge(pe, item.kernel, end->at - pe.t);
    arrive(pe, *end);
    return true;
  }
  size_t m = std::min<size_t>(op.microthread, pe.pending.size() - 1);
  if (!pe.pending[m].empty())
    return false;
  charge(pe, item.kernel, std::max(0.0, pe.threads[m].at - pe.t) + t.scalarAlu);
  arrive(pe, pe.threads[m]);
  pe.pending[m].push_back(issue(pe, op));
  ++pe.ops;
  drain(pe, false);
  return true;
}

bool Timeline::doItem(Followed &pe, const Item &item, bool force) {
  switch (item.kind) {
  case Item::Local:
    charge(pe, item.kernel, item.cycles);
    return true;
  case Item::Activate:
    if (item.index < pe.activated.size() && pe.activated[item.index] < 0)
      pe.activated[item.index] = pe.t;
    return true;
  case Item::Halt:
    pe.stack.clear();
    pe.run = codes[pe.cls]->runs.size();
    return true;
  case Item::EndTask:
    pe.stack.clear();
    return true;
  case Item::Wait: {
    size_t m = std::min<size_t>(item.index, pe.pending.size() - 1);
    if (!pe.pending[m].empty())
      return false; // drain() left it: its words are not known yet
    charge(pe, item.kernel, std::max(0.0, pe.threads[m].at - pe.t));
    arrive(pe, pe.threads[m]);
    return true;
  }
  case Item::Op:
    return doOp(pe, item, force);
  default:
    return true;
  }
}

/// One item; false if the PE must wait.
bool Timeline::step(Followed &pe, bool force) {
  if (pe.stack.empty())
    return startTask(pe);
  Level &l = pe.stack.back();
  if (l.item >= l.block->items.size())
    return endBlock(pe);
  const Item &item = l.block->items[l.item];
  if (item.kind == Item::Loop || item.kind == Item::Call) {
    ++l.item;
    bool loop = item.kind == Item::Loop;
    if (item.listed())
      enterCall(pe, item);
    pe.stack.push_back({item.body, 0, loop ? &item : nullptr, item.rounds,
                        nullptr, item.listed()});
    return true;
  }
  if (!doItem(pe, item, force))
    return false;
  if (!pe.stack.empty())
    ++pe.stack.back().item;
  return true;
}

/// As far as it goes; true if anything moved.
bool Timeline::advance(Followed &pe, bool force) {
  bool moved = false;
  drain(pe, force);
  while (!pe.done && step(pe, force)) {
    moved = true;
    force = false;
  }
  return moved;
}

//===----------------------------------------------------------------------===//
// All PEs
//===----------------------------------------------------------------------===//

void Timeline::followAll() {
  for (size_t k = 0; k < pes.size(); ++k) {
    pes[k].queued = true;
    work.push_back(int32_t(k));
  }
  size_t firstOpen = 0;
  while (firstOpen < pes.size() && estimate.forced <= 100000) {
    while (!work.empty()) {
      Followed &pe = pes[work.front()];
      work.pop_front();
      pe.queued = false;
      advance(pe, false);
    }
    while (firstOpen < pes.size() && pes[firstOpen].done)
      ++firstOpen;
    if (firstOpen < pes.size()) { // a program that would hang: go on anyway
      ++estimate.forced;
      advance(pes[firstOpen], true);
    }
  }
}

PathCost Timeline::pathTo(const Reach &r, const Followed &pe) const {
  const Followed &from = r.from < 0 ? pe : pes[r.from];
  return {r.at, from.x, from.y, pe.x, pe.y};
}

Estimate Timeline::run() {
  choosePEs();
  findSources();
  kernels.resize(p.kernels.size());
  estimate.kernelPaths.resize(p.kernels.size());
  estimate.stagePaths.resize(p.stages.size());
  estimate.kernelSpills.assign(p.kernels.size(), false);
  estimate.stageSpills.assign(p.stages.size(), false);
  uint64_t total = 0;
  for (const Followed &pe : pes)
    total = llvm::SaturatingAdd(total, codes[pe.cls]->totals.timedOps);
  skipping = total > MaxOps;
  followAll();
  double end = 0;
  for (const Followed &pe : pes) {
    end = std::max(end, pe.t);
    for (const Ended &thread : pe.threads)
      end = std::max(end, thread.at);
  }
  for (const Span &s : kernels)
    estimate.kernels.push_back({uint64_t(std::max(0.0, s.first) + 0.5),
                                uint64_t(std::max(0.0, s.last) + 0.5)});
  estimate.cycles = uint64_t(end + 0.5);
  estimate.path.cycles += skippedReach();
  return estimate;
}

Estimate
cost::estimateCycles(const bin::Program &p, const Target &t,
                     const std::vector<std::unique_ptr<ClassCode>> &codes,
                     const Traffic &traffic) {
  return Timeline(p, t, codes, traffic).run();
}
