//===- ReferenceTest.cpp - Events against a clock that visits everything --===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The simulator only looks where something can happen. Here is the same machine
// as plainly as docs/machine-model.md states it: every router and PE in every
// cycle, decisions first and changes after. Random traffic must take the same
// time in both, PE by PE.
//
//===----------------------------------------------------------------------===//
#include "Build.h"
#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

using namespace weft;
using namespace weft::sim;

namespace {

//===----------------------------------------------------------------------===//
// Random traffic
//===----------------------------------------------------------------------===//

/// One step of a PE's script. Colours are -1 if the op has no such operand.
struct Step {
  enum Kind { Idle, Op, Wait } kind = Idle;
  int in0 = -1, in1 = -1, out = -1;
  unsigned words = 0, thread = 0, rate = 1000;
  bool async = false, advance = false;
};

struct Setting {
  uint8_t rx = 0, tx = 0;
};

struct Traffic {
  uint32_t w = 1, h = 1;
  std::vector<std::map<int, Setting>> routes;        // [router][colour]
  std::vector<std::map<int, Setting>> later;         // second positions
  std::vector<std::vector<Step>> scripts;            // [PE]
  std::vector<std::map<int, int>> inQueue, outQueue; // [PE][colour]
};

class Generator {
public:
  explicit Generator(unsigned seed) : rng(seed) {}
  Traffic run();

private:
  unsigned pick(unsigned n) { return rng() % n; }
  std::vector<uint32_t> tree(int color, uint32_t from);
  bool gather(int color, unsigned words);
  void addStep(uint32_t pe, int in, int out, unsigned words);

