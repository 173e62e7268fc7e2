//===- LayoutSolverTest.cpp - The choice of layouts -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Layout.h"
#include "gtest/gtest.h"
#include <cstdio>
#include <random>

using namespace weft::solve;

namespace {
/// A random graph of ops with up to three options over three layouts.
LayoutProblem randomProblem(unsigned seed, unsigned size) {
  std::mt19937 rng(seed);
  auto below = [&](unsigned n) { return unsigned(rng() % n); };
  LayoutProblem p;
  for (unsigned i = 0; i < size; ++i) {
    LayoutNode node;
    unsigned arity = i == 0 ? 0 : below(3);
    for (unsigned k = 0; k < arity; ++k)
      node.operands.push_back(below(4) == 0 ? -1 : int(below(i)));
    unsigned options = 1 + below(3);
    for (unsigned o = 0; o < options; ++o) {
      LayoutOption option;
      for (int operand : node.operands)
        option.ins.push_back(operand < 0 ? -1 : int(below(3)));
      option.out = int(below(3));
      option.cost = 10 + below(200);
      node.options.push_back(option);
    }
    p.nodes.push_back(node);
  }
  std::vector<uint64_t> weight;
  for (unsigned i = 0; i < size; ++i)
    weight.push_back(10 + below(150));
  // Some values go round: the last ops end where the first began.
  for (unsigned i = 0; i < below(3) && size > 2 * i + 1; ++i)
    p.loops.push_back({int(size - 1 - i), int(i)});
  p.relayout = [weight](int node, int from, int to) {
    return weight[node] * (1 + (from != 0) + (to == 0));
  };
  return p;
}

uint64_t bruteForce(const LayoutProblem &p) {
  std::vector<unsigned> choice(p.nodes.size(), 0);
  uint64_t best = ~uint64_t(0);
  while (true) {
    best = std::min(best, p.cost(choice));
    size_t i = 0;
    while (i < choice.size() && ++choice[i] == p.nodes[i].options.size())
      choice[i++] = 0;
    if (i == choice.size())
      return best;
  }
}

TEST(LayoutSolver, IsNearTheOptimum) {
  double sum = 0, worst = 0;
  unsigned optimal = 0;
  const unsigned count = 400;
  for (unsigned seed = 0; seed < count; ++seed) {
    LayoutProblem p = randomProblem(seed, 4 + seed % 7);
    ASSERT_EQ(p.check(), "");
    std::vector<unsigned> choice = solveLayout(p);
    ASSERT_EQ(p.verify(choice), "");
    uint64_t best = bruteForce(p);
    double gap = double(p.cost(choice)) / double(best) - 1;
    ASSERT_GE(gap, 0.0);
    optimal += gap == 0;
    sum += gap;
    worst = std::max(worst, gap);
  }
  std::printf("optimal in %u of %u, mean gap %.2f %%, worst %.1f %%\n", optimal,
              count, 100 * sum / count, 100 * worst);
  EXPECT_LE(sum / count, 0.01);
  EXPECT_LE(worst, 0.15);
  EXPECT_GE(optimal, count * 9 / 10);
}

TEST(LayoutSolver, IsDeterministic) {
  LayoutProblem p = randomProblem(7, 500);
  EXPECT_EQ(solveLayout(p), solveLayout(p));
}

TEST(LayoutSolver, PaysARelayoutOncePerValueAndLayout) {
  LayoutProblem p;
  p.nodes.push_back({{}, {{{}, 0, 5}}});
  p.nodes.push_back({{0}, {{{1}, 1, 3}}});
  p.nodes.push_back({{0}, {{{1}, 1, 4}}});
  p.relayout = [](int, int, int) { return 100; };
  EXPECT_EQ(p.cost({0, 0, 0}), 112u);
}

TEST(LayoutSolver, ALoopEndsInTheLayoutInWhichItBegan) {
  // Node 0 may begin in layout 0 or 1; node 1 is cheapest from 0 to 1.
  LayoutProblem p;
  p.nodes.push_back({{}, {{{}, 0, 0}, {{}, 1, 0}}});
  p.nodes.push_back({{0}, {{{0}, 1, 5}, {{1}, 1, 30}}});
  p.relayout = [](int, int, int) { return 100; };
  EXPECT_EQ(solveLayout(p), (std::vector<unsigned>{0, 0}));
  p.loops = {{1, 0}};
  EXPECT_EQ(p.cost({0, 0}), 105u);
  EXPECT_EQ(p.cost({1, 1}), 30u);
  EXPECT_EQ(solveLayout(p), (std::vector<unsigned>{1, 1}));
  p.loops = {{1, 2}};
  EXPECT_NE(p.check().find("loop"), std::string::npos);
}

TEST(LayoutSolver, RefusesImpossibleProblems) {
  LayoutProblem none;
  none.nodes.push_back({{}, {}});
  EXPECT_NE(none.check().find("no option"), std::string::npos);
  LayoutProblem cycle;
  cycle.nodes.push_back({{0}, {{{0}, 0, 1}}});
  EXPECT_NE(cycle.check().find("later node"), std::string::npos);
  LayoutProblem arity;
  arity.nodes.push_back({{-1}, {{{}, 0, 1}}});
  EXPECT_NE(arity.check().find("arity"), std::string::npos);
  EXPECT_NE(arity.verify({}), "");
  EXPECT_NE(arity.verify({3}), "");
}
} // namespace
