//===- Progress.cpp - Do all PEs halt? ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// PEs and streams are a Kahn network with bounded buffers: whether it stops
// does not depend on timing, so one untimed run decides. It is run on a small
// grid: rows and columns that repeat periodically (same classes, same settings)
// are cut down to two periods, and equally long ops to a few words more than
// the buffers hold.
//
//===----------------------------------------------------------------------===//
#include "Internal.h"
#include <algorithm>
#include <deque>

using namespace weft;
using namespace weft::verify;

namespace {

constexpr size_t MaxPEs = 4096;
constexpr uint64_t MaxFlatEvents = 5'000'000, MaxVisits = 20'000'000;
constexpr unsigned MaxPeriod = 8;
constexpr uint64_t EnoughWords = 128; // more than lie between two PEs

//===----------------------------------------------------------------------===//
// The small grid
//===----------------------------------------------------------------------===//

/// Columns (rows) to keep: of each stretch with a period, two periods and what
/// the phase needs.
std::vector<uint32_t> keepLines(const std::vector<uint32_t> &kind) {
  std::vector<uint32_t> kept;
  size_t i = 0, n = kind.size();
  while (i < n) {
    size_t best = 0, period = 1;
    for (size_t p = 1; p <= MaxPeriod && i + p < n; ++p) {
      size_t end = i + p;
      while (end < n && kind[end] == kind[end - p])
        ++end;
      if (end - i >= 3 * p && end - i > best) {
        best = end - i;
        period = p;
      }
    }
    size_t keep = best ? 2 * period + best % period : 1;
    for (size_t j = 0; j != keep; ++j)
      kept.push_back(uint32_t(i + j));
    i += best ? best : 1;
  }
  return kept;
}

/// Which patterns cover each line along one axis, as a number per line.
std::vector<uint32_t> lineKinds(const std::vector<Pattern> &patterns,
                                uint32_t lines, bool alongX) {
  std::map<std::vector<uint32_t>, uint32_t> names;
  std::vector<uint32_t> kinds;
  for (uint32_t line = 0; line != lines; ++line) {
    std::vector<uint32_t> members;
    for (uint32_t i = 0; i != patterns.size(); ++i) {
      Pattern p = patterns[i];
      if (alongX ? p.contains(line, p.y0) : p.contains(p.x0, line))
        members.push_back(i);
    }
    kinds.push_back(names.emplace(std::move(members), uint32_t(names.size()))
                        .first->second);
  }
  return kinds;
}

//===----------------------------------------------------------------------===//
// Events without repeats
//===----------------------------------------------------------------------===//

/// Visits the events in order, repeats unrolled; false if there are too many.
class Cursor {
public:
  explicit Cursor(const std::vector<Event> *events = nullptr) {
    if (events)
      stack.push_back({events, 0, 1});
  }
  /// The next Op or Wait, or nullptr at the end.
  const Event *peek() {
    while (!stack.empty()) {
      Level &l = stack.back();
      if (l.next == l.events->size()) {
        if (--l.rounds == 0)
          stack.pop_back();
        else
          l.next = 0;
        continue;
      }
      const Event &e = (*l.events)[l.next];
      if (e.kind != Event::Repeat)
        return &e;
      ++l.next;
      stack.push_back({&e.body, 0, e.times});
    }
    return nullptr;
  }
  void pop() { ++stack.back().next; }

private:
  struct Level {
    const std::vector<Event> *events;
    size_t next;
    uint64_t rounds;
  };
  std::vector<Level> stack;
};

/// A hash of the lengths of the ops of one class on each colour and side.
using Lengths = std::map<std::pair<int, bool>, uint64_t>;

std::optional<Lengths> opLengths(const std::vector<Event> &events,
                                 uint64_t &budget) {
  Lengths r;
  Cursor cursor(&events);
  for (; const Event *e = cursor.peek(); cursor.pop()) {
    if (budget-- == 0)
      return std::nullopt;
    if (e->kind != Event::Op)
      continue;
    for (int side : {0, 1, 2})
      if (int color = side == 0   ? e->in0
                      : side == 1 ? e->in1
                                  : e->out;
          color >= 0) {
        uint64_t &h = r[{color, side == 2}];
        h = (h ^ e->times) * 0x9e3779b97f4a7c15u + 1;
      }
  }
  return r;
}

//===----------------------------------------------------------------------===//
// The run
//===----------------------------------------------------------------------===//

class Run {
public:
  Run(Context &c, const std::vector<ClassFacts> &facts) : c(c), facts(facts) {}

