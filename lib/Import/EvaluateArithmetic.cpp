//===- EvaluateArithmetic.cpp - Arithmetic on constants, by rule ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "EvaluateNumbers.h"
#include "NN/NNOps.h"
#include "ScalarMath.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

/// Integer arithmetic wraps, so it is done unsigned.
static int64_t wrap(uint64_t value) { return int64_t(value); }
static int64_t divide(int64_t a, int64_t b) {
  return b == 0 ? 0 : b == -1 ? wrap(-uint64_t(a)) : a / b;
}
static int64_t power(int64_t a, int64_t b) {
  uint64_t result = 1, base = uint64_t(a);
  if (b < 0)
    return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  for (; b; b >>= 1, base *= base)
    if (b & 1)
      result *= base;
  return wrap(result);
}

std::optional<BinaryRule> weft::binaryRule(Operation *op) {
  using D = double;
  using I = int64_t;
  using R = std::optional<BinaryRule>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([](AddOp) {
        return BinaryRule{
            [](D a, D b) { return a + b; },
            [](I a, I b) { return wrap(uint64_t(a) + uint64_t(b)); }};
      })
      .Case([](SubOp) {
        return BinaryRule{
            [](D a, D b) { return a - b; },
            [](I a, I b) { return wrap(uint64_t(a) - uint64_t(b)); }};
      })
      .Case([](MulOp) {
        return BinaryRule{
            [](D a, D b) { return a * b; },
            [](I a, I b) { return wrap(uint64_t(a) * uint64_t(b)); }};
      })
      .Case([](DivOp) {
        return BinaryRule{[](D a, D b) { return a / b; }, divide};
      })
      .Case([](PowOp) { return BinaryRule{scalar::pow, power}; })
      .Case([](MaxOp) {
        return BinaryRule{[](D a, D b) { return a != a || a > b ? a : b; },
                          [](I a, I b) { return std::max(a, b); }};
      })
      .Case([](MinOp) {
        return BinaryRule{[](D a, D b) { return a != a || a < b ? a : b; },
                          [](I a, I b) { return std::min(a, b); }};
      })
      .Case([](AndOp) {
        return BinaryRule{nullptr, [](I a, I b) -> I { return a && b; }};
      })
      .Case([](OrOp) {
        return BinaryRule{nullptr, [](I a, I b) -> I { return a || b; }};
      })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<BinaryRule> weft::compareRule(Operation *op) {
  using D = double;
  using I = int64_t;
  using R = std::optional<BinaryRule>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([](EqualOp) {
        return BinaryRule{[](D a, D b) -> D { return a == b; },
                          [](I a, I b) -> I { return a == b; }};
      })
      .Case([](LessOp) {
        return BinaryRule{[](D a, D b) -> D { return a < b; },
                          [](I a, I b) -> I { return a < b; }};
      })
      .Case([](LessEqualOp) {
        return BinaryRule{[](D a, D b) -> D { return a <= b; },
                          [](I a, I b) -> I { return a <= b; }};
      })
      .Case([](GreaterOp) {
        return BinaryRule{[](D a, D b) -> D { return a > b; },
                          [](I a, I b) -> I { return a > b; }};
      })
      .Case([](GreaterEqualOp) {
        return BinaryRule{[](D a, D b) -> D { return a >= b; },
                          [](I a, I b) -> I { return a >= b; }};
      })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<UnaryRule> weft::unaryRule(Operation *op) {
  using D = double;
  using I = int64_t;
  using R = std::optional<UnaryRule>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([](NegOp) {
        return UnaryRule{[](D x) { return -x; },
                         [](I x) { return wrap(-uint64_t(x)); }};
      })
      .Case([](AbsOp) {
        return UnaryRule{[](D x) { return std::fabs(x); },
                         [](I x) { return x < 0 ? wrap(-uint64_t(x)) : x; }};
      })
      .Case([](ReluOp) {
        return UnaryRule{[](D x) { return x < 0 ? 0 : x; },
                         [](I x) { return std::max<I>(x, 0); }};
      })
      .Case(
          [](NotOp) { return UnaryRule{nullptr, [](I x) -> I { return !x; }}; })
      .Case([](SqrtOp) {
        return UnaryRule{[](D x) { return std::sqrt(x); }, nullptr};
      })
      .Case([](RsqrtOp) {
        return UnaryRule{[](D x) { return 1 / std::sqrt(x); }, nullptr};
      })
      .Case([](ReciprocalOp) {
        return UnaryRule{[](D x) { return 1 / x; }, nullptr};
      })
      .Case([](FloorOp) {
        return UnaryRule{[](D x) { return std::floor(x); }, nullptr};
      })
      .Case([](ExpOp) { return UnaryRule{scalar::exp, nullptr}; })
      .Case([](LogOp) { return UnaryRule{scalar::log, nullptr}; })
      .Case([](TanhOp) { return UnaryRule{scalar::tanh, nullptr}; })
      .Case([](ErfOp) { return UnaryRule{scalar::erf, nullptr}; })
      .Case([](SinOp) { return UnaryRule{scalar::sin, nullptr}; })
      .Case([](CosOp) { return UnaryRule{scalar::cos, nullptr}; })
      .Case([](SigmoidOp) {
        return UnaryRule{[](D x) { return 1 / (1 + scalar::exp(-x)); },
                         nullptr};
      })
      .Case([](SiluOp) {
        return UnaryRule{[](D x) { return x / (1 + scalar::exp(-x)); },
                         nullptr};
      })
      .Default([](Operation *) { return std::nullopt; });
}
