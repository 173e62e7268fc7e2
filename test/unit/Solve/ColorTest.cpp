//===- ColorTest.cpp - The colouring of streams and its checker -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Color.h"
#include "../../../lib/Solve/Random.h"
#include <gtest/gtest.h>

using namespace weft::solve;

namespace {
enum : uint8_t { N = 1, S = 2, E = 4, W = 8, Ramp = 16 };
} // namespace

/// A multicast from (x, y) east over n PEs.
static ColorStream east(const std::string &name, uint32_t x, uint32_t y,
                        uint32_t n) {
  return {name,
          {{{x, y, 1, 1, 1, 1}, Ramp, E},
           {{x + 1, y, n - 1, 1, 1, 1}, W, E | Ramp},
           {{x + n, y, 1, 1, 1, 1}, W, Ramp}}};
}

static ColorProblem withColors(std::vector<unsigned> colors) {
  ColorProblem p;
  p.colors = std::move(colors);
  return p;
}

TEST(Color, DisjointStreamsShare) {
  ColorProblem p = withColors({7, 3});
  p.add(east("a", 0, 0, 4));
  p.add(east("b", 0, 1, 4));
  ColorResult r = solveColor(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->color, (std::vector<unsigned>{7, 7}));
  EXPECT_EQ(r.solution->used, 1u);
}

