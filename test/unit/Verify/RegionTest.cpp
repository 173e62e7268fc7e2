//===- RegionTest.cpp - Set algebra against sets of points ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Region.h"
#include "gtest/gtest.h"
#include <map>
#include <random>
#include <set>

using namespace weft::verify;

namespace {

constexpr unsigned N = 24;
using Points = std::multiset<std::pair<unsigned, unsigned>>;

Points points(const Region &r) {
  Points out;
  for (const Pattern &p : r)
    for (unsigned x = 0; x != N; ++x)
      for (unsigned y = 0; y != N; ++y)
        if (p.contains(x, y))
          out.insert({x, y});
  return out;
}

Pattern randomPattern(std::mt19937 &rng) {
  auto pick = [&](unsigned lo, unsigned hi) {
    return unsigned(lo + rng() % (hi - lo + 1));
  };
  Pattern p;
  p.dx = pick(1, 6);
  p.dy = pick(1, 6);
  p.x0 = pick(0, N - 1);
  p.y0 = pick(0, N - 1);
  p.w = pick(1, (N - 1 - p.x0) / p.dx + 1);
  p.h = pick(1, (N - 1 - p.y0) / p.dy + 1);
  return p;
}

TEST(Region, AgreesWithPoints) {
  std::mt19937 rng(7);
  for (unsigned n = 0; n != 3000; ++n) {
    Pattern a = randomPattern(rng), b = randomPattern(rng);
    Points both, rest;
    for (auto q : points({a}))
      (b.contains(q.first, q.second) ? both : rest).insert(q);
    auto meet = intersect(a, b);
    EXPECT_EQ(points(meet ? Region{*meet} : Region()), both);
    // Equal multisets: the pieces are disjoint as well.
    Region pieces = subtract(a, b);
    EXPECT_EQ(points(pieces), rest);
    EXPECT_EQ(points(coalesce(pieces)), rest);
  }
}

TEST(Region, ShiftStaysOnTheGrid) {
  Pattern p{1, 2, 3, 2, 2, 1}; // x 1, 3, 5; y 2, 3
  Pattern grid{0, 0, N, N, 1, 1};
  EXPECT_EQ(shift(p, -1, 5, grid), (Pattern{0, 7, 3, 2, 2, 1}));
  EXPECT_EQ(shift(p, -2, 0, grid), (Pattern{1, 2, 2, 2, 2, 1}));
  EXPECT_FALSE(shift(p, -6, 0, grid));
}

TEST(Region, MaxOverlapAgreesWithPoints) {
  std::mt19937 rng(11);
  for (unsigned n = 0; n != 200; ++n) {
    std::vector<Weighted> pieces;
    std::map<std::pair<unsigned, unsigned>, uint64_t> sum;
    uint64_t most = 0;
    for (unsigned i = 0; i != 8; ++i) {
      pieces.push_back({randomPattern(rng), 1 + rng() % 5});
      for (auto q : points({pieces.back().where}))
        most = std::max(most, sum[q] += pieces.back().weight);
    }
    EXPECT_EQ(maxOverlap(pieces, 1000000), most);
  }
}

} // namespace
