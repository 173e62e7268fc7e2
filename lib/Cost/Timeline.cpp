//===- Timeline.cpp - When things happen, for a few representative PEs ----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A Kahn network at the granularity of ops. The words of an op are segments,
// runs of words at an even pace; what a PE receives is what its sender sent, a
// fixed latency later. A representative PE whose sender is not followed (say,
// a PE of a followed row that receives along its column) copies the arrival
// from the PE of the same kind on the followed row and column that cross,
// shifted by how much earlier or later it got to the op. Buffers are taken as
// deep enough and links as free of contention; docs/cost-model.md says what
// that costs in accuracy.
//
//===----------------------------------------------------------------------===//
#include "Timeline.h"
#include "Grid.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>
#include <deque>
#include <map>

using namespace weft;
using namespace weft::cost;
using bin::Pattern;

namespace {

/// Words first .. first + n - 1, the first at `t0` and the last at `t1`,
/// evenly.
struct Segment {
  uint64_t first = 0, n = 0;
  double t0 = 0, t1 = 0;
  double at(uint64_t word) const {
    return n > 1 ? t0 + (t1 - t0) * double(word - first) / double(n - 1) : t0;
  }
};

struct Channel { // what a PE has sent on one colour
  uint8_t color = 0;
  uint64_t sent = 0;
  std::vector<Segment> segments;
};

struct Source { // where a PE's words of one colour come from
  uint8_t color = 0;
  int32_t pe = -1;   // followed PE, or
  bool copy = false; // take the arrival from the model PE
  double latency = 0;
  uint64_t taken = 0;
  size_t segment = 0; // first one not wholly taken
};

struct Mark { // a PE's state at the start of a round
  double t = 0;
  size_t ops = 0;
  std::vector<uint64_t> sent, taken;
  size_t call = 0; // PE::nextCall
};

struct Level { // a position in the tree of blocks
  const Block *block = nullptr;
  size_t item = 0;
  const Item *loop = nullptr;
  uint64_t left = 0; // rounds
  std::unique_ptr<Mark> mark = nullptr;
  bool listedCall = false;
};

struct Logged { // a fabric op of a model PE
  double issue = 0;
  std::vector<Segment> segments; // when its elements were processed
  double end = 0;
};

struct Span { // from first issue to last end
  double first = -1, last = -1;
  void cover(double from, double to) {
    first = first < 0 ? from : std::min(first, from);
    last = std::max(last, to);
  }
};

struct Issued {
  const TimedOp *op;
  double at;
  size_t number;
  uint32_t kernel;
};

struct PE {
  uint32_t cls = 0, x = 0, y = 0;
  int32_t model = -1; // PE of its kind on the crossing row and column
  bool isModel = false;
  double t = 0;
  size_t run = 0; // of ClassCode::runs
  std::vector<Level> stack;
  std::vector<Channel> channels;
  std::vector<Source> sources;
  std::vector<double> threads;             // microthread busy until
  std::vector<std::deque<Issued>> pending; // issued ops, by microthread
  std::map<size_t, Logged> log;            // of a model PE, by number of the op
  size_t ops = 0;                          // issued so far
  std::vector<double> activated;           // by task id
  std::vector<int32_t> waiters;            // PEs that wait for this one
  uint32_t kernel = NoKernel;              // of the listed call it is in
  size_t nextCall = 0;                     // into ClassCode::callKernels
  std::vector<Span> calls;                 // if rounds are skipped
  bool done = false, queued = false;
};

class Timeline {
public:
  Timeline(const bin::Program &p, const Target &t,
           const std::vector<std::unique_ptr<ClassCode>> &codes,
           const Traffic &traffic)
      : p(p), t(t), codes(codes), traffic(traffic) {}
  Estimate run();

private:
  void choosePEs();
  static std::vector<uint32_t> follow(const Kinds &kinds,
                                      std::vector<int32_t> &slot);
  static uint32_t nearest(const Kinds &kinds, uint32_t at);
  int32_t classAt(uint32_t x, uint32_t y) const;
  int32_t addPE(uint32_t x, uint32_t y);
  void findSources();
  void findSource(PE &pe, uint8_t color);
  bool advance(PE &pe, bool force);
  bool step(PE &pe, bool force);
  bool startTask(PE &pe);
  bool doItem(PE &pe, const Item &item, bool force);
  bool endBlock(PE &pe);
  void skipRounds(PE &pe, Level &l);
  std::optional<double> perform(PE &pe, const Issued &what, bool force);
  bool arrivals(PE &pe, Source &s, uint64_t n, std::vector<Segment> &out,
                bool force);
  bool copied(PE &pe, const Issued &what, std::vector<Segment> &out,
              double &end);
  double process(const TimedOp &op, double ready,
                 const std::vector<Segment> &in, std::vector<Segment> &out);
  void emit(PE &pe, const TimedOp &op, const std::vector<Segment> &segments);
  void consume(PE &pe, const TimedOp &op);
  void drain(PE &pe, bool force);
  void charge(PE &pe, uint32_t kernel, double cycles);
  static uint32_t kernelOf(const PE &pe, uint32_t kernel) {
    return kernel == CallerKernel ? pe.kernel : kernel;
  }
  void cover(uint32_t kernel, double from, double to);
  void enterCall(PE &pe, const Item &item);
  void skipCalls(PE &pe, const Mark &m, uint64_t rounds);
  void wait(PE &pe, int32_t on) { pes[on].waiters.push_back(idOf(pe)); }
  int32_t idOf(const PE &pe) const { return int32_t(&pe - pes.data()); }
  void wake(PE &pe);
  Channel &channel(PE &pe, uint8_t color);
  Source *source(PE &pe, int color);

