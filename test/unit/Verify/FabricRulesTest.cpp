//===- FabricRulesTest.cpp - Routes, queues, tasks and ops, rule by rule --===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A change to a clean program for each rule of fabric, queues, tasks and ops.
//
//===----------------------------------------------------------------------===//
#include "Expect.h"

using namespace weft;
using namespace weft::bin;
using namespace weft::test;
using verify::Result;

namespace {

TEST(Verifier, RuleFab2) {
  Program p = chain(8, 3, 16);
  p.routes.push_back({{3, 1, 1, 1}, Cast, West, Ramp});
  EXPECT_RULE(p, "R-FAB-2");
  p = chain(8, 3, 16);
  p.routes[0].rx = Ramp | East;
  EXPECT_RULE(p, "R-FAB-2");
  p = chain(8, 3, 16);
  p.routes[0].tx = Ramp | West;
  EXPECT_RULE(p, "R-FAB-2");
  p = chain(8, 3, 16);
  p.routes[0].tx = 0;
  EXPECT_RULE(p, "R-FAB-2");
}

TEST(Verifier, RuleFab3) {
  Program p = chain(8, 3, 16);
  p.routes[6].tx = Ramp | East; // off the grid
  EXPECT_RULE(p, "R-FAB-3");
  p = chain(8, 3, 16);
  p.routes[6].where.h = 2; // nobody receives in the last row
  EXPECT_RULE(p, "R-FAB-3");
}

TEST(Verifier, RuleFab4) {
  Program p = chain(8, 3, 16);
  p.routes.push_back({{2, 0, 1, 1}, 7, South, East});
  p.routes.push_back({{3, 0, 1, 1}, 7, West, South});
  p.routes.push_back({{3, 1, 1, 1}, 7, North, West});
  p.routes.push_back({{2, 1, 1, 1}, 7, East, North});
  EXPECT_RULE(p, "R-FAB-4");
  p.routes.pop_back(); // a dead end is no cycle
  Result r = check(p);
  EXPECT_FALSE(r.violates("R-FAB-4")) << text(r);
}

// Three elements fill two words, the second with half a word of nothing.
TEST(Verifier, PortionsOfHalfWords) {
  auto halves = [](std::vector<unsigned> sent, std::vector<unsigned> taken,
                   const char *type = "f16") {
    auto code = [&](const std::vector<unsigned> &ops, bool send) {
      std::vector<std::string> lines;
      for (unsigned n : ops) {
        lines.push_back("dsd d1, r0+9000, " + std::string(type) + ", [" +
                        std::to_string(n) + ":1]");
        lines.push_back("vmov d1, r0"); // so that it may be read
        lines.push_back(send ? "vmov out2, d1" : "vmov d1, in2");
      }
      lines.push_back("halt");
      return lines;
    };
    Program p;
    p.gridW = 2;
    p.classes = {makeClass("west", {{0, 0, 1, 1}}, code(sent, true)),
                 makeClass("east", {{1, 0, 1, 1}}, code(taken, false))};
    p.classes[0].queues = {out(2, 0)};
    p.classes[1].queues = {in(2, 0)};
    p.routes = {{{0, 0, 1, 1}, 0, Ramp, East}, {{1, 0, 1, 1}, 0, West, Ramp}};
    uint64_t words = 0;
    for (unsigned n : sent)
      words += (n + 1) / 2;
    p.streams = {{"s", 0, {0, 0, 1, 1}, 1, 1, 0, 0, words}};
    return text(check(p));
  };
  auto after = [](int word) {
    return "R-FAB-7: class 'east' takes colour 0 in other portions than class "
           "'west' sends it, after word " +
           std::to_string(word) + "\n";
  };
  EXPECT_EQ(halves({3, 3}, {3, 3}), "");
  EXPECT_EQ(halves({4, 3}, {7}), "");
  EXPECT_EQ(halves({7}, {4, 3}), "");
  EXPECT_EQ(halves({3, 3}, {8}), after(0));
  EXPECT_EQ(halves({8}, {3, 3}), after(0));
  EXPECT_EQ(halves({4, 3}, {4, 4}), after(2));
  EXPECT_EQ(halves({4}, {3}), after(0));
}

TEST(Verifier, RuleFab7) {
  Program p = chain(8, 3, 16);
  p.streams[2].words = 17;
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.streams[2].dx1 = 6;
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.streams[2].dx0 = 2;
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.streams[2].dx1 = 8; // more than all it reaches
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.streams[0].from.w = 3;
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.streams.push_back({"ghost", 5, {0, 0, 1, 1}, 1, 1, 0, 0, 4});
  EXPECT_RULE(p, "R-FAB-7");
  p = chain(8, 3, 16);
  p.routes[5].tx = East; // the middle gets nothing
  EXPECT_RULE(p, "R-FAB-7");
}

TEST(Verifier, RuleFab8) {
  Program p = chain(8, 3, 16);
  p.classes[0].code =
      assemble({"dsd d0, r0+9000, f32, [16:1]", "dsd d1, r0+9400, f32, [16:1]",
                "vfadd d1, d0, in2", "vmov out2, d1, async=1",
                "vmov out2, r0, len=1", "wait 1", "halt"});
  EXPECT_RULE(p, "R-FAB-8");
}

TEST(Verifier, RuleFab9) {
  Program p = chain(8, 3, 16);
  p.classes[3].code =
      assemble({"dsd d0, r0+9000, f32, [16:1]", "dsd d1, r0+9400, f32, [15:1]",
                "vmov out2, d0", "vmov d1, in3", "halt"});
  EXPECT_RULE(p, "R-FAB-9");
  p = chain(8, 3, 16);
  p.classes.pop_back();
  EXPECT_RULE(p, "R-FAB-9");
}

TEST(Verifier, RuleQue) {
  Program p = chain(8, 3, 16);
  p.classes[0].queues[0].queue = 1; // the host's
  EXPECT_RULE(p, "R-QUE-1");
  p = chain(8, 3, 16);
  p.classes[1].queues.push_back(in(4, Cast));
  EXPECT_RULE(p, "R-QUE-2");
  p = chain(8, 3, 16);
  p.classes[1].queues.pop_back();
  EXPECT_RULE(p, "R-QUE-1"); // in3 is bound to nothing
  p = chain(8, 3, 16);
  p.classes[0].queues.push_back(in(4, Cast)); // the root hears nothing
  EXPECT_RULE(p, "R-QUE-3");
  p = chain(8, 3, 16);
  p.classes[1].queues.push_back(out(4, Cast)); // it only passes the sum on
  EXPECT_RULE(p, "R-QUE-3");
  p = chain(8, 3, 16);
  p.classes[1].code = assemble({"vfadd out2, in2, in3, len=16", "halt"});
  Target t = wse2();
  t.fabricInputsPerOp.set(1);
  EXPECT_TRUE(verify::verify(p, t).violates("R-QUE-4"));
}

TEST(Verifier, RuleTask) {
  Program p = chain(8, 3, 16);
  p.classes[0].tasks.push_back({31, 0, false});
  EXPECT_RULE(p, "R-TASK-1");
  p = chain(8, 3, 16);
  p.classes[0].tasks.push_back({0, 0, false});
  EXPECT_RULE(p, "R-TASK-1");
  EXPECT_RULE(single({"activate 4", "halt"}), "R-TASK-1");
  EXPECT_RULE(single({"nop", "endtask"}), "R-TASK-2");
  EXPECT_RULE(single({"activate 0", "endtask"}), "R-TASK-2"); // for ever
  p = single({"activate 3", "endtask", "halt"});
  p.classes[0].tasks.push_back({3, 2, false});
  EXPECT_CLEAN(p);
  p.classes[0].tasks[0].start = false;
  EXPECT_RULE(p, "R-TASK-2");
}

TEST(Verifier, TheOrderOfTasksIsStatic) {
  // 5, then 3: 3 goes first only if it is runnable in time.
  auto tasks = [](std::vector<std::string> first) {
    first.push_back("endtask");
    size_t at = assemble(first).size();
    first.insert(first.end(), {"endtask", "halt"});
    Program p = single(first);
    p.classes[0].tasks = {
        {1, 0, true}, {3, uint32_t(at), false}, {5, uint32_t(at + 1), false}};
    return p;
  };
  EXPECT_CLEAN(tasks({"activate 3", "activate 5"}));
  EXPECT_CLEAN(tasks({"activate 5"}));
  EXPECT_RULE(tasks({"activate 5", "activate 3"}), "R-TASK-1");
}

TEST(Verifier, RuleOp) {
  Target t = wse2();
  t.maxDsdExtent.set(15);
  EXPECT_TRUE(verify::verify(chain(8, 3, 16), t).violates("R-OP-1"));
  t = wse2();
  t.maxDsdStride.set(0);
  EXPECT_TRUE(verify::verify(chain(8, 3, 16), t).violates("R-OP-1"));
  EXPECT_RULE(single({"vmov d0, r0", "halt"}), "R-OP-1");
  EXPECT_RULE(single({"dsd d0, r0+10000, f32, [8:1]",
                      "dsd d1, r0+10000, f32, [9:1]", "vmov d0, d1", "halt"}),
              "R-OP-2");
  EXPECT_RULE(single({"dsd d0, r0+10000, i16, [8:1]",
                      "dsd d1, r0+10032, f32, [8:1]", "vmov d0, d1", "halt"}),
              "R-OP-2");
  Program p = chain(8, 3, 16);
  p.classes[0].code = assemble({"vmov out2, in2", "halt"});
  EXPECT_RULE(p, "R-OP-3");
  EXPECT_RULE(single({"dsd d0, r0+10000, f32, [8:1]",
                      "dsd d1, r0+10032, f32, [8:1]", "vmov d0, r0, async=1",
                      "vmov d1, r0, async=1", "wait 1", "halt"}),
              "R-OP-4");
  EXPECT_RULE(single({"wait 9", "halt"}), "R-OP-4");
  EXPECT_RULE(single({"dsd d0, r0+10000, bf16, [8:1]", "vmov d0, r0", "halt"}),
              "R-OP-6");
  EXPECT_RULE(single({"stb r0, r0+10000", "halt"}), "R-OP-6");
  EXPECT_RULE(single({"loop r1, 3", "halt"}), "R-OP-5");
  EXPECT_RULE(single({"endloop r1", "halt"}), "R-OP-5");
  EXPECT_RULE(single({"loop r1, 3", "endloop r2", "halt"}), "R-OP-5");
  EXPECT_RULE(single({"ret", "halt"}), "R-OP-5");
  // A loop that a subroutine leaves open, or closes for its caller.
  EXPECT_RULE(single({"call 3", "halt", "loop r1, 3", "ret"}), "R-OP-5");
  EXPECT_RULE(single({"loop r1, 3", "call 6", "endloop r1", "halt",
                      "endloop r1", "ret"}),
              "R-OP-5");
  EXPECT_CLEAN(
      single({"loop r1, 3", "call 6", "endloop r1", "halt", "nop", "ret"}));
  EXPECT_RULE(single({"call 0", "halt"}), "R-OP-5");
  EXPECT_RULE(single({"nop"}), "R-OP-5");
  std::vector<std::string> deep(17, "loop r1, 2");
  deep.insert(deep.end(), 17, "endloop r1");
  deep.push_back("halt");
  EXPECT_RULE(single(deep), "R-OP-5");
}

//===----------------------------------------------------------------------===//
// Progress and the cost report
//===----------------------------------------------------------------------===//

TEST(Verifier, Deadlock) {
  std::vector<std::string> west = {"vmov out2, r0, len=64",
                                   "vmov out3, r0, len=64", "vmov d0, in2"};
  EXPECT_CLEAN(
      pair(west, {"vmov d0, in2", "vmov d0, in3", "vmov out2, r0, len=64"}));
  // The second stream is taken first: 64 words do not fit in the buffers.
  Program p =
      pair(west, {"vmov d0, in3", "vmov d0, in2", "vmov out2, r0, len=64"});
  EXPECT_RULE(p, "R-TASK-2");
  // Both wait for the other's first word.
  p = pair({"vmov d0, in2", "vmov out2, r0, len=64", "vmov out3, r0, len=64"},
           {"vmov d0, in2", "vmov d0, in3", "vmov out2, r0, len=64"});
  EXPECT_RULE(p, "R-TASK-2");
  // On microthreads the order does not matter.
  EXPECT_CLEAN(pair({"vmov out2, r0, len=64, async=1",
                     "vmov out3, r0, len=64, async=2", "vmov d0, in2"},
                    {"vmov d0, in3", "vmov d0, in2", "vmov out2, r0, len=64"}));
}

TEST(Verifier, DeadlockInLoops) {
  // Word by word in step, 64 rounds; then one side runs a round ahead.
  auto loop = [](std::vector<std::string> body) {
    body.insert(body.begin(), "loop r1, 64");
    body.push_back("endloop r1");
    return body;
  };
  std::vector<std::string> answer = {"vmov out2, in2, len=1", "vmov d1, in3"};
  answer.insert(answer.begin(), "dsd d1, r0+9400, f32, [1:1]");
  Program p = pair(loop({"dsd d1, r0+9400, f32, [1:1]", "vmov out2, r0, len=1",
                         "vmov out3, r0, len=1", "vmov d1, in2"}),
                   loop(answer));
  EXPECT_CLEAN(p);
  p = pair(loop({"dsd d1, r0+9400, f32, [1:1]", "vmov d1, in2",
                 "vmov out2, r0, len=1", "vmov out3, r0, len=1"}),
           loop(answer));
  EXPECT_RULE(p, "R-TASK-2");
}

} // namespace
