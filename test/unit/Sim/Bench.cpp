//===- Bench.cpp - How fast the simulator is ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//   weft-sim-bench layers W H B K R    R rounds of what a linear layer does: K
//                      products of B elements on each PE, a chain reduction
//                      along each row, a multicast back
//   weft-sim-bench streams W H N D     streams of N words over D links, side by
//   side weft-sim-bench file OUT.weft       a compiled program, with inputs of
//   zeros weft-sim-bench random FROM TO      random programs, exact against
//   batched
//
// Not a test, since it measures the host. Time is that of the second of two
// runs, when SRAM has its pages. A step is an instruction or a pipe slot: so
// many PE-cycles at least are active; those in which a PE only routes come on
// top.
//
//===----------------------------------------------------------------------===//
#include "RandomProgram.h"
#include "weft/Binary/File.h"
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sys/resource.h>

using namespace weft;
using namespace weft::sim;
using namespace weft::bin;

static Builder layers(uint32_t W, uint32_t H, uint32_t B, uint32_t K,
                      uint32_t rounds) {
  Builder b(W, H);
  auto column = [&](uint32_t x, uint32_t n) {
    return Pattern{x, 0, n, H, 1, 1};
  };
  auto in = [](uint32_t x) { return uint8_t(x % 2 ? 2 : 1); };
  for (uint32_t x = 0; x + 1 < W; ++x) {
    b.route(in(x), column(x + 1, 1), Ramp, West);
    b.route(in(x), column(x, 1), East, Ramp);
  }
  b.route(0, column(0, 1), Ramp, East);
  b.route(0, column(1, W - 2), West, East | Ramp);
  b.route(0, column(W - 1, 1), West, Ramp);
  auto n = [](uint32_t k) { return std::to_string(k); };
  std::string head =
      "dsd d0, r0+16384, f32, [" + n(B) + ":1]\nvmov d0, r0\n" + // sum
      "li r1, 0x3f000000\nloop r9, " + n(rounds) + "\ndsd d1, r0+" +
      n(16384 + 4 * B) + ", f32, [" + n(B) + ":1]\nvmov d1, r1\n" + // products
      "loop r8, " + n(K) + "\nvfmac d1, d0, r1\nendloop r8\n";
  std::string tail = "endloop r9\nhalt\n";
  b.cls("root", column(0, 1),
        head + "vfadd d0, in2, d1\nvmov out3, d0\n" + tail,
        {{false, 2, in(0)}, {true, 3, 0}});
  b.cls("far", column(W - 1, 1), head + "vmov out2, d1\nvmov d0, in3\n" + tail,
        {{true, 2, in(W - 2)}, {false, 3, 0}});
  for (uint32_t odd = 0; odd < 2; ++odd) {
    b.cls(odd ? "odd" : "even", {},
          head + "vfadd out2, in2, d1\nvmov d0, in3\n" + tail,
          {{false, 2, in(odd)}, {true, 2, in(odd + 1)}, {false, 3, 0}});
    uint32_t first = odd ? 1 : 2;
    b.p.classes.back().where = {{first, 0, (W - 2 - first) / 2 + 1, H, 2, 1}};
  }
  return b;
}

/// Streams of N words over D links, side by side.
static Builder streams(uint32_t W, uint32_t H, uint32_t N, uint32_t D) {
  Builder b(W, H);
  uint32_t each = D + 1;
  auto column = [&](uint32_t x) { return Pattern{x, 0, W / each, H, each, 1}; };
  b.route(0, column(0), Ramp, East);
  for (uint32_t x = 1; x < D; ++x)
    b.route(0, column(x), West, East);
  b.route(0, column(D), West, Ramp);
  std::string mem = "dsd d0, r0+16384, f32, [" + std::to_string(N) + ":1]\n";
  b.cls("from", column(0), mem + "vmov d0, r0\nvmov out2, d0\nhalt\n",
        {{true, 2, 0}});
  b.cls("to", column(D), mem + "vmov d0, in2\nhalt\n", {{false, 2, 0}});
  return b;
}

