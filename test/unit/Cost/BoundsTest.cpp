//===- BoundsTest.cpp - Lower bounds by hand, and against the simulator ---===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Simulate.h"

using namespace weft;
using namespace weft::cost;
using namespace weft::test;

/// The report; no run of the program, of a stage or of a kernel is shorter.
static CostReport bounded(const bin::Program &p, const Target &t,
                          double tolerance = 0) {
  auto both = costAndRun(p, t);
  if (!both)
    return {};
  const CostReport *r = &both->report;
  const sim::Stats *stats = &both->stats;
  EXPECT_LE(r->cycles.lower, stats->cycles);
  EXPECT_NEAR(double(r->cycles.estimate), double(stats->cycles),
              tolerance * double(stats->cycles));
  for (size_t k = 0; k < p.kernels.size(); ++k)
    EXPECT_LE(r->kernels[k].cycles.lower, stats->kernels[k].cycles) << k;
  return *r;
}

static std::string textOf(const Place &p) {
  auto at = [](uint32_t x, uint32_t y) {
    return std::to_string(x) + "," + std::to_string(y);
  };
  return resourceName(p.resource).str() + " " + at(p.x, p.y) + " " +
         at(p.toX, p.toY);
}

TEST(Bounds, ThePEThatComputesMost) {
  // dsd, fill of 50 at 0.5, then 100 or 200 elements; halt.
  bin::Program p = program(3, 1);
  for (uint32_t x : {0, 1, 2})
    addClass(p, "c" + std::to_string(x), {{x, 0, 1, 1, 1, 1}}, {},
             {"dsd d0, r0+8192, f32, [" + std::string(x == 1 ? "200" : "100") +
                  ":1]",
              "vmov d0, r0", "vfmac d0, d0, r2", "halt"});
  CostReport r = bounded(p, target(3, 1));
  EXPECT_EQ(r.cycles.lower, r.cycles.estimate);
  EXPECT_EQ(textOf(r.cycles.bound), "pe 1,0 1,0");
  EXPECT_EQ(r.interval.cycles, r.cycles.lower);
}

TEST(Bounds, TheLinkThatTwoStreamsShare) {
  // (0, 0) sends 40 words to (3, 0), (1, 0) as many to (2, 0): 80 cross the
  // link between, while each PE issues one op of 40 elements.
  using namespace bin;
  bin::Program p = program(4, 1);
  auto route = [&](uint32_t x, uint8_t color, uint8_t rx, uint8_t tx) {
    p.routes.push_back({{x, 0, 1, 1, 1, 1}, color, rx, tx});
  };
  route(0, 0, Ramp, East);
  route(1, 0, West, East);
  route(2, 0, West, East);
  route(3, 0, West, Ramp);
  route(1, 1, Ramp, East);
  route(2, 1, West, Ramp);
  for (uint32_t x : {0, 1, 2, 3}) {
    bool sends = x < 2;
    uint8_t color = x == 1 || x == 2;
    addClass(p, "c" + std::to_string(x), {{x, 0, 1, 1, 1, 1}},
             {{sends, 2, color}},
             {"dsd d0, r0+8192, f32, [40:1]",
              sends ? "vmov out2, r0, len=40" : "vmov d0, in2", "halt"});
  }
  CostReport r = bounded(p, target(4, 1), 1); // contention is not estimated
  EXPECT_EQ(r.cycles.lower, 80u);
  EXPECT_EQ(textOf(r.cycles.bound), "link 1,0 2,0");
  EXPECT_EQ(r.kernels[0].cycles.lower, 80u);
  EXPECT_EQ(textOf(r.kernels[0].cycles.bound), "link 1,0 2,0");
  EXPECT_EQ(textOf(r.interval.where), "link 1,0 2,0");
}

