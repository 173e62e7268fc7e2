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

Value Value::range(int64_t lo, int64_t hi, int64_t step) {
  if (lo == hi)
    return constant(int32_t(uint32_t(uint64_t(lo))));
  if (lo < Min32 || hi > Max32)
    return {};
  return {lo, hi, std::max<int64_t>(step, 1)};
}

Value weft::verify::join(const Value &a, const Value &b) {
  return Value::range(std::min(a.lo, b.lo), std::max(a.hi, b.hi),
                      std::gcd(std::gcd(a.step, b.step), b.lo - a.lo));
}

Value weft::verify::shiftBy(const Value &a, int64_t k) {
  return Value::range(a.lo + k, a.hi + k, a.step);
}

/// The same operation whether its second operand is a register or in the code.
static Op withRegister(Op op) {
  switch (op) {
  case Op::Addi:
    return Op::Add;
  case Op::Muli:
    return Op::Mul;
  case Op::Andi:
    return Op::And;
  case Op::Shli:
    return Op::Shl;
  case Op::Shri:
    return Op::Shr;
  default:
    return op;
  }
}

/// An integer operation on two known numbers.
static Value compute(Op op, int32_t b, int32_t c) {
  uint32_t ub = uint32_t(b), uc = uint32_t(c);
  switch (op) {
  case Op::Add:
    return Value::constant(int32_t(ub + uc));
  case Op::Sub:
    return Value::constant(int32_t(ub - uc));
  case Op::Mul:
    return Value::constant(int32_t(ub * uc));
  case Op::And:
    return Value::constant(b & c);
  case Op::Or:
    return Value::constant(b | c);
  case Op::Xor:
    return Value::constant(b ^ c);
  case Op::Shl:
    return Value::constant(int32_t(ub << (uc & 31)));
  case Op::Shr:
    return Value::constant(int32_t(ub >> (uc & 31)));
  case Op::Sar:
    return Value::constant(b >> (uc & 31));
  case Op::Min:
    return Value::constant(std::min(b, c));
  case Op::Max:
    return Value::constant(std::max(b, c));
  case Op::Slt:
    return Value::constant(b < c);
  case Op::Seq:
    return Value::constant(b == c);
  default:
    return {}; // floating point
  }
}

static Value scale(const Value &v, int64_t k) {
  auto [lo, hi] = std::minmax({v.lo * k, v.hi * k});
  return Value::range(lo, hi, v.step * std::abs(k));
}

/// v & mask: for a mask below zero, of what is not.
static Value masked(const Value &v, int64_t mask) {
  int64_t unit = mask & -mask; // the lowest bit that stays
  if (mask > 0)
    return Value::range(0, mask, unit);
  return mask == 0   ? Value::constant(0)
         : v.lo >= 0 ? Value::range(0, v.hi / unit * unit, unit)
                     : Value();
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
  return Value::range(lo, hi, std::gcd(std::gcd(b.step, c.step), b.lo - c.lo));
}

Value weft::verify::evaluate(Op instr, const Value &old, const Value &b,
                             const Value &c) {
  Op op = withRegister(instr);
  if (op == Op::Mov)
    return b;
  if (op == Op::Sel)
    return old.lo > 0 || old.hi < 0 ? b : old.isConst() ? c : join(b, c);
  if (b.isConst() && c.isConst())
    return compute(op, int32_t(b.lo), int32_t(c.lo));
  bool commutes = op == Op::Mul || op == Op::And;
  if (commutes && b.isConst())
    return evaluate(op, old, c, b);
  switch (op) {
  case Op::Add:
    return Value::range(b.lo + c.lo, b.hi + c.hi, std::gcd(b.step, c.step));
  case Op::Sub:
    return Value::range(b.lo - c.hi, b.hi - c.lo, std::gcd(b.step, c.step));
  case Op::Mul:
    return c.isConst() ? scale(b, c.lo) : Value();
  case Op::Shl:
    return c.isConst() ? scale(b, int64_t(1) << (c.lo & 31)) : Value();
  case Op::And:
    return c.isConst() ? masked(b, c.lo) : Value();
  case Op::Shr:
    if (b.lo < 0)
      return {};
    [[fallthrough]];
  case Op::Sar:
    return c.isConst() ? Value::range(b.lo >> (c.lo & 31), b.hi >> (c.lo & 31))
                       : Value();
  case Op::Min:
  case Op::Max:
    return extreme(op, b, c);
  case Op::Slt:
  case Op::Seq:
  case Op::FLt:
    return Value::range(0, 1);
  default:
    return {}; // floating point
  }
}
