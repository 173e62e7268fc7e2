//===- ValueTest.cpp - Strided intervals against sets of values -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Value.h"
#include "gtest/gtest.h"
#include <random>

using namespace weft::verify;
using weft::isa::Op;

namespace {

std::vector<int32_t> members(const Value &v) {
  std::vector<int32_t> r;
  for (int64_t x = v.lo; x <= v.hi; x += std::max<int64_t>(v.step, 1))
    r.push_back(int32_t(x));
  return r;
}

bool contains(const Value &v, int64_t x) {
  return x >= v.lo && x <= v.hi && (v.step == 0 || (x - v.lo) % v.step == 0);
}

int32_t concrete(Op op, int32_t old, int32_t b, int32_t c) {
  uint32_t ub = uint32_t(b), uc = uint32_t(c);
  switch (op) {
  case Op::Add:
    return int32_t(ub + uc);
  case Op::Sub:
    return int32_t(ub - uc);
  case Op::Mul:
    return int32_t(ub * uc);
  case Op::And:
    return b & c;
  case Op::Or:
    return b | c;
  case Op::Xor:
    return b ^ c;
  case Op::Shl:
    return int32_t(ub << (uc & 31));
  case Op::Shr:
    return int32_t(ub >> (uc & 31));
  case Op::Sar:
    return b >> (uc & 31);
  case Op::Min:
    return std::min(b, c);
  case Op::Max:
    return std::max(b, c);
  case Op::Slt:
    return b < c;
  case Op::Seq:
    return b == c;
  default:
    return old ? b : c;
  }
}

Value randomValue(std::mt19937 &rng) {
  int64_t lo = int64_t(rng() % 200) - 100, step = 1 + rng() % 9, n = rng() % 6;
  if (rng() % 8 == 0)
    lo = rng() % 2 ? INT32_MAX - 20 : INT32_MIN;
  if (n == 0)
    return Value::constant(lo);
  return Value::range(lo, lo + n * step, step); // may be top
}

TEST(Value, TransferContainsEveryResult) {
  std::mt19937 rng(3);
  for (unsigned n = 0; n != 20000; ++n) {
    Value b = randomValue(rng), c = randomValue(rng),
          old = Value::constant(rng() % 2);
    if (b.isTop() || c.isTop() || b.lo > b.hi || c.lo > c.hi)
      continue;
    Op op = Op(unsigned(Op::Add) +
               rng() % (unsigned(Op::Sel) - unsigned(Op::Add) + 1));
    Value r = evaluate(op, old, b, c);
    for (int32_t x : members(b))
      for (int32_t y : members(c)) {
        Value one = Value::constant(concrete(op, int32_t(old.lo), x, y));
        ASSERT_TRUE(contains(r, one.lo))
            << "op " << int(op) << " on " << x << ", " << y << " gives "
            << one.lo << ", not in [" << r.lo << ", " << r.hi << "] step "
            << r.step;
      }
    Value j = join(b, c);
    for (int32_t x : members(b))
      ASSERT_TRUE(contains(j, x));
  }
}

TEST(Value, KeepsAlignmentAndClamps) {
  Value x = Value::range(0, 15);
  Value a = evaluate(Op::Muli, {}, x, Value::constant(64));
  EXPECT_EQ(a.step, 64);
  Value clamped =
      evaluate(Op::Max, {}, evaluate(Op::Min, {}, Value(), Value::constant(31)),
               Value::constant(0));
  EXPECT_EQ(clamped.lo, 0);
  EXPECT_EQ(clamped.hi, 31);
  EXPECT_EQ(evaluate(Op::Shli, {}, clamped, Value::constant(4)).step, 16);
}

} // namespace
