//===- RulesTest.cpp - One file for each rule, that only it refuses -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Each case is written as a file with right checksums and read back: the loader
// has nothing against it, and the verifier finds exactly the one rule broken.
// Every rule of docs/machine-model.md must have a case.
//
//===----------------------------------------------------------------------===//
#include "Build.h"
#include "weft/Binary/File.h"
#include "weft/Verify/Verifier.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <functional>
#include <map>
#include <regex>
#include <set>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

using Lines = std::vector<std::string>;

struct Case {
  const char *rule;
  std::function<Program(Target &)> build;
};

Case onePE(const char *rule, Lines lines) {
  return {rule, [=](Target &) { return single(lines); }};
}

/// The chain of Build.h with a change.
Case broken(const char *rule, std::function<void(Program &)> change) {
  return {rule, [=](Target &) {
            Program p = chain(8, 3, 16);
            change(p);
            return p;
          }};
}

const Case Cases[] = {
    broken("R-FILE",
           [](Program &p) { // a PE twice
             p.classes[1].where.push_back(p.classes[1].where[0]);
           }),
    onePE("R-MEM-1", {"st r0, r0+4000", "halt"}),
    onePE("R-MEM-2", {"st r0, r0+9002", "halt"}),
    onePE("R-MEM-3", {"ld r1, r0+9000", "halt"}),
    onePE("R-MEM-4", {"st r0, r0+4176", "halt"}),
    onePE("R-MEM-5",
          {"dsd d0, r0+10000, f32, [8:1]", "dsd d1, r0+10064, f32, [8:1]",
           "vmov d0, d1, async=1", "vmov d1, d0", "halt"}),
    {"R-MEM-6",
     [](Target &) {
       Program p = single({"st r0, r0+10000", "halt"});
       p.repeatable = true;
       return p;
     }},
    {"R-MEM-7",
     [](Target &) { // byte 9000 belongs to no range
       Program p = single({"st r0, r0+9000", "halt"});
       p.memory = {{"table", MemRange::Weights, {0, 0, 1, 1}, 20000, 16},
                   {"data", MemRange::Weights, {0, 0, 1, 1}, 10000, 128}};
       return p;
     }},
    broken("R-FAB-1",
           [](Program &p) { // colour 22 is the host's
             for (Route &r : p.routes)
               r.color = r.color == Cast ? 22 : r.color;
             p.streams[2].color = 22;
             for (PEClass &c : p.classes)
               for (QueueBinding &q : c.queues)
                 q.color = q.color == Cast ? 22 : q.color;
           }),
    broken("R-FAB-2",
           [](Program &p) {
             p.routes.push_back({{3, 1, 1, 1}, Cast, West, Ramp});
           }),
    broken("R-FAB-3",
           [](Program &p) { p.routes[6].tx = Ramp | East; }), // off the grid
    broken("R-FAB-4",
           [](Program &p) {
             p.routes.push_back({{2, 0, 1, 1}, 7, South, East});
             p.routes.push_back({{3, 0, 1, 1}, 7, West, South});
             p.routes.push_back({{3, 1, 1, 1}, 7, North, West});
             p.routes.push_back({{2, 1, 1, 1}, 7, East, North});
           }),
    broken("R-FAB-7", [](Program &p) { p.streams[2].words = 17; }),
    broken("R-FAB-8",
           [](Program &p) { // out2 is still in use
             p.classes[0].code = assemble(
                 {"dsd d0, r0+9000, f32, [16:1]",
                  "dsd d1, r0+9400, f32, [16:1]", "vfadd d1, d0, in2",
                  "dsd d2, r0+9400, f32, [8:1]", "vmov out2, d2, async=1",
                  "vmov out2, r0, len=8", "wait 1", "halt"});
           }),
    broken("R-FAB-9",
           [](Program &p) {
             p.classes[3].code =
                 assemble({"dsd d0, r0+9000, f32, [16:1]",
                           "dsd d1, r0+9400, f32, [15:1]", "vmov out2, d0",
                           "vmov d1, in3", "st r0, r0+9460", "halt"});
           }),
    {"R-FAB-10",
     [](Target &) { // the first PE sends on after its router has advanced
       Program p = gather(4, 2, 16);
       p.classes[1].code =
           assemble({"dsd d0, r0+9000, f32, [8:1]", "vmov out2, d0, advance",
                     "vmov out2, d0", "halt"});
       return p;
     }},
    broken("R-QUE-1",
           [](Program &p) { // queue 1 is the host's
             p.classes[0].queues[0].queue = 1;
             p.classes[0].code =
                 assemble({"dsd d0, r0+9000, f32, [16:1]",
                           "dsd d1, r0+9400, f32, [16:1]", "vfadd d1, d0, in1",
                           "vmov out2, d1", "halt"});
           }),
    broken("R-QUE-2",
           [](Program &p) { p.classes[1].queues.push_back(in(4, Cast)); }),
    broken("R-QUE-3",
           [](Program &p) { // the root hears nothing
             p.classes[0].queues.push_back(in(4, Cast));
           }),
    {"R-QUE-4",
     [](Target &t) {
       t.fabricInputsPerOp.set(1);
       return pair({"vmov out2, r0, len=64, async=1", "vmov out3, r0, len=64",
                    "vmov d0, in2", "wait 1"},
                   {"vfadd d0, in2, in3", "vmov out2, r0, len=64"});
     }},
    onePE("R-TASK-1", {"activate 4", "halt"}),
    {"R-TASK-2",
     [](Target &) { // both wait for the other's first word
       return pair(
           {"vmov d0, in2", "vmov out2, r0, len=64", "vmov out3, r0, len=64"},
           {"vmov d0, in2", "vmov d0, in3", "vmov out2, r0, len=64"});
     }},
    onePE("R-OP-1", {"dsd d0, r0+10000, f32, [1:-32768]", "halt"}),
    onePE("R-OP-2", {"dsd d0, r0+10000, f32, [8:1]",
                     "dsd d1, r0+10064, f32, [9:1]", "vmov d0, d1", "halt"}),
    onePE("R-OP-3", {"vrsum r1, r2", "halt"}),
    onePE("R-OP-4", {"wait 9", "halt"}),
    onePE("R-OP-5", {"loop r1, 3", "halt"}),
    onePE("R-OP-6", {"dsd d0, r0+10000, bf16, [8:1]", "halt"}),
    broken("R-COST", [](Program &p) { p.costReport = "\x50\x07"; }), // 7 MACs
};

