//===- CostTest.cpp - The embedded cost report ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every number of it that is recomputed, more or less than it is.
//
//===----------------------------------------------------------------------===//
#include "Expect.h"

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

TEST(Verifier, RuleCost) {
  auto varint = [](uint64_t v) {
    std::string s;
    for (; v > 127; v >>= 7)
      s += char(v | 128);
    return s + char(v);
  };
  auto report = [&](std::map<int, uint64_t> change, std::string colors) {
    std::string s = "\x0a\x05"
                    "chain"; // field 1, skipped
    // Elements and instructions: see test/lit/verify/verify.test.
    std::map<int, uint64_t> fields = {{7, 9464}, {8, 672},  {9, 16},
                                      {10, 0},   {17, 123}, {18, 768}};
    for (auto [field, v] : change)
      fields[field] += v;
    for (auto [field, v] : fields)
      s += (field < 16 ? std::string(1, char(field << 3))
                       : varint(uint64_t(field) << 3)) +
           varint(v);
    return s + colors;
  };
  // Three rows of: 4 links of Odd, 3 of Even, 1 sender over 7 links of Cast.
  auto color = [&](unsigned id, uint64_t words, uint64_t hops) {
    std::string m =
        "\x08" + varint(id) + "\x10" + varint(words) + "\x18" + varint(hops);
    return "\x7a" + varint(m.size()) + m;
  };
  std::string odd = color(Odd, 192, 192), even = color(Even, 144, 144),
              cast = color(Cast, 48, 336);
  Program p = chain(8, 3, 16);
  p.costReport = report({}, odd + even + cast);
  EXPECT_CLEAN(p);
  EXPECT_TRUE(check(p).notes.empty());
  for (int field : {7, 8, 9, 10, 17, 18}) {
    for (int more : {1, -1}) {
      p.costReport = report({{field, uint64_t(more)}}, odd + even + cast);
      EXPECT_RULE(p, "R-COST");
    }
  }
  for (const std::string &colors :
       {odd + even, odd + even + color(Cast, 48, 335),
        odd + even + color(Cast, 47, 336), odd + even + cast + color(9, 1, 1),
        // The true entry does not hide a false one, before or after.
        odd + even + color(Cast, 1, 1) + cast,
        odd + even + cast + color(Cast, 1, 1),
        odd + even + cast + std::string("\x7a\x01\xff")}) {
    p.costReport = report({}, colors);
    EXPECT_RULE(p, "R-COST");
  }
  p.costReport = "\xff";
  EXPECT_RULE(p, "R-COST");
}

// Rows of 1 to n words cross columns of 1 to n / 2.
TEST(Verifier, BusiestLinkAmongTooManyRoutes) {
  auto crossing = [](uint32_t n) {
    Program p;
    p.gridW = n + 2;
    p.gridH = n;
    for (uint32_t k = 0; k != n; ++k)
      for (bool row : {true, false}) {
        if (!row && k >= n / 2)
          continue;
        std::string words = std::to_string(k + 1);
        p.classes.push_back(
            makeClass((row ? "row" : "column") + words,
                      {row ? Pattern{0, k, 1, 1} : Pattern{1 + 2 * k, 0, 1, n}},
                      {"vmov out2, r0, len=" + words, "halt"}));
        p.classes.back().queues = {out(2, row ? 0 : 1)};
      }
    p.routes = {{{0, 0, 1, n}, 0, Ramp, East},
                {{1, 0, n, n}, 0, West, East},
                {{n + 1, 0, 1, n}, 0, West, Ramp},
                {{1, 0, n / 2, n, 2, 1}, 1, Ramp, East},
                {{2, 0, n / 2, n, 2, 1}, 1, West, Ramp}};
    return p;
  };
  const std::string most =
      "R-COST: the busiest link could not be found: too many different routes";
  Program p = crossing(20);
  p.costReport = "\x48\x1e"; // max_link_wavelets: 20 + 10
  std::string found = text(check(p));
  EXPECT_EQ(found.find(most), std::string::npos) << found;
  EXPECT_EQ(found.find("max_link_wavelets"), std::string::npos) << found;
  p = crossing(740);
  EXPECT_EQ(text(check(p)).find("R-COST"), std::string::npos);
  EXPECT_EQ(check(p).notes.size(), 2u); // no report; no busiest link
  p.costReport = "\x48\x00";
  found = text(check(p));
  EXPECT_NE(found.find(most), std::string::npos) << found;
}

} // namespace
