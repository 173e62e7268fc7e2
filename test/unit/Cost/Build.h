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

inline Target target(uint32_t w, uint32_t h, const char *preset = "wse2") {
  Target t = llvm::cantFail(loadTarget(preset));
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

/// All-reduce of `words` words along each row, `rounds` times; `called`: as a
/// subroutine.
inline bin::Program rowAllReduce(uint32_t w, uint32_t h, uint32_t words,
                                 uint32_t rounds, bool called = false) {
  bin::Program p = program(w, h);
  addRowRoutes(p, w, h);
  std::string n = std::to_string(words);
  std::string dsd = "dsd d0, r0+8192, f32, [" + n + ":1]";
  std::string loop = "loop r1, " + std::to_string(rounds);
  std::string receive = "vmov d0, in2";
  auto lines = [&](const std::vector<std::string> &body) {
    std::vector<std::string> all = {dsd, "vmov d0, r0", loop};
    if (called)
      all.insert(all.end(), {"call 10", "endloop r1", "halt"});
    all.insert(all.end(), body.begin(), body.end());
    if (called)
      all.push_back("ret");
    else
      all.insert(all.end(), {"endloop r1", "halt"});
    return all;
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

//===----------------------------------------------------------------------===//
// All-reduce over both axes with the root anywhere
//===----------------------------------------------------------------------===//

/// One axis: n PEs, chains from both ends to `root`, multicast back. Colours
/// base + {0, 1}: towards higher coordinates by parity, + {2, 3}: towards lower
/// ones, + 4: multicast. Queues in .. in + 2 and out.
struct AxisPlan {
  bool alongX;
  uint32_t n, root;
  uint8_t base, in, out;
  bool active() const { return n > 1; }
};

/// The routes of one axis, which all lines of the other axis share.
inline void addAxisRoutes(bin::Program &p, const AxisPlan &a) {
  using namespace bin;
  uint8_t up = a.alongX ? East : South, down = a.alongX ? West : North;
  auto add = [&](uint32_t at, uint32_t n, uint8_t color, uint8_t rx,
                 uint8_t tx) {
    Pattern w{0, 0, p.gridW, p.gridH, 1, 1};
    (a.alongX ? w.x0 : w.y0) = at;
    (a.alongX ? w.w : w.h) = n;
    p.routes.push_back({w, color, rx, tx});
  };
  for (uint32_t i = 0; i < a.root; ++i) {
    add(i, 1, a.base + (i & 1), Ramp, up);
    add(i + 1, 1, a.base + (i & 1), down, Ramp);
  }
  for (uint32_t i = a.n - 1; i > a.root; --i) {
    add(i, 1, a.base + 2 + (i & 1), Ramp, down);
    add(i - 1, 1, a.base + 2 + (i & 1), up, Ramp);
  }
  uint8_t both = (a.root > 0 ? down : 0) | (a.root + 1 < a.n ? up : 0);
  add(a.root, 1, a.base + 4, Ramp, both);
  if (a.root > 1)
    add(1, a.root - 1, a.base + 4, up, down | Ramp);
  if (a.root > 0)
    add(0, 1, a.base + 4, up, Ramp);
  if (a.root + 2 < a.n)
    add(a.root + 1, a.n - a.root - 2, a.base + 4, down, up | Ramp);
  if (a.root + 1 < a.n)
    add(a.n - 1, 1, a.base + 4, down, Ramp);
}

/// What the PEs at coordinate i do: queue bindings and ops on d<dsr>.
inline void addAxisOps(const AxisPlan &a, uint32_t i, const std::string &dsr,
                       std::vector<bin::QueueBinding> &queues,
                       std::vector<std::string> &lines) {
  auto in = [&](int k) { return "in" + std::to_string(a.in + k); };
  std::string out = "out" + std::to_string(a.out);
  auto bind = [&](bool output, uint8_t queue, uint8_t color) {
    queues.push_back({output, queue, color});
  };
  if (!a.active())
    return;
  bool low = i > 0 && i <= a.root, high = i + 1 < a.n && i >= a.root;
  if (low)
    bind(false, a.in, a.base + ((i - 1) & 1));
  if (high)
    bind(false, a.in + 1, a.base + 2 + ((i + 1) & 1));
  std::string from = low ? in(0) : in(1);
  if (i == a.root) {
    bind(true, a.out, a.base + 4);
    for (int k = 0; k < 2; ++k)
      if (k ? high : low)
        lines.push_back("vfadd " + dsr + ", " + in(k) + ", " + dsr);
    lines.push_back("vmov " + out + ", " + dsr);
    return;
  }
  bind(true, a.out, a.base + (i < a.root ? 0 : 2) + (i & 1));
  bind(false, a.in + 2, a.base + 4);
  bool end = !low && !high;
  lines.push_back(end ? "vmov " + out + ", " + dsr
                      : "vfadd " + out + ", " + from + ", " + dsr);
  lines.push_back("vmov " + dsr + ", " + in(2));
}

struct AllReduce {
  uint32_t w = 4, h = 4, rootX = 0, rootY = 0;
  uint32_t wordsX = 16, wordsY = 16, rounds = 1;
  uint32_t macs = 0; // elements of local work before each collective
  uint32_t skew = 0; // more of it on the root column
};

/// `rounds` times: local work, all-reduce along x, local work, all-reduce
/// along y. A class per pair of roles: end, odd, even, root, on both sides.
inline bin::Program allReduce(const AllReduce &o) {
  bin::Program p = program(o.w, o.h);
  AxisPlan ax{true, o.w, o.rootX, 0, 2, 2}, ay{false, o.h, o.rootY, 5, 5, 3};
  for (const AxisPlan &a : {ax, ay})
    if (a.active())
      addAxisRoutes(p, a);
  struct Role {
    uint32_t at, n, step;
  };
  auto roles = [](const AxisPlan &a) {
    std::vector<Role> r;
    auto side = [&](uint32_t lo, uint32_t hi) { // [lo, hi)
      for (uint32_t k = lo; k < std::min(lo + 2, hi); ++k)
        r.push_back({k, (hi - k + 1) / 2, 2});
    };
    if (a.root > 0) {
      r.push_back({0, 1, 1});
      side(1, a.root);
    }
    r.push_back({a.root, 1, 1});
    if (a.root + 1 < a.n) {
      side(a.root + 1, a.n - 1);
      r.push_back({a.n - 1, 1, 1});
    }
    return r;
  };
  auto n = [](uint32_t v) { return std::to_string(v); };
  for (const Role &x : roles(ax))
    for (const Role &y : roles(ay)) {
      uint32_t macs = o.macs + (x.at == o.rootX ? o.skew : 0);
      std::vector<bin::QueueBinding> queues;
      std::vector<std::string> lines = {
          "dsd d0, r0+8192, f32, [" + n(o.wordsX) + ":1]",
          "dsd d1, r0+12288, f32, [" + n(o.wordsY) + ":1]",
          "dsd d2, r0+16384, f32, [" + n(std::max(1u, macs)) + ":1]",
          "vmov d0, r0",
          "vmov d1, r0",
          "vmov d2, r0",
          "loop r1, " + n(o.rounds)};
      for (const AxisPlan *a : {&ax, &ay}) {
        if (macs)
          lines.push_back("vfmac d2, d2, r0");
        addAxisOps(*a, a == &ax ? x.at : y.at, a == &ax ? "d0" : "d1", queues,
                   lines);
      }
      lines.insert(lines.end(), {"endloop r1", "halt"});
      addClass(
          p, "x" + n(x.at) + "y" + n(y.at),
          {{x.at, y.at, x.n, y.n, x.n > 1 ? x.step : 1, y.n > 1 ? y.step : 1}},
          queues, lines);
    }
  return p;
}

} // namespace weft::test
#endif
