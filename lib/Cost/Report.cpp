//===- Report.cpp - The cost report as JSON
//--------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The names are a contract: execution statistics use the same ones, so that a
// cost report and a run can be compared field by field (docs/cost-report.md).
//
//===----------------------------------------------------------------------===//
#include "weft/Cost/Cost.h"
#include <algorithm>

using namespace weft;
using namespace weft::cost;
namespace json = llvm::json;

llvm::StringRef cost::resourceName(Resource r) {
  switch (r) {
  case Resource::PE:
    return "pe";
  case Resource::Link:
    return "link";
  case Resource::Ramp:
    return "ramp";
  case Resource::Path:
    return "path";
  case Resource::None:
    break;
  }
  return "none";
}

static json::Value rectangle(const bin::Pattern &p) {
  return json::Object{{"x0", p.x0}, {"y0", p.y0}, {"w", p.w},
                      {"h", p.h},   {"dx", p.dx}, {"dy", p.dy}};
}

// Counts are unsigned 64-bit; JSON readers take signed ones as exact.
static int64_t number(uint64_t n) {
  return int64_t(std::min<uint64_t>(n, INT64_MAX));
}

static json::Value placeJson(const Place &p) {
  json::Object o{{"resource", resourceName(p.resource)}};
  if (p.resource == Resource::None)
    return o;
  o["at"] = json::Array{p.x, p.y};
  if (p.resource == Resource::Link || p.resource == Resource::Path)
    o["to"] = json::Array{p.toX, p.toY};
  return o;
}

static json::Value cyclesJson(const CycleCost &c) {
  json::Array assumed;
  for (const std::string &a : c.assumed)
    assumed.push_back(json::fixUTF8(a));
  auto range = [](const Bracket &b) {
    return json::Array{number(b.lo), number(b.hi)};
  };
  return json::Object{{"lower", number(c.lower)},
                      {"estimate", number(c.estimate)},
                      {"bound", placeJson(c.bound)},
                      {"lower_range", range(c.lowerRange)},
                      {"estimate_range", range(c.estimateRange)},
                      {"assumed", std::move(assumed)}};
}

static json::Value demandJson(const Demand &d) {
  return json::Object{{"cycles", number(d.cycles)},
                      {"bound", placeJson(d.where)}};
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
                      {"cycles", cyclesJson(k.cycles)},
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
                                  {"cycles", cyclesJson(s.cycles)},
                                  {"interval", demandJson(s.interval)},
                                  {"macs", number(s.macs)},
                                  {"words", number(s.words)},
                                  {"memory", memoryJson(s.memory)}});
  for (const std::string &a : r.assumed)
    assumed.push_back(json::fixUTF8(a));
  return json::Object{
      {"program", json::fixUTF8(r.program)},
      {"target", json::fixUTF8(r.target)},
      {"grid", json::Object{{"w", r.gridW}, {"h", r.gridH}}},
      {"cycles", cyclesJson(r.cycles)},
      {"interval", demandJson(r.interval)},
      {"pe", json::Object{{"sram_peak_bytes", number(r.sramPeakBytes)}}},
      {"fabric", fabricJson(r)},
      {"compute", json::Object{{"macs", number(r.macs)},
                               {"elements", number(r.elements)},
                               {"instructions", number(r.instructions)}}},
      {"memory", memoryJson(r.memory)},
      {"kernels", std::move(kernels)},
      {"stages", std::move(stages)},
      {"assumed", std::move(assumed)}};
}
