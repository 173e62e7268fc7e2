//===- CalibrationWse3Test.cpp - The WSE-3 against publications -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// As CalibrationTest.cpp; all of one source, whose figures of the SDK simulator
// are those of the preset wse3, and those of silicon those of wse3-alcf.
//
//===----------------------------------------------------------------------===//
#include "Calibration.h"
#include <cmath>

using namespace weft;
using namespace weft::sim;
using bin::Ramp;

// ALCF, section 3: cycles = set-up + N / rate.
TEST(SimCalibration, Wse3VectorOps) {
  auto cycles = [](const char *op, const char *type, uint32_t n,
                   uint32_t shift) {
    return opCycles("wse3", op, type, n, First, First + 16384 + shift);
  };
  // 4,096 f16 multiply-adds in one op.
  EXPECT_NEAR(double(cycles("vfmac d0, d1, r0", "f16", 4096, 4)), 1040,
              0.03 * 1040);
  EXPECT_EQ(cycles("vfmac d0, d1, r0", "f16", 4096, 4), 16u + 4096 / 4);
  EXPECT_EQ(cycles("vmov d0, d1", "f16", 4096, 4), 15u + 4096 / 8);
  EXPECT_EQ(cycles("vmov d0, d1", "f32", 4096, 4), 15u + 4096 / 4);
  EXPECT_EQ(cycles("vfadd d0, d0, d1", "f16", 4096, 4), 9u + 4096 / 4);
  EXPECT_EQ(cycles("vmov d0, r0", "f16", 4096, 4), 8u + 4096 / 8);
  EXPECT_EQ(cycles("vrsum r1, d0", "f16", 4096, 4), 8u + 2 * 4096);
  EXPECT_EQ(cycles("vfdot r1, d0, d1", "f16", 4096, 4), 20u + 4096 * 9 / 4);
  // Measured at 0.5 per cycle, documented as 1: what the bank rule says of
  // operands equal modulo 8.
  EXPECT_EQ(cycles("vfmac d0, d1, r0", "f32", 4096, 0), 17u + 2 * 4096);
  EXPECT_EQ(cycles("vfmac d0, d1, r0", "f32", 4096, 4), 17u + 4096);
}

/// What reads the timer in public programs: three words of 16 bits, the lowest
/// first, each stored (spcl/spatial-collectives, modules/time). Here they come
/// from the data.
static std::string readTimer() {
  std::string text;
  for (uint32_t k = 0; k < 3; ++k)
    text += "ld16 r1, r0+" + std::to_string(First) + "\nst16 r1, r0+" +
            std::to_string(First - 8 + 2 * k) + "\n";
  return text;
}

/// N relays of B words eastwards, each of which receives all before a task
/// sends them on. The first sender's task begins with what reads the timer, if
/// it is timed; the last task halts where it would read it again.
static Ran relay(uint32_t hops, uint32_t words, bool timed) {
  Builder b(hops + 1, 1, "wse3");
  std::string mem = dsd(0, First, "f32, [" + std::to_string(words) + ":1]");
  for (uint32_t x = 0; x < hops; ++x) {
    b.route(x % 2, {x, 0, 1, 1, 1, 1}, Ramp, bin::East);
    b.route(x % 2, {x + 1, 0, 1, 1, 1, 1}, bin::West, Ramp);
  }
  for (uint32_t x = 0; x <= hops; ++x) {
    std::vector<bin::QueueBinding> queues;
    std::string receive = "activate 1\nendtask\n";
    if (!x && timed)
      receive = readTimer() + receive;
    if (x) {
      receive = mem + "vmov d0, in2\n" + receive;
      queues.push_back({false, 2, uint8_t((x - 1) % 2)});
    }
    std::string send;
    if (x < hops) {
      send = mem + "vmov out2, d0\n";
      queues.push_back({true, 2, uint8_t(x % 2)});
    }
    auto &c = b.cls("pe" + std::to_string(x), {x, 0, 1, 1, 1, 1},
                    receive + send + "halt\n", queues);
    c.tasks.push_back({1, uint32_t(Builder::assemble(receive).size()), false});
  }
  b.p.inputs = {Builder::tensor("v", {0, 0, 1, 1, 1, 1}, First, words)};
  return runIt(b, {std::vector<float>(words, 1)});
}

// ALCF, section 10j: 19 cycles from the dispatch of a message of 8 words to the
// receiver's task, one hop away, which there runs in the cycle after the last
// word. Here a task starts 1 + 3 later.
TEST(SimCalibration, Wse3OneHopMessage) {
  Ran r = relay(1, 8, false);
  ASSERT_EQ(r.error, "");
  // The send is dispatched at 5: activation 1 + 3, dsd 1. Set-up 4; 1 and the
  // ramp later, so 7 after dispatch, the first word is on the link.
  EXPECT_EQ(r.stats.firstElement, 5u + 4);
  EXPECT_EQ(r.stats.lastElement - 5, 19u);
}