  const bin::Program &p;
  const Target &t;
  const std::vector<std::unique_ptr<ClassCode>> &codes;
  const Traffic &traffic;
  std::vector<PE> pes;
  Kinds columns, rows;
  std::vector<int32_t> rowSlot, columnSlot; // followed? its index, else -1
  std::vector<std::vector<int32_t>> rowPEs, columnPEs;
  std::deque<int32_t> work;
  std::vector<Span> kernels; // over all PEs
  uint64_t forced = 0;
  bool skipping = false;
};

// Above so many ops over all followed PEs, loops are cut short.
constexpr uint64_t MaxOps = 4000000;
constexpr uint64_t MinRounds = 6;

} // namespace

//===----------------------------------------------------------------------===//
// Which PEs are followed
//===----------------------------------------------------------------------===//

int32_t Timeline::classAt(uint32_t x, uint32_t y) const {
  for (size_t k = 0; k < p.classes.size(); ++k)
    for (const Pattern &w : p.classes[k].where)
      if (w.contains(x, y))
        return int32_t(k);
  return -1;
}

int32_t Timeline::addPE(uint32_t x, uint32_t y) {
  int32_t c = classAt(x, y);
  if (c < 0)
    return -1;
  PE pe;
  pe.cls = uint32_t(c);
  pe.x = x;
  pe.y = y;
  pe.threads.assign(t.microthreads.value + 1, 0);
  pe.pending.resize(pe.threads.size());
  pe.activated.assign(32, -1);
  pes.push_back(std::move(pe));
  return int32_t(pes.size() - 1);
}

/// The first and the last of each kind are followed.
std::vector<uint32_t> Timeline::follow(const Kinds &kinds,
                                       std::vector<int32_t> &slot) {
  std::vector<uint32_t> chosen;
  for (const Kind &k : kinds.kinds)
    for (uint32_t c : {k.at.front(), k.at.back()})
      if (slot[c] < 0) {
        slot[c] = int32_t(chosen.size());
        chosen.push_back(c);
      }
  return chosen;
}

/// The followed coordinate of the same kind that is nearer.
uint32_t Timeline::nearest(const Kinds &kinds, uint32_t at) {
  const std::vector<uint32_t> &all = kinds.kinds[kinds.kindOf[at]].at;
  return at - all.front() <= all.back() - at ? all.front() : all.back();
}

