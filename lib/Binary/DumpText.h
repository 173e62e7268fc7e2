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

} // namespace weft::bin
#endif
