//===- Grid.cpp - Sets of PEs as strided rectangles -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Along one axis a pattern is an arithmetic progression; two of them meet in a
// progression again (Chinese remainder), found here by stepping at most one
// period, which is short for the strides that programs use.
//
//===----------------------------------------------------------------------===//
#include "Grid.h"
#include <algorithm>
#include <map>
#include <numeric>

using namespace weft;
using namespace weft::cost;
using bin::Pattern;

namespace {
struct Progression {
  uint64_t first, count, step;
};
} // namespace

static std::optional<Progression> intersect(Progression a, Progression b) {
  if (a.count == 0 || b.count == 0)
    return std::nullopt;
  a.step = a.count == 1 ? 1 : a.step;
  b.step = b.count == 1 ? 1 : b.step;
  if (a.step < b.step)
    std::swap(a, b); // step through the coarser one
  uint64_t lastA = a.first + (a.count - 1) * a.step;
  uint64_t lastB = b.first + (b.count - 1) * b.step;
  uint64_t lo = std::max(a.first, b.first), hi = std::min(lastA, lastB);
  if (lo > hi)
    return std::nullopt;
  uint64_t at = a.first + (lo - a.first + a.step - 1) / a.step * a.step;
  for (uint64_t tries = 0; tries < b.step && at <= hi; ++tries, at += a.step) {
    if ((at - b.first) % b.step != 0)
      continue;
    uint64_t step = std::lcm(a.step, b.step);
    return Progression{at, (hi - at) / step + 1, step};
  }
  return std::nullopt;
}

std::optional<Pattern> cost::intersect(const Pattern &a, const Pattern &b) {
  auto x = ::intersect(Progression{a.x0, a.w, a.dx}, {b.x0, b.w, b.dx});
  auto y = ::intersect(Progression{a.y0, a.h, a.dy}, {b.y0, b.h, b.dy});
  if (!x || !y)
    return std::nullopt;
  Pattern p{uint32_t(x->first), uint32_t(y->first), uint32_t(x->count),
            uint32_t(y->count), uint32_t(x->step),  uint32_t(y->step)};
  p.dx = p.w == 1 ? 1 : p.dx;
  p.dy = p.h == 1 ? 1 : p.dy;
  return p;
}

Kinds cost::kindsOf(const std::vector<Pattern> &patterns, bool alongX,
                    uint32_t extent) {
  std::vector<std::vector<uint32_t>> in(extent);
  for (uint32_t k = 0; k < patterns.size(); ++k) {
    const Pattern &p = patterns[k];
    uint64_t at = alongX ? p.x0 : p.y0, step = alongX ? p.dx : p.dy;
    uint64_t count = alongX ? p.w : p.h;
    for (uint64_t i = 0; i < count && at < extent; ++i, at += step)
      in[at].push_back(k);
  }
  Kinds r;
  r.kindOf.resize(extent);
  std::map<std::vector<uint32_t>, uint32_t> seen;
  for (uint32_t at = 0; at < extent; ++at) {
    auto [it, fresh] = seen.try_emplace(in[at], uint32_t(r.kinds.size()));
    if (fresh) {
      Kind kind;
      kind.member.assign(patterns.size(), 0);
      for (uint32_t k : in[at])
        kind.member[k] = 1;
      r.kinds.push_back(std::move(kind));
    }
    r.kinds[it->second].at.push_back(at);
    r.kindOf[at] = it->second;
  }
  return r;
}
