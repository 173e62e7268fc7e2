//===- DumpText.h - Shared by the views of weft-objdump -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_BINARY_DUMPTEXT_H
#define WEFT_LIB_BINARY_DUMPTEXT_H

#include "weft/Binary/Dump.h"
#include "llvm/ADT/StringRef.h"

namespace weft::bin {

/// A name from the file in quotes, escaped, at most 200 characters of it.
std::string quoted(llvm::StringRef name);
/// The first 8 patterns.
std::string listText(const std::vector<Pattern> &where);
uint64_t countPEs(const std::vector<Pattern> &where);
/// "f32 at 0x2000 on (0, 0) 4x1: [8 by 2 along x, 2 whole stride 2]"
std::string placementText(const Placement &q);

} // namespace weft::bin
#endif
