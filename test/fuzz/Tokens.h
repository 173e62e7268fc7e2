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

/// `a` with a line or a token of `b`.
std::string mix(llvm::StringRef a, llvm::StringRef b, Random &random);

/// For LLVMFuzzerTestOneInput: may a refused input become a parent of others?
/// Mostly not, or soon none would get past the parser: so the corpus stays
/// valid, and inputs are a step away from it.
bool keepRefused(llvm::StringRef text);

} // namespace weft::fuzz
#endif