void Timeline::choosePEs() {
  std::vector<Pattern> patterns;
  for (const bin::PEClass &c : p.classes)
    patterns.insert(patterns.end(), c.where.begin(), c.where.end());
  columns = kindsOf(patterns, true, p.gridW);
  rows = kindsOf(patterns, false, p.gridH);
  rowSlot.assign(p.gridH, -1);
  columnSlot.assign(p.gridW, -1);
  std::vector<uint32_t> ys = follow(rows, rowSlot);
  std::vector<uint32_t> xs = follow(columns, columnSlot);
  rowPEs.assign(ys.size(), std::vector<int32_t>(p.gridW, -1));
  columnPEs.assign(xs.size(), std::vector<int32_t>(p.gridH, -1));
  for (size_t k = 0; k < ys.size(); ++k)
    for (uint32_t x = 0; x < p.gridW; ++x) {
      int32_t id = rowPEs[k][x] = addPE(x, ys[k]);
      if (columnSlot[x] >= 0)
        columnPEs[columnSlot[x]][ys[k]] = id;
    }
  for (size_t k = 0; k < xs.size(); ++k)
    for (uint32_t y = 0; y < p.gridH; ++y)
      if (rowSlot[y] < 0)
        columnPEs[k][y] = addPE(xs[k], y);
  for (PE &pe : pes) {
    uint32_t x = nearest(columns, pe.x), y = nearest(rows, pe.y);
    if (columnSlot[pe.x] >= 0)
      x = pe.x;
    if (rowSlot[pe.y] >= 0)
      y = pe.y;
    pe.model = rowPEs[rowSlot[y]][x];
    pe.isModel = pe.model == idOf(pe);
  }
}

void Timeline::findSource(PE &pe, uint8_t color) {
  Source s;
  s.color = color;
  for (const Delivery &d : traffic.deliveries[color]) {
    if (!d.where.contains(pe.x, pe.y))
      continue;
    int64_t sx = d.senderX(pe.x), sy = d.senderY(pe.y);
    if (sx < 0 || sy < 0 || sx >= p.gridW || sy >= p.gridH)
      continue;
    s.latency = 1 + 2.0 * t.ramp + double(t.hop) * d.hopsAt(pe.x, pe.y);
    if (rowSlot[sy] >= 0)
      s.pe = rowPEs[rowSlot[sy]][sx];
    else if (columnSlot[sx] >= 0)
      s.pe = columnPEs[columnSlot[sx]][sy];
    else if (pe.isModel) // the sender's like in a followed row
      s.pe = rowPEs[rowSlot[nearest(rows, uint32_t(sy))]][sx];
    else
      s.copy = true;
    break;
  }
  pe.sources.push_back(s);
}

void Timeline::findSources() {
  for (PE &pe : pes)
    for (const auto &[color, n] : codes[pe.cls]->totals.received)
      findSource(pe, uint8_t(color));
}

//===----------------------------------------------------------------------===//
// One op
//===----------------------------------------------------------------------===//

Channel &Timeline::channel(PE &pe, uint8_t color) {
  for (Channel &c : pe.channels)
    if (c.color == color)
      return c;
  pe.channels.push_back({color, 0, {}});
  return pe.channels.back();
}

Source *Timeline::source(PE &pe, int color) {
  for (Source &s : pe.sources)
    if (s.color == color)
      return &s;
  return nullptr;
}

void Timeline::wake(PE &pe) {
  for (int32_t id : pe.waiters)
    if (!pes[id].queued && !pes[id].done) {
      pes[id].queued = true;
      work.push_back(id);
    }
  pe.waiters.clear();
}

/// When the next n words of s can be processed; false if their sender is not
/// that far yet.
bool Timeline::arrivals(PE &pe, Source &s, uint64_t n,
                        std::vector<Segment> &out, bool force) {
  if (s.pe < 0)
    return force;
  Channel &c = channel(pes[s.pe], s.color);
  if (c.sent < s.taken + n) {
    if (force)
      return true;
    wait(pe, s.pe);
    return false;
  }
  uint64_t word = s.taken, last = s.taken + n;
  for (size_t k = s.segment; word < last; ++k) {
    const Segment &g = c.segments[k];
    uint64_t end = std::min(last, g.first + g.n);
    if (end <= word)
      continue;
    out.push_back({word - s.taken, end - word, g.at(word) + s.latency,
                   g.at(end - 1) + s.latency});
    word = end;
  }
  return true;
}

