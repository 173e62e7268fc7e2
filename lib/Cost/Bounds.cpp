//===- Bounds.cpp - What no run can be shorter than -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Per resource, what has to be served one after the other: the instructions and
// elements of one PE, the wavelets of one link, those of one ramp; and the
// chain of messages that the timeline finds. A kernel's own time is shorter
// than the program's, so what may happen before its first issue or after its
// last end is left out.
//
//===----------------------------------------------------------------------===//
#include "Bounds.h"
#include "Grid.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <set>

using namespace weft;
using namespace weft::cost;
using bin::Pattern;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;

Bounds::Bounds(const bin::Program &p, const Target &t,
               const std::vector<std::unique_ptr<ClassCode>> &codes,
               const Traffic &traffic)
    : p(p), t(t), codes(codes), traffic(traffic) {
  findLinks();
}

/// Links that the same loads cross are alike; one of each sort is kept.
void Bounds::findLinks() {
  for (bin::Port dir : {bin::North, bin::South, bin::East, bin::West}) {
    std::vector<Pattern> patterns;
    std::vector<uint32_t> loads;
    for (uint32_t k = 0; k < traffic.loads.size(); ++k)
      if (traffic.loads[k].dir == dir) {
        patterns.push_back(traffic.loads[k].from);
        loads.push_back(k);
      }
    Kinds columns = kindsOf(patterns, true, p.gridW);
    Kinds rows = kindsOf(patterns, false, p.gridH);
    std::set<std::vector<uint32_t>> seen;
    for (const Kind &row : rows.kinds)
      for (const Kind &column : columns.kinds) {
        Link l{column.at.front(), row.at.front(), dir, {}};
        for (uint32_t k = 0; k < loads.size(); ++k)
          if (row.member[k] && column.member[k])
            l.loads.push_back(loads[k]);
        if (!l.loads.empty() && seen.insert(l.loads).second)
          links.push_back(std::move(l));
      }
  }
}

static void raise(Demand &most, uint64_t cycles, Resource resource, uint32_t x,
                  uint32_t y, uint32_t toX, uint32_t toY) {
  if (cycles > most.cycles)
    most = {cycles, {resource, x, y, toX, toY}};
}

/// Instructions, set-up and elements without any waiting, or the steps of the
/// element pipe, which ops on microthreads share.
Demand Bounds::busiestPE(const Members &m) const {
  Demand most;
  for (size_t c = 0; c < codes.size(); ++c) {
    if (p.classes[c].where.empty())
      continue;
    uint64_t busy = 0, pipe = 0;
    for (uint32_t kernel : m)
      if (auto it = codes[c]->totals.kernels.find(kernel);
          it != codes[c]->totals.kernels.end()) {
        busy = SaturatingAdd(busy, it->second.leastCycles());
        pipe = SaturatingAdd(pipe, it->second.pipe);
      }
    const Pattern &w = p.classes[c].where.front();
    raise(most, std::max(busy, pipe), Resource::PE, w.x0, w.y0, w.x0, w.y0);
  }
  return most;
}

/// Words of one kernel, by colour.
template <typename Fn>
static void forWords(const std::map<std::pair<uint32_t, int>, uint64_t> &words,
                     uint32_t kernel, Fn fn) {
  for (auto it = words.lower_bound({kernel, 0});
       it != words.end() && it->first.first == kernel; ++it)
    fn(it->first.second, it->second);
}

static uint64_t depthOf(const bin::PEClass &c, int color, const Target &t) {
  for (const bin::QueueBinding &q : c.queues)
    if (!q.output && q.color == color && q.queue < t.inQueueDepth.value.size())
      return t.inQueueDepth.value[q.queue] + uint64_t(t.ramp);
  return 0;
}

/// A ramp carries one wavelet per cycle each way, over all colours. What fits
/// into an input queue and its ramp may have come before a kernel's first
/// issue, unless that is at the program's start.
Demand Bounds::busiestRamp(const Members &m, bool fromStart) const {
  Demand most;
  for (size_t c = 0; c < codes.size(); ++c) {
    if (p.classes[c].where.empty())
      continue;
    std::map<int, uint64_t> received;
    uint64_t in = 0, out = 0;
    for (uint32_t kernel : m) {
      forWords(codes[c]->totals.received, kernel, [&](int color, uint64_t n) {
        received[color] = SaturatingAdd(received[color], n);
      });
      forWords(codes[c]->totals.words, kernel,
               [&](int, uint64_t n) { out = SaturatingAdd(out, n); });
    }
    for (const auto &[color, n] : received)
      in = SaturatingAdd(
          in, fromStart ? n : n - std::min(n, depthOf(p.classes[c], color, t)));
    const Pattern &w = p.classes[c].where.front();
    raise(most, std::max(in, out), Resource::Ramp, w.x0, w.y0, w.x0, w.y0);
  }
  return most;
}

