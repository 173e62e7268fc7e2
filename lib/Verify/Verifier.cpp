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
    "R-FILE",  "R-MEM-1", "R-MEM-2",  "R-MEM-3",  "R-MEM-4", "R-MEM-5",
    "R-MEM-6", "R-MEM-7", "R-FAB-1",  "R-FAB-2",  "R-FAB-3", "R-FAB-4",
    "R-FAB-7", "R-FAB-8", "R-FAB-9",  "R-FAB-10", "R-QUE-1", "R-QUE-2",
    "R-QUE-3", "R-QUE-4", "R-TASK-1", "R-TASK-2", "R-OP-1",  "R-OP-2",
    "R-OP-3",  "R-OP-4",  "R-OP-5",   "R-OP-6",   "R-COST"};
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

/// A pattern on the grid in canonical form (stride 1 along a single element).
static std::optional<Pattern> canonical(const Context &c, Pattern p) {
  if (!onGrid(p, c.grid))
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
  c.findings.add("R-FILE", cat("the program's grid is ", p.gridW, "x", p.gridH,
                               ", the target's largest is ", c.target.gridW,
                               "x", c.target.gridH));
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
      c.findings.add("R-FAB-3", cat("route of colour ", r.color, " at ",
                                    describe(r.where), " is not on the grid"));
  for (const bin::Switch &s : c.program.switches)
    if (canonical(c, s.where))
      c.switches[s.color].push_back(&s);
    else
      c.findings.add("R-FAB-3", cat("position of colour ", s.color, " at ",
                                    describe(s.where), " is not on the grid"));
  for (const bin::Stream &s : c.program.streams)
    if (canonical(c, s.from))
      c.streams.push_back(&s);
    else
      c.findings.add("R-FAB-7", "stream '" + s.name + "' starts at " +
                                    describe(s.from) + ", off the grid");
}

Result weft::verify::verify(const bin::Program &program, const Target &target) {
  Result result;
  result.rules.assign(std::begin(Rules), std::end(Rules));
  Findings findings;
  Pattern grid{0, 0, program.gridW, program.gridH, 1, 1};
  Context c{program, target, findings, grid, {}, {}, {}, {}, {}, {}, {}};
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
      const Traffic &t = facts.back().traffic;
      n.macs = satAdd(n.macs, satMul(pes, t.macs));
      n.elements = satAdd(n.elements, satMul(pes, t.elements));
      n.instructions = satAdd(n.instructions, satMul(pes, t.instructions));
      n.sramPeakBytes = std::max(n.sramPeakBytes, facts.back().peakBytes);
    }
    checkAdvances(c, facts);
    checkProgress(c, facts, checkStreams(c, facts, result.counts));
    uint64_t reached = 0;
    for (const ClassFacts &f : facts)
      reached = std::max(reached, f.peakReached);
    checkCostReport(c, result.counts, reached);
  }
  findings.moveTo(result);
  return result;
}