TEST(Color, ChainsNeedParity) {
  // Sender at x, receiver at x + 1, all along a row: two colours by parity.
  ColorProblem p = withColors({0, 1, 2});
  auto hop = [](uint32_t x0, uint32_t n) {
    return ColorStream{
        "",
        {{{x0, 0, n, 5, 2, 1}, Ramp, E}, {{x0 + 1, 0, n, 5, 2, 1}, W, Ramp}}};
  };
  p.add(hop(0, 10));
  p.add(hop(1, 9));
  ColorResult r = solveColor(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_NE(r.solution->color[0], r.solution->color[1]);
}

TEST(Color, OrderHelpsOnlyWhereRoutersSwitch) {
  ColorProblem p = withColors({0});
  p.add(east("first", 0, 0, 4));
  p.add(east("second", 2, 0, 4));
  p.before.push_back({0, 1});
  ColorResult r = solveColor(p);
  EXPECT_FALSE(bool(r));
  EXPECT_EQ(r.failure.demand, 2u);
  EXPECT_EQ(r.failure.capacity, 1u);
  p.reconfigurable = true;
  EXPECT_TRUE(bool(solveColor(p)));
}

TEST(Color, NamesTheRoutersWhereColoursRunOut) {
  ColorProblem p = withColors({0, 1});
  p.add(east("q", 0, 0, 6));
  p.add(east("k", 1, 0, 6));
  p.add(east("v", 2, 0, 6));
  p.add(east("elsewhere", 0, 9, 6));
  ColorResult r = solveColor(p);
  ASSERT_FALSE(bool(r));
  EXPECT_EQ(r.failure.streams.size(), 3u);
  EXPECT_NE(r.message.find("3 colours are needed on routers"),
            std::string::npos);
  EXPECT_NE(r.message.find("2 are available"), std::string::npos);
  EXPECT_EQ(r.message.find("elsewhere"), std::string::npos);
}

TEST(Color, FixedColoursAreKept) {
  ColorProblem p = withColors({0, 1, 2});
  p.add(east("a", 0, 0, 4));
  p.add(east("b", 1, 0, 4));
  p.streams[1].fixed = 0;
  ColorResult r = solveColor(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->color[1], 0u);
  EXPECT_NE(r.solution->color[0], 0u);
}

TEST(Color, RefusesMalformedProblems) {
  ColorProblem p = withColors({0, 0});
  EXPECT_NE(p.check().find("twice"), std::string::npos);
  p = withColors({0});
  p.add({"a", {{{0, 0, 0, 1, 1, 1}, W, E}}});
  EXPECT_NE(p.check().find("empty"), std::string::npos);
  p.streams[0].routers[0] = {{0, 0, 1, 1, 1, 1}, W, W | E};
  EXPECT_NE(p.check().find("R-FAB-2"), std::string::npos);
  p.streams[0].routers[0] = {{0, 0, 9, 1, 60000, 1}, W, E};
  EXPECT_NE(p.check().find("65535"), std::string::npos);
  p.streams[0].routers.clear();
  p.streams[0].fixed = 5;
  EXPECT_NE(p.check().find("not allowed"), std::string::npos);
  p.streams[0].fixed.reset();
  p.before.push_back({0, 4});
  EXPECT_NE(p.check().find("order"), std::string::npos);
}

static ColorProblem randomProblem(Random &rng) {
  ColorProblem p;
  for (unsigned c = 0; c < 40; ++c)
    p.colors.push_back(c * 3 % 40);
  uint64_t n = 1 + rng.below(25);
  for (uint64_t i = 0; i < n; ++i) {
    ColorStream s;
    for (uint64_t k = 1 + rng.below(4); k > 0; --k) {
      uint8_t rx = uint8_t(1u << rng.below(5)), tx = 0;
      while (tx == 0)
        tx = uint8_t(rng.below(32) & ~rx);
      Region w{uint32_t(rng.below(12)),    uint32_t(rng.below(12)),
               uint32_t(1 + rng.below(5)), uint32_t(1 + rng.below(5)),
               uint32_t(1 + rng.below(4)), uint32_t(1 + rng.below(4))};
      s.routers.push_back({w, rx, tx});
    }
    p.add(s);
  }
  p.reconfigurable = rng.below(2);
  for (uint64_t k = rng.below(10); n > 1 && k > 0; --k) {
    unsigned a = unsigned(rng.below(n)), b = unsigned(rng.below(n));
    if (a != b)
      p.before.push_back({a, b});
  }
  return p;
}

/// Do two streams clash, PE by PE? The third opinion.
static bool clash(const ColorStream &a, const ColorStream &b) {
  auto at = [](const ColorStream &s, uint32_t x, uint32_t y) {
    std::vector<std::pair<uint8_t, uint8_t>> r;
    for (const RouterSetting &k : s.routers)
      for (uint32_t i = 0; i < k.where.w; ++i)
        for (uint32_t j = 0; j < k.where.h; ++j)
          if (k.where.x0 + i * k.where.dx == x &&
              k.where.y0 + j * k.where.dy == y)
            r.push_back({k.rx, k.tx});
    return r;
  };
  for (uint32_t x = 0; x < 32; ++x)
    for (uint32_t y = 0; y < 32; ++y)
      for (auto s : at(a, x, y))
        for (auto t : at(b, x, y))
          if (s != t)
            return true;
  return false;
}

TEST(Color, SolutionsPassAndMutantsDoNot) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random rng(seed);
    ColorProblem p = randomProblem(rng);
    ASSERT_EQ(p.check(), "");
    ColorResult r = solveColor(p);
    ASSERT_TRUE(bool(r)) << r.message;
    EXPECT_EQ(p.verify(*r.solution), "");
    EXPECT_LE(r.solution->lowerBound, r.solution->used);
    unsigned i = unsigned(rng.below(p.streams.size()));
    unsigned j = unsigned(rng.below(p.streams.size()));
    if (i == j)
      continue;
    ColorProblem plain = p;
    plain.before.clear();
    ColorSolution same = *r.solution;
    ColorProblem pair;
    pair.colors = {same.color[i]};
    pair.streams = {p.streams[i], p.streams[j]};
    ColorSolution both{{same.color[i], same.color[i]}, 1, 1};
    EXPECT_EQ(pair.verify(both) != "", clash(p.streams[i], p.streams[j]));
    EXPECT_EQ(bool(solveColor(pair)), !clash(p.streams[i], p.streams[j]));
    same.color[i] = 99;
    EXPECT_NE(p.verify(same), "");
  }
}