Demand Bounds::busiestLink(const Members &m) const {
  std::vector<uint64_t> words;
  for (const LinkLoad &l : traffic.loads) {
    const auto &sent = codes[l.cls]->totals.words;
    uint64_t n = 0;
    for (uint32_t kernel : m)
      if (auto it = sent.find({kernel, l.color}); it != sent.end())
        n = SaturatingAdd(n, it->second);
    words.push_back(SaturatingMultiply(n, uint64_t(l.times)));
  }
  Demand most;
  for (const Link &l : links) {
    uint64_t n = 0;
    for (uint32_t k : l.loads)
      n = SaturatingAdd(n, words[k]);
    uint32_t toX = l.x + (l.dir == bin::East) - (l.dir == bin::West);
    uint32_t toY = l.y + (l.dir == bin::South) - (l.dir == bin::North);
    raise(most, n, Resource::Link, l.x, l.y, toX, toY);
  }
  return most;
}

/// Of equal demands that of the PE, then that of the link counts.
Demand Bounds::busiest(const Members &m, bool fromStart, bool links) const {
  Demand most = busiestPE(m), ramp = busiestRamp(m, fromStart);
  if (links)
    if (Demand link = busiestLink(m); link.cycles > most.cycles)
      most = link;
  return ramp.cycles > most.cycles ? ramp : most;
}

void Bounds::take(CycleCost &cycles, const Demand &resource,
                  const PathCost &path) {
  cycles.lower = resource.cycles;
  cycles.bound = resource.where;
  if (path.cycles > cycles.lower) {
    cycles.lower = path.cycles;
    cycles.bound = {Resource::Path, path.fromX, path.fromY, path.x, path.y};
  }
  cycles.estimate = std::max(cycles.estimate, cycles.lower);
  cycles.lowerRange = {cycles.lower, cycles.lower};
  cycles.estimateRange = {cycles.estimate, cycles.estimate};
}

void Bounds::program(const Estimate &e, CycleCost &cycles,
                     Demand &interval) const {
  Members all = {NoKernel};
  for (uint32_t k = 0; k < p.kernels.size(); ++k)
    all.push_back(k);
  interval = busiest(all, true, true);
  cycles.estimate = e.cycles;
  take(cycles, interval, e.path);
}

void Bounds::stage(uint32_t index, const Estimate &e, CycleCost &cycles,
                   Demand &interval) const {
  Members own;
  uint64_t first = UINT64_MAX, last = 0;
  for (uint32_t k = 0; k < p.kernels.size(); ++k) {
    if (p.kernels[k].stage != index)
      continue;
    own.push_back(k);
    if (e.kernels[k].first == e.kernels[k].second)
      continue;
    first = std::min(first, e.kernels[k].first);
    last = std::max(last, e.kernels[k].second);
  }
  interval = busiest(own, true, true);
  cycles.estimate = last > first ? last - first : 0;
  take(cycles, busiest(own, false, !e.stageSpills[index]), e.stagePaths[index]);
}

void Bounds::kernel(uint32_t index, const Estimate &e,
                    CycleCost &cycles) const {
  Members own = {index};
  cycles.estimate = e.kernels[index].second - e.kernels[index].first;
  take(cycles, busiest(own, false, !e.kernelSpills[index]),
       e.kernelPaths[index]);
}

void cost::countCycles(const bin::Program &p, const Target &t,
                       const std::vector<std::unique_ptr<ClassCode>> &codes,
                       const Traffic &traffic, CostReport &r) {
  Estimate e = estimateCycles(p, t, codes, traffic);
  Bounds bounds(p, t, codes, traffic);
  bounds.program(e, r.cycles, r.interval);
  for (uint32_t s = 0; s < r.stages.size(); ++s)
    bounds.stage(s, e, r.stages[s].cycles, r.stages[s].interval);
  for (uint32_t k = 0; k < r.kernels.size(); ++k)
    bounds.kernel(k, e, r.kernels[k].cycles);
}
