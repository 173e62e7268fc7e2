//===- ProgressTest.cpp - Who waits for whom ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Random networks: RandomNetworksTest.cpp.
//
//===----------------------------------------------------------------------===//
#include "Expect.h"
#include "Simulate.h"

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

/// A line of W PEs over H rows: each but the first takes `words` words from its
/// western neighbour by `middle`, whose text may name the queues in2 and out2.
Program line(uint32_t W, uint32_t H, unsigned words,
             std::vector<std::string> middle) {
  Program p;
  p.gridW = W;
  p.gridH = H;
  std::string n = std::to_string(words);
  std::string dsd = "dsd d0, r0+9000, f32, [" + n + ":1]";
  middle.insert(middle.begin(), dsd);
  middle.push_back("halt");
  p.classes = {
      makeClass("first", {{0, 0, 1, H}}, {"vmov out2, r0, len=" + n, "halt"}),
      makeClass("odd", {{1, 0, W / 2 - 1, H, 2, 1}}, middle),
      makeClass("even", {{2, 0, W / 2 - 1, H, 2, 1}}, middle),
      makeClass("last", {{W - 1, 0, 1, H}}, {dsd, "vmov d0, in2", "halt"})};
  p.classes[0].queues = {out(2, Even)};
  p.classes[1].queues = {in(2, Even), out(2, Odd)};
  p.classes[2].queues = {in(2, Odd), out(2, Even)};
  p.classes[3].queues = {in(2, Even)};
  p.routes = {{{0, 0, W / 2, H, 2, 1}, Even, Ramp, East},
              {{1, 0, W / 2, H, 2, 1}, Even, West, Ramp},
              {{1, 0, W / 2 - 1, H, 2, 1}, Odd, Ramp, East},
              {{2, 0, W / 2 - 1, H, 2, 1}, Odd, West, Ramp}};
  p.streams = {{"even", Even, {0, 0, W / 2, H, 2, 1}, 1, 1, 0, 0, words},
               {"odd", Odd, {1, 0, W / 2 - 1, H, 2, 1}, 1, 1, 0, 0, words}};
  return p;
}

TEST(Progress, WavesAcrossTheWafer) {
  // Store and forward: every column is in a state of its own for a while.
  EXPECT_EQ(text(check(line(750, 994, 64, {"vmov d0, in2", "vmov out2, d0"}))),
            "");
  // The same word by word, and cut through.
  EXPECT_EQ(
      text(check(line(750, 994, 64,
                      {"loop r1, 64", "vmov out2, in2, len=1", "endloop r1"}))),
      "");
  EXPECT_EQ(text(check(line(750, 994, 64, {"vmov out2, in2, len=64"}))), "");
  // Nobody waits for what is sent first.
  EXPECT_EQ(text(check(line(
                750, 994, 64,
                {"vmov out2, r0, len=64, async=1", "vmov d0, in2", "wait 1"}))),
            "");
}

TEST(Progress, RingsNeedAStart) {
  auto ring = [](std::vector<std::string> first) {
    Program p;
    p.gridW = p.gridH = 2;
    first.insert(first.begin(), "dsd d0, r0+9000, f32, [4:1]");
    first.push_back("halt");
    std::vector<std::string> pass = {"vmov out2, in2, len=4", "halt"};
    p.classes = {makeClass("first", {{0, 0, 1, 1}}, first),
                 makeClass("east", {{1, 0, 1, 1}}, pass),
                 makeClass("south", {{1, 1, 1, 1}}, pass),
                 makeClass("west", {{0, 1, 1, 1}}, pass)};
    const Port way[4] = {East, South, West, North};
    const Port back[4] = {West, North, East, South};
    const int dx[4] = {1, 0, -1, 0}, dy[4] = {0, 1, 0, -1};
    for (uint8_t k = 0; k != 4; ++k) {
      Pattern at = p.classes[k].where[0];
      Pattern to = p.classes[(k + 1) % 4].where[0];
      p.classes[k].queues = {out(2, k), in(2, (k + 3) % 4)};
      p.routes.push_back({at, k, Ramp, way[k]});
      p.routes.push_back({to, k, back[k], Ramp});
      p.streams.push_back({"s", k, at, dx[k], dx[k], dy[k], dy[k], 4});
    }
    return p;
  };
  EXPECT_EQ(text(check(ring({"vmov out2, r0, len=4", "vmov d0, in2"}))), "");
  // All pass on, none begins.
  EXPECT_EQ(text(check(ring({"vmov out2, in2, len=4"}))),
            "R-TASK-2: PEs wait for each other: class 'first' at (0, 0) to "
            "receive colour 3 from (0, 1); class 'west' at (0, 1) to receive "
            "colour 2 from (1, 1); class 'south' at (1, 1) to receive colour 1 "
            "from (1, 0); class 'east' at (1, 0) to receive colour 0 from (0, "
            "0)\n");
}

TEST(Progress, CounterExampleOnTheWafer) {
  // 16 words for the first of two streams that is taken second.
  Program p = line(750, 994, 200, {"vmov d0, in2", "vmov out2, d0"});
  p.classes[0].code =
      assemble({"vmov out2, r0, len=200", "vmov out3, r0, len=1", "halt"});
  p.classes[0].queues.push_back(out(3, 5));
  p.classes[1].where = {{1, 0, 1, 994}};
  PEClass rest = p.classes[1];
  rest.name = "rest";
  rest.where = {{3, 0, 373, 994, 2, 1}};
  p.classes[1].queues.push_back(in(3, 5));
  p.classes[1].code =
      assemble({"dsd d0, r0+9000, f32, [200:1]", "dsd d1, r0+9800, f32, [1:1]",
                "vmov d1, in3", "vmov d0, in2", "vmov out2, d0", "halt"});
  p.classes.push_back(rest);
  p.routes.push_back({{0, 0, 1, 994}, 5, Ramp, East});
  p.routes.push_back({{1, 0, 1, 994}, 5, West, Ramp});
  p.streams.push_back({"late", 5, {0, 0, 1, 994}, 1, 1, 0, 0, 1});
  EXPECT_EQ(text(check(p)),
            "R-TASK-2: PEs wait for each other: class 'first' at (0, 0) to "
            "send colour 0 to (1, 0); class 'odd' at (1, 0) to receive colour "
            "5 from (0, 0)\n");
}

