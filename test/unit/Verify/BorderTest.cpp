//===- BorderTest.cpp - What the host can store ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The simulator refuses to load or to read what is refused here.
//
//===----------------------------------------------------------------------===//
#include "Expect.h"

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

/// The one finding on a program of one PE with `value` as initial data.
template <typename T>
std::string stored(ElemType type, T value, ElemType storage) {
  Program p = single({"halt"});
  const T data[2] = {0, value};
  p.tensors = {{"t",
                type,
                {2},
                0,
                sizeof data,
                reinterpret_cast<const uint8_t *>(data)}};
  p.inits = {
      {0, {{0, 0, 1, 1}, 8192, storage, {{Axis::None, 2, 2, 1}}}, false}};
  return text(check(p));
}

TEST(Verifier, WhatTheHostStores) {
  using enum ElemType;
  const int64_t big = int64_t(1) << 40;
  EXPECT_EQ(stored<int64_t>(I64, INT32_MIN, I32), "");
  EXPECT_EQ(stored<int64_t>(I64, big, I32),
            "R-FILE: constant 't': element 1 is 1099511627776, which its "
            "storage cannot hold\n");
  EXPECT_EQ(stored<int64_t>(I64, -32768, I16), "");
  EXPECT_NE(stored<int64_t>(I64, -32769, I16), "");
  EXPECT_NE(stored<uint64_t>(U64, UINT64_MAX, I32), "");
  EXPECT_EQ(stored<uint64_t>(U64, INT32_MAX, I32), "");
  EXPECT_EQ(stored<uint32_t>(U32, UINT32_MAX, I32), ""); // the bits
  EXPECT_NE(stored<uint32_t>(U32, UINT32_MAX, I16), "");
  EXPECT_NE(stored<uint16_t>(U16, 40000, I16), "");
  EXPECT_EQ(stored<uint16_t>(U16, 40000, I32), "");
  EXPECT_EQ(stored<float>(F32, 1e30f, F16), "");
  EXPECT_EQ(stored<int64_t>(I64, 1, F32),
            "R-FILE: constant 't': integers are stored as floats\n");
  EXPECT_EQ(stored<float>(F32, 1, I32),
            "R-FILE: constant 't': floats are stored as integers\n");
  Program p = chain(8, 3, 16);
  p.inputs[0].type = I32;
  EXPECT_EQ(text(check(p)),
            "R-FILE: input 'x': integers are stored as floats\n");
  p = chain(8, 3, 16);
  p.outputs[0].type = I64;
  EXPECT_EQ(text(check(p)),
            "R-FILE: output 'y': integers are stored as floats\n");
}

// The host makes 1 of every true value, whatever the file holds.
TEST(Verifier, TablesOfBooleans) {
  Program p =
      single({"ld r1, r0+20004", "muli r1, r1, 64",
              "dsd d0, r1+9900, f32, [1:1]", "vfdot r2, d0, d0", "halt"});
  const uint8_t bits[4] = {0, 2, 1, 1};
  p.tensors[0].type = ElemType::Bool;
  p.tensors[0].bytes = 4;
  p.tensors[0].data = bits;
  EXPECT_RULE(p, "R-MEM-3"); // at 9964; of the 2 at 10028, where data lies
  EXPECT_EQ(check(p).counts.sramPeakBytes, 20008u);
}

TEST(Verifier, DataLiesWhereCodeRuns) {
  auto smaller = [](bool input) {
    Program p = single({"halt"});
    p.gridW = 2;
    IOTensor t;
    t.name = "t";
    t.shape = {4};
    t.place = {{0, 0, 2, 1}, 9000, ElemType::F32, {{Axis::X, 4, 2, 1}}};
    if (input)
      p.inputs = {t};
    else
      p.inits[1].place.where.w = 2;
    return p;
  };
  EXPECT_EQ(text(check(smaller(true))),
            "R-FILE: input 't' lies at (1, 0), where no code runs\n");
  EXPECT_EQ(text(check(smaller(false))),
            "R-FILE: constant 'data' lies at (1, 0), where no code runs\n");
  for (bool input : {true, false}) {
    Program p = smaller(input);
    p.classes[0].where[0].w = 2;
    EXPECT_CLEAN(p);
  }
}

TEST(Verifier, CallsThatNobodyMakes) {
  EXPECT_CLEAN(single({"halt", "call 4", "halt", "nop", "ret"}));
  EXPECT_EQ(text(check(single({"halt", "call 1000", "halt"}))),
            "R-OP-5: class 'one': 'call 1000' at word 1: the target starts no "
            "instruction\n");
}

} // namespace
