//===- SwitchTest.cpp - Senders that share a colour one after the other ---===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// R-FAB-10 and what the other rules say of a colour with switches.
//
//===----------------------------------------------------------------------===//
#include "Expect.h"
#include "Simulate.h"
#include <functional>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

std::string found(std::function<void(Program &)> change) {
  Program p = gather(4, 2, 16);
  change(p);
  return text(check(p));
}

void expectFound(std::function<void(Program &)> change, const char *part) {
  std::string all = found(std::move(change));
  EXPECT_NE(all.find(part), std::string::npos) << all;
}

TEST(Switches, AGatherIsClean) {
  for (uint32_t w : {3u, 4u, 9u})
    for (unsigned words : {1u, 2u, 40u}) {
      Program p = gather(w, 2, words);
      verify::Result r = check(p);
      EXPECT_TRUE(r.ok()) << text(r);
      Ran run = simulate(p, wse2(), 1000000);
      EXPECT_EQ(run.error, "");
      EXPECT_EQ(r.counts.waveletHops, run.stats.waveletHops);
      EXPECT_EQ(r.counts.maxLinkWavelets, run.stats.maxLinkWavelets);
    }
}

// The work goes with the columns, not with the PEs.
TEST(Switches, AGatherOverTheWaferIsClean) {
  Program p = gather(512, 994, 8);
  EXPECT_CLEAN(p);
}

TEST(Switches, OnePortAndItsOwnWordsFirst) {
  EXPECT_EQ(
      found([](Program &p) { p.switches[0].rx = Ramp; }),
      "R-FAB-10: colour 3 at (1, 0, 2x2): a position other than 1, or one "
      "that does not receive from one neighbour, is not followed\n");
  EXPECT_EQ(
      found([](Program &p) { p.switches[0].position = 2; }),
      "R-FAB-10: colour 3 at (1, 0, 2x2): a position other than 1, or one "
      "that does not receive from one neighbour, is not followed\n");
  EXPECT_EQ(found([](Program &p) { p.switches[0].tx = South; }),
            "R-FAB-10: colour 3 at (1, 0, 2x2): before position 1 the PE does "
            "not send to the port that position 1 transmits to\n");
  EXPECT_EQ(found([](Program &p) { p.switches.push_back(p.switches[0]); }),
            "R-FAB-10: colour 3 at (1, 0, 2x2): position 1 is stated twice\n");
  expectFound(
      [](Program &p) { p.switches[0].where.x0 = 0; },
      "R-FAB-10: colour 3 at (0, 0, 1x2): before position 1 the PE does "
      "not send to the port that position 1 transmits to\n");
  expectFound(
      [](Program &p) { p.routes[1].tx = p.switches[0].tx = West | North; },
      "R-FAB-10: colour 3 at (1, 0, 3x2): switches and multicasts of one "
      "colour are not followed\n");
}

TEST(Switches, TheTargetMustHaveThem) {
  Program p = gather(4, 2, 16);
  Target t = wse2();
  t.switchAdvance.set(0);
  EXPECT_EQ(text(verify::verify(p, t)),
            "R-FAB-10: colour 3 at (1, 0, 2x2): the target's routers do not "
            "advance with an op\n");
}

TEST(Switches, EachIsMovedByTheLastWordOfItsPE) {
  std::string own = "dsd d0, r0+9000, f32, [16:1]",
              half = "dsd d1, r0+9000, f32, [8:1]";
  EXPECT_EQ(found([&](Program &p) {
              p.classes[1].code = assemble({own, "vmov out2, d0", "halt"});
            }),
            "R-FAB-10: no code moves the switch of colour 3 at (1, 0, 2x2)\n");
  EXPECT_EQ(
      found([&](Program &p) {
        p.classes[2].code = assemble({own, "vmov out2, d0, advance", "halt"});
      }),
      "R-FAB-10: class 'last' advances colour 3 at (3, 0, 1x2), which has "
      "no further position\n");
  EXPECT_EQ(found([&](Program &p) {
              p.classes[1].code = assemble({half, "vmov out2, d1, advance",
                                            "vmov out2, d1, advance", "halt"});
            }),
            "R-FAB-10: class 'inner' advances colour 3 2 times\n");
  EXPECT_EQ(found([&](Program &p) {
              p.classes[1].code = assemble(
                  {half, "vmov out2, d1, advance", "vmov out2, d1", "halt"});
            }),
            "R-FAB-10: class 'inner' advances colour 3 after 8 words and then "
            "sends more\n");
  expectFound([&](Program &p) { p.switches[0].where.w = 1; },
              "R-FAB-10: class 'inner' advances colour 3 at (2, 0, 1x2), which "
              "has no further position\n");
  expectFound(
      [&](Program &p) { p.classes.erase(p.classes.begin() + 1); },
      "R-FAB-10: no code moves the switch of colour 3 at (1, 0, 2x2)\n");
}

