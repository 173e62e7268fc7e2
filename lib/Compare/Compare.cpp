//===- Compare.cpp - Rooflines, and cycles as time ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Compare/Compare.h"

using namespace weft;
using namespace weft::compare;
using llvm::StringRef;

/// Seconds that the products take at `peak` GFLOP/s each; names the first type
/// that has none.
template <typename Peak>
static double atPeak(const ModelWork &work, Peak peak, std::string &missing) {
  double seconds = 0;
  for (auto [type, macs] : work.macs) {
    double rate = peak(type);
    if (rate > 0)
      seconds += 2.0 * double(macs) / (rate * 1e9);
    else if (missing.empty())
      missing = type;
  }
  return seconds;
}

Roofline compare::roofline(const ModelWork &work, const Device &device) {
  Roofline r;
  const uint64_t capacity = device.capacity * 1000000;
  r.devices = std::max<uint64_t>(1, (work.held() + capacity - 1) / capacity);
  double compute = atPeak(
      work,
      [&](const std::string &type) {
        auto found = device.peak.find(type);
        return found == device.peak.end() ? 0 : double(found->second.value);
      },
      r.missing);
  r.compute = compute / double(r.devices);
  r.memory = double(work.moved()) /
             (double(device.bandwidth.value) * 1e9 * double(r.devices));
  r.onchip = device.onchip < device.capacity &&
             work.held() <= r.devices * device.onchip * 1000000;
  return r;
}

/// Cycles per 1000 elements of a multiply-add by a scalar; 0 if there is none.
static uint32_t macRate(const Target &t, StringRef type) {
  VectorForm f;
  f.cls = VectorClass::FMac;
  f.wide = type == "f32";
  if (!f.wide && type != "f16" && !(type == "bf16" && t.bf16))
    return 0;
  f.writeBytes = f.wide ? 4 : 2;
  f.readBytes = 2 * f.writeBytes;
  return t.rateOf(f);
}

double compare::waferPeak(const Target &t, StringRef type) {
  uint32_t rate = macRate(t, type);
  if (!rate)
    return 0;
  double pes = double(t.gridW) * double(t.gridH);
  return pes * 2 * (1000.0 / rate) * t.clock / 1000; // MHz to GHz
}

std::string compare::waferPeakSource(const Target &t, StringRef type) {
  return "computed: " + std::to_string(t.gridW) + " x " +
         std::to_string(t.gridH) + " PEs x 2 x elements per cycle (simd.fmac" +
         (type == "f32" ? "32" : "16") + ", memory ports) x clock.mhz";
}

WaferTime compare::waferTime(const ModelWork &work, const Target &t,
                             const cost::CostReport &cost) {
  WaferTime w;
  w.compute = atPeak(
      work, [&](const std::string &type) { return waferPeak(t, type); },
      w.missing);
  const cost::CycleCost &c = cost.cycles;
  llvm::StringRef bound = resourceName(c.bound.resource);
  w.lines = {{"lower", ", at least", "cost report: cycles.lower", c.lower,
              c.lowerRange, bound},
             {"estimate", "", "cost report: cycles.estimate", c.estimate,
              c.estimateRange, bound},
             {"interval", ", overlapped", "cost report: interval.cycles",
              cost.interval.cycles, std::nullopt,
              resourceName(cost.interval.where.resource)}};
  for (WaferLine &line : w.lines) {
    auto range = line.range.value_or(cost::Bracket{line.cycles, line.cycles});
    line.step = double(line.cycles) / (t.clock * 1e6);
    line.fastest = double(range.lo) / (t.clock.hi * 1e6);
    line.slowest = double(range.hi) / (t.clock.lo * 1e6);
  }
  return w;
}
