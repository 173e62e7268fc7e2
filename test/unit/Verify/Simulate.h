//===- Simulate.h - A run of a program on random inputs -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_VERIFY_SIMULATE_H
#define WEFT_TEST_UNIT_VERIFY_SIMULATE_H

#include "weft/Binary/Program.h"
#include "weft/Sim/Simulator.h"
#include "weft/Target/Target.h"
#include <string>
#include <vector>

namespace weft::test {

struct Ran {
  sim::Stats stats;
  std::vector<std::vector<uint8_t>> outputs;
  std::string error; // empty if it ran to its end
};

/// Runs `p` on the same random inputs each time.
Ran simulate(const bin::Program &p, const Target &t, uint64_t maxCycles);

} // namespace weft::test
#endif
