//===- Trace.cpp - Follows routes on rectangles of senders ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A front is a wave of one sender pattern that leaves routers by one port, all
// displaced alike. Each router has one receive port per colour, so fronts never
// join and no PE is reached twice.
//
//===----------------------------------------------------------------------===//
#include "Trace.h"
#include <algorithm>

using namespace weft;
using namespace weft::verify;
using bin::Route;

namespace {

class Tracer {
public:
  Tracer(Context &c, const std::vector<const Route *> &routes)
      : c(c), routes(routes) {}

  Trace run(const Pattern &from) {
    for (const Route *r : routes)
      if (r->rx == bin::Ramp)
        if (auto src = intersect(from, r->where))
          leave(*src, 0, 0, r->tx, 0, 0);
    while (!fronts.empty() && result.complete) {
      Front f = fronts.back();
      fronts.pop_back();
      advance(f);
    }
    for (auto &[dir, region] : result.links)
      region = coalesce(std::move(region));
    return std::move(result);
  }

private:
  /// The wave of `src` leaves the routers at displacement (dx, dy) by `out`.
  struct Front {
    Pattern src;
    int64_t dx, dy;
    const Neighbour &out;
    uint64_t hops; // so far
  };

  /// Emits the links of all ports of `tx` but `except` at one displacement.
  void leave(const Pattern &src, int64_t dx, int64_t dy, uint8_t tx,
             uint8_t except, uint64_t hops) {
    for (const Neighbour &n : Neighbours) {
      if (!(tx & n.port) || n.port == except)
        continue;
      if (auto p = shift(src, dx, dy, c.grid))
        result.links[n.port].push_back(*p);
      fronts.push_back({src, dx, dy, n, hops});
    }
  }

  void advance(const Front &f) {
    int64_t dx = f.dx + f.out.dx, dy = f.dy + f.out.dy;
    auto at = shift(f.src, dx, dy, c.grid);
    if (!at)
      return; // off the grid: R-FAB-3 has said so
    for (const Route *r : routes) {
      if (!c.budget.spendRoutes(1) || f.hops > c.grid.count()) { // a cycle
        result.complete = false;
        return;
      }
      if (r->rx == f.out.opposite)
        if (auto hit = intersect(*at, r->where))
          cross(*hit, dx, dy, f.out, *r, f.hops + 1);
    }
  }

  /// The wave travelling `dir` enters the setting `r` at `hit`, displaced by
  /// (dx, dy); follows it straight on to the last router of the same setting.
  void cross(const Pattern &hit, int64_t dx, int64_t dy, const Neighbour &dir,
             const Route &r, uint64_t hops) {
    Pattern src = *shift(hit, -dx, -dy, c.grid);
    int64_t run = (r.tx & dir.port) ? runLength(hit, dir, r.where) : 1;
    if (run > 1)
      straight(hit, run - 1, dir);
    for (int64_t j = 0; j != run && result.complete; ++j) {
      bool last = j == run - 1;
      uint8_t tx = r.tx & ~bin::Ramp;
      if ((tx & ~dir.port) || last)
        leave(src, dx + j * dir.dx, dy + j * dir.dy, tx, last ? 0 : dir.port,
              hops + uint64_t(j));
    }
    if (r.tx & bin::Ramp) {
      auto [x0, x1] = std::minmax({dx, dx + (run - 1) * dir.dx});
      auto [y0, y1] = std::minmax({dy, dy + (run - 1) * dir.dy});
      result.deliveries.push_back({src, x0, x1, y0, y1, hops});
    }
  }

  /// How many routers in direction `dir`, the first included, all waves at
  /// `hit` stay within `where`. More than 1 only where they lie in one line
  /// across, so that the routers passed form one rectangle.
  static int64_t runLength(const Pattern &hit, const Neighbour &dir,
                           const Pattern &where) {
    if (dir.dx ? (where.dx != 1 || hit.w != 1) : (where.dy != 1 || hit.h != 1))
      return 1;
    switch (dir.port) {
    case bin::East:
      return int64_t(where.x0) + where.w - hit.x0;
    case bin::West:
      return int64_t(hit.x0) - where.x0 + 1;
    case bin::South:
      return int64_t(where.y0) + where.h - hit.y0;
    default:
      return int64_t(hit.y0) - where.y0 + 1;
    }
  }

  /// The links out of the first `n` routers of a straight run.
  void straight(const Pattern &hit, int64_t n, const Neighbour &dir) {
    Pattern p = hit;
    (dir.dx ? p.w : p.h) = uint32_t(n);
    (dir.dx ? p.dx : p.dy) = 1;
    if (dir.port == bin::West)
      p.x0 -= uint32_t(n - 1);
    if (dir.port == bin::North)
      p.y0 -= uint32_t(n - 1);
    result.links[dir.port].push_back(p);
  }

  Context &c;
  const std::vector<const Route *> &routes;
  std::vector<Front> fronts;
  Trace result;
};

} // namespace

const Neighbour &weft::verify::neighbour(uint8_t port) {
  return *std::find_if(std::begin(Neighbours), std::end(Neighbours) - 1,
                       [&](const Neighbour &n) { return n.port == port; });
}

Trace weft::verify::trace(Context &c, unsigned color, const Pattern &from) {
  auto it = c.routes.find(uint8_t(color));
  return it == c.routes.end() ? Trace() : Tracer(c, it->second).run(from);
}

Region weft::verify::reached(const Context &c, const Delivery &d) {
  auto moved = [&](int64_t dx, int64_t dy) {
    return shift(d.from, dx, dy, c.grid);
  };
  if ((d.dx0 == d.dx1 || d.from.w == 1) && (d.dy0 == d.dy1 || d.from.h == 1)) {
    auto p = moved(d.dx0, d.dy0);
    if (!p)
      return {};
    if (d.dx0 != d.dx1)
      p->w = uint32_t(d.dx1 - d.dx0 + 1), p->dx = 1;
    if (d.dy0 != d.dy1)
      p->h = uint32_t(d.dy1 - d.dy0 + 1), p->dy = 1;
    return {*p};
  }
  Region out;
  for (int64_t dx = d.dx0; dx <= d.dx1; ++dx)
    for (int64_t dy = d.dy0; dy <= d.dy1; ++dy)
      if (auto p = moved(dx, dy))
        out.push_back(*p);
  return out;
}

Region weft::verify::settings(const Context &c, unsigned color, uint8_t rx,
                              uint8_t tx) {
  Region r;
  if (auto it = c.routes.find(uint8_t(color)); it != c.routes.end())
    for (const Route *route : it->second)
      if ((!rx || route->rx == rx) && (!tx || (route->tx & tx)))
        r.push_back(route->where);
  return r;
}
