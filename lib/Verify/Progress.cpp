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

using namespace weft;
using namespace weft::verify;

namespace {

constexpr size_t MaxGroups = 4096;
constexpr uint64_t MaxMoves = 10'000'000;
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
      while (!work.empty()) {
        size_t g = work.front();
        work.pop_front();
        queued[g] = false;
        visit(g);
        if (moves > MaxMoves)
          return notShown(cat("more than ", MaxMoves, " steps"));
      }
      if (net.groups.size() > MaxGroups)
        return notShown(
            cat("more than ", MaxGroups, " groups of PEs are in other states"));
    } while (splitWaiting());
    for (size_t g = 0; g != net.groups.size(); ++g)
      if (!net.groups[g].finished())
        return c.findings.add("R-TASK-2", "PEs wait for each other: " +
                                              whoWaits(c, net, g));
  }

private:
  void notShown(const std::string &why) {
    c.findings.add("R-TASK-2",
                   cat("that no PEs wait for each other is not shown: ", why));
  }

  void wake(size_t g) {
    queued.resize(net.groups.size());
    if (!queued[g])
      work.push_back(g);
    queued[g] = true;
  }

  //===--- moving
  //-----------------------------------------------------------===//

  void visit(size_t g) {
    for (bool moved = true; moved && moves <= MaxMoves;) {
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
      ++moves;
      return true;
    }
    return false;
  }

  /// The ops that must move if `first` does: what the receiver of an empty
  /// channel takes is sent in the same step, and the sender of a full one waits
  /// for its receiver. If `eager`, also those that only could.
  bool together(Member first, bool eager) {
    members = {first};
    bool ok = true;
    for (size_t i = 0; i != members.size() && ok; ++i) {
      Member m = members[i];
      net.sides(m, [&](const Network::Side &s) {
        if (s.other.slot < 0)
          ok &= s.free != 0;
        else if ((s.free == 0 || eager) &&
                 !llvm::is_contained(members, s.other))
          members.push_back(s.other);
      });
    }
    return ok;
  }

  /// How many words: no op beyond its end, no channel beyond its room.
  uint64_t limit() {
    uint64_t n = UINT64_MAX;
    for (const Member &m : members) {
      n = std::min(n, net.groups[m.group].ops[size_t(m.slot)].left);
      net.sides(m, [&](const Network::Side &s) {
        if (!llvm::is_contained(members, s.other))
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
        size_t j = size_t(llvm::find(members, s.other) - members.begin());
        const Channel &ch = s.ch;
        edges.push_back(s.sending
                            ? Before{j, i, -ch.dx1, -ch.dx0, -ch.dy1, -ch.dy0}
                            : Before{j, i, ch.dx0, ch.dx1, ch.dy0, ch.dy1});
      });
    size_t n = members.size();
    if (n > MaxMembers)
      return false;
    llvm::BitVector reach = closure(edges);
    llvm::erase_if(edges, [&](const Before &e) { // not on a circle
      return !reach.test(unsigned(e.then * n + e.first));
    });
    for (size_t i = 0; i != n; ++i) {
      Edges circle;
      for (const Before &e : edges)
        if (e.first == i || (reach.test(unsigned(e.first * n + i)) &&
                             reach.test(unsigned(i * n + e.first))))
          circle.push_back(e);
      if (!oneWay(circle))
        return false;
    }
    return true;
  }

  /// Bit i * n + j: is there a way from i to j?
  llvm::BitVector closure(const Edges &edges) const {
    unsigned n = unsigned(members.size());
    llvm::BitVector reach(n * n);
    for (const Before &e : edges)
      reach.set(unsigned(e.first) * n + unsigned(e.then));
    for (unsigned k = 0; k != n; ++k)
      for (unsigned i = 0; i != n; ++i)
        if (reach.test(i * n + k))
          for (unsigned j = 0; j != n; ++j)
            if (reach.test(k * n + j))
              reach.set(i * n + j);
    return reach;
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

  bool splitWaiting() {
    bool any = false;
    for (size_t g = 0, n = net.groups.size(); g != n; ++g)
      if (splitWaiting(g)) {
        any = true;
        wake(g);
        wake(net.groups.size() - 1);
      }
    return any;
  }

  bool splitWaiting(size_t g) {
    auto part = [&](int color, bool sending) {
      return color >= 0 && net.split(g, color, sending, [&](const Channel &ch) {
        return sending ? net.space(ch) == 0 &&
                             net.groups[ch.receiver].running(color, false) < 0
                       : net.waiting(ch) == 0 &&
                             net.groups[ch.sender].running(color, true) < 0;
      });
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
  std::vector<Member> members; // of the step at hand
  uint64_t moves = 0;
};

} // namespace

void weft::verify::checkProgress(Context &c,
                                 const std::vector<ClassFacts> &facts,
                                 const Flows &flows) {
  // Without sound routes and matching counts there is nothing to run.
  for (const char *rule : {"R-FILE", "R-FAB-2", "R-FAB-3", "R-FAB-4", "R-FAB-7",
                           "R-FAB-8", "R-FAB-9", "R-TASK-1", "R-TASK-2",
                           "R-QUE-1", "R-QUE-2", "R-QUE-3", "R-OP-4", "R-OP-5"})
    if (c.findings.has(rule))
      return;
  Run(c, facts, flows).check();
}
