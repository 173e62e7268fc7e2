//===- AddressRange.cpp - Strided intervals -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "AddressRange.h"
#include <algorithm>
#include <cstdlib>
#include <numeric>

using namespace weft;
using namespace weft::cost;
using isa::Op;

using Range = AddressRange;

Range cost::makeRange(int64_t lo, int64_t hi, int64_t step) {
  if (lo < INT32_MIN || hi > int64_t(UINT32_MAX) || lo > hi)
    return Range::unknown();
  return {true, lo, hi, lo == hi ? 0 : std::max<int64_t>(step, 1)};
}

Range cost::operator+(const Range &a, const Range &b) {
  if (!a.known || !b.known)
    return Range::unknown();
  return makeRange(a.lo + b.lo, a.hi + b.hi, std::gcd(a.step, b.step));
}

Range cost::times(const Range &a, int64_t k) {
  if (!a.known || std::llabs(k) > INT32_MAX)
    return Range::unknown();
  int64_t x = a.lo * k, y = a.hi * k;
  return makeRange(std::min(x, y), std::max(x, y), a.step * std::llabs(k));
}

Range cost::hull(const Range &a, const Range &b) {
  if (!a.known || !b.known)
    return Range::unknown();
  int64_t step = std::gcd(std::gcd(a.step, b.step), std::llabs(a.lo - b.lo));
  return makeRange(std::min(a.lo, b.lo), std::max(a.hi, b.hi), step);
}

Range cost::binary(Op op, const Range &a, const Range &b) {
  if (!a.known || !b.known) {
    // One known side may still bound the result.
    bool andMask =
        op == Op::And && (a.known ? a.lo >= 0 : b.known && b.lo >= 0);
    return andMask ? makeRange(0, a.known ? a.hi : b.hi, 1) : Range::unknown();
  }
  switch (op) {
  case Op::Add:
    return a + b;
  case Op::Sub:
    return a + times(b, -1);
  case Op::Mul:
    return a.constant()   ? times(b, a.lo)
           : b.constant() ? times(a, b.lo)
           : a.lo >= 0 && b.lo >= 0 && a.hi <= INT32_MAX && b.hi <= INT32_MAX
               ? makeRange(a.lo * b.lo, a.hi * b.hi, 1)
               : Range::unknown();
  case Op::And:
    return a.lo >= 0 && b.lo >= 0 ? makeRange(0, std::min(a.hi, b.hi), 1)
                                  : Range::unknown();
  case Op::Min:
    return makeRange(std::min(a.lo, b.lo), std::min(a.hi, b.hi), 1);
  case Op::Max:
    return makeRange(std::max(a.lo, b.lo), std::max(a.hi, b.hi), 1);
  case Op::Slt:
  case Op::Seq:
    return makeRange(0, 1, 1);
  default:
    return Range::unknown();
  }
}
