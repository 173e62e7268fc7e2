//===- Verifier.cpp - Runs all checks and reports -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Structure first: what does not even lie on the grid is reported and then left
// out, so that the later parts work on sane numbers whatever the file holds.
//
//===----------------------------------------------------------------------===//
#include "weft/Verify/Verifier.h"
#include "Trace.h"
#include <algorithm>

using namespace weft;
using namespace weft::verify;

static const char *const Rules[] = {
    "R-FILE",   "R-MEM-1", "R-MEM-2", "R-MEM-3", "R-MEM-4", "R-MEM-5",
    "R-FAB-1",  "R-FAB-2", "R-FAB-3", "R-FAB-4", "R-FAB-7", "R-FAB-8",
    "R-FAB-9",  "R-QUE-1", "R-QUE-2", "R-QUE-3", "R-QUE-4", "R-TASK-1",
    "R-TASK-2", "R-OP-1",  "R-OP-2",  "R-OP-3",  "R-OP-4",  "R-OP-5",
    "R-OP-6",   "R-COST"};
static constexpr size_t MaxPerRule = 10;

void Findings::add(const std::string &rule, const std::string &message) {
  Rule &r = byRule[rule];
  if (r.seen.size() < 10000 && r.seen.insert(message).second &&
      r.messages.size() < MaxPerRule)
    r.messages.push_back(message);
}

void Findings::moveTo(Result &result) {
  for (const char *rule : Rules) {
    auto it = byRule.find(rule);
    if (it == byRule.end())
      continue;
    for (const std::string &m : it->second.messages)
      result.findings.push_back({rule, m});
    if (size_t more = it->second.seen.size() - it->second.messages.size())
      result.findings.push_back(
          {rule, "and " + std::to_string(more) + " more"});
  }
  result.notes.assign(notes.begin(), notes.end());
}

bool Result::violates(const std::string &rule) const {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Finding &f) { return f.rule == rule; });
}

std::string weft::verify::className(const Context &c, size_t cls) {
  return "class '" + c.program.classes[cls].name + "'";
}

/// A pattern on the grid in canonical form (stride 1 along a single element).
static std::optional<Pattern> canonical(const Context &c, Pattern p) {
  if (!onGrid(p, c.program.gridW, c.program.gridH))
    return std::nullopt;
  if (p.w == 1)
    p.dx = 1;
  if (p.h == 1)
    p.dy = 1;
  return p;
}

static bool checkGrid(Context &c) {
  const bin::Program &p = c.program;
  if (p.gridW >= 1 && p.gridH >= 1 && p.gridW <= c.target.gridW &&
      p.gridH <= c.target.gridH)
    return true;
  c.findings.add("R-FILE", "the program's grid is " + std::to_string(p.gridW) +
                               "x" + std::to_string(p.gridH) +
                               ", the target's largest is " +
                               std::to_string(c.target.gridW) + "x" +
                               std::to_string(c.target.gridH));
  return false;
}

static void checkClasses(Context &c) {
  const bin::Program &p = c.program;
  for (size_t k = 0; k != p.classes.size(); ++k) {
    Region region;
    for (const Pattern &raw : p.classes[k].where) {
      auto q = canonical(c, raw);
      if (!q) {
        c.findings.add("R-FILE", className(c, k) + " covers " + describe(raw) +
                                     ", which is not on the grid");
        continue;
      }
      for (const Pattern &o : region)
        if (auto both = intersect(*q, o))
          c.findings.add("R-FILE", className(c, k) + " covers " +
                                       describe(*both) + " twice");
      Region fresh = subtract(Region{*q}, region);
      region.insert(region.end(), fresh.begin(), fresh.end());
    }
    for (size_t j = 0; j != k; ++j)
      for (const Pattern &a : region)
        for (const Pattern &b : c.where[j])
          if (auto both = intersect(a, b))
            c.findings.add("R-FILE", className(c, k) + " and " +
                                         className(c, j) + " both cover " +
                                         describe(*both));
    if (region.empty())
      c.findings.add("R-FILE", className(c, k) + " covers no PE");
    c.where.push_back(std::move(region));
  }
}

static void collectRoutesAndStreams(Context &c) {
  for (const bin::Route &r : c.program.routes)
    if (canonical(c, r.where))
      c.routes[r.color].push_back(&r);
    else
      c.findings.add("R-FAB-3", "route of colour " + std::to_string(r.color) +
                                    " at " + describe(r.where) +
                                    " is not on the grid");
  for (const bin::Stream &s : c.program.streams)
    if (canonical(c, s.from))
      c.streams.push_back(&s);
    else
      c.findings.add("R-FAB-7", "stream '" + s.name + "' starts at " +
                                    describe(s.from) + ", off the grid");
}

