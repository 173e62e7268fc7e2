//===- Color.cpp - Colours of streams -------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Graph colouring over conflicts between streams. DSATUR with backtracking: the
// first descent is the greedy answer; going on proves or improves it on the
// small graphs that programs have.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Color.h"
#include <algorithm>
#include <numeric>
#include <set>

using namespace weft::solve;

static std::string quoted(const ColorProblem &p, unsigned i) {
  const std::string &name = p.streams[i].name;
  return name.empty() ? "stream #" + std::to_string(i) : "'" + name + "'";
}

static std::string text(const Region &r) {
  std::string s = std::to_string(r.w) + "x" + std::to_string(r.h) + " at (" +
                  std::to_string(r.x0) + ", " + std::to_string(r.y0) + ")";
  if ((r.dx != 1 && r.w != 1) || (r.dy != 1 && r.h != 1))
    s += " step (" + std::to_string(r.dx) + ", " + std::to_string(r.dy) + ")";
  return s;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

constexpr uint32_t MaxCoordinate = 1u << 16;

static std::string checkSetting(const ColorProblem &p, unsigned i,
                                const RouterSetting &s) {
  const Region &r = s.where;
  uint64_t lastX = r.x0 + uint64_t(r.w - 1) * r.dx;
  uint64_t lastY = r.y0 + uint64_t(r.h - 1) * r.dy;
  if (r.w == 0 || r.h == 0 || r.dx == 0 || r.dy == 0)
    return quoted(p, i) + " has an empty or stepless rectangle of routers";
  if (lastX >= MaxCoordinate || lastY >= MaxCoordinate)
    return quoted(p, i) + " has routers beyond coordinate 65535";
  if (s.rx == 0 || (s.rx & (s.rx - 1)) != 0 || s.tx == 0 || (s.rx & s.tx) != 0)
    return quoted(p, i) + " has a setting that does not have one receive port "
                          "and other transmit ports (R-FAB-2)";
  return "";
}

std::string ColorProblem::check() const {
  std::set<unsigned> known;
  for (unsigned c : colors)
    if (!known.insert(c).second)
      return "colour " + std::to_string(c) + " is listed twice";
  for (unsigned i = 0; i < streams.size(); ++i) {
    for (const RouterSetting &s : streams[i].routers)
      if (std::string e = checkSetting(*this, i, s); !e.empty())
        return e;
    if (streams[i].fixed && !known.count(*streams[i].fixed))
      return quoted(*this, i) + " is fixed to colour " +
             std::to_string(*streams[i].fixed) + ", which is not allowed";
  }
  for (auto [a, b] : before)
    if (a >= streams.size() || b >= streams.size() || a == b)
      return "the order names streams " + std::to_string(a) + " and " +
             std::to_string(b) + " of " + std::to_string(streams.size());
  return "";
}

/// The checker's test for a common coordinate: it lists one axis of each region
/// as bits, where the solver reasons with remainders.
static bool meetOnAxis(uint32_t a0, uint32_t an, uint32_t ad, uint32_t b0,
                       uint32_t bn, uint32_t bd) {
  uint32_t last = std::max(a0 + (an - 1) * ad, b0 + (bn - 1) * bd);
  std::vector<bool> in(last + 1, false);
  for (uint32_t k = 0; k < an; ++k)
    in[a0 + k * ad] = true;
  for (uint32_t k = 0; k < bn; ++k)
    if (in[b0 + k * bd])
      return true;
  return false;
}

static bool shareRouter(const Region &a, const Region &b) {
  return meetOnAxis(a.x0, a.w, a.dx, b.x0, b.w, b.dx) &&
         meetOnAxis(a.y0, a.h, a.dy, b.y0, b.h, b.dy);
}

std::string ColorProblem::verify(const ColorSolution &s) const {
  if (s.color.size() != streams.size())
    return std::to_string(s.color.size()) + " colours for " +
           std::to_string(streams.size()) + " streams";
  for (unsigned i = 0; i < streams.size(); ++i) {
    if (std::find(colors.begin(), colors.end(), s.color[i]) == colors.end())
      return quoted(*this, i) + " has colour " + std::to_string(s.color[i]) +
             ", which is not allowed";
    if (streams[i].fixed && *streams[i].fixed != s.color[i])
      return quoted(*this, i) + " does not have its fixed colour";
  }
  if (std::set<unsigned>(s.color.begin(), s.color.end()).size() != s.used)
    return "the number of colours is misstated";
  std::set<std::pair<unsigned, unsigned>> order(before.begin(), before.end());
  for (unsigned i = 0; i < streams.size(); ++i)
    for (unsigned j = 0; j < i; ++j) {
      if (s.color[i] != s.color[j] ||
          (reconfigurable && (order.count({i, j}) || order.count({j, i}))))
        continue;
      for (const RouterSetting &a : streams[i].routers)
        for (const RouterSetting &b : streams[j].routers)
          if ((a.rx != b.rx || a.tx != b.tx) && shareRouter(a.where, b.where))
            return quoted(*this, i) + " and " + quoted(*this, j) +
                   " share colour " + std::to_string(s.color[i]) +
                   " with different settings on routers of " + text(a.where);
    }
  return "";
}

//===----------------------------------------------------------------------===//
// Solver
//===----------------------------------------------------------------------===//

namespace {

class Colorer {
public:
  Colorer(const ColorProblem &p, uint64_t steps) : p(p), budget(steps) {}
  ColorResult run();

private:
  void buildConflicts();
  void findClique();
  bool assign();
  bool descend(unsigned left);
  int pick() const;
  bool allowed(unsigned stream, unsigned slot) const;
  ColorFailure explainFailure() const;

  const ColorProblem &p;
  uint64_t budget;
  std::vector<std::vector<unsigned>> conflicts;
  std::vector<std::vector<char>> conflict; // matrix
  std::vector<unsigned> clique;
  std::vector<int> slot;                 // index into p.colors, or -1
  std::vector<std::vector<int>> blocked; // by stream and slot: how often
  unsigned stuck = 0;
};

} // namespace

/// The progressions a0 + i*ad and b0 + j*bd have a common member.
static bool common(uint64_t a0, uint64_t an, uint64_t ad, uint64_t b0,
                   uint64_t bn, uint64_t bd) {
  uint64_t lo = std::max(a0, b0);
  uint64_t hi = std::min(a0 + (an - 1) * ad, b0 + (bn - 1) * bd);
  uint64_t g = std::gcd(ad, bd), gap = a0 > b0 ? a0 - b0 : b0 - a0;
  if (lo > hi || gap % g != 0)
    return false;
  // The first member of a at or after lo; the next bd / g cover all remainders.
  uint64_t at = a0 + (lo - a0 + ad - 1) / ad * ad;
  for (uint64_t k = 0; k < bd / g && at <= hi; ++k, at += ad)
    if ((at - b0) % bd == 0)
      return true;
  return false;
}

static bool meet(const Region &a, const Region &b) {
  return common(a.x0, a.w, a.dx, b.x0, b.w, b.dx) &&
         common(a.y0, a.h, a.dy, b.y0, b.h, b.dy);
}

static bool settingsClash(const ColorStream &a, const ColorStream &b) {
  for (const RouterSetting &s : a.routers)
    for (const RouterSetting &t : b.routers)
      if ((s.rx != t.rx || s.tx != t.tx) && meet(s.where, t.where))
        return true;
  return false;
}

void Colorer::buildConflicts() {
  size_t n = p.streams.size();
  conflicts.resize(n);
  conflict.assign(n, std::vector<char>(n, 0));
  std::set<std::pair<unsigned, unsigned>> order(p.before.begin(),
                                                p.before.end());
  for (unsigned i = 0; i < n; ++i)
    for (unsigned j = 0; j < i; ++j) {
      bool ordered =
          p.reconfigurable && (order.count({i, j}) || order.count({j, i}));
      if (ordered || !settingsClash(p.streams[i], p.streams[j]))
        continue;
      conflict[i][j] = conflict[j][i] = 1;
      conflicts[i].push_back(j);
      conflicts[j].push_back(i);
    }
}

/// A greedy clique from each stream; the largest bounds the colours from below.
void Colorer::findClique() {
  std::vector<unsigned> order(p.streams.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](unsigned a, unsigned b) {
    return conflicts[a].size() > conflicts[b].size();
  });
  for (unsigned seed : order) {
    std::vector<unsigned> c{seed};
    for (unsigned i : order)
      if (std::all_of(c.begin(), c.end(),
                      [&](unsigned k) { return conflict[i][k]; }))
        c.push_back(i);
    if (c.size() > clique.size())
      clique = c;
  }
}

