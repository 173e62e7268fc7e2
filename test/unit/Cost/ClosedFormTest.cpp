//===- ClosedFormTest.cpp - Collectives against published closed forms ----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Nothing is fitted: the target is wse2-hpdc24, whose constants are those of
// the published model, and time goes from the first to the last wavelet. The
// whole grid of sizes is bench/collectives.cpp.
//
//===----------------------------------------------------------------------===//
#include "Collectives.h"
#include "Simulate.h"

using namespace weft;
using namespace weft::test;

namespace {
struct Times {
  uint64_t lower = 0, estimate = 0, simulated = 0;
};
} // namespace

static Times timesOf(Collective what, uint32_t w, uint32_t h, uint32_t b) {
  Target t = hpdcTarget(what, w, h);
  bin::Program p = collective(what, w, h, b);
  auto both = costAndRun(p, t);
  if (!both) {
    ADD_FAILURE() << nameOf(what);
    return {};
  }
  const cost::CostReport *r = &both->report;
  const sim::Stats *stats = &both->stats;
  EXPECT_EQ(r->waveletHops, stats->waveletHops);
  EXPECT_EQ(r->maxLinkWavelets, stats->maxLinkWavelets);
  EXPECT_LE(r->cycles.lower, stats->cycles);
  EXPECT_LE(r->kernels[0].cycles.lower, stats->kernels[0].cycles);
  return {r->kernels[0].cycles.lower, r->kernels[0].cycles.estimate,
          stats->lastElement - stats->firstElement};
}

/// Static model and simulator give so many cycles.
static void expectCycles(Collective what, uint32_t w, uint32_t h, uint32_t b,
                         double cycles) {
  Times t = timesOf(what, w, h, b);
  auto form = uint64_t(cycles);
  EXPECT_EQ(t.simulated, form)
      << nameOf(what) << " " << w << "x" << h << ", " << b << " words";
  EXPECT_EQ(t.estimate, form)
      << nameOf(what) << " " << w << "x" << h << ", " << b << " words";
}

// Published model predictions for P = 512 and for B = 256.
TEST(ClosedForms, ThePublishedTablesComeOut) {
  auto form = [](Collective c, double n, double b) {
    return std::lround(closedForm(c, n, b, 2));
  };
  EXPECT_EQ(form(Collective::Star, 4, 256), 773);
  EXPECT_EQ(form(Collective::Star, 512, 1), 516);
  EXPECT_EQ(form(Collective::Chain, 64, 256), 634);
  EXPECT_EQ(form(Collective::Chain, 512, 8192), 11258);
  EXPECT_EQ(form(Collective::Tree, 512, 1), 561);
  EXPECT_EQ(form(Collective::Tree, 512, 1024), 9261);
  EXPECT_EQ(form(Collective::TwoPhase, 512, 1), 729);
  EXPECT_EQ(form(Collective::TwoPhase, 512, 8192), 16600);
  EXPECT_EQ(form(Collective::TwoPhase, 64, 256), 588);
  auto plane = [](Collective c, double b) {
    return std::lround(closedForm(c, 512, 512, b, 2));
  };
  EXPECT_EQ(plane(Collective::Chain, 256), 6644);
  EXPECT_EQ(plane(Collective::Tree, 4096), 73818);
  EXPECT_EQ(plane(Collective::TwoPhase, 4096), 17145);
  EXPECT_EQ(plane(Collective::Broadcast, 256), 1283);
}

static void expectExact(Collective what, uint32_t w, uint32_t h, uint32_t b) {
  expectCycles(what, w, h, b, closedForm(what, w, h, b, 2));
}

TEST(ClosedForms, ChainIsExact) {
  for (uint32_t n : {4, 16, 64})
    for (uint32_t b : {1, 7, 256})
      expectExact(Collective::Chain, n, 1, b);
  expectExact(Collective::Chain, 512, 1, 64);
  expectExact(Collective::Chain, 16, 16, 1);
  expectExact(Collective::Chain, 8, 8, 256);
}

TEST(ClosedForms, BroadcastIsExact) {
  for (uint32_t n : {4, 16, 64})
    for (uint32_t b : {1, 7, 256})
      expectExact(Collective::Broadcast, n, 1, b);
  expectExact(Collective::Broadcast, 512, 1, 64);
  expectExact(Collective::Broadcast, 16, 16, 1);
  expectExact(Collective::Broadcast, 8, 8, 256);
}

// The published forms of Chain and Star cannot both hold: the first sender of a
// Star and its root are a Chain of two.
TEST(ClosedForms, StarIsAChainOfTwoAndAWordPerCycle) {
  auto expectStar = [](uint32_t w, uint32_t h, uint32_t b) {
    double y = h > 1 ? starAfterChain(h, b, 2) : 0;
    expectCycles(Collective::Star, w, h, b, starAfterChain(w, b, 2) + y);
    EXPECT_EQ(starAfterChain(w, b, 2),
              closedForm(Collective::Star, w, b, 2) + 1);
  };
  for (uint32_t n : {4, 16, 64})
    for (uint32_t b : {1, 2, 7, 64})
      expectStar(n, 1, b);
  expectStar(512, 1, 3);
  expectStar(4, 1, 8192);
  expectStar(8, 8, 1);
  expectStar(8, 8, 32);
  // Of two PEs both are one program.
  expectExact(Collective::Chain, 2, 1, 9);
  expectCycles(Collective::Star, 2, 1, 9,
               closedForm(Collective::Chain, 2, 9, 2));
}

TEST(ClosedForms, TreeAndTwoPhaseAreWithinThreePercentOfTheSimulator) {
  for (Collective what : {Collective::Tree, Collective::TwoPhase})
    for (auto [w, h] : {std::pair(4u, 1u), {32u, 1u}, {128u, 1u}, {8u, 8u}})
      for (uint32_t b : {1, 16, 256}) {
        Times t = timesOf(what, w, h, b);
        EXPECT_NEAR(double(t.estimate), double(t.simulated),
                    0.03 * double(t.simulated))
            << nameOf(what) << " " << w << "x" << h << ", " << b << " words";
      }
}
