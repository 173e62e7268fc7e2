//===- SwitchTest.cpp - Positions of a router follow each other -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "RandomProgram.h"
#include <bit>

using namespace weft;
using namespace weft::sim;

namespace {

std::string dsd(uint32_t n) {
  return "dsd d0, r0+" + std::to_string(DataAddr) + ", f32, [" +
         std::to_string(n) + ":1]\n";
}

/// PEs 1 .. n - 1 of a row send `words` words each to PE 0 on one colour, PE 1
/// after `late` idle cycles.
Builder star(uint32_t n, uint32_t words, unsigned late = 0,
             const char *preset = "wse2-hpdc24") {
  Builder b(n, 1, preset);
  std::string idle;
  for (unsigned i = 0; i < late; ++i)
    idle += "nop\n";
  b.cls("root", {0, 0, 1, 1, 1, 1},
        dsd(words * (n - 1)) + "vmov d0, in2\nhalt\n", {{false, 2, 0}});
  b.route(0, {0, 0, 1, 1, 1, 1}, bin::East, bin::Ramp);
  b.route(0, {1, 0, n - 1, 1, 1, 1}, bin::Ramp, bin::West);
  std::string send = "vmov out2, d0";
  if (n > 2) {
    b.cls("first", {1, 0, 1, 1, 1, 1},
          dsd(words) + idle + send + ", advance\nhalt\n", {{true, 2, 0}});
    b.p.switches = {{{1, 0, n - 2, 1, 1, 1}, 0, 1, bin::East, bin::West}};
  }
  if (n > 3)
    b.cls("inner", {2, 0, n - 3, 1, 1, 1},
          dsd(words) + send + ", advance\nhalt\n", {{true, 2, 0}});
  b.cls("last", {n - 1, 0, 1, 1, 1, 1}, dsd(words) + send + "\nhalt\n",
        {{true, 2, 0}});
  b.p.inputs = {Builder::tensor("x", {1, 0, n - 1, 1, 1, 1}, DataAddr, words,
                                bin::Axis::X, n - 1)};
  b.p.outputs = {
      Builder::tensor("y", {0, 0, 1, 1, 1, 1}, DataAddr, words * (n - 1))};
  return b;
}

std::vector<float> ascending(uint32_t n) {
  std::vector<float> v(n);
  for (uint32_t i = 0; i < n; ++i)
    v[i] = float(i);
  return v;
}

} // namespace

// All start at once. The words of PE k cross k hops; as PE 1's first word is
// processed 2 ramp + hop + 1 cycles after it was sent, and one word follows in
// each cycle, whosever it is: B (P - 1) + 2 ramp + hop, and one for the last.
TEST(SimSwitch, WordsOfAllFollowWithoutAGap) {
  for (uint32_t n : {2u, 3u, 4u, 9u})
    for (uint32_t words : {1u, 2u, 5u, 40u}) {
      Ran r = runIt(star(n, words), {ascending(words * (n - 1))});
      ASSERT_EQ(r.error, "");
      EXPECT_EQ(r.stats.lastElement - r.stats.firstElement,
                words * (n - 1) + 2 * 2 + 1 + 1)
          << n << " PEs, " << words << " words";
      EXPECT_EQ(r.outputs[0], ascending(words * (n - 1)));
      EXPECT_EQ(r.stats.waveletHops, words * (n - 1) * n / 2);
      EXPECT_EQ(r.stats.maxLinkWavelets, words * (n - 1));
    }
}

// PE 1 sends its first word in cycle 1 + 100 (dsd, nops): it is in cycle 101 +
// 1 + ramp that it leaves the router, its 3rd and last in 106. From 107 on
// those of PE 2 leave; the last of them can be processed hop + ramp later, in
// 112.
TEST(SimSwitch, OthersWaitForTheLastOwnWord) {
  Ran r = runIt(star(3, 3, 100), {ascending(6)});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.stats.lastElement, 113u);
  EXPECT_EQ(r.outputs[0], ascending(6));
}

TEST(SimSwitch, EveryFidelityAgrees) {
  Builder b = star(7, 50, 30);
  b.p.inputs[0].shape = {1, 1, 300}; // as randomData wants it
  Outcome exact = outcomeOf(b, Fidelity::Exact, 1);
  ASSERT_EQ(exact.error, "");
  EXPECT_EQ(difference(exact, outcomeOf(b, Fidelity::Batched, 1), true), "");
  Outcome functional = outcomeOf(b, Fidelity::Functional, 1);
  EXPECT_EQ(difference(exact, functional, false), "");
  EXPECT_FALSE(functional.stats.timed);
}