//===----------------------------------------------------------------------===//
// The embedded cost report
//===----------------------------------------------------------------------===//

/// The varint fields of a serialised Protobuf message, by number. Nothing of
/// Protobuf is linked: these few lines are a second reader of the bytes.
static std::optional<std::map<uint64_t, uint64_t>>
varintFields(const std::string &bytes) {
  size_t at = 0;
  auto varint = [&]() -> std::optional<uint64_t> {
    uint64_t v = 0;
    for (unsigned shift = 0; at < bytes.size() && shift < 64; shift += 7) {
      uint8_t b = uint8_t(bytes[at++]);
      v |= uint64_t(b & 127) << shift;
      if (b < 128)
        return v;
    }
    return std::nullopt;
  };
  std::map<uint64_t, uint64_t> fields;
  while (at != bytes.size()) {
    auto key = varint();
    if (!key)
      return std::nullopt;
    auto value = (*key & 7) == 0 || (*key & 7) == 2
                     ? varint()
                     : std::optional<uint64_t>((*key & 7) == 1   ? 8
                                               : (*key & 7) == 5 ? 4
                                                                 : UINT64_MAX);
    if (!value)
      return std::nullopt;
    if ((*key & 7) == 0) {
      fields[*key >> 3] = *value;
      continue;
    }
    if (*value > bytes.size() - at)
      return std::nullopt;
    at += *value;
  }
  return fields;
}

/// R-COST: the counts of the report (proto/cost.proto) are those of the code.
static void checkCostReport(Context &c, const Counts &n, uint64_t reached) {
  if (c.program.costReport.empty())
    return c.findings.note("the program embeds no cost report to compare with");
  auto fields = varintFields(c.program.costReport);
  if (!fields)
    return c.findings.add("R-COST", "the cost report is no Protobuf message");
  auto compare = [&](unsigned field, const char *name, uint64_t lo,
                     uint64_t hi) {
    uint64_t stated = (*fields)[field];
    if (stated < lo || stated > hi)
      c.findings.add("R-COST", std::string(name) + ": the report states " +
                                   std::to_string(stated) +
                                   ", code and routes give " +
                                   std::to_string(hi));
  };
  // An address that depends on data has a bound only.
  compare(7, "pe.sram_peak_bytes", reached, n.sramPeakBytes);
  compare(8, "fabric.wavelet_hops", n.waveletHops, n.waveletHops);
  compare(9, "fabric.max_link_wavelets", n.maxLinkWavelets, n.maxLinkWavelets);
  compare(10, "compute.macs", n.macs, n.macs);
}

Result weft::verify::verify(const bin::Program &program, const Target &target) {
  Result result;
  result.rules.assign(std::begin(Rules), std::end(Rules));
  Findings findings;
  Context c{program, target, findings, {}, {}, {}};
  if (checkGrid(c)) {
    checkClasses(c);
    collectRoutesAndStreams(c);
    checkPlacements(c);
    checkRoutes(c);
    checkBindings(c);
    std::vector<ClassFacts> facts;
    for (size_t k = 0; k != program.classes.size(); ++k) {
      facts.push_back(walkClass(c, k, loadImage(c, k)));
      uint64_t pes = 0;
      for (const Pattern &p : c.where[k])
        pes += p.count();
      Counts &n = result.counts;
      n.macs = satAdd(n.macs, satMul(pes, facts.back().traffic.macs));
      n.sramPeakBytes = std::max(n.sramPeakBytes, facts.back().peakBytes);
    }
    checkProgress(c, facts, checkStreams(c, facts, result.counts));
    uint64_t reached = 0;
    for (const ClassFacts &f : facts)
      reached = std::max(reached, f.peakReached);
    checkCostReport(c, result.counts, reached);
  }
  findings.moveTo(result);
  return result;
}

std::string weft::verify::printResult(const Result &r) {
  std::string s;
  for (const std::string &rule : r.rules) {
    s += rule + std::string(10 - std::min<size_t>(rule.size(), 9), ' ') +
         (r.violates(rule) ? "FAILED" : "ok") + "\n";
  }
  for (const std::string &note : r.notes)
    s += "note: " + note + "\n";
  s += "pe.sram_peak_bytes        " + std::to_string(r.counts.sramPeakBytes) +
       "\n";
  s += "fabric.wavelet_hops       " + std::to_string(r.counts.waveletHops) +
       "\n";
  s += "fabric.max_link_wavelets  " + std::to_string(r.counts.maxLinkWavelets) +
       "\n";
  s += "compute.macs              " + std::to_string(r.counts.macs) + "\n";
  return s;
}
