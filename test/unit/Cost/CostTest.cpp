//===- CostTest.cpp - The cost model against numbers derived by hand ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Cost/Cost.h"
#include "Build.h"
#include <cstring>
#include <gtest/gtest.h>

using namespace weft;
using namespace weft::cost;
using namespace weft::test;
using bin::MemRange;

static CostReport analyzed(const bin::Program &p, const Target &t) {
  auto r = analyze(p, t);
  if (!r) {
    ADD_FAILURE() << llvm::toString(r.takeError());
    return {};
  }
  return *r;
}

static std::string refused(const bin::Program &p, const Target &t) {
  auto r = analyze(p, t);
  return r ? "" : llvm::toString(r.takeError());
}

TEST(Cost, LocalCodeIsSummedInClosedForm) {
  Target t = target(1, 1);
  bin::Program p = program(1, 1);
  addClass(p, "all", {{0, 0, 1, 1, 1, 1}}, {},
           {"dsd d0, r0+8192, f32, [100:1]", "vmov d0, r0", "loop r1, 1000",
            "vfmac d0, d0, r2", "endloop r1", "halt"});
  CostReport r = analyzed(p, t);
  // dsd, vmov of 100 at 0.5, loop, 1000 x (set-up 6 + 100) and branches, halt.
  uint64_t want = 1 + (6 + 50) + 1 + 1000 * 106 + 999 * 6 + 3 + 1;
  EXPECT_EQ(r.cycles.estimate, want);
  EXPECT_EQ(r.cycles.lower, want);
  EXPECT_EQ(r.macs, 100000u);
  EXPECT_EQ(r.kernels[0].macs, 100000u);
  EXPECT_EQ(r.waveletHops, 0u);
  // The halt is the last word fetched.
  EXPECT_EQ(r.sramPeakBytes, CodeAddr + p.classes[0].code.size() * 4);
}

TEST(Cost, ChainAndMulticastFollowTheClosedForms) {
  const uint64_t w = 8, b = 16;
  Target t = target(w, 2);
  bin::Program p = rowAllReduce(w, 2, b, 1);
  CostReport r = analyzed(p, t);
  uint64_t start = 1 + (6 + 8) + 1; // dsd, vmov, loop
  uint64_t chain = b + (2 * 2 + 1 + 1) * (w - 1);
  uint64_t multicast = b + 1 * (w - 1) + 2 * 2 + 1;
  EXPECT_EQ(r.cycles.estimate, start + 6 + chain + 6 + multicast + 3 + 1);
  EXPECT_EQ(r.waveletHops, 2 * 2 * (w - 1) * b); // two rows, there and back
  EXPECT_EQ(r.maxLinkWavelets, b);
  EXPECT_EQ(r.macs, 0u);
  ASSERT_EQ(r.colors.size(), 3u);
  EXPECT_EQ(r.colors[0].words, 2 * 4 * b); // columns 0 2 4 6
  EXPECT_EQ(r.colors[1].words, 2 * 3 * b);
  EXPECT_EQ(r.colors[2].words, 2 * b);
  EXPECT_EQ(r.colors[2].hops, 2 * 7 * b);
  EXPECT_EQ(r.kernels[0].words, 2 * 8 * b);
  ASSERT_EQ(r.hottestLinks.size(), 8u);
  EXPECT_EQ(r.hottestLinks[0].colors.size(), 1u);
}

TEST(Cost, CostOfAFullWaferDoesNotGrowWithItsArea) {
  Target t = target(750, 994);
  CostReport r = analyzed(rowAllReduce(750, 994, 100, 10), t);
  EXPECT_EQ(r.waveletHops, 2ull * 994 * 749 * 1000);
  EXPECT_EQ(r.maxLinkWavelets, 1000u);
  EXPECT_EQ(r.kernels[0].words, 994ull * 750 * 1000);
}

