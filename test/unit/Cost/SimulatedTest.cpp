//===- SimulatedTest.cpp - The cost model against the simulator -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Counts must agree to the unit, cycles within the bounds that
// docs/cost-model.md states. The library under test does not link the
// simulator; only this test does.
//
//===----------------------------------------------------------------------===//
#include "Simulate.h"
#include <cmath>

using namespace weft;
using namespace weft::test;

/// Compares everything; `tolerance` is for cycles.
static void compare(const bin::Program &p, const Target &t, double tolerance) {
  auto both = costAndRun(p, t);
  ASSERT_TRUE(both);
  const cost::CostReport *r = &both->report;
  const sim::Stats &s = both->stats;
  EXPECT_EQ(r->sramPeakBytes, s.sramPeakBytes);
  EXPECT_EQ(r->waveletHops, s.waveletHops);
  EXPECT_EQ(r->maxLinkWavelets, s.maxLinkWavelets);
  EXPECT_EQ(r->macs, s.macs);
  EXPECT_LE(r->cycles.lower, s.cycles);
  double off = std::fabs(double(r->cycles.estimate) - double(s.cycles));
  EXPECT_LE(off, tolerance * double(s.cycles))
      << "estimate " << r->cycles.estimate << ", simulated " << s.cycles;
  for (size_t k = 0; k < p.kernels.size(); ++k) {
    EXPECT_EQ(r->kernels[k].macs, s.kernels[k].macs) << "kernel " << k;
    double cycles = double(s.kernels[k].cycles);
    EXPECT_NEAR(double(r->kernels[k].cycles.estimate), cycles,
                tolerance * double(s.cycles))
        << "kernel " << k;
    EXPECT_LE(r->kernels[k].cycles.lower, s.kernels[k].cycles)
        << "kernel " << k;
  }
  if (getenv("WEFT_COST_SHOW"))
    printf("lower %8llu estimate %8llu simulated %8llu  %+.2f %%\n",
           (unsigned long long)r->cycles.lower,
           (unsigned long long)r->cycles.estimate, (unsigned long long)s.cycles,
           100.0 * (double(r->cycles.estimate) / double(s.cycles) - 1));
}

TEST(CostSimulated, RowAllReduceIsExact) {
  for (uint32_t w : {4, 8, 14})
    for (uint32_t words : {1, 5, 100})
      for (uint32_t rounds : {1, 7})
        compare(rowAllReduce(w, 3, words, rounds), target(w, 3), 0);
}

TEST(CostSimulated, AllReduceOverBothAxes) {
  for (uint32_t w : {4, 9})
    for (uint32_t h : {2, 7})
      for (uint32_t root : {0, 1})
        for (uint32_t words : {1, 40}) {
          AllReduce o;
          o.w = w;
          o.h = h;
          o.rootX = root ? w / 2 : w - 1;
          o.rootY = root ? h / 2 : 0;
          o.wordsX = words;
          o.wordsY = 41 - words;
          o.rounds = 5;
          o.macs = 30;
          compare(allReduce(o), target(w, h), 0.03);
        }
}

TEST(CostSimulated, UnevenWork) {
  for (uint32_t skew : {10, 200, 1000}) {
    AllReduce o;
    o.w = 11;
    o.h = 8;
    o.rootX = 5;
    o.rootY = 4;
    o.wordsX = 64;
    o.wordsY = 32;
    o.rounds = 10;
    o.macs = 50;
    o.skew = skew;
    compare(allReduce(o), target(o.w, o.h), 0.05);
  }
}

TEST(CostSimulated, Microthreads) {
  // One PE sends while it computes, the other receives while it computes.
  for (uint32_t macs : {10, 100, 400})
    for (uint32_t words : {8, 90}) {
      bin::Program p = program(2, 1);
      p.routes = {{{0, 0, 1, 1, 1, 1}, 0, bin::Ramp, bin::East},
                  {{1, 0, 1, 1, 1, 1}, 0, bin::West, bin::Ramp}};
      std::string n = std::to_string(words), m = std::to_string(macs);
      auto lines = [&](const char *op) {
        return std::vector<std::string>{"dsd d0, r0+8192, f32, [" + n + ":1]",
                                        "dsd d1, r0+12288, f32, [" + m + ":1]",
                                        "vmov d0, r0",
                                        "vmov d1, r0",
                                        "loop r1, 5",
                                        op,
                                        "vfmac d1, d1, r0",
                                        "wait 1",
                                        "endloop r1",
                                        "halt"};
      };
      addClass(p, "a", {{0, 0, 1, 1, 1, 1}}, {{true, 2, 0}},
               lines("vmov out2, d0, async=1"));
      addClass(p, "b", {{1, 0, 1, 1, 1, 1}}, {{false, 2, 0}},
               lines("vmov d0, in2, async=1"));
      compare(p, target(2, 1), 0.02);
    }
}

