//===- TraceStopTest.cpp - Records of runs that fail ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The program is that of TraceTest.cpp, AMessage, where its cycles are derived:
// (0, 0) sends in 17 .. 20 and halts at 22, the first wavelet can be taken by
// (2, 0) at 24.
//
//===----------------------------------------------------------------------===//
#include "TraceText.h"

using namespace weft;
using namespace weft::sim;

namespace {

struct FailedTraces : testing::Test {
  std::unique_ptr<Simulator> s;

  /// The message of a run that fails.
  std::string run(const Builder &b, uint32_t w,
                  uint64_t maxCycles = Simulator::MaxCycles) {
    s = llvm::cantFail(Simulator::create(b.p, b.t));
    for (size_t i = 0; i < b.p.inputs.size(); ++i)
      llvm::cantFail(s->setInput(
          i, bytesOf(std::vector<float>(b.p.inputs[i].shape[0], 1))));
    std::string plain = llvm::toString(s->run(maxCycles).takeError());
    llvm::cantFail(s->record(everything(w, 1)));
    std::string text = llvm::toString(s->run(maxCycles).takeError());
    EXPECT_EQ(text, plain);
    EXPECT_EQ(trace().failure, text);
    EXPECT_EQ(s->stats().cycles, trace().failedAt);
    return text;
  }
  const Trace &trace() const { return s->recorded(); }
};

} // namespace

// (2, 0) wants six words and takes the four in 24 .. 27; from 28 on it waits,
// of which one cycle is shown. The path is that of the fourth word.
TEST_F(FailedTraces, Deadlock) {
  std::string text =
      run(message("dsd d0, r0+16384, f32, [6:1]\nvmov d0, in2\n"), 3);
  EXPECT_EQ(text.substr(0, 21), "deadlock at cycle 28:");
  EXPECT_EQ(trace().failedAt, 28u);
  EXPECT_EQ(laneText(trace(), 2, 0, 0),
            "dsd d0, r0+16384, f32, [6:1] 0-1 | vmov d0, in2 1-29 | "
            "setup 0 1-7 | in 3 7-24 | elements 4 24-28 | in 3 28-29");
  EXPECT_EQ(pathText(trace()),
            "k0 0-24 (0, 0)-(2, 0): 6 12 6 0 0, 1 messages 2 hops\n"
            "k1 24-28 (2, 0)-(2, 0): 4 0 0 0 0, 0 messages 0 hops\n");
  // The op that never ends counts among what its kernel did.
  EXPECT_EQ(s->stats().kernels[1].firstCycle, 0u);
  EXPECT_EQ(s->stats().kernels[1].lastCycle, 29u);
  EXPECT_EQ(s->stats().kernels[1].time.pes, 1u);
  ASSERT_EQ(trace().links.size(), 2u);
  EXPECT_EQ(trace().links[0].all + trace().links[1].all, 8u);
}

// The same with a microthread: issue to 2, set-up to 8; the main thread waits.
TEST_F(FailedTraces, DeadlockOfAMicrothread) {
  run(message("dsd d0, r0+16384, f32, [6:1]\nvmov d0, in2, async=0\n"
              "wait 0\n"),
      3);
  EXPECT_EQ(laneText(trace(), 2, 0, 0),
            "dsd d0, r0+16384, f32, [6:1] 0-1 | vmov d0, in2, async=0 1-2 | "
            "wait 0 2-29");
  EXPECT_EQ(laneText(trace(), 2, 0, 1),
            "vmov d0, in2, async=0 2-29 | setup 0 2-8 | in 3 8-24 | "
            "elements 4 24-28 | in 3 28-29");
}

// An endtask without another task ends at 1: nothing will ever start.
TEST_F(FailedTraces, NoTask) {
  Builder b;
  b.cls("one", {}, "endtask\n");
  run(b, 1);
  EXPECT_EQ(trace().failedAt, 1u);
  EXPECT_EQ(laneText(trace(), 0, 0, 0), "endtask 0-1 | task 0 1-2");
}

// A load of a reserved byte when (2, 0) has taken all, at 28: the path ends on
// it, not with (0, 0).
TEST_F(FailedTraces, Fault) {
  std::string text = run(message("dsd d0, r0+16384, f32, [4:1]\n"
                                 "vmov d0, in2\nld r1, r0+0\n"),
                         3);
  EXPECT_NE(text.find("cycle 28: reads byte 0 of the reserved"),
            std::string::npos)
      << text;
  EXPECT_EQ(trace().failedAt, 28u);
  EXPECT_EQ(laneText(trace(), 2, 0, 0),
            "dsd d0, r0+16384, f32, [4:1] 0-1 | vmov d0, in2 1-28 | "
            "setup 0 1-7 | in 3 7-24 | elements 4 24-28 | ld r1, r0 28-29");
  ASSERT_EQ(trace().path.size(), 2u);
  EXPECT_EQ(trace().path.back().toX, 2u);
  EXPECT_EQ(trace().path.back().to, 28u);
}

// Nobody may go on after cycle 20: (0, 0) has sent, (2, 0) waits.
TEST_F(FailedTraces, Limit) {
  run(message(), 3, 20);
  EXPECT_EQ(trace().failedAt, 20u);
  EXPECT_EQ(laneText(trace(), 2, 0, 0),
            "dsd d0, r0+16384, f32, [4:1] 0-1 | vmov d0, in2 1-20 | "
            "setup 0 1-7 | in 3 7-20");
}

// What is under way at the end is kept, however many events came before it.
TEST_F(FailedTraces, TheEndIsNotLeftOut) {
  Builder b = message("dsd d0, r0+16384, f32, [6:1]\nvmov d0, in2\n");
  run(b, 3);
  TraceOptions o = everything(3, 1);
  o.maxEvents = 2;
  llvm::cantFail(s->record(o));
  llvm::consumeError(s->run().takeError());
  EXPECT_EQ(laneText(trace(), 2, 0, 0), "vmov d0, in2 1-29 | "
                                        "elements 4 24-28 | in 3 28-29");
  EXPECT_GT(trace().eventsLeftOut, 0u);
}

// The record of the next run has nothing of it.
TEST_F(FailedTraces, ARunAfterIt) {
  Builder b = message();
  run(b, 3, 20);
  for (int i = 0; i < 2; ++i)
    llvm::cantFail(s->run());
  EXPECT_EQ(trace().failure, "");
  EXPECT_EQ(trace().path.back().to, 29u);
}
