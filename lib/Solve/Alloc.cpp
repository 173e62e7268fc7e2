//===- Alloc.cpp - Offsets of buffers in one PE's SRAM --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// First-fit over an order of the buffers, for several orders, then a search
// over orders. Every order yields a legal packing, so the search only ever
// improves the top; what it cannot fit it explains. Bank conflicts come after
// that: buffers are packed again at wanted places of a line, which may lift the
// top no further than where memory is short of nothing.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Alloc.h"
#include "Random.h"
#include <algorithm>
#include <numeric>

using namespace weft::solve;

namespace {

bool overlapInTime(const AllocBuffer &a, const AllocBuffer &b) {
  return a.begin < b.end && b.begin < a.end;
}

} // namespace

//===----------------------------------------------------------------------===//
// Solver
//===----------------------------------------------------------------------===//

namespace {

struct Peak {
  uint64_t bytes = 0, begin = 0, end = 0;
};

class Solver {
public:
  Solver(const AllocProblem &p, const AllocOptions &o);
  AllocResult run();

private:
  using Order = std::vector<unsigned>;
  struct Packing {
    std::vector<uint64_t> address;
    uint64_t top = 0;    // what the search minimises,
    uint64_t spread = 0; // then the sum of ends: leads it over plateaus
    bool better(const Packing &o) const {
      return top != o.top ? top < o.top : spread < o.spread;
    }
  };
  Peak peakLive() const;
  uint64_t alignUp(unsigned i, uint64_t at) const;
  uint64_t lowestGap(unsigned i, const Packing &pk, const Order &placed) const;
  Packing pack(const Order &order) const;
  void tryOrder(const char *name, Order order);
  void tryHeuristics();
  void climb(unsigned iterations, uint64_t goal);
  void avoidConflicts();
  bool packWanted(uint64_t limit);
  void mutate(Order &order, const Packing &pk, Random &rng) const;
  AllocFailure fail() const;

  const AllocProblem &p;
  AllocOptions opts;
  unsigned n;
  std::vector<unsigned> free; // buffers without a fixed address
  std::vector<std::vector<unsigned>> conflicts;
  Peak peak;
  uint64_t lowerBound = 0;
  /// Of the address modulo a line, where one is wanted.
  std::vector<std::optional<uint64_t>> residue;
  Order bestOrder;
  Packing best;
  std::string bestName;
};

} // namespace

Solver::Solver(const AllocProblem &p, const AllocOptions &o)
    : p(p), opts(o), n(unsigned(p.buffers.size())), conflicts(n), residue(n) {
  for (unsigned i = 0; i < n; ++i) {
    if (!p.buffers[i].fixed)
      free.push_back(i);
    for (unsigned j = 0; j < i; ++j)
      if (overlapInTime(p.buffers[i], p.buffers[j])) {
        conflicts[i].push_back(j);
        conflicts[j].push_back(i);
      }
  }
  peak = peakLive();
  lowerBound = p.base + peak.bytes;
  for (const AllocBuffer &b : p.buffers)
    if (b.fixed)
      lowerBound = std::max(lowerBound, *b.fixed + b.size);
}

Peak Solver::peakLive() const {
  std::vector<std::pair<uint64_t, int64_t>> events;
  for (const AllocBuffer &b : p.buffers) {
    events.push_back({b.begin, int64_t(b.size)});
    events.push_back({b.end, -int64_t(b.size)});
  }
  std::sort(events.begin(), events.end());
  Peak best;
  uint64_t live = 0;
  for (size_t i = 0; i < events.size();) {
    uint64_t t = events[i].first;
    for (; i < events.size() && events[i].first == t; ++i)
      live += events[i].second;
    if (live > best.bytes)
      best = {live, t, i < events.size() ? events[i].first : t + 1};
  }
  return best;
}

uint64_t Solver::alignUp(unsigned i, uint64_t at) const {
  uint64_t align = p.buffers[i].align;
  if (!residue[i] || align >= p.line) // then the only residue is 0
    return (at + align - 1) & ~(align - 1);
  return at + ((*residue[i] - at) & (p.line - 1));
}

