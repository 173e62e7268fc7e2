//===- Explain.h - Text for people ----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What lies in this folder turns facts into text and decides nothing: a mistake
// here cannot make the verifier accept a file.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_EXPLAIN_EXPLAIN_H
#define WEFT_LIB_VERIFY_EXPLAIN_EXPLAIN_H

#include "Region.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace weft::verify {

struct Context;
class Network;

/// Text and numbers in a row.
template <typename... T> std::string cat(const T &...parts) {
  std::string s;
  llvm::raw_string_ostream os(s);
  (os << ... << parts);
  return s;
}

/// "(3, 0)" or "(0, 0, 4x8, step 2x1)".
std::string describe(const Pattern &p);

std::string className(const Context &c, size_t cls);

/// A chain of PEs that wait for each other, from one of group `g`. It works on
/// a copy of the network.
std::string whoWaits(Context &c, Network net, size_t g);

} // namespace weft::verify
#endif
