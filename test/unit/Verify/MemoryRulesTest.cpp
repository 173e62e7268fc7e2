//===- MemoryRulesTest.cpp - What code may touch, rule by rule ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A change to a clean program for each rule of memory.
//
//===----------------------------------------------------------------------===//
#include "Expect.h"

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

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

// What a round reads was written by the rounds before, not by those to come.
TEST(Verifier, ARoundReadsAheadOfItsStores) {
  auto loop = [](const std::string &read, const std::string &first) {
    return single({"li r4, 9000", "loop r1, 2000", read, "st r0, r4",
                   "addi r4, r4, 4", "endloop r1", "ld r2, r0+16996", first,
                   "halt"});
  };
  EXPECT_CLEAN(loop("nop", "nop"));
  EXPECT_RULE(loop("ld r2, r4", "nop"), "R-MEM-3");
  EXPECT_RULE(loop("ld r2, r4+400", "nop"), "R-MEM-3");
  EXPECT_RULE(loop("ld r2, r0+9400", "nop"), "R-MEM-3");
  EXPECT_RULE(loop("nop", "ld r2, r0+17000"), "R-MEM-3");
  // Initial data lies at 10000 to 10128: only the 17th round leaves it.
  EXPECT_RULE(single({"li r4, 10064", "loop r1, 17", "ld r2, r4", "st r0, r4",
                      "addi r4, r4, 4", "endloop r1", "halt"}),
              "R-MEM-3");
  EXPECT_CLEAN(single({"li r4, 10064", "loop r1, 16", "ld r2, r4", "st r0, r4",
                       "addi r4, r4, 4", "endloop r1", "halt"}));
}

// A pointer that stands still from round 1 on, but not in round 0.
TEST(Verifier, ARoundReadsAPlaceThatRoundZeroDoesNotWrite) {
  std::vector<std::string> code = {
      "li r4, 9000", "loop r1, 5000", "ld r2, r0+9004",
      "st r0, r4",   "li r4, 9004",   "endloop r1",
      "halt"};
  EXPECT_RULE(single(code), "R-MEM-3");
  std::swap(code[2], code[3]);
  EXPECT_RULE(single(code), "R-MEM-3"); // round 0
  code[0] = "li r4, 9004";
  EXPECT_CLEAN(single(code));
}

// The inner loop fills a row, the outer round reads it whole.
TEST(Verifier, InnerLoopsWriteWhatOuterRoundsRead) {
  auto nest = [](const std::string &row) {
    return single({"li r4, 8192", "loop r1, 100", "mov r5, r4", "loop r2, 64",
                   "st r0, r5", "addi r5, r5, 4", "endloop r2", row,
                   "vfdot r6, d0, d0", "addi r4, r4, 64", "endloop r1",
                   "halt"});
  };
  EXPECT_CLEAN(nest("dsd d0, r4, f32, [64:1]"));
  EXPECT_CLEAN(nest("dsd d0, r4+192, f32, [16:1]"));
  EXPECT_CLEAN(nest("dsd d0, r0+8192, f32, [64:1]"));
  EXPECT_RULE(nest("dsd d0, r4, f32, [65:1]"), "R-MEM-3");
  EXPECT_RULE(nest("dsd d0, r4-4, f32, [1:1]"), "R-MEM-3");
  EXPECT_RULE(nest("dsd d0, r0+8448, f32, [16:1]"), "R-MEM-3");
}

TEST(Verifier, ARoundReadsWhatTheOneBeforeWrote) {
  std::vector<std::string> code = {
      "st r0, r0+9000", "li r4, 9000",    "loop r1, 8000", "ld r2, r4", "nop",
      "st r2, r4+4",    "addi r4, r4, 4", "endloop r1",    "halt"};
  EXPECT_CLEAN(single(code));
  code.erase(code.begin());
  EXPECT_RULE(single(code), "R-MEM-3");
}

// 5,000 rounds: the op of one round is in flight in the next, and a store meets
// it in round 75. One that stands still does
// not.
TEST(Verifier, AnOpInFlightFromRoundToRound) {
  auto code = [](const std::string &store, const std::string &move) {
    return single({"dsd d0, r0+8192, f32, [64:1]",
                   "dsd d2, r0+10000, f32, [64:0]", "vmov d0, d2, async=0",
                   "loop r2, 5000", store, "wait 0", "vmov d0, d2, async=0",
                   move, "endloop r2", "wait 0", "halt"});
  };
  EXPECT_RULE(code("st r0, r0+8492", "dsdadd d0, r0+4"), "R-MEM-5");
  EXPECT_CLEAN(code("st r0, r0+8492", "dsdadd d0, r0+0"));
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
  // Interleaved halves do not meet; the same in a long loop.
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

} // namespace
