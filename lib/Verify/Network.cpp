//===- Network.cpp - Groups of PEs and their channels ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Network.h"
#include "llvm/ADT/STLExtras.h"

using namespace weft;
using namespace weft::verify;

int Group::running(int color, bool sending) const {
  for (size_t s = 0; s != ops.size(); ++s)
    if (ops[s].event && ops[s].event->uses(color, sending))
      return int(s);
  return -1;
}

bool Group::finished() {
  return rest.empty() &&
         llvm::none_of(ops, [](const Running &o) { return o.event; });
}

Network::Network(const Context &c, const std::vector<ClassFacts> &facts,
                 const Flows &flows)
    : c(c), facts(facts), flows(flows) {
  for (size_t k = 0; k != facts.size(); ++k) {
    // PEs that do not have the same words before theirs are not alike.
    std::vector<const Delivery *> ordered;
    for (const auto &[key, all] : flows)
      for (const Delivery &d : all)
        if (key.first == k && c.switched.count(key.second))
          ordered.push_back(&d);
    auto from = [](const Delivery &d) { return d.from; };
    auto alike = cut<Delivery>(c.where[k], ordered, from);
    if (!alike)
      c.findings.add("R-TASK-2", cat(className(c, k), " sends to PEs in too ",
                                     "many ways to be followed"));
    else if (ordered.empty())
      groups.push_back({k, c.where[k], facts[k].events, {}, {}, {}});
    else
      for (const Piece<Delivery> &p : *alike)
        groups.push_back({k, {p.where}, facts[k].events, {}, {}, {}});
  }
}

std::vector<Delivery> Network::deliveries(size_t g, int color) const {
  std::vector<Delivery> r;
  auto all = flows.find({groups[g].cls, unsigned(color)});
  if (all == flows.end())
    return r;
  for (const Delivery &d : all->second)
    for (const Pattern &p : groups[g].where)
      if (auto from = intersect(d.from, p)) {
        r.push_back(d);
        r.back().from = *from;
      }
  return r;
}

/// Words that surely fit. On the way to a single receiver every buffer counts
/// (docs/machine-model.md, Room). A multicast waits as a whole where one of its
/// branches is full, so only what each receiver has for itself counts.
uint64_t Network::room(size_t sender, size_t receiver, int color,
                       const Delivery &d, bool multicast) const {
  const Target &t = c.target;
  auto depth = [&](size_t g, bool output) -> uint64_t {
    const auto &depths = output ? t.outQueueDepth.value : t.inQueueDepth.value;
    for (const auto &q : c.program.classes[groups[g].cls].queues)
      if (q.output == output && q.color == color && q.queue < depths.size())
        return depths[q.queue];
    return 0;
  };
  // Words of a line wait for those of others, where is not known: at most in
  // the sender's own output queue.
  if (c.switched.count(unsigned(color)))
    return std::max<uint64_t>(depth(sender, true) + t.ramp, 1);
  uint64_t n = depth(receiver, false) + t.ramp;
  auto nearest = [](int64_t lo, int64_t hi) { // to zero
    return uint64_t(std::max<int64_t>({lo, -hi, 0}));
  };
  uint64_t hops = nearest(d.dx0, d.dx1) + nearest(d.dy0, d.dy1);
  if (!multicast)
    n += depth(sender, true) + t.ramp + hops * (t.routerBuffer + t.hop);
  return std::max<uint64_t>(n, 1);
}

