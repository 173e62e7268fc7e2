//===- RandomNetworksTest.cpp - Deadlocks against the simulator -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The verifier decides deadlock freedom on groups of PEs and a lower bound of
// the buffers; the simulator has every PE and every buffer.
//
//===----------------------------------------------------------------------===//
#include "Expect.h"
#include "Simulate.h"
#include "llvm/ADT/STLExtras.h"
#include <cstdio>
#include <random>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

/// PEs of a small grid, each a class of its own, and streams between PEs of one
/// row, or from several to one; every PE sends and takes in a random order.
class RandomNetwork {
public:
  explicit RandomNetwork(unsigned seed) : rng(seed) {}

  Program build(bool multicast, bool gathers) {
    p.gridW = W;
    p.gridH = H;
    for (uint32_t k = 0; k != W * H; ++k) {
      p.classes.push_back(
          makeClass("c" + std::to_string(k), {{k % W, k / W, 1, 1}}, {}));
      steps.emplace_back();
    }
    for (uint8_t color = 0, n = uint8_t(2 + rng() % 9); color != n; ++color)
      if (gathers && rng() % 2)
        gather(color);
      else
        stream(color, multicast && rng() % 2);
    for (uint32_t k = 0; k != W * H; ++k) {
      std::shuffle(steps[k].begin(), steps[k].end(), rng);
      p.classes[k].code = assemble(code(steps[k]));
    }
    return p;
  }

private:
  static constexpr uint32_t W = 4, H = 2;
  struct Step {
    bool send;
    uint8_t queue;
    unsigned words;
    bool line = false, advance = false; // of a line; before others on it
  };

  bool bind(uint32_t k, bool output, uint8_t color, uint8_t &queue) {
    auto &queues = p.classes[k].queues;
    auto used =
        llvm::count_if(queues, [&](auto &q) { return q.output == output; });
    if (used == (output ? 4 : 6))
      return false;
    queue = uint8_t(2 + used);
    queues.push_back({output, queue, color});
    return true;
  }

  /// Eastward or westward in a row over 1 to 3 hops; a multicast also ends at
  /// every PE on the way.
  void stream(uint8_t color, bool multicast) {
    uint32_t y = rng() % H, from = rng() % W, to = rng() % W;
    if (from == to)
      return;
    bool east = to > from;
    uint8_t fwd = east ? East : West, back = east ? West : East;
    unsigned words = 1 + rng() % 40;
    uint32_t lo = std::min(from, to), hi = std::max(from, to);
    for (uint32_t x = lo; x <= hi; ++x) {
      bool ends = x == to || (multicast && x != from);
      uint8_t queue = 0;
      if ((ends || x == from) && !bind(y * W + x, x == from, color, queue))
        queue = 0;
      if (ends || x == from)
        pending.push_back({y * W + x, {x == from, queue, words}});
    }
    bool ok = llvm::all_of(pending, [](auto &s) { return s.second.queue; });
    for (auto &[k, step] : pending) {
      if (ok)
        steps[k].push_back(step);
      else if (step.queue)
        p.classes[k].queues.pop_back();
    }
    pending.clear();
    if (!ok)
      return;
    for (uint32_t x = lo; x <= hi; ++x)
      p.routes.push_back({{x, y, 1, 1},
                          color,
                          x == from ? uint8_t(Ramp) : back,
                          uint8_t(x == to                  ? Ramp
                                  : multicast && x != from ? fwd | Ramp
                                                           : fwd)});
    int32_t far = int32_t(to) - int32_t(from), near = east ? 1 : -1;
    p.streams.push_back({"s" + std::to_string(color),
                         color,
                         {from, y, 1, 1},
                         multicast ? std::min(far, near) : far,
                         multicast ? std::max(far, near) : far,
                         0,
                         0,
                         words});
  }

