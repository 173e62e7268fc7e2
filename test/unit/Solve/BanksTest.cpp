//===- BanksTest.cpp - Places within a line of memory, and their checker --===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Banks.h"
#include "../../../lib/Solve/Random.h"
#include <gtest/gtest.h>

using namespace weft::solve;

static BankProblem memory(uint64_t line, unsigned buffers) {
  BankProblem p;
  p.word = 4;
  p.line = line;
  p.buffers.resize(buffers);
  return p;
}

TEST(Banks, WhatIsReadTogetherLiesApart) {
  BankProblem p = memory(8, 3);
  p.pairs = {{0, 1, 0, 100}, {1, 2, 4, 10}};
  BankSolution s = solveBanks(p);
  EXPECT_EQ(p.verify(s), "");
  EXPECT_EQ(s.cycles, 0u);
  EXPECT_EQ((s.residue[0] + 4) % 8, s.residue[1]); // not equal
  EXPECT_EQ(s.residue[1], s.residue[2]);           // not 4 apart
}

TEST(Banks, OfThreeThatDisagreeTheLightestPairPays) {
  BankProblem p = memory(8, 3);
  p.pairs = {{0, 1, 0, 30}, {1, 2, 0, 10}, {2, 0, 0, 20}};
  BankSolution s = solveBanks(p);
  EXPECT_EQ(s.cycles, 10u);
  EXPECT_EQ(s.residue[1], s.residue[2]);
  EXPECT_EQ(s.bound, 0u);
}

TEST(Banks, WhatNoPlaceAvoidsIsTheBound) {
  BankProblem p = memory(8, 2);
  p.pairs = {{0, 1, 0, 30}, {1, 0, 4, 50}};
  BankSolution s = solveBanks(p);
  EXPECT_EQ(s.cycles, 30u);
  EXPECT_EQ(s.bound, 30u);
}

TEST(Banks, FixedAndAlignedBuffersMakeOthersMove) {
  BankProblem p = memory(16, 3);
  p.buffers[0].fixed = 108; // residue 12
  p.buffers[1].align = 8;
  p.pairs = {{0, 1, 12, 5}, {0, 2, 0, 7}, {1, 2, 0, 3}};
  BankSolution s = solveBanks(p);
  EXPECT_EQ(p.verify(s), "");
  EXPECT_EQ(s.cycles, 0u);
  EXPECT_EQ(s.residue[0], 12u);
  EXPECT_EQ(s.residue[1], 8u); // 0 would be 12 below the first
}

TEST(Banks, WithoutLinesNothingIsWanted) {
  for (uint64_t line : {0, 4}) {
    BankProblem p = memory(line, 2);
    EXPECT_EQ(p.check(), "");
    BankSolution s = solveBanks(p);
    EXPECT_EQ(p.verify(s), "");
    EXPECT_EQ(s.residue, (std::vector<uint64_t>{0, 0}));
  }
}

TEST(Banks, PlacesAreWordsOfTheBanks) {
  // Of 2 bytes four fit a line: the three that disagree find a place each.
  BankProblem p = memory(8, 3);
  p.pairs = {{0, 1, 0, 30}, {1, 2, 0, 10}, {2, 0, 0, 20}};
  p.word = 2;
  BankSolution s = solveBanks(p);
  EXPECT_EQ(p.verify(s), "");
  EXPECT_EQ(s.cycles, 0u);
  EXPECT_EQ(p.cycles({0, 2, 4}), 0u);
  EXPECT_EQ(p.cycles({0, 1, 4}), 30u); // 0 and 1 are in one word
  p.pairs = {{0, 1, 2, 1}};
  EXPECT_EQ(p.check(), "");
  p.word = 4;
  EXPECT_NE(p.check().find("multiples of 4"), std::string::npos);
  for (uint64_t word : {0, 3}) {
    p.word = word;
    EXPECT_EQ(p.check(),
              "a word has " + std::to_string(word) + " bytes, no power of two");
  }
}

TEST(Banks, RefusesMalformedProblems) {
  auto fault = [](uint64_t line, BankPair pair, uint64_t align = 4) {
    BankProblem p = memory(line, 2);
    p.buffers[0].align = align;
    p.pairs = {pair};
    return p.check();
  };
  EXPECT_EQ(fault(8, {0, 1, 4, 1}), "");
  EXPECT_NE(fault(12, {0, 1, 4, 1}).find("line has 12"), std::string::npos);
  EXPECT_NE(fault(8, {0, 1, 4, 1}, 3).find("power of two"), std::string::npos);
  EXPECT_NE(fault(8, {0, 2, 4, 1}).find("#0 and #2"), std::string::npos);
  EXPECT_NE(fault(8, {1, 1, 4, 1}).find("#1 and #1"), std::string::npos);
  EXPECT_NE(fault(8, {0, 1, 8, 1}).find("residue 8"), std::string::npos);
  EXPECT_NE(fault(8, {0, 1, 2, 1}).find("residue 2"), std::string::npos);
  EXPECT_NE(fault(0, {0, 1, 0, 1}).find("residue 0"), std::string::npos);
}

