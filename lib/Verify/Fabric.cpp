//===- Fabric.cpp - Routes, streams and what flows over links -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Routes are followed on whole patterns: a wave that crosses a rectangle of
// equal settings straight ahead is one step, however long the rectangle is.
// Streams are compared with what the code sends, never with the compiler's
// notion of it.
//
//===----------------------------------------------------------------------===//
#include "Internal.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

using namespace weft;
using namespace weft::verify;
using bin::Pattern;
using bin::Route;

namespace {

struct Step {
  int64_t dx, dy;
};
constexpr uint8_t Neighbours[4] = {bin::North, bin::South, bin::East,
                                   bin::West};

Step stepOf(uint8_t port) {
  switch (port) {
  case bin::North:
    return {0, -1};
  case bin::South:
    return {0, 1};
  case bin::East:
    return {1, 0};
  default:
    return {-1, 0};
  }
}

uint8_t opposite(uint8_t port) {
  switch (port) {
  case bin::North:
    return bin::South;
  case bin::South:
    return bin::North;
  case bin::East:
    return bin::West;
  default:
    return bin::East;
  }
}

const char *portName(uint8_t port) {
  switch (port) {
  case bin::North:
    return "north";
  case bin::South:
    return "south";
  case bin::East:
    return "east";
  case bin::West:
    return "west";
  default:
    return "ramp";
  }
}

std::string colorName(unsigned c) { return "colour " + std::to_string(c); }

bool userColor(const Context &c, unsigned color) {
  const auto &list = c.target.userColors.value;
  return std::find(list.begin(), list.end(), color) != list.end();
}

using ByColor = std::map<uint8_t, std::vector<const Route *>>;

ByColor groupByColor(const Context &c) {
  ByColor r;
  for (const Route *route : c.routes)
    r[route->color].push_back(route);
  return r;
}

/// The settings of `routes` with receive port `rx` (0: any) and a transmit port
/// in `tx` (0: any), as a region.
Region settings(const std::vector<const Route *> &routes, uint8_t rx,
                uint8_t tx) {
  Region r;
  for (const Route *route : routes)
    if ((!rx || route->rx == rx) && (!tx || (route->tx & tx)))
      r.push_back(route->where);
  return r;
}

//===----------------------------------------------------------------------===//
// Following routes
//===----------------------------------------------------------------------===//

/// A wavelet of each PE of `from` reaches (x + dx, y + dy) for all (dx, dy) of
/// the box.
struct Delivery {
  Pattern from;
  int64_t dx0, dx1, dy0, dy1;
  uint64_t boxSize() const {
    return uint64_t(dx1 - dx0 + 1) * uint64_t(dy1 - dy0 + 1);
  }
};

struct Trace {
  std::vector<Delivery> deliveries;
  std::map<uint8_t, Region> links; // by direction: routers that send that way
  bool complete = true;
};

class Tracer {
public:
  Tracer(const Context &c, const std::vector<const Route *> &routes,
         uint64_t budget)
      : c(c), routes(routes), budget(budget) {}

  Trace run(const Pattern &from) {
    for (const Route *r : routes)
      if (r->rx == bin::Ramp)
        if (auto src = intersect(from, r->where))
          leave(*src, 0, 0, r->tx, 0);
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
    uint8_t out;
  };

  /// Emits the links of all ports of `tx` but `except` at one displacement.
  void leave(const Pattern &src, int64_t dx, int64_t dy, uint8_t tx,
             uint8_t except) {
    for (uint8_t port : Neighbours) {
      if (!(tx & port) || port == except)
        continue;
      link(src, dx, dy, port);
      fronts.push_back({src, dx, dy, port});
    }
  }

  void link(const Pattern &src, int64_t dx, int64_t dy, uint8_t port) {
    if (auto p = shift(src, dx, dy, c.program.gridW, c.program.gridH))
      result.links[port].push_back(*p);
  }

