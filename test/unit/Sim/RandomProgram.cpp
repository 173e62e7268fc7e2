//===- RandomProgram.cpp - Programs that do a bit of everything -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "RandomProgram.h"
#include <algorithm>
#include <map>
#include <random>

using namespace weft;
using namespace weft::sim;

namespace {

/// An op with fabric operands; colours are -1 if it has no such operand.
struct Step {
  int in0 = -1, in1 = -1, out = -1;
  unsigned words = 0;
  bool half = false, odd = false; // 16-bit elements; one less than fit
  bool advance = false;           // its last word moves the switch
  unsigned idle = 0, local = 0; // before it: nops, elements of an op in memory
};

struct Node {
  std::map<int, int> in, out; // queue of a colour
  std::vector<Step> steps;
};

class Generator {
public:
  explicit Generator(unsigned seed) : rng(seed) {}
  Builder run();

private:
  unsigned pick(unsigned n) { return rng() % n; }
  bool one(unsigned n) { return pick(n) == 0; }
  std::vector<uint32_t> tree(int color, uint32_t from);
  void grow(int color, uint32_t r, std::vector<uint32_t> &open);
  void addColor(int color);
  void message(int color, uint32_t from, const std::vector<uint32_t> &to);
  std::vector<uint32_t> walk();
  void gather(int color);
  void scatter(int color);
  void add(uint32_t node, bool sends, int color, const Step &like);
  void spoil();
  void emit(Builder &b, uint32_t node);
  std::string text(Node &n, const Step &s);
  std::string onThread(const Step &s, const std::string &op);
  std::string operand(const Step &s, const char *dsr);
  std::string operation(const Node &n, const Step &s);
  std::string receive(const std::string &in, const Step &s);
  std::string send(const std::string &out, const Step &s);