// What arrives is the sum over the line, in the order of the line.
TEST(Switches, TheReceiverTakesAllOfThem) {
  std::string own = "dsd d0, r0+9000, f32, [16:1]";
  auto root = [&](const char *rounds, const char *each) {
    return found([&](Program &p) {
      p.classes[0].code =
          assemble({"dsd d1, r0+12000, f32, [" + std::string(each) + ":1]",
                    "loop r1, " + std::string(rounds), "vmov d1, in2",
                    "dsdadd d1, r0+64", "endloop r1", "halt"});
      p.outputs.clear();
      p.memory.clear();
    });
  };
  EXPECT_EQ(root("3", "16"), "");
  EXPECT_EQ(root("1", "48"), "");
  EXPECT_EQ(root("2", "16"), "R-FAB-9: class 'root' at (0, 0, 1x2) takes 32 "
                             "wavelets of colour 3, 48 arrive\n");
  EXPECT_EQ(root("4", "16"), "R-FAB-7: class 'root' at (0, 0, 1x2) takes 64 "
                             "wavelets of colour 3, 48 arrive\n");
  // 12 and 12 and 12 and 12 end with 16 and 16 and 16 only at the end.
  EXPECT_EQ(root("4", "12"), "R-FAB-7: class 'root' takes colour 3 in other "
                             "portions than class 'last' sends it, after word "
                             "0\n");
  expectFound([&](Program &p) { p.streams[1].dx0 = p.streams[1].dx1 = -1; },
              "R-FAB-7: stream 'from 2' from (2, 0, 1x2) also reaches "
              "displacement (-2, 0)");
}

// Settings that lead round in a circle, each with words of its own.
TEST(Switches, NoCycle) {
  Program p;
  p.gridW = p.gridH = 2;
  const uint8_t to[] = {East, South, North, West}, // (0,0) (1,0) (0,1) (1,1)
      from[] = {South, West, East, North};
  for (uint32_t k = 0; k != 4; ++k) {
    Pattern at{k % 2, k / 2, 1, 1};
    p.classes.push_back(makeClass("c" + std::to_string(k), {at},
                                  {"dsd d0, r0+9000, f32, [4:1]",
                                   "vmov out2, r0, len=4, advance", "halt"}));
    p.classes.back().queues = {out(2, Line)};
    p.routes.push_back({at, Line, Ramp, to[k]});
    p.switches.push_back({at, Line, 1, from[k], to[k]});
    p.streams.push_back({"s", Line, at, 1, 1, 0, 0, 4});
  }
  EXPECT_RULE(p, "R-FAB-4");
}

// PE 1 sends to the root only when it has heard of PE 2, whose words to the
// root wait at the router of PE 1.
TEST(Switches, WhoIsBeforeMayNotWaitForWhoIsAfter) {
  auto build = [](unsigned words) {
    Program p = gather(3, 1, words);
    std::string n = std::to_string(words);
    p.inputs.clear();
    p.classes[1].code =
        assemble({"dsd d0, r0+9000, f32, [1:1]", "vmov d0, in3",
                  "vmov out2, r0, len=" + n + ", advance", "halt"});
    p.classes[1].queues.push_back(in(3, Even));
    p.classes[2].code =
        assemble({"vmov out2, r0, len=" + n, "vmov out3, r0, len=1", "halt"});
    p.classes[2].queues.push_back(out(3, Even));
    p.routes.push_back({{2, 0, 1, 1}, Even, Ramp, West});
    p.routes.push_back({{1, 0, 1, 1}, Even, East, Ramp});
    p.streams.push_back({"go", Even, {2, 0, 1, 1}, -1, -1, 0, 0, 1});
    return p;
  };
  // 6 words of the output queue and 2 on the ramp fit in any case; 3 more in
  // the router, which the verifier does not count.
  EXPECT_CLEAN(build(8));
  EXPECT_EQ(simulate(build(8), wse2(), 100000).error, "");
  EXPECT_RULE(build(9), "R-TASK-2");
  EXPECT_EQ(simulate(build(11), wse2(), 100000).error, "");
  EXPECT_EQ(text(check(build(12))),
            "R-TASK-2: PEs wait for each other: class 'root' at (0, 0) to "
            "receive colour 3 from (1, 0); class 'inner' at (1, 0) to receive "
            "colour 0 from (2, 0); class 'last' at (2, 0) to send colour 3 to "
            "(0, 0)\n");
  EXPECT_NE(simulate(build(12), wse2(), 100000).error, "");
}

} // namespace