/// A GEMM-like pattern on long thin and on square grids, roots at the corner
/// as the compiler places them.
TEST(CostSimulated, RootsAtTheCornerAreExact) {
  for (auto [w, h] : {std::pair(16u, 2u), {2u, 16u}, {12u, 12u}, {5u, 13u}})
    for (uint32_t skew : {0, 77}) {
      AllReduce o;
      o.w = w;
      o.h = h;
      o.wordsX = 48;
      o.wordsY = 7;
      o.rounds = 4;
      o.macs = 60;
      o.skew = skew;
      compare(allReduce(o), target(w, h), 0);
    }
}

/// All-reduces that share a subroutine, each for the next kernel.
TEST(CostSimulated, KernelsOfCalls) {
  for (uint32_t words : {1, 40}) {
    bin::Program p = rowAllReduce(10, 3, words, 7, true);
    while (p.kernels.size() < 4)
      p.kernels.push_back(p.kernels[0]);
    for (bin::PEClass &c : p.classes) {
      c.ranges = {{10, uint32_t(c.code.size()), 0}};
      c.callKernels = {1, 2, 2, -1, 3, 1};
    }
    compare(p, target(10, 3), 0);
  }
}

TEST(CostSimulated, OtherConstants) {
  // Two cycles per hop, a longer set-up, other rates; wavelets that are paced,
  // and turns.
  for (uint32_t rounds : {1, 4}) {
    compare(rowAllReduce(10, 2, 50, rounds), target(10, 2, "wse3"), 0);
    compare(rowAllReduce(10, 2, 50, rounds), target(10, 2, "wse3-alcf"), 0);
    AllReduce o;
    o.w = 7;
    o.h = 10;
    o.wordsX = 30;
    o.wordsY = 60;
    o.rounds = rounds;
    o.macs = 25;
    compare(allReduce(o), target(o.w, o.h, "wse3"), 0);
    compare(allReduce(o), target(o.w, o.h, "wse3-alcf"), 0);
  }
}

/// Bank conflicts that come and go with loops and calls: rows of odd length, a
/// subroutine with other addresses, columns in one bank, an address that no one
/// knows (the mean of both).
TEST(CostSimulated, BankConflicts) {
  auto one = [](const std::vector<std::string> &lines) {
    bin::Program p = program(1, 1);
    addClass(p, "all", {{0, 0, 1, 1, 1, 1}}, {}, lines);
    return p;
  };
  const std::vector<std::string> fill = {"dsd d0, r0+8192, f32, [4096:1]",
                                         "vmov d0, r0", // written
                                         "dsd d0, r0+8192, f32, [10:1]"};
  auto with = [&](std::vector<std::string> lines) {
    lines.insert(lines.begin(), fill.begin(), fill.end());
    return lines;
  };
  for (const char *rounds : {"1", "2", "7", "1000"}) {
    std::string n = std::string(", ") + rounds;
    // Every other round the rows are in each other's way.
    compare(
        one(with({"li r3, 8232", "loop r1" + n, "dsd d1, r3+0, f32, [10:1]",
                  "vfmul d0, d0, d1", "addi r3, r3, 4", "endloop r1", "halt"})),
        target(1, 1), rounds == std::string("1000") ? 1e-4 : 0.02);
    // Both move: always or never.
    for (const char *at : {"8232", "8236"})
      compare(one(with({std::string("li r3, ") + at, "dsd d1, r3+0, f32, [9:1]",
                        "dsd d0, r0+8192, f32, [9:1]", "loop r1" + n,
                        "vfmul d0, d0, d1", "dsdadd d0, r0+4",
                        "dsdadd d1, r0+4", "endloop r1", "halt"})),
              target(1, 1), 0);
    // Columns of a matrix: 2 cycles, 3 in the same of 8 banks.
    compare(one(with({"dsd d1, r0+8192, f32, [8:16]", "loop r1" + n,
                      "andi r2, r1, 0", "loop r4, 8", "shli r2, r4, 2",
                      "dsd d0, r2+12288, f32, [8:16]", "vfmac d0, d1, r5",
                      "endloop r4", "endloop r1", "halt"})),
            target(1, 1), 0);
  }
  // Nobody knows r2: the mean of 1 and 2 cycles where it is 1.
  compare(
      one(with({"ld r2, r0+8192", "andi r2, r2, 4",
                "dsd d1, r2+8236, f32, [10:1]", "vfmul d0, d0, d1", "halt"})),
      target(1, 1), 0.02);
}

