//===- BenchWafer.cpp - The simulator on grids of the wafer's size --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// All data are small whole numbers, so every sum is exact in any order as long
// as it stays below 2^24.
//
//===----------------------------------------------------------------------===//
#include "BenchWafer.h"
#include "BenchPrograms.h"
#include "weft/Cost/Cost.h"
#include <chrono>
#include <cstdio>
#include <sys/resource.h>
#include <unistd.h>

using namespace weft;
using namespace weft::sim;

static double secondsSince(std::chrono::steady_clock::time_point t) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - t)
      .count();
}

double sim::peakBytes() {
  rusage use;
  getrusage(RUSAGE_SELF, &use);
  return double(use.ru_maxrss) * 1024;
}

/// In [0, n), without a pattern along rows or columns.
static float small(uint64_t i, uint32_t n) {
  return float((i * 0x9e3779b97f4a7c15u >> 40) % n);
}

static std::vector<float> numbers(uint64_t n, uint32_t below) {
  std::vector<float> v(n);
  for (uint64_t i = 0; i < n; ++i)
    v[i] = small(i, below);
  return v;
}

static llvm::ArrayRef<uint8_t> raw(const std::vector<float> &v) {
  return {reinterpret_cast<const uint8_t *>(v.data()), v.size() * 4};
}

/// Everything from building to the output, the bytes of which are returned;
/// prints times. Inputs are given up as soon as they are on the wafer.
static std::vector<uint8_t> runOnce(const char *name, const Builder &b,
                                    std::vector<std::vector<float>> &inputs,
                                    Stats &stats) {
  auto began = std::chrono::steady_clock::now();
  auto s = llvm::cantFail(Simulator::create(b.p, b.t));
  for (size_t i = 0; i < inputs.size(); ++i) {
    llvm::cantFail(s->setInput(i, raw(inputs[i])));
    inputs[i] = {};
  }
  double built = secondsSince(began);
  stats = llvm::cantFail(s->run(Simulator::MaxCycles, Fidelity::Batched));
  double ran = secondsSince(began) - built;
  std::vector<uint8_t> out = llvm::cantFail(s->getOutput(0));
  printf("%s: %u x %u PEs, %.1f M MACs, %.1f M hops, batched %.3f; %.1f s to "
         "build and load, %.1f s to run, %.1f s to read\n",
         name, b.p.gridW, b.p.gridH, double(stats.macs) / 1e6,
         double(stats.waveletHops) / 1e6, stats.batching.share(), built, ran,
         secondsSince(began) - built - ran);
  return out;
}

/// Whether the static model holds what docs/cost-model.md promises.
static bool showCycles(const Builder &b, const Stats &stats) {
  cost::CostReport r = llvm::cantFail(cost::analyze(b.p, b.t));
  double off = double(r.cycles.estimate) / double(stats.cycles) - 1;
  printf("  %llu cycles; static model: at least %llu, estimate %llu "
         "(%+.2f %%); hops and MACs %s\n",
         (unsigned long long)stats.cycles, (unsigned long long)r.cycles.lower,
         (unsigned long long)r.cycles.estimate, 100 * off,
         r.waveletHops == stats.waveletHops && r.macs == stats.macs ? "equal"
                                                                    : "DIFFER");
  return r.cycles.lower <= stats.cycles && std::abs(off) <= 0.03 &&
         r.waveletHops == stats.waveletHops && r.macs == stats.macs;
}

/// Element i must be sums[i % sums.size()].
static bool showSums(const std::vector<uint8_t> &out,
                     const std::vector<float> &sums) {
  size_t wrong = 0, all = out.size() / 4;
  for (size_t i = 0; i < all; ++i) {
    float got;
    memcpy(&got, &out[i * 4], 4);
    wrong += got != sums[i % sums.size()];
  }
  printf("  %zu of %zu sums are those of the host\n", all - wrong, all);
  return !wrong && all;
}

static bool reduceWafer(uint32_t W, uint32_t H, uint32_t B) {
  std::vector<std::vector<float>> in = {numbers(uint64_t(W) * H * B, 16)};
  std::vector<float> sum(B);
  for (size_t i = 0; i < in[0].size(); ++i)
    sum[i % B] += in[0][i];
  Builder b = allReduce(W, H, B);
  Stats stats;
  bool good = showSums(runOnce("all-reduce", b, in, stats), sum);
  // Chain along x, chain along y, multicast: B + (2 ramp + hop + 1)(P - 1) and
  // B + hop (W + H - 2) + 2 ramp + 1. An op's first element and the last of the
  // one before lie in neighbouring cycles where the code is straight.
  uint64_t ramp = b.t.ramp, hop = b.t.hop,
           form = 3 * uint64_t(B) + (2 * ramp + hop + 1) * (W + H - 2) +
                  hop * (W + H - 2) + 2 * ramp + 1,
           took = stats.lastElement - stats.firstElement;
  printf("  %llu cycles from first to last element, closed form %llu\n",
         (unsigned long long)took, (unsigned long long)form);
  return showCycles(b, stats) && good && took == form;
}

static bool multiplyWafer(uint32_t W, uint32_t H, uint32_t M, uint32_t K) {
  uint64_t rows = uint64_t(H) * M, cols = uint64_t(W) * K;
  std::vector<std::vector<float>> in = {numbers(rows * cols, 8),
                                        numbers(cols, 8)};
  std::vector<float> y(rows);
  for (uint64_t c = 0; c < cols; ++c)
    for (uint64_t r = 0; r < rows; ++r)
      y[r] += in[0][c * rows + r] * in[1][c];
  Builder b = gemv(W, H, M, K);
  Stats stats;
  bool good = showSums(runOnce("matrix-vector product", b, in, stats), y);
  return showCycles(b, stats) && good;
}

int sim::benchWafer(uint32_t W, uint32_t H, uint32_t B, uint32_t M,
                    uint32_t K) {
  if (W < 4 || H < 4)
    return fprintf(stderr, "a grid of at least 4 x 4 is needed\n"), 1;
  auto began = std::chrono::steady_clock::now();
  bool good = reduceWafer(W, H, B);
  good &= multiplyWafer(W, H, M, K);
  printf("%s: %.1f s and %.2f GiB at most, data and checks of the host "
         "included\n",
         good ? "all right" : "WRONG", secondsSince(began),
         peakBytes() / (1 << 30));
  return !good;
}

/// Bytes that this process holds now.
static double residentBytes() {
  unsigned long pages = 0, resident = 0;
  if (FILE *f = fopen("/proc/self/statm", "r")) {
    if (fscanf(f, "%lu %lu", &pages, &resident) != 2)
      resident = 0;
    fclose(f);
  }
  return double(resident) * double(sysconf(_SC_PAGESIZE));
}

int sim::benchIdle(uint32_t W, uint32_t H) {
  Builder b = idle(W, H);
  double before = residentBytes();
  auto s = llvm::cantFail(Simulator::create(b.p, b.t));
  double built = residentBytes() - before, pes = double(W) * H - 1;
  printf("%.0f PEs that only halt, bytes of each: %.1f when built", pes,
         built / pes);
  for (Fidelity way :
       {Fidelity::Exact, Fidelity::Batched, Fidelity::Functional}) {
    Stats stats = llvm::cantFail(s->run(Simulator::MaxCycles, way));
    double idleNow = residentBytes() - before;
    printf(", %.1f after %s run", idleNow / pes,
           way == Fidelity::Exact     ? "an exact"
           : way == Fidelity::Batched ? "a batched"
                                      : "a functional");
  }
  printf("; at most %.1f\n", (peakBytes() - before) / pes);
  return 0;
}