/// The lowest aligned address where buffer i meets no placed buffer that lives
/// at the same time. `placed` is sorted by address.
uint64_t Solver::lowestGap(unsigned i, const Packing &pk,
                           const Order &placed) const {
  const AllocBuffer &b = p.buffers[i];
  uint64_t at = alignUp(i, p.base);
  for (unsigned j : placed) {
    if (pk.address[j] >= at + b.size)
      break;
    uint64_t end = pk.address[j] + p.buffers[j].size;
    if (end > at && overlapInTime(b, p.buffers[j]))
      at = alignUp(i, end);
  }
  return at;
}

Solver::Packing Solver::pack(const Order &order) const {
  Packing pk;
  pk.address.assign(n, 0);
  pk.top = p.base;
  Order placed;
  placed.reserve(n);
  auto put = [&](unsigned i, uint64_t at) {
    pk.address[i] = at;
    auto after = [&](uint64_t a, unsigned j) { return a < pk.address[j]; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), at, after), i);
    pk.top = std::max(pk.top, at + p.buffers[i].size);
    pk.spread += at + p.buffers[i].size;
  };
  for (unsigned i = 0; i < n; ++i)
    if (p.buffers[i].fixed)
      put(i, *p.buffers[i].fixed);
  for (unsigned i : order)
    put(i, lowestGap(i, pk, placed));
  return pk;
}

void Solver::tryOrder(const char *name, Order order) {
  if (!bestName.empty() && best.top == lowerBound)
    return; // cannot be improved
  Packing pk = pack(order);
  if (bestName.empty() || pk.better(best)) {
    best = std::move(pk);
    bestOrder = std::move(order);
    bestName = name;
  }
}

void Solver::tryHeuristics() {
  const std::vector<AllocBuffer> &b = p.buffers;
  auto sorted = [&](auto less) {
    Order o = free;
    std::stable_sort(o.begin(), o.end(), less);
    return o;
  };
  auto life = [&](unsigned i) { return b[i].end - b[i].begin; };
  auto area = [&](unsigned i) { return double(b[i].size) * double(life(i)); };
  tryOrder("size", sorted([&](unsigned x, unsigned y) {
             return std::make_pair(b[x].size, life(x)) >
                    std::make_pair(b[y].size, life(y));
           }));
  tryOrder("lifetime", sorted([&](unsigned x, unsigned y) {
             return std::make_pair(life(x), b[x].size) >
                    std::make_pair(life(y), b[y].size);
           }));
  tryOrder("area",
           sorted([&](unsigned x, unsigned y) { return area(x) > area(y); }));
  tryOrder("begin", sorted([&](unsigned x, unsigned y) {
             return std::make_pair(b[x].begin, ~b[x].size) <
                    std::make_pair(b[y].begin, ~b[y].size);
           }));
  tryOrder("conflicts", sorted([&](unsigned x, unsigned y) {
             return std::make_pair(conflicts[x].size(), b[x].size) >
                    std::make_pair(conflicts[y].size(), b[y].size);
           }));
}

/// Moves a buffer that makes the top, or one that conflicts with it, elsewhere.
void Solver::mutate(Order &order, const Packing &pk, Random &rng) const {
  std::vector<unsigned> critical;
  for (unsigned i : free)
    if (pk.address[i] + p.buffers[i].size == pk.top)
      critical.push_back(i);
  unsigned pick = critical.empty() || rng.below(4) == 0
                      ? free[rng.below(free.size())]
                      : critical[rng.below(critical.size())];
  if (!conflicts[pick].empty() && rng.below(2) == 0) {
    unsigned other = conflicts[pick][rng.below(conflicts[pick].size())];
    if (!p.buffers[other].fixed)
      pick = other;
  }
  size_t from = std::find(order.begin(), order.end(), pick) - order.begin();
  size_t to = rng.below(order.size());
  if (rng.below(2) == 0)
    std::swap(order[from], order[to]);
  else if (from < to)
    std::rotate(order.begin() + from, order.begin() + from + 1,
                order.begin() + to + 1);
  else
    std::rotate(order.begin() + to, order.begin() + from,
                order.begin() + from + 1);
}

