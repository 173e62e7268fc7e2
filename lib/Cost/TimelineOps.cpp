//===- TimelineOps.cpp - When the words of one op move -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// An op processes each word when it is there, its predecessor is done and the
// set-up is over; beside the estimate each word carries the length of the
// longest chain of messages that leads to it (Reach).
//
//===----------------------------------------------------------------------===//
#include "Followed.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>

using namespace weft;
using namespace weft::cost;

Channel &Timeline::channel(Followed &pe, uint8_t color) {
  for (Channel &c : pe.channels)
    if (c.color == color)
      return c;
  pe.channels.push_back({color, 0, {}});
  return pe.channels.back();
}

Source *Timeline::source(Followed &pe, int color) {
  for (Source &s : pe.sources)
    if (s.color == color)
      return &s;
  return nullptr;
}

void Timeline::wake(Followed &pe) {
  for (int32_t id : pe.waiters)
    if (!pes[id].queued && !pes[id].done) {
      pes[id].queued = true;
      work.push_back(id);
    }
  pe.waiters.clear();
}

Reaches Timeline::within(const Reaches &r, uint32_t of, uint32_t in) const {
  Reaches kept = {r[InProgram], {}, {}};
  if (stageOf(of) != NoKernel && stageOf(of) == stageOf(in))
    kept[InStage] = r[InStage];
  if (of != NoKernel && of == in)
    kept[InKernel] = r[InKernel];
  return kept;
}

/// Words [word, last) that `o` sends, as words `word` + `shift` of the op.
void Timeline::take(const Origin &o, uint8_t color, uint64_t word,
                    uint64_t last, uint64_t shift, const Issued &what,
                    std::vector<Segment> &out) {
  Channel &c = channel(pes[o.pe], color);
  for (size_t k = o.segment; word < last; ++k) {
    const Segment &g = c.segments[k];
    uint64_t end = std::min(last, g.first + g.n);
    if (end <= word)
      continue;
    Segment part = {word + shift, end - word, g.at(word) + o.latency,
                    g.at(end - 1) + o.latency};
    part.kernel = g.kernel;
    if (o.exact)
      part.reach = within(g.reach, g.kernel, what.kernel);
    for (Reach &r : part.reach)
      r = r.from < 0 ? r : r.plus(o.latency);
    noteSpill(g.kernel, what.kernel);
    out.push_back(part);
    word = end;
  }
}

/// When the next words of s, as many as the op takes, can be processed; false
/// if their sender is not that far yet.
bool Timeline::arrivals(Followed &pe, Source &s, const Issued &what,
                        std::vector<Segment> &out, bool force) {
  uint64_t word = s.taken, last = s.taken + what.op->elements;
  uint64_t before = s.before;
  for (size_t k = s.at; word < last && k < s.origins.size(); ++k) {
    const Origin &o = s.origins[k];
    bool sole = k + 1 == s.origins.size();
    uint64_t end = sole ? last : std::min(last, before + o.words);
    if (o.pe < 0)
      return force;
    if (word < end && channel(pes[o.pe], s.color).sent < end - before) {
      if (force)
        return true;
      wait(pe, o.pe);
      return false;
    }
    if (word < end)
      take(o, s.color, word - before, end - before, before - s.taken, what,
           out);
    word = std::max(word, end);
    before += o.words;
  }
  return true;
}

/// Words of one kernel that another one takes.
void Timeline::noteSpill(uint32_t sender, uint32_t receiver) {
  if (sender >= p.kernels.size() || sender == receiver)
    return;
  estimate.kernelSpills[sender] = true;
  uint32_t stage = stageOf(sender);
  if (stage != stageOf(receiver) && stage < p.stages.size())
    estimate.stageSpills[stage] = true;
}

/// Cycles from the first to the last of n words that an op with this pace sends
/// into an output queue of so much room. A word takes up room for ramp + 2
/// cycles: it is there one after it was processed, leaves `ramp` later, and the
/// room is seen in the next.
double Timeline::spanOf(uint64_t n, double pace, uint32_t room) const {
  double span = pace * double(n - 1), held = t.ramp + 2.0;
  if (room && room * pace < held)
    span += double((n - 1) / room) * (held - room * pace);
  return span;
}

uint32_t Timeline::roomOf(const Followed &pe, int color) const {
  for (const bin::QueueBinding &q : p.classes[pe.cls].queues)
    if (q.output && q.color == color && q.queue < t.outQueueDepth.value.size())
      return t.outQueueDepth.value[q.queue] + t.ramp;
  return 0;
}

/// Elements are processed as their words arrive, but not faster than the rate,
/// nor than an output queue takes them.
Ended Timeline::process(const Followed &pe, const Issued &what,
                        const std::vector<Segment> &in,
                        std::vector<Segment> &out) {
  const TimedOp &op = *what.op;
  double ready = what.at + op.setup;
  // Of two inputs both words come over the one ramp.
  double ramp = op.in[1] == NoColor ? 1 : 2;
  double pace = std::max(ramp, op.rate / 1000.0), next = ready;
  uint32_t room = op.out == NoColor ? 0 : roomOf(pe, op.out);
  Reaches reach = what.reach;
  for (Reach &r : reach)
    r = r.plus(op.setup);
  auto add = [&](uint64_t first, uint64_t n, double t0, double t1) {
    out.push_back({first, n, t0, t1, reach, what.kernel});
    next = t1 + pace;
  };
  if (in.empty())
    add(0, op.elements, ready, ready + spanOf(op.elements, pace, room));
  for (const Segment &g : in) {
    for (unsigned s = 0; s < NumScopes; ++s)
      reach[s].cover(g.reach[s]);
    double t0 = std::max(next, g.t0);
    add(g.first, g.n, t0, std::max(t0 + spanOf(g.n, pace, room), g.t1));
  }
  for (Reach &r : reach)
    r = r.plus(1);
  return {std::ceil(next), what.kernel, reach};
}