  void check() {
    if (!flatten() || !shrink())
      return;
    std::string stuck;
    for (bool allBuffers : {false, true}) {
      stuck = simulate(allBuffers);
      if (stuck.empty())
        return;
    }
    if (!undecided)
      c.findings.add("R-TASK-2", "PEs wait for each other: " + stuck);
  }

private:
  void giveUp(const std::string &why) {
    c.findings.note("deadlock freedom not decided: " + why);
    undecided = true;
  }

  /// Are all lengths the same on both sides of each colour? Then long ops may
  /// be cut.
  bool flatten() {
    uint64_t budget = MaxFlatEvents;
    std::map<int, uint64_t> common;
    for (const ClassFacts &f : facts) {
      auto lengths = opLengths(f.events, budget);
      if (!lengths) {
        giveUp("too many ops");
        return false;
      }
      for (const auto &[key, hash] : *lengths) {
        auto [it, isNew] = common.emplace(key.first, hash);
        cut &= isNew || it->second == hash;
      }
    }
    return true;
  }

  bool shrink() {
    std::vector<Pattern> patterns;
    for (const Region &r : c.where)
      patterns.insert(patterns.end(), r.begin(), r.end());
    for (const bin::Route *r : c.routes)
      patterns.push_back(r->where);
    xs = keepLines(lineKinds(patterns, c.program.gridW, true));
    ys = keepLines(lineKinds(patterns, c.program.gridH, false));
    if (xs.size() * ys.size() > MaxPEs) {
      giveUp("the program has no short period");
      return false;
    }
    for (uint32_t y : ys)
      for (uint32_t x : xs)
        pes.push_back({classAt(x, y), Cursor(), {}, {}});
    return true;
  }

  int classAt(uint32_t x, uint32_t y) const {
    for (size_t k = 0; k != c.where.size(); ++k)
      for (const Pattern &p : c.where[k])
        if (p.contains(x, y))
          return int(k);
    return -1;
  }

  struct Op {
    const Event *event = nullptr; // nullptr: idle
    uint64_t left = 0;
  };
  struct PE {
    int cls;
    Cursor cursor;
    std::array<Op, 17> ops;       // microthreads, then the main thread
    std::map<int, size_t> source; // colour -> index into channels, receiving
  };
  struct Receiver {
    size_t pe;
    uint64_t taken = 0, room = 0;
  };
  /// All that one PE sends on one colour.
  struct Channel {
    size_t sender;
    uint64_t sent = 0;
    std::vector<Receiver> receivers;
  };

  size_t at(size_t i, size_t j) const { return j * xs.size() + i; }

  const bin::Route *setting(unsigned color, size_t i, size_t j) const {
    for (const bin::Route *r : c.routes)
      if (r->color == color && r->where.contains(xs[i], ys[j]))
        return r;
    return nullptr;
  }

  /// The channel of `color` out of PE (i, j), made on first use.
  Channel &channel(unsigned color, size_t i, size_t j) {
    auto [it, isNew] =
        channelOf.try_emplace({at(i, j), color}, channels.size());
    if (!isNew)
      return channels[it->second];
    size_t index = channels.size();
    channels.push_back({at(i, j), 0, {}});
    const bin::Route *r = setting(color, i, j);
    if (r && r->rx == bin::Ramp)
      follow(index, color, *r, i, j, 0);
    return channels[index];
  }