static const char *const names[] = {"exact", "batched", "functional"};

/// Runs once in each of `ways`, anew each time.
static int measure(const Program &p, const Target &t,
                   std::vector<Fidelity> ways) {
  for (Fidelity way : ways) {
    auto s = Simulator::create(p, t);
    if (!s)
      return fprintf(stderr, "%s\n", toString(s.takeError()).c_str()), 1;
    for (size_t i = 0; i < p.inputs.size(); ++i) {
      uint64_t bytes = elemBytes(p.inputs[i].type);
      for (uint64_t n : p.inputs[i].shape)
        bytes *= n;
      llvm::cantFail((*s)->setInput(i, std::vector<uint8_t>(bytes)));
    }
    llvm::consumeError((*s)->run(Simulator::MaxCycles, way).takeError());
    std::clock_t began = std::clock();
    auto stats = (*s)->run(Simulator::MaxCycles, way);
    double sec = double(std::clock() - began) / CLOCKS_PER_SEC;
    if (!stats)
      return fprintf(stderr, "%s\n", toString(stats.takeError()).c_str()), 1;
    double steps = double(stats->instructions + stats->fabricElements);
    rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("%-10s %u x %u PEs, %llu cycles: %.2f s, %.1f M steps/s, "
           "%.1f M hops/s, %.1f M hops, %.1f M elements, %.1f M MACs, batched "
           "%.3f, peak %.2f GiB\n",
           names[int(way)], p.gridW, p.gridH, (unsigned long long)stats->cycles,
           sec, steps / sec / 1e6, double(stats->waveletHops) / sec / 1e6,
           double(stats->waveletHops) / 1e6,
           double(stats->fabricElements) / 1e6, double(stats->macs) / 1e6,
           stats->batching.share(), double(use.ru_maxrss) / (1 << 20));
  }
  return 0;
}

static int compareRandom(unsigned from, unsigned to) {
  unsigned bad = 0, ended = 0;
  uint64_t moves = 0, batched = 0;
  for (unsigned seed = from; seed < to; ++seed) {
    Builder b = randomProgram(seed);
    Outcome want = outcomeOf(b, Fidelity::Exact, seed),
            got = outcomeOf(b, Fidelity::Batched, seed);
    std::string text = difference(want, got, true);
    ended += want.error.empty();
    moves += got.stats.batching.moves;
    batched += got.stats.batching.batched;
    if (text.empty())
      continue;
    ++bad;
    printf("seed %u: %s\n", seed, text.c_str());
  }
  printf(
      "%u programs, %u of them end, %u differ; batched %.3f of %.1f M moves\n",
      to - from, ended, bad, double(batched) / double(moves),
      double(moves) / 1e6);
  return bad != 0;
}

int main(int argc, char **argv) {
  std::string what = argc > 1 ? argv[1] : "layers";
  auto arg = [&](int i, uint32_t none) {
    return argc > i + 1 ? uint32_t(atoi(argv[i + 1])) : none;
  };
  if (what == "random")
    return compareRandom(arg(1, 0), arg(2, 10000));
  std::vector<Fidelity> ways = {Fidelity::Exact, Fidelity::Batched,
                                Fidelity::Functional};
  if (const char *only = getenv("WEFT_BENCH_ONLY"))
    std::erase_if(
        ways, [&](Fidelity f) { return std::string(only) != names[int(f)]; });
  if (what == "file") {
    auto loaded = loadFile(argc > 2 ? argv[2] : "-");
    auto target = loaded ? parseTarget(loaded->program.targetYaml, what)
                         : llvm::Expected<Target>(loaded.takeError());
    if (!target)
      return fprintf(stderr, "%s\n", toString(target.takeError()).c_str()), 1;
    return measure(loaded->program, *target, ways);
  }
  Builder b =
      what == "streams"
          ? streams(arg(1, 64), arg(2, 64), arg(3, 4096), arg(4, 1))
          : layers(arg(1, 32), arg(2, 32), arg(3, 64), arg(4, 8), arg(5, 120));
  return measure(b.p, b.t, ways);
}