/// Elements are processed as their words arrive, but not faster than the rate.
double Timeline::process(const TimedOp &op, double ready,
                         const std::vector<Segment> &in,
                         std::vector<Segment> &out) {
  double pace = std::max(1.0, op.rate / 1000.0), next = ready;
  if (in.empty()) {
    out.push_back({0, op.elements, ready, ready + pace * (op.elements - 1)});
    next = out.back().t1 + pace;
  }
  for (const Segment &g : in) {
    double t0 = std::max(next, g.t0);
    double t1 = std::max(t0 + pace * double(g.n - 1), g.t1);
    out.push_back({g.first, g.n, t0, t1});
    next = t1 + pace;
  }
  return std::ceil(next);
}

/// The op of the model PE with the same number, shifted.
bool Timeline::copied(PE &pe, const Issued &what, std::vector<Segment> &out,
                      double &end) {
  auto it = pes[pe.model].log.find(what.number);
  if (it == pes[pe.model].log.end()) {
    wait(pe, pe.model);
    return false;
  }
  const Logged &l = it->second;
  double shift = what.at - l.issue;
  for (Segment g : l.segments) {
    g.t0 += shift;
    g.t1 += shift;
    out.push_back(g);
  }
  end = l.end + shift;
  return true;
}

void Timeline::emit(PE &pe, const TimedOp &op,
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

void Timeline::consume(PE &pe, const TimedOp &op) {
  for (int color : op.in) {
    Source *s = color == NoColor ? nullptr : source(pe, color);
    if (!s)
      continue;
    s->taken += op.elements;
    if (s->pe < 0)
      continue;
    const Channel &c = channel(pes[s->pe], s->color);
    while (s->segment < c.segments.size() &&
           c.segments[s->segment].first + c.segments[s->segment].n <= s->taken)
      ++s->segment;
  }
}

/// Performs an issued op; the end of its last element, or nothing if it must
/// wait for a PE whose time is not known yet.
std::optional<double> Timeline::perform(PE &pe, const Issued &what,
                                        bool force) {
  const TimedOp &op = *what.op;
  double ready = what.at + t.vectorSetup, end = 0;
  std::vector<Segment> in, out;
  bool copy = false;
  if (op.in[0] == NoColor && op.out == NoColor)
    return ready + double(Target::elementCycles(op.elements, op.rate));
  for (int color : op.in) {
    Source *s = color == NoColor ? nullptr : source(pe, color);
    if (!s)
      continue;
    copy |= s->copy;
    std::vector<Segment> more;
    if (!s->copy && !arrivals(pe, *s, op.elements, more, force))
      return std::nullopt;
    if (in.empty() || (!more.empty() && more.back().t1 > in.back().t1))
      in = std::move(more); // of two inputs the later one sets the pace
  }
  if (copy && !force) {
    if (!copied(pe, what, out, end))
      return std::nullopt;
  } else {
    end = process(op, ready, in, out);
  }
  emit(pe, op, out);
  consume(pe, op);
  if (pe.isModel)
    pe.log[what.number] = {what.at, std::move(out), end};
  if (pe.isModel || op.out != NoColor)
    wake(pe);
  return end;
}

//===----------------------------------------------------------------------===//
// One PE
//===----------------------------------------------------------------------===//

void Timeline::charge(PE &pe, uint32_t kernel, double cycles) {
  cover(kernelOf(pe, kernel), pe.t, pe.t + cycles);
  pe.t += cycles;
}

void Timeline::cover(uint32_t kernel, double from, double to) {
  if (kernel < kernels.size())
    kernels[kernel].cover(from, to);
}

void Timeline::enterCall(PE &pe, const Item &item) {
  const std::vector<uint32_t> &list = codes[pe.cls]->callKernels;
  pe.kernel = pe.nextCall < list.size() ? list[pe.nextCall] : NoKernel;
  if (skipping && pe.nextCall < list.size())
    pe.calls.push_back({pe.t, pe.t});
  ++pe.nextCall;
  charge(pe, CallerKernel, double(item.cycles));
}

/// Performs what microthreads were given, as far as arrivals are known.
void Timeline::drain(PE &pe, bool force) {
  for (size_t m = 0; m < pe.pending.size(); ++m)
    while (!pe.pending[m].empty()) {
      auto end = perform(pe, pe.pending[m].front(), force);
      if (!end)
        break;
      cover(pe.pending[m].front().kernel, pe.pending[m].front().at, *end);
      pe.threads[m] = *end;
      pe.pending[m].pop_front();
      force = false;
    }
}

bool Timeline::startTask(PE &pe) {
  const ClassCode &code = *codes[pe.cls];
  if (pe.run >= code.runs.size()) {
    drain(pe, false);
    pe.done = std::all_of(pe.pending.begin(), pe.pending.end(),
                          [](const auto &q) { return q.empty(); });
    return false;
  }
  const TaskRun &r = code.runs[pe.run++];
  if (r.id < pe.activated.size() && pe.activated[r.id] >= 0) {
    pe.t = std::max(pe.t, pe.activated[r.id] + t.taskActivate);
    pe.activated[r.id] = -1;
  }
  pe.stack.push_back({r.block});
  return true;
}

/// In a long program, the rounds of a loop after the first few are taken to be
/// like the last one: time, words and ops advance by as much.
void Timeline::skipRounds(PE &pe, Level &l) {
  uint64_t done = l.loop->cycles - l.left;
  bool pending = std::any_of(pe.pending.begin(), pe.pending.end(),
                             [](const auto &q) { return !q.empty(); });
  if (!skipping || done < MinRounds || l.left <= 2 || pending)
    return;
  if (!l.mark || done == MinRounds) {
    l.mark = std::make_unique<Mark>(Mark{pe.t, pe.ops, {}, {}, pe.nextCall});
    for (const Channel &c : pe.channels)
      l.mark->sent.push_back(c.sent);
    for (const Source &s : pe.sources)
      l.mark->taken.push_back(s.taken);
    return;
  }
  const Mark &m = *l.mark;
  uint64_t rounds = l.left - 1; // the last one is followed again
  double span = (pe.t - m.t) * double(rounds);
  for (size_t k = 0; k < pe.channels.size(); ++k) {
    Channel &c = pe.channels[k];
    uint64_t n = (c.sent - (k < m.sent.size() ? m.sent[k] : 0)) * rounds;
    if (n)
      c.segments.push_back({c.sent, n, pe.t, pe.t + span});
    c.sent += n;
  }
  for (size_t k = 0; k < pe.sources.size(); ++k)
    pe.sources[k].taken += (pe.sources[k].taken - m.taken[k]) * rounds;
  pe.ops += (pe.ops - m.ops) * rounds;
  skipCalls(pe, m, rounds);
  charge(pe, l.loop->kernel, span);
  l.left = 1;
  wake(pe);
}

/// The calls of skipped rounds, each a period after its like in the round
/// before.
void Timeline::skipCalls(PE &pe, const Mark &m, uint64_t rounds) {
  const std::vector<uint32_t> &list = codes[pe.cls]->callKernels;
  size_t n = pe.nextCall - m.call;
  double period = pe.t - m.t;
  size_t end =
      llvm::SaturatingAdd(pe.nextCall, llvm::SaturatingMultiply(n, rounds));
  for (; pe.nextCall < std::min(end, list.size()); ++pe.nextCall) {
    Span s = pe.calls[pe.nextCall - n];
    pe.calls.push_back({s.first + period, s.last + period});
    cover(list[pe.nextCall], pe.calls.back().first, pe.calls.back().last);
  }
  pe.nextCall = end;
}

/// The innermost block is through: the next round of its loop, or up.
bool Timeline::endBlock(PE &pe) {
  Level &l = pe.stack.back();
  if (l.loop) {
    bool last = --l.left == 0;
    charge(pe, l.loop->kernel,
           last && l.loop->index ? t.branchNotTaken : t.branchTaken);
    if (!last) {
      l.item = 0;
      skipRounds(pe, l);
      return true;
    }
  }
  if (l.listedCall) {
    pe.kernel = NoKernel;
    if (pe.calls.size() == pe.nextCall && !pe.calls.empty())
      pe.calls.back().last = pe.t;
  }
  pe.stack.pop_back();
  return true;
}

bool Timeline::doItem(PE &pe, const Item &item, bool force) {
  switch (item.kind) {
  case Item::Local:
    charge(pe, item.kernel, double(item.cycles));
    return true;
  case Item::Activate:
    if (item.index < pe.activated.size() && pe.activated[item.index] < 0)
      pe.activated[item.index] = pe.t;
    return true;
  case Item::Halt:
    pe.stack.clear();
    pe.run = codes[pe.cls]->runs.size();
    return true;
  case Item::EndTask:
    pe.stack.clear();
    return true;
  case Item::Wait: {
    size_t m = std::min<size_t>(item.index, pe.pending.size() - 1);
    if (!pe.pending[m].empty())
      return false; // drain() left it: its words are not known yet
    charge(pe, item.kernel, std::max(0.0, pe.threads[m] - pe.t));
    return true;
  }
  case Item::Op: {
    const TimedOp &op = codes[pe.cls]->ops[item.index];
    if (op.async) {
      size_t m = std::min<size_t>(op.microthread, pe.pending.size() - 1);
      if (!pe.pending[m].empty())
        return false;
      charge(pe, item.kernel,
             std::max(0.0, pe.threads[m] - pe.t) + t.scalarAlu);
      pe.pending[m].push_back({&op, pe.t, pe.ops++, kernelOf(pe, op.kernel)});
      drain(pe, false);
      return true;
    }
    auto end = perform(pe, {&op, pe.t, pe.ops, NoKernel}, force);
    if (!end)
      return false;
    ++pe.ops;
    charge(pe, item.kernel, *end - pe.t);
    return true;
  }
  default:
    return true;
  }
}

/// One item; false if the PE must wait.
bool Timeline::step(PE &pe, bool force) {
  if (pe.stack.empty())
    return startTask(pe);
  Level &l = pe.stack.back();
  if (l.item >= l.block->items.size())
    return endBlock(pe);
  const Item &item = l.block->items[l.item];
  if (item.kind == Item::Loop || item.kind == Item::Call) {
    ++l.item;
    bool loop = item.kind == Item::Loop;
    if (item.listed())
      enterCall(pe, item);
    pe.stack.push_back({item.body, 0, loop ? &item : nullptr, item.cycles,
                        nullptr, item.listed()});
    return true;
  }
  if (!doItem(pe, item, force))
    return false;
  if (!pe.stack.empty())
    ++pe.stack.back().item;
  return true;
}

/// As far as it goes; true if anything moved.
bool Timeline::advance(PE &pe, bool force) {
  bool moved = false;
  drain(pe, force);
  while (!pe.done && step(pe, force)) {
    moved = true;
    force = false;
  }
  return moved;
}

Estimate Timeline::run() {
  choosePEs();
  findSources();
  kernels.resize(p.kernels.size());
  uint64_t total = 0;
  for (const PE &pe : pes)
    total = llvm::SaturatingAdd(total, codes[pe.cls]->totals.timedOps);
  skipping = total > MaxOps;
  for (size_t k = 0; k < pes.size(); ++k) {
    pes[k].queued = true;
    work.push_back(int32_t(k));
  }
  size_t firstOpen = 0;
  while (firstOpen < pes.size()) {
    while (!work.empty()) {
      PE &pe = pes[work.front()];
      work.pop_front();
      pe.queued = false;
      advance(pe, false);
    }
    while (firstOpen < pes.size() && pes[firstOpen].done)
      ++firstOpen;
    if (firstOpen < pes.size()) { // a program that would hang: go on anyway
      ++forced;
      advance(pes[firstOpen], true);
    }
    if (forced > 100000)
      break;
  }
  Estimate e;
  e.forced = forced;
  double end = 0;
  for (PE &pe : pes) {
    for (double busy : pe.threads)
      pe.t = std::max(pe.t, busy);
    end = std::max(end, pe.t);
  }
  for (const Span &s : kernels)
    e.kernels.push_back({uint64_t(std::max(0.0, s.first) + 0.5),
                         uint64_t(std::max(0.0, s.last) + 0.5)});
  e.cycles = uint64_t(end + 0.5);
  return e;
}

Estimate
cost::estimateCycles(const bin::Program &p, const Target &t,
                     const std::vector<std::unique_ptr<ClassCode>> &codes,
                     const Traffic &traffic) {
  return Timeline(p, t, codes, traffic).run();
}
