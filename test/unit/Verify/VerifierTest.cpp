//===- VerifierTest.cpp - Clean programs, counts and hostile ones ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Programs that obey all rules, what the verifier counts of them, and bounds of
// its own work. Random changes must never crash it.
//
//===----------------------------------------------------------------------===//
#include "Expect.h"
#include <functional>
#include <random>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;
using verify::Result;

namespace {

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

TEST(Verifier, FullWafer) {
  Result r = check(chain(750, 994, 64));
  EXPECT_TRUE(r.ok()) << text(r);
  EXPECT_EQ(r.counts.waveletHops, 994ull * (749 + 749) * 64);
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
  // 32 x 10,000 rounds; the pointer walks 4 bytes in each outer one.
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
  p = single({"li r4, 10000", "loop r1, 5000", "loop r2, 50", "nop",
              "endloop r2", "dsd d0, r4, f32, [1:1]", "vfdot r6, d0, d0",
              "addi r4, r4, 4", "endloop r1", "halt"});
  EXPECT_RULE(p, "R-MEM-3");
  p = single({"li r4, 10000", "loop r1, 50000", "loop r2, 50", "nop",
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
  EXPECT_RULE(p, "R-TASK-2");
  // Long ops with bytes far apart count by what they touch.
  EXPECT_RULE(
      single({"dsd d0, r0+8192, f32, [4000:2]", "vmov d0, r0",
              "loop r1, 40000000", "vmov d0, d0", "endloop r1", "halt"}),
      "R-TASK-2");
  p = chain(8, 3, 16);
  p.classes[0].code = assemble({"vmov out2, r0", "halt"});
  EXPECT_RULE(p, "R-OP-3");
  // 16 loops of 2^31 rounds without a body, and two tasks that take turns.
  std::vector<std::string> deep(16, "loop r1, 2147483647");
  deep.insert(deep.end(), 16, "endloop r1");
  deep.push_back("halt");
  EXPECT_RULE(single(deep), "R-TASK-2");
  p = single({"activate 1", "endtask", "activate 0", "endtask"});
  p.classes[0].tasks = {{0, 0, true}, {1, 2, false}};
  EXPECT_RULE(p, "R-TASK-2");
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
