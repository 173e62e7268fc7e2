//===- Collectives.h - The reductions of the HPDC'24 spatial model --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Hand-written programs for Chain, Star, Tree and Two-Phase reductions and for
// the broadcast, on a line or, one axis after the other, on a rectangle, and
// the closed forms of "Near-Optimal Wafer-Scale Reduce" (arXiv 2404.15888) for
// them. Kernel 0 is the collective alone: a prologue that all PEs share fills
// the vector, so all of them start it in the same cycle.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_COST_COLLECTIVES_H
#define WEFT_TEST_UNIT_COST_COLLECTIVES_H

#include "Build.h"
#include <algorithm>
#include <cmath>
#include <map>

namespace weft::test {

enum class Collective { Chain, Broadcast, Star, Tree, TwoPhase };

inline const char *nameOf(Collective c) {
  const char *names[] = {"chain", "broadcast", "star", "tree", "two-phase"};
  return names[size_t(c)];
}

/// The machine of the closed forms. The root of a tree takes a queue per level
/// and axis; that of the WSE-2 has six, so a tree is lent more.
inline Target hpdcTarget(Collective c, uint32_t w, uint32_t h) {
  Target t = target(w, h, "wse2-hpdc24");
  if (c != Collective::Tree)
    return t;
  std::string ids = "2", depths = "6,6,6";
  for (int k = 3; k < 16; ++k) {
    ids += "," + std::to_string(k);
    depths += ",6";
  }
  llvm::cantFail(setField(t, "queues.input_depth=" + depths));
  llvm::cantFail(setField(t, "queues.input=" + ids));
  return t;
}

//===----------------------------------------------------------------------===//
// Closed forms
//===----------------------------------------------------------------------===//

/// Cycles for n PEs on a line and b words; T_R is the ramp latency.
inline double closedForm(Collective c, double n, double b, double ramp) {
  double stage = 2 * ramp + 1, levels = std::log2(n);
  switch (c) {
  case Collective::Chain:
    return b + (stage + 1) * (n - 1);
  case Collective::Broadcast:
    return b + n + 2 * ramp;
  case Collective::Star:
    return b * (n - 1) + stage;
  case Collective::Tree:
    return std::max(b * levels, b * n * levels / (2 * (n - 1)) + n - 1) +
           stage * levels;
  case Collective::TwoPhase: {
    double s = std::floor(std::sqrt(n)), g = n / s;
    return std::max(2 * b, ((n - g) + (g - 1) * s) * b / (n - 1) + n - 1) +
           stage * (s + g - 2);
  }
  }
  return 0;
}

/// What a Star takes if a Chain of two PEs takes what its own form says: to the
/// root the nearest sender is one, and each word of the others is a cycle more
/// on the root's ramp. That is one cycle above the form of Star, which has no
/// hop.
inline double starAfterChain(double n, double b, double ramp) {
  return closedForm(Collective::Chain, 2, b, ramp) + b * (n - 2);
}

/// On w x h PEs: reductions one axis after the other, the broadcast at once.
inline double closedForm(Collective c, double w, double h, double b,
                         double ramp) {
  if (c == Collective::Broadcast && h > 1)
    return b + w + h - 2 + 2 * ramp + 1;
  double x = w > 1 ? closedForm(c, w, b, ramp) : 0;
  return x + (h > 1 ? closedForm(c, h, b, ramp) : 0);
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// What the PE at one coordinate of a line does and how its router is set.
struct LinePart {
  std::vector<bin::QueueBinding> queues;
  std::vector<std::string> lines;
  struct Setting {
    uint8_t color, rx, tx;
  };
  std::vector<Setting> settings, later; // positions 0 and 1
};

/// A reduction to coordinate 0 of n PEs; colours and queues from `base`.
struct LineReduce {
  Collective what;
  bool alongX;
  uint32_t n, words;
  uint8_t base, in, out;

  uint8_t away() const { return alongX ? bin::East : bin::South; }
  uint8_t home() const { return alongX ? bin::West : bin::North; }
  std::string queue(const char *kind, uint32_t k) const {
    return kind + std::to_string(k);
  }
  void send(LinePart &p, uint8_t color) const {
    p.queues.push_back({true, out, uint8_t(base + color)});
    p.settings.push_back({uint8_t(base + color), bin::Ramp, home()});
  }
  void receive(LinePart &p, uint8_t color, uint8_t k) const {
    p.queues.push_back({false, uint8_t(in + k), uint8_t(base + color)});
    p.settings.push_back({uint8_t(base + color), away(), bin::Ramp});
  }
  void pass(LinePart &p, uint8_t color) const {
    p.settings.push_back({uint8_t(base + color), away(), home()});
  }
  /// Adds what comes on queue k to the vector, there or on its way out.
  std::string add(uint32_t k, bool onward) const {
    return "vfadd " + (onward ? queue("out", out) : "d0") + ", " +
           queue("in", in + k) + ", d0";
  }
  std::string sendOwn() const { return "vmov " + queue("out", out) + ", d0"; }

  LinePart chain(uint32_t i) const {
    LinePart p;
    bool last = i + 1 == n;
    if (i)
      send(p, i & 1);
    if (!last)
      receive(p, (i + 1) & 1, 0);
    p.lines = {last ? sendOwn() : add(0, i != 0)};
    return p;
  }

  /// All send at once on one colour. A router first sends what its own PE
  /// sends, whose last word moves the switch, and then what comes from those
  /// further away: the nearest are first at the root.
  LinePart star(uint32_t i) const {
    LinePart p;
    if (i == 0) {
      receive(p, 0, 0);
      p.lines.assign(n - 1, add(0, false));
      return p;
    }
    send(p, 0);
    p.lines = {sendOwn()};
    if (i + 1 < n) {
      p.later.push_back({base, away(), home()});
      p.lines[0] += ", advance";
    }
    return p;
  }

  /// n is a power of two. Level k: odd multiples of 2^k send to even ones. A
  /// level begins when the one before is over: words of two levels would meet
  /// on the links next to the receivers.
  LinePart tree(uint32_t i) const {
    LinePart p;
    for (uint32_t k = 0; 1u << k < n; ++k) {
      uint32_t at = i % (2u << k);
      if (at == 0)
        receive(p, uint8_t(k), uint8_t(k));
      else if (at < 1u << k)
        pass(p, uint8_t(k));
      else if (at == 1u << k)
        send(p, uint8_t(k));
    }
    uint32_t levels = 0;
    while (1u << levels < n && i % (2u << levels) == 0)
      ++levels;
    for (uint32_t k = 0; k < levels; ++k)
      p.lines.push_back(add(k, false));
    if (i)
      p.lines.push_back(sendOwn());
    return p;
  }

  /// Chains within groups of about sqrt(n), then one over their leaders. What
  /// does not divide makes the root's group smaller: all others end together.
  LinePart twoPhase(uint32_t i) const {
    uint32_t s = uint32_t(std::sqrt(double(n))), first = (n - 1) % s + 1;
    uint32_t group = i < first ? 0 : 1 + (i - first) / s;
    bool leader = i == 0 || (i >= first && (i - first) % s == 0);
    bool lastOfGroup =
        i + 1 == first || (i >= first && (i - first) % s == s - 1);
    bool lastGroup = first + group * s >= n;
    LinePart p;
    if (!leader)
      send(p, i & 1);
    if (!lastOfGroup)
      receive(p, (i + 1) & 1, 0);
    if (!leader) {
      p.lines = {lastOfGroup ? sendOwn() : add(0, true)};
      if (!lastGroup)
        pass(p, 2 + ((group + 1) & 1));
      return p;
    }
    if (!lastOfGroup)
      p.lines = {add(0, false)};
    if (group)
      send(p, 2 + (group & 1));
    if (!lastGroup)
      receive(p, 2 + ((group + 1) & 1), 1);
    if (!lastGroup || group)
      p.lines.push_back(lastGroup ? sendOwn() : add(1, group != 0));
    return p;
  }

  LinePart part(uint32_t i) const {
    return what == Collective::Chain  ? chain(i)
           : what == Collective::Star ? star(i)
           : what == Collective::Tree ? tree(i)
                                      : twoPhase(i);
  }
};

/// Ascending coordinates as strided runs (first, count, step).
inline std::vector<std::array<uint32_t, 3>>
runsOf(const std::vector<uint32_t> &at) {
  std::vector<std::array<uint32_t, 3>> runs;
  for (size_t k = 0; k < at.size();) {
    size_t end = k + 1;
    uint32_t step = end < at.size() ? at[end] - at[k] : 1;
    while (end < at.size() && at[end] - at[end - 1] == step)
      ++end;
    runs.push_back({at[k], uint32_t(end - k), end - k > 1 ? step : 1});
    k = end;
  }
  return runs;
}

/// A class of the PEs `where`: the prologue, then `lines` as kernel 0.
inline void addPart(bin::Program &p, std::vector<Pattern> where,
                    std::vector<bin::QueueBinding> queues,
                    const std::vector<std::string> &lines, uint32_t words) {
  std::vector<std::string> all = {
      "dsd d0, r0+4192, f32, [" + std::to_string(words) + ":1]", "vmov d0, r0"};
  uint32_t begin = uint32_t(assemble(all).size());
  all.insert(all.end(), lines.begin(), lines.end());
  uint32_t end = uint32_t(assemble(all).size());
  all.push_back("halt");
  addClass(p, "c" + std::to_string(p.classes.size()), std::move(where),
           std::move(queues), all);
  p.classes.back().ranges = {{begin, end, 0}};
}

/// From PE (0, 0) to all others.
inline bin::Program broadcast(uint32_t w, uint32_t h, uint32_t words) {
  using namespace bin;
  bin::Program p = program(w, h);
  auto add = [&](Pattern where, uint8_t rx, uint8_t tx) {
    uint8_t south = h > 1 && where.y0 == 0 ? uint8_t(South) : uint8_t(0);
    if (where.w && where.h)
      p.routes.push_back({where, 0, rx, uint8_t(tx | south)});
  };
  add({0, 0, 1, 1, 1, 1}, Ramp, East);
  add({1, 0, w - 2, 1, 1, 1}, West, East | Ramp);
  add({w - 1, 0, 1, 1, 1, 1}, West, Ramp);
  if (h > 1) {
    add({0, 1, w, h - 2, 1, 1}, North, South | Ramp);
    add({0, h - 1, w, 1, 1, 1}, North, Ramp);
  }
  addPart(p, {{0, 0, 1, 1, 1, 1}}, {{true, 2, 0}}, {"vmov out2, d0"}, words);
  std::vector<Pattern> others = {{1, 0, w - 1, 1, 1, 1}};
  if (h > 1)
    others.push_back({0, 1, w, h - 1, 1, 1});
  addPart(p, others, {{false, 2, 0}}, {"vmov d0, in2"}, words);
  return p;
}

/// The routes of one line, the same on `across` lines from 0.
inline void addLineRoutes(bin::Program &p, const LineReduce &line,
                          uint32_t across) {
  std::map<std::array<uint8_t, 4>, std::vector<uint32_t>> same;
  for (uint32_t i = 0; i < line.n; ++i) {
    LinePart part = line.part(i);
    for (const LinePart::Setting &s : part.settings)
      same[{0, s.color, s.rx, s.tx}].push_back(i);
    for (const LinePart::Setting &s : part.later)
      same[{1, s.color, s.rx, s.tx}].push_back(i);
  }
  for (const auto &[s, at] : same)
    for (auto [first, count, step] : runsOf(at)) {
      Pattern where = line.alongX ? Pattern{first, 0, count, across, step, 1}
                                  : Pattern{0, first, across, count, 1, step};
      if (s[0])
        p.switches.push_back({where, s[1], s[0], s[2], s[3]});
      else
        p.routes.push_back({where, s[1], s[2], s[3]});
    }
}

/// All rows to column 0, then that column to (0, 0).
inline bin::Program collective(Collective what, uint32_t w, uint32_t h,
                               uint32_t words) {
  if (what == Collective::Broadcast)
    return broadcast(w, h, words);
  bin::Program p = program(w, h);
  uint8_t levels = what == Collective::Tree ? uint8_t(std::log2(w)) : 2;
  LineReduce x{what, true, w, words, 0, 2, 2};
  LineReduce y{what, false, h, words, 10, uint8_t(2 + levels), 3};
  addLineRoutes(p, x, h);
  if (h > 1)
    addLineRoutes(p, y, 1);
  using Key = std::pair<std::vector<std::string>, std::vector<uint32_t>>;
  std::map<Key, std::pair<LinePart, std::vector<uint32_t>>> roles;
  auto add = [&](const LinePart &part, uint32_t i) {
    Key key{part.lines, {}};
    for (const bin::QueueBinding &q : part.queues)
      key.second.push_back(q.output << 16 | q.queue << 8 | q.color);
    auto &role = roles[key];
    role.first = part;
    role.second.push_back(i);
  };
  for (uint32_t i = h > 1; i < w; ++i)
    add(x.part(i), i);
  for (auto &[key, role] : roles) {
    std::vector<Pattern> where;
    for (auto [first, count, step] : runsOf(role.second))
      where.push_back({first, 0, count, h, step, 1});
    addPart(p, where, role.first.queues, role.first.lines, words);
  }
  if (h == 1)
    return p;
  roles.clear();
  for (uint32_t i = 0; i < h; ++i) {
    LinePart both = x.part(0), own = y.part(i);
    both.queues.insert(both.queues.end(), own.queues.begin(), own.queues.end());
    both.lines.insert(both.lines.end(), own.lines.begin(), own.lines.end());
    add(both, i);
  }
  for (auto &[key, role] : roles) {
    std::vector<Pattern> where;
    for (auto [first, count, step] : runsOf(role.second))
      where.push_back({0, first, 1, count, 1, step});
    addPart(p, where, role.first.queues, role.first.lines, words);
  }
  return p;
}

} // namespace weft::test
#endif
