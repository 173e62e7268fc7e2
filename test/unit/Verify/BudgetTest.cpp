//===- BudgetTest.cpp - Files that are much work --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Whatever a file holds, the verifier ends: what would take it too long is
// refused.
//
//===----------------------------------------------------------------------===//
#include "Expect.h"
#include <chrono>
#include <cstdio>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

// Each integer of a tile is read for each PE of a class, each output for each
// rectangle of a class.
TEST(Verifier, TablesAndOutputsCountAsWork) {
  auto table = [](uint32_t pes) {
    Program p = single({"halt"});
    p.gridW = pes;
    p.classes[0].where[0].w = pes;
    p.inits = {{0,
                {{0, 0, pes, 1},
                 8192,
                 ElemType::I16,
                 {{Axis::X, 4, 1, 1}, {Axis::None, 1, 16384, 1}}},
                false}};
    return p;
  };
  EXPECT_CLEAN(table(10));
  Program p = table(640);
  for (uint32_t k = 0; k != 6; ++k) {
    p.classes.push_back(p.classes[0]);
    p.classes[k].where[0] = {0, k, 640, 1};
    p.inits.push_back(p.inits[0]);
    p.inits.back().place.where.y0 = k + 1;
  }
  p.classes[6].where[0] = {0, 6, 640, 1};
  p.gridH = 7;
  EXPECT_RULE(p, "R-TASK-2");
  p = table(10);
  p.gridW = 600;
  p.classes[0].where.clear();
  for (uint32_t x = 0; x != 600; ++x)
    p.classes[0].where.push_back({x, 0, 1, 1});
  p.inits[0].place.where.w = 600;
  p.inits[0].place.dims[0].extent = 600;
  IOTensor t;
  t.name = "t";
  t.shape = {600, 8192};
  t.type = ElemType::I32;
  t.place = {{0, 0, 600, 1},
             8192,
             ElemType::I16,
             {{Axis::X, 600, 1, 1}, {Axis::None, 16384, 16384, 1}}};
  p.outputs = {t};
  EXPECT_CLEAN(p);
  p.outputs.resize(6, t);
  EXPECT_RULE(p, "R-TASK-2");
}

// Dead settings along a serpentine are taken off from its start, one a round.
TEST(Verifier, LongDeadRoutesAreNotShown) {
  auto dead = [](uint32_t columns, uint32_t rows) {
    Program p = single({"halt"});
    p.gridW = columns + 2;
    p.gridH = rows;
    for (uint32_t x = 1; x <= columns; ++x)
      for (uint32_t k = 0; k != rows; ++k) {
        uint8_t back = x % 2 ? North : South;
        uint8_t on = x % 2 ? South : North;
        if (k + 1 == rows)
          on = x == columns ? Ramp : East;
        p.routes.push_back({{x, x % 2 ? k : rows - 1 - k, 1, 1},
                            9,
                            k == 0 ? uint8_t(West) : back,
                            on});
      }
    return text(check(p));
  };
  EXPECT_EQ(dead(20, 10), "");
  EXPECT_EQ(dead(130, 20),
            "R-FAB-4: that colour 9 has no cycle is not shown: too many "
            "settings\n");
}

// Pairs of settings count, and steps of waves from PEs that share none.
TEST(Verifier, ManySettingsAreRefused) {
  auto rows = [](uint32_t n, uint32_t columns) {
    Program p = single({"halt"});
    p.gridW = columns + 1;
    p.gridH = n;
    for (uint32_t x = 1; x <= columns; ++x)
      for (uint32_t y = 0; y != n; ++y)
        p.routes.push_back({{x, y, 1, 1},
                            9,
                            uint8_t(x == 1 ? Ramp : West),
                            uint8_t(x == columns ? Ramp : East)});
    return text(check(p));
  };
  EXPECT_EQ(rows(50, 40), "");
  EXPECT_EQ(rows(800, 10), "R-FAB-2: that colour 9 has one setting on each "
                           "router is not shown: too many settings\n");
  EXPECT_EQ(rows(400, 15), "R-FAB-4: that colour 9 has no cycle is not shown: "
                           "too many settings\n");
}

