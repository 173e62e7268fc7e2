//===- PairTest.cpp - Functions of two numbers as vector code -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Integers of every width against the arithmetic of C++, floats against libm.
//
//===----------------------------------------------------------------------===//
#include "Interpreter.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

namespace {
using test::Words;

class Pair : public ::testing::Test {
protected:
  test::Context c;

  Words apply(StringRef op, const std::vector<Words> &operands, Type element,
              StringRef kind = "") {
    Builder builder(&c.context);
    auto type =
        RankedTensorType::get({int64_t(operands.front().size())}, element);
    Problem p;
    p.op = op.str();
    p.ins.assign(operands.size(), type);
    p.constant.assign(operands.size(), false);
    p.out = type;
    SmallVector<NamedAttribute> attrs;
    if (!kind.empty())
      attrs.push_back(builder.getNamedAttr("int", builder.getStringAttr(kind)));
    p.config = builder.getDictionaryAttr(attrs);
    std::string why;
    std::vector<Option> options = allOptions(p, Rect{0, 0, 1, 1}, why);
    EXPECT_FALSE(options.empty()) << why;
    return test::run(p, options.front(), operands);
  }
  std::vector<float> floats(StringRef op, const std::vector<float> &a,
                            const std::vector<float> &b,
                            const std::vector<float> &third = {}) {
    std::vector<Words> operands = {test::wordsOf(a), test::wordsOf(b)};
    if (!third.empty())
      operands.push_back(test::wordsOf(third));
    return test::floatsOf(apply(op, operands, Float32Type::get(&c.context)));
  }

  static std::vector<float> minusInverses(const std::vector<float> &b) {
    std::vector<float> m;
    for (float x : b)
      m.push_back(-1 / x);
    return m;
  }

  /// Every pair of edge values and many random ones of type T.
  template <typename T> void operands(Words &a, Words &b) {
    std::mt19937 random(1);
    std::vector<T> edges = {T(0),
                            T(1),
                            T(2),
                            T(3),
                            T(-1),
                            T(-2),
                            T(7),
                            T(-7),
                            std::numeric_limits<T>::min(),
                            std::numeric_limits<T>::max(),
                            T(std::numeric_limits<T>::max() / 2)};
    for (T x : edges)
      for (T y : edges) {
        a.push_back(uint32_t(x));
        b.push_back(uint32_t(y));
      }
    for (int i = 0; i < 3000; ++i) {
      a.push_back(uint32_t(T(random() >> random() % 32)));
      b.push_back(uint32_t(T(random() >> random() % 32)));
    }
  }

  template <typename T>
  void check(StringRef op, StringRef kind, T (*f)(int64_t, int64_t)) {
    Words a, b;
    operands<T>(a, b);
    Words y = apply(op, {a, b}, IntegerType::get(&c.context, 32), kind);
    for (size_t i = 0; i < a.size(); ++i)
      ASSERT_EQ(T(y[i]), f(T(a[i]), T(b[i])))
          << op.str() << " " << kind.str() << " of " << int64_t(T(a[i]))
          << " and " << int64_t(T(b[i]));
    for (size_t i = 0; i < a.size(); ++i) // and in its width
      ASSERT_EQ(y[i], uint32_t(T(y[i])));
  }
};

template <typename T> T quotient(int64_t a, int64_t b) {
  return b ? T(a / b) : T(0);
}
template <typename T> T rest(int64_t a, int64_t b) {
  return b ? T(a % b) : T(0);
}
template <typename T> T modulo(int64_t a, int64_t b) {
  int64_t r = b ? a % b : 0;
  return T(r != 0 && (r < 0) != (b < 0) ? r + b : r);
}
template <typename T> T sum(int64_t a, int64_t b) { return T(a + b); }
template <typename T> T difference(int64_t a, int64_t b) { return T(a - b); }
template <typename T> T product(int64_t a, int64_t b) {
  return T(uint64_t(a) * uint64_t(b));
}
template <typename T> T power(int64_t a, int64_t b) {
  if (b < 0)
    return T(a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0);
  uint64_t y = 1, x = uint64_t(a);
  for (; b; b >>= 1, x *= x)
    if (b & 1)
      y *= x;
  return T(y);
}
template <typename T> T larger(int64_t a, int64_t b) {
  return T(std::max(a, b));
}

template <typename T> struct Named {
  using type = T;
};
template <typename F> void everyType(F f) {
  f(Named<int8_t>(), "i8");
  f(Named<uint8_t>(), "ui8");
  f(Named<int16_t>(), "i16");
  f(Named<uint16_t>(), "ui16");
  f(Named<int32_t>(), "");
  f(Named<uint32_t>(), "ui32");
}

TEST_F(Pair, SaysWhyNoKernelComputesIt) {
  Builder builder(&c.context);
  auto type = RankedTensorType::get({4}, builder.getF32Type());
  Problem p;
  p.op = "nn.nothing";
  p.ins = {type};
  p.constant = {false};
  p.out = type;
  p.config = builder.getDictionaryAttr({});
  auto problem = [&] {
    std::string why;
    return allOptions(p, Rect{0, 0, 1, 1}, why).empty() ? why : "none";
  };
  EXPECT_EQ(problem(), "no kernel computes 'nn.nothing'");
  p.op = "nn.cast";
  EXPECT_EQ(problem(), "none");
  p.config = builder.getDictionaryAttr(
      builder.getNamedAttr("saturate", builder.getUnitAttr()));
  EXPECT_EQ(problem(), "a cast that saturates needs a constant operand");
}

TEST_F(Pair, IntegersOfEveryWidth) {
  everyType([&](auto named, const char *kind) {
    using T = typename decltype(named)::type;
    check<T>("nn.div", kind, quotient<T>);
    check<T>("nn.rem", kind, rest<T>);
    check<T>("nn.mod", kind, modulo<T>);
    check<T>("nn.add", kind, sum<T>);
    check<T>("nn.sub", kind, difference<T>);
    check<T>("nn.mul", kind, product<T>);
    check<T>("nn.pow", kind, power<T>);
    check<T>("nn.max", kind, larger<T>);
  });
}

TEST_F(Pair, FloatPowers) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> base(0.01f, 40), exponent(-8, 8);
  std::vector<float> a, b;
  for (int i = 0; i < 4000; ++i) {
    a.push_back(base(random));
    b.push_back(exponent(random));
  }
  auto y = floats("nn.pow", a, b);
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(y[i] / std::pow(double(a[i]), double(b[i])), 1, 4e-6)
        << a[i] << "^" << b[i];
  constexpr float inf = std::numeric_limits<float>::infinity();
  a = {-2, -2, -2, 0, 0, -0.0f, 0, inf, inf, -inf, 5, 1, -3, 0.5f, 0.5f};
  b = {3, 2, 0.5f, 0, 2, 3, -1, 2, -2, 3, 0, inf, -1, inf, -inf};
  y = floats("nn.pow", a, b);
  for (size_t i = 0; i < a.size(); ++i) {
    float want = std::pow(a[i], b[i]);
    bool right = std::isnan(want) ? std::isnan(y[i])
                 : std::isinf(want)
                     ? y[i] == want
                     : std::abs(y[i] - want) <= 1e-6 * std::abs(want);
    EXPECT_TRUE(right) << a[i] << "^" << b[i] << " gave " << y[i];
  }
}