TEST(Cost, LongLoopsAreCutShortWithoutLoss) {
  AllReduce o;
  o.w = o.h = 64;
  o.macs = 10;
  Target t = target(o.w, o.h);
  auto rounds = [&](uint32_t n) {
    o.rounds = n;
    return analyzed(allReduce(o), t).cycles.estimate;
  };
  uint64_t each = rounds(11) - rounds(10); // followed to the end
  EXPECT_EQ(rounds(100000), rounds(10) + 99990 * each);
}

TEST(Cost, LinksAddUpOverColours) {
  // (0, 0) sends 5 words of colour 0 to (2, 0) and 7 of colour 1 to (1, 0).
  Target t = target(3, 1);
  bin::Program p = program(3, 1);
  using namespace bin;
  p.routes = {{{0, 0, 1, 1, 1, 1}, 0, Ramp, East},
              {{1, 0, 1, 1, 1, 1}, 0, West, East},
              {{2, 0, 1, 1, 1, 1}, 0, West, Ramp},
              {{0, 0, 1, 1, 1, 1}, 1, Ramp, East},
              {{1, 0, 1, 1, 1, 1}, 1, West, Ramp}};
  addClass(p, "a", {{0, 0, 1, 1, 1, 1}}, {{true, 2, 0}, {true, 3, 1}},
           {"vmov out2, r0, len=5", "vmov out3, r0, len=7", "halt"});
  addClass(p, "b", {{1, 0, 1, 1, 1, 1}}, {{false, 2, 1}},
           {"dsd d0, r0+8192, f32, [7:1]", "vmov d0, in2", "halt"});
  addClass(p, "c", {{2, 0, 1, 1, 1, 1}}, {{false, 2, 0}},
           {"dsd d0, r0+8192, f32, [5:1]", "vmov d0, in2", "halt"});
  CostReport r = analyzed(p, t);
  EXPECT_EQ(r.maxLinkWavelets, 12u);
  EXPECT_EQ(r.waveletHops, 5u * 2 + 7);
  ASSERT_EQ(r.hottestLinks.size(), 2u);
  EXPECT_EQ(r.hottestLinks[0].direction, 'E');
  EXPECT_EQ(r.hottestLinks[0].colors.size(), 2u);
  EXPECT_EQ(r.hottestLinks[1].wavelets, 5u);
}

TEST(Cost, BroadcastTreesBranch) {
  // (0, 0) to all of 5x4: a trunk along row 0 and a branch down each column.
  Target t = target(5, 4);
  bin::Program p = program(5, 4);
  using namespace bin;
  p.routes = {{{0, 0, 1, 1, 1, 1}, 3, Ramp, East | South},
              {{1, 0, 3, 1, 1, 1}, 3, West, East | South | Ramp},
              {{4, 0, 1, 1, 1, 1}, 3, West, South | Ramp},
              {{0, 1, 5, 2, 1, 1}, 3, North, South | Ramp},
              {{0, 3, 5, 1, 1, 1}, 3, North, Ramp}};
  addClass(p, "source", {{0, 0, 1, 1, 1, 1}}, {{true, 2, 3}},
           {"vmov out2, r0, len=9", "halt"});
  std::vector<std::string> sink = {"dsd d0, r0+8192, f32, [9:1]",
                                   "vmov d0, in2", "halt"};
  addClass(p, "sink", {{1, 0, 4, 4, 1, 1}, {0, 1, 1, 3, 1, 1}}, {{false, 2, 3}},
           sink);
  CostReport r = analyzed(p, t);
  EXPECT_EQ(r.waveletHops, 9u * 19); // a tree over 20 PEs
  EXPECT_EQ(r.maxLinkWavelets, 9u);
  // The far corner: set-up 6, 9 words, 7 hops, two ramps, halt.
  EXPECT_EQ(r.cycles.estimate, 6u + 9 + 7 + 2 * 2 + 1 + 1);
}

