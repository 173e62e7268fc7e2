//===- RangesTest.cpp - Cycles over the brackets of assumed constants -----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Build.h"
#include "weft/Cost/Cost.h"
#include <gtest/gtest.h>

using namespace weft;
using namespace weft::cost;
using namespace weft::test;

using Keys = std::vector<std::string>;

/// A machine without set-up, whose fields have no brackets but for those that a
/// test opens.
static Target closed(uint32_t w, uint32_t h) {
  Target t = target(w, h, "wse2-hpdc24");
  for (const Target::Bracketed &b : t.assumedBrackets())
    llvm::cantFail(setField(t, b.key + "=" + std::to_string(b.lo)));
  EXPECT_TRUE(t.assumedBrackets().empty());
  return t;
}

static void open(FactU &fact, uint32_t lo, uint32_t hi) {
  fact.source = "assumed";
  fact.lo = lo;
  fact.hi = hi;
}

static CostReport analyzed(const bin::Program &p, const Target &t) {
  auto r = analyze(p, t);
  if (!r) {
    ADD_FAILURE() << llvm::toString(r.takeError());
    return {};
  }
  return *r;
}

static void expectRange(const CycleCost &c, uint64_t lo, uint64_t hi,
                        const Keys &keys) {
  EXPECT_EQ(c.estimateRange.lo, lo);
  EXPECT_EQ(c.estimateRange.hi, hi);
  EXPECT_EQ(c.assumed, keys);
}

static bin::Program onePE(const std::vector<std::string> &lines) {
  bin::Program p = program(1, 1);
  addClass(p, "all", {{0, 0, 1, 1, 1, 1}}, {}, lines);
  return p;
}

TEST(Ranges, InstructionsThatAProgramHas) {
  // loop, ten nop, nine branches back, one not taken, halt. No word is sent, no
  // second task starts, nothing is loaded.
  Target t = closed(1, 1);
  open(t.scalarAlu, 1, 2);
  open(t.branchTaken, 4, 10);
  open(t.scalarLoad, 1, 4);
  open(t.ramp, 1, 7);
  open(t.taskActivate, 3, 10);
  uint64_t taken = t.branchTaken, last = t.branchNotTaken;
  CostReport r =
      analyzed(onePE({"loop r1, 10", "nop", "endloop r1", "halt"}), t);
  EXPECT_EQ(r.cycles.estimate, 1 + 10 + 9 * taken + last + 1);
  expectRange(r.cycles, 12 + 9 * 4 + last, 24 + 9 * 10 + last,
              {"scalar.alu", "scalar.branch_taken"});
  EXPECT_EQ(r.cycles.lowerRange.hi, r.cycles.estimateRange.hi);
  expectRange(r.kernels[0].cycles, 12 + 9 * 4 + last, 24 + 9 * 10 + last,
              {"scalar.alu", "scalar.branch_taken"});
}

TEST(Ranges, WiderIsFaster) {
  // dsd, fill of 100 at two per cycle, 100 products at 1 to 2 per cycle, halt.
  Target t = closed(1, 1);
  open(t.simd.fmul32, 1, 2);
  open(t.scalarAlu, 1, 3);
  CostReport r = analyzed(onePE({"dsd d0, r0+8192, f32, [100:1]", "vmov d0, r0",
                                 "vfmul d0, d0, r2", "halt"}),
                          t);
  expectRange(r.cycles, 1 + 50 + 50 + 1, 1 + 50 + 100 + 3,
              {"scalar.alu", "simd.fmul32"});
}

TEST(Ranges, WaysOfWords) {
  // One word through a chain of 8 and back by a multicast, ramp r: seven times
  // 2 r + 2 and one cycle, then 1 + 2 r + 7 and one.
  Target t = closed(8, 2);
  open(t.ramp, 1, 7);
  bin::Program p = rowAllReduce(8, 2, 1, 1);
  p.kernels.push_back(p.kernels[0]); // has no code
  CostReport r = analyzed(p, t);
  auto path = [](uint64_t ramp) {
    return 7 * (2 * ramp + 2) + 1 + 1 + 2 * ramp + 7 + 1;
  };
  EXPECT_EQ(r.cycles.lower, path(2));
  EXPECT_EQ(r.cycles.lowerRange.lo, path(1));
  EXPECT_EQ(r.cycles.lowerRange.hi, path(7));
  EXPECT_EQ(r.cycles.assumed, Keys{"router.ramp"});
  EXPECT_EQ(r.kernels[0].cycles.assumed, Keys{"router.ramp"});
  EXPECT_EQ(r.stages[0].cycles.assumed, Keys{"router.ramp"});
  expectRange(r.kernels[1].cycles, 0, 0, {});
}

TEST(Ranges, StartsOfTasks) {
  Target t = closed(1, 1);
  open(t.taskActivate, 0, 9);
  bin::Program p = onePE({"activate 3", "endtask", "halt"});
  p.classes[0].tasks.push_back({3, 2, false});
  CostReport r = analyzed(p, t);
  EXPECT_EQ(r.cycles.estimateRange.hi,
            r.cycles.estimate + 9 - t.taskActivate.value);
  EXPECT_EQ(r.cycles.assumed, Keys{"task.activate"});
  EXPECT_EQ(r.cycles.lowerRange.hi, r.cycles.lower); // work alone
}

TEST(Ranges, TheTableNamesThem) {
  Target t = closed(1, 1);
  open(t.scalarAlu, 1, 2);
  std::string text;
  llvm::raw_string_ostream os(text);
  printTable(analyzed(onePE({"nop", "halt"}), t), os);
  EXPECT_NE(text.find("the brackets of scalar.alu\n"), std::string::npos)
      << text;
}