/// Cycles from the one reading of the timer to the other: the last task halts
/// in the cycle of the second.
static uint64_t timedRelay(uint32_t hops, uint32_t words) {
  Ran r = relay(hops, words, true);
  EXPECT_EQ(r.error, "");
  // Per stage 4 for the task, 1 dsd, set-up 4, B words, 1 + 2 + 2 + 2. Before
  // the first the rest of the reading, 3 x (2 + 1), and 4 for the last task.
  EXPECT_EQ(r.stats.cycles - 1, hops * (words + 16) + 9 + 4);
  return r.stats.cycles - 1;
}

static double relayLaw(uint32_t hops, uint32_t words) {
  return 1.001 * hops * words + 16.1 * hops + 16.5;
}

// ALCF, section 10g: 1.001 N B + 16.1 N + 16.5 for N store-and-forward stages,
// fitted to N = 1, 2, 4, 8 and B = 64, 512, all within 4 %. The time is what
// the program's own timer shows, so reading it counts.
TEST(SimCalibration, Wse3RelayLaw) {
  for (uint32_t n : {1, 2, 4, 8})
    for (uint32_t w : {64, 512})
      EXPECT_NEAR(double(timedRelay(n, w)), relayLaw(n, w),
                  0.04 * relayLaw(n, w))
          << n << " x " << w;
  // Section 10j: one stage of 8 words is 19 by the trace and 36 by the timer.
  // The law says 40.6.
  EXPECT_EQ(timedRelay(1, 8), 37u);
}

// Beyond the sizes that the law was fitted to.
TEST(SimCalibration, Wse3RelayLawElsewhere) {
  for (uint32_t n : {4, 8, 16, 32, 64})
    for (uint32_t w : {1, 8, 32, 256, 1024})
      EXPECT_NEAR(double(timedRelay(n, w)), relayLaw(n, w),
                  0.05 * relayLaw(n, w))
          << n << " x " << w;
}

// Sections 3 and 4, on silicon. Copies of f16 and f32 and f16 multiply-adds do
// 4.82, 2.44 and 2.92 elements per cycle; two ports of whole bytes stand for
// the three. The f32 multiply-add does 0.5, as in simulation.
TEST(SimCalibration, Wse3SiliconVectorOps) {
  auto perCycle = [](const char *op, const char *type, uint32_t shift) {
    auto cycles = [&](uint32_t n) {
      return double(
          opCycles("wse3-alcf", op, type, n, First, First + 16384 + shift));
    };
    return 3072 / (cycles(4096) - cycles(1024));
  };
  EXPECT_NEAR(perCycle("vmov d0, d1", "f16", 4), 4.82, 0.04 * 4.82);
  EXPECT_NEAR(perCycle("vmov d0, d1", "f32", 4), 2.44, 0.04 * 2.44);
  EXPECT_NEAR(perCycle("vfmac d0, d1, r0", "f16", 4), 2.92, 0.04 * 2.92);
  EXPECT_EQ(perCycle("vfmac d0, d1, r0", "f32", 0), 0.5);
}

/// Cycles by the timer of B words over `hops` links east and, past a turn,
/// one link south.
static uint64_t message(uint32_t hops, bool turns, uint32_t words) {
  Builder b(hops + 1, 2, "wse3-alcf");
  uint8_t last = turns ? bin::South : Ramp;
  b.route(0, {0, 0, 1, 1, 1, 1}, Ramp, bin::East);
  if (hops > 1)
    b.route(0, {1, 0, hops - 1, 1, 1, 1}, bin::West, bin::East);
  b.route(0, {hops, 0, 1, 1, 1, 1}, bin::West, last);
  if (turns)
    b.route(0, {hops, 1, 1, 1, 1, 1}, bin::North, Ramp);
  std::string mem = dsd(0, First, "f32, [" + std::to_string(words) + ":1]");
  b.cls("from", {0, 0, 1, 1, 1, 1}, readTimer() + mem + "vmov out2, d0\nhalt\n",
        {{true, 2, 0}});
  std::string receive = mem + "vmov d0, in2\nactivate 1\nendtask\n";
  auto &c = b.cls("to", {hops, turns, 1, 1, 1, 1}, receive + "halt\n",
                  {{false, 2, 0}});
  c.tasks.push_back({1, uint32_t(Builder::assemble(receive).size()), false});
  b.p.inputs = {Builder::tensor("v", {0, 0, 1, 1, 1, 1}, First, words)};
  Ran r = runIt(b, {std::vector<float>(words, 1)});
  EXPECT_EQ(r.error, "");
  return r.stats.cycles - 1;
}

// Section 4: 33 + 2.000 hops + 20 turns + 1.125 words. Slopes are the preset's;
// of the rest 27 cycles follow.
TEST(SimCalibration, Wse3SiliconLinkLaw) {
  for (uint32_t hops : {1, 4, 16, 64})
    for (bool turns : {false, true})
      for (uint32_t words : {64, 512, 4096}) {
        uint64_t found = message(hops, turns, words);
        double law = 2. * (hops + turns) + 20 * turns + 1.125 * words;
        // The timer 9, dsd 1, set-up 4, 1, two ramps, 1 for the rest of the
        // last word, task 4; what is sent at a steady pace ends with a whole
        // cycle.
        EXPECT_NEAR(double(found), 23 + law, 1)
            << hops << " hops, " << turns << " turns, " << words << " words";
        if (words >= 512) {
          EXPECT_NEAR(double(found), 33 + law, 0.02 * (33 + law));
        }
      }
}
