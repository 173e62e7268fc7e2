//===- PlaceTest.cpp - The placer and its checker -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Place.h"
#include "../../../lib/Solve/Random.h"
#include <gtest/gtest.h>

using namespace weft::solve;

static PlaceProblem grid(uint32_t w, uint32_t h) {
  PlaceProblem p;
  p.gridW = w;
  p.gridH = h;
  return p;
}

TEST(Place, OneBlockTakesItsCheapestShape) {
  PlaceProblem p = grid(8, 8);
  p.add({"all", {{4, 4, 100}, {8, 8, 30}, {9, 9, 10}}});
  PlaceResult r = solvePlace(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->maxCost, 30u);
  EXPECT_EQ(r.solution->lowerBound, 30u);
}

TEST(Place, TradesShapesForTheSlowestBlock) {
  // Both want 8x8; only one of 8x8 fits, so both take 4x8.
  PlaceProblem p = grid(8, 8);
  for (const char *name : {"a", "b"})
    p.add({name, {{8, 8, 10}, {4, 8, 20}, {2, 8, 40}}});
  PlaceResult r = solvePlace(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->maxCost, 20u);
}

TEST(Place, FixedBlocksStay) {
  PlaceProblem p = grid(6, 4);
  p.add({"free", {{4, 4, 1}}});
  p.add({"fixed", {{2, 4, 1}}, {{0, 0}}});
  PlaceResult r = solvePlace(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->blocks[1], (Placed{0, 0, 0}));
  EXPECT_EQ(r.solution->blocks[0], (Placed{2, 0, 0}));
}

TEST(Place, APipelineStaysTogether) {
  PlaceProblem p = grid(16, 4);
  for (int i = 0; i < 4; ++i)
    p.add({"s" + std::to_string(i), {{4, 4, 1}}});
  for (unsigned i = 0; i < 3; ++i)
    p.edges.push_back({i, i + 1, 10});
  PlaceResult r = solvePlace(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->wirelength, 3u * 10 * 8);
}

TEST(Place, ExplainsWhatDoesNotFit) {
  PlaceProblem p = grid(4, 4);
  p.add({"a", {{4, 3, 1}}});
  p.add({"b", {{4, 2, 1}}});
  PlaceResult r = solvePlace(p);
  ASSERT_FALSE(bool(r));
  EXPECT_EQ(r.message, "20 PEs are needed, 16 are available; the largest "
                       "blocks are 'a' with 12, 'b' with 8");
  p = grid(4, 4);
  p.add({"wide", {{5, 1, 1}}});
  EXPECT_NE(solvePlace(p).message.find("'wide' has no shape that fits"),
            std::string::npos);
  p = grid(3, 3);
  p.add({"a", {{2, 2, 1}}});
  p.add({"b", {{2, 2, 1}}});
  EXPECT_NE(solvePlace(p).message.find("no packing"), std::string::npos);
}

TEST(Place, RefusesMalformedProblems) {
  PlaceProblem p = grid(0, 4);
  EXPECT_NE(p.check(), "");
  p = grid(4, 4);
  p.add({"a", {}});
  EXPECT_NE(p.check().find("no shape"), std::string::npos);
  p.blocks[0].shapes = {{0, 1, 1}};
  EXPECT_NE(p.check().find("empty"), std::string::npos);
  p.blocks[0].shapes = {{1, 1, 1}};
  p.edges.push_back({0, 1, 1});
  EXPECT_NE(p.check().find("edge"), std::string::npos);
}

TEST(Place, SolutionsPassAndMutantsDoNot) {
  unsigned solved = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random rng(seed);
    PlaceProblem p = grid(10 + rng.below(20), 10 + rng.below(20));
    uint64_t n = 1 + rng.below(12);
    for (uint64_t i = 0; i < n; ++i) {
      PlaceBlock b;
      for (uint64_t k = 1 + rng.below(3); k > 0; --k)
        b.shapes.push_back({uint32_t(1 + rng.below(9)),
                            uint32_t(1 + rng.below(9)), rng.below(100)});
      p.add(b);
    }
    for (uint64_t k = 0; k < n; ++k)
      p.edges.push_back(
          {unsigned(rng.below(n)), unsigned(rng.below(n)), rng.below(50)});
    PlaceResult r = solvePlace(p, {seed, 60});
    if (!r)
      continue;
    ++solved;
    EXPECT_EQ(p.verify(*r.solution), "");
    EXPECT_LE(r.solution->lowerBound, r.solution->maxCost);
    EXPECT_EQ(solvePlace(p, {seed, 60}).solution->blocks, r.solution->blocks);
    PlaceSolution bad = *r.solution;
    bad.blocks[0].x = p.gridW;
    EXPECT_NE(p.verify(bad), "");
    bad = *r.solution;
    bad.maxCost += 1;
    EXPECT_NE(p.verify(bad), "");
    if (n > 1) {
      bad = *r.solution;
      bad.blocks[1].x = bad.blocks[0].x;
      bad.blocks[1].y = bad.blocks[0].y;
      EXPECT_NE(p.verify(bad), "");
    }
  }
  EXPECT_GT(solved, 30u);
}

TEST(Place, FiftyBlocksArePackedTightly) {
  // 50 blocks of 4x5 tile 40x25 exactly.
  PlaceProblem p = grid(40, 25);
  for (unsigned i = 0; i < 50; ++i) {
    p.add({"", {{4, 5, 1}}});
    if (i)
      p.edges.push_back({i - 1, i, 1});
  }
  PlaceResult r = solvePlace(p, {1, 20});
  ASSERT_TRUE(bool(r)) << r.message;
}
