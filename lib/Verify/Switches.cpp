//===- Switches.cpp - Later positions of routers, and who moves them ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// R-FAB-10. One use of switches is shown to be safe, the others are refused: a
// router with a second position first sends what its PE sends, and then, by the
// same one port, what comes from a neighbour; and no router of the colour has
// two transmit ports. A router still has one neighbour at most that it receives
// from, so the colour's routes are lines that end in one receiver each. If each
// PE with such a router advances it with the last word that it sends, the words
// on a line arrive sender after sender, the nearest first, whatever the timing.
//
//===----------------------------------------------------------------------===//
#include "Trace.h"
#include "llvm/ADT/bit.h"

using namespace weft;
using namespace weft::verify;

void weft::verify::addPositions(Context &c, unsigned color) {
  std::vector<const bin::Route *> &routes = c.routes[uint8_t(color)];
  Region &switched = c.switched[color];
  auto refuse = [&](const Pattern &at, const char *what) {
    c.findings.add("R-FAB-10",
                   cat("colour ", color, " at ", describe(at), ": ", what));
  };
  std::vector<const bin::Route *> later;
  for (const bin::Switch *s : c.switches[color]) {
    if (!c.budget.spendRoutes(routes.size() + switched.size()))
      return refuse(s->where, "too many settings");
    if (!c.target.switchAdvance || c.target.switchPositions < 2)
      refuse(s->where, "the target's routers do not advance with an op");
    if (s->position != 1 || llvm::popcount(s->rx) != 1 || s->rx >= bin::Ramp ||
        (s->rx & s->tx))
      refuse(s->where, "a position other than 1, or one that does not receive "
                       "from one neighbour, is not followed");
    Region first; // that sends to the same port
    for (const bin::Route *r : routes)
      if (r->rx == bin::Ramp && r->tx == s->tx)
        first.push_back(r->where);
    Region rest = subtract(Region{s->where}, first);
    if (!rest.empty())
      refuse(rest[0], "before position 1 the PE does not send to the port that "
                      "position 1 transmits to");
    for (const Pattern &p : switched)
      if (auto both = intersect(p, s->where))
        refuse(*both, "position 1 is stated twice");
    switched.push_back(s->where);
    c.positions.push_back({s->where, s->color, s->rx, s->tx});
    later.push_back(&c.positions.back());
  }
  routes.insert(routes.end(), later.begin(), later.end());
  for (const bin::Route *r : routes)
    if (llvm::popcount(r->tx) != 1)
      refuse(r->where,
             "switches and multicasts of one colour are not followed");
}

void weft::verify::checkAdvances(Context &c,
                                 const std::vector<ClassFacts> &facts) {
  if (c.findings.has("R-FAB-10"))
    return;
  for (unsigned color = 0; color != NumColors; ++color) {
    Region moved, switched;
    if (auto it = c.switched.find(color); it != c.switched.end())
      switched = it->second;
    for (size_t k = 0; k != facts.size(); ++k) {
      auto it = facts[k].traffic.advances.find(color);
      if (it == facts[k].traffic.advances.end())
        continue;
      std::string head = cat(className(c, k), " advances colour ", color);
      Region none = subtract(c.where[k], switched);
      if (!none.empty())
        c.findings.add("R-FAB-10", cat(head, " at ", describe(none[0]),
                                       ", which has no further position"));
      else if (it->second.times != 1)
        c.findings.add("R-FAB-10", cat(head, " ", it->second.times, " times"));
      else if (it->second.words != facts[k].traffic.sent[color])
        c.findings.add("R-FAB-10", cat(head, " after ", it->second.words,
                                       " words and then sends more"));
      moved.insert(moved.end(), c.where[k].begin(), c.where[k].end());
    }
    Region still = subtract(std::move(switched), moved);
    if (!still.empty())
      c.findings.add("R-FAB-10", cat("no code moves the switch of colour ",
                                     color, " at ", describe(still[0])));
  }
}
