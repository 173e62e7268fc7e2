//===- ConstantTest.cpp - Constant expressions ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Element types round as IEEE says, elementary functions agree with libm, and
// expressions over constants have the values that numpy gives.
//
//===----------------------------------------------------------------------===//
#include "weft/Import/Constant.h"
#include "NN/NNOps.h"
#include "ScalarMath.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace weft;

namespace {

HostTensor scalarOf(Type element) {
  return HostTensor::zeros(RankedTensorType::get({1}, element));
}

double roundTrip(Type element, double value) {
  HostTensor tensor = scalarOf(element);
  tensor.setFloat(0, value);
  return tensor.getFloat(0);
}

TEST(HostTensor, RoundsHalf) {
  MLIRContext context;
  Type f16 = Float16Type::get(&context);
  EXPECT_EQ(roundTrip(f16, 0), 0);
  EXPECT_EQ(roundTrip(f16, 1), 1);
  EXPECT_EQ(roundTrip(f16, -2.5), -2.5);
  EXPECT_EQ(roundTrip(f16, 65504), 65504);
  EXPECT_EQ(roundTrip(f16, 65519), 65504);
  EXPECT_TRUE(std::isinf(roundTrip(f16, 65520)));
  EXPECT_EQ(roundTrip(f16, 2049), 2048); // ties to even
  EXPECT_EQ(roundTrip(f16, 2051), 2052);
  EXPECT_EQ(roundTrip(f16, 0x1p-24), 0x1p-24); // smallest
  EXPECT_EQ(roundTrip(f16, 0x1p-25), 0);       // tie to even
  EXPECT_EQ(roundTrip(f16, 0x1.8p-25), 0x1p-24);
  EXPECT_EQ(roundTrip(f16, 0x1.ff8p-15), 0x1.ff8p-15); // subnormal
  EXPECT_EQ(roundTrip(f16, 0x1.fffp-15), 0x1p-14);
  EXPECT_TRUE(std::isnan(roundTrip(f16, NAN)));
}

TEST(HostTensor, EveryHalfSurvives) {
  MLIRContext context;
  HostTensor tensor = scalarOf(Float16Type::get(&context));
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7c00) == 0x7c00 && bits & 0x3ff)
      continue; // NaN payloads are not kept
    uint16_t in = uint16_t(bits), out;
    std::memcpy(tensor.bytes.data(), &in, 2);
    tensor.setFloat(0, tensor.getFloat(0));
    std::memcpy(&out, tensor.bytes.data(), 2);
    ASSERT_EQ(in, out);
  }
}

TEST(HostTensor, RoundsBfloatOnce) {
  MLIRContext context;
  Type bf16 = BFloat16Type::get(&context);
  EXPECT_EQ(roundTrip(bf16, 1.00390625), 1);        // tie to even
  EXPECT_EQ(roundTrip(bf16, 1.01171875), 1.015625); // tie to even
  // Just above the tie, but f32 would round to it first.
  EXPECT_EQ(roundTrip(bf16, 1.00390625 + 0x1p-40), 1.0078125);
  EXPECT_EQ(roundTrip(bf16, 1.01171875 - 0x1p-40), 1.0078125);
}

TEST(HostTensor, IntegersWrapAndTruncate) {
  MLIRContext context;
  HostTensor i8 = scalarOf(IntegerType::get(&context, 8));
  i8.setInt(0, 200);
  EXPECT_EQ(i8.getInt(0), -56);
  HostTensor u8 =
      scalarOf(IntegerType::get(&context, 8, IntegerType::Unsigned));
  u8.setInt(0, 200);
  EXPECT_EQ(u8.getInt(0), 200);
  HostTensor i64 = scalarOf(IntegerType::get(&context, 64));
  i64.setFloat(0, -2.9);
  EXPECT_EQ(i64.getInt(0), -2);
  HostTensor flag = scalarOf(IntegerType::get(&context, 1));
  flag.setFloat(0, 0.25);
  EXPECT_EQ(flag.getInt(0), 1);
}