  std::mt19937 rng;
  Traffic t;
  std::vector<std::map<unsigned, Step>> busy; // [PE][thread]
};

constexpr int Dx[] = {0, 0, 1, -1}, Dy[] = {-1, 1, 0, 0};

/// Grows a random route from `from`; returns the PEs it reaches.
std::vector<uint32_t> Generator::tree(int color, uint32_t from) {
  std::vector<uint32_t> open = {from}, reached;
  t.routes[from][color].rx = bin::Ramp;
  unsigned budget = 1 + pick(t.w * t.h);
  while (!open.empty()) {
    uint32_t r = open.back();
    open.pop_back();
    Setting &s = t.routes[r][color];
    for (unsigned d = 0; d < 4; ++d) {
      int x = int(r % t.w) + Dx[d], y = int(r / t.w) + Dy[d];
      if (x < 0 || y < 0 || x >= int(t.w) || y >= int(t.h) || !budget ||
          pick(3))
        continue;
      uint32_t next = uint32_t(y) * t.w + uint32_t(x);
      if (t.routes[next].count(color))
        continue;
      --budget;
      s.tx |= 1u << d;
      t.routes[next][color].rx = 1u << (d ^ 1);
      open.push_back(next);
    }
    bool canDrop = r != from && t.inQueue[r].size() < 6;
    if (canDrop && (!s.tx || pick(2))) {
      s.tx |= bin::Ramp;
      t.inQueue[r][color] = 2 + int(t.inQueue[r].size());
      reached.push_back(r);
    }
  }
  return reached;
}

/// The PEs to the east of one send to it over routers with switches.
bool Generator::gather(int color, unsigned words) {
  uint32_t root = pick(t.w * t.h), x = root % t.w, n = t.w - 1 - x;
  if (n < 2 || t.inQueue[root].size() == 6)
    return false;
  for (uint32_t pe = root + 1; pe <= root + n; ++pe)
    if (t.outQueue[pe].size() == 4)
      return false;
  t.routes[root][color] = {bin::East, bin::Ramp};
  t.inQueue[root][color] = 2 + int(t.inQueue[root].size());
  for (uint32_t pe = root + 1; pe <= root + n; ++pe) {
    t.routes[pe][color] = {bin::Ramp, bin::West};
    t.outQueue[pe][color] = 2 + int(t.outQueue[pe].size());
    addStep(pe, -1, color, words);
    addStep(root, color, -1, words);
    t.scripts[root].back().async = false; // one after the other
    if (pe == root + n)
      break;
    t.later[pe][color] = {bin::East, bin::West};
    t.scripts[pe].back().advance = true;
  }
  return true;
}

void Generator::addStep(uint32_t pe, int in, int out, unsigned words) {
  std::vector<Step> &script = t.scripts[pe];
  if (pick(3) == 0)
    script.push_back({Step::Idle, -1, -1, -1, 1 + pick(40)});
  Step *last = script.empty() ? nullptr : &script.back();
  bool relay = last && last->kind == Step::Op && last->out < 0 && out >= 0 &&
               last->words == words && last->in0 != out && pick(2);
  if (relay) { // the send joins the receive before it
    last->out = out;
    last->rate = 1000;
    return;
  }
  Step s;
  s.kind = Step::Op;
  s.in0 = in;
  s.out = out;
  s.words = words;
  s.rate = in >= 0 ? 2000 : 1000;
  s.async = pick(3) == 0;
  if (s.async) {
    s.thread = pick(4);
    script.push_back({Step::Wait, -1, -1, -1, 0, s.thread});
  }
  script.push_back(s);
}

/// Nothing is dropped by a route that reaches nobody.
static bool complete(const Traffic &t, int color) {
  for (const auto &r : t.routes)
    if (auto it = r.find(color); it != r.end() && !it->second.tx)
      return false;
  return true;
}

Traffic Generator::run() {
  t.w = 1 + pick(5);
  t.h = 1 + pick(4);
  if (t.w * t.h == 1)
    t.w = 2;
  size_t n = size_t(t.w) * t.h;
  t.routes.resize(n);
  t.later.resize(n);
  t.scripts.resize(n);
  t.inQueue.resize(n);
  t.outQueue.resize(n);
  unsigned common = 1 + pick(30);
  for (int color = 0; color < int(2 + pick(19)); ++color) {
    if (pick(4) == 0 && gather(color, 1 + pick(30)))
      continue;
    uint32_t from = pick(n);
    Traffic before = t;
    std::vector<uint32_t> to;
    if (t.outQueue[from].size() < 4)
      to = tree(color, from);
    if (to.empty() || !complete(t, color)) {
      t = before;
      continue;
    }
    t.outQueue[from][color] = 2 + int(t.outQueue[from].size());
    unsigned words = pick(2) ? common : 1 + pick(60);
    addStep(from, -1, color, words);
    for (uint32_t pe : to)
      addStep(pe, color, -1, words);
  }
  for (auto &script : t.scripts)
    for (unsigned m = 0; m < 4; ++m)
      script.push_back({Step::Wait, -1, -1, -1, 0, m});
  return t;
}

//===----------------------------------------------------------------------===//
// As a program
//===----------------------------------------------------------------------===//

std::string textOf(const Traffic &t, uint32_t pe, const Step &s) {
  auto n = [](unsigned k) { return std::to_string(k); };
  if (s.kind == Step::Wait)
    return "wait " + n(s.thread) + "\n";
  std::string text;
  if (s.kind == Step::Idle) {
    for (unsigned i = 0; i < s.words; ++i)
      text += "nop\n";
    return text;
  }
  std::string in = s.in0 >= 0 ? "in" + n(t.inQueue[pe].at(s.in0)) : "r2";
  std::string out = s.out >= 0 ? "out" + n(t.outQueue[pe].at(s.out)) : "";
  text = s.out < 0   ? "vrsum r1, " + in
         : s.in0 < 0 ? "vmov " + out + ", " + in
                     : "vfmul " + out + ", " + in + ", r2";
  text += ", len=" + n(s.words);
  return text + (s.async ? ", async=" + n(s.thread) : "") +
         (s.advance ? ", advance\n" : "\n");
}

Builder programOf(const Traffic &t) {
  Builder b(t.w, t.h);
  for (uint32_t r = 0; r < t.routes.size(); ++r) {
    bin::Pattern at = {r % t.w, r / t.w, 1, 1, 1, 1};
    for (auto [color, s] : t.routes[r])
      b.route(uint8_t(color), at, s.rx, s.tx);
    for (auto [color, s] : t.later[r])
      b.p.switches.push_back({at, uint8_t(color), 1, s.rx, s.tx});
    std::string text;
    for (const Step &s : t.scripts[r])
      text += textOf(t, r, s);
    std::vector<bin::QueueBinding> queues;
    for (auto [color, q] : t.inQueue[r])
      queues.push_back({false, uint8_t(q), uint8_t(color)});
    for (auto [color, q] : t.outQueue[r])
      queues.push_back({true, uint8_t(q), uint8_t(color)});
    b.cls("pe" + std::to_string(r), at, text + "halt\n", queues);
  }
  return b;
}

/// The kernel (or -1) of each PE's steps, drawn; the code's ranges say it.
using StepKernels = std::vector<std::vector<int>>;

StepKernels drawKernels(const Traffic &t, Builder &b, unsigned seed) {
  std::mt19937 rng(seed);
  for (const char *name : {"k0", "k1", "k2"})
    b.p.kernels.push_back({name, "", {}, {}, 0});
  StepKernels all(t.scripts.size());
  for (uint32_t p = 0; p < t.scripts.size(); ++p) {
    uint32_t at = 0;
    for (const Step &s : t.scripts[p]) {
      uint32_t end = at + Builder::assemble(textOf(t, p, s)).size();
      int kernel = int(rng() % 4) - 1;
      all[p].push_back(kernel);
      if (kernel >= 0)
        b.p.classes[p].ranges.push_back({at, end, uint32_t(kernel)});
      at = end;
    }
  }
  return all;
}

//===----------------------------------------------------------------------===//
// The plain machine
//===----------------------------------------------------------------------===//

struct Running {
  Step step;
  uint64_t earliest = 0;
  unsigned left = 0, carry = 0;
};

struct PlainPE {
  size_t next = 0;
  uint64_t time = 0; // of the next instruction
  bool halted = false;
  int waits = -1;
  std::map<unsigned, Running> ops; // slot 0: synchronous; 1 + thread
  unsigned turn = 0;
  std::vector<uint64_t> starts; // of each step, and of the halt
  uint64_t end() const { return time; }
};

/// A queue of (first cycle out, does it advance); the content does not matter
/// here.
struct PlainFifo {
  std::deque<std::pair<uint64_t, bool>> ready;
  size_t capacity = 0;
};

class PlainMachine {
public:
  PlainMachine(const Traffic &t, const Target &m);
  bool run();
  std::vector<PlainPE> pes;
  uint64_t hops = 0, first = ~uint64_t(0), last = 0;

private:
  using Key = std::pair<uint32_t, int>; // router or PE, colour
  /// A router has a buffer for each port that a colour comes from.
  static Key port(uint32_t r, int color, unsigned rx) {
    return {r, color + 100 * int(rx)};
  }
  const Setting &setting(uint32_t r, int color) const {
    return (moved.count({r, color}) ? t.later : t.routes)[r].at(color);
  }
  bool hasRoom(const PlainFifo &f) const { return f.ready.size() < f.capacity; }
  bool isReady(const PlainFifo &f) const {
    return !f.ready.empty() && f.ready.front().first <= now;
  }
  PlainFifo &target(uint32_t r, int color, unsigned dir) {
    if (dir == 4)
      return inputs.at({r, color});
    return routers.at(port(uint32_t(int(r) + Dx[dir] + Dy[dir] * int(t.w)),
                           color, 1u << (dir ^ 1)));
  }
  void decideRouter(uint32_t r);
  void decidePE(uint32_t p);
  void issue(uint32_t p);
  bool canStep(uint32_t p, const Running &op);
  void element(uint32_t p, unsigned slot);