  void follow(size_t index, unsigned color, const bin::Route &r, size_t i,
              size_t j, unsigned hops) {
    if (hops > xs.size() + ys.size() + 2 ||
        channels[index].receivers.size() > MaxPEs)
      return;
    if ((r.tx & bin::Ramp) && hops) {
      channels[index].receivers.push_back(
          {at(i, j), 0, room(at(i, j), color, hops)});
      pes[at(i, j)].source[int(color)] = index;
    }
    struct {
      uint8_t out, in;
      int di, dj;
    } const steps[] = {{bin::North, bin::South, 0, -1},
                       {bin::South, bin::North, 0, 1},
                       {bin::East, bin::West, 1, 0},
                       {bin::West, bin::East, -1, 0}};
    for (const auto &s : steps) {
      size_t ni = i + size_t(s.di), nj = j + size_t(s.dj);
      if (!(r.tx & s.out) || ni >= xs.size() || nj >= ys.size())
        continue;
      const bin::Route *next = setting(color, ni, nj);
      if (next && next->rx == s.in)
        follow(index, color, *next, ni, nj, hops + 1);
    }
  }

  /// Wavelets that fit between a sender and a receiver `hops` away.
  uint64_t room(size_t pe, unsigned color, unsigned hops) const {
    const Target &t = c.target;
    uint64_t depth = 1;
    if (pes[pe].cls >= 0)
      for (const bin::QueueBinding &q :
           c.program.classes[size_t(pes[pe].cls)].queues)
        if (!q.output && q.color == color &&
            q.queue < t.inQueueDepth.value.size())
          depth = std::max<uint64_t>(1, t.inQueueDepth.value[q.queue]);
    if (!allBuffers)
      return depth;
    return depth + 2 * t.ramp + hops * (uint64_t(t.routerBuffer) + t.hop) + 1;
  }

  /// Runs until nothing moves; empty if all is done, else who waits for what.
  std::string simulate(bool withAllBuffers) {
    allBuffers = withAllBuffers;
    channels.clear();
    channelOf.clear();
    for (PE &pe : pes) {
      pe.cursor = Cursor(pe.cls < 0 ? nullptr : &facts[size_t(pe.cls)].events);
      pe.ops = {};
      pe.source.clear();
    }
    for (size_t k = 0; k != pes.size(); ++k)
      openChannels(k);
    std::deque<size_t> work;
    std::vector<bool> queued(pes.size(), true);
    for (size_t k = 0; k != pes.size(); ++k)
      work.push_back(k);
    for (uint64_t visits = 0; !work.empty(); ++visits) {
      if (visits == MaxVisits) {
        giveUp("too many ops");
        return {};
      }
      size_t k = work.front();
      work.pop_front();
      queued[k] = false;
      std::set<size_t> touched;
      step(k, touched);
      for (size_t t : touched)
        if (!queued[t]) {
          queued[t] = true;
          work.push_back(t);
        }
    }
    return whoWaits();
  }

  void openChannels(size_t k) {
    const PE &pe = pes[k];
    if (pe.cls < 0)
      return;
    for (unsigned color = 0; color != NumColors; ++color)
      if (facts[size_t(pe.cls)].traffic.sent[color])
        channel(color, k % xs.size(), k / xs.size());
  }

  Receiver *receiver(size_t k, int color) {
    auto it = pes[k].source.find(color);
    if (it == pes[k].source.end())
      return nullptr;
    for (Receiver &r : channels[it->second].receivers)
      if (r.pe == k)
        return &r;
    return nullptr;
  }

  uint64_t available(size_t k, int color) {
    Receiver *r = receiver(k, color);
    return r ? channels[pes[k].source[color]].sent - r->taken : 0;
  }