TEST(Cost, TurnsDelay) {
  // (0, 0) east along row 0, south down column 3, west along row 2 to (1, 2):
  // 3 + 2 + 2 hops and two turns.
  Target t = target(4, 3, "wse3-alcf");
  bin::Program p = program(4, 3);
  using namespace bin;
  p.routes = {{{0, 0, 1, 1, 1, 1}, 3, Ramp, East},
              {{1, 0, 2, 1, 1, 1}, 3, West, East},
              {{3, 0, 1, 1, 1, 1}, 3, West, South},
              {{3, 1, 1, 1, 1, 1}, 3, North, South},
              {{3, 2, 1, 1, 1, 1}, 3, North, West},
              {{2, 2, 1, 1, 1, 1}, 3, East, West},
              {{1, 2, 1, 1, 1, 1}, 3, East, Ramp}};
  addClass(p, "source", {{0, 0, 1, 1, 1, 1}}, {{true, 2, 3}},
           {"vmov out2, r0, len=9", "halt"});
  addClass(p, "sink", {{1, 2, 1, 1, 1, 1}}, {{false, 2, 3}},
           {"dsd d0, r0+8192, f32, [9:1]", "vmov d0, in2", "halt"});
  CostReport r = analyzed(p, t);
  // Set-up 4, 9 words at 9/8 cycles, rounded up, 7 hops of 2, two turns of 20,
  // two ramps, 1, halt.
  EXPECT_EQ(r.cycles.estimate, 4u + 11 + 7 * 2 + 2 * 20 + 2 * 2 + 1 + 1);
}

TEST(Cost, BankConflictsFollowAddresses) {
  Target t = target(1, 1);
  bin::Program p = program(1, 1);
  // A subroutine adds what d1 holds to d0, with d1 from its caller; d0 is at 0
  // modulo 8.
  std::vector<std::string> lines = {"dsd d0, r0+8192, f32, [10:1]",
                                    "li r3, 9000",
                                    "call 0",
                                    "addi r3, r3, 4",
                                    "call 0",
                                    "halt",
                                    "dsd d1, r3+0, f32, [10:1]",
                                    "vfmul d0, d0, d1",
                                    "ret"};
  std::vector<uint32_t> head = assemble({lines.begin(), lines.begin() + 6});
  lines[2] = lines[4] = "call " + std::to_string(head.size());
  addClass(p, "all", {{0, 0, 1, 1, 1, 1}}, {}, lines);
  CostReport r = analyzed(p, t);
  // dsd, li, addi, halt; twice call 6, dsd 1, set-up 6, ret 6; 20 elements
  // where the words are equal modulo 8 (9000), 10 where they are not.
  EXPECT_EQ(r.cycles.estimate, 4u + 2 * 19 + 2 * 10 + 10);
  EXPECT_EQ(r.cycles.lower, r.cycles.estimate);
}

/// Over the last row of `w` PEs from column x0 with a step: a multiplication of
/// ten elements at 0 modulo 8 by those at r3 + 9000, r3 4 times the column.
static CycleCost multiplied(uint32_t x0, uint32_t w, uint32_t step,
                            const std::string &shift) {
  Target t = target(8, 1);
  bin::Program p = program(8, 1);
  addClass(p, "all", {{x0, 0, w, 1, step, 1}}, {},
           {"coord r3, x", shift, "shli r3, r3, 2",
            "dsd d0, r0+8192, f32, [10:1]", "dsd d1, r3+9000, f32, [10:1]",
            "vfmul d0, d0, d1", "halt"});
  return analyzed(p, t).cycles;
}

