//===- Cost.cpp - What a program will take, before anything runs ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Puts the report together from the parts: code walk (MACs, words, busy
// cycles), traffic (links), addresses (SRAM peak) and timeline (estimate).
//
//===----------------------------------------------------------------------===//
#include "weft/Cost/Cost.h"
#include "Addresses.h"
#include "Bounds.h"
#include "Grid.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <map>

using namespace weft;
using namespace weft::cost;
using bin::MemRange;
using bin::Pattern;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;

namespace {
using Codes = std::vector<std::unique_ptr<ClassCode>>;
} // namespace

static uint64_t countPEs(const std::vector<Pattern> &where) {
  uint64_t n = 0;
  for (const Pattern &w : where)
    n += w.count();
  return n;
}

static void countWork(const bin::Program &p, const Codes &codes,
                      CostReport &r) {
  for (const bin::Kernel &k : p.kernels)
    r.kernels.push_back(
        {k.name, k.algorithm, k.nodes, k.where, k.stage, 0, 0, {}});
  for (size_t c = 0; c < codes.size(); ++c) {
    uint64_t pes = countPEs(p.classes[c].where);
    const Totals &all = codes[c]->totals;
    r.instructions = SaturatingAdd(r.instructions,
                                   SaturatingMultiply(all.instructions, pes));
    r.elements =
        SaturatingAdd(r.elements, SaturatingMultiply(all.elements, pes));
    for (const auto &[kernel, v] : codes[c]->totals.kernels) {
      uint64_t macs = SaturatingMultiply(v.macs, pes);
      r.macs = SaturatingAdd(r.macs, macs);
      if (kernel < r.kernels.size())
        r.kernels[kernel].macs = SaturatingAdd(r.kernels[kernel].macs, macs);
    }
    for (const auto &[key, n] : codes[c]->totals.words)
      if (key.first < r.kernels.size()) {
        uint64_t &words = r.kernels[key.first].words;
        words = SaturatingAdd(words, SaturatingMultiply(n, pes));
      }
  }
}

static uint64_t dataTop(const bin::Program &p) {
  uint64_t top = 0;
  for (const MemRange &m : p.memory)
    if (m.cls != MemRange::Code && m.cls != MemRange::Reserved)
      top = std::max(top, uint64_t(m.addr) + m.bytes);
  return top;
}

static uint64_t sramPeak(const bin::Program &p, const Codes &codes) {
  uint64_t peak = 0;
  for (size_t c = 0; c < codes.size(); ++c) {
    uint64_t fetched = codes[c]->totals.fetchedEnd;
    if (fetched)
      peak = std::max(peak, p.classes[c].codeAddr + fetched * 4);
    AddressBound b = boundAddresses(p, p.classes[c], *codes[c]);
    peak = std::max(peak, b.complete ? b.top : std::max(b.top, dataTop(p)));
  }
  return peak;
}

/// Is `p` inside the rectangle `r`?
static bool inside(const Pattern &p, const Pattern &r) {
  return p.x0 >= r.x0 && p.y0 >= r.y0 &&
         p.x0 + uint64_t(p.w - 1) * p.dx < uint64_t(r.x0) + r.w &&
         p.y0 + uint64_t(p.h - 1) * p.dy < uint64_t(r.y0) + r.h;
}

/// The most bytes that ranges of one class cover on any PE of `within`. Ranges
/// may share addresses (buffers that live at different times).
static uint64_t memoryOf(const bin::Program &p, MemRange::Class cls,
                         const Pattern &within) {
  std::vector<Pattern> patterns;
  std::vector<const MemRange *> ranges;
  for (const MemRange &m : p.memory)
    if (m.cls == cls && m.bytes && inside(m.where, within)) {
      ranges.push_back(&m);
      patterns.push_back(m.where);
    }
  if (ranges.empty())
    return 0;
  Kinds columns = kindsOf(patterns, true, p.gridW);
  Kinds rows = kindsOf(patterns, false, p.gridH);
  uint64_t most = 0;
  for (const Kind &x : columns.kinds)
    for (const Kind &y : rows.kinds) {
      std::vector<std::pair<uint64_t, uint64_t>> spans;
      for (size_t k = 0; k < ranges.size(); ++k)
        if (x.member[k] && y.member[k])
          spans.push_back(
              {ranges[k]->addr, uint64_t(ranges[k]->addr) + ranges[k]->bytes});
      std::sort(spans.begin(), spans.end());
      uint64_t bytes = 0, end = 0;
      for (auto [lo, hi] : spans) {
        bytes += hi > std::max(lo, end) ? hi - std::max(lo, end) : 0;
        end = std::max(end, hi);
      }
      most = std::max(most, bytes);
    }
  return most;
}

static MemoryCost countMemory(const bin::Program &p, const Target &t,
                              const Pattern &within) {
  MemoryCost m;
  m.code = memoryOf(p, MemRange::Code, within);
  for (const bin::PEClass &c : p.classes)
    for (const Pattern &where : c.where)
      if (inside(where, within))
        m.code = std::max<uint64_t>(m.code, c.code.size() * 4);
  m.weights = memoryOf(p, MemRange::Weights, within);
  m.activations = memoryOf(p, MemRange::Activations, within);
  m.buffers = memoryOf(p, MemRange::Buffers, within);
  m.io = memoryOf(p, MemRange::IO, within);
  m.reserved = std::max<uint64_t>(memoryOf(p, MemRange::Reserved, within),
                                  t.reservedBytes.value);
  return m;
}

static void countStages(const bin::Program &p, const Target &t, CostReport &r) {
  for (const bin::Stage &s : p.stages) {
    StageCost stage;
    stage.name = s.name;
    stage.where = s.where;
    stage.memory = countMemory(p, t, s.where);
    r.stages.push_back(std::move(stage));
  }
  for (const KernelCost &k : r.kernels) {
    if (k.stage >= r.stages.size())
      continue;
    StageCost &s = r.stages[k.stage];
    s.macs = SaturatingAdd(s.macs, k.macs);
    s.words = SaturatingAdd(s.words, k.words);
  }
}

llvm::Expected<CostReport> cost::analyze(const bin::Program &p,
                                         const Target &t) {
  Codes codes;
  for (const bin::PEClass &c : p.classes) {
    auto code = walkClass(p, c, t);
    if (!code)
      return code.takeError();
    codes.push_back(std::move(*code));
  }
  auto traffic = traceTraffic(p, codes);
  if (!traffic)
    return traffic.takeError();
  CostReport r;
  r.program = p.name;
  r.target = t.name;
  r.gridW = p.gridW;
  r.gridH = p.gridH;
  r.assumed = t.assumedFields();
  countWork(p, codes, r);
  r.memory = countMemory(p, t, {0, 0, p.gridW, p.gridH, 1, 1});
  r.sramPeakBytes = sramPeak(p, codes);
  r.waveletHops = traffic->waveletHops;
  r.maxLinkWavelets = traffic->maxLink;
  r.hottestLinks = traffic->hottest;
  r.colors = traffic->colors;
  countStages(p, t, r);
  countCycles(p, t, codes, *traffic, r);
  if (llvm::Error e = countRanges(p, t, codes, *traffic, r))
    return e;
  return r;
}

llvm::Expected<CostReport> cost::embed(bin::Program &p, const Target &t) {
  auto r = analyze(p, t);
  if (!r)
    return r.takeError();
  p.cyclesLower = r->cycles.lower;
  p.cyclesEstimate = r->cycles.estimate;
  p.costReport = serialize(*r);
  return r;
}