  uint64_t space(size_t k, int color) {
    auto it = channelOf.find({k, unsigned(color)});
    if (it == channelOf.end())
      return 0;
    uint64_t n = UINT64_MAX;
    for (const Receiver &r : channels[it->second].receivers)
      n = std::min(
          n, r.room - std::min(r.room, channels[it->second].sent - r.taken));
    return n;
  }

  /// Moves what words an op can; notes whom that may free.
  bool move(size_t k, Op &op, std::set<size_t> &touched) {
    const Event &e = *op.event;
    uint64_t n = op.left;
    for (int in : {e.in0, e.in1})
      if (in >= 0)
        n = std::min(n, available(k, in));
    if (e.out >= 0)
      n = std::min(n, space(k, e.out));
    if (n == 0)
      return false;
    op.left -= n;
    for (int in : {e.in0, e.in1})
      if (in >= 0) {
        receiver(k, in)->taken += n;
        touched.insert(channels[pes[k].source[in]].sender);
      }
    if (e.out >= 0) {
      Channel &ch = channels[channelOf[{k, unsigned(e.out)}]];
      ch.sent += n;
      for (const Receiver &r : ch.receivers)
        touched.insert(r.pe);
    }
    return true;
  }

  void step(size_t k, std::set<size_t> &touched) {
    PE &pe = pes[k];
    for (bool moved = true; moved;) {
      moved = false;
      for (Op &op : pe.ops)
        if (op.event) {
          moved |= move(k, op, touched);
          if (op.left == 0)
            op = {};
        }
      moved |= issue(pe);
    }
  }

  /// Takes the next event of the main thread if it can start.
  bool issue(PE &pe) {
    if (pe.ops.back().event)
      return false;
    const Event *e = pe.cursor.peek();
    if (!e)
      return false;
    Op &slot = e->kind == Event::Op && !e->async ? pe.ops.back()
                                                 : pe.ops[e->microthread];
    if (slot.event)
      return false;
    if (e->kind == Event::Op)
      slot = {e, cut ? std::min(e->times, EnoughWords) : e->times};
    pe.cursor.pop();
    return true;
  }

  std::string whoWaits() {
    std::string s;
    unsigned listed = 0, waiting = 0;
    for (size_t k = 0; k != pes.size(); ++k) {
      const Op *op = nullptr;
      for (const Op &o : pes[k].ops)
        if (o.event)
          op = &o;
      if (!op)
        continue;
      ++waiting;
      if (++listed > 3)
        continue;
      const Event &e = *op->event;
      int in = e.in0 >= 0 && !available(k, e.in0)   ? e.in0
               : e.in1 >= 0 && !available(k, e.in1) ? e.in1
                                                    : -1;
      s += (listed > 1 ? "; " : "") + className(c, size_t(pes[k].cls)) +
           " at (" + std::to_string(xs[k % xs.size()]) + ", " +
           std::to_string(ys[k / xs.size()]) + ") to " +
           (in >= 0 ? "receive" : "send") + " colour " +
           std::to_string(in >= 0 ? in : e.out);
    }
    if (waiting > 3)
      s += "; and others";
    return s;
  }

  Context &c;
  const std::vector<ClassFacts> &facts;
  bool cut = true, allBuffers = false, undecided = false;
  std::vector<uint32_t> xs, ys; // the lines kept
  std::vector<PE> pes;
  std::vector<Channel> channels;
  std::map<std::pair<size_t, unsigned>, size_t> channelOf;
};

} // namespace

void weft::verify::checkProgress(Context &c,
                                 const std::vector<ClassFacts> &facts) {
  // Without sound routes and matching counts there is nothing to run.
  for (const char *rule :
       {"R-FAB-2", "R-FAB-3", "R-FAB-4", "R-FAB-7", "R-FAB-9", "R-TASK-1",
        "R-TASK-2", "R-QUE-2", "R-QUE-3", "R-OP-4", "R-OP-5", "R-FILE"})
    if (c.findings.has(rule))
      return;
  Run(c, facts).check();
}