TEST(Cost, BankConflictsByPlace) {
  // Six scalar cycles, set-up 6; ten elements at 1 or 2 cycles.
  auto equal = [](CycleCost c, uint64_t lower, uint64_t estimate) {
    EXPECT_EQ(c.lower, 12 + lower);
    EXPECT_EQ(c.estimate, 12 + estimate);
  };
  equal(multiplied(0, 8, 1, "nop"), 10, 15); // every place: the mean
  equal(multiplied(3, 1, 1, "nop"), 10, 10); // one PE, at 4 modulo 8
  equal(multiplied(1, 4, 2, "nop"), 10, 10); // odd columns are
  equal(multiplied(0, 4, 2, "nop"), 20, 20); // even ones are at 0
  equal(multiplied(0, 8, 1, "shli r3, r3, 1"), 20, 20);
  equal(multiplied(0, 8, 1, "muli r3, r3, 6"), 20, 20);
  equal(multiplied(0, 8, 1, "andi r3, r3, 6"), 20, 20);
  equal(multiplied(1, 4, 2, "andi r3, r3, 1"), 10, 10);
  equal(multiplied(5, 1, 1, "shri r3, r3, 1"), 20, 20); // column 5 gives 2
  equal(multiplied(5, 1, 1, "min r3, r3, r0"), 20, 20);
  equal(multiplied(5, 1, 1, "max r3, r3, r0"), 10, 10);
  equal(multiplied(0, 8, 1, "shri r3, r3, 1"), 10, 15);
  // Rows of whole lines begin at one place of a line, whichever row it is: all
  // of them 4 bytes above d0, or all like it.
  for (unsigned apart : {4u, 0u}) {
    Target t = target(8, 1);
    bin::Program p = program(8, 1);
    addClass(p, "all", {{0, 0, 8, 1, 1, 1}}, {},
             {"coord r3, x", "muli r3, r3, 40", "andi r4, r3, 24",
              "add r3, r3, r4", "dsd d0, r0+8192, f32, [10:1]",
              "dsd d1, r3+" + std::to_string(9000 + apart) + ", f32, [10:1]",
              "vfmul d0, d0, d1", "halt"});
    CycleCost c = analyzed(p, t).cycles;
    EXPECT_EQ(c.estimate, 7u + 6 + (apart ? 10 : 20));
    EXPECT_EQ(c.lower, c.estimate);
  }
}

TEST(Cost, MeansOfCycles) {
  // One element, at 4 modulo 8 in odd rounds: 2 + 1 + 2 cycles in three rounds,
  // not three times the mean rate rounded up. loop; each round dsd, dsd, shli,
  // set-up 6 and a branch, 6 or at last 3; halt.
  Target t = target(1, 1);
  bin::Program p = program(1, 1);
  addClass(p, "all", {{0, 0, 1, 1, 1, 1}}, {},
           {"loop r1, 3", "shli r3, r1, 2", "dsd d0, r0+8192, f32, [1:1]",
            "dsd d1, r3+9000, f32, [1:1]", "vfmul d0, d0, d1", "endloop r1",
            "halt"});
  CostReport r = analyzed(p, t);
  EXPECT_EQ(r.cycles.estimate, 2u + 3 * (3 + 6) + 5 + 2 * 6 + 3);
  EXPECT_EQ(r.cycles.lower, r.cycles.estimate);
}

TEST(Cost, SubroutinesSeeTheDescriptorsOfTheirCallers) {
  Target t = target(1, 1);
  bin::Program p = program(1, 1);
  std::vector<std::string> lines = {"dsd d0, r0+8192, f32, [10:1]",
                                    "call 0",
                                    "dsd d0, r0+8192, f32, [30:1]",
                                    "call 0",
                                    "halt",
                                    "vfmac d0, d0, r1",
                                    "ret"};
  std::vector<uint32_t> head = assemble({lines.begin(), lines.begin() + 5});
  lines[1] = lines[3] = "call " + std::to_string(head.size());
  addClass(p, "all", {{0, 0, 1, 1, 1, 1}}, {}, lines);
  CostReport r = analyzed(p, t);
  EXPECT_EQ(r.macs, 40u);
  EXPECT_EQ(r.cycles.estimate,
            1u + 6 + (6 + 10) + 6 + 1 + 6 + (6 + 30) + 6 + 1);
}

/// Adds kernels to `program`'s one until there are `n`.
static void addKernels(bin::Program &p, size_t n) {
  while (p.kernels.size() < n)
    p.kernels.push_back({"k" + std::to_string(p.kernels.size()),
                         "gemm",
                         p.stages[0].where,
                         {},
                         0});
}

