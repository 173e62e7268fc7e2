//===- Driver.h - Command line of weft-translate --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Apart from main, so that main stays a list.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_TRANSLATE_DRIVER_H
#define WEFT_TOOLS_TRANSLATE_DRIVER_H

namespace weft {

/// Runs the tool and returns its exit code.
int translateMain(int argc, char **argv);

} // namespace weft
#endif
