//===- Build.h - Small programs for the tests of the cost model -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Programs written in assembly text, with the two collectives that compiled
// programs consist of, so that the expected numbers can be derived by hand.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_COST_BUILD_H
#define WEFT_TEST_UNIT_COST_BUILD_H

#include "weft/Binary/Isa.h"
#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <string>
#include <vector>

namespace weft::test {

using bin::Pattern;

inline std::vector<uint32_t> assemble(const std::vector<std::string> &lines) {
  std::vector<uint32_t> words;
  for (const std::string &line : lines) {
    std::string error;
    auto i = isa::parseInstr(line, error);
    if (!i) {
      llvm::errs() << line << ": " << error << "\n";
      abort();
    }
    isa::encode(*i, words);
  }
  return words;
}

inline Target target(uint32_t w, uint32_t h) {
  Target t = llvm::cantFail(loadTarget("wse2"));
  llvm::cantFail(cutGrid(t, w, h));
  return t;
}

constexpr uint32_t CodeAddr = 40000;

inline void addClass(bin::Program &p, const std::string &name,
                     std::vector<Pattern> where,
                     std::vector<bin::QueueBinding> queues,
                     const std::vector<std::string> &lines) {
  bin::PEClass c;
  c.name = name;
  c.where = std::move(where);
  c.codeAddr = CodeAddr;
  c.code = assemble(lines);
  c.queues = std::move(queues);
  c.tasks.push_back({0, 0, true});
  c.ranges.push_back({0, uint32_t(c.code.size()), 0});
  p.classes.push_back(std::move(c));
}

inline bin::Program program(uint32_t w, uint32_t h) {
  bin::Program p;
  p.name = "test";
  p.gridW = w;
  p.gridH = h;
  p.stages.push_back({"stage", {0, 0, w, h, 1, 1}});
  p.kernels.push_back({"kernel", "collective", {0, 0, w, h, 1, 1}, {7}, 0});
  return p;
}

/// Patterns of every second column from x0 to x1 inclusive.
inline Pattern odd(uint32_t x0, uint32_t x1, uint32_t h) {
  return {x0, 0, (x1 - x0) / 2 + 1, h, 2, 1};
}

/// Routes of a chain reduction eastwards along each row to column w - 1
/// (colours 0: from even columns, 1: from odd ones) and of the multicast of
/// colour 2 back. w is even and at least 4.
inline void addRowRoutes(bin::Program &p, uint32_t w, uint32_t h) {
  using namespace bin;
  auto add = [&](Pattern where, uint8_t color, uint8_t rx, uint8_t tx) {
    p.routes.push_back({where, color, rx, tx});
  };
  Pattern even = odd(0, w - 2, h), uneven = odd(1, w - 1, h);
  add(even, 0, Ramp, East);
  add(uneven, 0, West, Ramp);
  add(odd(1, w - 3, h), 1, Ramp, East);
  add(odd(2, w - 2, h), 1, West, Ramp);
  add({w - 1, 0, 1, h, 1, 1}, 2, Ramp, West);
  add({1, 0, w - 2, h, 1, 1}, 2, East, West | Ramp);
  add({0, 0, 1, h, 1, 1}, 2, East, Ramp);
}

/// All-reduce of `words` words along each row, `rounds` times.
inline bin::Program rowAllReduce(uint32_t w, uint32_t h, uint32_t words,
                                 uint32_t rounds) {
  bin::Program p = program(w, h);
  addRowRoutes(p, w, h);
  std::string n = std::to_string(words);
  std::string dsd = "dsd d0, r0+8192, f32, [" + n + ":1]";
  std::string loop = "loop r1, " + std::to_string(rounds);
  std::string receive = "vmov d0, in2";
  auto lines = [&](std::vector<std::string> body) {
    body.insert(body.begin(), {dsd, "vmov d0, r0", loop});
    body.insert(body.end(), {"endloop r1", "halt"});
    return body;
  };
  addClass(p, "far", {{0, 0, 1, h, 1, 1}}, {{true, 2, 0}, {false, 2, 2}},
           lines({"vmov out2, d0", receive}));
  addClass(p, "odd", {odd(1, w - 3, h)},
           {{false, 3, 0}, {true, 2, 1}, {false, 2, 2}},
           lines({"vfadd out2, in3, d0", receive}));
  addClass(p, "even", {odd(2, w - 2, h)},
           {{false, 3, 1}, {true, 2, 0}, {false, 2, 2}},
           lines({"vfadd out2, in3, d0", receive}));
  addClass(p, "root", {{w - 1, 0, 1, h, 1, 1}}, {{false, 3, 0}, {true, 2, 2}},
           lines({"vfadd d0, in3, d0", "vmov out2, d0"}));
  return p;
}

} // namespace weft::test
#endif
