//===- StatsJson.h - What a run cost, as JSON -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Nested, with the names that weftc --cost-json uses, so that the two can be
// compared key by key.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_RUN_STATSJSON_H
#define WEFT_TOOLS_RUN_STATSJSON_H

#include "weft/Sim/Simulator.h"
#include "weft/Sim/Trace.h"
#include "llvm/Support/raw_ostream.h"

namespace weft::run {
/// What a run of some steps cost.
struct Cost {
  const sim::Stats &stats;         // of the last step
  llvm::ArrayRef<uint64_t> cycles; // of each step
  sim::Fidelity fidelity;
  const sim::Trace &trace; // of the last step
};

/// Without time, what would be a time is left out.
void printStatsJson(llvm::raw_ostream &os, const bin::Program &p,
                    const Target &t, const Cost &cost);
void printSummary(llvm::raw_ostream &os, const Cost &cost);
} // namespace weft::run
#endif
