//===- EvaluateNumbers.cpp - Elementwise ops on constants, by rule --------===//
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

/// std::fmod is exact, so the same everywhere.
static double floatMod(double a, double b) {
  double r = std::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/// 0 where kernels give 0: for a divisor of 0.
static int64_t rem(int64_t a, int64_t b) {
  return b == 0 || b == -1 ? 0 : a % b;
}
static int64_t mod(int64_t a, int64_t b) {
  int64_t r = rem(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
static int64_t shiftLeft(int64_t a, int64_t b) {
  return b < 0 || b > 63 ? 0 : int64_t(uint64_t(a) << b);
}
static int64_t shiftRight(int64_t a, int64_t b) {
  return b < 0 || b > 63 ? 0 : int64_t(uint64_t(a) >> b);
}

std::optional<BinaryRule> weft::binaryNumberRule(Operation *op) {
  using D = double;
  using I = int64_t;
  using R = std::optional<BinaryRule>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([](ExactDivOp) {
        return BinaryRule{[](D a, D b) { return a / b; }, nullptr};
      })
      .Case([](ModOp) { return BinaryRule{floatMod, mod}; })
      .Case([](RemOp) {
        return BinaryRule{[](D a, D b) { return std::fmod(a, b); }, rem};
      })
      .Case([](BitAndOp) {
        return BinaryRule{nullptr, [](I a, I b) -> I { return a & b; }};
      })
      .Case([](BitOrOp) {
        return BinaryRule{nullptr, [](I a, I b) -> I { return a | b; }};
      })
      .Case([](BitXorOp) {
        return BinaryRule{nullptr, [](I a, I b) -> I { return a ^ b; }};
      })
      .Case([](ShiftLeftOp) { return BinaryRule{nullptr, shiftLeft}; })
      .Case([](ShiftRightOp) { return BinaryRule{nullptr, shiftRight}; })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<UnaryRule> weft::unaryNumberRule(Operation *op) {
  using D = double;
  using I = int64_t;
  using R = std::optional<UnaryRule>;
  auto onFloat = [](D (*f)(D)) { return UnaryRule{f, nullptr}; };
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([&](RoundOp) {
        return onFloat([](D x) { return std::nearbyint(x); });
      })
      .Case([](SignOp) {
        return UnaryRule{[](D x) { return x != x ? x : D(x > 0) - D(x < 0); },
                         [](I x) -> I { return (x > 0) - (x < 0); }};
      })
      .Case([&](TanOp) { return onFloat(scalar::tan); })
      .Case([&](AsinOp) { return onFloat(scalar::asin); })
      .Case([&](AcosOp) { return onFloat(scalar::acos); })
      .Case([&](AtanOp) { return onFloat(scalar::atan); })
      .Case([&](SinhOp) { return onFloat(scalar::sinh); })
      .Case([&](CoshOp) { return onFloat(scalar::cosh); })
      .Case([&](AsinhOp) { return onFloat(scalar::asinh); })
      .Case([&](AcoshOp) { return onFloat(scalar::acosh); })
      .Case([&](AtanhOp) { return onFloat(scalar::atanh); })
      .Default([](Operation *) { return std::nullopt; });
}