  /// All on one side of a PE of a row, or all but one, send to it on one line.
  void gather(uint8_t color) {
    uint32_t y = rng() % H, to = rng() % W;
    bool east = to && (to + 1 == W || rng() % 2); // the words go east
    unsigned words = 1 + rng() % 40;
    uint32_t senders = east ? to : W - 1 - to, skip = 1 + rng() % 4;
    uint8_t fwd = east ? East : West, back = east ? West : East;
    std::vector<std::pair<uint32_t, uint8_t>> bound;
    bool ok = true;
    for (uint32_t d = 0; d <= senders && ok; ++d) {
      uint8_t queue = 0;
      uint32_t k = y * W + (east ? to - d : to + d);
      if (d == skip && d != senders)
        continue;
      ok = bind(k, d != 0, color, queue);
      if (ok)
        bound.push_back({k, queue});
    }
    if (!ok || bound.size() < 3) {
      for (auto &b : bound)
        p.classes[b.first].queues.pop_back();
      return;
    }
    p.routes.push_back({{to, y, 1, 1}, color, back, Ramp});
    for (uint32_t d = 1; d <= senders; ++d) {
      Pattern at{east ? to - d : to + d, y, 1, 1};
      if (d == skip && d != senders) {
        p.routes.push_back({at, color, back, fwd});
        continue;
      }
      p.routes.push_back({at, color, Ramp, fwd});
      if (d != senders)
        p.switches.push_back({at, color, 1, back, fwd});
      int32_t dx = int32_t(to) - int32_t(at.x0);
      p.streams.push_back({"g" + std::to_string(color) + std::to_string(d),
                           color, at, dx, dx, 0, 0, words});
    }
    for (size_t i = 1; i != bound.size(); ++i) {
      steps[bound[i].first].push_back(
          {true, bound[i].second, words, true, i + 1 != bound.size()});
      steps[bound[0].first].push_back({false, bound[0].second, words, true});
    }
  }

  std::vector<std::string> code(const std::vector<Step> &order) {
    std::vector<std::string> lines;
    unsigned free = 1, addr = 9000;
    for (size_t i = 0; i != order.size(); ++i) {
      const Step &s = order[i];
      std::string n = std::to_string(s.words), q = std::to_string(s.queue);
      std::string async =
          rng() % 4 == 0 && !s.line ? ", async=" + std::to_string(free++) : "";
      auto advance = [](const Step &s) { return s.advance ? ", advance" : ""; };
      // What is taken may be passed on at once.
      if (!s.send && i + 1 != order.size() && order[i + 1].send &&
          order[i + 1].words == s.words) {
        const Step &next = order[++i];
        lines.push_back("vmov out" + std::to_string(next.queue) + ", in" + q +
                        ", len=" + n + async + advance(next));
        continue;
      }
      if (s.send) {
        lines.push_back("vmov out" + q + ", r0, len=" + n + async + advance(s));
        continue;
      }
      std::string dsr = "d" + std::to_string(i % 16);
      lines.push_back("dsd " + dsr + ", r0+" + std::to_string(addr) +
                      ", f32, [" + n + ":1]");
      lines.push_back("vmov " + dsr + ", in" + q + async);
      addr += s.words * 4;
      if (free == 8)
        break;
    }
    lines.push_back("halt");
    return lines;
  }

  std::mt19937 rng;
  Program p;
  std::vector<std::vector<Step>> steps;
  std::vector<std::pair<uint32_t, Step>> pending;
};

TEST(Progress, RandomNetworksAgreeWithTheSimulator) {
  unsigned stuck = 0, fine = 0, careful = 0, lines = 0;
  for (unsigned seed = 0; seed != 3000; ++seed) {
    bool multicast = seed % 3 == 0, gathers = seed % 3 == 1;
    Program p = RandomNetwork(seed).build(multicast, gathers);
    std::string found = text(check(p)),
                why = simulate(p, wse2(), 1000000).error;
    if (found.empty()) {
      ASSERT_EQ(why, "") << "seed " << seed;
      ++fine;
      lines += !p.switches.empty();
    } else if (found.rfind("R-TASK-2", 0) == 0) {
      // Buffers on the way do not count for a multicast, nor on a line.
      bool runs = why.empty();
      ASSERT_TRUE(multicast || gathers || !runs)
          << "seed " << seed << ": " << found;
      ++(runs ? careful : stuck);
    } else {
      FAIL() << "seed " << seed << ": " << found;
    }
  }
  std::printf("seeds 0 to 2999: %u run, %u deadlock, %u run and are refused\n",
              fine, stuck, careful);
  EXPECT_GT(fine, 300u);
  EXPECT_GT(lines, 300u);
  EXPECT_GT(stuck, 300u);
  EXPECT_LT(careful, 100u);
}

} // namespace
