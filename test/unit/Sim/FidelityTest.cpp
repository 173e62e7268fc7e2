//===- FidelityTest.cpp - The three fidelities against each other ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "RandomProgram.h"

using namespace weft;
using namespace weft::sim;

constexpr unsigned Programs = 200;

// Without time there is more room than the machine has: a program that
// deadlocks for lack of room may end, but one that ends must end.
TEST(SimFidelity, FunctionalGivesTheSameNumbers) {
  unsigned ended = 0;
  for (unsigned seed = 0; seed < Programs; ++seed) {
    Builder b = randomProgram(seed);
    Outcome want = outcomeOf(b, Fidelity::Exact, seed);
    if (!want.error.empty())
      continue;
    ++ended;
    Outcome got = outcomeOf(b, Fidelity::Functional, seed);
    EXPECT_EQ(difference(want, got, false), "") << "seed " << seed;
    EXPECT_FALSE(got.stats.timed);
    EXPECT_EQ(got.stats.cycles, 0u);
  }
  EXPECT_GE(ended, Programs * 2 / 3);
}

// All bits and counters, and what is said of programs that do not end.
TEST(SimFidelity, BatchedIsExact) {
  unsigned ended = 0, switched = 0;
  uint64_t moves = 0, batched = 0, movesBeside = 0, beside = 0;
  for (unsigned seed = 0; seed < Programs; ++seed) {
    Builder b = randomProgram(seed);
    Outcome want = outcomeOf(b, Fidelity::Exact, seed);
    Outcome got = outcomeOf(b, Fidelity::Batched, seed);
    EXPECT_EQ(difference(want, got, true), "") << "seed " << seed;
    ended += want.error.empty();
    bool switches = !b.p.switches.empty(); // their colours run cycle by cycle
    switched += switches && want.error.empty();
    (switches ? movesBeside : moves) += got.stats.batching.moves;
    (switches ? beside : batched) += got.stats.batching.batched;
  }
  EXPECT_GE(ended, Programs * 2 / 3);
  EXPECT_LE(ended, Programs - 10);
  EXPECT_GE(switched, Programs / 5);
  EXPECT_GE(batched, moves / 4);
  EXPECT_GE(beside, movesBeside / 6);
}

// Buffers of just the credit loop, and paces of less than one element a cycle.
TEST(SimFidelity, BatchedIsExactOnOtherMachines) {
  const std::vector<std::vector<const char *>> machines = {
      {"router.hop=2", "router.ramp=3", "router.buffer=2"},
      {"memory.read_bytes=3", "memory.write_bytes=3", "router.ramp=1"},
      {"rates.fabric=1125", "router.hop=2"}};
  for (const std::vector<const char *> &sets : machines)
    for (unsigned seed = 1000; seed < 1050; ++seed) {
      Builder b = randomProgram(seed, sets);
      EXPECT_EQ(difference(outcomeOf(b, Fidelity::Exact, seed),
                           outcomeOf(b, Fidelity::Batched, seed), true),
                "")
          << "seed " << seed << ", " << sets[0];
    }
}

// Streams in closed form, whose PEs run ahead of the clock.
TEST(SimFidelity, StreamsInClosedFormAreExact) {
  const std::vector<std::vector<const char *>> machines = {
      {},
      {"router.hop=2", "router.ramp=3", "router.buffer=2"},
      {"memory.read_bytes=2", "router.turn=3"},
      {"rates.fabric=2000", "router.ramp=3"},
      {"router.turn=20", "router.hop=2", "vector.setup_fabric=0",
       "vector.setup_copy=0", "vector.setup_elementwise=0"}};
  for (const std::vector<const char *> &sets : machines) {
    unsigned ended = 0, faults = 0, deadlocks = 0;
    uint64_t moves = 0, closed = 0;
    for (unsigned seed = 0; seed < Programs / 2; ++seed) {
      Builder b = randomStreams(seed, sets);
      Outcome want = outcomeOf(b, Fidelity::Exact, seed),
              got = outcomeOf(b, Fidelity::Batched, seed);
      EXPECT_EQ(difference(want, got, true), "") << "seed " << seed;
      ended += want.error.empty();
      deadlocks += want.error.starts_with("deadlock");
      faults += want.error.find("R-MEM-3") != std::string::npos;
      moves += got.stats.batching.moves;
      closed += got.stats.batching.closed;
    }
    EXPECT_GE(ended, Programs / 4);
    EXPECT_GE(faults, 1u);
    EXPECT_GE(deadlocks, 1u);
    EXPECT_GE(closed, moves / 20);
  }
}

