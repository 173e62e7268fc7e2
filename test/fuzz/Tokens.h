//===- Tokens.h - Changes to text, token by token --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_FUZZ_TOKENS_H
#define WEFT_TEST_FUZZ_TOKENS_H

#include "Random.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace weft::fuzz {

/// Text that MLIR's own parser is not made for: nested deeper than its
/// recursion stands.
bool tooMuchForMlir(llvm::StringRef text);

/// `text` with a change to a few of its tokens.
std::string editTokens(llvm::StringRef text, Random &random);

/// Lines of `a` and of `b`.
std::string mixLines(llvm::StringRef a, llvm::StringRef b, Random &random);

} // namespace weft::fuzz
#endif