bool Colorer::allowed(unsigned i, unsigned s) const {
  return !blocked[i][s] &&
         (!p.streams[i].fixed || *p.streams[i].fixed == p.colors[s]);
}

/// The uncoloured stream with the fewest colours left, then most conflicts.
int Colorer::pick() const {
  int best = -1;
  size_t bestLeft = 0;
  for (unsigned i = 0; i < p.streams.size(); ++i) {
    if (slot[i] >= 0)
      continue;
    size_t left = 0;
    for (unsigned s = 0; s < p.colors.size(); ++s)
      left += allowed(i, s);
    if (best < 0 || left < bestLeft ||
        (left == bestLeft && conflicts[i].size() > conflicts[best].size())) {
      best = int(i);
      bestLeft = left;
    }
  }
  return best;
}

bool Colorer::descend(unsigned left) {
  if (left == 0)
    return true;
  unsigned i = unsigned(pick());
  bool triedFresh = false;
  for (unsigned s = 0; s < p.colors.size(); ++s) {
    if (!allowed(i, s))
      continue;
    // Colours that nobody has yet are alike unless someone is fixed to them.
    bool fresh = std::find(slot.begin(), slot.end(), int(s)) == slot.end();
    bool special = std::any_of(
        p.streams.begin(), p.streams.end(), [&](const ColorStream &other) {
          return other.fixed && *other.fixed == p.colors[s];
        });
    if (fresh && !special && std::exchange(triedFresh, true))
      continue;
    if (budget == 0)
      return false;
    --budget;
    slot[i] = int(s);
    for (unsigned k : conflicts[i])
      ++blocked[k][s];
    if (descend(left - 1))
      return true;
    for (unsigned k : conflicts[i])
      --blocked[k][s];
    slot[i] = -1;
  }
  stuck = i;
  return false;
}