  std::mt19937 rng;
  uint32_t w = 1, h = 1, used = DataAddr, slice = DataAddr;
  unsigned common = 1;
  std::vector<Node> nodes;
  std::vector<std::map<int, std::pair<unsigned, unsigned>>> routes;
  struct Later {
    uint32_t node;
    int color;
    unsigned position, rx, tx;
  };
  std::vector<Later> switches;
  std::vector<uint32_t> lastReached;
  unsigned budget = 0;
  std::map<int, unsigned> threadOf; // of a colour, on the PE being written
  unsigned nextThread = 0;
};

constexpr int Dx[] = {0, 0, 1, -1}, Dy[] = {-1, 1, 0, 0};

/// Lets the route of `color` go on from `r`, straight on more often than not.
void Generator::grow(int color, uint32_t r, std::vector<uint32_t> &open) {
  auto &s = routes[r][color];
  for (unsigned d = 0; d < 4; ++d) {
    int x = int(r % w) + Dx[d], y = int(r / w) + Dy[d];
    bool ahead = s.first == 1u << (d ^ 1) || s.first == bin::Ramp;
    if (x < 0 || y < 0 || x >= int(w) || y >= int(h) || !budget ||
        (ahead ? one(3) : !one(6)))
      continue;
    uint32_t next = uint32_t(y) * w + uint32_t(x);
    if (routes[next].count(color))
      continue;
    --budget;
    s.second |= 1u << d;
    routes[next][color] = {1u << (d ^ 1), 0};
    open.push_back(next);
  }
}

/// Grows a route from `from`; returns the PEs it reaches. Empty: it has a dead
/// end.
std::vector<uint32_t> Generator::tree(int color, uint32_t from) {
  std::vector<uint32_t> open = {from}, reached;
  routes[from][color] = {bin::Ramp, 0};
  budget = 1 + pick(one(3) ? w * h : w + h);
  while (!open.empty()) {
    uint32_t r = open.back();
    open.pop_back();
    grow(color, r, open);
    auto &s = routes[r][color];
    if (r != from && nodes[r].in.size() < 6 && (!s.second || one(3))) {
      s.second |= bin::Ramp;
      reached.push_back(r);
    }
    if (!s.second)
      return {};
  }
  return reached;
}

/// Appends an op, or gives the last one of this PE another operand.
void Generator::add(uint32_t node, bool sends, int color, const Step &like) {
  std::vector<Step> &steps = nodes[node].steps;
  Step *last = steps.empty() ? nullptr : &steps.back();
  bool same = last && last->words == like.words && last->half == like.half &&
              last->odd == like.odd && last->in0 >= 0 && last->out < 0;
  if (same && sends && !last->advance && !one(4)) {
    last->out = color;
    return;
  }
  if (same && !sends && last->in1 < 0 && last->in0 != color && one(3)) {
    last->in1 = color;
    return;
  }
  Step s = like;
  (sends ? s.out : s.in0) = color;
  s.idle = one(3) ? pick(one(4) ? 300 : 30) : 0;
  s.local = one(5) ? 1 + pick(64) : 0;
  steps.push_back(s);
}

void Generator::message(int color, uint32_t from,
                        const std::vector<uint32_t> &to) {
  Step s;
  s.words = one(2) ? common : 1 + pick(one(2) ? 12 : one(3) ? 300 : 80);
  s.half = one(4);
  s.odd = s.half && one(2);
  add(from, true, color, s);
  for (uint32_t node : to)
    add(node, false, color, s);
}

/// A way over the grid that does not meet itself.
std::vector<uint32_t> Generator::walk() {
  std::vector<uint32_t> path = {pick(w * h)};
  for (unsigned tries = 2 + pick(w + h); tries--;) {
    unsigned d = pick(4);
    int x = int(path.back() % w) + Dx[d], y = int(path.back() / w) + Dy[d];
    uint32_t next = uint32_t(y) * w + uint32_t(x);
    if (x >= 0 && y >= 0 && x < int(w) && y < int(h) &&
        std::find(path.begin(), path.end(), next) == path.end())
      path.push_back(next);
  }
  return path;
}

static unsigned towards(uint32_t from, uint32_t to, uint32_t w) {
  return to == from + w   ? bin::South
         : to + w == from ? bin::North
         : to == from + 1 ? bin::East
                          : bin::West;
}

/// Those on the way to its first PE send to it, the nearest first; then their
/// routers let the others pass.
void Generator::gather(int color) {
  std::vector<uint32_t> path = walk();
  uint32_t root = path[0];
  while (path.size() > 1 && nodes[path.back()].out.size() == 4)
    path.pop_back();
  if (path.size() < 2 || nodes[root].in.size() == 6)
    return;
  routes[root][color] = {towards(root, path[1], w), bin::Ramp};
  nodes[root].in[color] = 2 + int(nodes[root].in.size());
  for (size_t i = 1; i < path.size(); ++i) {
    uint32_t at = path[i];
    bool last = i + 1 == path.size();
    unsigned to = towards(at, path[i - 1], w),
             from = last ? 0 : towards(at, path[i + 1], w);
    if (!last &&
        (one(4) || nodes[at].out.size() == 4)) { // passes words on only
      routes[at][color] = {from, to};
      continue;
    }
    routes[at][color] = {bin::Ramp, to};
    nodes[at].out[color] = 2 + int(nodes[at].out.size());
    for (unsigned n = 1 + pick(2); n--;)
      message(color, at, {root});
    if (last)
      continue;
    nodes[at].steps.back().advance = true;
    switches.push_back({at, color, 1, from, to});
  }
}

/// One after the other for the neighbours of a PE.
void Generator::scatter(int color) {
  uint32_t from = pick(w * h);
  std::vector<uint32_t> to;
  for (unsigned d = 0; d < 4; ++d) {
    int x = int(from % w) + Dx[d], y = int(from / w) + Dy[d];
    uint32_t next = uint32_t(y) * w + uint32_t(x);
    if (x >= 0 && y >= 0 && x < int(w) && y < int(h) &&
        nodes[next].in.size() < 6)
      to.push_back(next);
  }
  if (to.empty() || nodes[from].out.size() == 4)
    return;
  nodes[from].out[color] = 2 + int(nodes[from].out.size());
  for (unsigned k = 0; k < to.size(); ++k) {
    unsigned way = towards(from, to[k], w);
    if (k)
      switches.push_back({from, color, k, bin::Ramp, way});
    else
      routes[from][color] = {bin::Ramp, way};
    routes[to[k]][color] = {towards(to[k], from, w), bin::Ramp};
    nodes[to[k]].in[color] = 2 + int(nodes[to[k]].in.size());
    message(color, from, {to[k]});
    nodes[from].steps.back().advance = k + 1 < to.size();
  }
}

void Generator::addColor(int color) {
  if (one(5))
    return one(2) ? gather(color) : scatter(color);
  uint32_t from = !lastReached.empty() && !one(3)
                      ? lastReached[pick(unsigned(lastReached.size()))]
                      : pick(w * h);
  auto before = routes;
  std::vector<uint32_t> to;
  if (nodes[from].out.size() < 4)
    to = tree(color, from);
  if (to.empty()) {
    routes = before;
    return;
  }
  nodes[from].out[color] = 2 + int(nodes[from].out.size());
  for (uint32_t node : to)
    nodes[node].in[color] = 2 + int(nodes[node].in.size());
  for (unsigned i = 0, n = 1 + pick(3); i < n; ++i)
    message(color, from, to);
  lastReached = to;
}

/// Now and then something is out of order, or a word too many or too few.
void Generator::spoil() {
  std::vector<Step> &steps = nodes[pick(w * h)].steps;
  if (steps.empty())
    return;
  size_t at = pick(unsigned(steps.size()));
  if (one(2))
    std::swap(steps[at], steps.back());
  else
    steps[at].words += one(2) ? 1 : pick(20);
}

/// A descriptor of a slice of its own.
std::string Generator::operand(const Step &s, const char *dsr) {
  unsigned n = s.half ? 2 * s.words - s.odd : s.words, stride = one(8) ? 2 : 1,
           bytes = s.half ? 2 : 4;
  std::string line = std::string("dsd ") + dsr + ", r0+" +
                     std::to_string(slice) +
                     (s.half ? ", f16, [" : ", f32, [") + std::to_string(n) +
                     ":" + std::to_string(stride) + "]\n";
  slice += (n * stride * bytes + 7) / 4 * 4 + 4 * pick(2);
  return line;
}

std::string Generator::receive(const std::string &in, const Step &s) {
  std::string len = ", len=" + std::to_string(s.words);
  switch (pick(s.half ? 5 : 6)) {
  case 0:
    return operand(s, "d0") + "vmov d0, " + in;
  case 1:
    return operand(s, "d0") + "vfadd d0, " + in + ", d0";
  case 2:
    return operand(s, "d0") + "vfmac d0, " + in + ", r2";
  case 3: {
    std::string d0 = operand(s, "d0"), d1 = operand(s, "d1");
    return d0 + d1 + "vfmax d0, " + in + ", d1";
  }
  case 4:
    return operand(s, "d0") + "vfdot r1, " + in + ", d0";
  default:
    return "vrsum r1, " + in + len;
  }
}

std::string Generator::send(const std::string &out, const Step &s) {
  switch (pick(s.half ? 2 : 3)) {
  case 0:
    return operand(s, "d0") + "vmov " + out + ", d0";
  case 1: {
    std::string d0 = operand(s, "d0"), d1 = operand(s, "d1");
    return d0 + d1 + "vfadd " + out + ", d0, d1";
  }
  default:
    return "vmov " + out + ", r2, len=" + std::to_string(s.words);
  }
}

std::string Generator::operation(const Node &n, const Step &s) {
  auto in = [&](int c) { return "in" + std::to_string(n.in.at(c)); };
  std::string len = ", len=" + std::to_string(s.words);
  std::string out = s.out >= 0 ? "out" + std::to_string(n.out.at(s.out)) : "";
  if (s.in0 < 0)
    return send(out, s);
  std::string from = in(s.in0);
  if (s.in1 >= 0 && s.out >= 0)
    return "vadd " + out + ", " + from + ", " + in(s.in1) + len;
  if (s.in1 >= 0)
    return operand(s, "d0") + "vfadd d0, " + from + ", " + in(s.in1);
  if (s.out < 0)
    return receive(from, s);
  if (s.half || one(3))
    return "vmov " + out + ", " + from + len;
  return one(2) ? operand(s, "d0") + "vfadd " + out + ", " + from + ", d0"
                : "vfmul " + out + ", " + from + ", r2" + len;
}

/// A free microthread for `op`; its colours wait for it before their next use.
std::string Generator::onThread(const Step &s, const std::string &op) {
  unsigned thread = nextThread++ % 4;
  std::erase_if(threadOf, [&](auto &used) { return used.second == thread; });
  for (int color : {s.in0, s.in1, s.out < 0 ? -1 : s.out + 100})
    if (color >= 0)
      threadOf[color] = thread;
  std::string t = std::to_string(thread);
  return "wait " + t + "\n" + op + ", async=" + t + "\n";
}

std::string Generator::text(Node &n, const Step &s) {
  std::string t;
  for (unsigned i = 0; i < s.idle; ++i)
    t += "nop\n";
  if (s.local) {
    Step local;
    local.words = s.local;
    t += operand(local, "d2") + "vfadd d2, d2, r2\n";
  }
  for (int color : {s.in0, s.in1, s.out < 0 ? -1 : s.out + 100})
    if (auto it = threadOf.find(color); it != threadOf.end()) {
      t += "wait " + std::to_string(it->second) + "\n";
      threadOf.erase(it);
    }
  std::string op = operation(n, s);
  // Two microthreads must not add to one register.
  bool reduces = op.find(" r1,") != std::string::npos;
  if (s.advance)
    op += ", advance";
  return t + (reduces || !one(3) ? op + "\n" : onThread(s, op));
}

void Generator::emit(Builder &b, uint32_t node) {
  Node &n = nodes[node];
  slice = DataAddr + 4;
  threadOf.clear();
  std::vector<std::string> parts;
  for (const Step &s : n.steps)
    if (slice < 40000)
      parts.push_back(text(n, s));
  std::vector<bin::QueueBinding> queues;
  for (auto [color, q] : n.in)
    queues.push_back({false, uint8_t(q), uint8_t(color)});
  for (auto [color, q] : n.out)
    queues.push_back({true, uint8_t(q), uint8_t(color)});
  size_t cut = one(4) ? pick(unsigned(parts.size() + 1)) : parts.size() + 1;
  std::string first = "li r2, 0x3f000000\n", second;
  for (size_t i = 0; i < parts.size(); ++i)
    (i < cut ? first : second) += parts[i];
  std::string last = "wait 0\nwait 1\nwait 2\nwait 3\nst r1, r0+" +
                     std::to_string(DataAddr) + "\nhalt\n";
  bool tasks = cut <= parts.size();
  first += tasks ? "activate 7\nendtask\n" : last;
  bin::PEClass &c =
      b.cls("pe" + std::to_string(node), {node % w, node / w, 1, 1, 1, 1},
            first + (tasks ? second + last : ""), queues);
  if (tasks)
    c.tasks.push_back({7, uint32_t(Builder::assemble(first).size()), false});
  c.ranges = {{0, uint32_t(c.code.size()), node % 3}};
  used = std::max(used, slice);
}

Builder Generator::run() {
  unsigned side = one(4) ? 16 : 6;
  w = 1 + pick(side);
  h = 1 + pick(one(2) ? 2 : side);
  if (w * h == 1)
    w = 2;
  common = 1 + pick(one(2) ? 20 : 200);
  nodes.resize(size_t(w) * h);
  routes.resize(nodes.size());
  for (int color = 0, n = int(1 + pick(20)); color < n; ++color)
    addColor(color);
  if (one(6))
    spoil();
  Builder b(w, h);
  for (const char *name : {"k0", "k1", "k2"})
    b.p.kernels.push_back({name, "", {}, {}, 0});
  for (uint32_t r = 0; r < nodes.size(); ++r) {
    for (auto [color, s] : routes[r])
      b.route(uint8_t(color), {r % w, r / w, 1, 1, 1, 1}, s.first, s.second);
    emit(b, r);
  }
  for (const Later &s : switches)
    b.p.switches.push_back({{s.node % w, s.node / w, 1, 1, 1, 1},
                            uint8_t(s.color),
                            uint8_t(s.position),
                            uint8_t(s.rx),
                            uint8_t(s.tx)});
  addData(b, w, h, (used - DataAddr) / 4 + 2);
  return b;
}

} // namespace