// A loop of three calls of one subroutine, each for a kernel of its own.
TEST(Cost, CallsAreOfTheKernelsListed) {
  Target t = target(2, 1);
  bin::Program p = program(2, 1);
  addKernels(p, 4);
  for (uint32_t x : {0, 1}) {
    addClass(p, "c" + std::to_string(x), {{x, 0, 1, 1, 1, 1}}, {},
             {"dsd d0, r0+8192, f32, [8:1]", "vfmul d0, r0, r0", // words 0 .. 3
              "loop r2, 3", "nop", "call 11", "endloop r2", "halt", // .. 10
              "loop r3, 2", "vfmac d0, d0, r1", "endloop r3", "ret"});
    p.classes[x].ranges = {{11, uint32_t(p.classes[x].code.size()), 0}};
  }
  p.classes[0].callKernels = {2, 0, 1};
  p.classes[1].callKernels = {2, -1}; // and none for the third
  CostReport r = analyzed(p, t);
  EXPECT_EQ(r.macs, 2u * 3 * 16);
  // The call 6, loop 1, 2 x 14, branches 6 and 3, ret 6.
  uint64_t call = 6 + 1 + 28 + 9 + 6;
  EXPECT_EQ(r.cycles.estimate, 1u + 14 + 1 + 3 * (1 + call) + 6 + 6 + 3 + 1);
  EXPECT_EQ(r.cycles.lower, r.cycles.estimate);
  EXPECT_EQ(r.kernels[2].macs, 32u);
  EXPECT_EQ(r.kernels[0].macs, 16u);
  EXPECT_EQ(r.kernels[1].macs, 16u);
  EXPECT_EQ(r.kernels[3].macs, 0u);
  for (int k : {0, 1, 2})
    EXPECT_EQ(r.kernels[k].cycles.estimate, call);
  EXPECT_EQ(r.kernels[3].cycles.estimate, 0u);
}

// Most rounds are not followed; their calls are attributed all the same.
TEST(Cost, SkippedCallsKeepTheirKernels) {
  constexpr uint32_t Rounds = 40000, W = 14, Words = 5;
  bin::Program p = rowAllReduce(W, 6, Words, Rounds, true);
  addKernels(p, 3);
  uint64_t each = 0, last = 0;
  for (uint32_t n : {10, 11}) { // followed to the end
    each = last;
    last = analyzed(rowAllReduce(W, 6, Words, n, true), target(W, 6))
               .cycles.estimate;
  }
  each = last - each;
  for (bin::PEClass &c : p.classes) {
    c.ranges.clear();
    c.callKernels.assign(Rounds, 1);
    std::fill(c.callKernels.begin(), c.callKernels.begin() + Rounds / 4, 2);
  }
  CostReport r = analyzed(p, target(W, 6));
  EXPECT_EQ(r.cycles.estimate, last + (Rounds - 11) * each);
  uint64_t words = r.kernels[1].words + r.kernels[2].words;
  EXPECT_EQ(words, 6ull * W * Words * Rounds);
  EXPECT_EQ(r.kernels[2].words, words / 4);
  // Neighbours are a relay apart, so windows are a little longer.
  EXPECT_NEAR(double(r.kernels[2].cycles.estimate), double(each) * Rounds / 4,
              200);
  EXPECT_NEAR(double(r.kernels[1].cycles.estimate),
              double(each) * Rounds * 3 / 4, 200);
}

TEST(Cost, TasksRunInActivationOrder) {
  Target t = target(1, 1);
  bin::Program p = program(1, 1);
  addClass(p, "all", {{0, 0, 1, 1, 1, 1}}, {},
           {"activate 3", "endtask", "dsd d0, r0+8192, f32, [10:1]",
            "vfmac d0, d0, r1", "halt"});
  p.classes[0].tasks.push_back({3, 2, false});
  CostReport r = analyzed(p, t);
  EXPECT_EQ(r.macs, 10u);
  // Activated at 1, runnable at 4; endtask is over at 2.
  EXPECT_EQ(r.cycles.estimate, 4u + 1 + 16 + 1);
}

