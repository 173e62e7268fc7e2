//===- Simulate.h - A program in the cost model and in the simulator ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The cost model does not link the simulator; only tests that compare do.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_COST_SIMULATE_H
#define WEFT_TEST_UNIT_COST_SIMULATE_H

#include "Build.h"
#include "weft/Cost/Cost.h"
#include "weft/Sim/Simulator.h"
#include <gtest/gtest.h>

namespace weft::test {

struct Both {
  cost::CostReport report;
  sim::Stats stats;
};

/// A failure of the test, and no value, if either refuses the program.
inline std::optional<Both> costAndRun(const bin::Program &p, const Target &t) {
  auto r = cost::analyze(p, t);
  auto s = sim::Simulator::create(p, t);
  auto stats = s ? (*s)->run() : s.takeError();
  if (r && stats)
    return Both{*r, *stats};
  ADD_FAILURE() << llvm::toString(
      llvm::joinErrors(r.takeError(), stats.takeError()));
  return std::nullopt;
}

} // namespace weft::test
#endif
