//===- Require.h - A property that a fuzzer checks ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_FUZZ_REQUIRE_H
#define WEFT_TEST_FUZZ_REQUIRE_H

#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

namespace weft::fuzz {

/// Ends the run, which is a finding, if `what` does not hold; `text` shows why.
inline void require(bool holds, const char *what, llvm::StringRef text) {
  if (holds)
    return;
  llvm::errs() << "fuzz: property does not hold: " << what << "\n"
               << text << "\n";
  abort();
}

} // namespace weft::fuzz
#endif
