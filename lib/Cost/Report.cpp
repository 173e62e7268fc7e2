//===- Report.cpp - The cost report as JSON and as a table ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The names are a contract: execution statistics use the same ones, so that a
// cost report and a run can be compared field by field (docs/cost-report.md).
//
//===----------------------------------------------------------------------===//
#include "weft/Cost/Cost.h"
#include "llvm/Support/Format.h"

using namespace weft;
using namespace weft::cost;
namespace json = llvm::json;

static json::Value rectangle(const bin::Pattern &p) {
  return json::Object{{"x0", p.x0}, {"y0", p.y0}, {"w", p.w},
                      {"h", p.h},   {"dx", p.dx}, {"dy", p.dy}};
}

// Counts are unsigned 64-bit; JSON readers take signed ones as exact.
static int64_t number(uint64_t n) {
  return int64_t(std::min<uint64_t>(n, INT64_MAX));
}

static json::Value kernelJson(const KernelCost &k) {
  json::Array nodes;
  for (uint32_t n : k.nodes)
    nodes.push_back(n);
  return json::Object{{"name", json::fixUTF8(k.name)},
                      {"nodes", std::move(nodes)},
                      {"algorithm", json::fixUTF8(k.algorithm)},
                      {"rectangle", rectangle(k.where)},
                      {"stage", k.stage},
                      {"cycles", number(k.cycles)},
                      {"macs", number(k.macs)},
                      {"words", number(k.words)}};
}

static json::Value linkJson(const LinkCost &l) {
  json::Array colors;
  for (const ColorCost &c : l.colors)
    colors.push_back(
        json::Object{{"color", c.color}, {"wavelets", number(c.words)}});
  return json::Object{{"from", json::Array{l.x, l.y}},
                      {"to", json::Array{l.toX, l.toY}},
                      {"direction", std::string(1, l.direction)},
                      {"wavelets", number(l.wavelets)},
                      {"colors", std::move(colors)}};
}

static json::Value memoryJson(const MemoryCost &m) {
  return json::Object{{"code", number(m.code)},
                      {"weights", number(m.weights)},
                      {"activations", number(m.activations)},
                      {"buffers", number(m.buffers)},
                      {"reserved", number(m.reserved)},
                      {"io", number(m.io)}};
}

static json::Value fabricJson(const CostReport &r) {
  json::Array links, colors;
  for (const LinkCost &l : r.hottestLinks)
    links.push_back(linkJson(l));
  for (const ColorCost &c : r.colors)
    colors.push_back(json::Object{{"color", c.color},
                                  {"wavelets", number(c.words)},
                                  {"hops", number(c.hops)}});
  return json::Object{{"wavelet_hops", number(r.waveletHops)},
                      {"max_link_wavelets", number(r.maxLinkWavelets)},
                      {"hottest_links", std::move(links)},
                      {"colors", std::move(colors)}};
}

json::Value cost::toJson(const CostReport &r) {
  json::Array kernels, stages, assumed;
  for (const KernelCost &k : r.kernels)
    kernels.push_back(kernelJson(k));
  for (const StageCost &s : r.stages)
    stages.push_back(json::Object{{"name", json::fixUTF8(s.name)},
                                  {"rectangle", rectangle(s.where)},
                                  {"cycles", number(s.cycles)},
                                  {"macs", number(s.macs)},
                                  {"words", number(s.words)}});
  for (const std::string &a : r.assumed)
    assumed.push_back(json::fixUTF8(a));
  return json::Object{
      {"program", json::fixUTF8(r.program)},
      {"target", json::fixUTF8(r.target)},
      {"grid", json::Object{{"w", r.gridW}, {"h", r.gridH}}},
      {"cycles", json::Object{{"lower", number(r.cyclesLower)},
                              {"estimate", number(r.cyclesEstimate)}}},
      {"pe", json::Object{{"sram_peak_bytes", number(r.sramPeakBytes)}}},
      {"fabric", fabricJson(r)},
      {"compute", json::Object{{"macs", number(r.macs)}}},
      {"memory", memoryJson(r.memory)},
      {"kernels", std::move(kernels)},
      {"stages", std::move(stages)},
      {"assumed", std::move(assumed)}};
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static std::string area(const bin::Pattern &p) {
  std::string s = std::to_string(p.w) + "x" + std::to_string(p.h) + " at (" +
                  std::to_string(p.x0) + ", " + std::to_string(p.y0) + ")";
  if (p.dx != 1 || p.dy != 1)
    s += " step (" + std::to_string(p.dx) + ", " + std::to_string(p.dy) + ")";
  return s;
}

static void row(llvm::raw_ostream &os, const char *name, uint64_t value,
                const char *unit) {
  os << llvm::format("  %-22s %16llu %s\n", name, (unsigned long long)value,
                     unit);
}

static void printKernels(const CostReport &r, llvm::raw_ostream &os) {
  if (r.kernels.empty())
    return;
  os << "kernels\n"
     << llvm::format("  %-24s %-20s %12s %14s %12s  %s\n", "name", "algorithm",
                     "cycles", "macs", "words", "rectangle");
  for (const KernelCost &k : r.kernels)
    os << llvm::format("  %-24s %-20s %12llu %14llu %12llu  ", k.name.c_str(),
                       k.algorithm.c_str(), (unsigned long long)k.cycles,
                       (unsigned long long)k.macs, (unsigned long long)k.words)
       << area(k.where) << "\n";
}

static void printLinks(const CostReport &r, llvm::raw_ostream &os) {
  if (r.hottestLinks.empty())
    return;
  os << "hottest links\n";
  for (const LinkCost &l : r.hottestLinks) {
    os << "  (" << l.x << ", " << l.y << ") -> (" << l.toX << ", " << l.toY
       << ") " << l.direction << ": " << l.wavelets << " wavelets;";
    for (const ColorCost &c : l.colors)
      os << " colour " << c.color << ": " << c.words;
    os << "\n";
  }
}

void cost::printTable(const CostReport &r, llvm::raw_ostream &os) {
  os << "cost of '" << r.program << "' on " << r.target << ", " << r.gridW
     << "x" << r.gridH << " PEs\n";
  row(os, "cycles, lower bound", r.cyclesLower, "");
  row(os, "cycles, estimate", r.cyclesEstimate, "");
  row(os, "MACs", r.macs, "");
  row(os, "SRAM peak", r.sramPeakBytes, "bytes");
  row(os, "wavelet hops", r.waveletHops, "");
  row(os, "busiest link", r.maxLinkWavelets, "wavelets");
  os << "memory, largest per PE\n";
  row(os, "code", r.memory.code, "bytes");
  row(os, "weights", r.memory.weights, "bytes");
  row(os, "activations", r.memory.activations, "bytes");
  row(os, "buffers", r.memory.buffers, "bytes");
  row(os, "inputs and outputs", r.memory.io, "bytes");
  row(os, "reserved", r.memory.reserved, "bytes");
  printKernels(r, os);
  if (!r.stages.empty())
    os << "stages\n";
  for (const StageCost &s : r.stages)
    os << llvm::format("  %-24s %12llu cycles  ", s.name.c_str(),
                       (unsigned long long)s.cycles)
       << area(s.where) << "\n";
  printLinks(r, os);
  if (r.assumed.empty())
    return;
  os << "assumed target fields (" << r.assumed.size() << "):";
  for (const std::string &a : r.assumed)
    os << " " << a;
  os << "\n";
}
