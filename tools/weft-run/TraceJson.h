//===- TraceJson.h - The record of a run for a trace viewer ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The Trace Event format that Perfetto and chrome://tracing read, one event a
// line. The viewers think in microseconds; one of them is one cycle.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_RUN_TRACEJSON_H
#define WEFT_TOOLS_RUN_TRACEJSON_H

#include "weft/Sim/Simulator.h"
#include "weft/Sim/Trace.h"
#include "llvm/Support/raw_ostream.h"

namespace weft::run {
void printTraceJson(llvm::raw_ostream &os, const bin::Program &p,
                    const Target &t, const sim::Stats &s, const sim::Trace &r);
} // namespace weft::run
#endif
