//===- DimExpressionTest.cpp - Symbolic dimensions ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Import/DimExpression.h"
#include <gtest/gtest.h>
#include <random>

using namespace weft;

namespace {

llvm::StringMap<int64_t> bound() {
  llvm::StringMap<int64_t> dims;
  dims["past"] = 7;
  dims["seq"] = 3;
  dims["batch size"] = 2;
  dims["big"] = int64_t(1) << 31;
  return dims;
}

/// The extent, or why there is none.
std::string value(llvm::StringRef text) {
  DimValue v = evaluateDim(text, bound());
  if (v.extent)
    return std::to_string(*v.extent);
  if (v.unbound.empty())
    return v.error;
  std::string names;
  for (const std::string &name : v.unbound)
    names += "<" + name + ">";
  return names;
}

TEST(DimExpression, Arithmetic) {
  EXPECT_EQ(value("past"), "7");
  EXPECT_EQ(value(" past + seq "), "10");
  EXPECT_EQ(value("past+seq*2"), "13");
  EXPECT_EQ(value("(past + seq) * 2 - 1"), "19");
  EXPECT_EQ(value("past - seq - seq"), "1");
  EXPECT_EQ(value("-seq + past"), "4");
  EXPECT_EQ(value("past//2"), "3");
  EXPECT_EQ(value("(seq - past)//2 + 9"),
            "7"); // -2 + 9: towards minus infinity
  EXPECT_EQ(value("past % seq"), "1");
  EXPECT_EQ(value("2**seq"), "8");
  EXPECT_EQ(value("6/2*5"), "15");
}

TEST(DimExpression, Functions) {
  EXPECT_EQ(value("floor(past/2)"), "3");
  EXPECT_EQ(value("floor(past/2 - 1/2)"), "3");
  EXPECT_EQ(value("ceiling(past/2)"), "4");
  EXPECT_EQ(value("Max(1, past, seq)"), "7");
  EXPECT_EQ(value("Min(past, seq)"), "3");
  EXPECT_EQ(value("Max(past)"), "7");
}

TEST(DimExpression, WhatHasNoValue) {
  EXPECT_EQ(value("past/2"), "is no whole number");
  EXPECT_EQ(value("seq - past"), "is -4");
  EXPECT_EQ(value("past//(seq - 3)"), "divides by zero");
  EXPECT_EQ(value("past % 0"), "divides by zero");
  EXPECT_EQ(value("big*big"), "is too large");
  EXPECT_EQ(value("2**64"), "is too large");
  EXPECT_EQ(value("2**65"), "has an exponent that is not from 0 to 64");
  EXPECT_EQ(value("99999999999999999999"), "is too large");
  EXPECT_EQ(value("past + x*y + x"), "<x><y>");
}

/// What is no expression is a name.
TEST(DimExpression, Names) {
  EXPECT_EQ(value("batch size"), "2");
  EXPECT_EQ(value("batch  size"), "<batch  size>");
  EXPECT_EQ(value("past +"), "<past +>");
  EXPECT_EQ(value("(past"), "<(past>");
  EXPECT_EQ(value("sin(past)"), "<sin(past)>");
  EXPECT_EQ(value("floor(past, seq)"), "<floor(past, seq)>");
  EXPECT_EQ(value(""), "<>");
  EXPECT_EQ(value(std::string(40, '(') + "past" + std::string(40, ')')),
            "<" + std::string(40, '(') + "past" + std::string(40, ')') + ">");
  EXPECT_EQ(dimNames("a*(b + a) - 3"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(dimNames("a b"), (std::vector<std::string>{"a b"}));
}

/// Random text neither crashes nor overflows; a value is in range.
TEST(DimExpression, AnyText) {
  const char *const tokens[] = {"past",
                                "seq",
                                "big",
                                "1099511627776",
                                "0",
                                "(",
                                ")",
                                "+",
                                "-",
                                "*",
                                "**",
                                "/",
                                "//",
                                "%",
                                ",",
                                "floor(",
                                "Max(",
                                " ",
                                "ceil(",
                                "3",
                                "9223372036854775807"};
  for (unsigned seed = 1; seed <= 20000; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (unsigned n = random() % 12; n; --n)
      text += tokens[random() % std::size(tokens)];
    DimValue v = evaluateDim(text, bound());
    if (v.extent)
      EXPECT_TRUE(*v.extent >= 0 && *v.extent <= int64_t(1) << 40) << text;
    else
      EXPECT_NE(v.unbound.empty(), v.error.empty()) << seed << " " << text;
  }
}

} // namespace
