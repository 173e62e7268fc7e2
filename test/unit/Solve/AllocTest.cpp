//===- AllocTest.cpp - The SRAM allocator and its checker -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Alloc.h"
#include "../../../lib/Solve/Random.h"
#include <gtest/gtest.h>

using namespace weft::solve;

static AllocProblem memory(uint64_t base, uint64_t capacity) {
  AllocProblem p;
  p.base = base;
  p.capacity = capacity;
  return p;
}

TEST(Alloc, NothingNeedsNothing) {
  AllocResult r = solveAlloc(memory(100, 100));
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->top, 100u);
}

TEST(Alloc, LifetimesThatTouchShareBytes) {
  AllocProblem p = memory(4176, 4176 + 64);
  p.add({"a", 64, 4, 0, 5});
  p.add({"b", 64, 4, 5, 9});
  AllocResult r = solveAlloc(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->address[0], r.solution->address[1]);
}

TEST(Alloc, FixedBuffersStayAndOthersGoAround) {
  AllocProblem p = memory(0, 256);
  p.add({"fixed", 64, 4, 0, 9, 64});
  p.add({"big", 128, 4, 0, 9});
  p.add({"small", 60, 4, 0, 9});
  AllocResult r = solveAlloc(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->address[0], 64u);
  EXPECT_EQ(r.solution->address[1], 128u);
  EXPECT_EQ(r.solution->address[2], 0u);
}

TEST(Alloc, ExplainsWhatDoesNotFit) {
  AllocProblem p = memory(100, 300);
  p.add({"weights", 150, 1, 0, 10});
  p.add({"scores", 80, 1, 4, 6});
  p.add({"late", 10, 1, 8, 9});
  AllocResult r = solveAlloc(p);
  ASSERT_FALSE(bool(r));
  EXPECT_TRUE(r.failure.proved);
  EXPECT_EQ(r.failure.demand, 230u);
  EXPECT_EQ(r.failure.capacity, 200u);
  EXPECT_EQ(r.failure.begin, 4u);
  EXPECT_EQ(r.failure.end, 6u);
  EXPECT_EQ(r.message,
            "230 bytes of SRAM are needed, 200 are available; at the peak [4, "
            "6) the largest buffers are 'weights' with 150, 'scores' with 80");
}

TEST(Alloc, RefusesMalformedProblems) {
  auto fault = [](AllocBuffer b) {
    AllocProblem p = memory(0, 100);
    p.add(std::move(b));
    return solveAlloc(p).message;
  };
  EXPECT_NE(fault({"a", 0, 1, 0, 1}).find("size 0"), std::string::npos);
  EXPECT_NE(fault({"a", 1, 3, 0, 1}).find("power of two"), std::string::npos);
  EXPECT_NE(fault({"a", 1, 1, 2, 2}).find("empty interval"), std::string::npos);
  EXPECT_NE(fault({"a", 1, 4, 0, 1, 2}).find("multiple"), std::string::npos);
  EXPECT_NE(fault({"a", 9, 1, 0, 1, 95}).find("outside"), std::string::npos);
  AllocProblem p = memory(0, 100);
  p.add({"a", 10, 1, 0, 4, 0});
  p.add({"b", 10, 1, 3, 5, 9});
  EXPECT_NE(p.check().find("overlapping"), std::string::npos);
  EXPECT_FALSE(memory(9, 8).check().empty());
}

static AllocProblem randomProblem(Random &rng) {
  AllocProblem p = memory(4 * rng.below(100), 1 << 20);
  uint64_t n = 1 + rng.below(60), time = 1 + rng.below(40);
  for (uint64_t i = 0; i < n; ++i) {
    AllocBuffer b;
    b.size = 1 + rng.below(200);
    b.align = uint64_t(1) << rng.below(5);
    b.begin = rng.below(time);
    b.end = b.begin + 1 + rng.below(time);
    p.add(b);
  }
  return p;
}

TEST(Alloc, SolutionsPassAndMutantsDoNot) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random rng(seed);
    AllocProblem p = randomProblem(rng);
    AllocResult r = solveAlloc(p, {seed, 50});
    ASSERT_TRUE(bool(r)) << r.message;
    EXPECT_EQ(p.verify(*r.solution), "");
    EXPECT_LE(r.solution->lowerBound, r.solution->top);
    // A mutant with two overlapping buffers, one misaligned, one outside.
    for (unsigned i = 0; i < p.buffers.size(); ++i) {
      AllocSolution bad = *r.solution;
      bad.address[i] = p.capacity;
      EXPECT_NE(p.verify(bad), "");
      bad = *r.solution;
      if (p.buffers[i].align > 1) {
        bad.address[i] += 1;
        EXPECT_NE(p.verify(bad), "");
      }
      for (unsigned j = 0; j < i; ++j) {
        if (p.buffers[i].begin >= p.buffers[j].end ||
            p.buffers[j].begin >= p.buffers[i].end)
          continue;
        bad = *r.solution;
        bad.address[i] = bad.address[j];
        EXPECT_NE(p.verify(bad), "");
      }
    }
    AllocSolution bad = *r.solution;
    bad.top += 1;
    EXPECT_NE(p.verify(bad), "");
  }
}

