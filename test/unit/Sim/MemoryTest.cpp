//===- MemoryTest.cpp - What PEs cost the host ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "BenchPrograms.h"
#include <fstream>
#include <malloc.h>
#include <unistd.h>

using namespace weft;
using namespace weft::sim;

/// Bytes that have been allocated; SRAM is mapped and does not count.
static double allocated() {
  struct mallinfo2 m = mallinfo2();
  return double(m.uordblks) + double(m.hblkhd);
}

// A PE that only halts is a number of 4 bytes in two tables and a pointer, its
// router 20 bytes, and each has 8 in a calendar: below 100 in all.
TEST(SimMemory, IdlePEsCostLittle) {
  constexpr uint32_t Side = 256;
  Builder b = idle(Side, Side);
  double before = allocated();
  auto s = llvm::cantFail(Simulator::create(b.p, b.t));
  for (Fidelity way :
       {Fidelity::Exact, Fidelity::Batched, Fidelity::Functional}) {
    Stats stats = llvm::cantFail(s->run(Simulator::MaxCycles, way));
    EXPECT_EQ(stats.instructions, Side * Side + 2);
    EXPECT_LE((allocated() - before) / (Side * Side), 100);
  }
}

/// Bytes of this process that are in memory.
static double resident() {
  std::ifstream statm("/proc/self/statm");
  double all = 0, held = 0;
  statm >> all >> held;
  return held * double(sysconf(_SC_PAGESIZE));
}

constexpr uint32_t Table = 4096; // elements

/// `side` x `side` PEs with a table of 16 KiB, the same on all of them or, with
/// an axis, on those of a row or column. Each adds up its table; those of the
/// first column have doubled elements 8 and 9 of it before.
static Builder tables(uint32_t side, const std::vector<float> &data,
                      bin::Axis axis) {
  Builder b(side, side);
  bin::Tensor t;
  t.name = "table";
  t.shape = {data.size()};
  t.bytes = data.size() * 4;
  t.data = reinterpret_cast<const uint8_t *>(data.data());
  b.p.tensors = {t};
  bin::IOTensor place =
      Builder::tensor("", {0, 0, side, side, 1, 1}, DataAddr + 64, Table, axis,
                      axis == bin::Axis::None ? 1 : side);
  b.p.inits = {{0, place.place, false}};
  std::string table = std::to_string(DataAddr + 64),
              sum = "dsd d0, r0+" + table +
                    ", f32, [4096:1]\nvrsum r1, d0\nst r1, r0+" +
                    std::to_string(DataAddr) + "\nhalt\n";
  b.cls("writes", {0, 0, 1, side, 1, 1},
        "dsd d1, r0+" + std::to_string(DataAddr + 96) +
            ", f32, [2:1]\nvfadd d1, d1, d1\n" + sum);
  b.cls("reads", {1, 0, side - 1, side, 1, 1}, sum);
  bin::IOTensor out;
  out.name = "sum";
  out.shape = {side, side};
  out.place.where = {0, 0, side, side, 1, 1};
  out.place.addr = DataAddr;
  out.place.dims = {{bin::Axis::Y, side, 1, 1}, {bin::Axis::X, side, 1, 1}};
  b.p.outputs = {out};
  return b;
}

static float sumOf(const float *at, bool doubled) {
  float sum = 0;
  for (uint32_t i = 0; i < Table; ++i)
    sum += at[i] * (doubled && (i == 8 || i == 9) ? 2 : 1);
  return sum;
}

// Copied before the first write to it, and only on the PE that writes.
TEST(SimMemory, SharedConstantsAreCopiedOnWrite) {
  constexpr uint32_t Side = 4;
  for (bin::Axis axis : {bin::Axis::None, bin::Axis::X, bin::Axis::Y})
    for (Fidelity way : {Fidelity::Exact, Fidelity::Batched}) {
      std::vector<float> data(Table * (axis == bin::Axis::None ? 1 : Side));
      for (size_t i = 0; i < data.size(); ++i)
        data[i] = float(i % 37 + i / Table);
      Builder b = tables(Side, data, axis);
      auto s = llvm::cantFail(Simulator::create(b.p, b.t));
      llvm::cantFail(s->run(Simulator::MaxCycles, way).takeError());
      std::vector<float> out = floatsOf(llvm::cantFail(s->getOutput(0)));
      for (uint32_t y = 0; y < Side; ++y)
        for (uint32_t x = 0; x < Side; ++x) {
          uint32_t tile = axis == bin::Axis::None ? 0
                          : axis == bin::Axis::X  ? x
                                                  : y;
          EXPECT_EQ(out[y * Side + x], sumOf(&data[tile * Table], x == 0))
              << x << ", " << y;
        }
    }
}

// A walk that begins before the table and ends in it finds both; what lies
// before must have been written.
TEST(SimMemory, WalksMayCrossIntoSharedConstants) {
  std::vector<float> data(Table, 3);
  for (bool writes : {true, false}) {
    Builder b = tables(4, data, bin::Axis::None);
    std::string before = std::to_string(DataAddr),
                own = "dsd d0, r0+" + before + ", f32, [16:1]\n" +
                      "li r2, 0x40000000\nvmov d0, r2\n",
                sum = "dsd d1, r0+" + before + ", f32, [32:1]\nvrsum r1, d1\n" +
                      "st r1, r0+" + before + "\nhalt\n";
    for (bin::PEClass &c : b.p.classes)
      c.code = Builder::assemble((writes ? own : "") + sum);
    Ran r = runIt(b);
    EXPECT_EQ(r.rule, writes ? "" : "R-MEM-3");
    if (writes) {
      EXPECT_EQ(r.outputs[0], std::vector<float>(16, 16 * 2 + 16 * 3));
    }
  }
}

// 4096 PEs with 16 KiB each are 64 MiB, of which the first column copies 1 MiB;
// the sums take a page of SRAM on each PE, 16 MiB, shadow bits and the rest of
// the machine less than 8.
TEST(SimMemory, ConstantsAreShared) {
  std::vector<float> data(Table, 1);
  Builder b = tables(64, data, bin::Axis::None);
  double before = resident();
  auto s = llvm::cantFail(Simulator::create(b.p, b.t));
  llvm::cantFail(s->run().takeError());
  EXPECT_LE(resident() - before, 32 << 20);
}

// All PEs of a class halt in the same way, the one that works later.
TEST(SimMemory, HaltedPEsAreCounted) {
  Builder b = idle(8, 8);
  auto s = llvm::cantFail(Simulator::create(b.p, b.t));
  for (int round = 0; round < 2; ++round) {
    Stats stats = llvm::cantFail(s->run());
    ASSERT_EQ(stats.classes.size(), 2u);
    EXPECT_EQ(stats.classes[1].pes, 63u);
    EXPECT_EQ(stats.classes[1].compute, 63u); // a halt is one cycle
    EXPECT_EQ(stats.classes[1].idle, 63 * (stats.cycles - 1));
    EXPECT_EQ(stats.sramPeakBytes, DataAddr + 64 * 4u);
  }
}