// Who runs ahead of the clock does not run past its end.
TEST(SimFidelity, BatchedStopsWhereExactDoes) {
  unsigned stopped = 0;
  for (unsigned seed = 0; seed < Programs / 2; ++seed) {
    Builder b = randomStreams(seed);
    uint64_t limit = 50 + 37 * seed;
    Outcome want = outcomeOf(b, Fidelity::Exact, seed, limit);
    EXPECT_EQ(
        difference(want, outcomeOf(b, Fidelity::Batched, seed, limit), true),
        "")
        << "seed " << seed;
    stopped += want.error.find("have not halted") != std::string::npos;
  }
  EXPECT_GE(stopped, Programs / 10);
}

// A sender that starts in cycle 7 (dsd 1, set-up 6) and a receiver that starts
// in cycle 207, three links away. On the way lie five queues with room for 6 +
// 2, three times 2 + 1, and 4 + 2 wavelets: 23. So number 99 is sent once
// number 76 is taken, in cycle 207 + 76, and that has passed back through five
// queues: in cycle 288, after 99 steps and 182 cycles of waiting. The receiver
// takes it in cycle 306; it lasts a cycle, and so does halt.
TEST(SimFidelity, ALateReceiverHoldsItsSender) {
  Builder b(4, 1);
  b.route(0, {0, 0, 1, 1, 1, 1}, bin::Ramp, bin::East);
  b.route(0, {1, 0, 2, 1, 1, 1}, bin::West, bin::East);
  b.route(0, {3, 0, 1, 1, 1, 1}, bin::West, bin::Ramp);
  std::string late;
  for (unsigned i = 0; i < 200; ++i)
    late += "nop\n";
  std::string walk = "dsd d0, r0+16384, f32, [100:1]\n";
  b.cls("from", {0, 0, 1, 1, 1, 1}, walk + "vmov out2, d0\nhalt\n",
        {{true, 2, 0}});
  b.cls("to", {3, 0, 1, 1, 1, 1}, late + walk + "vmov d0, in2\nhalt\n",
        {{false, 2, 0}});
  b.p.inputs = {Builder::tensor("x", {0, 0, 1, 1, 1, 1}, DataAddr, 100)};
  b.p.inputs[0].shape = {1, 1, 100}; // as randomData wants it
  b.p.inputs[0].place.dims = {{bin::Axis::Y, 1, 1, 1},
                              {bin::Axis::X, 1, 1, 1},
                              {bin::Axis::None, 100, 100, 1}};
  b.p.outputs = {Builder::tensor("y", {3, 0, 1, 1, 1, 1}, DataAddr, 100)};
  for (Fidelity way : {Fidelity::Exact, Fidelity::Batched}) {
    Outcome o = outcomeOf(b, way, 1);
    ASSERT_EQ(o.error, "");
    EXPECT_EQ(o.stats.cycles, 308u);
    EXPECT_EQ(o.stats.classes[0].waitOut, 182u);
    EXPECT_EQ(o.stats.classes[1].waitIn, 0u);
    EXPECT_EQ(o.output, randomData(b, 1));
    EXPECT_EQ(o.stats.batching.closed, way == Fidelity::Batched ? 500u : 0u);
  }
}
