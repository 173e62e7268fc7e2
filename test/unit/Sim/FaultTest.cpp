//===- FaultTest.cpp - Every broken rule is named -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Build.h"
#include <random>

using namespace weft;
using namespace weft::sim;
using bin::East;
using bin::Ramp;
using bin::West;
using testing::Test;

static bool has(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

static Ran one(const std::string &text) {
  Builder b;
  b.cls("one", {}, text);
  return runIt(b);
}

TEST(SimFault, Memory) {
  struct {
    const char *rule, *text;
  } cases[] = {
      {"R-MEM-1", "st r0, r0+4\nhalt\n"},
      {"R-MEM-2", "st r0, r0+16386\nhalt\n"},
      {"R-MEM-2", "st r0, r0+49152\nhalt\n"},
      {"R-MEM-2", "dsd d0, r0+49148, f32, [2:1]\nvmov d0, r0\nhalt\n"},
      {"R-MEM-2", "dsd d0, r0+16385, f16, [2:1]\nvmov d0, r0\nhalt\n"},
      {"R-MEM-1", "dsd d0, r0+4176, f32, [2:-1]\nvmov d0, r0\nhalt\n"},
      {"R-MEM-3", "ld r1, r0+16384\nhalt\n"},
      {"R-MEM-3", "dsd d0, r0+16384, f32, [8:1]\nst r0, r0+16384\nvfadd d0, "
                  "d0, d0\nhalt\n"},
      {"R-MEM-4", "st r0, r0+4352\nhalt\n"},
      {"R-MEM-5", "dsd d0, r0+16384, f32, [64:1]\nvmov d0, r0, async=1\nst r0, "
                  "r0+16388\nhalt\n"},
      {"R-OP-1", "vmov d3, r0\nhalt\n"},
      {"R-OP-2", "dsd d0, r0+16384, f32, [4:1]\ndsd d1, r0+20480, f32, "
                 "[5:1]\nvmov d0, d1\nhalt\n"},
      {"R-OP-2", "dsd d0, r0+16384, i32, [4:1]\ndsd d1, r0+20480, f16, [4:1]\n"
                 "vmov d0, r0\nvmov d1, d0\nhalt\n"},
      {"R-OP-3", "vrsum r1, r2\nhalt\n"},
      {"R-OP-4", "dsd d0, r0+16384, f32, [64:1]\ndsd d1, r0+20480, f32, "
                 "[64:1]\nvmov d0, r0, async=1\n"
                 "vmov d1, r0, async=1\nhalt\n"},
      {"R-OP-4", "wait 9\nhalt\n"},
      {"R-OP-5", "ret\nhalt\n"},
      {"R-OP-5", "endloop r1\nhalt\n"},
      {"R-OP-5", "call 0\nhalt\n"},
      {"R-OP-6", "dsd d0, r0+16384, bf16, [4:1]\nvmov d0, r0\nhalt\n"},
      {"R-OP-6", "stb r0, r0+16384\nhalt\n"},
      {"R-TASK-1", "activate 7\nhalt\n"},
      {"R-TASK-1", "nop\n"},
      {"R-QUE-1", "vmov out2, r0, len=1\nhalt\n"},
  };
  for (auto &c : cases) {
    Ran r = one(c.text);
    EXPECT_EQ(r.rule, c.rule) << c.text << r.error;
    EXPECT_TRUE(has(r.error, "PE (0, 0) of class 'one'")) << r.error;
  }
}

// Element-by-element use of one's own results is allowed.
TEST(SimFault, OwnResultsAreInitialised) {
  Builder b;
  b.cls("one", {},
        "li r1, 0x3f800000\nst r1, r0+16384\n"
        "dsd d0, r0+16384, f32, [8:1]\ndsd d1, r0+16388, f32, [8:1]\n"
        "vfadd d1, d0, r1\nhalt\n");
  b.p.outputs = {Builder::tensor("o", {}, DataAddr, 9)};
  Ran r = runIt(b);
  ASSERT_EQ(r.error, "");
  for (int i = 0; i < 9; ++i)
    EXPECT_EQ(r.outputs[0][i], float(i + 1));
}

/// A sender of `sent` words at (0, 0) and a receiver of `taken` at (1, 0).
static Builder pair(unsigned sent, unsigned taken) {
  Builder b(2, 1);
  b.route(7, {0, 0, 1, 1, 1, 1}, Ramp, East);
  b.route(7, {1, 0, 1, 1, 1, 1}, West, Ramp);
  auto n = [](unsigned k) { return std::to_string(k); };
  b.cls("from", {0, 0, 1, 1, 1, 1},
        "vmov out2, r0, len=" + n(sent) + "\nhalt\n", {{true, 2, 7}});
  b.cls("to", {1, 0, 1, 1, 1, 1},
        "dsd d0, r0+16384, f32, [" + n(taken) + ":1]\nvmov d0, in3\nhalt\n",
        {{false, 3, 7}});
  return b;
}

TEST(SimFault, DeadlockNamesWhoWaitsForWhat) {
  Ran r = runIt(pair(3, 5));
  EXPECT_TRUE(has(r.error, "deadlock at cycle")) << r.error;
  EXPECT_TRUE(has(r.error, "1 of 2 PEs never halt")) << r.error;
  EXPECT_TRUE(
      has(r.error,
          "PE (1, 0) of class 'to' waits for a wavelet of colour 7 on input "
          "queue 3 (3 of 5 elements done, 'vmov d0, in3'"))
      << r.error;
}

TEST(SimFault, DeadlockListsEightPEs) {
  Builder b(12, 1);
  b.route(7, {0, 0, 12, 1, 1, 1}, East, Ramp);
  b.cls("all", {0, 0, 12, 1, 1, 1}, "vrsum r1, in2, len=4\nhalt\n",
        {{false, 2, 7}});
  Ran r = runIt(b);
  EXPECT_TRUE(has(r.error, "12 of 12 PEs never halt")) << r.error;
  EXPECT_TRUE(has(r.error, "PE (7, 0)")) << r.error;
  EXPECT_FALSE(has(r.error, "PE (8, 0)")) << r.error;
  EXPECT_TRUE(has(r.error, "and 4 more")) << r.error;
}

TEST(SimFault, DeadlockOfASenderNamesRoom) {
  Builder b = pair(64, 1);
  b.p.classes[1].code =
      Builder::assemble("wait 1\nvrsum r1, in3, len=1\nendtask\n");
  Ran r = runIt(b);
  EXPECT_TRUE(has(r.error, "room for colour 7 in output queue 2")) << r.error;
  EXPECT_TRUE(has(r.error, "ended its last task without halt (R-TASK-2)"))
      << r.error;
}

TEST(SimFault, WaveletsLeft) {
  Ran r = runIt(pair(6, 5));
  EXPECT_EQ(r.rule, "R-FAB-9");
  EXPECT_TRUE(has(r.error, "1 wavelet is left when all PEs have halted"))
      << r.error;
  EXPECT_TRUE(has(r.error, "of colour 7 at (")) << r.error;
}

TEST(SimFault, Unrouted) {
  Builder b = pair(1, 1);
  b.p.routes.pop_back();
  b.p.classes[1].code = Builder::assemble("loop r1, 9\nendloop r1\nhalt\n");
  Ran r = runIt(b);
  EXPECT_EQ(r.rule, "R-FAB-3");
  EXPECT_TRUE(has(r.error, "unrouted wavelet of colour 7 at (0, 0)"))
      << r.error;

  b = pair(1, 1);
  b.p.classes[1].code = Builder::assemble("loop r1, 9\nendloop r1\nhalt\n");
  b.p.classes[1].queues.clear();
  EXPECT_EQ(runIt(b).rule, "R-QUE-3");
}

TEST(SimFault, QueueInUse) {
  Builder b = pair(8, 8);
  b.p.classes[1].code =
      Builder::assemble("dsd d0, r0+16384, f32, [4:1]\n"
                        "dsd d1, r0+20480, f32, [4:1]\n"
                        "vmov d0, in3, async=1\nvmov d1, in3\nhalt\n");
  EXPECT_EQ(runIt(b).rule, "R-FAB-8");
}

TEST(SimFault, ReadsABufferThatIsBeingReceived) {
  Builder b = pair(8, 8);
  b.p.classes[1].code =
      Builder::assemble("dsd d0, r0+16384, f32, [8:1]\n"
                        "vmov d0, in3, async=1\nld r1, r0+16384\nhalt\n");
  EXPECT_EQ(runIt(b).rule, "R-MEM-5");
  b.p.classes[1].code = Builder::assemble(
      "dsd d0, r0+16384, f32, [8:1]\n"
      "vmov d0, in3, async=1\nwait 1\nld r1, r0+16384\nhalt\n");
  EXPECT_EQ(runIt(b).error, "");
}

TEST(SimFault, BadPrograms) {
  Builder b;
  b.cls("one", {}, "halt\n");
  b.cls("two", {}, "halt\n");
  EXPECT_TRUE(
      has(runIt(b).error, "PE (0, 0) is in class 'one' and in class 'two'"));
  b.p.classes.pop_back();
  b.route(22, {}, Ramp, East);
  EXPECT_TRUE(has(runIt(b).error, "R-FAB-1"));
  b.p.routes.clear();
  b.route(2, {}, Ramp, Ramp);
  EXPECT_TRUE(has(runIt(b).error, "R-FAB-2"));
  b.p.routes.clear();
  b.p.classes[0].code = {0xdeadbeef};
  EXPECT_TRUE(has(runIt(b).error, "class 'one'"));
}

TEST(SimFault, OutputNeverWritten) {
  Builder b;
  b.cls("one", {}, "halt\n");
  b.p.outputs = {Builder::tensor("o", {}, DataAddr, 4)};
  EXPECT_TRUE(has(runIt(b).error,
                  "output 'o': PE (0, 0) never wrote part of its tile"));
}

// Whatever is done to code, routes and queues: a result or an error.
TEST(SimFault, MutatedProgramsNeverCrash) {
  Builder base = pair(8, 8);
  base.p.classes[0].code = Builder::assemble(
      "loop r5, 3\ndsd d1, r0+16384, f32, [3:5, 4:1]\nvmov d1, r5\n"
      "dsd d2, r0+16400, f16, [12:2]\nvmov d2, d1\nvfmac d1, d1, d1\n"
      "vrsum r6, d1\ndsdadd d1, r5+8\nendloop r5\nactivate 1\nendtask\n"
      "vmov out2, r0, len=8, async=3\nwait 3\nhalt\n");
  base.p.classes[0].tasks.push_back({1, 18, false});
  std::mt19937 rng(3);
  unsigned ended = 0;
  for (unsigned round = 0; round < 3000; ++round) {
    Builder b = base;
    for (unsigned n = 1 + rng() % 3; n--;) {
      std::vector<uint32_t> &code = b.p.classes[rng() % 2].code;
      uint32_t &word = code[rng() % code.size()];
      word = rng() % 2 ? word ^ (1u << rng() % 32) : word + rng() % 64;
      if (rng() % 8 == 0)
        b.p.routes[rng() % 2].tx = uint8_t(rng() % 32);
      if (rng() % 8 == 0)
        b.p.classes[rng() % 2].queues[0].queue = uint8_t(rng() % 8);
      if (rng() % 16 == 0)
        b.p.classes[rng() % 2].where[0].x0 = rng() % 3;
    }
    auto s = Simulator::create(b.p, b.t);
    if (!s) {
      consumeError(s.takeError());
      continue;
    }
    auto stats = (*s)->run(5000);
    ended += bool(stats);
    if (!stats) {
      EXPECT_NE(toString(stats.takeError()), "");
    }
  }
  EXPECT_GT(ended, 100u);
}
