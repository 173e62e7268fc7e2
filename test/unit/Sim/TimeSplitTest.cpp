//===- TimeSplitTest.cpp - Where kernels and classes spend their time -----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Cycles are derived by hand, with the wse2 constants of TimingTest.cpp. That
// the sums hold for random programs is checked in ReferenceTest.cpp.
//
//===----------------------------------------------------------------------===//
#include "Build.h"

using namespace weft;
using namespace weft::sim;

static void expect(const TimeSplit &t, uint64_t pes, uint64_t compute,
                   uint64_t setup, uint64_t waitIn, uint64_t waitOut,
                   uint64_t idle) {
  EXPECT_EQ(t.pes, pes);
  EXPECT_EQ(t.compute, compute);
  EXPECT_EQ(t.setup, setup);
  EXPECT_EQ(t.waitIn, waitIn);
  EXPECT_EQ(t.waitOut, waitOut);
  EXPECT_EQ(t.idle, idle);
}

namespace {

/// PE (1, 0) sends to PE (0, 0), both within a call for k0; the receiver then
/// makes a call for k1.
struct TwoPEs : testing::Test {
  Builder b{2, 1};
  void SetUp() override {
    b.route(3, {1, 0, 1, 1, 1, 1}, bin::Ramp, bin::West);
    b.route(3, {0, 0, 1, 1, 1, 1}, bin::East, bin::Ramp);
    bin::Pattern both{0, 0, 2, 1, 1, 1};
    for (const char *name : {"k0", "k1"})
      b.p.kernels.push_back({name, "", both, {}, 0});
    b.p.inputs = {Builder::tensor("x", both, DataAddr, 8)};
  }
  Stats run() {
    Ran r = runIt(b, std::vector<std::vector<float>>(b.p.inputs.size(),
                                                     std::vector<float>(8, 1)));
    EXPECT_EQ(r.error, "");
    return r.stats;
  }
};

} // namespace

TEST_F(TwoPEs, Chain) {
  const std::string mem = "dsd d0, r0+16384, f32, [8:1]\n"; // words 0 1 2
  b.cls("to", {0, 0, 1, 1, 1, 1},
        mem +                     //  0 ..  1
            "call 8\n"            //  1 ..  7
            "call 10\n"           // 33 .. 39
            "halt\n"              // 46 .. 47
            "vfadd d0, in2, d0\n" // set-up 7 .. 13, waits to 19, 8 elements
            "ret\n"               // 27 .. 33
            "nop\n"               // 39 .. 40
            "ret\n",              // 40 .. 46
        {{false, 2, 3}})
      .callKernels = {0, 1};
  b.cls("from", {1, 0, 1, 1, 1, 1},
        mem +                 //  0 ..  1
            "call 6\n"        //  1 ..  7
            "halt\n"          // 27 .. 28
            "vmov out2, d0\n" // set-up 7 .. 13, 8 elements 13 .. 21
            "ret\n",          // 21 .. 27
        {{true, 2, 3}})
      .callKernels = {0};
  Stats s = run();
  // The wavelet of cycle 13 leaves the sender's router at 13 + 1 + ramp = 16,
  // the receiver's at 17, and is there at 17 + ramp = 19.
  EXPECT_EQ(s.cycles, 47u);
  expect(s.classes[0], 1, 1 + 6 + 8 + 6 + 6 + 1 + 6 + 1, 6, 6, 0, 0);
  expect(s.classes[1], 1, 1 + 6 + 8 + 6 + 1, 6, 0, 0, 47 - 28);
  // k0 lasts from 1 to 33; the sender leaves it at 27.
  EXPECT_EQ(s.kernels[0].cycles, 32u);
  expect(s.kernels[0].time, 2, 2 * (6 + 8 + 6), 2 * 6, 6, 0, 33 - 27);
  EXPECT_EQ(s.kernels[1].cycles, 13u);
  expect(s.kernels[1].time, 1, 13, 0, 0, 0, 0);
}

// The sender's queue has room for 6 wavelets and 2 on the ramp, the receiver's
// router for 2 and 1 on the wire, its queue for 4 and 2 on the ramp: of 20
// words 17 are on their way when the sender stops.
TEST_F(TwoPEs, Backpressure) {
  std::string pause;
  for (int i = 0; i < 99; ++i)
    pause += "nop\n";
  b.cls("to", {0, 0, 1, 1, 1, 1},
        "call 3\n"                    // words 0 1: 0 .. 6
        "halt\n" +                    // word 2
            pause +                   // 6 .. 105
            "vrsum r1, in2, len=20\n" // set-up .. 111, then 2 cycles a word
            "ret\n",
        {{false, 2, 3}})
      .callKernels = {0};
  b.cls("from", {1, 0, 1, 1, 1, 1},
        "call 3\n"                // 0 .. 6
        "halt\n"                  //
        "vmov out2, r1, len=20\n" // set-up .. 12; 17 words 12 .. 29
        "ret\n",
        {{true, 2, 3}})
      .callKernels = {1};
  Stats s = run();
  // k1: call 6, 20 words, ret 6 are compute. A place is free in the sender's
  // queue some cycles after the receiver took a word at 111, 113, ...
  const TimeSplit &t = s.kernels[1].time;
  EXPECT_EQ(t.compute, 6u + 20 + 6);
  EXPECT_EQ(t.setup, 6u);
  EXPECT_EQ(t.waitIn, 0u);
  EXPECT_GE(t.waitOut, 111u - 29);
  EXPECT_EQ(t.idle, 0u);
  EXPECT_EQ(t.compute + t.setup + t.waitOut, s.kernels[1].cycles);
  // k0: call, pause, 20 words that are all there in time, ret.
  expect(s.kernels[0].time, 1, 6 + 99 + 40 + 6, 6, 0, 0, 0);
}

// Between tasks a PE is idle, and no kernel has that time; nor the start
// task's own code.
TEST_F(TwoPEs, TasksAndHalt) {
  b.p.gridW = 1;
  b.p.routes.clear();
  b.p.inputs.clear();
  for (bin::Kernel &k : b.p.kernels)
    k.where.w = 1;
  bin::PEClass &c = b.cls("one", {},
                          "nop\n"        // word 0: 0 .. 1
                          "activate 3\n" // 1: 1 .. 2, task 3 from 5
                          "endtask\n"    // 2: 2 .. 3
                          "nop\n"        // 3: 5 .. 6
                          "halt\n");     // 4: 6 .. 7
  c.tasks.push_back({3, 3, false});
  c.ranges = {{1, 3, 0}, {3, 4, 0}, {4, 5, 1}};
  Stats s = run();
  EXPECT_EQ(s.cycles, 7u);
  expect(s.classes[0], 1, 5, 0, 0, 0, 2);
  EXPECT_EQ(s.kernels[0].cycles, 5u); // 1 .. 6
  expect(s.kernels[0].time, 1, 3, 0, 0, 0, 2);
  expect(s.kernels[1].time, 1, 1, 0, 0, 0, 0);
}
