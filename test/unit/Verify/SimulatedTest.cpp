//===- SimulatedTest.cpp - What the verifier accepts, runs ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The verifier shares no code with the simulator, so the two check each other:
// programs are broken at random, and whatever still passes the verifier must
// run to the end without a fault and with the counts that it stated.
//
//===----------------------------------------------------------------------===//
#include "Build.h"
#include "Simulate.h"
#include "weft/Verify/Verifier.h"
#include "gtest/gtest.h"
#include <random>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

void breakSwitch(bin::Switch &s, std::mt19937 &rng) {
  switch (rng() % 5) {
  case 0:
    s.rx = uint8_t(1u << (rng() % 5));
    return;
  case 1:
    s.tx ^= uint8_t(1u << (rng() % 5));
    return;
  case 2:
    s.color = uint8_t(rng() % 24);
    return;
  case 3:
    s.position = uint8_t(rng() % 5);
    return;
  default:
    (rng() % 2 ? s.where.w : s.where.x0) += rng() % 2 ? 1 : -1;
  }
}

/// Changes a word or an instruction, a route, a queue or a placement.
void breakAtRandom(Program &p, std::mt19937 &rng) {
  PEClass &c = p.classes[rng() % p.classes.size()];
  std::string error;
  if (p.routes.empty() || rng() % 2) {
    auto code = isa::decodeAll(c.code, error);
    const isa::Instr &i = (*code)[rng() % code->size()];
    uint32_t &word = c.code[i.wordIndex + rng() % i.numWords];
    switch (rng() % 4) {
    case 0:
      std::fill_n(c.code.begin() + i.wordIndex, i.numWords, 0); // nops
      return;
    case 1:
      word ^= 1u << (rng() % 32);
      return;
    default:
      word += rng() % 2 ? 1 : -1;
      return;
    }
  }
  size_t at = rng() % (p.routes.size() + p.switches.size());
  if (at >= p.routes.size())
    return breakSwitch(p.switches[at - p.routes.size()], rng);
  Route &r = p.routes[at];
  switch (rng() % 6) {
  case 0:
    r.rx = uint8_t(1u << (rng() % 5));
    return;
  case 1:
    r.tx ^= uint8_t(1u << (rng() % 5));
    return;
  case 2:
    r.color = uint8_t(rng() % 24);
    return;
  case 3:
    ++(rng() % 2 ? r.where.w : r.where.x0);
    return;
  case 4:
    if (!c.queues.empty())
      c.queues[rng() % c.queues.size()].color = uint8_t(rng() % 4);
    return;
  default:
    if (!p.inputs.empty())
      p.inputs[0].place.addr = 4176 + 4 * (rng() % 2000);
  }
}

void crossCheck(const Program &clean, unsigned rounds, unsigned seed) {
  Target t = wse2();
  std::mt19937 rng(seed);
  unsigned accepted = 0;
  for (unsigned n = 0; n != rounds; ++n) {
    Program p = clean;
    if (n != 0)
      breakAtRandom(p, rng);
    verify::Result v = verify::verify(p, t);
    if (!v.ok())
      continue;
    ++accepted;
    Ran r = simulate(p, t, 1000000);
    ASSERT_EQ(r.error, "") << "mutation " << n;
    EXPECT_EQ(v.counts.waveletHops, r.stats.waveletHops);
    EXPECT_EQ(v.counts.maxLinkWavelets, r.stats.maxLinkWavelets);
    EXPECT_EQ(v.counts.macs, r.stats.macs);
    EXPECT_GE(v.counts.sramPeakBytes, r.stats.sramPeakBytes);
  }
  EXPECT_GT(accepted, rounds / 20);
}

TEST(VerifierSimulated, Chain) { crossCheck(chain(6, 2, 9), 1500, 1); }

TEST(VerifierSimulated, Gather) { crossCheck(gather(5, 2, 9), 3000, 4); }

TEST(VerifierSimulated, Pair) {
  crossCheck(pair({"vmov out2, r0, len=64, async=1",
                   "vmov out3, r0, len=64, async=2", "vmov d0, in2", "wait 1"},
                  {"vmov d0, in3", "vmov d0, in2", "vmov out2, r0, len=64"}),
             1500, 2);
}

TEST(VerifierSimulated, LoopsAndTables) {
  crossCheck(
      single({"li r9, 3", "loop r1, 4", "shli r2, r1, 2", "ld r3, r2+20000",
              "dsd d0, r3, f32, [2:4, 2:1]", "loop r5, 3", "vfdot r4, d0, d0",
              "dsdadd d0, r0+4", "endloop r5", "min r6, r4, r9",
              "max r6, r6, r0", "shli r6, r6, 2", "st r4, r6+9000",
              "endloop r1", "dsd d1, r0+10000, f32, [32:1]",
              "vmov d1, r4, async=3", "wait 3", "halt"}),
      1500, 3);
}

} // namespace