TEST_F(Pair, FloatRemainders) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> exponent(-20, 30);
  std::vector<float> a, b;
  for (int i = 0; i < 6000; ++i) {
    a.push_back((i & 1 ? -1 : 1) * std::exp2(exponent(random)));
    b.push_back((i & 2 ? -1 : 1) * std::exp2(exponent(random)));
  }
  auto r = floats("nn.rem", a, b), m = floats("nn.mod", a, b);
  unsigned inexact = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    float want = std::fmod(a[i], b[i]);
    // A rest that is nearly b may come out as nearly 0, or the reverse.
    float off = std::abs(r[i] - want);
    off = std::min(off, std::abs(off - std::abs(b[i])));
    inexact += off != 0;
    ASSERT_LE(off, 1e-6 * std::abs(b[i])) << a[i] << " % " << b[i];
    ASSERT_TRUE(r[i] == 0 || std::signbit(r[i]) == std::signbit(a[i]));
    ASSERT_TRUE(m[i] == 0 || std::signbit(m[i]) == std::signbit(b[i]));
  }
  EXPECT_LT(inexact, 60u);
  auto y = floats("nn.rem", {5, 5, 0, -7}, {0, INFINITY, 3, 3.5f});
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 5);
  EXPECT_EQ(y[2], 0);
  EXPECT_EQ(y[3], 0);
}

TEST_F(Pair, ExactQuotients) {
  std::mt19937 random(4);
  std::uniform_real_distribution<float> value(-1000, 1000), scale(1e-4f, 3);
  std::vector<float> a, b;
  for (int i = 0; i < 20000; ++i) {
    float s = scale(random);
    b.push_back(s);
    // Every second quotient is half-way between integers, or nearly so.
    a.push_back(i & 1 ? (std::floor(value(random)) + 0.5f) * s : value(random));
  }
  auto y = floats("nn.exact_div", a, b);
  unsigned wrong = 0;
  for (size_t i = 0; i < a.size(); ++i)
    wrong += y[i] != a[i] / b[i];
  EXPECT_EQ(wrong, 0u);
  y = floats("nn.div_by", a, b, minusInverses(b));
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_EQ(y[i], a[i] / b[i]) << a[i] << " / " << b[i];
  y = floats("nn.exact_div", {INFINITY, 1, -1, 0}, {2, 0, 0, 5});
  EXPECT_EQ(y[0], INFINITY);
  EXPECT_EQ(y[1], INFINITY);
  EXPECT_EQ(y[2], -INFINITY);
  EXPECT_EQ(y[3], 0);
}

// The ends of what nn-known-divisors takes for a divisor; a quotient that is
// too large is inf, one of inf is, and NaN stays.
TEST_F(Pair, QuotientsByKnown) {
  const float least = 0x1p-100f, most = 0x1p100f;
  std::vector<float> a = {3e38f, -3e38f, INFINITY, -INFINITY, NAN, 0,
                          -0.0f, 1,      3,        1e-30f,    7};
  std::vector<float> b = {0.1f, 0.1f,  least, -most, 3,    -5,
                          7,    least, -most, most,  -0.7f};
  std::vector<float> y = floats("nn.div_by", a, b, minusInverses(b));
  for (size_t i = 0; i < a.size(); ++i)
    if (std::isnan(a[i]))
      EXPECT_TRUE(std::isnan(y[i]));
    else
      EXPECT_EQ(y[i], a[i] / b[i]) << a[i] << " / " << b[i];
}
} // namespace