TEST(Bounds, WordsThatAnotherKernelTakesDoNotBoundTheLink) {
  // As kernel 0 five PEs send 4 words each over one link; buffers take them,
  // and five others receive them much later, as kernel 1.
  using namespace bin;
  bin::Program p = program(10, 1);
  p.kernels.push_back(p.kernels[0]);
  for (uint32_t x = 0; x < 5; ++x) {
    uint8_t c = uint8_t(x);
    p.routes.push_back({{x, 0, 1, 1, 1, 1}, c, Ramp, East});
    p.routes.push_back({{x + 1, 0, 4, 1, 1, 1}, c, West, East});
    p.routes.push_back({{x + 5, 0, 1, 1, 1, 1}, c, West, Ramp});
    addClass(p, "a" + std::to_string(x), {{x, 0, 1, 1, 1, 1}}, {{true, 2, c}},
             {"vmov out2, r0, len=4", "halt"});
    addClass(p, "b" + std::to_string(x), {{x + 5, 0, 1, 1, 1, 1}},
             {{false, 2, c}},
             {"dsd d0, r0+8192, f32, [4:1]", "loop r1, 50", "nop", "endloop r1",
              "vmov d0, in2", "halt"});
    p.classes.back().ranges[0].kernel = 1;
  }
  CostReport r = bounded(p, target(10, 1));
  EXPECT_EQ(r.maxLinkWavelets, 20u);
  // Set-up, 4 elements and the halt.
  EXPECT_EQ(r.kernels[0].cycles.lower, 6u + 4 + 1);
  EXPECT_EQ(textOf(r.kernels[0].cycles.bound), "pe 0,0 0,0");
}

TEST(Bounds, TheRampThatTwoStreamsShare) {
  // (1, 0) adds what comes from both sides: 2 x 60 words over one ramp.
  using namespace bin;
  bin::Program p = program(3, 1);
  p.routes = {{{0, 0, 1, 1, 1, 1}, 0, Ramp, East},
              {{1, 0, 1, 1, 1, 1}, 0, West, Ramp},
              {{2, 0, 1, 1, 1, 1}, 1, Ramp, West},
              {{1, 0, 1, 1, 1, 1}, 1, East, Ramp}};
  addClass(p, "side", {{0, 0, 1, 1, 1, 1}}, {{true, 2, 0}},
           {"vmov out2, r0, len=60", "halt"});
  addClass(p, "other", {{2, 0, 1, 1, 1, 1}}, {{true, 2, 1}},
           {"vmov out2, r0, len=60", "halt"});
  addClass(p, "sum", {{1, 0, 1, 1, 1, 1}}, {{false, 2, 0}, {false, 3, 1}},
           {"dsd d0, r0+8192, f32, [60:1]", "vfadd d0, in2, in3", "halt"});
  CostReport r = bounded(p, target(3, 1), 0.02);
  EXPECT_EQ(r.cycles.lower, 120u);
  EXPECT_EQ(textOf(r.cycles.bound), "ramp 1,0 1,0");
  // A kernel may find queue and ramp full: depth 4 + 2 each.
  EXPECT_EQ(r.kernels[0].cycles.lower, 120u - 2 * (4 + 2));
}

TEST(Bounds, ThePathOfOneWaveletMessages) {
  // All-reduce of one word over 8 PEs. Set-up 6; each of 7 relays processes a
  // word 1 + 2 + 1 + 2 cycles after the one before, the root is done one cycle
  // later; its multicast: set-up 6, 1 + 2 + 7 + 2, one cycle for the word.
  bin::Program p = rowAllReduce(8, 2, 1, 1);
  CostReport r = bounded(p, target(8, 2));
  EXPECT_EQ(r.cycles.lower, 6u + 7 * 6 + 1 + 6 + 12 + 1);
  EXPECT_EQ(textOf(r.cycles.bound), "path 0,0 0,0");
  EXPECT_EQ(r.kernels[0].cycles.lower, r.cycles.lower);
  EXPECT_EQ(r.stages[0].cycles.lower, r.cycles.lower);
  // Runs that follow each other are held back by work, not by the path: dsd,
  // fill of 1, loop, two ops of one word, endloop, halt.
  EXPECT_EQ(r.interval.cycles, 1u + 7 + 1 + 7 + 7 + 3 + 1);
  // Ten rounds: each begins where the last one ended.
  EXPECT_EQ(bounded(rowAllReduce(8, 2, 1, 10), target(8, 2)).cycles.lower,
            10 * r.cycles.lower);
}

TEST(Bounds, ThePathOfSkippedRounds) {
  // Two axes; more ops than are followed, so rounds are extrapolated.
  AllReduce o;
  o.w = o.h = 64;
  o.wordsX = o.wordsY = 1;
  Target t = target(o.w, o.h);
  auto path = [&](uint32_t rounds) {
    o.rounds = rounds;
    auto r = analyze(allReduce(o), t);
    EXPECT_EQ(r->cycles.bound.resource, Resource::Path);
    return r->cycles.lower;
  };
  EXPECT_EQ(path(100000), 10000 * path(10));
}
