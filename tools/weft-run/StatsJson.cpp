//===- StatsJson.cpp - What a run cost, as JSON ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "StatsJson.h"
#include "Options.h"
#include "PathReport.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <numeric>

using namespace llvm;
using namespace weft;

static int64_t number(uint64_t n) {
  return int64_t(std::min<uint64_t>(n, INT64_MAX));
}

static json::Value rectangle(const bin::Pattern &p) {
  return json::Object{{"x0", p.x0}, {"y0", p.y0}, {"w", p.w},
                      {"h", p.h},   {"dx", p.dx}, {"dy", p.dy}};
}

/// Of a kernel or a class, in PE-cycles.
static void addSplit(json::Object &to, const sim::TimeSplit &s, bool timed) {
  to["pes"] = number(s.pes);
  if (!timed)
    return;
  to["compute"] = number(s.compute);
  to["setup"] = number(s.setup);
  to["wait_in"] = number(s.waitIn);
  to["wait_out"] = number(s.waitOut);
  to["idle"] = number(s.idle);
}

static json::Value kernelJson(const bin::Kernel &k, const sim::KernelStats &s,
                              bool timed) {
  json::Array nodes;
  for (uint32_t n : k.nodes)
    nodes.push_back(n);
  uint64_t pes = std::max<uint64_t>(k.where.count(), 1);
  json::Object o{{"name", json::fixUTF8(k.name)},
                 {"algorithm", json::fixUTF8(k.algorithm)},
                 {"nodes", std::move(nodes)},
                 {"rectangle", rectangle(k.where)},
                 {"stage", k.stage},
                 {"macs", number(s.macs)},
                 {"macs_max_per_pe", number(s.macsMaxPerPE)},
                 {"macs_mean_per_pe", double(s.macs) / double(pes)},
                 {"pes_active", number(s.pesActive)}};
  if (timed) {
    o["cycles"] = number(s.cycles);
    o["first_cycle"] = number(s.firstCycle);
    o["last_cycle"] = number(s.lastCycle);
  }
  addSplit(o, s.time, timed);
  return o;
}

static json::Value classJson(const bin::PEClass &c, const sim::TimeSplit &s,
                             bool timed) {
  json::Object o{{"name", json::fixUTF8(c.name)}};
  addSplit(o, s, timed);
  return o;
}

/// A stage lasts from the first issue to the last end of its kernels.
static json::Value stageJson(const bin::Program &p, const sim::Stats &s,
                             uint32_t index) {
  uint64_t first = UINT64_MAX, last = 0, macs = 0;
  for (size_t i = 0; i < p.kernels.size(); ++i) {
    if (p.kernels[i].stage != index || (s.timed && !s.kernels[i].cycles))
      continue;
    first = std::min(first, s.kernels[i].firstCycle);
    last = std::max(last, s.kernels[i].lastCycle);
    macs += s.kernels[i].macs;
  }
  json::Object o{{"name", json::fixUTF8(p.stages[index].name)},
                 {"rectangle", rectangle(p.stages[index].where)},
                 {"macs", number(macs)}};
  if (s.timed)
    o["cycles"] = number(last > first ? last - first : 0);
  return o;
}

static uint64_t totalOf(ArrayRef<uint64_t> cycles) {
  return std::accumulate(cycles.begin(), cycles.end(), uint64_t(0));
}

static json::Value stepsJson(ArrayRef<uint64_t> cycles, bool timed) {
  json::Object o{{"count", number(cycles.size())}};
  if (!timed)
    return o;
  json::Array each;
  for (uint64_t c : cycles)
    each.push_back(number(c));
  o["cycles"] = std::move(each);
  o["total_cycles"] = number(totalOf(cycles));
  return o;
}

static json::Value fabricJson(const sim::Stats &s) {
  json::Object o{{"wavelet_hops", number(s.waveletHops)},
                 {"max_link_wavelets", number(s.maxLinkWavelets)}};
  if (s.timed) {
    o["first_element"] = number(s.firstElement);
    o["last_element"] = number(s.lastElement);
  }
  return o;
}

void run::printStatsJson(raw_ostream &os, const bin::Program &p,
                         const Target &t, const Cost &cost) {
  const sim::Stats &s = cost.stats;
  json::Array kernels, classes, stages, assumed;
  for (uint32_t i = 0; i < p.stages.size(); ++i)
    stages.push_back(stageJson(p, s, i));
  for (size_t i = 0; i < p.kernels.size(); ++i)
    kernels.push_back(kernelJson(p.kernels[i], s.kernels[i], s.timed));
  for (size_t i = 0; i < p.classes.size(); ++i)
    classes.push_back(classJson(p.classes[i], s.classes[i], s.timed));
  for (const std::string &a : t.assumedFields())
    assumed.push_back(json::fixUTF8(a));
  json::Object all{
      {"program", json::fixUTF8(p.name)},
      {"target", json::fixUTF8(t.name)},
      {"fidelity", fidelityName(cost.fidelity)},
      {"assumed", std::move(assumed)},
      {"steps", stepsJson(cost.cycles, s.timed)},
      {"pe", json::Object{{"sram_peak_bytes", number(s.sramPeakBytes)}}},
      {"fabric", fabricJson(s)},
      {"compute", json::Object{{"macs", number(s.macs)},
                               {"elements", number(s.elements)},
                               {"instructions", number(s.instructions)}}},
      {"stages", std::move(stages)},
      {"kernels", std::move(kernels)},
      {"classes", std::move(classes)}};
  if (s.timed)
    all["cycles"] = number(s.cycles);
  if (cost.fidelity == sim::Fidelity::Batched)
    all["batched_share"] = s.batching.share();
  if (!cost.trace.path.empty())
    all["critical_path"] = pathJson(p, cost.trace.path);
  os << formatv("{0:2}", json::Value(std::move(all))) << "\n";
}

void run::printSummary(raw_ostream &os, const Cost &cost) {
  const sim::Stats &s = cost.stats;
  auto row = [&](const char *name, uint64_t n) {
    os << format("%-26s %14llu\n", name, (unsigned long long)n);
  };
  if (cost.cycles.size() > 1) {
    row("steps.count", cost.cycles.size());
    if (s.timed)
      row("steps.total_cycles", totalOf(cost.cycles));
  }
  if (s.timed)
    row("cycles", s.cycles);
  row("compute.macs", s.macs);
  row("fabric.wavelet_hops", s.waveletHops);
  row("fabric.max_link_wavelets", s.maxLinkWavelets);
  row("pe.sram_peak_bytes", s.sramPeakBytes);
  os << format("%-26s %14s\n", "fidelity", fidelityName(cost.fidelity));
  if (cost.fidelity == sim::Fidelity::Batched)
    os << format("%-26s %14.3f\n", "batched_share", s.batching.share());
}
