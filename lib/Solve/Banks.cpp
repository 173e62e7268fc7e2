//===- Banks.cpp - Places of buffers within a line of memory --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Banks.h"
#include <algorithm>
#include <map>
#include <numeric>

using namespace weft::solve;

static bool isPowerOf2(uint64_t v) { return v && (v & (v - 1)) == 0; }

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

std::string BankProblem::check() const {
  if (!isPowerOf2(word))
    return "a word has " + std::to_string(word) + " bytes, no power of two";
  if (line != 0 && !isPowerOf2(line))
    return "a line has " + std::to_string(line) + " bytes, no power of two";
  for (const BankBuffer &b : buffers)
    if (!isPowerOf2(b.align))
      return "an alignment is " + std::to_string(b.align) +
             ", a power of two is needed";
  for (const BankPair &p : pairs) {
    if (p.a >= buffers.size() || p.b >= buffers.size() || p.a == p.b)
      return "a pair is of buffers #" + std::to_string(p.a) + " and #" +
             std::to_string(p.b) + ", allowed are two of " +
             std::to_string(buffers.size());
    if (p.residue >= line || p.residue % word)
      return "a pair conflicts at the residue " + std::to_string(p.residue) +
             ", allowed are multiples of " + std::to_string(word) + " below " +
             std::to_string(line);
  }
  return "";
}

uint64_t BankProblem::cycles(const std::vector<uint64_t> &address) const {
  uint64_t sum = 0;
  for (const BankPair &p : pairs) {
    uint64_t apart = address[p.a] / word - address[p.b] / word;
    if (apart * word % line == p.residue)
      sum += p.cycles;
  }
  return sum;
}

std::string BankProblem::verify(const BankSolution &s) const {
  if (s.residue.size() != buffers.size())
    return std::to_string(s.residue.size()) + " residues for " +
           std::to_string(buffers.size()) + " buffers";
  for (unsigned i = 0; i < buffers.size(); ++i) {
    const BankBuffer &b = buffers[i];
    uint64_t r = s.residue[i], unit = std::max<uint64_t>(line, 1);
    if (r >= unit || r % std::min(b.align, unit))
      return "buffer #" + std::to_string(i) + " has the residue " +
             std::to_string(r);
    if (b.fixed && *b.fixed % unit / word != r / word)
      return "buffer #" + std::to_string(i) + " is fixed elsewhere";
  }
  if (s.cycles != cycles(s.residue))
    return "the pairs take " + std::to_string(cycles(s.residue)) +
           " cycles, the solution says " + std::to_string(s.cycles);
  if (s.bound > s.cycles)
    return "the bound is above the solution";
  return "";
}

//===----------------------------------------------------------------------===//
// Solver
//===----------------------------------------------------------------------===//

namespace {

/// Places are counted in words: 0 to `places` - 1.
class Solver {
public:
  explicit Solver(const BankProblem &p);
  BankSolution run();

private:
  /// What buffers `a` and `b` take together, by place of a less that of b.
  struct Table {
    unsigned a, b;
    std::vector<uint64_t> cost;
    uint64_t weight = 0; // what there is to gain
  };
  struct Cluster {
    std::vector<unsigned> members;
    uint64_t step = 1; // places by which it may move
  };

  uint64_t distance(uint64_t from, uint64_t to) const {
    return (to + places - from) % places;
  }
  uint64_t costOf(unsigned i, uint64_t place) const;
  void join(const Table &t);
  void descend();

  const uint64_t word, places;
  std::vector<Table> tables; // heaviest first
  std::vector<std::vector<const Table *>> tablesOf;
  std::vector<uint64_t> place, step;
  std::vector<unsigned> clusterOf;
  std::vector<Cluster> clusters;
};

} // namespace