  void advance(const Front &f) {
    Step s = stepOf(f.out);
    int64_t dx = f.dx + s.dx, dy = f.dy + s.dy;
    auto src = clipForShift(f.src, dx, dy, c.program.gridW, c.program.gridH);
    if (!src)
      return; // off the grid: R-FAB-3 has said so
    auto at = shift(*src, dx, dy, c.program.gridW, c.program.gridH);
    for (const Route *r : routes) {
      if (budget-- == 0) {
        result.complete = false;
        return;
      }
      if (r->rx != opposite(f.out))
        continue;
      if (auto hit = intersect(*at, r->where))
        cross(*hit, dx, dy, f.out, *r);
    }
  }

  /// The wave travelling `dir` enters the setting `r` at `hit`, displaced by
  /// (dx, dy); follows it straight on to the last router of the same setting.
  void cross(const Pattern &hit, int64_t dx, int64_t dy, uint8_t dir,
             const Route &r) {
    Step s = stepOf(dir);
    auto src = shift(hit, -dx, -dy, c.program.gridW, c.program.gridH);
    if (!src)
      return;
    int64_t run = (r.tx & dir) ? runLength(hit, dir, r.where) : 1;
    if (run > 1)
      straight(hit, run - 1, dir);
    for (int64_t j = 0; j != run && result.complete; ++j) {
      bool last = j == run - 1;
      uint8_t tx = r.tx & ~bin::Ramp;
      if ((tx & ~dir) || last)
        leave(*src, dx + j * s.dx, dy + j * s.dy, tx, last ? 0 : dir);
    }
    if (r.tx & bin::Ramp)
      result.deliveries.push_back(
          {*src, dx + std::min<int64_t>(0, (run - 1) * s.dx),
           dx + std::max<int64_t>(0, (run - 1) * s.dx),
           dy + std::min<int64_t>(0, (run - 1) * s.dy),
           dy + std::max<int64_t>(0, (run - 1) * s.dy)});
  }

