//===- Layout.cpp - Choice of a layout per value --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Layout.h"
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
  return total;
}

namespace {
class Search {
public:
  explicit Search(const LayoutProblem &p)
      : p(p), users(p.nodes.size()), choice(p.nodes.size(), 0) {
    for (size_t i = 0; i < p.nodes.size(); ++i)
      for (int o : p.nodes[i].operands)
        if (o >= 0)
          users[o].insert(int(i));
  }

  std::vector<unsigned> run(unsigned sweeps) {
    for (size_t i = 0; i < p.nodes.size(); ++i)
      improve(int(i), /*forward=*/true);
    for (unsigned s = 0; s < sweeps; ++s) {
      bool changed = false;
      for (int i = int(p.nodes.size()) - 1; i >= 0; --i)
        changed |= improve(i, /*forward=*/false);
      for (size_t i = 0; i < p.nodes.size(); ++i)
        changed |= improve(int(i), /*forward=*/false);
      if (!changed)
        break;
    }
    return choice;
  }

private:
  const LayoutProblem &p;
  std::vector<std::set<int>> users;
  std::vector<unsigned> choice;

  uint64_t inputCost(int i, const LayoutOption &o) const {
    uint64_t total = o.cost;
    std::set<std::pair<int, int>> paid;
    for (size_t k = 0; k < o.ins.size(); ++k) {
      int producer = p.nodes[i].operands[k];
      if (producer < 0 || o.ins[k] < 0)
        continue;
      int from = p.nodes[producer].options[choice[producer]].out;
      if (from != o.ins[k] && paid.insert({producer, o.ins[k]}).second)
        total += p.relayout(producer, from, o.ins[k]);
    }
    return total;
  }

  uint64_t outputCost(int i, int layout) const {
    uint64_t total = 0;
    std::set<int> paid;
    for (int u : users[i]) {
      const LayoutOption &o = p.nodes[u].options[choice[u]];
      for (size_t k = 0; k < o.ins.size(); ++k)
        if (p.nodes[u].operands[k] == i && o.ins[k] >= 0 &&
            o.ins[k] != layout && paid.insert(o.ins[k]).second)
          total += p.relayout(i, layout, o.ins[k]);
    }
    return total;
  }

  bool improve(int i, bool forward) {
    unsigned best = choice[i];
    uint64_t bestCost = ~uint64_t(0);
    for (unsigned k = 0; k < p.nodes[i].options.size(); ++k) {
      const LayoutOption &o = p.nodes[i].options[k];
      uint64_t c = inputCost(i, o) + (forward ? 0 : outputCost(i, o.out));
      // Ties keep the present choice, else the first option.
      if (c < bestCost || (c == bestCost && !forward && k == choice[i])) {
        bestCost = c;
        best = k;
      }
    }
    bool changed = best != choice[i];
    choice[i] = best;
    return changed;
  }
};
} // namespace

std::vector<unsigned> weft::solve::solveLayout(const LayoutProblem &p,
                                               unsigned sweeps) {
  return Search(p).run(sweeps);
}