/// Where most different settings of conflicting streams meet.
ColorFailure Colorer::explainFailure() const {
  ColorFailure best;
  best.capacity = unsigned(p.colors.size());
  std::vector<unsigned> seeds = clique;
  seeds.push_back(stuck);
  for (unsigned i : seeds)
    for (const RouterSetting &s : p.streams[i].routers) {
      std::vector<unsigned> here{i};
      for (unsigned j : conflicts[i]) {
        bool meets = std::any_of(
            p.streams[j].routers.begin(), p.streams[j].routers.end(),
            [&](const RouterSetting &t) { return meet(s.where, t.where); });
        bool clash = std::all_of(here.begin(), here.end(),
                                 [&](unsigned k) { return conflict[j][k]; });
        if (meets && clash)
          here.push_back(j);
      }
      if (here.size() > best.streams.size()) {
        best.streams = here;
        best.where = s.where;
      }
    }
  best.demand = std::max<unsigned>(unsigned(best.streams.size()),
                                   unsigned(clique.size()));
  best.demand = std::max(best.demand, best.capacity + 1);
  return best;
}

static std::string explain(const ColorProblem &p, const ColorFailure &f) {
  std::string m = std::to_string(f.demand) + " colours are needed on routers " +
                  text(f.where) + ", " + std::to_string(f.capacity) +
                  " are available; streams that cannot share one:";
  for (size_t k = 0; k < f.streams.size() && k < 8; ++k)
    m += (k ? ", " : " ") + quoted(p, f.streams[k]);
  if (f.streams.size() > 8)
    m += " and " + std::to_string(f.streams.size() - 8) + " more";
  return m;
}

bool Colorer::assign() {
  size_t n = p.streams.size();
  slot.assign(n, -1);
  blocked.assign(n, std::vector<int>(p.colors.size(), 0));
  return descend(unsigned(n));
}

ColorResult Colorer::run() {
  ColorResult r;
  buildConflicts();
  findClique();
  if (!assign()) {
    r.failure = explainFailure();
    r.message = explain(p, r.failure);
    return r;
  }
  ColorSolution s;
  for (int k : slot)
    s.color.push_back(p.colors[k]);
  s.used = unsigned(std::set<unsigned>(s.color.begin(), s.color.end()).size());
  s.lowerBound = unsigned(clique.size());
  if (std::string e = p.verify(s); !e.empty())
    r.message = "internal: colouring rejected by its checker: " + e;
  else
    r.solution = std::move(s);
  return r;
}

ColorResult weft::solve::solveColor(const ColorProblem &p, uint64_t steps) {
  ColorResult r;
  r.message = p.check();
  return r.message.empty() ? Colorer(p, steps).run() : r;
}