/// Addresses from a table of initial data, which is looked up for each round of
/// a loop, whether its entries grow evenly or not. Against d0 at 0 mod 8 a
/// product of 10 elements takes 20 cycles if its other row lies at 0 mod 8,
/// else 10.
TEST(CostSimulated, AddressesFromTables) {
  static int32_t table[4];
  auto rows = [](std::array<int32_t, 4> entries, bool calls,
                 bool indices = false) {
    std::copy(entries.begin(), entries.end(), table);
    bin::Program p = program(1, 1);
    std::vector<std::string> lines = {
        "dsd d0, r0+8192, f32, [64:1]", "vmov d0, r0", "li r3, 6000",
        "dsd d0, r0+8192, f32, [10:1]", "loop r1, 4"};
    std::vector<std::string> body = {"ld r2, r3+0", "dsd d1, r2+0, f32, [10:1]",
                                     "vfmul d0, d0, d1"};
    if (indices) // from the end if below 0, and cut to 0 .. 3, as of Gather
      body = {
          "ld r2, r3+0",     "slt r5, r2, r0", "addi r6, r2, 4",
          "sel r5, r6, r2",  "max r2, r5, r0", "li r7, 3",
          "min r2, r2, r7",  "shli r2, r2, 2", "dsd d1, r2+8232, f32, [10:1]",
          "vfmul d0, d0, d1"};
    if (calls)
      body = {"call 0"};
    lines.insert(lines.end(), body.begin(), body.end());
    lines.insert(lines.end(), {"addi r3, r3, 4", "endloop r1", "halt"});
    if (calls) { // the subroutine lies in front
      std::vector<std::string> sub = {"ld r2, r3+0",
                                      "dsd d1, r2+0, f32, [10:1]",
                                      "vfmul d0, d0, d1", "ret"};
      lines.insert(lines.begin(), sub.begin(), sub.end());
      p.kernels.resize(4, p.kernels[0]);
    }
    addClass(p, "all", {{0, 0, 1, 1, 1, 1}}, {}, lines);
    bin::PEClass &c = p.classes[0];
    if (calls) {
      c.tasks[0].entry =
          uint32_t(assemble({lines[0], lines[1], lines[2], lines[3]}).size());
      c.callKernels = {0, 1, 2, 3};
      c.ranges.clear();
    }
    bin::Tensor t;
    t.name = "table";
    t.type = bin::ElemType::I32;
    t.shape = {4};
    t.bytes = sizeof(table);
    t.data = reinterpret_cast<const uint8_t *>(table);
    p.tensors.push_back(t);
    bin::DataInit init;
    init.place = {{0, 0, 1, 1, 1, 1},
                  6000,
                  bin::ElemType::I32,
                  {{bin::Axis::None, 4, 4, 1}}};
    p.inits.push_back(init);
    return p;
  };
  Target t = target(1, 1);
  compare(rows({8232, 8240, 8248, 8256}, false), t, 0); // always
  compare(rows({8236, 8244, 8252, 8260}, false), t, 0); // never
  compare(rows({8232, 8236, 8240, 8244}, false), t, 0); // every other round
  compare(rows({8232, 8240, 8236, 8256}, false), t, 0); // 20, 20, 10, 20
  // Rows 0, 2, 1 and 3, so 20, 20, 10, 10.
  compare(rows({0, -2, 1, 9}, false, true), t, 0);
  auto uneven = cost::analyze(rows({8232, 8240, 8236, 8256}, false), t);
  auto never = cost::analyze(rows({8236, 8244, 8252, 8260}, false), t);
  auto always = cost::analyze(rows({8232, 8240, 8248, 8256}, false), t);
  ASSERT_TRUE(uneven && never && always);
  EXPECT_EQ(uneven->cycles.estimate, never->cycles.estimate + 3 * 10);
  EXPECT_EQ(always->cycles.estimate, never->cycles.estimate + 4 * 10);
  EXPECT_EQ(uneven->cycles.lower, uneven->cycles.estimate);
  // Each call is a kernel of its own and counts with the mean, 5 cycles off; no
  // kernel is faster than its bound.
  compare(rows({8232, 8236, 8240, 8244}, true), t, 0.05);
  compare(rows({8232, 8240, 8236, 8256}, true), t, 0.05);
}