void Solver::climb(unsigned iterations, uint64_t goal) {
  if (free.size() < 2)
    return;
  // A packing takes n * n / 2 glances at most; the budget bounds them all.
  uint64_t steps =
      std::min<uint64_t>(iterations, 200000000 / (uint64_t(n) * n + 1));
  Random rng(opts.seed);
  for (uint64_t s = 0; s < steps && best.top > goal; ++s) {
    Order order = bestOrder;
    for (uint64_t k = 1 + rng.below(2); k > 0; --k)
      mutate(order, best, rng);
    Packing pk = pack(order);
    if (best.better(pk))
      continue;
    if (pk.top < best.top)
      bestName = "search";
    best = std::move(pk); // equal packings too: a plateau is walked
    bestOrder = std::move(order);
  }
}

/// Packs at the wanted residues. Does the top stay within `limit`?
bool Solver::packWanted(uint64_t limit) {
  best = pack(bestOrder);
  bestName = "conflicts";
  tryHeuristics();
  if (best.top > limit)
    climb(opts.iterations / 4, limit);
  return best.top <= limit;
}

/// Wants what the banks solver says; where that takes too much room, only for
/// the heaviest half of the pairs, and so on.
void Solver::avoidConflicts() {
  BankProblem banks = p.banks();
  std::stable_sort(
      banks.pairs.begin(), banks.pairs.end(),
      [](const BankPair &a, const BankPair &b) { return a.cycles > b.cycles; });
  const Packing plain = best;
  const Order plainOrder = bestOrder;
  const std::string plainName = bestName;
  uint64_t limit = std::max(best.top, std::min(p.roomy, p.capacity));
  for (; !banks.pairs.empty(); banks.pairs.resize(banks.pairs.size() / 2)) {
    BankSolution s = solveBanks(banks);
    residue.assign(n, std::nullopt);
    for (const BankPair &pair : banks.pairs)
      for (unsigned i : {pair.a, pair.b})
        if (!p.buffers[i].fixed)
          residue[i] = s.residue[i];
    bestOrder = plainOrder;
    if (packWanted(limit) &&
        p.banks().cycles(best.address) < p.banks().cycles(plain.address))
      return;
  }
  best = plain;
  bestName = plainName;
}

AllocFailure Solver::fail() const {
  AllocFailure f;
  f.proved = lowerBound > p.capacity;
  f.capacity = p.capacity - p.base;
  f.demand = (f.proved ? lowerBound : best.top) - p.base;
  f.begin = peak.begin;
  f.end = peak.end;
  for (unsigned i = 0; i < n; ++i)
    if (p.buffers[i].begin < f.end && f.begin < p.buffers[i].end)
      f.largest.push_back(i);
  std::stable_sort(f.largest.begin(), f.largest.end(),
                   [&](unsigned a, unsigned b) {
                     return p.buffers[a].size > p.buffers[b].size;
                   });
  if (f.largest.size() > 8)
    f.largest.resize(8);
  return f;
}

static std::string explain(const AllocProblem &p, const AllocFailure &f) {
  std::string m = std::to_string(f.demand) + " bytes of SRAM are needed" +
                  (f.proved ? "" : " (with the best packing found)") + ", " +
                  std::to_string(f.capacity) + " are available; at the peak [" +
                  std::to_string(f.begin) + ", " + std::to_string(f.end) +
                  ") the largest buffers are";
  for (size_t k = 0; k < f.largest.size(); ++k)
    m += (k ? ", " : " ") + p.nameOf(f.largest[k]) + " with " +
         std::to_string(p.buffers[f.largest[k]].size);
  return m;
}

AllocResult Solver::run() {
  AllocResult r;
  tryHeuristics();
  if (lowerBound <= p.capacity)
    climb(opts.iterations, lowerBound);
  if (best.top > p.capacity) {
    r.failure = fail();
    r.message = explain(p, r.failure);
    return r;
  }
  avoidConflicts();
  uint64_t waits = p.banks().cycles(best.address);
  r.solution = AllocSolution{std::move(best.address), best.top, lowerBound,
                             waits, bestName};
  if (std::string e = p.verify(*r.solution); !e.empty()) {
    r.solution.reset();
    r.message = "internal: allocation rejected by its checker: " + e;
  }
  return r;
}

AllocResult weft::solve::solveAlloc(const AllocProblem &p,
                                    const AllocOptions &o) {
  if (std::string e = p.check(); !e.empty()) {
    AllocResult r;
    r.message = e;
    return r;
  }
  return Solver(p, o).run();
}