TEST(ScalarMath, AgreesWithLibm) {
  auto check = [](double ours, double theirs) {
    EXPECT_NEAR(ours, theirs, 4e-15 * std::max(1.0, std::fabs(theirs)));
  };
  for (double x = -30; x <= 30; x += 0.137) {
    check(scalar::exp(x), std::exp(x));
    check(scalar::sin(x * 1000), std::sin(x * 1000));
    check(scalar::cos(x), std::cos(x));
    check(scalar::tanh(x / 10), std::tanh(x / 10));
    check(scalar::erf(x / 10), std::erf(x / 10));
    check(scalar::log(x * x + 1e-9), std::log(x * x + 1e-9));
    check(scalar::pow(std::fabs(x), 1.7), std::pow(std::fabs(x), 1.7));
    check(scalar::pow(x, 3), std::pow(x, 3));
  }
  EXPECT_EQ(scalar::exp(1000), INFINITY);
  EXPECT_EQ(scalar::exp(-1000), 0);
  EXPECT_EQ(scalar::log(0), -INFINITY);
  EXPECT_TRUE(std::isnan(scalar::log(-1)));
  EXPECT_TRUE(std::isnan(scalar::pow(-1, 0.3)));
}

/// The value of the last op of a program with this body.
class Expression {
public:
  explicit Expression(const std::string &body) {
    context.loadDialect<nn::NNDialect>();
    module = parseSourceString<ModuleOp>(
        "nn.program @main(%arg0: tensor<4xf32>) {\n" + body + "\nnn.return }",
        &context);
    auto program = *module->getOps<nn::ProgramOp>().begin();
    value =
        program.getBody().front().getTerminator()->getPrevNode()->getResult(0);
  }
  std::vector<double> evaluate() {
    auto tensor = evaluateTensor(value);
    EXPECT_TRUE(bool(tensor));
    std::vector<double> values;
    for (int64_t i = 0; i < tensor->size(); ++i)
      values.push_back(tensor->getFloat(i));
    return values;
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  Value value;
};

const char *const Table = "%t = nn.constant dense<[[0.0, 1.0, 2.0], [3.0, 4.0, "
                          "5.0]]> : tensor<2x3xf32>\n";

TEST(Constant, MovesData) {
  using V = std::vector<double>;
  EXPECT_EQ(Expression(std::string(Table) +
                       "%0 = nn.transpose %t perm = [1, 0] : "
                       "(tensor<2x3xf32>) -> tensor<3x2xf32>")
                .evaluate(),
            (V{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(
      Expression(
          std::string(Table) +
          "%0 = nn.slice %t starts = [0, 2] sizes = [2, 2] steps = [1, -2] "
          ": (tensor<2x3xf32>) -> tensor<2x2xf32>")
          .evaluate(),
      (V{2, 0, 5, 3}));
  EXPECT_EQ(
      Expression(
          std::string(Table) +
          "%0 = nn.concat %t, %t axis = 1 : (tensor<2x3xf32>, tensor<2x3xf32>) "
          "-> tensor<2x6xf32>")
          .evaluate(),
      (V{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(
      Expression(
          std::string(Table) +
          "%i = nn.constant dense<[-1, 0]> : tensor<2xi64>\n"
          "%0 = nn.gather %t, %i axis = 1 : (tensor<2x3xf32>, tensor<2xi64>) "
          "-> tensor<2x2xf32>")
          .evaluate(),
      (V{2, 0, 5, 3}));
  EXPECT_EQ(
      Expression("%c = nn.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>\n"
                 "%0 = nn.expand %c : (tensor<2x1xf32>) -> tensor<2x2xf32>")
          .evaluate(),
      (V{1, 1, 2, 2}));
}

TEST(Constant, Computes) {
  using V = std::vector<double>;
  EXPECT_EQ(Expression(std::string(Table) +
                       "%c = nn.constant dense<2.0> : tensor<f32>\n"
                       "%0 = nn.sub %c, %t : (tensor<f32>, tensor<2x3xf32>) -> "
                       "tensor<2x3xf32>")
                .evaluate(),
            (V{2, 1, 0, -1, -2, -3}));
  EXPECT_EQ(Expression(std::string(Table) +
                       "%0 = nn.reduce_mean %t axes = [0] keepdims = false "
                       ": (tensor<2x3xf32>) -> tensor<3xf32>")
                .evaluate(),
            (V{1.5, 2.5, 3.5}));
  EXPECT_EQ(
      Expression(
          "%a = nn.constant dense<[7, -7]> : tensor<2xi64>\n"
          "%b = nn.constant dense<2> : tensor<i64>\n"
          "%0 = nn.div %a, %b : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>")
          .evaluate(),
      (V{3, -3}));
  EXPECT_EQ(Expression("%a = nn.constant dense<[true, false]> : tensor<2xi1>\n"
                       "%x = nn.constant dense<1.0> : tensor<2xf16>\n"
                       "%y = nn.constant dense<[2.0, 3.0]> : tensor<2xf16>\n"
                       "%0 = nn.where %a, %x, %y : (tensor<2xi1>, "
                       "tensor<2xf16>, tensor<2xf16>) "
                       "-> tensor<2xf16>")
                .evaluate(),
            (V{1, 3}));
}

TEST(Constant, OrdersAndAccumulates) {
  using V = std::vector<double>;
  const std::string ties = "%t = nn.constant dense<[[2, 5, 5, 1], [0, 0, -3, "
                           "9]]> : tensor<2x4xi64>\n";
  EXPECT_EQ(Expression(ties + "%0 = nn.top_k %t k = 3 axis = 1 largest = true "
                              ": (tensor<2x4xi64>) -> tensor<2x3xi32>")
                .evaluate(),
            (V{1, 2, 0, 3, 0, 1}));
  EXPECT_EQ(Expression(ties + "%0 = nn.top_k %t k = 1 axis = 0 largest = false "
                              ": (tensor<2x4xi64>) -> tensor<1x4xi32>")
                .evaluate(),
            (V{1, 1, 1, 0}));
  EXPECT_EQ(Expression(ties + "%0 = nn.cum_sum %t axis = 1 exclusive = false "
                              "reverse = true : (tensor<2x4xi64>) -> "
                              "tensor<2x4xi64>")
                .evaluate(),
            (V{13, 11, 6, 1, 6, 6, 6, 9}));
  EXPECT_EQ(Expression(std::string(Table) +
                       "%0 = nn.cum_prod %t axis = 1 exclusive = true "
                       "reverse = false : (tensor<2x3xf32>) -> tensor<2x3xf32>")
                .evaluate(),
            (V{1, 0, 0, 1, 3, 12}));
}

TEST(Constant, WritesRows) {
  using V = std::vector<double>;
  const std::string rows =
      std::string(Table) +
      "%u = nn.constant dense<[[10.0, 20.0], [30.0, 40.0]]> : tensor<2x2xf32>\n"
      "%p = nn.constant dense<[1, -1]> : tensor<2xi64>\n"
      "%b = nn.constant dense<[[1, 1], [0, 3]]> : tensor<2x2xi64>\n";
  const std::string type =
      " : (tensor<2x3xf32>, tensor<2x2xf32>, tensor<2xi64>) -> tensor<2x3xf32>";
  EXPECT_EQ(
      Expression(rows + "%0 = nn.cache_update %t, %u at %p axis = 1" + type)
          .evaluate(),
      (V{0, 10, 2, 3, 30, 5}));
  EXPECT_EQ(Expression(rows +
                       "%0 = nn.cache_update %t, %u at %p axis = 1 wrap" + type)
                .evaluate(),
            (V{0, 10, 20, 3, 30, 40}));
  EXPECT_EQ(Expression(rows +
                       "%0 = nn.cache_update %t, %u at %b axis = 1 "
                       "reduction = \"add\" : (tensor<2x3xf32>, "
                       "tensor<2x2xf32>, tensor<2x2xi64>) -> tensor<2x3xf32>")
                .evaluate(),
            (V{0, 31, 2, 33, 4, 5}));
}

TEST(Constant, TellsConstantsFromValues) {
  Expression sum(
      "%c = nn.constant dense<2.0> : tensor<f32>\n"
      "%0 = nn.add %arg0, %c : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>");
  EXPECT_FALSE(isConstant(sum.value));
  Expression norm("%c = nn.constant dense<2.0> : tensor<4xf32>\n"
                  "%0 = nn.exp %c : (tensor<4xf32>) -> tensor<4xf32>");
  EXPECT_TRUE(isConstant(norm.value));
  EXPECT_NEAR(*constantScalar(norm.value), std::exp(2.0), 1e-6);
}

/// What constantScalar finds, and how many elements it computes for it.
static std::pair<std::optional<double>, int64_t> looked(const std::string &body,
                                                        int64_t limit = 65536) {
  constexpr int64_t budget = 1 << 20;
  int64_t left = budget;
  Expression e(body);
  auto scalar = constantScalar(e.value, limit, &left);
  return {scalar, budget - left};
}

TEST(Constant, FormTellsOfEqualElements) {
  using L = std::pair<std::optional<double>, int64_t>;
  const std::string wide =
      "%c = nn.constant dense<2.0> : tensor<f32>\n"
      "%w = nn.expand %c : (tensor<f32>) -> tensor<16x64xf32>\n";
  const std::string same = "(tensor<16x64xf32>) -> tensor<16x64xf32>";
  EXPECT_EQ(looked(wide + "%0 = nn.neg %w : " + same), L(-2.0, 0));
  EXPECT_EQ(looked(wide + "%0 = nn.slice %w starts = [3, 0] sizes = [1, 64] "
                          "steps = [1, 1] : (tensor<16x64xf32>) -> "
                          "tensor<1x64xf32>"),
            L(2.0, 0));
  EXPECT_EQ(looked(wide +
                   "%0 = nn.reduce_sum %w axes = [0, 1] keepdims = false : "
                   "(tensor<16x64xf32>) -> tensor<f32>"),
            L(2048.0, 0));
  EXPECT_EQ(looked(wide + "%0 = nn.reduce_max %w axes = [1] keepdims = false : "
                          "(tensor<16x64xf32>) -> tensor<16xf32>"),
            L(2.0, 0));
  // Of a table, two elements tell; what follows does not change that.
  EXPECT_EQ(looked("%t = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>\n"
                   "%0 = nn.expand %t : (tensor<2xf32>) -> tensor<64x2xf32>"),
            L(std::nullopt, 0));
  // Nothing is said of what is larger than was asked for.
  EXPECT_EQ(looked(wide + "%0 = nn.neg %w : " + same, 1023),
            L(std::nullopt, 0));
}

TEST(Constant, ElementsAreComputedWhereFormDoesNotTell) {
  using L = std::pair<std::optional<double>, int64_t>;
  const std::string table = "%t = nn.constant dense<[1.0, 2.0]> : "
                            "tensor<2xf32>\n";
  const std::string zero =
      table + "%0 = nn.sub %t, %t : (tensor<2xf32>, tensor<2xf32>) -> "
              "tensor<2xf32>";
  EXPECT_EQ(looked(zero), L(0.0, 4)); // the table and its difference
  EXPECT_EQ(looked(table + "%0 = nn.exp %t : (tensor<2xf32>) -> "
                           "tensor<2xf32>"),
            L(std::nullopt, 4));
  // A row of equal elements of a table: the table, the row.
  EXPECT_EQ(looked("%t = nn.constant dense<[[1.0, 2.0], [3.0, 3.0]]> : "
                   "tensor<2x2xf32>\n%0 = nn.slice %t starts = [1, 0] sizes = "
                   "[1, 2] steps = [1, 1] : (tensor<2x2xf32>) -> "
                   "tensor<1x2xf32>"),
            L(3.0, 6));
  Expression e(zero);
  int64_t left = 3;
  EXPECT_EQ(constantScalar(e.value, 65536, &left), std::nullopt);
  EXPECT_EQ(left, 3); // too little, so nothing is computed
  left = 5;
  EXPECT_EQ(constantScalar(e.value, 65536, &left), 0.0);
  EXPECT_EQ(left, 1);
}

TEST(Constant, SaysWhatHasNoValue) {
  auto problem = [](const std::string &body, int64_t limit = INT64_MAX) {
    Expression e(body);
    auto tensor = evaluateTensor(e.value, limit);
    return tensor ? std::string("none") : toString(tensor.takeError());
  };
  const std::string table = Table;
  EXPECT_EQ(problem("%0 = nn.exp %arg0 : (tensor<4xf32>) -> tensor<4xf32>"),
            "the value is not constant");
  EXPECT_EQ(problem(table + "%i = nn.constant dense<[1, 5]> : tensor<2xi64>\n"
                            "%0 = nn.gather %t, %i axis = 1 : (tensor<2x3xf32>,"
                            " tensor<2xi64>) -> tensor<2x2xf32>"),
            "index 5 is out of the extent 3");
  // The argument is not reduced exactly beyond 2^20.
  EXPECT_EQ(problem("%c = nn.constant dense<2.0e6> : tensor<f32>\n"
                    "%0 = nn.sin %c : (tensor<f32>) -> tensor<f32>"),
            "'nn.sin' is not evaluated on constants");
  const std::string twice =
      table + "%0 = nn.exp %t : (tensor<2x3xf32>) -> tensor<2x3xf32>";
  EXPECT_EQ(problem(twice, 12), "none");
  EXPECT_EQ(problem(twice, 11), "is too large to look at");
}

TEST(Constant, RefusesWeightsWithoutStore) {
  MLIRContext context;
  context.loadDialect<nn::NNDialect>();
  auto module = parseSourceString<ModuleOp>(
      "nn.weight @w : tensor<4xf32> = #nn.data<\"f\", 0, 16, \"00\">\n"
      "nn.program @main() { %w = nn.load @w : tensor<4xf32>\n nn.return }",
      &context);
  auto program = *module->getOps<nn::ProgramOp>().begin();
  auto bytes = evaluateConstant(program.getBody().front().front().getResult(0));
  EXPECT_NE(toString(bytes.takeError()).find("no weights are at hand"),
            std::string::npos);
}

} // namespace