Solver::Solver(const BankProblem &p)
    : word(p.word), places(std::max<uint64_t>(p.line / p.word, 1)) {
  std::map<std::pair<unsigned, unsigned>, std::vector<uint64_t>> sums;
  for (const BankPair &pair : p.pairs) {
    auto key = std::minmax(pair.a, pair.b);
    uint64_t at = pair.residue / word;
    std::vector<uint64_t> &cost = sums[{key.first, key.second}];
    cost.resize(places);
    cost[pair.a < pair.b ? at : distance(at, 0)] += pair.cycles;
  }
  for (auto &[key, cost] : sums) {
    auto [least, most] = std::minmax_element(cost.begin(), cost.end());
    uint64_t weight = *most - *least;
    tables.push_back({key.first, key.second, std::move(cost), weight});
  }
  std::stable_sort(
      tables.begin(), tables.end(),
      [](const Table &x, const Table &y) { return x.weight > y.weight; });
  tablesOf.resize(p.buffers.size());
  for (const Table &t : tables) {
    tablesOf[t.a].push_back(&t);
    tablesOf[t.b].push_back(&t);
  }
  for (unsigned i = 0; i < p.buffers.size(); ++i) {
    const BankBuffer &b = p.buffers[i];
    step.push_back(b.fixed ? places
                           : std::clamp<uint64_t>(b.align / word, 1, places));
    place.push_back(b.fixed ? *b.fixed / word % places : 0);
    clusterOf.push_back(i);
    clusters.push_back({{i}, step.back()});
  }
}

/// What the pairs of buffer `i` take with it at `place`, others as they are.
uint64_t Solver::costOf(unsigned i, uint64_t at) const {
  uint64_t sum = 0;
  for (const Table *t : tablesOf[i])
    sum += t->a == i ? t->cost[distance(place[t->b], at)]
                     : t->cost[distance(at, place[t->a])];
  return sum;
}

/// Makes one cluster of those that `t` connects.
void Solver::join(const Table &t) {
  unsigned stays = clusterOf[t.a], moves = clusterOf[t.b];
  if (stays == moves)
    return;
  if (clusters[moves].step > clusters[stays].step)
    std::swap(stays, moves);
  // By the shift of the one that moves.
  std::vector<uint64_t> cost(places);
  bool few = clusters[moves].members.size() < clusters[stays].members.size();
  for (unsigned i : clusters[few ? moves : stays].members)
    for (const Table *c : tablesOf[i]) {
      unsigned a = clusterOf[c->a], b = clusterOf[c->b];
      if (std::minmax(a, b) != std::minmax(stays, moves))
        continue;
      uint64_t apart = distance(place[c->b], place[c->a]);
      for (uint64_t s = 0; s < places; ++s)
        cost[s] +=
            c->cost[a == moves ? (apart + s) % places : distance(s, apart)];
    }
  uint64_t best = 0;
  for (uint64_t s = 0; s < places; s += clusters[moves].step)
    if (cost[s] < cost[best])
      best = s;
  for (unsigned i : clusters[moves].members)
    place[i] = (place[i] + best) % places;
  unsigned into = few ? stays : moves, from = few ? moves : stays;
  clusters[into].step = clusters[stays].step;
  for (unsigned i : clusters[from].members) {
    clusterOf[i] = into;
    clusters[into].members.push_back(i);
  }
  clusters[from].members.clear();
}

void Solver::descend() {
  bool moved = true;
  for (unsigned sweep = 0; moved && sweep < 64; ++sweep) {
    moved = false;
    for (unsigned i = 0; i < place.size(); ++i)
      for (uint64_t s = step[i]; s < places; s += step[i]) {
        uint64_t at = (place[i] + s) % places;
        if (costOf(i, at) < costOf(i, place[i])) {
          place[i] = at;
          moved = true;
        }
      }
  }
}

BankSolution Solver::run() {
  for (const Table &t : tables)
    join(t);
  descend();
  BankSolution s;
  for (unsigned i = 0; i < place.size(); ++i)
    s.residue.push_back(place[i] * word);
  for (const Table &t : tables) {
    s.bound += *std::min_element(t.cost.begin(), t.cost.end());
    s.cycles += t.cost[distance(place[t.b], place[t.a])];
  }
  return s;
}

BankSolution weft::solve::solveBanks(const BankProblem &p) {
  return Solver(p).run();
}
