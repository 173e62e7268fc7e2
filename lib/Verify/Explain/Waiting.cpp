//===- Waiting.cpp - The counter-example to progress ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Network.h"
#include "llvm/ADT/STLExtras.h"

using namespace weft;
using namespace weft::verify;

/// Whose words of `color` arrive at `at`: routes have one way back.
static std::optional<Pattern> source(const Context &c, unsigned color,
                                     Pattern at) {
  const auto &routes = c.routes.at(uint8_t(color));
  while (true) {
    auto r = llvm::find_if(
        routes, [&](auto *r) { return r->where.contains(at.x0, at.y0); });
    if (r == routes.end() || (*r)->rx == bin::Ramp)
      return r == routes.end() ? std::nullopt : std::optional(at);
    const Neighbour &n = neighbour((*r)->rx);
    auto back = shift(at, n.dx, n.dy, c.grid);
    if (!back)
      return std::nullopt;
    at = *back;
  }
}

/// Of the PEs at the other side of `s` one that `at` sends to or hears.
static std::optional<Pattern> partner(Context &c, const Network &net,
                                      const Network::Side &s,
                                      const Pattern &at) {
  for (const Pattern &p : net.groups[s.other.group].where) {
    if (s.sending) {
      for (const Delivery &d : trace(c, unsigned(s.ch.color), at).deliveries)
        for (const Pattern &q : reached(c, d))
          if (auto hit = intersect(p, q))
            return Pattern{hit->x0, hit->y0, 1, 1, 1, 1};
      continue;
    }
    if (c.switched.count(unsigned(s.ch.color))) { // of several the one whose
                                                  // turn it is
      for (const Delivery &d : trace(c, unsigned(s.ch.color), p).deliveries)
        if (auto back = shift(at, -d.dx0, -d.dy0, c.grid))
          if (intersect(*back, d.from))
            return back;
      continue;
    }
    auto from = source(c, unsigned(s.ch.color), at);
    if (from && intersect(p, *from))
      return from;
  }
  return std::nullopt;
}

static bool covers(const Region &r, const Pattern &pe) {
  return llvm::any_of(r, [&](const Pattern &p) { return intersect(p, pe); });
}

/// The PE that `at` waits for.
static std::optional<Pattern> waitsFor(Context &c, Network &net,
                                       const Pattern &at, std::string &text) {
  for (size_t g = 0; g != net.groups.size(); ++g) {
    if (!covers(net.groups[g].where, at))
      continue;
    std::optional<Pattern> other;
    for (int slot = int(net.groups[g].ops.size()); slot-- != 0 && !other;)
      if (net.event({g, slot}))
        net.sides({g, slot}, [&](const Network::Side &s) {
          if (s.free != 0 || other)
            return;
          other = partner(c, net, s, at);
          if (other)
            text = cat(className(c, net.groups[g].cls), " at ", describe(at),
                       s.sending ? " to send colour " : " to receive colour ",
                       s.ch.color, s.sending ? " to " : " from ",
                       describe(*other));
        });
    return other;
  }
  return std::nullopt;
}

/// A PE of group `g` waits; whom for, and whom does that one wait for?
std::string weft::verify::whoWaits(Context &c, Network net, size_t g) {
  std::vector<std::pair<Pattern, std::string>> chain;
  std::string s = "PEs wait for each other: ";
  Pattern at = net.groups[g].where[0];
  at = {at.x0, at.y0, 1, 1, 1, 1};
  while (true) {
    auto seen = llvm::find_if(chain, [&](auto &w) { return w.first == at; });
    if (seen != chain.end()) {
      chain.erase(chain.begin(), seen);
      break;
    }
    chain.push_back({at, {}});
    auto next = waitsFor(c, net, at, chain.back().second);
    if (!next) {
      s = "that no PEs wait for each other is not shown: ";
      chain.back().second =
          cat(describe(at), " waits for no PE, but not all like it can go on");
      break;
    }
    at = *next;
  }
  for (size_t i = 0; i != chain.size() && i != 6; ++i)
    s += (i ? "; " : "") + chain[i].second;
  if (chain.size() > 6)
    s += cat("; and ", chain.size() - 6, " others");
  return s;
}
