//===- FunctionTest.cpp - Accuracy of math as vector code -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The numbers here are those of docs/kernels.md: largest error over many
// thousand values, against double precision.
//
//===----------------------------------------------------------------------===//
#include "Interpreter.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

namespace {
constexpr float inf = std::numeric_limits<float>::infinity();
const float nan = std::numeric_limits<float>::quiet_NaN();

class Function : public ::testing::Test {
protected:
  test::Context c;

  std::vector<float> apply(StringRef op, const std::vector<float> &x,
                           std::optional<NamedAttribute> attr = {}) {
    Builder b(&c.context);
    auto type = RankedTensorType::get({int64_t(x.size())}, b.getF32Type());
    Problem p;
    p.op = op.str();
    p.ins = {type};
    p.constant = {false};
    p.out = type;
    SmallVector<NamedAttribute> attrs;
    if (attr)
      attrs.push_back(*attr);
    p.config = b.getDictionaryAttr(attrs);
    std::string why;
    std::vector<Option> options = allOptions(p, Rect{0, 0, 1, 1}, why);
    EXPECT_FALSE(options.empty()) << why;
    return test::floatsOf(test::run(p, options.front(), {test::wordsOf(x)}));
  }

  NamedAttribute exponent(double e) {
    Builder b(&c.context);
    return b.getNamedAttr("exponent", b.getF64FloatAttr(e));
  }
  NamedAttribute tanhKind() {
    Builder b(&c.context);
    return b.getNamedAttr("approximate", b.getStringAttr("tanh"));
  }
};

std::vector<float> between(double low, double high, int count = 20011) {
  std::vector<float> x;
  for (int i = 0; i < count; ++i)
    x.push_back(float(low + (high - low) * i / (count - 1)));
  return x;
}

std::vector<float> magnitudes(double low, double high, int count = 20011) {
  std::vector<float> x;
  for (int i = 0; i < count; ++i)
    x.push_back(float(low * std::pow(high / low, double(i) / (count - 1))));
  return x;
}

/// Largest error relative to max(|want|, floor).
double worst(const std::vector<float> &x, const std::vector<float> &y,
             double (*f)(double), double floor = 0) {
  double error = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    double want = f(x[i]), size = std::max(std::abs(want), floor);
    double e = size == 0 ? std::abs(double(y[i]))
                         : std::abs(double(y[i]) - want) / size;
    error = std::isnan(e) ? INFINITY : std::max(error, e);
  }
  return error;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double silu(double x) { return x * sigmoid(x); }
double gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }
double geluTanh(double x) {
  return 0.5 * x *
         (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

TEST_F(Function, Exp) {
  auto x = between(-86.5, 88.7);
  EXPECT_LE(worst(x, apply("nn.exp", x), std::exp), 1.3e-7);
  auto y = apply("nn.exp", {-inf, inf, -1e30f, 1e30f, 88.73f, 89.3f, 90.0f, nan,
                            0.0f, -104.0f});
  EXPECT_EQ(y[0], 0.0f);
  EXPECT_EQ(y[1], inf);
  EXPECT_EQ(y[2], 0.0f);
  EXPECT_EQ(y[3], inf);
  EXPECT_EQ(y[4], inf);
  EXPECT_EQ(y[5], inf);
  EXPECT_EQ(y[6], inf);
  EXPECT_TRUE(std::isnan(y[7]));
  EXPECT_EQ(y[8], 1.0f);
  EXPECT_EQ(y[9], 0.0f);
}

TEST_F(Function, Log) {
  auto x = magnitudes(2e-38, 3e38);
  EXPECT_LE(worst(x, apply("nn.log", x), std::log, 1e-3), 2.5e-7);
  x = between(0.5, 2);
  EXPECT_LE(worst(x, apply("nn.log", x), std::log), 2.5e-7);
  auto y = apply("nn.log", {0.0f, -1.0f, inf, nan, 1.0f, -0.0f});
  EXPECT_EQ(y[0], -inf);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(y[2], inf);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_EQ(y[4], 0.0f);
  EXPECT_EQ(y[5], -inf);
  x = magnitudes(2e-45, 1e-37);
  EXPECT_LE(worst(x, apply("nn.log", x), std::log), 2.5e-7);
}

TEST_F(Function, Roots) {
  auto x = magnitudes(2e-45, 3.4e38);
  EXPECT_LE(worst(x, apply("nn.sqrt", x), std::sqrt), 3e-7);
  EXPECT_LE(
      worst(x, apply("nn.rsqrt", x), [](double v) { return 1 / std::sqrt(v); }),
      3e-7);
  auto y = apply("nn.sqrt", {0.0f, -0.0f, inf, -1.0f, nan});
  EXPECT_EQ(y[0], 0.0f);
  EXPECT_EQ(1 / y[1], -inf);
  EXPECT_EQ(y[2], inf);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_TRUE(std::isnan(y[4]));
  y = apply("nn.rsqrt", {0.0f, -0.0f, inf, -2.0f, nan});
  EXPECT_EQ(y[0], inf);
  EXPECT_EQ(y[1], -inf);
  EXPECT_EQ(y[2], 0.0f);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_TRUE(std::isnan(y[4]));
}

TEST_F(Function, Reciprocal) {
  auto x = magnitudes(3e-39, 8e37);
  auto inverse = [](double v) { return 1 / v; };
  EXPECT_LE(worst(x, apply("nn.reciprocal", x), inverse), 2e-7);
  for (float &v : x)
    v = -v;
  EXPECT_LE(worst(x, apply("nn.reciprocal", x), inverse), 2e-7);
  // Subnormal results have 21 bits.
  x = magnitudes(8e37, 3.4e38);
  EXPECT_LE(worst(x, apply("nn.reciprocal", x), inverse), 4e-7);
  auto y = apply("nn.reciprocal", {0.0f, -0.0f, inf, -inf, nan, 1e-40f});
  EXPECT_EQ(y[0], inf);
  EXPECT_EQ(y[1], -inf);
  EXPECT_EQ(1 / y[2], inf);
  EXPECT_EQ(1 / y[3], -inf);
  EXPECT_TRUE(std::isnan(y[4]));
  EXPECT_EQ(y[5], inf);
}

TEST_F(Function, Sigmoids) {
  // Small values keep their relative accuracy: a tensor may hold no others.
  auto x = between(-12, 12), tiny = magnitudes(1e-20, 1);
  EXPECT_LE(worst(x, apply("nn.tanh", x), std::tanh), 5e-7);
  EXPECT_LE(worst(tiny, apply("nn.tanh", tiny), std::tanh), 5e-7);
  EXPECT_LE(worst(x, apply("nn.erf", x), std::erf), 6e-7);
  EXPECT_LE(worst(tiny, apply("nn.erf", tiny), std::erf), 6e-7);
  x = between(-86, 12);
  EXPECT_LE(worst(x, apply("nn.sigmoid", x), sigmoid), 4e-7);
  for (const char *op : {"nn.tanh", "nn.erf", "nn.sigmoid"}) {
    auto y = apply(op, {-inf, inf, -1e9f, 1e9f, nan});
    if (StringRef(op) == "nn.sigmoid")
      EXPECT_EQ(y[0], 0);
    else
      EXPECT_NEAR(y[0], -1, 3e-7) << op;
    EXPECT_NEAR(y[1], 1, 3e-7) << op;
    EXPECT_NEAR(y[2], y[0], 1e-7) << op;
    EXPECT_NEAR(y[3], y[1], 1e-7) << op;
    EXPECT_TRUE(std::isnan(y[4])) << op;
  }
}

TEST_F(Function, Activations) {
  auto x = between(-8, 8), wide = between(-3e4, 3e4);
  EXPECT_LE(worst(x, apply("nn.gelu", x), gelu, 1), 2.5e-6);
  EXPECT_LE(worst(x, apply("nn.gelu", x, tanhKind()), geluTanh, 1), 5e-7);
  EXPECT_LE(worst(x, apply("nn.silu", x), silu, 1), 5e-7);
  EXPECT_LE(worst(wide, apply("nn.gelu", wide), gelu, 1), 2.5e-6);
  EXPECT_LE(worst(wide, apply("nn.gelu", wide, tanhKind()), geluTanh, 1), 5e-7);
  EXPECT_LE(worst(wide, apply("nn.silu", wide), silu, 1), 5e-7);
}

TEST_F(Function, Trigonometry) {
  auto x = between(-100, 100);
  EXPECT_LE(worst(x, apply("nn.sin", x), std::sin, 1), 2e-7);
  EXPECT_LE(worst(x, apply("nn.cos", x), std::cos, 1), 2e-7);
  x = between(-3e5, 3e5);
  EXPECT_LE(worst(x, apply("nn.sin", x), std::sin, 1), 3e-7);
  EXPECT_LE(worst(x, apply("nn.cos", x), std::cos, 1), 3e-7);
}

TEST_F(Function, Angles) {
  auto x = between(-100, 100);
  EXPECT_LE(worst(x, apply("nn.tan", x), std::tan), 4e-7);
  x = between(-1, 1);
  EXPECT_LE(worst(x, apply("nn.asin", x), std::asin), 5e-7);
  EXPECT_LE(worst(x, apply("nn.acos", x), std::acos), 4e-7);
  x = between(-20, 20);
  EXPECT_LE(worst(x, apply("nn.atan", x), std::atan), 3e-7);
  auto tiny = magnitudes(1e-20, 1);
  EXPECT_LE(worst(tiny, apply("nn.tan", tiny), std::tan), 3e-7);
  EXPECT_LE(worst(tiny, apply("nn.asin", tiny), std::asin), 5e-7);
  EXPECT_LE(worst(tiny, apply("nn.atan", tiny), std::atan), 3e-7);
  for (const char *op : {"nn.asin", "nn.acos"}) {
    auto y = apply(op, {1.5f, -1.001f, nan, inf});
    for (float v : y)
      EXPECT_TRUE(std::isnan(v)) << op;
  }
  auto y = apply("nn.atan", {inf, -inf, nan, -0.0f});
  EXPECT_FLOAT_EQ(y[0], M_PI / 2);
  EXPECT_FLOAT_EQ(y[1], -M_PI / 2);
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_EQ(1 / y[3], -inf);
  EXPECT_TRUE(std::isnan(apply("nn.tan", {inf})[0]));
}

TEST_F(Function, Hyperbolic) {
  auto x = between(-88, 88), tiny = magnitudes(1e-20, 1);
  EXPECT_LE(worst(x, apply("nn.sinh", x), std::sinh), 4e-7);
  EXPECT_LE(worst(x, apply("nn.cosh", x), std::cosh), 4e-7);
  EXPECT_LE(worst(tiny, apply("nn.sinh", tiny), std::sinh), 4e-7);
  auto wide = magnitudes(1e-20, 3e38);
  EXPECT_LE(worst(wide, apply("nn.asinh", wide), std::asinh), 4e-7);
  auto above = magnitudes(1, 3e38);
  EXPECT_LE(worst(above, apply("nn.acosh", above), std::acosh), 4e-7);
  auto unit = between(-0.9999, 0.9999);
  EXPECT_LE(worst(unit, apply("nn.atanh", unit), std::atanh), 4e-7);
  tiny = magnitudes(1e-20, 0.99);
  EXPECT_LE(worst(tiny, apply("nn.atanh", tiny), std::atanh), 4e-7);
  EXPECT_FLOAT_EQ(apply("nn.cosh", {89.0f})[0], 2.2448064e38f);
  for (const char *op : {"nn.sinh", "nn.asinh"}) {
    auto y = apply(op, {inf, -inf, nan, -0.0f});
    EXPECT_EQ(y[0], inf) << op;
    EXPECT_EQ(y[1], -inf) << op;
    EXPECT_TRUE(std::isnan(y[2])) << op;
    EXPECT_EQ(1 / y[3], -inf) << op;
  }
  auto y = apply("nn.cosh", {inf, -inf, nan, 0.0f});
  EXPECT_EQ(y[0], inf);
  EXPECT_EQ(y[1], inf);
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_EQ(y[3], 1.0f);
  y = apply("nn.acosh", {1.0f, 0.5f, inf, nan, -inf});
  EXPECT_EQ(y[0], 0.0f);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(y[2], inf);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_TRUE(std::isnan(y[4]));
  y = apply("nn.atanh", {1.0f, -1.0f, 1.5f, nan});
  EXPECT_EQ(y[0], inf);
  EXPECT_EQ(y[1], -inf);
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_TRUE(std::isnan(y[3]));
}

TEST_F(Function, RoundAndSign) {
  std::vector<float> x = {0.5f,  1.5f,  2.5f,  -0.5f,      -1.5f,
                          -2.5f, 0.49f, -0.0f, 4194305.5f, 8388607.5f,
                          1e20f, inf,   -inf,  -7.3f,      0.0f};
  auto y = apply("nn.round", x), s = apply("nn.sign", x);
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(y[i], std::nearbyint(x[i])) << x[i];
    EXPECT_EQ(std::signbit(y[i]), std::signbit(x[i])) << x[i];
    EXPECT_EQ(s[i], float(x[i] > 0) - float(x[i] < 0)) << x[i];
  }
  EXPECT_TRUE(std::isnan(apply("nn.round", {nan})[0]));
  EXPECT_TRUE(std::isnan(apply("nn.sign", {nan})[0]));
}

TEST_F(Function, Floor) {
  std::vector<float> x = {0.0f,   0.5f,       -0.5f, 1.0f,   -1.0f, 2.999f,
                          -2.01f, 8388607.5f, 1e20f, -1e20f, inf,   -inf};
  auto y = apply("nn.floor", x);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(y[i], std::floor(x[i])) << x[i];
  EXPECT_TRUE(std::isnan(apply("nn.floor", {nan})[0]));
}

TEST_F(Function, Powers) {
  auto x = magnitudes(0.02, 50);
  for (double e : {0.0, 1.0, 3.0, 5.0, 6.0, -1.0, -3.0, 1.5, 0.3, -0.7, 2.5}) {
    auto y = apply("nn.pow", x, exponent(e));
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_NEAR(y[i] / std::pow(double(x[i]), e), 1, 2e-6)
          << x[i] << "^" << e;
  }
  auto odd = apply("nn.pow", {-2.0f, 0.0f}, exponent(3));
  EXPECT_EQ(odd[0], -8.0f);
  EXPECT_EQ(odd[1], 0.0f);
  auto y = apply("nn.pow", {0.0f, -1.0f, inf, nan, -inf}, exponent(1.5));
  EXPECT_EQ(y[0], 0.0f);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(y[2], inf);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_EQ(y[4], inf);
  y = apply("nn.pow", {0.0f, inf, -inf}, exponent(-1.5));
  EXPECT_EQ(y[0], inf);
  EXPECT_EQ(y[1], 0.0f);
  EXPECT_EQ(y[2], 0.0f);
}

TEST_F(Function, LengthsWithoutDivisors) {
  for (int n : {1, 2, 127, 128, 129, 131, 257, 509, 1021}) {
    auto x = between(-2, 2, std::max(n, 2));
    x.resize(n);
    EXPECT_LE(worst(x, apply("nn.exp", x), std::exp), 1.3e-7) << n;
  }
}
} // namespace
