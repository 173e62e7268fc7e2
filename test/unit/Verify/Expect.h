//===- Expect.h - What a test says of the verifier ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_VERIFY_EXPECT_H
#define WEFT_TEST_UNIT_VERIFY_EXPECT_H

#include "Build.h"
#include "weft/Verify/Verifier.h"
#include "gtest/gtest.h"

namespace weft::test {

inline std::string text(const verify::Result &r) {
  std::string s;
  for (const verify::Finding &f : r.findings)
    s += f.rule + ": " + f.message + "\n";
  return s;
}

inline verify::Result check(const bin::Program &p) {
  return verify::verify(p, wse2());
}

#define EXPECT_CLEAN(p)                                                        \
  do {                                                                         \
    weft::verify::Result r_ = check(p);                                        \
    EXPECT_TRUE(r_.ok()) << text(r_);                                          \
  } while (0)
#define EXPECT_RULE(p, rule)                                                   \
  do {                                                                         \
    weft::verify::Result r_ = check(p);                                        \
    EXPECT_TRUE(r_.violates(rule)) << "found instead:\n" << text(r_);          \
  } while (0)

} // namespace weft::test
#endif