TEST(Progress, PortionsOfAStream) {
  std::vector<std::string> west = {"dsd d1, r0+9256, f32, [64:1]",
                                   "vmov out2, r0, len=24",
                                   "vmov out2, r0, len=40",
                                   "vmov out3, r0, len=64, async=1",
                                   "vmov d1, in2",
                                   "wait 1"};
  std::vector<std::string> east = {"vmov d0, in2", "vmov d0, in3",
                                   "vmov out2, r0, len=64"};
  EXPECT_EQ(text(check(pair(west, east))), "");
  east.insert(east.begin(),
              {"dsd d1, r0+9256, f32, [24:1]", "dsd d2, r0+9352, f32, [40:1]",
               "vmov d1, in2", "vmov d2, in2"});
  east.erase(east.begin() + 4);
  EXPECT_EQ(text(check(pair(west, east))), "");
  std::swap(east[2], east[3]);
  EXPECT_EQ(text(check(pair(west, east))),
            "R-FAB-7: class 'east' takes colour 0 in other portions than class "
            "'west' sends it, after word 0\n");
}

/// One class on each of `at` that runs `code`, with one queue of each way.
PEClass relay(std::string name, std::vector<Pattern> at, int from, int to,
              std::vector<std::string> code) {
  code.push_back("halt");
  PEClass k = makeClass(std::move(name), std::move(at), code);
  if (from >= 0)
    k.queues.push_back(in(2, uint8_t(from)));
  if (to >= 0)
    k.queues.push_back(out(2, uint8_t(to)));
  return k;
}

// Of two PEs of one class one hears a PE that waits for the other of them.
TEST(Progress, PartnersThatWaitThemselves) {
  Program p;
  p.gridW = 4;
  p.gridH = 2;
  Pattern t{0, 0, 1, 1}, s1{1, 0, 1, 1}, s2{1, 1, 1, 1}, g1{2, 0, 1, 1},
      g2{0, 1, 1, 1}, k{3, 0, 1, 1};
  const std::vector<std::string> store = {"dsd d0, r0+9000, f32, [64:1]",
                                          "vmov d0, in2", "vmov out2, d0"};
  p.classes = {relay("g", {g1, g2}, 0, 2, store), relay("t", {t}, 2, 1, store),
               relay("s1", {s1}, 1, 0, {"vmov out2, in2, len=64"}),
               relay("s2", {s2}, -1, 0, {"vmov out2, r0, len=64"}),
               relay("k", {k}, 2, -1, {"vrsum r3, in2, len=64"})};
  p.routes = {{t, 1, Ramp, East},  {s1, 1, West, Ramp}, {s1, 0, Ramp, East},
              {g1, 0, West, Ramp}, {g1, 2, Ramp, East}, {k, 2, West, Ramp},
              {s2, 0, Ramp, West}, {g2, 0, East, Ramp}, {g2, 2, Ramp, North},
              {t, 2, South, Ramp}};
  p.streams = {{"t", 1, t, 1, 1, 0, 0, 64},
               {"s1", 0, s1, 1, 1, 0, 0, 64},
               {"s2", 0, s2, -1, -1, 0, 0, 64},
               {"g1", 2, g1, 1, 1, 0, 0, 64},
               {"g2", 2, g2, 0, 0, -1, -1, 64}};
  EXPECT_EQ(simulate(p, wse2(), 1000000).error, "");
  EXPECT_EQ(text(check(p)), "");
}

// A step east, three steps west: on no PE that closes a circle.
TEST(Progress, StepsBothWays) {
  Program p;
  p.gridW = 8;
  p.gridH = 4;
  const std::vector<std::string> pass = {"vmov out2, in2, len=8"};
  Pattern a{2, 2, 2, 1, 2, 1}, b{3, 2, 2, 1, 2, 1};
  p.classes = {relay("first", {{7, 2, 1, 1}}, -1, 1, {"vmov out2, r0, len=8"}),
               relay("a", {a}, 1, 0, pass), relay("b", {b}, 0, 1, pass),
               relay("last", {{0, 2, 1, 1}}, 1, -1, {"vrsum r3, in2, len=8"})};
  p.routes = {{a, 0, Ramp, East}, {b, 0, West, Ramp}};
  auto over = [&](uint32_t x, uint32_t y, uint8_t out, uint8_t back) {
    p.routes.push_back({{x, 2, 1, 1}, 1, Ramp, out});
    p.routes.push_back({{x, y, 1, 1}, 1, back, West});
    p.routes.push_back({{x - 2, y, 2, 1}, 1, East, West});
    p.routes.push_back({{x - 3, y, 1, 1}, 1, East, back});
    p.routes.push_back({{x - 3, 2, 1, 1}, 1, out, Ramp});
  };
  over(7, 1, North, South);
  over(5, 3, South, North);
  over(3, 1, North, South);
  p.streams = {{"east", 0, a, 1, 1, 0, 0, 8},
               {"west", 1, {3, 2, 3, 1, 2, 1}, -3, -3, 0, 0, 8}};
  EXPECT_EQ(simulate(p, wse2(), 1000000).error, "");
  EXPECT_EQ(text(check(p)), "");
}

} // namespace
