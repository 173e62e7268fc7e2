//===- Text.cpp - Names, places and the table of rules --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Internal.h"
#include "llvm/Support/FormatVariadic.h"

using namespace weft;
using namespace weft::verify;

std::string weft::verify::describe(const Pattern &p) {
  std::string s = "(" + std::to_string(p.x0) + ", " + std::to_string(p.y0);
  if (p.w == 1 && p.h == 1)
    return s + ")";
  s += ", " + std::to_string(p.w) + "x" + std::to_string(p.h);
  if (p.dx > 1 || p.dy > 1)
    s += ", step " + std::to_string(p.dx) + "x" + std::to_string(p.dy);
  return s + ")";
}

std::string weft::verify::className(const Context &c, size_t cls) {
  return "class '" + c.program.classes[cls].name + "'";
}

std::string weft::verify::printResult(const Result &r) {
  std::string s;
  for (const std::string &rule : r.rules) {
    s += rule + std::string(10 - std::min<size_t>(rule.size(), 9), ' ') +
         (r.violates(rule) ? "FAILED" : "ok") + "\n";
  }
  for (const std::string &note : r.notes)
    s += "note: " + note + "\n";
  const Counts &n = r.counts;
  for (auto [name, count] : {std::pair{"pe.sram_peak_bytes", n.sramPeakBytes},
                             {"fabric.wavelet_hops", n.waveletHops},
                             {"fabric.max_link_wavelets", n.maxLinkWavelets},
                             {"compute.macs", n.macs},
                             {"compute.elements", n.elements},
                             {"compute.instructions", n.instructions}})
    s += llvm::formatv("{0,-26}{1}\n", name, count).str();
  return s;
}
