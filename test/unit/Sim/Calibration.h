//===- Calibration.h - Programs of public measurements --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_SIM_CALIBRATION_H
#define WEFT_TEST_UNIT_SIM_CALIBRATION_H

#include "Build.h"

namespace weft::sim {

constexpr uint32_t First = 5120; // of the data; 0 modulo 32

inline std::string dsd(int d, uint32_t addr, const std::string &rest) {
  return "dsd d" + std::to_string(d) + ", r0+" + std::to_string(addr) + ", " +
         rest + "\n";
}

/// Cycles from the issue of `op` to its end, with d0 and d1 of n elements at
/// the given addresses.
inline uint64_t opCycles(const char *preset, const std::string &op,
                         const char *type, uint32_t n, uint32_t at0,
                         uint32_t at1) {
  Builder b(1, 1, preset);
  std::string shape = std::string(type) + ", [" + std::to_string(n) + ":1]";
  b.cls("one", {}, dsd(0, at0, shape) + dsd(1, at1, shape) + op + "\nhalt\n");
  for (uint32_t at : {at0, at1}) {
    b.p.inputs.push_back(
        Builder::tensor("d" + std::to_string(b.p.inputs.size()), {}, at, n));
    if (std::string(type) == "f16")
      b.p.inputs.back().place.storage = bin::ElemType::F16;
  }
  std::vector<float> ones(n, 1);
  Ran r = runIt(b, {ones, ones});
  EXPECT_EQ(r.error, "");
  return r.stats.cycles - 3; // two dsd, halt
}

} // namespace weft::sim
#endif
