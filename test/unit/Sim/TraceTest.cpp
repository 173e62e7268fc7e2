//===- TraceTest.cpp - Records of runs against records by hand ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Expected cycles are derived by hand from docs/machine-model.md and the wse2
// constants: hop 1, ramp 2, set-up 6, alu 1, dsd 1, branch 6 / 3, activate 3.
//
//===----------------------------------------------------------------------===//
#include "TraceText.h"
#include <random>

using namespace weft;
using namespace weft::sim;
using bin::East;
using bin::Ramp;
using bin::West;

namespace {

struct Traces : testing::Test {
  std::unique_ptr<Simulator> s;

  Stats run(const Builder &b, const TraceOptions &o) {
    s = llvm::cantFail(Simulator::create(b.p, b.t));
    for (size_t i = 0; i < b.p.inputs.size(); ++i)
      llvm::cantFail(s->setInput(
          i, bytesOf(std::vector<float>(b.p.inputs[i].shape[0], 1))));
    Stats plain = llvm::cantFail(s->run());
    llvm::cantFail(s->record(o));
    Stats stats = llvm::cantFail(s->run());
    EXPECT_EQ(stats, plain); // looking costs no cycles
    EXPECT_EQ(total(), o.criticalPath ? stats.cycles : 0);
    return stats;
  }
  const Trace &trace() const { return s->recorded(); }
  /// The sum of all parts; stretches follow each other without a gap.
  uint64_t total() const {
    uint64_t sum = 0;
    for (const PathSegment &p : trace().path) {
      EXPECT_EQ(p.from, sum);
      for (uint64_t part : p.part)
        sum += part;
      EXPECT_EQ(p.to, sum);
    }
    return sum;
  }
};

// (0, 0): dsd to 1; vfmul has set-up 6 and 4 elements, to 11; vmov has set-up
// to 17 and sends in 17 .. 20; halt to 22. The first wavelet enters the queue
// at 18, leaves the routers at 20, 21 and 22 and can be taken at 24. (2, 0):
// dsd to 1, set-up to 7, waits to 24, takes in 24 .. 27; halt to 29.
TEST_F(Traces, AMessage) {
  EXPECT_EQ(run(message(), everything(3, 1)).cycles, 29u);
  EXPECT_EQ(pathText(trace()),
            // dsd, vfmul and the element that is sent; two set-ups; ramps, hops
            "k0 0-24 (0, 0)-(2, 0): 6 12 6 0 0, 1 messages 2 hops\n"
            // its four elements and halt
            "k1 24-29 (2, 0)-(2, 0): 5 0 0 0 0, 0 messages 0 hops\n");
  EXPECT_EQ(laneText(trace(), 0, 0, 0),
            "dsd d0, r0+16384, f32, [4:1] 0-1 | vfmul d0, d0, r0 1-11 | "
            "setup 0 1-7 | elements 4 7-11 | vmov out2, d0 11-21 | "
            "setup 0 11-17 | elements 4 17-21 | halt 21-22");
  EXPECT_EQ(laneText(trace(), 2, 0, 0),
            "dsd d0, r0+16384, f32, [4:1] 0-1 | vmov d0, in2 1-28 | "
            "setup 0 1-7 | in 3 7-24 | elements 4 24-28 | halt 28-29");
  // Times r0, which is 0.
  EXPECT_EQ(laneText(trace(), 0, 0, PEEvent::OutLanes + 3),
            "sent 0 17-18 | sent 0 18-19 | "
            "sent 0 19-20 | sent 0 20-21");
  EXPECT_EQ(laneText(trace(), 2, 0, PEEvent::InLanes + 3),
            "received 0 24-25 | received 0 25-26 | "
            "received 0 26-27 | received 0 27-28");
  EXPECT_EQ(trace().pes.size(), 2u);

  // The link of (0, 0) carries them in 20 .. 23, that of (1, 0) in 21 .. 24.
  ASSERT_EQ(trace().links.size(), 2u);
  const LinkWindow &first = trace().links[0], &second = trace().links[1];
  EXPECT_EQ(first.index, 5u);
  EXPECT_EQ(first.all, 7u);
  EXPECT_EQ(first.busiest, 4u);
  EXPECT_EQ(first.x, 0u);
  EXPECT_EQ(first.dir, 2u); // east
  EXPECT_EQ(second.index, 6u);
  EXPECT_EQ(second.all, 1u);
  EXPECT_EQ(second.x, 1u);
}

// The same, but only what overlaps cycles 7 to 23 of PE (2, 0): the wait, and
// the op around it.
TEST_F(Traces, AWindow) {
  TraceOptions o;
  o.pes = {2, 0, 1, 1};
  o.from = 7;
  o.to = 24;
  run(message(), o);
  EXPECT_EQ(laneText(trace(), 2, 0, 0), "vmov d0, in2 1-28 | in 3 7-24");
  EXPECT_EQ(trace().events.size(), 2u);
  EXPECT_EQ(trace().eventsLeftOut, 0u);
  EXPECT_TRUE(trace().links.empty() && trace().path.empty());
}

// (2, 0) has 10 events: dsd, vmov, set-up, wait, elements, halt, 4 wavelets.
TEST_F(Traces, BoundsAreKeptAndSaid) {
  TraceOptions o = everything(3, 1);
  o.pes = {2, 0, 1, 1};
  o.maxEvents = 3;
  o.maxLinkWindows = 1;
  run(message(), o);
  EXPECT_EQ(trace().events.size(), 3u);
  EXPECT_EQ(trace().eventsLeftOut, 7u);
  EXPECT_EQ(trace().links.size(), 1u);
  EXPECT_EQ(trace().linkWaveletsLeftOut, 1u);
}

TEST_F(Traces, PEsOutsideOfTheGrid) {
  Builder b = message();
  s = llvm::cantFail(Simulator::create(b.p, b.t));
  TraceOptions o;
  o.pes = {1, 0, 2, 2};
  EXPECT_EQ(llvm::toString(s->record(o)),
            "PEs 1,0,2x2 do not lie in the grid of 3 x 1 PEs");
}

// A microthread sends while the main thread works. PE (0, 0): dsd to 1; the
// issue takes 1, to 2; set-up to 8, four elements to 12. Meanwhile nop to 3;
// wait, issued at 3, ends with the op at 12; endtask to 13. Task 3 was
// activated before, by an instruction that ended at 4, hence at 7: no wait. So
// activate stands before wait: 3-4, wait 4-12, endtask 12-13, halt 13-14.
// PE (1, 0) takes as they come: dsd 1, set-up 7; the first wavelet, sent in 8,
// is there at 8 + 1 + 2 + 1 + 2 = 14; elements to 18, halt to 19.
TEST_F(Traces, AMicrothread) {
  Builder b(2, 1);
  b.route(3, {0, 0, 1, 1, 1, 1}, Ramp, East);
  b.route(3, {1, 0, 1, 1, 1, 1}, West, Ramp);
  const std::string mem = "dsd d0, r0+16384, f32, [4:1]\n"; // words 0 1 2
  auto &from = b.cls("from", {0, 0, 1, 1, 1, 1},
                     mem + "vmov out2, d0, async=2\n" // 3 4
                           "nop\nactivate 3\nwait 2\nendtask\nhalt\n",
                     {{true, 2, 3}});
  from.tasks.push_back({3, 9, false});
  b.cls("to", {1, 0, 1, 1, 1, 1}, mem + "vmov d0, in2\nhalt\n",
        {{false, 2, 3}});
  b.p.inputs = {Builder::tensor("x", {0, 0, 1, 1, 1, 1}, DataAddr, 4)};
  EXPECT_EQ(run(b, everything(2, 1)).cycles, 19u);
  EXPECT_EQ(laneText(trace(), 0, 0, 0),
            "dsd d0, r0+16384, f32, [4:1] 0-1 | vmov out2, d0, async=2 1-2 | "
            "nop 2-3 | activate 3 3-4 | wait 2 4-12 | endtask 12-13 | "
            "halt 13-14");
  EXPECT_EQ(laneText(trace(), 0, 0, 1 + 2),
            "vmov out2, d0, async=2 2-12 | setup 0 2-8 | elements 4 8-12");
  // dsd, issue, the element sent, and then four elements and halt. No kernel.
  EXPECT_EQ(pathText(trace()),
            "- 0-19 (0, 0)-(1, 0): 8 6 5 0 0, 1 messages 1 hops\n");
}

// The path of a PE that waits for its own ops and tasks. dsd 1, issue 1, then
// the op in memory: set-up 6, 4 elements, to 12; the wait ends with it.
// activate to 13, endtask to 14, task 3 can start at 13 + 3 = 16; halt to 17.
TEST_F(Traces, TasksAndOpsInMemory) {
  Builder b;
  auto &c = b.cls("one", {},
                  "dsd d0, r0+16384, f32, [4:1]\n" // 0 1 2
                  "vfmul d0, d0, r0, async=0\n"    // 3 4
                  "wait 0\nactivate 3\nendtask\nhalt\n");
  c.tasks.push_back({3, 8, false});
  b.p.inputs = {Builder::tensor("x", {}, DataAddr, 4)};
  EXPECT_EQ(run(b, everything(1, 1)).cycles, 17u);
  EXPECT_EQ(pathText(trace()),
            "- 0-17 (0, 0)-(0, 0): 9 6 0 0 2, 0 messages 0 hops\n");
  EXPECT_EQ(laneText(trace(), 0, 0, 0),
            "dsd d0, r0+16384, f32, [4:1] 0-1 | vfmul d0, d0, r0, async=0 1-2 "
            "| wait 0 2-12 | activate 3 12-13 | endtask 13-14 | "
            "task 0 14-16 | halt 16-17");
  EXPECT_EQ(laneText(trace(), 0, 0, 1),
            "vfmul d0, d0, r0, async=0 2-12 | setup 0 2-8 | elements 4 8-12");
}

// PE (0, 0) sends 20 words to (1, 0), which is late: they lie in the output
// queue (6 and 2 on the ramp), the router (2 and 1 on the wire) and the input
// queue (4 and 2), 17 in all. (1, 0): two dsd to 2, vfmul has set-up 6 and 40
// elements, to 48, vmov set-up to 54, and takes the first word at 54. That lets
// the router move in 55, the other one in 56, and the sender go on in 57: three
// words to 60, vfmul 6 + 30 to 96, halt to 97. What (0, 0) waits for is (1, 0).
TEST_F(Traces, RoomIsMadeByTheReceiver) {
  Builder b(2, 1);
  b.route(3, {0, 0, 1, 1, 1, 1}, Ramp, East);
  b.route(3, {1, 0, 1, 1, 1, 1}, West, Ramp);
  b.p.kernels = {{"send", "", {}, {}, 0}, {"late", "", {}, {}, 0}};
  b.cls("from", {0, 0, 1, 1, 1, 1},
        "dsd d0, r0+16384, f32, [20:1]\ndsd d1, r0+16384, f32, [30:1]\n"
        "vmov out2, d0\nvfmul d1, d1, r0\nhalt\n",
        {{true, 2, 3}})
      .ranges = {{0, 9, 0}};
  b.cls("to", {1, 0, 1, 1, 1, 1},
        "dsd d0, r0+16544, f32, [20:1]\ndsd d1, r0+16384, f32, [40:1]\n"
        "vfmul d1, d1, r0\nvmov d0, in2\nhalt\n",
        {{false, 2, 3}})
      .ranges = {{0, 9, 1}};
  b.p.inputs = {Builder::tensor("x", {0, 0, 2, 1, 1, 1}, DataAddr, 40)};
  EXPECT_EQ(run(b, everything(2, 1)).cycles, 97u);
  EXPECT_EQ(pathText(trace()),
            "k1 0-57 (1, 0)-(0, 0): 42 12 0 3 0, 0 messages 0 hops\n"
            "k0 57-97 (0, 0)-(0, 0): 34 6 0 0 0, 0 messages 0 hops\n");
  EXPECT_EQ(laneText(trace(), 0, 0, 0),
            "dsd d0, r0+16384, f32, [20:1] 0-1 | "
            "dsd d1, r0+16384, f32, [30:1] 1-2 | vmov out2, d0 2-60 | "
            "setup 0 2-8 | elements 17 8-25 | out 3 25-57 | elements 3 57-60 | "
            "vfmul d1, d1, r0 60-96 | setup 0 60-66 | elements 30 66-96 | "
            "halt 96-97");
}

/// Rounds of a sum along a row and a multicast back, on microthreads or not,
/// with work of random length in between; two kernels take turns.
Builder rounds(unsigned seed, uint32_t P, uint32_t count) {
  std::mt19937 random(seed);
  auto upTo = [&](uint32_t n) { return uint32_t(random() % n); };
  Builder b(P, 1);
  auto in = [](uint32_t x) { return uint8_t(x % 2 ? 2 : 1); };
  for (uint32_t x = 0; x < P; ++x) {
    if (x)
      b.route(in(x - 1), {x, 0, 1, 1, 1, 1}, Ramp, West);
    if (x + 1 < P)
      b.route(in(x), {x, 0, 1, 1, 1, 1}, East, Ramp);
    b.route(0, {x, 0, 1, 1, 1, 1}, x ? West : Ramp,
            (x ? Ramp : 0) | (x + 1 < P ? East : 0));
  }
  b.p.kernels = {{"sum", "", {}, {}, 0}, {"work", "", {}, {}, 0}};
  std::string words = std::to_string(1 + upTo(40));
  for (uint32_t x = 0; x < P; ++x) {
    bool root = x == 0, far = x + 1 == P, async = upTo(2);
    std::string tail = async ? ", async=1\nwait 1\n" : "\n";
    std::string sum = root  ? "vfadd d0, in2, d0" + tail + "vmov out3, d0\n"
                      : far ? "vmov out2, d0" + tail + "vmov d0, in3\n"
                            : "vfadd out2, in2, d0" + tail + "vmov d0, in3\n";
    for (uint32_t n = upTo(4); n > 0; --n)
      sum = "nop\n" + sum;
    std::string dsd = "dsd d0, r0+16384, f32, [" + words + ":1]\n",
                loop = "loop r1, " + std::to_string(count) + "\n";
    std::string work = "dsd d1, r0+20480, f32, [" +
                       std::to_string(1 + upTo(30)) +
                       ":1]\nvmov d1, r2\nvfmul d1, d1, r0\n";
    auto &c = b.cls("c" + std::to_string(x), {x, 0, 1, 1, 1, 1},
                    dsd + loop + sum + work + "endloop r1\nhalt\n");
    uint32_t middle = uint32_t(Builder::assemble(dsd + loop + sum).size());
    c.ranges = {{0, middle, 0}, {middle, uint32_t(c.code.size()), 1}};
    if (!far)
      c.queues.push_back({false, 2, in(x)});
    if (!root)
      c.queues.push_back({true, 2, in(x - 1)});
    c.queues.push_back({root, 3, 0});
  }
  b.p.inputs = {Builder::tensor("x", {0, 0, P, 1, 1, 1}, DataAddr, 40)};
  return b;
}

// run() says that the parts add up, and that a record changes nothing.
TEST_F(Traces, PartsAddUpToTheCycles) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    run(rounds(seed, 2 + seed % 7, 1 + seed % 5), everything(2, 1));
  }
}

