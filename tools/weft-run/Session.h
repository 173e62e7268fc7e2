//===- Session.h - One call of weft-run -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Loads, feeds, runs, compares and writes, and turns what goes wrong into the
// exit codes of the tool contract.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_RUN_SESSION_H
#define WEFT_TOOLS_RUN_SESSION_H

#include "Options.h"

namespace weft::run {
enum ExitCode { Success = 0, WrongUse = 1, Differs = 2, Internal = 3 };
int runSession(const Options &o);
} // namespace weft::run
#endif
