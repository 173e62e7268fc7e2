//===- TraceFlags.h - Options of traces -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_RUN_TRACEFLAGS_H
#define WEFT_TOOLS_RUN_TRACEFLAGS_H

#include "Options.h"
#include "weft/Binary/Program.h"

namespace weft::run {

/// --trace-pes=X,Y,WxH and --trace-window=FROM:TO.
llvm::Error parseTraceFlag(llvm::StringRef name, llvm::StringRef text,
                           sim::TraceOptions &to);
/// Options that mean nothing without another one.
llvm::Error checkTraceFlags(const Options &o);
/// Windows such that a run as long as the cost report estimates has at most
/// 4,096 of them; a power of two.
uint32_t linkWindowFor(const bin::Program &p);

} // namespace weft::run
#endif
