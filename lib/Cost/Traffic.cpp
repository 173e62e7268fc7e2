//===- Traffic.cpp - What each link carries -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A front of routers (a strided rectangle) moves along the routes step by step;
// a front one router wide runs through a dense region in a single step and
// leaves a rectangle of loaded links behind. So a route costs O(w + h) steps at
// most, whatever the number of senders. The maximum over all links and colours
// comes from the kinds of columns and rows that the loads tell apart
// (LinkLoads.cpp).
//
//===----------------------------------------------------------------------===//
#include "Traffic.h"
#include "Grid.h"
#include "Links.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <map>

using namespace weft;
using namespace weft::cost;
using bin::Pattern;
using bin::Port;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;

namespace {

/// Routers that wavelets of one colour have reached, and from where.
struct Front {
  Pattern at;
  AxisOrigin x, y;
  uint64_t hops = 0;
  uint64_t turns = 0; // changes of axis
  uint64_t depth = 0; // links crossed, to notice routes that never end
};

class Tracer {
public:
  Tracer(const bin::Program &p, Traffic &traffic) : p(p), traffic(traffic) {
    regions.resize(256);
    for (const bin::Route &r : p.routes)
      regions[r.color].push_back(&r);
    for (const bin::Switch &s : p.switches)
      later.push_back({s.where, s.color, s.rx, s.tx});
    for (const bin::Route &r : later)
      regions[r.color].push_back(&r);
    traffic.deliveries.resize(256);
  }
  llvm::Error send(uint32_t cls, uint8_t color, uint64_t words);

private:
  void follow(const Front &f, const bin::Route &r);
  void leave(Front f, const Step *from, const Step &s);
  Front run(const Front &f, const bin::Route &r, const Step *straight);
  std::optional<Front> move(const Front &f, const Step &s) const;

  const bin::Program &p;
  Traffic &traffic;
  std::vector<std::vector<const bin::Route *>> regions; // by colour
  std::vector<bin::Route> later; // second positions, which let others pass
  uint8_t color = 0;
  uint64_t words = 0;
  uint32_t cls = 0; // of the senders
  // Fronts that are on a link, with the port they arrive at.
  std::vector<std::pair<Front, const Step *>> pending;
  uint64_t steps = 0;
};

constexpr uint64_t MaxTraceSteps = 4000000;

} // namespace

/// The front one link further, cut to the grid.
std::optional<Front> Tracer::move(const Front &f, const Step &s) const {
  Front n = f;
  int64_t x = int64_t(f.at.x0) + s.dx, y = int64_t(f.at.y0) + s.dy;
  if (x < 0 || y < 0 || x >= p.gridW || y >= p.gridH)
    return std::nullopt; // such a route is refused by R-FAB-3
  n.at.x0 = uint32_t(x);
  n.at.y0 = uint32_t(y);
  n.x.delta += s.dx;
  n.x.ref += s.dx;
  n.y.delta += s.dy;
  n.y.ref += s.dy;
  n.hops += 1;
  n.depth += 1;
  return n;
}

/// Runs a front one router wide straight through the rest of a dense region;
/// the result covers all routers passed.
Front Tracer::run(const Front &f, const bin::Route &r, const Step *straight) {
  if (!straight || !(r.tx & straight->port))
    return f;
  bool alongX = straight->dx != 0;
  const Pattern &w = r.where;
  uint32_t extent = alongX ? f.at.w : f.at.h;
  uint32_t stride = alongX ? w.dx : w.dy, count = alongX ? w.w : w.h;
  if (extent != 1 || (stride != 1 && count != 1))
    return f;
  uint32_t pos = alongX ? f.at.x0 : f.at.y0, lo = alongX ? w.x0 : w.y0;
  bool up = straight->dx + straight->dy > 0;
  uint32_t passed = up ? lo + count - pos : pos - lo + 1;
  Front n = f;
  uint32_t first = up ? pos : lo;
  AxisOrigin &o = alongX ? n.x : n.y;
  if (!o.absolute) {
    o.absolute = true;
    o.at = int64_t(pos) - o.delta;
    o.ref = pos;
  } else {
    // One router wide: its distance from ref is a number.
    n.hops += uint64_t(std::abs(int64_t(pos) - o.ref));
    o.ref = pos;
  }
  (alongX ? n.at.x0 : n.at.y0) = first;
  (alongX ? n.at.w : n.at.h) = passed;
  (alongX ? n.at.dx : n.at.dy) = 1;
  return n;
}