// Four positions that change where the words go: one for each neighbour.
TEST(SimSwitch, OneSenderTurnsToEachNeighbour) {
  Builder b(3, 3);
  const unsigned ways[] = {bin::North, bin::West, bin::South, bin::East};
  const unsigned back[] = {bin::South, bin::East, bin::North, bin::West};
  const bin::Pattern at[] = {{1, 0}, {0, 1}, {1, 2}, {2, 1}};
  std::string text;
  for (unsigned k = 0; k < 4; ++k) {
    text += "li r1, " + std::to_string(k) +
            "\nvmov out2, r1, len=" + std::to_string(k + 1) +
            (k < 3 ? ", advance\n" : "\n");
    if (k)
      b.p.switches.push_back(
          {{1, 1}, 4, uint8_t(k), bin::Ramp, uint8_t(ways[k])});
    b.route(4, at[k], back[k], bin::Ramp);
    b.cls("to" + std::to_string(k), at[k], dsd(k + 1) + "vmov d0, in2\nhalt\n",
          {{false, 2, 4}});
    b.p.outputs.push_back(Builder::tensor("y", at[k], DataAddr, k + 1));
  }
  b.route(4, {1, 1}, bin::Ramp, ways[0]);
  b.cls("from", {1, 1}, text + "halt\n", {{true, 2, 4}});
  Ran r = runIt(b);
  ASSERT_EQ(r.error, "");
  for (unsigned k = 0; k < 4; ++k)
    for (float f : r.outputs[k])
      EXPECT_EQ(std::bit_cast<uint32_t>(f), k);
  EXPECT_EQ(r.stats.waveletHops, 1u + 2 + 3 + 4);
  EXPECT_EQ(r.stats.maxLinkWavelets, 4u);
}

// Two colours share the link from PE 1 to PE 0. Round robin counts colours, not
// settings: with and without a second position they take turns alike.
TEST(SimSwitch, PositionsAreOneColourToTheLinks) {
  auto run = [](bool later) {
    Builder b = star(2, 20);
    bin::PEClass &root = b.p.classes[0], &last = b.p.classes[1];
    root.queues.push_back({false, 3, 1});
    root.code = Builder::assemble("vrsum r1, in2, len=20, async=0\n"
                                  "vrsum r2, in3, len=20, async=1\n"
                                  "wait 0\nwait 1\nhalt\n");
    last.queues.push_back({true, 3, 1});
    last.code = Builder::assemble("vmov out2, r0, len=20, async=0\n"
                                  "vmov out3, r0, len=20, async=1\n"
                                  "wait 0\nwait 1\nhalt\n");
    b.route(1, {0, 0, 1, 1, 1, 1}, bin::East, bin::Ramp);
    b.route(1, {1, 0, 1, 1, 1, 1}, bin::Ramp, bin::West);
    if (later)
      b.p.switches = {{{1, 0}, 0, 1, bin::North, bin::West}};
    b.p.outputs.clear();
    return runIt(b, {ascending(20)});
  };
  EXPECT_EQ(run(false).error, "");
  EXPECT_EQ(run(false).stats, run(true).stats);
}

//===----------------------------------------------------------------------===//
// R-FAB-10
//===----------------------------------------------------------------------===//

static void expectRefused(const Builder &b, const char *message) {
  Ran r = runIt(b, {ascending(6)});
  EXPECT_NE(r.error.find(message), std::string::npos) << r.error;
  EXPECT_NE(r.error.find("R-FAB-10"), std::string::npos) << r.error;
}

TEST(SimSwitch, ImpossibleSwitchesAreRefused) {
  Builder twice = star(3, 3), first = star(3, 3), both = star(3, 3),
          many = star(3, 3);
  twice.p.switches.push_back(twice.p.switches[0]);
  expectRefused(twice, "position 1 of colour 0 at (1, 0): the router of (1, 0) "
                       "has it twice");
  first.p.switches[0].position = 2;
  expectRefused(first, "has none before it");
  both.p.switches[0].tx = bin::North;
  expectRefused(both, "it changes both receive and transmit ports");
  llvm::cantFail(setField(many.t, "router.switch_positions=1"));
  expectRefused(many, "the target has 1 positions");
  Builder nowhere = star(3, 3);
  nowhere.p.switches[0].color = 5;
  nowhere.p.routes.push_back({{0, 0}, 5, bin::Ramp, bin::East});
  expectRefused(nowhere, "there is no setting of position 0");
}

TEST(SimSwitch, AdvancesBeyondTheLastPositionAreRefused) {
  Builder b = star(3, 3);
  b.p.classes[2].code = Builder::assemble(dsd(3) + "vmov out2, d0, advance");
  expectRefused(b, "PE (2, 0) of class 'last', cycle 1: the router has no "
                   "further position");
  Builder wse3 = star(3, 3, 0, "wse3");
  expectRefused(wse3, "the target's routers do not advance with an op");
}

// Nobody moves the switch of PE 1: the words of PE 2 wait for ever.
TEST(SimSwitch, WithoutAnAdvanceTheProgramDeadlocks) {
  Builder b = star(3, 3);
  b.p.classes[1].code = Builder::assemble(dsd(3) + "vmov out2, d0\nhalt");
  Ran r = runIt(b, {ascending(6)});
  EXPECT_NE(r.error.find("deadlock"), std::string::npos) << r.error;
  EXPECT_NE(r.error.find("waits for a wavelet of colour 0"), std::string::npos)
      << r.error;
}
