//===- Bounds.h - What no run can be shorter than -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The lower bound of the program, a stage or a kernel: the largest demand on
// one resource, never a sum over resources that might work at the same time.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_BOUNDS_H
#define WEFT_LIB_COST_BOUNDS_H

#include "Timeline.h"

namespace weft::cost {

class Bounds {
public:
  Bounds(const bin::Program &p, const Target &t,
         const std::vector<std::unique_ptr<ClassCode>> &codes,
         const Traffic &traffic);

  /// Sets `lower` and `bound`, and the estimates from the timeline.
  void program(const Estimate &e, CycleCost &cycles, Demand &interval) const;
  void stage(uint32_t index, const Estimate &e, CycleCost &cycles,
             Demand &interval) const;
  void kernel(uint32_t index, const Estimate &e, CycleCost &cycles) const;

private:
  /// The kernels that are asked about.
  using Members = std::vector<uint32_t>;
  struct Link { // of the same load as others, the first in row-major order
    uint32_t x = 0, y = 0;
    bin::Port dir = bin::East;
    std::vector<uint32_t> loads; // indices into Traffic::loads
  };

  void findLinks();
  Demand busiestPE(const Members &m) const;
  Demand busiestRamp(const Members &m, bool fromStart) const;
  Demand busiestLink(const Members &m) const;
  Demand busiest(const Members &m, bool fromStart, bool links) const;
  static void take(CycleCost &cycles, const Demand &resource,
                   const PathCost &path);

  const bin::Program &p;
  const Target &t;
  const std::vector<std::unique_ptr<ClassCode>> &codes;
  const Traffic &traffic;
  std::vector<Link> links;
};

/// Bounds and estimates of the program, its stages and its kernels, which `r`
/// lists.
void countCycles(const bin::Program &p, const Target &t,
                 const std::vector<std::unique_ptr<ClassCode>> &codes,
                 const Traffic &traffic, CostReport &r);

/// Sets the ranges of these figures over the brackets of assumed target fields,
/// and which fields each depends on.
llvm::Error countRanges(const bin::Program &p, const Target &t,
                        const std::vector<std::unique_ptr<ClassCode>> &codes,
                        const Traffic &traffic, CostReport &r);

} // namespace weft::cost
#endif