TEST(Alloc, ConflictsAreAvoidedWhereThereIsRoom) {
  AllocProblem p = memory(0, 100);
  p.add({"x", 32, 4, 0, 9});
  p.add({"y", 32, 4, 0, 9});
  p.word = 4;
  p.line = 8;
  p.pairs = {{0, 1, 0, 500}};
  // Packed closely both begin at a multiple of 8. 4 bytes more avoid that.
  AllocResult close = solveAlloc(p);
  ASSERT_TRUE(bool(close)) << close.message;
  EXPECT_EQ(close.solution->top, 64u);
  EXPECT_EQ(close.solution->conflictCycles, 500u);
  p.roomy = 68;
  AllocResult apart = solveAlloc(p);
  ASSERT_TRUE(bool(apart)) << apart.message;
  EXPECT_EQ(apart.solution->top, 68u);
  EXPECT_EQ(apart.solution->conflictCycles, 0u);
}

TEST(Alloc, WhereRoomIsShortTheHeavierPairGetsIt) {
  AllocProblem p = memory(0, 100);
  p.add({"low", 16, 4, 0, 9, 0});
  p.add({"high", 16, 4, 0, 9, 32});
  p.add({"light", 16, 4, 0, 9});
  p.add({"heavy", 16, 4, 0, 9});
  p.word = 4;
  p.line = 8;
  p.pairs = {{0, 2, 0, 10}, {0, 3, 0, 90}};
  // The hole at 16 is no place for either, above are 4 bytes to spare: one can
  // begin at 52, two would end at 84.
  p.roomy = 68;
  AllocResult r = solveAlloc(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->address[2], 16u);
  EXPECT_EQ(r.solution->address[3], 52u);
  EXPECT_EQ(r.solution->conflictCycles, 10u);
}

TEST(Alloc, ConflictsCostNoMoreThanIsRoomy) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Random rng(seed);
    AllocProblem p = randomProblem(rng);
    AllocResult plain = solveAlloc(p, {seed, 50});
    ASSERT_TRUE(bool(plain)) << plain.message;
    p.word = 4;
    p.line = 8;
    uint64_t n = p.buffers.size();
    for (uint64_t k = n > 1 ? rng.below(2 * n) : 0; k > 0; --k) {
      unsigned a = unsigned(rng.below(n)),
               b = unsigned((a + 1 + rng.below(n - 1)) % n);
      p.pairs.push_back({a, b, 4 * rng.below(2), rng.below(100)});
    }
    p.roomy = plain.solution->top + rng.below(3) * 16;
    AllocResult r = solveAlloc(p, {seed, 50});
    ASSERT_TRUE(bool(r)) << r.message;
    EXPECT_EQ(p.verify(*r.solution), "") << seed;
    EXPECT_LE(r.solution->top, p.roomy) << seed;
    EXPECT_LE(r.solution->conflictCycles,
              p.banks().cycles(plain.solution->address))
        << seed;
    AllocSolution bad = *r.solution;
    bad.conflictCycles += 1;
    EXPECT_NE(p.verify(bad), "") << seed;
  }
}

TEST(Alloc, RefusesPairsOfNoBuffers) {
  AllocProblem p = memory(0, 100);
  p.add({"x", 32, 4, 0, 9});
  p.word = 4;
  p.line = 8;
  p.pairs = {{0, 1, 0, 500}};
  EXPECT_EQ(solveAlloc(p).message,
            "a pair is of buffers #0 and #1, allowed are two of 1");
}

TEST(Alloc, SearchReachesTheBoundWhereOrderMatters) {
  // 3 | 2 | 4 stacked in time steps; size-first alone leaves a hole.
  AllocProblem p = memory(0, 12);
  p.add({"b1", 4, 1, 0, 3});
  p.add({"b2", 4, 1, 3, 9});
  p.add({"b3", 4, 1, 0, 9});
  p.add({"b4", 4, 1, 9, 21});
  p.add({"b5", 4, 1, 0, 21});
  AllocResult r = solveAlloc(p);
  ASSERT_TRUE(bool(r)) << r.message;
  EXPECT_EQ(r.solution->top, 12u);
}

TEST(Alloc, SameSeedSameAnswer) {
  Random rng(5);
  AllocProblem p = randomProblem(rng);
  EXPECT_EQ(solveAlloc(p, {3, 300}).solution->address,
            solveAlloc(p, {3, 300}).solution->address);
}
