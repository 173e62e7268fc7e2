//===- CriticalPath.cpp - What each thread's present time depends on ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "CriticalPath.h"
#include <algorithm>

using namespace weft;
using namespace weft::sim;

void CriticalPath::reset(size_t pes) {
  overflow = false;
  sweepAt = 1u << 16;
  nodes.clear();
  unused.clear();
  pages.clear();
  room.clear();
  threads.assign(pes, {});
}

Path &CriticalPath::of(uint32_t pe, unsigned thread) {
  std::vector<Path> &t = threads[pe];
  if (t.size() <= thread) {
    Path fresh;
    fresh.pe = pe;
    t.resize(thread + 1, fresh);
  }
  return t[thread];
}

Wave &CriticalPath::at(uint32_t place) {
  size_t page = place / PageSize;
  if (page >= pages.size())
    pages.resize(page + 1);
  if (!pages[page])
    pages[page] = std::make_unique<Wave[]>(PageSize);
  return pages[page][place % PageSize];
}

void CriticalPath::add(Path &p, uint32_t pe, uint32_t kernel, PathPart part,
                       uint64_t cycles) {
  if (!cycles)
    return;
  if (p.kernel != kernel) {
    uint64_t end = p.end();
    Path next;
    next.parent = end == p.start ? p.parent : keep(p);
    next.kernel = kernel;
    next.pe = pe;
    next.start = uint32_t(end);
    p = next;
  }
  p.part[part] += uint32_t(cycles);
}

Path CriticalPath::onItsWay(const Wave &w, uint64_t cycle) {
  Path p = w.path;
  p.part[PathRoom] += w.waited;
  p.part[PathTransport] += uint32_t(cycle - p.end());
  p.hops += w.hops;
  return p;
}

Path CriticalPath::arrived(const Wave &w, uint64_t cycle) {
  Path p = onItsWay(w, cycle);
  ++p.messages;
  return p;
}

void CriticalPath::makesRoom(uint32_t queue, const Path &p) {
  std::array<Path, 2> &last = room[queue];
  last[1] = last[0];
  last[0] = p;
}

std::optional<Path> CriticalPath::madeRoom(uint32_t queue,
                                           uint64_t cycle) const {
  if (auto at = room.find(queue); at != room.end())
    for (Path p : at->second)
      if (p.end() + 1 == cycle) {
        ++p.part[PathRoom];
        return p;
      }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Beginnings of chains
//===----------------------------------------------------------------------===//

uint32_t CriticalPath::keep(const Path &p) {
  if (overflow)
    return Path::None;
  if (unused.empty() && nodes.size() >= std::min(sweepAt, maxNodes))
    sweep(p);
  if (overflow)
    return Path::None;
  if (unused.empty()) {
    nodes.push_back({p});
    return uint32_t(nodes.size() - 1);
  }
  uint32_t n = unused.back();
  unused.pop_back();
  nodes[n].path = p;
  return n;
}

/// Frees the nodes that no thread's and no wavelet's chain has. What lay in a
/// queue keeps its chain until the place is used again. `p` is on its way from
/// one to the other. Where little is won, the next sweep comes later, or never.
void CriticalPath::sweep(const Path &p) {
  for (Node &n : nodes)
    n.live = false;
  auto mark = [&](const Path &q) {
    for (uint32_t n = q.parent; n != Path::None && !nodes[n].live;
         n = nodes[n].path.parent)
      nodes[n].live = true;
  };
  mark(p);
  for (const std::vector<Path> &t : threads)
    std::for_each(t.begin(), t.end(), mark);
  for (const std::unique_ptr<Wave[]> &page : pages)
    for (uint32_t i = 0; page && i < PageSize; ++i)
      mark(page[i].path);
  for (const auto &[queue, last] : room)
    std::for_each(last.begin(), last.end(), mark);
  unused.clear();
  for (uint32_t n = uint32_t(nodes.size()); n-- > 0;)
    if (!nodes[n].live)
      unused.push_back(n);
  if (unused.size() < nodes.size() / 2)
    sweepAt = 2 * nodes.size();
  overflow = nodes.size() >= maxNodes && unused.size() <= nodes.size() / 16;
}

const Path *CriticalPath::latest(uint32_t pe) const {
  const Path *last = nullptr;
  for (const Path &p : threads[pe])
    if (!last || p.end() > last->end())
      last = &p;
  return last;
}

const Path *CriticalPath::endingAt(uint64_t cycles) const {
  for (const std::vector<Path> &t : threads)
    for (const Path &p : t)
      if (p.end() == cycles)
        return &p;
  return nullptr;
}

std::vector<Path> CriticalPath::walk(const Path &last) const {
  std::vector<Path> chain = {last};
  while (chain.back().parent != Path::None)
    chain.push_back(nodes[chain.back().parent].path);
  std::reverse(chain.begin(), chain.end());
  return chain;
}