/// In each row PEs 1 .. w - 1 send `words` each to PE 0 over routers with
/// switches, PE 1 after `late` cycles; PE 0 takes them `each` at a time.
static bin::Program gather(uint32_t w, uint32_t h, uint32_t words,
                           uint32_t late, uint32_t each) {
  using namespace bin;
  bin::Program p = program(w, h);
  uint32_t all = words * (w - 1);
  each = std::min(each, all);
  auto n = [](uint32_t v) { return std::to_string(v); };
  std::string own = "dsd d0, r0+8192, f32, [" + n(words) + ":1]";
  std::vector<std::string> root = {"dsd d0, r0+8192, f32, [" + n(each) + ":1]",
                                   "vmov d0, r0", "loop r1, " + n(all / each),
                                   "vfadd d0, in2, d0", "endloop r1"};
  if (all % each)
    root.push_back("vrsum r2, in2, len=" + n(all % each));
  root.push_back("halt");
  addClass(p, "root", {{0, 0, 1, h}}, {{false, 2, 0}}, root);
  std::vector<std::string> first = {own, "vmov d0, r0"};
  if (late)
    first.insert(first.end(), {"loop r1, " + n(late), "nop", "endloop r1"});
  first.insert(first.end(), {"vmov out2, d0, advance", "halt"});
  addClass(p, "first", {{1, 0, 1, h}}, {{true, 2, 0}}, first);
  addClass(p, "inner", {{2, 0, w - 3, h}}, {{true, 2, 0}},
           {own, "vmov d0, r0", "vmov out2, d0, advance", "halt"});
  addClass(p, "last", {{w - 1, 0, 1, h}}, {{true, 2, 0}},
           {own, "vmov d0, r0", "vmov out2, d0", "halt"});
  p.routes = {{{0, 0, 1, h}, 0, East, Ramp}, {{1, 0, w - 1, h}, 0, Ramp, West}};
  p.switches = {{{1, 0, w - 2, h}, 0, 1, East, West}};
  return p;
}

// Whoever is last, whatever the portions: the words of the second sender follow
// those of the first.
TEST(CostSimulated, SendersOneAfterTheOther) {
  for (const char *preset : {"wse2", "wse2-hpdc24"})
    for (uint32_t w : {4, 9, 20})
      for (uint32_t words : {1, 12, 60})
        for (uint32_t late : {0, 40})
          for (uint32_t each : {words, 2 * words, 7u})
            compare(gather(w, 3, words, late, each), target(w, 3, preset), 0);
}

TEST(CostSimulated, OpsSlowerThanTheFabric) {
  // A dot product of what arrives takes more than a cycle per element, so the
  // sender is held back by the receiver's full queue.
  for (uint32_t words : {5, 200}) {
    bin::Program p = program(2, 1);
    p.routes = {{{0, 0, 1, 1, 1, 1}, 0, bin::Ramp, bin::East},
                {{1, 0, 1, 1, 1, 1}, 0, bin::West, bin::Ramp}};
    std::string dsd = "dsd d0, r0+8192, f32, [" + std::to_string(words) + ":1]";
    addClass(p, "a", {{0, 0, 1, 1, 1, 1}}, {{true, 2, 0}},
             {dsd, "vmov d0, r0", "vmov out2, d0", "halt"});
    addClass(p, "b", {{1, 0, 1, 1, 1, 1}}, {{false, 2, 0}},
             {dsd, "vmov d0, r0", "vfdot r1, in2, d0", "halt"});
    compare(p, target(2, 1), 0.01);
  }
}