void sim::addData(Builder &b, uint32_t w, uint32_t h, uint32_t words) {
  bin::IOTensor io;
  io.name = "data";
  io.shape = {h, w, words};
  io.place.where = {0, 0, w, h, 1, 1};
  io.place.addr = DataAddr;
  io.place.dims = {{bin::Axis::Y, h, 1, 1},
                   {bin::Axis::X, w, 1, 1},
                   {bin::Axis::None, words, words, 1}};
  b.p.inputs = b.p.outputs = {io};
}

Builder sim::withFields(Builder b, const std::vector<const char *> &sets) {
  for (const char *set : sets)
    llvm::cantFail(setField(b.t, set));
  return b;
}

Builder sim::randomProgram(unsigned seed, std::vector<const char *> sets) {
  return withFields(Generator(seed).run(), sets);
}

std::vector<uint8_t> sim::randomData(const Builder &b, unsigned seed) {
  std::mt19937 rng(seed);
  const std::vector<uint64_t> &shape = b.p.inputs[0].shape;
  std::vector<uint8_t> data(shape[0] * shape[1] * shape[2] * 4);
  for (size_t i = 0; i < data.size(); i += 2) {
    uint16_t half = uint16_t((0x3400 + rng() % 0x0c00) | (rng() % 2 << 15));
    if (seed % 4 == 3 && rng() % 16 == 0) // NaN in f32, f16 and bf16, of a sign
      half = uint16_t(0x7fc0 | (rng() % 2 << 15));
    memcpy(data.data() + i, &half, 2);
  }
  return data;
}