  /// How many routers in direction `dir`, the first included, all waves at
  /// `hit` stay within `where`. More than 1 only where they lie in one line
  /// across, so that the routers passed form one rectangle.
  static int64_t runLength(const Pattern &hit, uint8_t dir,
                           const Pattern &where) {
    bool alongX = dir == bin::East || dir == bin::West;
    if (alongX ? (where.dx != 1 || hit.w != 1) : (where.dy != 1 || hit.h != 1))
      return 1;
    switch (dir) {
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
  void straight(const Pattern &hit, int64_t n, uint8_t dir) {
    Pattern p = hit;
    bool alongX = dir == bin::East || dir == bin::West;
    (alongX ? p.w : p.h) = uint32_t(n);
    (alongX ? p.dx : p.dy) = 1;
    if (dir == bin::West)
      p.x0 -= uint32_t(n - 1);
    if (dir == bin::North)
      p.y0 -= uint32_t(n - 1);
    result.links[dir].push_back(p);
  }

  const Context &c;
  const std::vector<const Route *> &routes;
  uint64_t budget;
  std::vector<Front> fronts;
  Trace result;
};

constexpr uint64_t TraceBudget = 20'000'000, OverlapBudget = 50'000'000;

/// The PEs a delivery reaches, as patterns.
Region reached(const Context &c, const Delivery &d) {
  if (d.boxSize() == 1 || ((d.dx0 == d.dx1 || d.from.w == 1) &&
                           (d.dy0 == d.dy1 || d.from.h == 1))) {
    auto p = shift(d.from, d.dx0, d.dy0, c.program.gridW, c.program.gridH);
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
      if (auto p = shift(d.from, dx, dy, c.program.gridW, c.program.gridH))
        out.push_back(*p);
  return out;
}

//===----------------------------------------------------------------------===//
// Settings
//===----------------------------------------------------------------------===//

void checkSettings(Context &c, uint8_t color,
                   const std::vector<const Route *> &routes) {
  if (!userColor(c, color))
    c.findings.add("R-FAB-1",
                   "route of " + colorName(color) + " at " +
                       describe(routes[0]->where) +
                       ": the colour is not one of fabric.user_colors");
  for (size_t i = 0; i != routes.size(); ++i) {
    const Route &r = *routes[i];
    bool one = llvm::popcount(r.rx) == 1 && r.rx <= bin::Ramp;
    if (!one || r.tx == 0 || r.tx > 31 || (r.tx & r.rx))
      c.findings.add(
          "R-FAB-2",
          colorName(color) + " at " + describe(r.where) + ": receive mask " +
              std::to_string(r.rx) + ", transmit mask " + std::to_string(r.tx) +
              "; allowed are one receive port and transmit ports other than "
              "it, at least one");
    for (size_t j = 0; j != i; ++j)
      if (auto both = intersect(r.where, routes[j]->where)) {
        c.findings.add("R-FAB-2", colorName(color) + " has two settings at " +
                                      describe(*both));
        break;
      }
  }
}

void checkEdges(Context &c, uint8_t color,
                const std::vector<const Route *> &routes) {
  std::map<uint8_t, Region> receivers;
  for (uint8_t port : Neighbours)
    receivers[port] = settings(routes, opposite(port), 0);
  for (const Route *r : routes)
    for (uint8_t port : Neighbours) {
      if (!(r->tx & port))
        continue;
      Step s = stepOf(port);
      auto at = shift(r->where, s.dx, s.dy, c.program.gridW, c.program.gridH);
      std::string head = colorName(color) + " at " + describe(r->where) +
                         " transmits " + portName(port);
      if (!at) {
        c.findings.add("R-FAB-3", head + " off the grid of " +
                                      std::to_string(c.program.gridW) + "x" +
                                      std::to_string(c.program.gridH));
        continue;
      }
      Region rest = subtract(Region{*at}, receivers[port]);
      if (!rest.empty())
        c.findings.add("R-FAB-3", head + ", but " + describe(rest[0]) +
                                      " has no setting that receives from " +
                                      portName(opposite(port)));
    }
}

/// Routers whose wavelets come from no ramp: where nobody feeds the first of
/// them they are merely dead; what remains after taking away all such is a
/// cycle. A wave cannot enter a cycle from outside (one receive port each), so
/// this finds all of them.
void checkCycles(Context &c, uint8_t color,
                 const std::vector<const Route *> &routes) {
  Region fed = settings(routes, bin::Ramp, 0);
  for (const Pattern &p : Region(fed)) {
    Trace t = Tracer(c, routes, TraceBudget).run(p);
    for (const auto &[dir, links] : t.links)
      for (const Pattern &l : links) {
        Step s = stepOf(dir);
        if (auto q = shift(l, s.dx, s.dy, c.program.gridW, c.program.gridH))
          fed.push_back(*q);
      }
  }
  struct Piece {
    Pattern where;
    const Route *route;
  };
  std::vector<Piece> rest;
  for (const Route *r : routes)
    for (const Pattern &p : subtract(Region{r->where}, fed))
      rest.push_back({p, r});
  // Each round removes the routers whose neighbour is not in the rest.
  for (unsigned round = 0; !rest.empty() && round != 4096; ++round) {
    std::vector<Piece> next;
    bool changed = false;
    for (const Piece &p : rest) {
      Step s = stepOf(p.route->rx); // where the wavelets come from
      Region feeders;
      for (const Piece &q : rest)
        if (q.route->tx & opposite(p.route->rx))
          if (auto t = clipForShift(q.where, -s.dx, -s.dy, c.program.gridW,
                                    c.program.gridH))
            feeders.push_back(
                *shift(*t, -s.dx, -s.dy, c.program.gridW, c.program.gridH));
      Region dead = subtract(Region{p.where}, feeders);
      changed |= !dead.empty();
      for (const Pattern &alive : coalesce(subtract(Region{p.where}, dead)))
        next.push_back({alive, p.route});
    }
    rest = std::move(next);
    if (!changed || rest.size() > 2000)
      break;
  }
  if (!rest.empty())
    c.findings.add("R-FAB-4", "the route of " + colorName(color) +
                                  " has a cycle through " +
                                  describe(rest[0].where));
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

/// PEs that do the same on one colour: a piece of a class and of streams.
struct Sender {
  Pattern where;
  std::vector<const bin::Stream *> streams;
};

std::vector<Sender>
splitByStreams(const Pattern &p,
               const std::vector<const bin::Stream *> &streams) {
  std::vector<Sender> atoms = {{p, {}}};
  for (const bin::Stream *s : streams) {
    std::vector<Sender> next;
    for (Sender &a : atoms) {
      auto both = intersect(a.where, s->from);
      if (!both) {
        next.push_back(std::move(a));
        continue;
      }
      for (const Pattern &q : subtract(a.where, *both))
        next.push_back({q, a.streams});
      a.where = *both;
      a.streams.push_back(s);
      next.push_back(std::move(a));
    }
    atoms = std::move(next);
  }
  return atoms;
}

class StreamCheck {
public:
  StreamCheck(Context &c, const std::vector<ClassFacts> &facts, Counts &counts)
      : c(c), facts(facts), counts(counts), routes(groupByColor(c)) {}

  void run() {
    std::map<uint8_t, std::vector<const bin::Stream *>> streams;
    for (const bin::Stream *s : c.streams)
      streams[s->color].push_back(s);
    for (unsigned color = 0; color != NumColors; ++color)
      if (const auto it = streams.find(color);
          it != streams.end() || anyTraffic(color))
        checkColor(color, it == streams.end()
                              ? std::vector<const bin::Stream *>()
                              : it->second);
    countLinks();
  }

private:
  bool anyTraffic(unsigned color) const {
    return std::any_of(facts.begin(), facts.end(), [&](const ClassFacts &f) {
      return f.traffic.sent[color] || f.traffic.received[color];
    });
  }

  void checkColor(unsigned color,
                  const std::vector<const bin::Stream *> &streams) {
    arrivals.clear();
    Region senders;
    for (size_t k = 0; k != facts.size(); ++k) {
      uint64_t words = facts[k].traffic.sent[color];
      if (!words)
        continue;
      for (const Pattern &p : c.where[k])
        for (const Sender &s : splitByStreams(p, streams))
          checkSender(color, k, s, words);
      senders.insert(senders.end(), c.where[k].begin(), c.where[k].end());
    }
    for (const bin::Stream *s : streams) {
      Region idle = s->words ? subtract(Region{s->from}, senders) : Region();
      if (!idle.empty())
        c.findings.add("R-FAB-7", "stream '" + s->name + "' states " +
                                      std::to_string(s->words) +
                                      " wavelets from " + describe(idle[0]) +
                                      ", but no code there sends on " +
                                      colorName(color));
    }
    checkArrivals(color);
  }

  void checkSender(unsigned color, size_t k, const Sender &s, uint64_t words) {
    std::string head = className(c, k) + " at " + describe(s.where) +
                       " sends " + std::to_string(words) + " wavelets of " +
                       colorName(color);
    if (s.streams.empty())
      c.findings.add("R-FAB-7", head + ", but no stream states them");
    uint64_t stated = 0;
    for (const bin::Stream *t : s.streams)
      stated = satAdd(stated, t->words);
    if (!s.streams.empty() && stated != words)
      c.findings.add("R-FAB-7", head + ", stream '" + s.streams[0]->name +
                                    "' states " + std::to_string(stated));
    auto it = routes.find(color);
    if (it == routes.end())
      return; // R-QUE-3 has said so
    Trace t = Tracer(c, it->second, TraceBudget).run(s.where);
    if (!t.complete)
      c.findings.add("R-FAB-4", "the route of " + colorName(color) + " from " +
                                    describe(s.where) + " does not end");
    for (const bin::Stream *st : s.streams)
      checkReach(*st, s.where, t);
    record(t, words);
  }

  /// Exactly the receivers that `s` states? Each router has one receive port,
  /// so no PE is reached twice and counting is enough.
  void checkReach(const bin::Stream &s, const Pattern &from, const Trace &t) {
    uint64_t area =
        satMul(uint64_t(std::max<int64_t>(0, int64_t(s.dx1) - s.dx0 + 1)),
               uint64_t(std::max<int64_t>(0, int64_t(s.dy1) - s.dy0 + 1)));
    if (area && s.dx0 <= 0 && s.dx1 >= 0 && s.dy0 <= 0 && s.dy1 >= 0)
      --area;
    uint64_t reachedPEs = 0;
    for (const Delivery &d : t.deliveries) {
      reachedPEs = satAdd(reachedPEs, satMul(d.from.count(), d.boxSize()));
      if (d.dx0 < s.dx0 || d.dx1 > s.dx1 || d.dy0 < s.dy0 || d.dy1 > s.dy1) {
        c.findings.add(
            "R-FAB-7",
            "stream '" + s.name + "' from " + describe(d.from) +
                " also reaches displacement (" + std::to_string(d.dx0) + ", " +
                std::to_string(d.dy0) + "), stated are [" +
                std::to_string(s.dx0) + ", " + std::to_string(s.dx1) + "] x [" +
                std::to_string(s.dy0) + ", " + std::to_string(s.dy1) + "]");
        return;
      }
    }
    if (reachedPEs != satMul(area, from.count()))
      c.findings.add("R-FAB-7", "stream '" + s.name + "' from " +
                                    describe(from) + " reaches " +
                                    std::to_string(reachedPEs) +
                                    " PEs in all, stated are " +
                                    std::to_string(satMul(area, from.count())));
  }

  void record(const Trace &t, uint64_t words) {
    for (const auto &[dir, region] : t.links)
      for (const Pattern &p : region) {
        links[dir].push_back({p, words});
        counts.waveletHops =
            satAdd(counts.waveletHops, satMul(p.count(), words));
      }
    for (const Delivery &d : t.deliveries)
      for (const Pattern &p : reached(c, d))
        arrivals[words].push_back(p);
  }

  /// What arrives at a PE is what its code takes, no less and no more.
  void checkArrivals(unsigned color) {
    Region everywhere;
    for (auto &[words, region] : arrivals) {
      region = coalesce(std::move(region));
      everywhere.insert(everywhere.end(), region.begin(), region.end());
      for (const Pattern &p : region)
        checkArrival(color, p, words);
    }
    for (size_t k = 0; k != facts.size(); ++k)
      if (uint64_t n = facts[k].traffic.received[color]) {
        Region rest = subtract(c.where[k], everywhere);
        if (!rest.empty())
          c.findings.add("R-FAB-7",
                         className(c, k) + " takes " + std::to_string(n) +
                             " wavelets of " + colorName(color) + " at " +
                             describe(rest[0]) + ", but none arrive there");
      }
  }

  void checkArrival(unsigned color, const Pattern &p, uint64_t words) {
    Region rest = {p};
    for (size_t k = 0; k != facts.size(); ++k) {
      uint64_t taken = facts[k].traffic.received[color];
      for (const Pattern &q : c.where[k]) {
        auto both = intersect(p, q);
        if (!both)
          continue;
        rest = subtract(std::move(rest), {*both});
        if (facts[k].walked && taken != words)
          c.findings.add(taken < words ? "R-FAB-9" : "R-FAB-7",
                         className(c, k) + " at " + describe(*both) +
                             " takes " + std::to_string(taken) +
                             " wavelets of " + colorName(color) + ", " +
                             std::to_string(words) + " arrive");
      }
    }
    if (!rest.empty())
      c.findings.add("R-FAB-9", std::to_string(words) + " wavelets of " +
                                    colorName(color) + " arrive at " +
                                    describe(rest[0]) + ", where no code runs");
  }

  void countLinks() {
    for (auto &[dir, pieces] : links) {
      std::map<uint64_t, Region> byWeight;
      for (const Weighted &w : pieces)
        byWeight[w.weight].push_back(w.where);
      std::vector<Weighted> joined;
      for (auto &[words, region] : byWeight)
        for (const Pattern &p : coalesce(std::move(region)))
          joined.push_back({p, words});
      auto most = maxOverlap(std::move(joined), OverlapBudget);
      if (!most)
        c.findings.note(
            "the busiest link could not be found: too many different routes");
      counts.maxLinkWavelets =
          std::max(counts.maxLinkWavelets, most.value_or(0));
    }
  }

  Context &c;
  const std::vector<ClassFacts> &facts;
  Counts &counts;
  ByColor routes;
  std::map<uint64_t, Region> arrivals; // of one colour, by wavelets
  std::map<uint8_t, std::vector<Weighted>> links;
};

} // namespace

void weft::verify::checkRoutes(Context &c) {
  for (const auto &[color, routes] : groupByColor(c)) {
    checkSettings(c, color, routes);
    checkEdges(c, color, routes);
    if (!c.findings.has("R-FAB-2"))
      checkCycles(c, color, routes);
  }
  for (const bin::Stream *s : c.streams)
    if (!userColor(c, s->color))
      c.findings.add("R-FAB-1", "stream '" + s->name +
                                    "': " + colorName(s->color) +
                                    " is not one of fabric.user_colors");
}

/// R-QUE-1, R-QUE-2 and R-QUE-3 of one queue binding.
static void checkBinding(Context &c, size_t cls, size_t index,
                         const ByColor &routes) {
  const auto &queues = c.program.classes[cls].queues;
  const bin::QueueBinding &b = queues[index];
  const auto &allowed =
      b.output ? c.target.outQueues.value : c.target.inQueues.value;
  std::string head = className(c, cls) + ": " +
                     (b.output ? "output" : "input") + " queue " +
                     std::to_string(b.queue);
  if (std::find(allowed.begin(), allowed.end(), b.queue) == allowed.end())
    c.findings.add("R-QUE-1", head + " is not one of queues." +
                                  (b.output ? "output" : "input"));
  if (!userColor(c, b.color))
    c.findings.add("R-FAB-1", head + ": " + colorName(b.color) +
                                  " is not one of fabric.user_colors");
  for (size_t j = 0; j != index; ++j)
    if (queues[j].output == b.output) {
      if (queues[j].queue == b.queue)
        c.findings.add("R-QUE-2", head + " is bound to two colours");
      else if (queues[j].color == b.color)
        c.findings.add("R-QUE-2", head + " and queue " +
                                      std::to_string(queues[j].queue) +
                                      " share " + colorName(b.color));
    }
  auto it = routes.find(b.color);
  Region have;
  if (it != routes.end())
    have = b.output ? settings(it->second, bin::Ramp, 0)
                    : settings(it->second, 0, bin::Ramp);
  Region rest = subtract(c.where[cls], have);
  if (!rest.empty())
    c.findings.add("R-QUE-3", head + ": " + colorName(b.color) +
                                  " has no route " +
                                  (b.output ? "from" : "to") + " the ramp at " +
                                  describe(rest[0]));
}

void weft::verify::checkBindings(Context &c) {
  ByColor routes = groupByColor(c);
  for (size_t k = 0; k != c.program.classes.size(); ++k)
    for (size_t i = 0; i != c.program.classes[k].queues.size(); ++i)
      checkBinding(c, k, i, routes);
}

void weft::verify::checkStreams(Context &c,
                                const std::vector<ClassFacts> &facts,
                                Counts &counts) {
  if (!c.findings.has("R-FAB-2"))
    StreamCheck(c, facts, counts).run();
}