TEST(Cost, AddressesAreBoundedThroughLoopsAndTables) {
  Target t = target(1, 1);
  bin::Program p = program(1, 1);
  static const int32_t table[3] = {16384, 45000, 20480};
  p.tensors.push_back({"table",
                       bin::ElemType::I32,
                       {3},
                       0,
                       12,
                       reinterpret_cast<const uint8_t *>(table)});
  bin::DataInit init;
  init.place.where = {0, 0, 1, 1, 1, 1};
  init.place.addr = 8192;
  init.place.storage = bin::ElemType::I32;
  init.place.dims = {{bin::Axis::None, 3, 3, 1}};
  p.inits.push_back(init);
  // Row r1 of layer r2: table[r2] + 40 * r1, 10 elements each.
  addClass(p, "all", {{0, 0, 1, 1, 1, 1}}, {},
           {"loop r2, 3", "shli r3, r2, 2", "ld r4, r3+8192", "loop r1, 5",
            "dsd d0, r4+0, f32, [10:1]", "vmov d0, r0", "addi r4, r4, 40",
            "endloop r1", "endloop r2", "halt"});
  CostReport r = analyzed(p, t);
  EXPECT_EQ(r.sramPeakBytes, 45000u + 4 * 40 + 40);
}

TEST(Cost, MemoryCountsTheUnionPerPE) {
  Target t = target(4, 4);
  bin::Program p = program(4, 4);
  addClass(p, "all", {{0, 0, 4, 4, 1, 1}}, {}, {"halt"});
  auto add = [&](MemRange::Class cls, Pattern w, uint32_t addr, uint32_t n) {
    p.memory.push_back({"m", cls, w, addr, n});
  };
  add(MemRange::Weights, {0, 0, 2, 4, 1, 1}, 5000, 100);
  add(MemRange::Weights, {1, 0, 2, 4, 1, 1}, 5100, 50);
  add(MemRange::Activations, {0, 0, 4, 4, 1, 1}, 6000, 100);
  add(MemRange::Activations, {0, 0, 4, 4, 1, 1}, 6050, 100); // shares 50 bytes
  CostReport r = analyzed(p, t);
  EXPECT_EQ(r.memory.weights, 150u); // on column 1
  EXPECT_EQ(r.memory.activations, 150u);
  EXPECT_EQ(r.memory.code, 4u);
  EXPECT_EQ(r.memory.reserved, t.reservedBytes.value);
}

TEST(Cost, ReportSurvivesItsSerialisation) {
  bin::Program p = rowAllReduce(6, 3, 4, 2);
  Target t = target(6, 3);
  auto r = embed(p, t);
  ASSERT_TRUE(bool(r));
  EXPECT_EQ(p.cyclesEstimate, r->cycles.estimate);
  auto back = deserialize(p.costReport);
  ASSERT_TRUE(bool(back));
  EXPECT_EQ(toJson(*back), toJson(*r));
  EXPECT_EQ(serialize(*back), p.costReport);
  std::string text;
  llvm::raw_string_ostream os(text);
  printTable(*r, os);
  EXPECT_NE(text.find("hottest links"), std::string::npos);
  EXPECT_FALSE(bool(deserialize("\xff\xff garbage")) &&
               (llvm::consumeError(deserialize("\xff").takeError()), true));
}

