//===- Value.h - Strided intervals: what a register may hold --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Addresses are all the verifier wants to know of data. An interval bounds
// them and a step proves their alignment.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_VALUE_H
#define WEFT_LIB_VERIFY_VALUE_H

#include "weft/Binary/Isa.h"
#include <cstdint>
#include <limits>

namespace weft::verify {

/// A set of i32 values within {lo, lo + step, ..., hi}.
struct Value {
  int64_t lo = std::numeric_limits<int32_t>::min();
  int64_t hi = std::numeric_limits<int32_t>::max();
  int64_t step = 1; // 0 for a constant

  static Value constant(int64_t v) { return {v, v, 0}; }
  /// Anything if the range leaves i32 (it would wrap).
  static Value range(int64_t lo, int64_t hi, int64_t step = 1);
  bool isConst() const { return lo == hi; }
  bool isTop() const { return !isConst() && hi - lo >= (int64_t(1) << 32) - 1; }
};

Value join(const Value &a, const Value &b);
Value shiftBy(const Value &a, int64_t k); // a + k
/// The result of the scalar op `op` on b, c (old: the previous content of a).
Value evaluate(isa::Op op, const Value &old, const Value &b, const Value &c);

} // namespace weft::verify
#endif