static BankProblem randomProblem(Random &rng, unsigned most) {
  BankProblem p = memory(uint64_t(8) << rng.below(3), 2 + rng.below(most - 1));
  for (BankBuffer &b : p.buffers) {
    b.align = uint64_t(1) << rng.below(4);
    if (rng.below(5) == 0)
      b.fixed = 16 * rng.below(8) + (b.align < 8 ? 4 * rng.below(4) : 0);
  }
  uint64_t n = p.buffers.size();
  for (uint64_t k = rng.below(3 * n); k > 0; --k) {
    unsigned a = unsigned(rng.below(n)),
             b = unsigned((a + 1 + rng.below(n - 1)) % n);
    p.pairs.push_back({a, b, 4 * rng.below(p.line / 4), 1 + rng.below(99)});
  }
  return p;
}

/// The least over all residues that the buffers may have.
static uint64_t exhaustive(const BankProblem &p, std::vector<uint64_t> &r) {
  unsigned i = unsigned(r.size());
  if (i == p.buffers.size())
    return p.cycles(r);
  const BankBuffer &b = p.buffers[i];
  uint64_t least = ~uint64_t(0), step = std::max<uint64_t>(b.align, 4);
  for (uint64_t at = 0; at < p.line; at += std::min(step, p.line)) {
    if (b.fixed && *b.fixed % p.line / 4 != at / 4)
      continue;
    r.push_back(at);
    least = std::min(least, exhaustive(p, r));
    r.pop_back();
  }
  return least;
}

TEST(Banks, BetweenBoundAndBestOfAll) {
  uint64_t found = 0, best = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random rng(seed);
    BankProblem p = randomProblem(rng, 5);
    ASSERT_EQ(p.check(), "") << seed;
    BankSolution s = solveBanks(p);
    EXPECT_EQ(p.verify(s), "") << seed;
    std::vector<uint64_t> none;
    uint64_t least = exhaustive(p, none);
    EXPECT_LE(s.bound, least) << seed;
    EXPECT_GE(s.cycles, least) << seed;
    found += s.cycles;
    best += least;
  }
  EXPECT_LE(found, best + best / 10); // a heuristic, but no poor one
}

TEST(Banks, SolutionsPassAndMutantsDoNot) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random rng(seed);
    BankProblem p = randomProblem(rng, 40);
    BankSolution s = solveBanks(p);
    ASSERT_EQ(p.verify(s), "") << seed;
    BankSolution bad = s;
    bad.cycles += 1;
    EXPECT_NE(p.verify(bad), "") << seed;
    bad = s;
    bad.bound = s.cycles + 1;
    EXPECT_NE(p.verify(bad), "") << seed;
    bad = s;
    bad.residue.pop_back();
    EXPECT_NE(p.verify(bad), "") << seed;
    for (unsigned i = 0; i < p.buffers.size(); ++i) {
      bad = s;
      bad.residue[i] += p.line;
      EXPECT_NE(p.verify(bad), "") << seed;
      bad = s;
      bad.residue[i] ^= 4;
      // Another place: allowed only if alignment, address and sum allow it.
      bool may = !p.buffers[i].fixed && p.buffers[i].align <= 4 &&
                 p.cycles(bad.residue) == s.cycles;
      EXPECT_EQ(p.verify(bad) == "", may) << seed;
    }
  }
}

TEST(Banks, FindsWhatAHiddenAssignmentAvoids) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Random rng(seed);
    BankProblem p = memory(8, 60);
    std::vector<uint64_t> hidden;
    for (unsigned i = 0; i < 60; ++i)
      hidden.push_back(4 * rng.below(2));
    for (unsigned k = 0; k < 200; ++k) {
      unsigned a = unsigned(rng.below(60)),
               b = unsigned((a + 1 + rng.below(59)) % 60);
      uint64_t apart = (hidden[a] - hidden[b]) % 8;
      p.pairs.push_back({a, b, 4 - apart, 1 + rng.below(1000)});
    }
    ASSERT_EQ(p.check(), "");
    EXPECT_EQ(solveBanks(p).cycles, 0u) << seed;
  }
}
