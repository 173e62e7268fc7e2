//===- collectives.cpp - The closed forms over the whole grid of sizes ----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//   build/dev/bin/weft-collectives-bench [MAX-PE-CYCLES [COLLECTIVE]]
//
// A table of closed form, static model and simulator for P = 4 .. 512 on a line
// and 4^2 .. 64^2 on a square, B = 1 .. 8192. Runs of more than MAX-PE-CYCLES
// (default 2e9) PEs times words sent are not simulated. Exit code 1 if a
// promise of docs/cost-model.md is broken.
//
//===----------------------------------------------------------------------===//
#include "../test/unit/Cost/Collectives.h"
#include "weft/Cost/Cost.h"
#include "weft/Sim/Simulator.h"

using namespace weft;
using namespace weft::test;

namespace {
struct Row {
  Collective what = Collective::Chain;
  uint32_t w = 0, h = 0, words = 0;
  double form = 0, expected = 0;
  uint64_t lower = 0, estimate = 0;
  std::optional<uint64_t> simulated = std::nullopt;
};

/// What has been seen of one collective.
struct Seen {
  uint64_t cases = 0, run = 0, equalForm = 0, equalBoth = 0;
  double worstModel = 0, worstForm = 0;
};
} // namespace

/// The published form, or, of a Star, what follows from that of Chain.
static double expectedOf(const Row &r, double ramp) {
  if (r.what != Collective::Star)
    return r.form;
  double y = r.h > 1 ? starAfterChain(r.h, r.words, ramp) : 0;
  return starAfterChain(r.w, r.words, ramp) + y;
}

static Row measure(Collective what, uint32_t w, uint32_t h, uint32_t words,
                   double most) {
  Row r{what, w, h, words};
  Target t = hpdcTarget(what, w, h);
  bin::Program p = collective(what, w, h, words);
  auto cost = llvm::cantFail(cost::analyze(p, t));
  r.form = closedForm(what, w, h, words, double(t.ramp));
  r.expected = expectedOf(r, double(t.ramp));
  r.lower = cost.kernels[0].cycles.lower;
  r.estimate = cost.kernels[0].cycles.estimate;
  if (double(cost.waveletHops) + double(w) * h * words > most)
    return r;
  auto s = llvm::cantFail(sim::Simulator::create(p, t));
  sim::Stats stats = llvm::cantFail(s->run());
  r.simulated = stats.lastElement - stats.firstElement;
  return r;
}

static bool show(const Row &r, Seen &seen) {
  double want = r.expected;
  bool exact = r.what == Collective::Chain || r.what == Collective::Broadcast ||
               r.what == Collective::Star;
  bool good = !exact || double(r.estimate) == want;
  printf("%-10s %3ux%-3u %5u %11.1f %9llu %9llu", nameOf(r.what), r.w, r.h,
         r.words, r.form, (unsigned long long)r.lower,
         (unsigned long long)r.estimate);
  ++seen.cases;
  if (r.simulated) {
    double found = double(*r.simulated), off = r.estimate / found - 1;
    good &= r.lower <= *r.simulated && std::fabs(off) <= 0.03;
    good &= !exact || found == want;
    printf(" %9llu %+7.2f %%", (unsigned long long)*r.simulated, 100 * off);
    ++seen.run;
    seen.equalForm += found == r.form;
    seen.equalBoth += r.estimate == *r.simulated;
    seen.worstModel = std::max(seen.worstModel, std::fabs(off));
  } else {
    printf(" %9s %9s", "", "");
  }
  double far = r.estimate / r.form - 1;
  seen.worstForm = std::max(seen.worstForm, std::fabs(far));
  printf(" %+8.2f %%%s\n", 100 * far, good ? "" : "  BROKEN");
  return good;
}

int main(int argc, char **argv) {
  double most = argc > 1 ? atof(argv[1]) : 2e9;
  printf("%-10s %7s %5s %11s %9s %9s %9s %9s %10s\n", "collective", "PEs", "B",
         "closed form", "lower", "static", "simulated", "to sim.", "to form");
  bool good = true;
  std::vector<Seen> seen(5);
  for (Collective what :
       {Collective::Chain, Collective::Broadcast, Collective::Star,
        Collective::Tree, Collective::TwoPhase}) {
    if (argc > 2 && std::string(argv[2]) != nameOf(what))
      continue;
    std::vector<std::pair<uint32_t, uint32_t>> grids;
    for (uint32_t n = 4; n <= 512; n *= 2)
      grids.push_back({n, 1});
    for (uint32_t n = 4; n <= 64; n *= 2)
      grids.push_back({n, n});
    for (auto [w, h] : grids)
      for (uint32_t b : {1, 4, 16, 64, 256, 1024, 4096, 8192}) {
        good &= show(measure(what, w, h, b, most), seen[size_t(what)]);
        fflush(stdout);
      }
  }
  for (size_t k = 0; k < seen.size(); ++k)
    printf("%-10s %llu cases, %llu simulated: %llu equal the form, in %llu "
           "static equals simulated; at most %.2f %% off the simulator, %.2f "
           "%% off the form\n",
           nameOf(Collective(k)), (unsigned long long)seen[k].cases,
           (unsigned long long)seen[k].run,
           (unsigned long long)seen[k].equalForm,
           (unsigned long long)seen[k].equalBoth, 100 * seen[k].worstModel,
           100 * seen[k].worstForm);
  return good ? 0 : 1;
}
