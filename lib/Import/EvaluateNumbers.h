//===- EvaluateNumbers.h - Elementwise ops on constants, by rule ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// An elementwise op on constants is a function of doubles or of int64, whose
// result is rounded, or wrapped, to the result's type.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_EVALUATENUMBERS_H
#define WEFT_LIB_IMPORT_EVALUATENUMBERS_H

#include "mlir/IR/Operation.h"
#include <cstdint>
#include <optional>

namespace weft {

struct BinaryRule {
  double (*onFloat)(double, double); // null: integers only
  int64_t (*onInt)(int64_t, int64_t);
};
struct UnaryRule {
  double (*onFloat)(double);
  int64_t (*onInt)(int64_t); // null: floats only
};

/// Sums, products, extremes, powers; comparisons; signs, roots, exponentials.
std::optional<BinaryRule> binaryRule(mlir::Operation *op);
std::optional<BinaryRule> compareRule(mlir::Operation *op);
std::optional<UnaryRule> unaryRule(mlir::Operation *op);

/// Remainders, bits, rounding, and the functions of trigonometry.
std::optional<BinaryRule> binaryNumberRule(mlir::Operation *op);
std::optional<UnaryRule> unaryNumberRule(mlir::Operation *op);
inline bool hasNumberRule(mlir::Operation *op) {
  return binaryNumberRule(op) || unaryNumberRule(op);
}

} // namespace weft
#endif
