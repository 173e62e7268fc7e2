//===- Bench.cpp - How fast the simulator is ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Rounds of what a linear layer does on a square of PEs: local products, a
// chain reduction along each row, a multicast back. Prints simulated PE-cycles
// per second; not a test, since it measures the host.
//
//===----------------------------------------------------------------------===//
#include "Build.h"
#include <cstdio>
#include <ctime>

using namespace weft;
using namespace weft::sim;
using namespace weft::bin;

/// W x W PEs; each round K products of B elements, then a sum over each row.
static Builder layers(uint32_t W, uint32_t B, uint32_t K, uint32_t rounds) {
  Builder b(W, W);
  auto column = [&](uint32_t x, uint32_t n) {
    return Pattern{x, 0, n, W, 1, 1};
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
      "li r1, 0x3f000000\nloop r9, " + n(rounds) +
      "\ndsd d1, r0+24576, f32, [" + n(B) + ":1]\nvmov d1, r1\n" + // products
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
    b.p.classes.back().where = {{first, 0, (W - 2 - first) / 2 + 1, W, 2, 1}};
  }
  return b;
}

int main(int argc, char **argv) {
  uint32_t W = argc > 1 ? atoi(argv[1]) : 32, B = argc > 2 ? atoi(argv[2]) : 64;
  uint32_t K = argc > 3 ? atoi(argv[3]) : 8,
           rounds = argc > 4 ? atoi(argv[4]) : 120;
  Builder b = layers(W, B, K, rounds);
  std::clock_t began = std::clock();
  auto s = llvm::cantFail(Simulator::create(b.p, b.t));
  auto stats = s->run();
  if (!stats) {
    fprintf(stderr, "%s\n", toString(stats.takeError()).c_str());
    return 1;
  }
  double t = double(std::clock() - began) / CLOCKS_PER_SEC;
  double all = double(stats->cycles) * W * W;
  printf("%u x %u PEs, %llu cycles: %.2f s, %.0f M PE-cycles/s, %.1f M hops, "
         "%.1f M elements, "
         "%.1f M MACs, %.2f M instructions\n",
         W, W, (unsigned long long)stats->cycles, t, all / t / 1e6,
         double(stats->waveletHops) / 1e6, double(stats->fabricElements) / 1e6,
         double(stats->macs) / 1e6, double(stats->instructions) / 1e6);
  return 0;
}