std::vector<Channel> Network::find(size_t sender, int color) {
  std::vector<Channel> r;
  std::vector<Delivery> own = deliveries(sender, color);
  for (size_t i = 0; i != own.size(); ++i) {
    const Delivery &d = own[i];
    bool multicast = d.boxSize() > 1;
    for (size_t j = 0; j != own.size() && !multicast; ++j)
      multicast = j != i && intersect(d.from, own[j].from);
    Region to = reached(c, d);
    looks += own.size() + groups.size();
    for (size_t g = 0; g != groups.size(); ++g) {
      bool meets =
          facts[groups[g].cls].traffic.received[unsigned(color)] != 0 &&
          llvm::any_of(groups[g].where, [&](const Pattern &p) {
            return llvm::any_of(
                to, [&](const Pattern &q) { return intersect(p, q); });
          });
      if (!meets)
        continue;
      uint64_t n = room(sender, g, color, d, multicast);
      auto known =
          llvm::find_if(r, [&](const Channel &ch) { return ch.receiver == g; });
      if (known == r.end()) {
        r.push_back({sender, g, color, n, d.dx0, d.dx1, d.dy0, d.dy1});
        if (c.switched.count(unsigned(color))) {
          r.back().before = d.before;
          r.back().words =
              facts[groups[sender].cls].traffic.sent[size_t(color)];
        }
        continue;
      }
      // All of a group have the same words before theirs.
      known->room = std::min(known->room, n);
      known->dx0 = std::min(known->dx0, d.dx0);
      known->dx1 = std::max(known->dx1, d.dx1);
      known->dy0 = std::min(known->dy0, d.dy0);
      known->dy1 = std::max(known->dy1, d.dy1);
    }
  }
  return r;
}

const std::vector<Channel> &Network::outOf(size_t g, int color) {
  Key key{unsigned(g), unsigned(color)};
  auto it = out.find(key);
  if (it == out.end())
    it = out.try_emplace(key, find(g, color)).first;
  return it->second;
}

const std::vector<Channel> &Network::into(size_t g, int color) {
  Key key{unsigned(g), unsigned(color)};
  auto it = in.find(key);
  if (it != in.end())
    return it->second;
  std::vector<Channel> r;
  looks += groups.size();
  for (size_t s = 0; s != groups.size(); ++s)
    for (const Channel &ch : outOf(s, color))
      if (ch.receiver == g)
        r.push_back(ch);
  return in.try_emplace(key, std::move(r)).first->second;
}

static uint64_t count(const std::map<int, uint64_t> &words, int color) {
  auto it = words.find(color);
  return it == words.end() ? 0 : it->second;
}

uint64_t Network::taken(const Channel &ch) const {
  uint64_t all = count(groups[ch.receiver].taken, ch.color);
  return std::min(all - std::min(all, ch.before), ch.words);
}

uint64_t Network::waiting(const Channel &ch) const {
  return count(groups[ch.sender].sent, ch.color) - taken(ch);
}

bool Network::hasTurn(const Channel &ch) const {
  return count(groups[ch.receiver].taken, ch.color) >= ch.before &&
         taken(ch) != ch.words;
}

Region Network::partnersIn(size_t g, size_t other, int color, bool sending) {
  Region r;
  for (const Delivery &d : deliveries(sending ? g : other, color)) {
    if (!sending) {
      llvm::append_range(r, reached(c, d));
      continue;
    }
    // A sender has a partner there if one of its words ends there.
    for (const Pattern &there : groups[other].where)
      for (int64_t dx = d.dx0; dx <= d.dx1; ++dx)
        for (int64_t dy = d.dy0; dy <= d.dy1; ++dy)
          if (auto back = shift(there, -dx, -dy, c.grid))
            if (auto from = intersect(*back, d.from))
              r.push_back(*from);
  }
  return r;
}

bool Network::split(size_t g, int color, bool sending,
                    const std::function<bool(const Side &)> &stuck) {
  const auto &channels = sending ? outOf(g, color) : into(g, color);
  Region blocked;
  bool some = false, all = true;
  for (const Channel &ch : channels) {
    if (!sending && !hasTurn(ch))
      continue;
    bool is = stuck(side(ch, sending));
    some |= is;
    all &= is;
    if (is)
      for (const Pattern &p :
           partnersIn(g, sending ? ch.receiver : ch.sender, color, sending))
        blocked.push_back(p);
  }
  if (!some || all)
    return false;
  Region rest = subtract(groups[g].where, blocked);
  if (rest.empty())
    return false;
  Group off = groups[g];
  off.where = coalesce(subtract(groups[g].where, rest));
  groups[g].where = coalesce(std::move(rest));
  groups.push_back(std::move(off));
  in.clear();
  out.clear();
  return true;
}
