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
/// `s` is what the last step cost, `cycles` what each took, `r` the record of
/// the last.
void printStatsJson(llvm::raw_ostream &os, const bin::Program &p,
                    const Target &t, const sim::Stats &s,
                    llvm::ArrayRef<uint64_t> cycles, const sim::Trace &r);
void printSummary(llvm::raw_ostream &os, const sim::Stats &s,
                  llvm::ArrayRef<uint64_t> cycles);
} // namespace weft::run
#endif