/// The rules found broken, after a way through the loader.
std::set<std::string> rulesBroken(const Case &c, std::string &messages) {
  Target t = wse2();
  Program p = c.build(t);
  llvm::cantFail(cutGrid(t, p.gridW, p.gridH));
  p.targetYaml = printTarget(t);
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  if (llvm::Error e = writeStream(p, os)) {
    messages = llvm::toString(std::move(e));
    return {"loader"};
  }
  auto loaded =
      loadBuffer(llvm::MemoryBuffer::getMemBuffer(bytes, "case", false));
  if (!loaded) {
    messages = llvm::toString(loaded.takeError());
    return {"loader"};
  }
  Target read = llvm::cantFail(parseTarget(loaded->program.targetYaml, "case"));
  std::set<std::string> rules;
  for (const verify::Finding &f :
       verify::verify(loaded->program, read).findings) {
    rules.insert(f.rule);
    messages += f.rule + ": " + f.message + "\n";
  }
  return rules;
}

TEST(Rules, EachCaseBreaksOnlyItsRule) {
  for (const Case &c : Cases) {
    std::string messages;
    EXPECT_EQ(rulesBroken(c, messages), std::set<std::string>{c.rule})
        << "case of " << c.rule << ":\n"
        << messages;
  }
}

TEST(Rules, UnbrokenProgramsBreakNone) {
  for (const Case &c : {onePE("", {"halt"}), broken("", [](Program &) {})}) {
    std::string messages;
    EXPECT_EQ(rulesBroken(c, messages), std::set<std::string>()) << messages;
  }
}

TEST(Rules, EveryRuleOfTheMachineModelHasACase) {
  auto text =
      llvm::MemoryBuffer::getFile(WEFT_SOURCE_DIR "/docs/machine-model.md");
  ASSERT_TRUE(bool(text));
  std::string doc = (*text)->getBuffer().str();
  // What the routers do, not programs: no file can break them.
  const std::set<std::string> ofTheMachine = {"R-FAB-5", "R-FAB-6"};
  std::set<std::string> stated, cases;
  std::regex rule("\\*\\*(R-[A-Z]+(-[0-9]+)?)\\*\\*");
  for (std::sregex_iterator i(doc.begin(), doc.end(), rule), end; i != end; ++i)
    stated.insert((*i)[1]);
  for (const Case &c : Cases)
    cases.insert(c.rule);
  EXPECT_GT(stated.size(), 25u);
  for (const std::string &r : ofTheMachine)
    EXPECT_EQ(stated.erase(r), 1u) << r;
  EXPECT_EQ(stated, cases);
  // And the verifier knows no other.
  verify::Result all = verify::verify(single({"halt"}), wse2());
  EXPECT_EQ(std::set<std::string>(all.rules.begin(), all.rules.end()), cases);
}

} // namespace
