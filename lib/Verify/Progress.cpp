//===- Progress.cpp - Do all PEs halt? ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// PEs and streams are a Kahn network with bounded buffers: whether it stops
// does not depend on timing, so one untimed run decides. It moves whole groups
// of PEs that are in the same state, so it is the run of the real grid at the
// cost of its classes. docs/machine-model.md, "Progress", has the argument.
//
//===----------------------------------------------------------------------===//
#include "Network.h"
#include "llvm/ADT/STLExtras.h"
#include <deque>
#include <map>

using namespace weft;
using namespace weft::verify;

namespace {

constexpr size_t MaxGroups = 4096;
constexpr uint64_t MaxLooks = 1'000'000'000;
constexpr size_t MaxMembers = 512; // ops that move as one

class Run {
public:
  Run(Context &c, const std::vector<ClassFacts> &facts, const Flows &flows)
      : c(c), net(c, facts, flows) {}

  void check() {
    if (net.groups.size() > MaxGroups)
      return notShown(cat("more than ", MaxGroups, " groups of PEs"));
    for (size_t g = 0; g != net.groups.size(); ++g)
      wake(g);
    do {
      while (!work.empty() && !spent()) {
        size_t g = work.front();
        work.pop_front();
        queued[g] = false;
        visit(g);
      }
      if (net.groups.size() > MaxGroups)
        return notShown(
            cat("more than ", MaxGroups, " groups of PEs are in other states"));
    } while (!spent() && splitWaiting());
    if (spent())
      return notShown(cat("more than ", MaxLooks, " looks at ops"));
    for (size_t g = 0; g != net.groups.size(); ++g)
      if (!net.groups[g].finished())
        return c.findings.add("R-TASK-2", whoWaits(c, net, g));
  }

private:
  void notShown(const std::string &why) {
    c.findings.add("R-TASK-2",
                   cat("that no PEs wait for each other is not shown: ", why));
  }

  bool spent() const { return net.looks > MaxLooks; }

  void wake(size_t g) {
    queued.resize(net.groups.size());
    if (!queued[g])
      work.push_back(g);
    queued[g] = true;
  }

  //===--- moving
  //-----------------------------------------------------------===//

  void visit(size_t g) {
    for (bool moved = true; moved && !spent();) {
      moved = issue(net.groups[g]);
      for (int slot = 0; slot != int(net.groups[g].ops.size()); ++slot)
        moved |= net.groups[g].ops[size_t(slot)].event && move({g, slot});
    }
  }

  /// Takes the next event of the main thread if it can start.
  static bool issue(Group &g) {
    if (g.ops.back().event || g.rest.empty())
      return false;
    const Event *e = &g.rest.front();
    bool async = e->kind == Event::Wait || e->async;
    Running &slot = async ? g.ops[e->microthread] : g.ops.back();
    if (slot.event)
      return false;
    if (e->kind == Event::Op)
      slot = {e, e->words};
    g.rest = g.rest.drop_front();
    return true;
  }

  /// Moves words of an op and of all that must, or can, move with it.
  bool move(Member first) {
    for (bool eager : {true, false}) {
      if (!together(first, eager) || !ordered())
        continue;
      uint64_t n = limit();
      if (n == 0)
        continue;
      for (const Member &m : members)
        advance(m, n);
      return true;
    }
    return false;
  }

  /// The ops that must move if `first` does: what the receiver of an empty
  /// channel takes is sent in the same step, and the sender of a full one waits
  /// for its receiver. If `eager`, also those that only could. Not if they are
  /// too many.
  bool together(Member first, bool eager) {
    members = {first};
    index = {{{first.group, first.slot}, 0}};
    bool ok = true;
    for (size_t i = 0; i != members.size() && ok; ++i) {
      Member m = members[i];
      net.sides(m, [&](const Network::Side &s) {
        if (s.other.slot < 0)
          ok &= s.free != 0;
        else if ((s.free == 0 || eager) && isNew(s.other))
          members.push_back(s.other);
      });
      ok &= members.size() <= MaxMembers && !spent();
    }
    return ok;
  }

  bool isNew(const Member &m) {
    return index.try_emplace({m.group, m.slot}, members.size()).second;
  }

  /// How many words: no op beyond its end, no channel beyond its room.
  uint64_t limit() {
    uint64_t n = UINT64_MAX;
    for (const Member &m : members) {
      n = std::min(n, net.groups[m.group].ops[size_t(m.slot)].left);
      net.sides(m, [&](const Network::Side &s) {
        if (!index.contains({s.other.group, s.other.slot}))
          n = std::min(n, s.free);
      });
    }
    return n;
  }

  void advance(const Member &m, uint64_t n) {
    net.sides(m, [&](const Network::Side &s) { wake(s.other.group); });
    wake(m.group);
    Group &g = net.groups[m.group];
    Running &op = g.ops[size_t(m.slot)];
    for (int in : {op.event->in0, op.event->in1})
      if (in >= 0)
        g.taken[in] += n;
    if (op.event->out >= 0)
      g.sent[op.event->out] += n;
    op.left -= n;
    if (op.left == 0)
      op = {};
  }

