//===- RandomStreams.cpp - Programs of many streams from PE to PE ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Most routes have links and ramps of their own, and most messages are one op
// at either end, in loops, of all paces: what batched runs do in closed form.
// Now and then a link is shared, a message is taken in two parts or on a
// microthread, a PE has much else to do, takes a word too many or reads what
// nobody wrote.
//
//===----------------------------------------------------------------------===//
#include "RandomProgram.h"
#include <random>

using namespace weft;
using namespace weft::sim;

namespace {

struct Node {
  std::vector<bin::QueueBinding> queues;
  unsigned ins = 0, outs = 0, usedPorts = 0;
  uint32_t slice = DataAddr;
  std::string text;
};

struct Line {
  uint32_t from = 0, to = 0;
  unsigned out = 0, in = 0; // queues
};

class Streams {
public:
  explicit Streams(unsigned seed) : rng(seed) {}
  Builder run();

private:
  unsigned pick(unsigned n) { return rng() % n; }
  bool one(unsigned n) { return pick(n) == 0; }
  void addLine(Builder &b, uint8_t color);
  void message(const Line &l);
  void append(Node &n, unsigned rounds, const std::string &operands,
              const std::string &op);
  std::string walk(Node &n, const char *dsr, unsigned words, bool half);
  std::string other(Node &n);

