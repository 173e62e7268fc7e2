//===- Layout.h - Choice of a layout per value and an option per op -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every op has options; each fixes a layout per operand and one for the result
// and has a cost. Where producer and consumer disagree, a relayout is paid once
// per (value, layout). Knows neither tensors nor kernels.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SOLVE_LAYOUT_H
#define WEFT_SOLVE_LAYOUT_H

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace weft::solve {

struct LayoutOption {
  std::vector<int> ins; // layout per operand; -1: free (a constant)
  int out = 0;
  uint64_t cost = 0;
};

struct LayoutNode {
  std::vector<int> operands; // producing nodes, -1: constant
  std::vector<LayoutOption> options;
};

class LayoutProblem {
public:
  std::vector<LayoutNode> nodes; // in topological order
  /// Values that end where another node's value began, and so take its layout:
  /// the states of a program.
  struct Loop {
    int value, begin;
  };
  std::vector<Loop> loops;
  /// Cost of node's value from one layout to another.
  std::function<uint64_t(int node, int from, int to)> relayout;

  std::string check() const;
  /// Total cost of a choice (option index per node), relayouts included.
  uint64_t cost(const std::vector<unsigned> &choice) const;
  /// "" or why `choice` is not a solution.
  std::string verify(const std::vector<unsigned> &choice) const;
};

/// Descent from several starts (greedy in program order; every op in one
/// layout): single ops, then pairs of neighbours, take what is best with the
/// rest fixed, until nothing changes. A pair takes O(options * operands +
/// options^2 * values that both use * layouts).
std::vector<unsigned> solveLayout(const LayoutProblem &p, unsigned sweeps = 16);

} // namespace weft::solve
#endif
