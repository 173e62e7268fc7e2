//===- VerifierTest.cpp - Programs that break one rule each ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One clean program (a chain along each row, then a multicast back), and for
// every rule a change to it that the verifier must name. Random changes must
// never crash it.
//
//===----------------------------------------------------------------------===//
#include "weft/Verify/Verifier.h"
#include "Build.h"
#include "gtest/gtest.h"
#include <chrono>
#include <functional>
#include <random>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;
using verify::Result;

namespace {

std::string text(const Result &r) {
  std::string s;
  for (const verify::Finding &f : r.findings)
    s += f.rule + ": " + f.message + "\n";
  return s;
}

Result check(const Program &p) { return verify::verify(p, wse2()); }

#define EXPECT_CLEAN(p)                                                        \
  do {                                                                         \
    Result r_ = check(p);                                                      \
    EXPECT_TRUE(r_.ok()) << text(r_);                                          \
  } while (0)
#define EXPECT_RULE(p, rule)                                                   \
  do {                                                                         \
    Result r_ = check(p);                                                      \
    EXPECT_TRUE(r_.violates(rule)) << "found instead:\n" << text(r_);          \
  } while (0)

//===----------------------------------------------------------------------===//
// Clean programs and counts
//===----------------------------------------------------------------------===//

TEST(Verifier, CleanChainAndCounts) {
  Program p = chain(8, 3, 16);
  Result r = check(p);
  EXPECT_TRUE(r.ok()) << text(r);
  // Chain: 7 links a row; multicast: 7 links a row; 16 wavelets each.
  EXPECT_EQ(r.counts.waveletHops, 3u * 14 * 16);
  EXPECT_EQ(r.counts.maxLinkWavelets, 16u);
  EXPECT_EQ(r.counts.macs, 0u);
  EXPECT_EQ(r.counts.sramPeakBytes, 9400u + 64);
}

TEST(Verifier, FullWaferInSeconds) {
  auto start = std::chrono::steady_clock::now();
  Result r = check(chain(750, 994, 64));
  EXPECT_TRUE(r.ok()) << text(r);
  EXPECT_EQ(r.counts.waveletHops, 994ull * (749 + 749) * 64);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Verifier, CountsLoopsAndCalls) {
  Program p =
      single({"loop r1, 100000", "dsd d0, r0+10000, f32, [4:1]", "loop r2, 3",
              "call 13", "endloop r2", "endloop r1", "halt", "nop",
              "vfdot r3, d0, d0", "fmac r4, r3, r3", "ret"});
  ASSERT_EQ(p.classes[0].code.size(), 16u);
  Result r = check(p);
  EXPECT_TRUE(r.ok()) << text(r);
  EXPECT_EQ(r.counts.macs, 100000ull * 3 * (4 + 1));
}

TEST(Verifier, PointersThatLoopsAdvance) {
  // 1,000,000 rounds of += 0, and 30 x 1000 inner rounds that walk 4 bytes.
  Program p =
      single({"li r4, 10000", "loop r1, 32", "mov r5, r4", "loop r2, 10000",
              "dsd d0, r5, f32, [1:1]", "vfdot r6, d0, d0", "endloop r2",
              "addi r4, r4, 4", "endloop r1", "dsd d1, r4-4, f32, [1:1]",
              "vfdot r6, d1, d1", "halt"});
  Result r = check(p);
  EXPECT_TRUE(r.ok()) << text(r);
  EXPECT_EQ(r.counts.macs, 320001u);
  EXPECT_EQ(r.counts.sramPeakBytes, 10128u);
  // One round more leaves the data.
  p = single({"li r4, 10000", "loop r1, 5000", "loop r2, 5000", "nop",
              "endloop r2", "dsd d0, r4, f32, [1:1]", "vfdot r6, d0, d0",
              "addi r4, r4, 4", "endloop r1", "halt"});
  EXPECT_RULE(p, "R-MEM-3");
  p = single({"li r4, 10000", "loop r1, 50000", "loop r2, 5000", "nop",
              "endloop r2", "dsd d0, r4, f32, [1:1]", "vfdot r6, d0, d0",
              "addi r4, r4, 4", "endloop r1", "halt"});
  EXPECT_RULE(p, "R-MEM-2");
}

TEST(Verifier, TablesOfAddresses) {
  std::vector<std::string> code = {"loop r1, 4",
                                   "shli r2, r1, 2",
                                   "ld r3, r2+20000",
                                   "dsd d0, r3, f32, [8:1]",
                                   "vfdot r4, d0, d0",
                                   "endloop r1",
                                   "halt"};
  EXPECT_CLEAN(single(code));
  EXPECT_EQ(check(single(code)).counts.sramPeakBytes, 20016u);
  code[0] = "loop r1, 5";
  EXPECT_RULE(single(code), "R-MEM-3");
  // A table that the code overwrites is no table.
  code[0] = "loop r1, 4";
  code.insert(code.begin() + 3, "st r2, r0+20000");
  EXPECT_RULE(single(code), "R-MEM-2");
}

TEST(Verifier, ClampedGather) {
  std::vector<std::string> code = {
      "ld r1, r0+10000",  "li r2, 3",
      "min r1, r1, r2",   "max r1, r1, r0",
      "shli r1, r1, 5",   "dsd d0, r1+10000, f32, [8:1]",
      "vfdot r3, d0, d0", "halt"};
  EXPECT_CLEAN(single(code));
  code.erase(code.begin() + 2);
  EXPECT_RULE(single(code), "R-MEM-2");
}

//===----------------------------------------------------------------------===//
// One mutation per rule
//===----------------------------------------------------------------------===//

TEST(Verifier, RuleFile) {
  Program p = chain(8, 3, 16);
  p.classes[1].where[0].w = 9;
  EXPECT_RULE(p, "R-FILE");
  p = chain(8, 3, 16);
  p.classes[1].where.push_back({0, 0, 1, 1});
  EXPECT_RULE(p, "R-FILE");
  p = chain(8, 3, 16);
  p.gridW = 100000;
  EXPECT_RULE(p, "R-FILE");
  p = chain(8, 3, 16);
  p.classes[0].code[0] = 0xffffffff;
  EXPECT_RULE(p, "R-FILE");
}

TEST(Verifier, RuleMem1) {
  EXPECT_RULE(single({"st r0, r0+4000", "halt"}), "R-MEM-1");
  Program p = chain(8, 3, 16);
  p.inputs[0].place.addr = 4000;
  EXPECT_RULE(p, "R-MEM-1");
  p = chain(8, 3, 16);
  p.classes[0].codeAddr = 4000;
  EXPECT_RULE(p, "R-MEM-1");
}

TEST(Verifier, RuleMem2) {
  EXPECT_RULE(single({"st r0, r0+49152", "halt"}), "R-MEM-2");
  EXPECT_RULE(single({"st r0, r0+9002", "halt"}), "R-MEM-2");
  EXPECT_RULE(single({"dsd d0, r0+49100, f32, [16:1]", "vmov d0, r0", "halt"}),
              "R-MEM-2");
  EXPECT_RULE(single({"loop r1, 4", "st r0, r1+9000", "endloop r1", "halt"}),
              "R-MEM-2");
}

TEST(Verifier, RuleMem3) {
  // An op that may read what it wrote itself, but writes beyond SRAM, or walks
  // longer than anyone follows.
  EXPECT_RULE(single({"dsd d0, r0+9000, f32, [8:1]",
                      "dsd d1, r0+49140, f32, [8:1]", "vfneg d1, d0", "halt"}),
              "R-MEM-3");
  EXPECT_RULE(single({"dsd d0, r0+9000, f32, [65535:0, 65535:0]",
                      "dsd d1, r0+9004, f32, [65535:0, 65535:0]",
                      "vfneg d1, d0", "halt"}),
              "R-MEM-3");
  EXPECT_RULE(single({"ld r1, r0+9000", "halt"}), "R-MEM-3");
  EXPECT_CLEAN(single({"st r0, r0+9000", "ld r1, r0+9000", "halt"}));
  Program p = chain(8, 3, 16);
  p.inputs[0].place.where.w = 7; // one class lacks its data
  EXPECT_RULE(p, "R-MEM-3");
  p = chain(8, 3, 16);
  p.outputs[0].place.addr = 9404;
  EXPECT_RULE(p, "R-MEM-3");
  EXPECT_CLEAN(single({"st r0, r0+9000", "dsd d0, r0+9004, f32, [8:1]",
                       "dsd d1, r0+9000, f32, [8:1]", "vmov d0, d1", "halt"}));
}

// A register that an op in flight is to write; a counter that the body writes;
// constants behind constants that the code overwrites are tested by edits.
TEST(Verifier, Registers) {
  EXPECT_RULE(single({"dsd d0, r0+10000, f32, [8:1]", "vrsum r5, d0, async=0",
                      "li r5, 8192", "wait 0", "halt"}),
              "R-MEM-5");
  EXPECT_RULE(single({"loop r2, 3", "li r2, 16777216", "endloop r2",
                      "shli r2, r2, 2", "st r0, r2+8192", "halt"}),
              "R-MEM-2");
}

// Bounds of the verifier's own work: what is too long is refused at once.
TEST(Verifier, EndlessWalks) {
  EXPECT_RULE(single({"dsd d0, r0+10000, f32, [65535:0, 65535:0]",
                      "vmov d0, r0", "halt"}),
              "R-OP-1");
  EXPECT_CLEAN(
      single({"st r0, r0+8192", "dsd d0, r0+8196, f16, [8000:2, 125:0]",
              "dsd d1, r0+8192, f16, [8000:2, 125:0]", "vmov d0, d1", "halt"}));
  Program p = chain(8, 3, 16);
  p.classes[0].code =
      assemble({"loop r1, 2147483647", "loop r2, 2147483647", "vmov out2, r0",
                "endloop r2", "endloop r1", "halt"});
  EXPECT_RULE(p, "R-OP-3");
}

// Rectangles that overlap everywhere would cut classes to single PEs, each with
// all of them.
TEST(Verifier, OverlapsWithoutEnd) {
  auto rectangle = [](uint32_t i) {
    return Pattern{i % 29, i * 7 % 31, 1 + i % 30, 1 + i * 5 % 29, 1, 1};
  };
  Program p = chain(60, 60, 16);
  for (uint32_t i = 0; i != 2000; ++i) {
    p.inits.push_back(p.inits.empty() ? DataInit() : p.inits[0]);
    p.inits.back().place = p.inputs[0].place;
    p.inits.back().place.where = rectangle(i);
  }
  p.tensors.resize(std::max<size_t>(p.tensors.size(), 1));
  EXPECT_RULE(p, "R-FILE");
  p = chain(60, 60, 16);
  for (uint32_t i = 0; i != 2000; ++i) {
    p.streams.push_back(p.streams[0]);
    p.streams.back().from = rectangle(i);
  }
  EXPECT_RULE(p, "R-FAB-7");
}

TEST(Verifier, AnOpReadsItsOwnResultOnlyBehindIt) {
  EXPECT_RULE(
      single({"dsd d0, r0+9000, f32, [8:1]", "vfadd d0, d0, d0", "halt"}),
      "R-MEM-3");
}

TEST(Verifier, AnOpReadsWhatItWroteElementByElement) {
  // Copies element 0 along: each is read after it was written.
  EXPECT_CLEAN(single({"st r0, r0+9000", "dsd d0, r0+9004, f32, [8:1]",
                       "dsd d1, r0+9000, f32, [8:1]", "vmov d0, d1", "halt"}));
  // Backwards it reads the last, which it has not reached.
  EXPECT_RULE(single({"st r0, r0+9000", "dsd d0, r0+9004, f32, [8:1]",
                      "dsd d1, r0+9028, f32, [8:-1]", "vmov d0, d1", "halt"}),
              "R-MEM-3");
}

TEST(Verifier, WhatOnlySomePEsWriteIsNotWritten) {
  // Each PE of a row writes the word of its own column.
  std::vector<std::string> code = {"coord r1, x",    "shli r1, r1, 2",
                                   "st r0, r1+9000", "ld r2, r1+9000",
                                   "ld r2, r0+9004", "halt"};
  Program p;
  p.gridW = 4;
  p.classes = {makeClass("row", {{0, 0, 4, 1}}, code)};
  EXPECT_RULE(p, "R-MEM-3");
  code.insert(code.begin(), {"dsd d0, r0+9000, f32, [4:1]", "vmov d0, r0"});
  p.classes[0] = makeClass("row", {{0, 0, 4, 1}}, code);
  EXPECT_CLEAN(p);
}

TEST(Verifier, EveryAddressThatDataMayGiveIsChecked) {
  // Rows 0 to 3 of the data by an index from the data; row 4 is not there.
  auto gather = [](const char *last) {
    return single({"ld r1, r0+10000", std::string("li r2, ") + last,
                   "min r1, r1, r2", "max r1, r1, r0", "shli r1, r1, 5",
                   "dsd d0, r1+10000, f32, [8:1]", "vfdot r3, d0, d0", "halt"});
  };
  EXPECT_CLEAN(gather("3"));
  EXPECT_RULE(gather("4"), "R-MEM-3");
  // The code lies in between: from the table's end down to it.
  EXPECT_RULE(single({"ld r1, r0+10000", "andi r1, r1, 65532", "li r2, 5824",
                      "min r1, r1, r2", "dsd d0, r1+4176, f32, [1:1]",
                      "vfdot r3, d0, d0", "halt"}),
              "R-MEM-4");
}

TEST(Verifier, RuleMem7) {
  auto with = [](std::vector<MemRange> ranges, std::string store) {
    Program p = single({store, "halt"});
    p.memory = std::move(ranges);
    return p;
  };
  MemRange table{"table", MemRange::Weights, {0, 0, 1, 1}, 20000, 16},
      data{"data", MemRange::Weights, {0, 0, 1, 1}, 10000, 128},
      buffer{"buffer", MemRange::Buffers, {0, 0, 1, 1}, 9000, 8};
  EXPECT_CLEAN(with({table, data, buffer}, "st r0, r0+9004"));
  EXPECT_CLEAN(with({}, "st r0, r0+9008"));
  EXPECT_RULE(with({table, data, buffer}, "st r0, r0+9008"), "R-MEM-7");
  EXPECT_RULE(with({table, buffer}, "st r0, r0+9004"), "R-MEM-7");
  MemRange longer = data;
  longer.bytes = 132;
  EXPECT_RULE(with({table, longer, buffer}, "st r0, r0+9004"), "R-MEM-7");
  buffer.addr = 4176; // where the code is
  EXPECT_RULE(with({table, data, buffer}, "nop"), "R-MEM-7");
}

TEST(Verifier, OutputsAreReadWhereCodeRuns) {
  Program p = chain(8, 3, 16);
  p.gridW = 9;
  p.outputs[0].place.where.w = 9;
  EXPECT_RULE(p, "R-MEM-3");
}

TEST(Verifier, ARoundReadsWhatTheOneBeforeWrote) {
  std::vector<std::string> code = {
      "st r0, r0+9000", "li r4, 9000",    "loop r1, 8000", "ld r2, r4", "nop",
      "st r2, r4+4",    "addi r4, r4, 4", "endloop r1",    "halt"};
  EXPECT_CLEAN(single(code));
  code.erase(code.begin());
  EXPECT_RULE(single(code), "R-MEM-3");
}

TEST(Verifier, RuleMem4) {
  EXPECT_RULE(single({"st r0, r0+4176", "halt"}), "R-MEM-4");
  EXPECT_RULE(single({"ld r1, r0+4176", "halt"}), "R-MEM-4");
  Program p = single({"halt"});
  p.inits[1].place.addr = 4176;
  EXPECT_RULE(p, "R-MEM-4");
  p = single({"halt"});
  p.inits[1].place.addr = 19904;
  EXPECT_RULE(p, "R-MEM-4");
}

TEST(Verifier, RuleMem5) {
  std::vector<std::string> code = {"dsd d0, r0+10000, f32, [8:1]",
                                   "dsd d1, r0+10064, f32, [8:1]",
                                   "vmov d0, d1, async=1",
                                   "wait 1",
                                   "vmov d1, d0",
                                   "halt"};
  EXPECT_CLEAN(single(code));
  code.erase(code.begin() + 3);
  EXPECT_RULE(single(code), "R-MEM-5");
  // Interleaved halves do not meet; the same long loop, by its tag.
  EXPECT_CLEAN(
      single({"dsd d0, r0+10000, f32, [8:2]", "dsd d1, r0+10004, f32, [8:2]",
              "vmov d0, r0, async=1", "vmov d1, r0", "wait 1", "halt"}));
  code = {"li r4, 10000",
          "loop r1, 2",
          "loop r2, 8000",
          "nop",
          "endloop r2",
          "loop r3, 8000",
          "dsd d0, r4, f32, [2:1]",
          "dsd d1, r4+8, f32, [2:1]",
          "vmov d0, d1, async=1",
          "vmov d1, r0",
          "wait 1",
          "endloop r3",
          "addi r4, r4, 16",
          "endloop r1",
          "halt"};
  EXPECT_RULE(single(code), "R-MEM-5");
}

TEST(Verifier, RuleMem6) {
  // Initial data lies at 10000; at 12000 lies none.
  std::vector<std::string> code = {"dsd d0, r0+10000, f32, [8:1]",
                                   "vmov d0, r0", "halt"};
  Program p = single(code);
  EXPECT_CLEAN(p);
  p.repeatable = true;
  EXPECT_RULE(p, "R-MEM-6");
  p = single({"dsd d0, r0+12000, f32, [8:1]", "vmov d0, r0", "st r0, r0+12064",
              "halt"});
  p.repeatable = true;
  EXPECT_CLEAN(p);
  p = single({"st r0, r0+10000", "halt"});
  p.repeatable = true;
  EXPECT_RULE(p, "R-MEM-6");
}

TEST(Verifier, RuleFab1) {
  Program p = chain(8, 3, 16);
  for (Route &r : p.routes)
    r.color = r.color == Cast ? 22 : r.color;
  p.streams[2].color = 22;
  for (PEClass &c : p.classes)
    for (QueueBinding &q : c.queues)
      q.color = q.color == Cast ? 22 : q.color;
  EXPECT_RULE(p, "R-FAB-1");
}

TEST(Verifier, RuleFab2) {
  Program p = chain(8, 3, 16);
  p.routes.push_back({{3, 1, 1, 1}, Cast, West, Ramp});
  EXPECT_RULE(p, "R-FAB-2");
  p = chain(8, 3, 16);
  p.routes[0].rx = Ramp | East;
  EXPECT_RULE(p, "R-FAB-2");
  p = chain(8, 3, 16);
  p.routes[0].tx = Ramp | West;
  EXPECT_RULE(p, "R-FAB-2");
  p = chain(8, 3, 16);
  p.routes[0].tx = 0;
  EXPECT_RULE(p, "R-FAB-2");
}

TEST(Verifier, RuleFab3) {
  Program p = chain(8, 3, 16);
  p.routes[6].tx = Ramp | East; // off the grid
  EXPECT_RULE(p, "R-FAB-3");
  p = chain(8, 3, 16);
  p.routes[6].where.h = 2; // nobody receives in the last row
  EXPECT_RULE(p, "R-FAB-3");
}

TEST(Verifier, RuleFab4) {
  Program p = chain(8, 3, 16);
  p.routes.push_back({{2, 0, 1, 1}, 7, South, East});
  p.routes.push_back({{3, 0, 1, 1}, 7, West, South});
  p.routes.push_back({{3, 1, 1, 1}, 7, North, West});
  p.routes.push_back({{2, 1, 1, 1}, 7, East, North});
  EXPECT_RULE(p, "R-FAB-4");
  p.routes.pop_back(); // a dead end is no cycle
  Result r = check(p);
  EXPECT_FALSE(r.violates("R-FAB-4")) << text(r);
}

TEST(Verifier, RuleFab7) {
  Program p = chain(8, 3, 16);
  p.streams[2].words = 17;
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.streams[2].dx1 = 6;
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.streams[2].dx0 = 2;
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.streams[0].from.w = 3;
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.streams.push_back({"ghost", 5, {0, 0, 1, 1}, 1, 1, 0, 0, 4});
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.routes[5].tx = East; // the middle gets nothing
  EXPECT_RULE(p, "R-FAB-7");
}

TEST(Verifier, RuleFab8) {
  Program p = chain(8, 3, 16);
  p.classes[0].code =
      assemble({"dsd d0, r0+9000, f32, [16:1]", "dsd d1, r0+9400, f32, [16:1]",
                "vfadd d1, d0, in2", "vmov out2, d1, async=1",
                "vmov out2, r0, len=1", "wait 1", "halt"});
  EXPECT_RULE(p, "R-FAB-8");
}

TEST(Verifier, RuleFab9) {
  Program p = chain(8, 3, 16);
  p.classes[3].code =
      assemble({"dsd d0, r0+9000, f32, [16:1]", "dsd d1, r0+9400, f32, [15:1]",
                "vmov out2, d0", "vmov d1, in3", "halt"});
  EXPECT_RULE(p, "R-FAB-9");
  p = chain(8, 3, 16);
  p.classes.pop_back();
  EXPECT_RULE(p, "R-FAB-9");
}

TEST(Verifier, RuleQue) {
  Program p = chain(8, 3, 16);
  p.classes[0].queues[0].queue = 1; // the host's
  EXPECT_RULE(p, "R-QUE-1");
  p = chain(8, 3, 16);
  p.classes[1].queues.push_back(in(4, Cast));
  EXPECT_RULE(p, "R-QUE-2");
  p = chain(8, 3, 16);
  p.classes[1].queues.pop_back();
  EXPECT_RULE(p, "R-QUE-1"); // in3 is bound to nothing
  p = chain(8, 3, 16);
  p.classes[0].queues.push_back(in(4, Cast)); // the root hears nothing
  EXPECT_RULE(p, "R-QUE-3");
  p = chain(8, 3, 16);
  p.classes[1].code = assemble({"vfadd out2, in2, in3, len=16", "halt"});
  Target t = wse2();
  t.fabricInputsPerOp.value = 1;
  EXPECT_TRUE(verify::verify(p, t).violates("R-QUE-4"));
}

TEST(Verifier, RuleTask) {
  Program p = chain(8, 3, 16);
  p.classes[0].tasks.push_back({31, 0, false});
  EXPECT_RULE(p, "R-TASK-1");
  p = chain(8, 3, 16);
  p.classes[0].tasks.push_back({0, 0, false});
  EXPECT_RULE(p, "R-TASK-1");
  EXPECT_RULE(single({"activate 4", "halt"}), "R-TASK-1");
  EXPECT_RULE(single({"nop", "endtask"}), "R-TASK-2");
  EXPECT_RULE(single({"activate 0", "endtask"}), "R-TASK-2"); // for ever
  p = single({"activate 3", "endtask", "halt"});
  p.classes[0].tasks.push_back({3, 2, false});
  EXPECT_CLEAN(p);
  p.classes[0].tasks[0].start = false;
  EXPECT_RULE(p, "R-TASK-2");
}

TEST(Verifier, TheOrderOfTasksIsStatic) {
  // 5, then 3: 3 goes first only if it is runnable in time.
  auto tasks = [](std::vector<std::string> first) {
    first.push_back("endtask");
    size_t at = assemble(first).size();
    first.insert(first.end(), {"endtask", "halt"});
    Program p = single(first);
    p.classes[0].tasks = {
        {1, 0, true}, {3, uint32_t(at), false}, {5, uint32_t(at + 1), false}};
    return p;
  };
  EXPECT_CLEAN(tasks({"activate 3", "activate 5"}));
  EXPECT_CLEAN(tasks({"activate 5"}));
  EXPECT_RULE(tasks({"activate 5", "activate 3"}), "R-TASK-1");
}

TEST(Verifier, UnknownDistancesOfOpsInFlightAreRefused) {
  // Where d1 lies depends on the data.
  std::vector<std::string> code = {"ld r1, r0+10000",
                                   "andi r1, r1, 60",
                                   "dsd d0, r0+10000, f32, [8:1]",
                                   "dsd d1, r1+10000, f32, [8:1]",
                                   "vmov d0, r0, async=1",
                                   "vmov d1, r0",
                                   "wait 1",
                                   "halt"};
  EXPECT_RULE(single(code), "R-MEM-5");
  std::swap(code[5], code[6]);
  EXPECT_CLEAN(single(code));
}

TEST(Verifier, RuleOp) {
  Target t = wse2();
  t.maxDsdExtent.value = 15;
  EXPECT_TRUE(verify::verify(chain(8, 3, 16), t).violates("R-OP-1"));
  t = wse2();
  t.maxDsdStride.value = 0;
  EXPECT_TRUE(verify::verify(chain(8, 3, 16), t).violates("R-OP-1"));
  EXPECT_RULE(single({"vmov d0, r0", "halt"}), "R-OP-1");
  EXPECT_RULE(single({"dsd d0, r0+10000, f32, [8:1]",
                      "dsd d1, r0+10000, f32, [9:1]", "vmov d0, d1", "halt"}),
              "R-OP-2");
  EXPECT_RULE(single({"dsd d0, r0+10000, i16, [8:1]",
                      "dsd d1, r0+10032, f32, [8:1]", "vmov d0, d1", "halt"}),
              "R-OP-2");
  Program p = chain(8, 3, 16);
  p.classes[0].code = assemble({"vmov out2, in2", "halt"});
  EXPECT_RULE(p, "R-OP-3");
  EXPECT_RULE(single({"dsd d0, r0+10000, f32, [8:1]",
                      "dsd d1, r0+10032, f32, [8:1]", "vmov d0, r0, async=1",
                      "vmov d1, r0, async=1", "wait 1", "halt"}),
              "R-OP-4");
  EXPECT_RULE(single({"wait 9", "halt"}), "R-OP-4");
  EXPECT_RULE(single({"dsd d0, r0+10000, bf16, [8:1]", "vmov d0, r0", "halt"}),
              "R-OP-6");
  EXPECT_RULE(single({"stb r0, r0+10000", "halt"}), "R-OP-6");
  EXPECT_RULE(single({"loop r1, 3", "halt"}), "R-OP-5");
  EXPECT_RULE(single({"endloop r1", "halt"}), "R-OP-5");
  EXPECT_RULE(single({"call 0", "halt"}), "R-OP-5");
  EXPECT_RULE(single({"nop"}), "R-OP-5");
  std::vector<std::string> deep(17, "loop r1, 2");
  deep.insert(deep.end(), 17, "endloop r1");
  deep.push_back("halt");
  EXPECT_RULE(single(deep), "R-OP-5");
}

//===----------------------------------------------------------------------===//
// Progress and the cost report
//===----------------------------------------------------------------------===//

TEST(Verifier, Deadlock) {
  std::vector<std::string> west = {"vmov out2, r0, len=64",
                                   "vmov out3, r0, len=64", "vmov d0, in2"};
  EXPECT_CLEAN(
      pair(west, {"vmov d0, in2", "vmov d0, in3", "vmov out2, r0, len=64"}));
  // The second stream is taken first: 64 words do not fit in the buffers.
  Program p =
      pair(west, {"vmov d0, in3", "vmov d0, in2", "vmov out2, r0, len=64"});
  EXPECT_RULE(p, "R-TASK-2");
  // Both wait for the other's first word.
  p = pair({"vmov d0, in2", "vmov out2, r0, len=64", "vmov out3, r0, len=64"},
           {"vmov d0, in2", "vmov d0, in3", "vmov out2, r0, len=64"});
  EXPECT_RULE(p, "R-TASK-2");
  // On microthreads the order does not matter.
  EXPECT_CLEAN(pair({"vmov out2, r0, len=64, async=1",
                     "vmov out3, r0, len=64, async=2", "vmov d0, in2"},
                    {"vmov d0, in3", "vmov d0, in2", "vmov out2, r0, len=64"}));
}

TEST(Verifier, DeadlockInLoops) {
  // Word by word in step, 64 rounds; then one side runs a round ahead.
  auto loop = [](std::vector<std::string> body) {
    body.insert(body.begin(), "loop r1, 64");
    body.push_back("endloop r1");
    return body;
  };
  std::vector<std::string> answer = {"vmov out2, in2, len=1", "vmov d1, in3"};
  answer.insert(answer.begin(), "dsd d1, r0+9400, f32, [1:1]");
  Program p = pair(loop({"dsd d1, r0+9400, f32, [1:1]", "vmov out2, r0, len=1",
                         "vmov out3, r0, len=1", "vmov d1, in2"}),
                   loop(answer));
  EXPECT_CLEAN(p);
  p = pair(loop({"dsd d1, r0+9400, f32, [1:1]", "vmov d1, in2",
                 "vmov out2, r0, len=1", "vmov out3, r0, len=1"}),
           loop(answer));
  EXPECT_RULE(p, "R-TASK-2");
}

TEST(Verifier, RuleCost) {
  auto varint = [](uint64_t v) {
    std::string s;
    for (; v > 127; v >>= 7)
      s += char(v | 128);
    return s + char(v);
  };
  auto report = [&](std::map<int, uint64_t> change, std::string colors) {
    std::string s = "\x0a\x05"
                    "chain"; // field 1, skipped
    // Elements and instructions: see test/lit/verify/verify.test.
    std::map<int, uint64_t> fields = {{7, 9464}, {8, 672},  {9, 16},
                                      {10, 0},   {17, 123}, {18, 768}};
    for (auto [field, v] : change)
      fields[field] += v;
    for (auto [field, v] : fields)
      s += (field < 16 ? std::string(1, char(field << 3))
                       : varint(uint64_t(field) << 3)) +
           varint(v);
    return s + colors;
  };
  // Three rows of: 4 links of Odd, 3 of Even, 1 sender over 7 links of Cast.
  auto color = [&](unsigned id, uint64_t words, uint64_t hops) {
    std::string m =
        "\x08" + varint(id) + "\x10" + varint(words) + "\x18" + varint(hops);
    return "\x7a" + varint(m.size()) + m;
  };
  std::string odd = color(Odd, 192, 192), even = color(Even, 144, 144),
              cast = color(Cast, 48, 336);
  Program p = chain(8, 3, 16);
  p.costReport = report({}, odd + even + cast);
  EXPECT_CLEAN(p);
  EXPECT_TRUE(check(p).notes.empty());
  for (int field : {7, 8, 9, 10, 17, 18}) {
    p.costReport = report({{field, 1}}, odd + even + cast);
    EXPECT_RULE(p, "R-COST");
  }
  for (const std::string &colors :
       {odd + even, odd + even + color(Cast, 48, 335),
        odd + even + color(Cast, 47, 336),
        odd + even + cast + color(9, 1, 1)}) {
    p.costReport = report({}, colors);
    EXPECT_RULE(p, "R-COST");
  }
  p.costReport = "\xff";
  EXPECT_RULE(p, "R-COST");
}

//===----------------------------------------------------------------------===//
// Hostile input
//===----------------------------------------------------------------------===//

void mutate(Program &p, std::mt19937 &rng) {
  std::vector<std::function<void(uint32_t)>> fields;
  auto u32 = [&](uint32_t &f) {
    fields.push_back([&f](uint32_t v) { f = v; });
  };
  auto u8 = [&](uint8_t &f) {
    fields.push_back([&f](uint32_t v) { f = uint8_t(v); });
  };
  auto i32 = [&](int32_t &f) {
    fields.push_back([&f](uint32_t v) { f = int32_t(v); });
  };
  auto pattern = [&](Pattern &q) {
    for (uint32_t *f : {&q.x0, &q.y0, &q.w, &q.h, &q.dx, &q.dy})
      u32(*f);
  };
  auto place = [&](Placement &q) {
    pattern(q.where);
    u32(q.addr);
    fields.push_back([&q](uint32_t v) { q.storage = ElemType(v & 15); });
    for (DimMap &d : q.dims) {
      u32(d.extent), u32(d.tile), u32(d.stride);
      fields.push_back([&d](uint32_t v) { d.axis = Axis(v % 3); });
    }
  };
  u32(p.gridW), u32(p.gridH);
  for (PEClass &c : p.classes) {
    for (Pattern &q : c.where)
      pattern(q);
    u32(c.codeAddr);
    for (uint32_t &w : c.code)
      u32(w);
    for (QueueBinding &q : c.queues)
      u8(q.queue), u8(q.color);
    for (Task &t : c.tasks)
      u32(t.id), u32(t.entry);
  }
  for (Route &r : p.routes)
    pattern(r.where), u8(r.color), u8(r.rx), u8(r.tx);
  for (Stream &s : p.streams) {
    pattern(s.from), u8(s.color);
    i32(s.dx0), i32(s.dx1), i32(s.dy0), i32(s.dy1);
  }
  for (DataInit &i : p.inits)
    u32(i.tensor), place(i.place);
  for (IOTensor &t : p.inputs)
    place(t.place);
  for (IOTensor &t : p.outputs)
    place(t.place);
  const uint32_t interesting[] = {
      0, 1, 2, 3, 7, 16, 31, 255, 0x7fffffff, 0x80000000, 0xffffffff};
  uint32_t v = rng() % 3 ? interesting[rng() % std::size(interesting)] : rng();
  fields[rng() % fields.size()](v);
}

TEST(Verifier, RandomMutationsNeverCrash) {
  std::mt19937 rng(2024);
  unsigned caught = 0;
  for (unsigned n = 0; n != 500; ++n) {
    Program p = n % 2
                    ? chain(8, 3, 16)
                    : single({"loop r1, 4", "shli r2, r1, 2", "ld r3, r2+20000",
                              "dsd d0, r3, f32, [2:4, 2:1]", "vfdot r4, d0, d0",
                              "endloop r1", "st r4, r0+9000", "halt"});
    mutate(p, rng);
    if (n % 5 == 0)
      mutate(p, rng);
    caught += !check(p).ok();
  }
  EXPECT_GT(caught, 300u); // the rest is harmless: another register, say
}

} // namespace
