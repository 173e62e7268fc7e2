//===- MemoryTest.cpp - What PEs cost the host ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "BenchPrograms.h"
#include <malloc.h>

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
