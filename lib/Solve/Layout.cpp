//===- Layout.cpp - Choice of a layout per value --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Layout.h"
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

using namespace weft::solve;

std::string LayoutProblem::check() const {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].options.empty())
      return "node " + std::to_string(i) + " has no option";
    for (int p : nodes[i].operands)
      if (p >= int(i))
        return "node " + std::to_string(i) + " uses a later node";
    for (const LayoutOption &o : nodes[i].options)
      if (o.ins.size() != nodes[i].operands.size())
        return "node " + std::to_string(i) +
               " has an option of the wrong arity";
  }
  for (const Loop &l : loops)
    if (l.value < 0 || l.begin < 0 || size_t(l.value) >= nodes.size() ||
        size_t(l.begin) >= nodes.size())
      return "a loop names a node that is not there";
  return "";
}

std::string LayoutProblem::verify(const std::vector<unsigned> &choice) const {
  if (choice.size() != nodes.size())
    return "a choice is missing";
  for (size_t i = 0; i < nodes.size(); ++i)
    if (choice[i] >= nodes[i].options.size())
      return "node " + std::to_string(i) + " takes an option it has not";
  return "";
}

uint64_t LayoutProblem::cost(const std::vector<unsigned> &choice) const {
  uint64_t total = 0;
  std::set<std::pair<int, int>> paid;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const LayoutOption &o = nodes[i].options[choice[i]];
    total += o.cost;
    for (size_t k = 0; k < o.ins.size(); ++k) {
      int p = nodes[i].operands[k];
      if (p < 0 || o.ins[k] < 0)
        continue;
      int from = nodes[p].options[choice[p]].out;
      if (from != o.ins[k] && paid.insert({p, o.ins[k]}).second)
        total += relayout(p, from, o.ins[k]);
    }
  }
  for (const Loop &l : loops) {
    int from = nodes[l.value].options[choice[l.value]].out,
        to = nodes[l.begin].options[choice[l.begin]].out;
    if (from != to && paid.insert({l.value, to}).second)
      total += relayout(l.value, from, to);
  }
  return total;
}

/// Pairs are improved until this many terms have been summed in a descent: the
/// operands of a concatenation, each with all others in its sums, cost the
/// square of their number. A GPT-2 of 12 layers with its cache takes 90,000.
static constexpr uint64_t MaxTerms = 1 << 22;

namespace {
/// Descent over a sum of local terms: an op's cost, and per value what its
/// users' wishes cost.
class Search {
public:
  explicit Search(const LayoutProblem &p)
      : p(p), users(p.nodes.size()), ends(p.nodes.size()),
        around(p.nodes.size()), known(p.nodes.size()) {
    for (size_t i = 0; i < p.nodes.size(); ++i)
      for (int o : p.nodes[i].operands)
        if (o >= 0 && (users[o].empty() || users[o].back() != int(i)))
          users[o].push_back(int(i));
    for (const LayoutProblem::Loop &l : p.loops)
      ends[l.begin].push_back(l.value);
    for (size_t i = 0; i < p.nodes.size(); ++i)
      around[i] = valuesAround(int(i));
  }

  /// From the first options, each op taking the best for what lies before it.
  std::vector<unsigned> forward() {
    choice.assign(p.nodes.size(), 0);
    for (size_t i = 0; i < p.nodes.size(); ++i) {
      uint64_t best = ~uint64_t(0);
      unsigned kept = 0;
      for (unsigned k = 0; k < p.nodes[i].options.size(); ++k) {
        choice[i] = k;
        uint64_t c = inputCost(int(i));
        if (c < best) {
          best = c;
          kept = k;
        }
      }
      choice[i] = kept;
    }
    return choice;
  }

  /// Every op's cheapest option whose result has `layout`, if there is one.
  std::vector<unsigned> uniform(int layout) const {
    std::vector<unsigned> start;
    for (const LayoutNode &n : p.nodes) {
      unsigned best = 0;
      for (unsigned k = 1; k < n.options.size(); ++k) {
        auto rank = [&](unsigned o) {
          return std::pair(n.options[o].out != layout, n.options[o].cost);
        };
        if (rank(k) < rank(best))
          best = k;
      }
      start.push_back(best);
    }
    return start;
  }

  std::vector<unsigned> descend(std::vector<unsigned> start, unsigned sweeps) {
    choice = std::move(start);
    terms = 0;
    wishes.assign(p.nodes.size(), {});
    for (size_t i = 0; i < p.nodes.size(); ++i)
      wish(int(i), 1);
    bool changed = true;
    for (unsigned s = 0; s < sweeps && changed; ++s) {
      changed = false;
      for (int i = int(p.nodes.size()) - 1; i >= 0; --i)
        changed |= improve(i);
      for (size_t i = 0; i < p.nodes.size(); ++i)
        for (int u : users[i])
          changed |= improvePair(int(i), u);
      // Users of one value often have to move together.
      for (size_t i = 0; i < p.nodes.size(); ++i)
        for (size_t k = 1; k < users[i].size(); ++k)
          changed |= improvePair(users[i][k - 1], users[i][k]);
    }
    return choice;
  }

private:
  const LayoutProblem &p;
  std::vector<std::vector<int>> users;  // ascending, distinct
  std::vector<std::vector<int>> ends;   // values that take the node's layout
  std::vector<std::vector<int>> around; // ascending, distinct
  std::vector<unsigned> choice;
  /// Per value, how many operands and loops want it in a layout.
  struct Wish {
    int layout;
    unsigned count;
  };
  std::vector<std::vector<Wish>> wishes;
  std::vector<std::map<std::pair<int, int>, uint64_t>> known;
  uint64_t terms = 0; // summed in this descent

