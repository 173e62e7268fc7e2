//===- TraceText.h - Records of runs as text ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// And a program that their tests share.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_SIM_TRACETEXT_H
#define WEFT_TEST_UNIT_SIM_TRACETEXT_H

#include "Build.h"
#include "weft/Sim/Trace.h"

namespace weft::sim {

/// "dsd 0-1 | setup 1-7": what a lane of a PE did.
inline std::string laneText(const Trace &t, uint32_t x, uint32_t y,
                            uint16_t lane) {
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
inline std::string pathText(const Trace &t) {
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

inline TraceOptions everything(uint32_t w, uint32_t h) {
  TraceOptions o;
  o.linkWindow = 4;
  o.pes = {0, 0, w, h};
  o.criticalPath = true;
  return o;
}

/// PE (0, 0) sends four words to PE (2, 0), past a router without a PE; `take`
/// is what PE (2, 0) does.
inline Builder message(
    const std::string &take = "dsd d0, r0+16384, f32, [4:1]\nvmov d0, in2\n") {
  Builder b(3, 1);
  b.route(3, {0, 0, 1, 1, 1, 1}, bin::Ramp, bin::East);
  b.route(3, {1, 0, 1, 1, 1, 1}, bin::West, bin::East);
  b.route(3, {2, 0, 1, 1, 1, 1}, bin::West, bin::Ramp);
  b.p.kernels = {{"make", "", {}, {}, 0}, {"take", "", {}, {}, 0}};
  const std::string mem = "dsd d0, r0+16384, f32, [4:1]\n";
  auto whole = [](bin::PEClass &c, uint32_t kernel) {
    c.ranges = {{0, uint32_t(c.code.size()), kernel}};
  };
  whole(b.cls("from", {0, 0, 1, 1, 1, 1},
              mem + "vfmul d0, d0, r0\nvmov out2, d0\nhalt\n", {{true, 2, 3}}),
        0);
  whole(b.cls("to", {2, 0, 1, 1, 1, 1}, take + "halt\n", {{false, 2, 3}}), 1);
  b.p.inputs = {Builder::tensor("x", {0, 0, 1, 1, 1, 1}, DataAddr, 4)};
  return b;
}

} // namespace weft::sim
#endif
