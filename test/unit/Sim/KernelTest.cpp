//===- KernelTest.cpp - Which kernel an instruction works for -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Kernels share subroutines and calls are folded into loops, so the class names
// the kernel of each call that the start task makes (PEClass::callKernels).
// Cycles are derived by hand as in TimingTest.cpp.
//
//===----------------------------------------------------------------------===//
#include "Build.h"

using namespace weft;
using namespace weft::sim;

namespace {

constexpr const char *Descriptors = "dsd d0, r0+16384, f32, [8:1]\n"  // 0 1 2
                                    "dsd d1, r0+16420, f32, [8:1]\n"; // 3 4 5

struct Kernels : testing::Test {
  Builder b{2, 1};
  /// A class on PE (x, 0) whose code from word `shared` on lies in a range that
  /// names kernel 0, as the emitter would.
  void add(uint32_t x, const std::string &text, uint32_t shared,
           std::vector<int32_t> calls) {
    bin::PEClass &c = b.cls("c" + std::to_string(x), {x, 0, 1, 1, 1, 1}, text);
    c.ranges = {{shared, uint32_t(c.code.size()), 0}};
    c.callKernels = std::move(calls);
  }
  Stats run() {
    for (const char *name : {"k0", "k1", "k2"})
      b.p.kernels.push_back({name, "", {}, {}, 0});
    bin::Pattern all{0, 0, b.p.gridW, 1, 1, 1};
    b.p.inputs = {
        Builder::tensor("x", all, DataAddr, 17, bin::Axis::X, b.p.gridW)};
    Ran r = runIt(b, {std::vector<float>(17 * b.p.gridW, 1)});
    EXPECT_EQ(r.error, "");
    return r.stats;
  }
};

/// Expects the window and the MACs of one kernel.
void expect(const KernelStats &k, uint64_t first, uint64_t last, uint64_t macs,
            uint64_t max, uint64_t pes) {
  EXPECT_EQ(k.firstCycle, first);
  EXPECT_EQ(k.lastCycle, last);
  EXPECT_EQ(k.cycles, last - first);
  EXPECT_EQ(k.macs, macs);
  EXPECT_EQ(k.macsMaxPerPE, max);
  EXPECT_EQ(k.pesActive, pes);
}

// One subroutine, three calls of it in a loop, three kernels. The subroutine
// takes 1 + 2 * 14 + 6 + 3 + 6 and its call 6, 50 in all.
TEST_F(Kernels, ThreeCallsInALoop) {
  const std::string text = std::string(Descriptors) + // 2
                           "loop r2, 3\n"             // words 6 7: 1
                           "nop\n"                    // 8: 1
                           "call 13\n"                // 9 10
                           "endloop r2\n"             // 11: 6, 6, 3
                           "halt\n"                   // 12
                           "loop r3, 2\n"             // 13 14
                           "vfmac d0, d1, r1\n"       // 15
                           "endloop r3\n"             // 16
                           "ret\n";
  add(0, text, 13, {2, 0, 1});
  add(1, text, 13, {2, -1, 0});
  Stats s = run();
  EXPECT_EQ(s.cycles, 3u + 3 * (1 + 50) + 6 + 6 + 3 + 1);
  EXPECT_EQ(s.macs, 2u * 3 * 16);
  // Calls begin at 4, 4 + 57 and 4 + 2 * 57.
  expect(s.kernels[2], 4, 54, 32, 16, 2);
  expect(s.kernels[0], 61, 168, 32, 16, 2); // second call here, third there
  expect(s.kernels[1], 118, 168, 16, 16, 1);
}

// Calls within calls are the outer one's; more calls than are listed belong to
// no kernel; a task that is no start task goes by address.
TEST_F(Kernels, NestedCallsAndOtherTasks) {
  b.p.gridW = 1;
  add(0,
      std::string(Descriptors) + "call 12\n"          // 6 7
                                 "call 12\n"          // 8 9
                                 "activate 4\n"       // 10
                                 "endtask\n"          // 11
                                 "call 15\n"          // 12 13
                                 "ret\n"              // 14
                                 "vfmac d0, d1, r1\n" // 15
                                 "ret\n"              // 16
                                 "call 15\n"          // 17 18: task 4
                                 "halt\n",
      12, {1});
  b.p.classes[0].tasks.push_back({4, 17, false});
  Stats s = run();
  // 2, then 6 + 6 + 14 + 6 + 6 for each call.
  expect(s.kernels[1], 2, 40, 8, 8, 1);
  EXPECT_EQ(s.kernels[0].macs, 8u); // of task 4
  EXPECT_GT(s.kernels[0].firstCycle, 2u + 2 * 38);
  EXPECT_EQ(s.kernels[2].macs, 0u);
  EXPECT_EQ(s.macs, 24u);
}

// An asynchronous op stays with the call that issued it, though it ends within
// the next one.
TEST_F(Kernels, AsyncOpsKeepTheirKernel) {
  b.p.gridW = 1;
  add(0,
      std::string(Descriptors) + // 2
          "call 12\n"            // 6 7: 2 .. 8
          "call 15\n"            // 8 9: ret at 9 .. 15, so 15 .. 21
          "wait 1\n"             // 10
          "halt\n"               // 11
          "vfmac d0, d1, r1, async=1, len=8\n" // 12 13: issued at 8 .. 9
          "ret\n"                              // 14
          "ret\n",                             // 15: 21 .. 27
      12, {0, 1});
  Stats s = run();
  expect(s.kernels[0], 2, 9 + 6 + 8, 8, 8, 1);
  expect(s.kernels[1], 15, 27, 0, 0, 0);
}

TEST_F(Kernels, UnknownKernelsAreRefused) {
  add(0, "halt\n", 0, {3});
  b.p.kernels.push_back({"k0", "", {}, {}, 0});
  EXPECT_EQ(runIt(b).error, "class 'c0': a call is of kernel 3 of 1");
}

} // namespace
