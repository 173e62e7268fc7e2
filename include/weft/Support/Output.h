//===- Output.h - Writing result files ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every tool writes its results through this one door, so that a result is
// either complete or absent, and a full disk is an error and not a crash.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SUPPORT_OUTPUT_H
#define WEFT_SUPPORT_OUTPUT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace weft {

/// Lets `write` fill a temporary file beside `path` and renames it to `path`.
/// "-" is standard output; devices and pipes are written directly.
llvm::Error writeOutput(llvm::StringRef path,
                        llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace weft
#endif