  //===--- order within one step
  //--------------------------------------------===//

  /// Within a step the ops of single PEs run one after the other, word by word:
  /// the sender first where a channel is empty, the receiver where it is full.
  struct Before {
    size_t first, then;         // indices into members
    int64_t dx0, dx1, dy0, dy1; // from the PEs of first to those of then
  };
  using Edges = std::vector<Before>;

  /// Is there such an order? Surely if it leads nowhere round in a circle
  /// between groups, or if all steps of each circle go one way on the grid.
  bool ordered() {
    Edges edges;
    for (size_t i = 0; i != members.size(); ++i)
      net.sides(members[i], [&](const Network::Side &s) {
        if (s.free != 0)
          return;
        size_t j = index.at({s.other.group, s.other.slot});
        const Channel &ch = s.ch;
        edges.push_back(s.sending
                            ? Before{j, i, -ch.dx1, -ch.dx0, -ch.dy1, -ch.dy0}
                            : Before{j, i, ch.dx0, ch.dx1, ch.dy0, ch.dy1});
      });
    std::vector<size_t> circle = circles(edges);
    std::map<size_t, Edges> own;
    for (const Before &e : edges)
      if (circle[e.first] == circle[e.then])
        own[circle[e.first]].push_back(e);
    return llvm::all_of(own, [](auto &o) { return oneWay(o.second); });
  }

  /// For each member the same number as for those it shares a circle with: its
  /// strongly connected component, by Tarjan's algorithm.
  std::vector<size_t> circles(const Edges &edges) const {
    size_t n = members.size(), next = 1;
    std::vector<std::vector<size_t>> after(n);
    for (const Before &e : edges)
      after[e.first].push_back(e.then);
    std::vector<size_t> order(n), circle(n, n), path;
    std::function<size_t(size_t)> visit = [&](size_t i) {
      size_t low = order[i] = next++, at = path.size();
      path.push_back(i);
      for (size_t j : after[i])
        if (circle[j] == n)
          low = std::min(low, order[j] ? order[j] : visit(j));
      for (; low == order[i] && path.size() != at; path.pop_back())
        circle[path.back()] = i;
      return low;
    };
    for (size_t i = 0; i != n; ++i)
      if (!order[i])
        visit(i);
    return circle;
  }

  /// Do all edges have a positive component in some common direction? Tried are
  /// the axes, the diagonals, and the orders by row and by column.
  static bool oneWay(const Edges &edges) {
    constexpr int64_t Far = 1 << 20;
    for (int64_t a : {int64_t(0), int64_t(1), -int64_t(1), Far, -Far})
      for (int64_t b : {int64_t(0), int64_t(1), -int64_t(1), Far, -Far})
        if (llvm::all_of(edges, [&](const Before &e) {
              return a * (a > 0 ? e.dx0 : e.dx1) + b * (b > 0 ? e.dy0 : e.dy1) >
                     0;
            }))
          return true;
    return edges.empty();
  }

  //===--- when nothing moves
  //-----------------------------------------------===//

  /// Any split is sound; it only costs. So first those where partners have not
  /// come to the other side, then those where they wait themselves.
  bool splitWaiting() {
    return splitWaiting(
               [](auto &s) { return s.free == 0 && s.other.slot < 0; }) ||
           splitWaiting([](auto &s) { return s.free == 0; });
  }

  bool splitWaiting(const std::function<bool(const Network::Side &)> &stuck) {
    bool any = false;
    for (size_t g = 0, n = net.groups.size(); g != n && !spent(); ++g)
      if (splitWaiting(g, stuck)) {
        any = true;
        wake(g);
        wake(net.groups.size() - 1);
      }
    return any;
  }

  bool splitWaiting(size_t g,
                    const std::function<bool(const Network::Side &)> &stuck) {
    auto part = [&](int color, bool sending) {
      return color >= 0 && net.split(g, color, sending, stuck);
    };
    for (const Running &op : std::array(net.groups[g].ops))
      if (const Event *e = op.event)
        if (part(e->in0, false) || part(e->in1, false) || part(e->out, true))
          return true;
    return false;
  }

  Context &c;
  Network net;
  std::deque<size_t> work;
  std::vector<bool> queued;
  std::vector<Member> members;                    // of the step at hand
  std::map<std::pair<size_t, int>, size_t> index; // of members
};

} // namespace

void weft::verify::checkProgress(Context &c,
                                 const std::vector<ClassFacts> &facts,
                                 const Flows &flows) {
  // Without sound routes and matching counts there is nothing to run.
  for (const char *rule :
       {"R-FILE", "R-FAB-2", "R-FAB-3", "R-FAB-4", "R-FAB-7", "R-FAB-8",
        "R-FAB-9", "R-FAB-10", "R-TASK-1", "R-TASK-2", "R-QUE-1", "R-QUE-2",
        "R-QUE-3", "R-OP-4", "R-OP-5"})
    if (c.findings.has(rule))
      return;
  Run(c, facts, flows).check();
}