/// The op of the model PE with the same number, shifted.
bool Timeline::copied(Followed &pe, const Issued &what,
                      std::vector<Segment> &out, Ended &end) {
  auto it = pes[pe.model].log.find(what.number);
  if (it == pes[pe.model].log.end()) {
    wait(pe, pe.model);
    return false;
  }
  const Logged &l = it->second;
  double shift = what.at - l.issue;
  end = {l.end + shift, what.kernel, what.reach};
  for (Reach &r : end.reach)
    r = r.plus(what.op->setup);
  for (Segment g : l.segments) {
    g.t0 += shift;
    g.t1 += shift;
    g.reach = end.reach;
    g.kernel = what.kernel;
    out.push_back(g);
  }
  for (Reach &r : end.reach)
    r = r.plus(1);
  return true;
}

void Timeline::emit(Followed &pe, const TimedOp &op,
                    const std::vector<Segment> &segments) {
  if (op.out == NoColor)
    return;
  Channel &c = channel(pe, uint8_t(op.out));
  for (Segment g : segments) {
    g.first += c.sent;
    c.segments.push_back(g);
  }
  c.sent += op.elements;
}

void Timeline::consume(Followed &pe, const TimedOp &op) {
  for (int color : op.in) {
    Source *s = color == NoColor ? nullptr : source(pe, color);
    if (!s)
      continue;
    s->taken += op.elements;
    while (s->at + 1 < s->origins.size() &&
           s->taken - s->before >= s->origins[s->at].words)
      s->before += s->origins[s->at++].words;
    Origin &o = s->origins[s->at];
    if (o.pe < 0)
      continue;
    const Channel &c = channel(pes[o.pe], s->color);
    while (o.segment < c.segments.size() &&
           c.segments[o.segment].first + c.segments[o.segment].n <=
               s->taken - s->before)
      ++o.segment;
  }
}

/// The main thread has come to the end of an op (by a wait, if it was not its
/// own): its chains are the longer of both. Another kernel begins a new count.
void Timeline::arrive(Followed &pe, const Ended &end) {
  if (end.kernel != pe.lastKernel && end.kernel != NoKernel) {
    pe.reach = within(pe.reach, pe.lastKernel, end.kernel);
    pe.lastKernel = end.kernel;
  }
  Reaches reach = within(end.reach, end.kernel, pe.lastKernel);
  for (unsigned s = 0; s < NumScopes; ++s)
    pe.reach[s].cover(reach[s]);
}

/// The longest chains end with some op.
void Timeline::note(const Followed &pe, const Ended &end) {
  auto longest = [&](PathCost &path, const Reach &r) {
    if (r.at > path.cycles)
      path = pathTo(r, pe);
  };
  longest(estimate.path, end.reach[InProgram]);
  if (end.kernel < p.kernels.size())
    longest(estimate.kernelPaths[end.kernel], end.reach[InKernel]);
  if (uint32_t s = stageOf(end.kernel); s < p.stages.size())
    longest(estimate.stagePaths[s], end.reach[InStage]);
}

/// Performs an issued op; the end of its last element, or nothing if it must
/// wait for a PE whose time is not known yet.
std::optional<Ended> Timeline::perform(Followed &pe, const Issued &what,
                                       bool force) {
  const TimedOp &op = *what.op;
  if (op.in[0] == NoColor && op.out == NoColor)
    return Ended{what.at + op.setup +
                     double(Target::elementCycles(op.elements, op.rate)),
                 what.kernel, what.reach};
  std::vector<Segment> in, out;
  Reaches other = {};
  bool copy = false;
  for (int color : op.in) {
    Source *s = color == NoColor ? nullptr : source(pe, color);
    if (!s)
      continue;
    copy |= s->copy();
    std::vector<Segment> more;
    if (!s->copy() && !arrivals(pe, *s, what, more, force))
      return std::nullopt;
    if (in.empty() || (!more.empty() && more.back().t1 > in.back().t1))
      std::swap(in, more); // of two inputs the later one sets the pace
    for (const Segment &g : more)
      for (unsigned k = 0; k < NumScopes; ++k)
        other[k].cover(g.reach[k]);
  }
  Ended end;
  if (!copy || force)
    end = process(pe, what, in, out);
  else if (!copied(pe, what, out, end))
    return std::nullopt;
  for (unsigned k = 0; k < NumScopes; ++k)
    end.reach[k].cover(other[k].plus(1));
  emit(pe, op, out);
  consume(pe, op);
  note(pe, end);
  if (pe.isModel)
    pe.log[what.number] = {what.at, std::move(out), end.at};
  if (pe.isModel || op.out != NoColor)
    wake(pe);
  return end;
}