TEST(Verifier, ManyBindingsAreRefused) {
  auto bound = [](unsigned times) {
    Program p = single({"halt"});
    p.gridW = 4;
    p.gridH = 994;
    p.inits.clear();
    p.classes[0].where.clear();
    for (uint32_t x : {0, 2})
      for (uint32_t y = 0; y != p.gridH; ++y) {
        p.classes[0].where.push_back({x, y, 1, 1});
        p.routes.push_back({{x, y, 1, 1}, 9, Ramp, East});
        p.routes.push_back({{x + 1, y, 1, 1}, 9, West, Ramp});
      }
    p.classes[0].queues.resize(times, out(2, 9));
    return text(check(p));
  };
  EXPECT_EQ(bound(1), "");
  std::string found = bound(12);
  EXPECT_NE(found.find("R-QUE-3: that colour 9 has a route where it is bound "
                       "is not shown: too many settings\n"),
            std::string::npos)
      << found;
}

// A chain of one class for each PE. Its end waits first, its start sends single
// words, and with each all others go on.
TEST(Progress, ManyMoveTogether) {
  Program p;
  p.gridW = 500;
  for (uint32_t x = 500; x-- != 0;) {
    std::vector<std::string> code = {"vmov out2, in2, len=640", "halt"};
    if (x == 0)
      code = {"loop r1, 640", "vmov out2, r0, len=1", "endloop r1", "halt"};
    if (x == 499)
      code = {"vrsum r3, in2, len=640", "halt"};
    p.classes.push_back(
        makeClass("c" + std::to_string(x), {{x, 0, 1, 1}}, code));
    if (x != 0)
      p.classes.back().queues.push_back(in(2, x % 2 ? Even : Odd));
    if (x != 499)
      p.classes.back().queues.push_back(out(2, x % 2 ? Odd : Even));
  }
  p.routes = {{{0, 0, 250, 1, 2, 1}, Even, Ramp, East},
              {{1, 0, 250, 1, 2, 1}, Even, West, Ramp},
              {{1, 0, 249, 1, 2, 1}, Odd, Ramp, East},
              {{2, 0, 249, 1, 2, 1}, Odd, West, Ramp}};
  p.streams = {{"even", Even, {0, 0, 250, 1, 2, 1}, 1, 1, 0, 0, 640},
               {"odd", Odd, {1, 0, 249, 1, 2, 1}, 1, 1, 0, 0, 640}};
  EXPECT_EQ(text(check(p)), "");
}

// A multicast of single words to 700 classes.
TEST(Progress, ManyLooksAreRefused) {
  Program p;
  p.gridW = 701;
  p.classes = {makeClass(
      "first", {{0, 0, 1, 1}},
      {"loop r1, 60000", "vmov out2, r0, len=1", "endloop r1", "halt"})};
  p.classes[0].queues = {out(2, 0)};
  for (uint32_t x = 1; x != 701; ++x) {
    p.classes.push_back(makeClass("c" + std::to_string(x), {{x, 0, 1, 1}},
                                  {"vrsum r3, in2, len=60000", "halt"}));
    p.classes[x].queues = {in(2, 0)};
  }
  p.routes = {{{0, 0, 1, 1}, 0, Ramp, East},
              {{1, 0, 699, 1}, 0, West, East | Ramp},
              {{700, 0, 1, 1}, 0, West, Ramp}};
  p.streams = {{"s", 0, {0, 0, 1, 1}, 1, 700, 0, 0, 60000}};
  EXPECT_EQ(text(check(p)), "R-TASK-2: that no PEs wait for each other is not "
                            "shown: more than 1000000000 looks at ops\n");
}

TEST(Progress, WhatTakesTooLongIsRefused) {
  // 12 million words, taken one by one.
  Program p = pair({}, {});
  p.classes[0].code = assemble(
      {"loop r1, 200", "vmov out2, r0, len=60000", "endloop r1", "halt"});
  p.classes[1].code =
      assemble({"loop r1, 4000", "loop r2, 3000", "vrsum r3, in2, len=1",
                "endloop r2", "endloop r1", "halt"});
  p.classes[0].queues = {out(2, 0)};
  p.classes[1].queues = {in(2, 0)};
  p.streams = {{"a", 0, {0, 0, 1, 1}, 1, 1, 0, 0, 12000000}};
  auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(text(check(p)), "R-TASK-2: that no PEs wait for each other is not "
                            "shown: more than 1000000000 looks at ops\n");
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("1000 million looks: %.1f s\n", took.count());
}

} // namespace
