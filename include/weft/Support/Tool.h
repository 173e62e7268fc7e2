//===- Tool.h - What the mains of all tools have in common ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// No tool ends by a signal because its output cannot be written, and all say
// alike what is wrong with their options.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SUPPORT_TOOL_H
#define WEFT_SUPPORT_TOOL_H

#include "llvm/ADT/StringRef.h"

namespace llvm::cl {
class OptionCategory;
}

namespace weft {

/// To be called first. A closed pipe and a file that may not grow become errors
/// of the stream; what LLVM calls fatal is said as this tool's own. `name` has
/// to stay.
void startTool(const char *name);

/// To be called last: `code`, or 1 with a message if standard output was not
/// written.
int finishTool(const char *name, int code);

/// Reads the command line into the options of `category`. Otherwise it says
/// what is wrong and returns false. An empty value is wrong: it is a shell
/// variable that was not set.
bool parseOptions(const char *name, int argc, char **argv,
                  llvm::StringRef overview, llvm::cl::OptionCategory &category);

} // namespace weft
#endif
