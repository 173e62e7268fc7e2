//===- Routes.cpp - Router settings and queue bindings --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// R-FAB-1 to R-FAB-4 of each colour's settings and R-QUE-1 to R-QUE-3 of each
// class's bindings. As a colour has one setting per router and as settings and
// bindings never change while a program runs, two senders never share a colour
// on a router: streams that do have one sender, whose program orders them.
// Switches are the exception (Switches.cpp).
//
//===----------------------------------------------------------------------===//
#include "Trace.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

using namespace weft;
using namespace weft::verify;
using bin::Route;
using Routes = std::vector<const Route *>;

static std::string colorName(unsigned c) { return cat("colour ", c); }

static void checkColor(Context &c, unsigned color, const std::string &what) {
  if (!llvm::is_contained(c.target.userColors.value, color))
    c.findings.add("R-FAB-1", cat(what, ": ", colorName(color),
                                  " is not one of fabric.user_colors"));
}

/// Routes beyond what is followed are refused.
static void notShown(Context &c, const char *rule, unsigned color,
                     const std::string &what) {
  c.findings.add(rule, cat("that ", colorName(color), what,
                           " is not shown: too many settings"));
}

static void checkSettings(Context &c, unsigned color, const Routes &routes) {
  checkColor(c, color, cat("route at ", describe(routes[0]->where)));
  for (size_t i = 0; i != routes.size(); ++i) {
    const Route &r = *routes[i];
    bool one = llvm::popcount(r.rx) == 1 && r.rx <= bin::Ramp;
    if (!one || r.tx == 0 || r.tx > 31 || (r.tx & r.rx))
      c.findings.add(
          "R-FAB-2",
          cat(colorName(color), " at ", describe(r.where), ": receive mask ",
              unsigned(r.rx), ", transmit mask ", unsigned(r.tx),
              "; allowed are one receive port and transmit ports other than "
              "it, at least one"));
    for (size_t j = 0; j != i; ++j)
      if (auto both = intersect(r.where, routes[j]->where)) {
        c.findings.add("R-FAB-2", cat(colorName(color), " has two settings at ",
                                      describe(*both)));
        break;
      }
  }
}

static void checkEdges(Context &c, unsigned color, const Routes &routes) {
  std::map<uint8_t, Region> receivers;
  for (const Neighbour &n : Neighbours)
    receivers[n.port] = settings(c, color, n.opposite, 0);
  for (const Route *r : routes)
    for (const Neighbour &n : Neighbours) {
      if (!(r->tx & n.port))
        continue;
      auto at = shift(r->where, n.dx, n.dy, c.grid);
      std::string head = cat(colorName(color), " at ", describe(r->where),
                             " transmits ", n.name);
      if (!at || at->count() != r->where.count()) {
        c.findings.add("R-FAB-3", cat(head, " off the grid of ",
                                      c.program.gridW, "x", c.program.gridH));
        continue;
      }
      Region rest = subtract(Region{*at}, receivers[n.port]);
      if (!rest.empty())
        c.findings.add("R-FAB-3", cat(head, ", but ", describe(rest[0]),
                                      " has no setting that receives from ",
                                      neighbour(n.opposite).name));
    }
}

