//===- Compare.h - A wafer's estimate beside rooflines of devices ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What weftc --compare computes and prints. A roofline is a bound that no run
// beats while weights are streamed from memory once a step; the wafer's figures
// are those of the cost report. docs/compare.md has the method.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_COMPARE_COMPARE_H
#define WEFT_COMPARE_COMPARE_H

#include "weft/Compare/Device.h"
#include "weft/Cost/Cost.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <optional>

namespace weft::compare {

/// What one step of a model asks of any machine: its own work, not padded.
struct ModelWork {
  std::map<std::string, uint64_t> macs; // of products, by element type
  // Bytes.
  uint64_t weightsHeld = 0, weightsRead = 0;
  uint64_t stateHeld = 0, stateRead = 0, stateWritten = 0;
  uint64_t inputs = 0, outputs = 0;
  uint64_t tokens = 0; // of a step; 0: not known
  std::string tokensSource;

  uint64_t held() const { return weightsHeld + stateHeld; }
  uint64_t moved() const {
    return weightsRead + stateRead + stateWritten + inputs + outputs;
  }
};

/// The roofline of one step on as many devices as hold the model.
struct Roofline {
  uint64_t devices = 1;
  std::string missing;            // a type of the model without a peak
  double compute = 0, memory = 0; // seconds
  bool onchip = false; // the model would fit in the memory on the chips, which
                       // is another than that of the roofline

  double step() const { return std::max(compute, memory); }
  const char *binds() const { return compute > memory ? "compute" : "memory"; }
};
Roofline roofline(const ModelWork &work, const Device &device);

/// GFLOP/s of multiply-adds on all PEs of `t`; 0 if it has none of that type.
double waferPeak(const Target &t, llvm::StringRef type);
/// How that is computed, in words.
std::string waferPeakSource(const Target &t, llvm::StringRef type);

/// A figure of the cost report as time.
struct WaferLine {
  const char *key; // of the JSON
  const char *row; // of the table, behind the target's name
  std::string source;
  uint64_t cycles = 0;
  // Over the brackets of assumed fields, where the report knows it.
  std::optional<cost::Bracket> range;
  llvm::StringRef binds;
  // Seconds; the latter two over the bracket of the clock too.
  double step = 0, fastest = 0, slowest = 0;
};

/// Lower bound and estimate of a step, and the least distance of steps that
/// overlap.
struct WaferTime {
  std::string missing;
  double compute = 0; // seconds at peak, without padding
  std::vector<WaferLine> lines;
};
WaferTime waferTime(const ModelWork &work, const Target &t,
                    const cost::CostReport &cost);

struct Comparison {
  std::string model;
  const ModelWork &work;
  const std::vector<Device> &devices;
  const Target &target;
  const cost::CostReport &cost;
};

/// A table for people, with the sources beneath.
void printComparison(const Comparison &c, llvm::raw_ostream &os);
/// The same as JSON; each figure is an object of value, unit and source.
llvm::json::Value comparisonJson(const Comparison &c);

} // namespace weft::compare
#endif