  /// The terms that depend on the choice of this node.
  std::vector<int> valuesAround(int i) const {
    std::vector<int> values{i};
    values.insert(values.end(), ends[i].begin(), ends[i].end());
    for (int o : p.nodes[i].operands)
      if (o >= 0)
        values.push_back(o);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
  }

  const LayoutOption &chosen(int i) const {
    return p.nodes[i].options[choice[i]];
  }

  uint64_t relayout(int node, int from, int to) {
    auto [it, isNew] = known[node].try_emplace({from, to});
    if (isNew)
      it->second = p.relayout(node, from, to);
    return it->second;
  }

  uint64_t inputCost(int i) {
    const LayoutOption &o = chosen(i);
    uint64_t total = o.cost;
    for (size_t k = 0; k < o.ins.size(); ++k) {
      int producer = p.nodes[i].operands[k];
      if (producer < 0 || o.ins[k] < 0)
        continue;
      int from = chosen(producer).out;
      if (from != o.ins[k])
        total += relayout(producer, from, o.ins[k]);
    }
    return total;
  }

  /// Counts (+1) or takes back (-1) what node `i` wants of other values.
  void wish(int i, int change) {
    const LayoutOption &o = chosen(i);
    for (size_t k = 0; k < o.ins.size(); ++k)
      if (p.nodes[i].operands[k] >= 0 && o.ins[k] >= 0)
        wish(p.nodes[i].operands[k], o.ins[k], change);
    for (int v : ends[i])
      wish(v, o.out, change);
  }

  void wish(int v, int layout, int change) {
    auto it = std::find_if(wishes[v].begin(), wishes[v].end(),
                           [&](const Wish &w) { return w.layout == layout; });
    if (it == wishes[v].end())
      it = wishes[v].insert(it, {layout, 0});
    it->count += change;
  }

  void choose(int i, unsigned option) {
    if (option == choice[i])
      return;
    wish(i, -1);
    choice[i] = option;
    wish(i, 1);
  }

  /// What it costs to bring value `v` to all layouts its users want. A value
  /// may have hundreds of users, but they want few layouts.
  uint64_t valueCost(int v) {
    uint64_t total = 0;
    int from = chosen(v).out;
    for (const Wish &w : wishes[v])
      if (w.count && w.layout != from)
        total += relayout(v, from, w.layout);
    return total;
  }

  uint64_t sum(const std::vector<int> &values) {
    terms += values.size();
    uint64_t total = 0;
    for (int v : values)
      total += valueCost(v);
    return total;
  }

  bool improve(int i) {
    unsigned before = choice[i], best = before;
    uint64_t bestCost = chosen(i).cost + sum(around[i]);
    for (unsigned k = 0; k < p.nodes[i].options.size(); ++k) {
      choose(i, k);
      uint64_t c = chosen(i).cost + sum(around[i]);
      if (c < bestCost) {
        bestCost = c;
        best = k;
      }
    }
    choose(i, best);
    return best != before;
  }

  /// Only the terms that depend on both are summed for every pair of options: a
  /// concatenation has hundreds of operands, each with a term of its own.
  bool improvePair(int i, int j) {
    if (terms > MaxTerms)
      return false;
    std::vector<int> onlyI, onlyJ, both;
    const std::vector<int> &ofI = around[i], &ofJ = around[j];
    std::set_difference(ofI.begin(), ofI.end(), ofJ.begin(), ofJ.end(),
                        std::back_inserter(onlyI));
    std::set_difference(ofJ.begin(), ofJ.end(), ofI.begin(), ofI.end(),
                        std::back_inserter(onlyJ));
    std::set_intersection(ofI.begin(), ofI.end(), ofJ.begin(), ofJ.end(),
                          std::back_inserter(both));
    std::pair before{choice[i], choice[j]}, best = before;
    std::vector<uint64_t> costI, costs;
    for (unsigned k = 0; k < p.nodes[i].options.size(); ++k) {
      choose(i, k);
      costI.push_back(chosen(i).cost + sum(onlyI));
    }
    size_t width = costI.size();
    for (unsigned l = 0; l < p.nodes[j].options.size(); ++l) {
      choose(j, l);
      uint64_t costJ = chosen(j).cost + sum(onlyJ);
      for (unsigned k = 0; k < width; ++k) {
        choose(i, k);
        costs.push_back(costI[k] + costJ + sum(both));
      }
    }
    auto cost = [&](std::pair<unsigned, unsigned> o) {
      return costs[o.second * width + o.first];
    };
    for (unsigned k = 0; k < width; ++k)
      for (unsigned l = 0; l < p.nodes[j].options.size(); ++l)
        if (cost({k, l}) < cost(best))
          best = {k, l};
    choose(i, best.first);
    choose(j, best.second);
    return best != before;
  }
};
} // namespace

std::vector<unsigned> weft::solve::solveLayout(const LayoutProblem &p,
                                               unsigned sweeps) {
  Search search(p);
  std::vector<std::vector<unsigned>> starts{search.forward()};
  std::set<int> layouts;
  for (const LayoutNode &n : p.nodes)
    for (const LayoutOption &o : n.options)
      layouts.insert(o.out);
  for (int layout : layouts)
    starts.push_back(search.uniform(layout));
  std::vector<unsigned> best;
  uint64_t bestCost = ~uint64_t(0);
  for (std::vector<unsigned> &start : starts) {
    std::vector<unsigned> found = search.descend(std::move(start), sweeps);
    uint64_t cost = p.cost(found);
    if (cost < bestCost) {
      bestCost = cost;
      best = std::move(found);
    }
  }
  return best;
}