  const Traffic &t;
  const Target &m;
  uint64_t now = 0;
  std::map<Key, PlainFifo> routers, inputs;
  std::map<std::pair<uint32_t, unsigned>, int> lastColor;
  std::set<Key> moved;           // switches, by colour
  std::vector<PlainFifo *> pops; // of this cycle
  struct Push {
    PlainFifo *to;
    uint64_t at;
    bool advances = false;
  };
  std::vector<Push> pushes;
  std::vector<Key> moves;
  std::vector<std::pair<uint32_t, unsigned>> finished;
};

PlainMachine::PlainMachine(const Traffic &t, const Target &m) : t(t), m(m) {
  pes.resize(t.scripts.size());
  for (uint32_t r = 0; r < t.routes.size(); ++r) {
    for (const auto *settings : {&t.routes[r], &t.later[r]})
      for (auto [color, s] : *settings)
        routers[port(r, color, s.rx)].capacity =
            s.rx == bin::Ramp
                ? m.outQueueDepth.value[t.outQueue[r].at(color)] + m.ramp
                : m.routerBuffer + m.hop;
    for (auto [color, q] : t.inQueue[r])
      inputs[{r, color}].capacity = m.inQueueDepth.value[q] + m.ramp;
  }
}

void PlainMachine::decideRouter(uint32_t r) {
  std::vector<int> able; // ascending
  for (auto [color, first] : t.routes[r]) {
    const Setting &s = setting(r, color);
    bool ok = isReady(routers[port(r, color, s.rx)]);
    for (unsigned d = 0; d < 5; ++d)
      if (s.tx >> d & 1)
        ok = ok && hasRoom(target(r, color, d));
    if (ok)
      able.push_back(color);
  }
  unsigned taken = 0;
  for (unsigned d = 0; d < 5; ++d) {
    std::vector<int> want;
    for (int c : able)
      if ((setting(r, c).tx >> d & 1) && !(setting(r, c).tx & taken))
        want.push_back(c);
    if ((taken >> d & 1) || want.empty())
      continue;
    auto seen = lastColor.find({r, d});
    int winner = want[0];
    if (seen != lastColor.end())
      for (int c : want)
        if (c > seen->second) {
          winner = c;
          break;
        }
    auto [rx, tx] = setting(r, winner);
    taken |= tx;
    PlainFifo &from = routers[port(r, winner, rx)];
    if (from.ready.front().second)
      moves.push_back({r, winner});
    pops.push_back(&from);
    for (unsigned e = 0; e < 5; ++e)
      if (tx >> e & 1) {
        lastColor[{r, e}] = winner;
        pushes.push_back(
            {&target(r, winner, e), now + (e == 4 ? m.ramp : m.hop)});
        hops += e != 4;
      }
  }
}

void PlainMachine::issue(uint32_t p) {
  PlainPE &pe = pes[p];
  while (!pe.halted && pe.time <= now && !pe.ops.count(0) && pe.waits < 0) {
    pe.starts.push_back(pe.time);
    if (pe.next == t.scripts[p].size()) {
      pe.halted = true;
      pe.time += m.scalarAlu;
      return;
    }
    const Step &s = t.scripts[p][pe.next++];
    if (s.kind == Step::Idle) {
      pe.time += s.words * m.scalarAlu;
    } else if (s.kind == Step::Wait) {
      if (pe.ops.count(1 + s.thread))
        pe.waits = int(s.thread);
      else
        pe.time += m.scalarAlu;
    } else {
      if (s.async)
        pe.time += m.scalarAlu;
      pe.ops[s.async ? 1 + s.thread : 0] = {s, pe.time + m.setup.fabric,
                                            s.words, 0};
    }
  }
}

bool PlainMachine::canStep(uint32_t p, const Running &op) {
  return op.earliest <= now &&
         (op.step.in0 < 0 || isReady(inputs.at({p, op.step.in0}))) &&
         (op.step.out < 0 ||
          hasRoom(routers.at(port(p, op.step.out, bin::Ramp))));
}

void PlainMachine::element(uint32_t p, unsigned slot) {
  Running &op = pes[p].ops[slot];
  if (op.step.in0 >= 0)
    pops.push_back(&inputs.at({p, op.step.in0}));
  if (op.step.out >= 0)
    pushes.push_back({&routers.at(port(p, op.step.out, bin::Ramp)),
                      now + 1 + m.ramp, op.step.advance && op.left == 1});
  first = std::min(first, now);
  last = std::max(last, now + 1);
  op.carry += op.step.rate;
  op.earliest = now + op.carry / 1000;
  op.carry %= 1000;
  if (slot)
    pes[p].turn = slot + 1;
  if (--op.left == 0)
    finished.push_back({p, slot});
}

void PlainMachine::decidePE(uint32_t p) {
  issue(p);
  PlainPE &pe = pes[p];
  for (unsigned k = 0; k < 10; ++k) {
    unsigned slot = k == 0 ? 0 : 1 + (std::max(1u, pe.turn) - 1 + k - 1) % 9;
    auto it = pe.ops.find(slot);
    if (it != pe.ops.end() && canStep(p, it->second))
      return element(p, slot);
  }
}

/// False if nothing ends within a long time.
bool PlainMachine::run() {
  for (; now < 20000; ++now) {
    for (uint32_t i = 0; i < pes.size(); ++i) {
      decideRouter(i);
      decidePE(i);
    }
    for (PlainFifo *f : pops)
      f->ready.pop_front();
    for (const Push &f : pushes)
      f.to->ready.push_back({f.at, f.advances});
    moved.insert(moves.begin(), moves.end());
    for (auto [p, slot] : finished) {
      PlainPE &pe = pes[p];
      uint64_t end = pe.ops[slot].earliest;
      pe.ops.erase(slot);
      if (slot == 0) {
        pe.time = end;
      } else if (pe.waits == int(slot) - 1) {
        pe.time = std::max<uint64_t>(pe.time + m.scalarAlu, end);
        pe.waits = -1;
      }
    }
    pops.clear();
    pushes.clear();
    moves.clear();
    finished.clear();
    if (std::all_of(pes.begin(), pes.end(),
                    [](const PlainPE &p) { return p.halted; }))
      return true;
  }
  return false;
}

uint64_t busy(const TimeSplit &t) {
  return t.compute + t.setup + t.waitIn + t.waitOut;
}

/// The five add up, and a kernel's time is that of its steps.
void compareSplits(const Stats &stats, const PlainMachine &plain,
                   const StepKernels &kernelOf) {
  for (const TimeSplit &c : stats.classes)
    EXPECT_EQ(busy(c) + c.idle, c.pes * stats.cycles);
  for (int k = 0; k < 3; ++k) {
    const KernelStats &kernel = stats.kernels[k];
    uint64_t cycles = 0, pes = 0;
    for (size_t p = 0; p < plain.pes.size(); ++p) {
      const std::vector<uint64_t> &at = plain.pes[p].starts;
      for (size_t i = 0; i < kernelOf[p].size(); ++i)
        if (kernelOf[p][i] == k)
          cycles += at[i + 1] - at[i];
      pes += std::count(kernelOf[p].begin(), kernelOf[p].end(), k) != 0;
    }
    EXPECT_EQ(busy(kernel.time), cycles);
    EXPECT_EQ(kernel.time.pes, pes);
    EXPECT_EQ(busy(kernel.time) + kernel.time.idle,
              kernel.time.pes * kernel.cycles);
  }
}

unsigned switched; // programs that have switches and end

void compareOn(unsigned seed, const char *const *sets) {
  Traffic traffic = Generator(seed).run();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Builder b = programOf(traffic);
  StepKernels kernelOf = drawKernels(traffic, b, seed);
  for (; *sets; ++sets)
    llvm::cantFail(setField(b.t, *sets));
  PlainMachine plain(traffic, b.t);
  bool ends = plain.run();
  Ran r = runIt(b);
  ASSERT_EQ(r.error.empty(), ends) << r.error;
  if (!ends)
    return;
  switched += !b.p.switches.empty();
  EXPECT_EQ(r.stats.waveletHops, plain.hops);
  if (r.stats.fabricElements) {
    EXPECT_EQ(r.stats.firstElement, plain.first);
    EXPECT_EQ(r.stats.lastElement, plain.last);
  }
  for (size_t p = 0; p < plain.pes.size(); ++p) {
    const TimeSplit &c = r.stats.classes[p];
    ASSERT_EQ(busy(c), plain.pes[p].end()) << "PE " << p;
  }
  compareSplits(r.stats, plain, kernelOf);
}

} // namespace

TEST(SimReference, RandomTraffic) {
  const char *none[] = {nullptr};
  for (unsigned seed = 0; seed < 400; ++seed)
    compareOn(seed, none);
  EXPECT_GE(switched, 60u);
}

TEST(SimReference, RandomTrafficOnOtherMachines) {
  const char *slow[] = {"router.hop=2", "router.ramp=3", "router.buffer=1",
                        nullptr};
  const char *quick[] = {"vector.setup_fabric=1", "router.ramp=1", nullptr};
  for (unsigned seed = 1000; seed < 1200; ++seed)
    compareOn(seed, slow);
  for (unsigned seed = 2000; seed < 2200; ++seed)
    compareOn(seed, quick);
}