void Tracer::leave(Front f, const Step *from, const Step &s) {
  f.turns += from && !from->dx != !s.dx;
  traffic.loads.push_back({f.at, s.port, color, words, cls});
  if (auto next = move(f, s))
    pending.push_back({*next, &s});
}

/// The front has entered region r (or starts in it).
void Tracer::follow(const Front &f, const bin::Route &r) {
  const Step *straight = nullptr;
  if (r.rx != bin::Ramp)
    for (const Step &s : Steps)
      if (s.arrives == r.rx)
        straight = &s;
  Front all = run(f, r, straight);
  uint64_t passed = all.at.count() / std::max<uint64_t>(1, f.at.count());
  if (r.tx & bin::Ramp)
    traffic.deliveries[color].push_back(
        {color, all.at, all.x, all.y, all.hops, all.turns, words});
  for (const Step &s : Steps) {
    if (!(r.tx & s.port))
      continue;
    if (&s != straight || passed == 1) {
      leave(all, straight, s);
      continue;
    }
    // All routers passed load their link; only the last one leads on.
    traffic.loads.push_back({all.at, s.port, color, words, cls});
    Front last = all;
    uint32_t end = s.dx + s.dy > 0 ? uint32_t(passed - 1) : 0;
    (s.dx ? last.at.x0 : last.at.y0) += end;
    (s.dx ? last.at.w : last.at.h) = 1;
    last.depth += passed - 1;
    if (auto next = move(last, s))
      pending.push_back({*next, &s});
  }
}

llvm::Error Tracer::send(uint32_t sender, uint8_t sent, uint64_t n) {
  const bin::PEClass &c = p.classes[sender];
  cls = sender;
  color = sent;
  words = n;
  uint64_t maxDepth = uint64_t(p.gridW) * p.gridH;
  for (const bin::Route *r : regions[color])
    for (const Pattern &w : c.where) {
      if (r->rx != bin::Ramp)
        continue;
      auto at = intersect(w, r->where);
      if (!at)
        continue;
      Front f;
      f.at = *at;
      follow(f, *r);
      while (!pending.empty()) {
        auto [front, step] = pending.back();
        pending.pop_back();
        if (++steps > MaxTraceSteps || front.depth > maxDepth)
          return llvm::createStringError(
              "the route of colour " + std::to_string(color) + " from class '" +
              c.name + "' does not end (R-FAB-4)");
        for (const bin::Route *q : regions[color]) {
          if (q->rx != step->arrives)
            continue;
          if (auto part = intersect(front.at, q->where)) {
            Front g = front;
            g.at = *part;
            follow(g, *q);
          }
        }
      }
    }
  return llvm::Error::success();
}

/// Words of a PE go where its first setting says, those of others where the
/// second does. So it must be on every router that has one.
static llvm::Error checkSwitches(const bin::Program &p) {
  for (const bin::Switch &s : p.switches) {
    bool sends = false, known = s.position == 1 && s.rx != bin::Ramp;
    for (const bin::Route &r : p.routes)
      if (r.color == s.color && intersect(r.where, s.where)) {
        sends |= r.rx == bin::Ramp && r.tx == s.tx;
        known &= r.rx == bin::Ramp && r.tx == s.tx;
      }
    if (!sends || !known)
      return llvm::createStringError(
          "position " + std::to_string(s.position) + " of colour " +
          std::to_string(s.color) + " at (" + std::to_string(s.where.x0) +
          ", " + std::to_string(s.where.y0) +
          "): the cost model knows a second position that receives from a "
          "neighbour what the first one takes from the ramp");
  }
  return llvm::Error::success();
}

llvm::Expected<Traffic>
cost::traceTraffic(const bin::Program &p,
                   const std::vector<std::unique_ptr<ClassCode>> &codes) {
  Traffic traffic;
  if (llvm::Error e = checkSwitches(p))
    return e;
  Tracer tracer(p, traffic);
  std::map<uint32_t, uint64_t> sent;
  for (size_t k = 0; k < p.classes.size(); ++k) {
    uint64_t pes = 0;
    for (const Pattern &w : p.classes[k].where)
      pes += w.count();
    std::map<int, uint64_t> words;
    for (const auto &[key, n] : codes[k]->totals.words)
      words[key.second] = SaturatingAdd(words[key.second], n);
    for (auto [color, n] : words) {
      sent[color] = SaturatingAdd(sent[color], SaturatingMultiply(n, pes));
      if (llvm::Error e = tracer.send(uint32_t(k), uint8_t(color), n))
        return e;
    }
  }
  for (auto [color, n] : sent)
    traffic.colors.push_back({color, n, 0});
  mergeLoads(traffic.loads);
  summarise(p, traffic);
  return traffic;
}