/// Routers whose wavelets come from no ramp: where nobody feeds the first of
/// them they are merely dead; what remains after taking away all such is a
/// cycle. A wave cannot enter a cycle from outside (one receive port each), so
/// this finds all of them.
static void checkCycles(Context &c, unsigned color, const Routes &routes) {
  Region sources = settings(c, color, bin::Ramp, 0), fed = sources;
  for (const Pattern &p : sources)
    for (const auto &[dir, links] : trace(c, color, p).links)
      for (const Pattern &l : links)
        if (auto q = shift(l, neighbour(dir).dx, neighbour(dir).dy, c.grid))
          fed.push_back(*q);
  if (!c.budget.spendRoutes(routes.size() * fed.size()))
    return notShown(c, "R-FAB-4", color, " has no cycle");
  std::vector<std::pair<Pattern, const Route *>> rest;
  for (const Route *r : routes)
    for (const Pattern &p : subtract(Region{r->where}, fed))
      rest.push_back({p, r});
  // Each round removes the routers whose neighbour is not in the rest.
  bool changed = true;
  for (unsigned round = 0; !rest.empty() && changed; ++round) {
    if (round == 4096 || (round && rest.size() > 2000) ||
        !c.budget.spendRoutes(rest.size() * rest.size()))
      return notShown(c, "R-FAB-4", color, " has no cycle");
    std::vector<std::pair<Pattern, const Route *>> next;
    changed = false;
    for (const auto &[where, route] : rest) {
      const Neighbour &from = neighbour(route->rx);
      Region feeders;
      for (const auto &[there, feeder] : rest)
        if (feeder->tx & from.opposite)
          if (auto q = shift(there, -from.dx, -from.dy, c.grid))
            feeders.push_back(*q);
      Region dead = subtract(Region{where}, feeders);
      changed |= !dead.empty();
      for (const Pattern &alive : coalesce(subtract(Region{where}, dead)))
        next.push_back({alive, route});
    }
    rest = std::move(next);
  }
  if (!rest.empty())
    c.findings.add("R-FAB-4",
                   cat("the route of ", colorName(color),
                       " has a cycle through ", describe(rest[0].first)));
}

void weft::verify::checkRoutes(Context &c) {
  for (const auto &[color, unused] : c.switches)
    c.routes[uint8_t(color)]; // so that it is looked at
  for (auto &[color, routes] : c.routes) {
    if (!c.budget.spendRoutes(routes.size() * routes.size())) {
      notShown(c, "R-FAB-2", color, " has one setting on each router");
      continue;
    }
    if (!routes.empty())
      checkSettings(c, color, routes);
    if (c.switches.count(color))
      addPositions(c, color);
    if (c.findings.has("R-FAB-10"))
      continue; // not followed
    checkEdges(c, color, routes);
    if (!c.findings.has("R-FAB-2"))
      checkCycles(c, color, routes);
  }
  for (const bin::Stream *s : c.streams)
    checkColor(c, s->color, cat("stream '", s->name, "'"));
}

/// R-QUE-1, R-QUE-2 and R-QUE-3 of one queue binding.
static void checkBinding(Context &c, size_t cls, size_t index) {
  const auto &queues = c.program.classes[cls].queues;
  const bin::QueueBinding &b = queues[index];
  const auto &allowed =
      b.output ? c.target.outQueues.value : c.target.inQueues.value;
  const char *side = b.output ? "output" : "input";
  std::string head =
      cat(className(c, cls), ": ", side, " queue ", unsigned(b.queue));
  if (!llvm::is_contained(allowed, b.queue))
    c.findings.add("R-QUE-1", cat(head, " is not one of queues.", side));
  checkColor(c, b.color, head);
  for (size_t j = 0; j != index; ++j)
    if (queues[j].output == b.output) {
      if (queues[j].queue == b.queue)
        c.findings.add("R-QUE-2", cat(head, " is bound to two colours"));
      else if (queues[j].color == b.color)
        c.findings.add("R-QUE-2",
                       cat(head, " and queue ", unsigned(queues[j].queue),
                           " share ", colorName(b.color)));
    }
  Region have =
      settings(c, b.color, b.output ? bin::Ramp : 0, b.output ? 0 : bin::Ramp);
  if (!c.budget.spendRoutes(c.where[cls].size() * have.size()))
    return notShown(c, "R-QUE-3", b.color, " has a route where it is bound");
  Region rest = subtract(c.where[cls], have);
  if (!rest.empty())
    c.findings.add("R-QUE-3", cat(head, ": ", colorName(b.color),
                                  " has no route ", b.output ? "from" : "to",
                                  " the ramp at ", describe(rest[0])));
}

void weft::verify::checkBindings(Context &c) {
  for (size_t k = 0; k != c.program.classes.size(); ++k)
    for (size_t i = 0; i != c.program.classes[k].queues.size(); ++i)
      checkBinding(c, k, i);
}