// Of 8 PEs that change between kernels 200 times each, 1,600 stretches begin
// twice; those that are dead by then make room for others. Where too many live
// there is no path, and that is said.
TEST_F(Traces, WhatNobodyHasIsSwept) {
  Builder b = rounds(1, 8, 200);
  TraceOptions o;
  o.criticalPath = true;
  run(b, o);
  std::string all = pathText(trace());
  o.maxPathNodes = 1200;
  run(b, o);
  EXPECT_EQ(pathText(trace()), all);
  EXPECT_FALSE(trace().pathTooLong);
  o.maxPathNodes = 100;
  llvm::cantFail(s->record(o));
  llvm::cantFail(s->run());
  EXPECT_TRUE(trace().pathTooLong);
  EXPECT_TRUE(trace().path.empty());
}

} // namespace

// AMessage again. (0, 0) issues dsd, vfmul, vmov and halt in 0, 1, 11 and 21,
// has elements in 17 .. 20 and routes in 20 .. 23: of these 12 cycles two are
// twice. (1, 0) routes in 21 .. 24. (2, 0) issues in 0, 1 and 28, routes in 22
// .. 25 and has elements in 24 .. 27, two together: 9. vfmul has its own
// elements in 7 .. 10.
TEST_F(Traces, CyclesOfPEs) {
  TraceOptions o;
  o.activity = true;
  run(message(), o);
  EXPECT_EQ(trace().issueCycles, 10u + 4 + 9);
  EXPECT_EQ(trace().workCycles, 10u + 4 + 9 + 4);
}
