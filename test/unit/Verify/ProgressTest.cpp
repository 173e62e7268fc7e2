//===- ProgressTest.cpp - Who waits for whom, against the simulator -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The verifier decides deadlock freedom on groups of PEs and a lower bound of
// the buffers; the simulator has every PE and every buffer.
//
//===----------------------------------------------------------------------===//
#include "Build.h"
#include "weft/Sim/Simulator.h"
#include "weft/Verify/Verifier.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"
#include <chrono>
#include <cstdio>
#include <random>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;

namespace {

std::string findings(const Program &p) {
  std::string s;
  for (const verify::Finding &f : verify::verify(p, wse2()).findings)
    s += f.rule + ": " + f.message + "\n";
  return s;
}

/// "" if the program runs to its end, else why not.
std::string run(const Program &p) {
  auto s = sim::Simulator::create(p, wse2());
  if (!s)
    return llvm::toString(s.takeError());
  auto stats = (*s)->run(1000000);
  return stats ? "" : llvm::toString(stats.takeError());
}

/// A line of W PEs over H rows: each but the first takes `words` words from its
/// western neighbour by `middle`, whose text may name the queues in2 and out2.
Program line(uint32_t W, uint32_t H, unsigned words,
             std::vector<std::string> middle) {
  Program p;
  p.gridW = W;
  p.gridH = H;
  std::string n = std::to_string(words);
  std::string dsd = "dsd d0, r0+9000, f32, [" + n + ":1]";
  middle.insert(middle.begin(), dsd);
  middle.push_back("halt");
  p.classes = {
      makeClass("first", {{0, 0, 1, H}}, {"vmov out2, r0, len=" + n, "halt"}),
      makeClass("odd", {{1, 0, W / 2 - 1, H, 2, 1}}, middle),
      makeClass("even", {{2, 0, W / 2 - 1, H, 2, 1}}, middle),
      makeClass("last", {{W - 1, 0, 1, H}}, {dsd, "vmov d0, in2", "halt"})};
  p.classes[0].queues = {out(2, Even)};
  p.classes[1].queues = {in(2, Even), out(2, Odd)};
  p.classes[2].queues = {in(2, Odd), out(2, Even)};
  p.classes[3].queues = {in(2, Even)};
  p.routes = {{{0, 0, W / 2, H, 2, 1}, Even, Ramp, East},
              {{1, 0, W / 2, H, 2, 1}, Even, West, Ramp},
              {{1, 0, W / 2 - 1, H, 2, 1}, Odd, Ramp, East},
              {{2, 0, W / 2 - 1, H, 2, 1}, Odd, West, Ramp}};
  p.streams = {{"even", Even, {0, 0, W / 2, H, 2, 1}, 1, 1, 0, 0, words},
               {"odd", Odd, {1, 0, W / 2 - 1, H, 2, 1}, 1, 1, 0, 0, words}};
  return p;
}

TEST(Progress, WavesAcrossTheWafer) {
  auto start = std::chrono::steady_clock::now();
  // Store and forward: every column is in a state of its own for a while.
  EXPECT_EQ(findings(line(750, 994, 64, {"vmov d0, in2", "vmov out2, d0"})),
            "");
  // The same word by word, and cut through.
  EXPECT_EQ(
      findings(line(750, 994, 64,
                    {"loop r1, 64", "vmov out2, in2, len=1", "endloop r1"})),
      "");
  EXPECT_EQ(findings(line(750, 994, 64, {"vmov out2, in2, len=64"})), "");
  // Nobody waits for what is sent first.
  EXPECT_EQ(findings(line(
                750, 994, 64,
                {"vmov out2, r0, len=64, async=1", "vmov d0, in2", "wait 1"})),
            "");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Progress, RingsNeedAStart) {
  auto ring = [](std::vector<std::string> first) {
    Program p;
    p.gridW = p.gridH = 2;
    first.insert(first.begin(), "dsd d0, r0+9000, f32, [4:1]");
    first.push_back("halt");
    std::vector<std::string> pass = {"vmov out2, in2, len=4", "halt"};
    p.classes = {makeClass("first", {{0, 0, 1, 1}}, first),
                 makeClass("east", {{1, 0, 1, 1}}, pass),
                 makeClass("south", {{1, 1, 1, 1}}, pass),
                 makeClass("west", {{0, 1, 1, 1}}, pass)};
    const Port way[4] = {East, South, West, North};
    const Port back[4] = {West, North, East, South};
    const int dx[4] = {1, 0, -1, 0}, dy[4] = {0, 1, 0, -1};
    for (uint8_t k = 0; k != 4; ++k) {
      Pattern at = p.classes[k].where[0];
      Pattern to = p.classes[(k + 1) % 4].where[0];
      p.classes[k].queues = {out(2, k), in(2, (k + 3) % 4)};
      p.routes.push_back({at, k, Ramp, way[k]});
      p.routes.push_back({to, k, back[k], Ramp});
      p.streams.push_back({"s", k, at, dx[k], dx[k], dy[k], dy[k], 4});
    }
    return p;
  };
  EXPECT_EQ(findings(ring({"vmov out2, r0, len=4", "vmov d0, in2"})), "");
  // All pass on, none begins.
  EXPECT_EQ(findings(ring({"vmov out2, in2, len=4"})),
            "R-TASK-2: PEs wait for each other: class 'first' at (0, 0) to "
            "receive colour 3 from (0, 1); class 'west' at (0, 1) to receive "
            "colour 2 from (1, 1); class 'south' at (1, 1) to receive colour 1 "
            "from (1, 0); class 'east' at (1, 0) to receive colour 0 from (0, "
            "0)\n");
}

TEST(Progress, CounterExampleOnTheWafer) {
  auto start = std::chrono::steady_clock::now();
  // 16 words for the first of two streams that is taken second.
  Program p = line(750, 994, 200, {"vmov d0, in2", "vmov out2, d0"});
  p.classes[0].code =
      assemble({"vmov out2, r0, len=200", "vmov out3, r0, len=1", "halt"});
  p.classes[0].queues.push_back(out(3, 5));
  p.classes[1].where = {{1, 0, 1, 994}};
  PEClass rest = p.classes[1];
  rest.name = "rest";
  rest.where = {{3, 0, 373, 994, 2, 1}};
  p.classes[1].queues.push_back(in(3, 5));
  p.classes[1].code =
      assemble({"dsd d0, r0+9000, f32, [200:1]", "dsd d1, r0+9800, f32, [1:1]",
                "vmov d1, in3", "vmov d0, in2", "vmov out2, d0", "halt"});
  p.classes.push_back(rest);
  p.routes.push_back({{0, 0, 1, 994}, 5, Ramp, East});
  p.routes.push_back({{1, 0, 1, 994}, 5, West, Ramp});
  p.streams.push_back({"late", 5, {0, 0, 1, 994}, 1, 1, 0, 0, 1});
  EXPECT_EQ(findings(p),
            "R-TASK-2: PEs wait for each other: class 'first' at (0, 0) to "
            "send colour 0 to (1, 0); class 'odd' at (1, 0) to receive colour "
            "5 from (0, 0)\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Progress, PortionsOfAStream) {
  std::vector<std::string> west = {"dsd d1, r0+9256, f32, [64:1]",
                                   "vmov out2, r0, len=24",
                                   "vmov out2, r0, len=40",
                                   "vmov out3, r0, len=64, async=1",
                                   "vmov d1, in2",
                                   "wait 1"};
  std::vector<std::string> east = {"vmov d0, in2", "vmov d0, in3",
                                   "vmov out2, r0, len=64"};
  EXPECT_EQ(findings(pair(west, east)), "");
  east.insert(east.begin(),
              {"dsd d1, r0+9256, f32, [24:1]", "dsd d2, r0+9352, f32, [40:1]",
               "vmov d1, in2", "vmov d2, in2"});
  east.erase(east.begin() + 4);
  EXPECT_EQ(findings(pair(west, east)), "");
  std::swap(east[2], east[3]);
  EXPECT_EQ(findings(pair(west, east)),
            "R-FAB-7: class 'east' takes colour 0 in other portions than class "
            "'west' sends it, after word 0\n");
}

/// One class on each of `at` that runs `code`, with one queue of each way.
PEClass relay(std::string name, std::vector<Pattern> at, int from, int to,
              std::vector<std::string> code) {
  code.push_back("halt");
  PEClass k = makeClass(std::move(name), std::move(at), code);
  if (from >= 0)
    k.queues.push_back(in(2, uint8_t(from)));
  if (to >= 0)
    k.queues.push_back(out(2, uint8_t(to)));
  return k;
}

// Of two PEs of one class one hears a PE that waits for the other of them.
TEST(Progress, PartnersThatWaitThemselves) {
  Program p;
  p.gridW = 4;
  p.gridH = 2;
  Pattern t{0, 0, 1, 1}, s1{1, 0, 1, 1}, s2{1, 1, 1, 1}, g1{2, 0, 1, 1},
      g2{0, 1, 1, 1}, k{3, 0, 1, 1};
  const std::vector<std::string> store = {"dsd d0, r0+9000, f32, [64:1]",
                                          "vmov d0, in2", "vmov out2, d0"};
  p.classes = {relay("g", {g1, g2}, 0, 2, store), relay("t", {t}, 2, 1, store),
               relay("s1", {s1}, 1, 0, {"vmov out2, in2, len=64"}),
               relay("s2", {s2}, -1, 0, {"vmov out2, r0, len=64"}),
               relay("k", {k}, 2, -1, {"vrsum r3, in2, len=64"})};
  p.routes = {{t, 1, Ramp, East},  {s1, 1, West, Ramp}, {s1, 0, Ramp, East},
              {g1, 0, West, Ramp}, {g1, 2, Ramp, East}, {k, 2, West, Ramp},
              {s2, 0, Ramp, West}, {g2, 0, East, Ramp}, {g2, 2, Ramp, North},
              {t, 2, South, Ramp}};
  p.streams = {{"t", 1, t, 1, 1, 0, 0, 64},
               {"s1", 0, s1, 1, 1, 0, 0, 64},
               {"s2", 0, s2, -1, -1, 0, 0, 64},
               {"g1", 2, g1, 1, 1, 0, 0, 64},
               {"g2", 2, g2, 0, 0, -1, -1, 64}};
  EXPECT_EQ(run(p), "");
  EXPECT_EQ(findings(p), "");
}

// A step east, three steps west: on no PE that closes a circle.
TEST(Progress, StepsBothWays) {
  Program p;
  p.gridW = 8;
  p.gridH = 4;
  const std::vector<std::string> pass = {"vmov out2, in2, len=8"};
  Pattern a{2, 2, 2, 1, 2, 1}, b{3, 2, 2, 1, 2, 1};
  p.classes = {relay("first", {{7, 2, 1, 1}}, -1, 1, {"vmov out2, r0, len=8"}),
               relay("a", {a}, 1, 0, pass), relay("b", {b}, 0, 1, pass),
               relay("last", {{0, 2, 1, 1}}, 1, -1, {"vrsum r3, in2, len=8"})};
  p.routes = {{a, 0, Ramp, East}, {b, 0, West, Ramp}};
  auto over = [&](uint32_t x, uint32_t y, uint8_t out, uint8_t back) {
    p.routes.push_back({{x, 2, 1, 1}, 1, Ramp, out});
    p.routes.push_back({{x, y, 1, 1}, 1, back, West});
    p.routes.push_back({{x - 2, y, 2, 1}, 1, East, West});
    p.routes.push_back({{x - 3, y, 1, 1}, 1, East, back});
    p.routes.push_back({{x - 3, 2, 1, 1}, 1, out, Ramp});
  };
  over(7, 1, North, South);
  over(5, 3, South, North);
  over(3, 1, North, South);
  p.streams = {{"east", 0, a, 1, 1, 0, 0, 8},
               {"west", 1, {3, 2, 3, 1, 2, 1}, -3, -3, 0, 0, 8}};
  EXPECT_EQ(run(p), "");
  EXPECT_EQ(findings(p), "");
}

//===----------------------------------------------------------------------===//
// Random networks
//===----------------------------------------------------------------------===//

/// PEs of a small grid, each a class of its own, and streams between PEs of one
/// row or column; every PE sends and takes in a random order.
class RandomNetwork {
public:
  explicit RandomNetwork(unsigned seed) : rng(seed) {}

  Program build(bool multicast) {
    p.gridW = W;
    p.gridH = H;
    for (uint32_t k = 0; k != W * H; ++k) {
      p.classes.push_back(
          makeClass("c" + std::to_string(k), {{k % W, k / W, 1, 1}}, {}));
      steps.emplace_back();
    }
    for (uint8_t color = 0, n = uint8_t(2 + rng() % 9); color != n; ++color)
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

  std::vector<std::string> code(const std::vector<Step> &order) {
    std::vector<std::string> lines;
    unsigned free = 1, addr = 9000;
    for (size_t i = 0; i != order.size(); ++i) {
      const Step &s = order[i];
      std::string n = std::to_string(s.words), q = std::to_string(s.queue);
      std::string async =
          rng() % 4 == 0 ? ", async=" + std::to_string(free++) : "";
      // What is taken may be passed on at once.
      if (!s.send && i + 1 != order.size() && order[i + 1].send &&
          order[i + 1].words == s.words) {
        lines.push_back("vmov out" + std::to_string(order[++i].queue) + ", in" +
                        q + ", len=" + n + async);
        continue;
      }
      if (s.send) {
        lines.push_back("vmov out" + q + ", r0, len=" + n + async);
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
  unsigned stuck = 0, fine = 0, careful = 0;
  for (unsigned seed = 0; seed != 3000; ++seed) {
    bool multicast = seed % 3 == 0;
    Program p = RandomNetwork(seed).build(multicast);
    std::string found = findings(p), why = run(p);
    if (found.empty()) {
      ASSERT_EQ(why, "") << "seed " << seed;
      ++fine;
    } else if (found.rfind("R-TASK-2", 0) == 0) {
      // Buffers on the way of a multicast do not count for it.
      bool runs = why.empty();
      ASSERT_TRUE(multicast || !runs) << "seed " << seed << ": " << found;
      ++(runs ? careful : stuck);
    }
  }
  std::printf("seeds 0 to 2999: %u run, %u deadlock, %u run and are refused\n",
              fine, stuck, careful);
  EXPECT_GT(fine, 300u);
  EXPECT_GT(stuck, 300u);
  EXPECT_LT(careful, 100u);
}

} // namespace