TEST(Cost, TheTableIsAligned) {
  CostReport r;
  r.program = "p";
  r.target = "t";
  auto add = [&](std::string name, std::string algorithm, uint64_t cycles) {
    KernelCost k;
    k.name = std::move(name);
    k.algorithm = std::move(algorithm);
    k.cycles.estimate = cycles;
    k.macs = 7;
    r.kernels.push_back(k);
  };
  add("s0/add:/h.0/Add_1", "elementwise", 100);
  add("s0/linear:/" + std::string(80, 'x') + "/h.0/attn/MatMul_2", "gemm", 500);
  add("s0/linear:/h.1/MatMul_3", "gemm", 1400);
  std::string text;
  llvm::raw_string_ostream os(text);
  printTable(r, os);
  std::vector<size_t> ends; // of the numbers of cycles
  for (const char *line : {" 100 ", " 500 ", " 1400 "})
    ends.push_back(text.find(line) + strlen(line) -
                   text.rfind('\n', text.find(line)));
  EXPECT_EQ(ends[0], ends[1]);
  EXPECT_EQ(ends[0], ends[2]);
  EXPECT_NE(text.find("  s0/linear:/xxxxxxxxx..."), std::string::npos);
  EXPECT_NE(text.find("x/h.0/attn/MatMul_2  gemm "), std::string::npos);
  EXPECT_NE(text.find("algorithms, sums over their kernels\n"
                      "  algorithm    kernels  cycles   share  macs  words\n"
                      "  gemm               2    1900  95.0 %    14      0\n"
                      "  elementwise        1     100   5.0 %     7      0\n"),
            std::string::npos)
      << text;
}

TEST(Cost, HostileProgramsAreRefused) {
  Target t = target(2, 2);
  auto with = [&](std::vector<std::string> lines) {
    bin::Program p = program(2, 2);
    addClass(p, "all", {{0, 0, 2, 2, 1, 1}}, {}, lines);
    return refused(p, t);
  };
  EXPECT_NE(with({"call 0", "halt"}).find("recurses"), std::string::npos);
  EXPECT_NE(with({"nop"}).find("leaves the code"), std::string::npos);
  EXPECT_NE(with({"ret"}).find("outside a subroutine"), std::string::npos);
  EXPECT_NE(with({"endloop r1", "halt"}).find("without loop"),
            std::string::npos);
  EXPECT_NE(with({"vmov d0, r0", "halt"}).find("before a dsd"),
            std::string::npos);
  EXPECT_NE(with({"activate 0", "endtask"}).find("never halt"),
            std::string::npos);
  EXPECT_NE(with({"activate 9", "endtask"}).find("not declared"),
            std::string::npos);
}

// What is not known of switches is not guessed.
TEST(Cost, OtherSwitchesAreRefused) {
  using namespace bin;
  Target t = target(4, 1);
  bin::Program p = program(4, 1);
  p.routes = {{{0, 0, 1, 1}, 0, East, Ramp}, {{1, 0, 3, 1}, 0, Ramp, West}};
  p.switches = {{{1, 0, 2, 1}, 0, 1, East, West}};
  EXPECT_FALSE(bool(cost::analyze(p, t).takeError()));
  const bin::Switch others[] = {{{1, 0, 2, 1}, 0, 1, Ramp, East},
                                {{1, 0, 2, 1}, 0, 2, East, West},
                                {{0, 0, 2, 1}, 0, 1, East, West},
                                {{1, 0, 2, 1}, 1, 1, East, West}};
  for (const bin::Switch &s : others) {
    p.switches = {s};
    EXPECT_NE(refused(p, t).find("the cost model knows a second position"),
              std::string::npos);
  }
}

TEST(Cost, RoutesThatNeverEndAreRefused) {
  // Two settings for one colour on a router (against R-FAB-2) close a ring.
  Target t = target(2, 1);
  bin::Program p = program(2, 1);
  using namespace bin;
  p.routes = {{{0, 0, 1, 1, 1, 1}, 0, Ramp, East},
              {{1, 0, 1, 1, 1, 1}, 0, West, West},
              {{0, 0, 1, 1, 1, 1}, 0, East, East}};
  addClass(p, "all", {{0, 0, 2, 1, 1, 1}}, {{true, 2, 0}},
           {"vmov out2, r0, len=5", "halt"});
  EXPECT_NE(refused(p, t).find("does not end"), std::string::npos);
}
