//===- TraceTest.cpp - Records of runs against records by hand ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Expected cycles are derived by hand from docs/machine-model.md and the wse2
// constants: hop 1, ramp 2, set-up 6, alu 1, dsd 1, branch 6 / 3, activate 3.
//
//===----------------------------------------------------------------------===//
#include "weft/Sim/Trace.h"
#include "Build.h"

using namespace weft;
using namespace weft::sim;
using bin::East;
using bin::Ramp;
using bin::West;

namespace {

/// "dsd 0-1 | setup 1-7": what a lane of a PE did.
std::string laneText(const Trace &t, uint32_t x, uint32_t y, uint16_t lane) {
  static const char *const names[] = {"",     "setup", "elements", "in",  "out",
                                      "pipe", "task",  "received", "sent"};
  std::string s;
  for (const PEEvent &e : t.events) {
    if (t.pes[e.pe].x != x || t.pes[e.pe].y != y || e.lane != lane)
      continue;
    s += s.empty() ? "" : " | ";
    s += e.kind ? names[e.kind] + std::string(" ") + std::to_string(e.a)
                : t.texts[e.a];
    s += " " + std::to_string(e.from) + "-" + std::to_string(e.to);
  }
  return s;
}

/// "k0 0-22 (0, 0)-(2, 0): 4 12 6 0 0, 1 messages 2 hops", a line per stretch.
std::string pathText(const Trace &t) {
  std::string s;
  for (const PathSegment &p : t.path) {
    s += p.kernel == ~0u ? "-" : "k" + std::to_string(p.kernel);
    s += " " + std::to_string(p.from) + "-" + std::to_string(p.to) + " (" +
         std::to_string(p.fromX) + ", " + std::to_string(p.fromY) + ")-(" +
         std::to_string(p.toX) + ", " + std::to_string(p.toY) + "):";
    for (uint64_t part : p.part)
      s += " " + std::to_string(part);
    s += ", " + std::to_string(p.messages) + " messages " +
         std::to_string(p.hops) + " hops\n";
  }
  return s;
}

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

TraceOptions everything(uint32_t w, uint32_t h) {
  TraceOptions o;
  o.linkWindow = 4;
  o.pes = {0, 0, w, h};
  o.criticalPath = true;
  return o;
}

/// PE (0, 0) sends four words to PE (2, 0), past a router without a PE.
Builder message() {
  Builder b(3, 1);
  b.route(3, {0, 0, 1, 1, 1, 1}, Ramp, East);
  b.route(3, {1, 0, 1, 1, 1, 1}, West, East);
  b.route(3, {2, 0, 1, 1, 1, 1}, West, Ramp);
  b.p.kernels = {{"make", "", {}, {}, 0}, {"take", "", {}, {}, 0}};
  const std::string mem = "dsd d0, r0+16384, f32, [4:1]\n";
  auto whole = [](bin::PEClass &c, uint32_t kernel) {
    c.ranges = {{0, uint32_t(c.code.size()), kernel}};
  };
  whole(b.cls("from", {0, 0, 1, 1, 1, 1},
              mem + "vfmul d0, d0, d0\nvmov out2, d0\nhalt\n", {{true, 2, 3}}),
        0);
  whole(b.cls("to", {2, 0, 1, 1, 1, 1}, mem + "vmov d0, in2\nhalt\n",
              {{false, 2, 3}}),
        1);
  b.p.inputs = {Builder::tensor("x", {0, 0, 1, 1, 1, 1}, DataAddr, 4)};
  return b;
}

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
            "dsd d0, r0+16384, f32, [4:1] 0-1 | vfmul d0, d0, d0 1-11 | "
            "setup 0 1-7 | elements 4 7-11 | vmov out2, d0 11-21 | "
            "setup 0 11-17 | elements 4 17-21 | halt 21-22");
  EXPECT_EQ(laneText(trace(), 2, 0, 0),
            "dsd d0, r0+16384, f32, [4:1] 0-1 | vmov d0, in2 1-28 | "
            "setup 0 1-7 | in 3 7-24 | elements 4 24-28 | halt 28-29");
  // Words are 1.0.
  EXPECT_EQ(laneText(trace(), 0, 0, PEEvent::OutLanes + 3),
            "sent 1065353216 17-18 | sent 1065353216 18-19 | "
            "sent 1065353216 19-20 | sent 1065353216 20-21");
  EXPECT_EQ(laneText(trace(), 2, 0, PEEvent::InLanes + 3),
            "received 1065353216 24-25 | received 1065353216 25-26 | "
            "received 1065353216 26-27 | received 1065353216 27-28");
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

} // namespace