  std::mt19937 rng;
  uint32_t w = 1, h = 1;
  std::vector<Node> nodes;
  std::vector<Line> lines;
};

constexpr int Dx[] = {0, 0, 1, -1}, Dy[] = {-1, 1, 0, 0};

/// A route along a random walk, over ports that none had before.
void Streams::addLine(Builder &b, uint8_t color) {
  bool shares = one(6);
  std::vector<uint32_t> path = {pick(w * h)};
  std::vector<unsigned> ways;
  for (unsigned tries = 1 + pick(8); tries--;) {
    unsigned d = pick(4);
    int x = int(path.back() % w) + Dx[d], y = int(path.back() / w) + Dy[d];
    uint32_t next = uint32_t(y) * w + uint32_t(x);
    if (x < 0 || y < 0 || x >= int(w) || y >= int(h) ||
        std::find(path.begin(), path.end(), next) != path.end() ||
        (!shares && nodes[path.back()].usedPorts >> d & 1))
      continue;
    path.push_back(next);
    ways.push_back(d);
  }
  Node &from = nodes[path[0]], &to = nodes[path.back()];
  if (ways.empty() || from.outs == 4 || to.ins == 6 ||
      (!shares && to.usedPorts & bin::Ramp))
    return;
  for (size_t i = 0; i < path.size(); ++i) {
    unsigned rx = i ? 1u << (ways[i - 1] ^ 1) : unsigned(bin::Ramp),
             tx = i < ways.size() ? 1u << ways[i] : unsigned(bin::Ramp);
    nodes[path[i]].usedPorts |= tx;
    b.route(color, {path[i] % w, path[i] / w, 1, 1, 1, 1}, rx, tx);
  }
  Line l = {path[0], path.back(), 2 + from.outs++, 2 + to.ins++};
  from.queues.push_back({true, uint8_t(l.out), color});
  to.queues.push_back({false, uint8_t(l.in), color});
  lines.push_back(l);
}

/// Sets a descriptor of a slice of the PE's own.
std::string Streams::walk(Node &n, const char *dsr, unsigned words, bool half) {
  unsigned stride = one(5) ? 2 : 1, bytes = half ? 2 : 4,
           count = half ? 2 * words - one(3) : words;
  std::string text = std::string("dsd ") + dsr + ", r0+" +
                     std::to_string(n.slice) +
                     (half ? ", f16, [" : ", f32, [") + std::to_string(count) +
                     ":" + std::to_string(stride) + "]\n";
  n.slice += (count * stride * bytes + 7) / 4 * 4 + 4 * pick(2);
  return text;
}

/// What a PE does between its messages.
std::string Streams::other(Node &n) {
  std::string text;
  for (unsigned i = one(3) ? pick(one(4) ? 400 : 40) : 0; i--;)
    text += "nop\n";
  if (one(6))
    text += walk(n, "d2", 1 + pick(60), false) + "vfadd d2, d2, r2\n";
  if (one(150)) // R-MEM-3: nobody wrote that
    text += "ld r3, r0+47000\n";
  return text;
}

void Streams::append(Node &n, unsigned rounds, const std::string &operands,
                     const std::string &op) {
  n.text += other(n) + operands;
  std::string body = (one(3) ? other(n) : "") +
                     (one(8) ? op + ", async=1\nwait 1\n" : op + "\n");
  if (rounds > 1)
    body = "loop r9, " + std::to_string(rounds) + "\n" + body + "endloop r9\n";
  n.text += body;
}

void Streams::message(const Line &l) {
  Node &from = nodes[l.from], &to = nodes[l.to];
  if (std::max(from.slice, to.slice) > 40000)
    return;
  unsigned words = 1 + pick(one(2)   ? 20
                            : one(2) ? 400
                                     : 60),
           rounds = one(2) ? 1 : 1 + pick(8);
  bool half = one(4);
  std::string out = "out" + std::to_string(l.out),
              in = "in" + std::to_string(l.in),
              d0 = walk(from, "d0", words, half);
  switch (pick(3)) {
  case 0:
    append(from, rounds, d0, "vmov " + out + ", d0");
    break;
  case 1:
    append(from, rounds, d0, "vfadd " + out + ", d0, r2");
    break;
  default:
    d0 += walk(from, "d1", words, half); // of as many elements only by chance
    append(from, rounds, d0, "vmov " + out + ", d1");
  }
  if (words > 2 && one(12)) { // in two parts
    for (unsigned part : {words / 2, words - words / 2})
      append(to, 1, walk(to, "d0", part, half), "vmov d0, " + in);
    for (unsigned i = 1; i < rounds; ++i)
      append(to, 1, walk(to, "d0", words, half), "vmov d0, " + in);
    return;
  }
  if (one(60))
    words += 1 + pick(3);
  std::string d = walk(to, "d0", words, half),
              len = ", len=" + std::to_string(words);
  switch (pick(5)) {
  case 0:
    return append(to, rounds, d, "vfadd d0, " + in + ", d0");
  case 1:
    return append(to, rounds, d, "vfdot r1, " + in + ", d0");
  case 2:
    return append(to, rounds, "", "vrsum r1, " + in + len);
  default:
    return append(to, rounds, d, "vmov d0, " + in);
  }
}

Builder Streams::run() {
  w = 1 + pick(5);
  h = 1 + pick(5);
  if (w * h == 1)
    w = 2;
  Builder b(w, h);
  nodes.resize(size_t(w) * h);
  for (uint8_t color = 0, n = uint8_t(1 + pick(12)); color < n; ++color)
    addLine(b, color);
  for (unsigned n = lines.empty() ? 0 : 1 + pick(25); n--;)
    message(lines[pick(unsigned(lines.size()))]);
  b.p.kernels = {{"k0", "", {}, {}, 0}, {"k1", "", {}, {}, 0}};
  uint32_t used = DataAddr;
  for (uint32_t r = 0; r < nodes.size(); ++r) {
    Node &n = nodes[r];
    bin::PEClass &c =
        b.cls("pe" + std::to_string(r), {r % w, r / w, 1, 1, 1, 1},
              "li r2, 0x3f000000\n" + n.text + "halt\n", n.queues);
    c.ranges = {{0, uint32_t(c.code.size()), r % 2}};
    used = std::max(used, n.slice);
  }
  addData(b, w, h, (used - DataAddr) / 4 + 2);
  return b;
}

} // namespace

Builder sim::randomStreams(unsigned seed, std::vector<const char *> sets) {
  return withFields(Streams(seed).run(), sets);
}
