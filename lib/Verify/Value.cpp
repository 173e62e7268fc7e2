//===- Value.cpp - Strided intervals: what a register may hold ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every transfer function returns a superset of the values that can occur;
// precision matters only for address arithmetic (add, scale, clamp, mask).
//
//===----------------------------------------------------------------------===//
#include "Value.h"
#include <algorithm>
#include <numeric>

using namespace weft::verify;
using weft::isa::Op;

static constexpr int64_t Min32 = std::numeric_limits<int32_t>::min();
static constexpr int64_t Max32 = std::numeric_limits<int32_t>::max();

static int64_t gcd3(int64_t a, int64_t b, int64_t c) {
  return std::gcd(std::gcd(a, b), c);
}

Value Value::range(int64_t lo, int64_t hi, int64_t step) {
  if (lo == hi)
    return constant(int32_t(uint32_t(uint64_t(lo))));
  if (lo < Min32 || hi > Max32)
    return {};
  return {lo, hi, std::max<int64_t>(step, 1)};
}

Value weft::verify::join(const Value &a, const Value &b) {
  return Value::range(std::min(a.lo, b.lo), std::max(a.hi, b.hi),
                      gcd3(a.step, b.step, b.lo - a.lo));
}

Value weft::verify::shiftBy(const Value &a, int64_t k) {
  return Value::range(a.lo + k, a.hi + k, a.step);
}

static Value add(const Value &b, const Value &c) {
  if (c.isConst())
    return shiftBy(b, c.lo);
  if (b.isConst())
    return shiftBy(c, b.lo);
  return Value::range(b.lo + c.lo, b.hi + c.hi, std::gcd(b.step, c.step));
}

static Value negate(const Value &v) {
  return Value::range(-v.hi, -v.lo, v.step);
}

static Value multiply(const Value &b, const Value &c) {
  int64_t p[4] = {b.lo * c.lo, b.lo * c.hi, b.hi * c.lo, b.hi * c.hi};
  int64_t lo = *std::min_element(p, p + 4), hi = *std::max_element(p, p + 4);
  if (lo != hi && (lo < Min32 || hi > Max32))
    return {}; // before the step, whose product could overflow
  if (b.isConst() || c.isConst())
    return Value::range(lo, hi,
                        std::abs(b.isConst() ? b.lo * c.step : c.lo * b.step));
  return Value::range(lo, hi,
                      gcd3(b.lo * c.step, c.lo * b.step, b.step * c.step));
}

/// b & mask for a constant mask >= 0, or for two values >= 0.
static Value conjunction(const Value &b, const Value &c) {
  if (b.isConst() && c.isConst())
    return Value::constant(int32_t(b.lo) & int32_t(c.lo));
  if (!c.isConst() && b.isConst())
    return conjunction(c, b);
  if (c.isConst() && c.lo >= 0) {
    bool low = (c.lo & (c.lo + 1)) == 0; // all ones
    if (low && b.lo >= 0 && b.hi <= c.lo)
      return b;
    int64_t unit = c.lo & -c.lo;
    return c.lo == 0 ? Value::constant(0) : Value::range(0, c.lo, unit);
  }
  if (c.isConst() && c.lo < 0 && b.lo >= 0) { // clears low bits, mostly
    int64_t unit = c.lo & -c.lo;
    return Value::range(0, b.hi / unit * unit, unit);
  }
  if (b.lo >= 0 && c.lo >= 0)
    return Value::range(0, std::min(b.hi, c.hi));
  if (b.lo >= 0 || c.lo >= 0)
    return Value::range(0, b.lo >= 0 ? b.hi : c.hi);
  return {};
}

static Value disjunction(Op op, const Value &b, const Value &c) {
  if (b.isConst() && c.isConst())
    return Value::constant(op == Op::Or ? int32_t(b.lo) | int32_t(c.lo)
                                        : int32_t(b.lo) ^ int32_t(c.lo));
  if (b.lo < 0 || c.lo < 0)
    return {};
  int64_t top = 1;
  while (top <= std::max(b.hi, c.hi))
    top *= 2;
  return Value::range(0, top - 1);
}

static Value shiftLeft(const Value &b, const Value &c) {
  if (!c.isConst())
    return {};
  return multiply(b, Value::constant(int64_t(1) << (c.lo & 31)));
}

static Value shiftRight(Op op, const Value &b, const Value &c) {
  if (!c.isConst())
    return b.lo >= 0 ? Value::range(0, b.hi) : Value();
  int64_t n = c.lo & 31;
  bool logical = op == Op::Shr || op == Op::Shri;
  if (b.lo < 0 && logical) {
    if (b.isConst())
      return Value::constant(int32_t(uint32_t(int32_t(b.lo)) >> n));
    return n == 0 ? b : Value::range(0, int64_t(0xffffffffu >> n));
  }
  int64_t unit = int64_t(1) << n;
  bool whole = b.lo % unit == 0 && b.step % unit == 0;
  return Value::range(b.lo >> n, b.hi >> n, whole ? b.step / unit : 1);
}

static Value extreme(Op op, const Value &b, const Value &c) {
  bool isMin = op == Op::Min;
  if (b.hi <= c.lo)
    return isMin ? b : c;
  if (c.hi <= b.lo)
    return isMin ? c : b;
  int64_t lo = isMin ? std::min(b.lo, c.lo) : std::max(b.lo, c.lo);
  int64_t hi = isMin ? std::min(b.hi, c.hi) : std::max(b.hi, c.hi);
  // The low end must be a member of the progression for the step to hold.
  return Value::range(lo, hi, gcd3(b.step, c.step, b.lo - c.lo));
}

static Value compare(Op op, const Value &b, const Value &c) {
  if (op == Op::Slt && (b.hi < c.lo || b.lo >= c.hi))
    return Value::constant(b.hi < c.lo);
  if (op == Op::Seq && b.isConst() && c.isConst())
    return Value::constant(b.lo == c.lo);
  if (op == Op::Seq && (b.hi < c.lo || c.hi < b.lo))
    return Value::constant(0);
  return Value::range(0, 1);
}

Value weft::verify::evaluate(Op op, const Value &old, const Value &b,
                             const Value &c) {
  switch (op) {
  case Op::Li:
    return c;
  case Op::Mov:
    return b;
  case Op::Add:
  case Op::Addi:
    return add(b, c);
  case Op::Sub:
    return c.isConst() ? shiftBy(b, -c.lo) : add(b, negate(c));
  case Op::Mul:
  case Op::Muli:
    return multiply(b, c);
  case Op::And:
  case Op::Andi:
    return conjunction(b, c);
  case Op::Or:
  case Op::Xor:
    return disjunction(op, b, c);
  case Op::Shl:
  case Op::Shli:
    return shiftLeft(b, c);
  case Op::Shr:
  case Op::Shri:
  case Op::Sar:
    return shiftRight(op, b, c);
  case Op::Min:
  case Op::Max:
    return extreme(op, b, c);
  case Op::Slt:
  case Op::Seq:
    return compare(op, b, c);
  case Op::FLt:
    return Value::range(0, 1);
  case Op::Sel:
    if (old.lo > 0 || old.hi < 0)
      return b;
    return old.isConst() ? c : join(b, c);
  default:
    return {}; // floating point
  }
}