Outcome sim::outcomeOf(const Builder &b, Fidelity fidelity, unsigned seed,
                       uint64_t maxCycles) {
  Outcome o;
  auto s = Simulator::create(b.p, b.t);
  if (!s) {
    o.error = "not created: " + toString(s.takeError());
    return o;
  }
  llvm::cantFail((*s)->setInput(0, randomData(b, seed)));
  auto stats = (*s)->run(maxCycles, fidelity);
  if (!stats) {
    o.error = toString(stats.takeError());
    return o;
  }
  o.stats = *stats;
  o.output = llvm::cantFail((*s)->getOutput(0));
  return o;
}

static std::string differenceOf(const Stats &a, const Stats &b) {
  std::string text;
  auto tell = [&](const std::string &what, uint64_t x, uint64_t y) {
    if (x != y && text.empty())
      text = what + " " + std::to_string(x) + " against " + std::to_string(y);
  };
  tell("hops", a.waveletHops, b.waveletHops);
  tell("max link", a.maxLinkWavelets, b.maxLinkWavelets);
  tell("macs", a.macs, b.macs);
  tell("instructions", a.instructions, b.instructions);
  tell("elements", a.elements, b.elements);
  tell("pipe slots", a.fabricElements, b.fabricElements);
  tell("sram", a.sramPeakBytes, b.sramPeakBytes);
  if (!text.empty() || !b.timed)
    return text;
  auto split = [&](const std::string &of, const TimeSplit &x,
                   const TimeSplit &y) {
    tell(of + " pes", x.pes, y.pes);
    tell(of + " compute", x.compute, y.compute);
    tell(of + " setup", x.setup, y.setup);
    tell(of + " wait in", x.waitIn, y.waitIn);
    tell(of + " wait out", x.waitOut, y.waitOut);
  };
  for (size_t i = 0; i < a.classes.size(); ++i)
    split("class " + std::to_string(i), a.classes[i], b.classes[i]);
  for (size_t i = 0; i < a.kernels.size(); ++i)
    split("kernel " + std::to_string(i), a.kernels[i].time, b.kernels[i].time);
  tell("cycles", a.cycles, b.cycles);
  tell("first element", a.firstElement, b.firstElement);
  tell("last element", a.lastElement, b.lastElement);
  return text.empty() && !(a == b) ? "some counter" : text;
}

std::string sim::difference(const Outcome &want, const Outcome &got,
                            bool timed) {
  if (want.error.empty() != got.error.empty() ||
      (timed && want.error != got.error))
    return "'" + want.error + "' against '" + got.error + "'";
  if (!want.error.empty())
    return "";
  if (want.output != got.output)
    return "output bits";
  return differenceOf(want.stats, got.stats);
}
