//===- Timeline.h - When things happen, for a few representative PEs ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The cycle estimate, and the one-wavelet dependency path. Two rows of each
// kind of row and two columns of each kind of column are followed op by op:
// O(w + h) clocks, whatever the program does on them.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_TIMELINE_H
#define WEFT_LIB_COST_TIMELINE_H

#include "Traffic.h"

namespace weft::cost {

/// The longest chain of dependent messages, each one wavelet: set-up, ramps,
/// hops and one cycle for each. No run is shorter.
struct PathCost {
  uint64_t cycles = 0;
  uint32_t fromX = 0, fromY = 0, x = 0, y = 0;
};

struct Estimate {
  uint64_t cycles = 0;
  /// First issue and last end of each of Program::kernels.
  std::vector<std::pair<uint64_t, uint64_t>> kernels;
  PathCost path;
  std::vector<PathCost> kernelPaths, stagePaths;
  /// Some word that this kernel (stage) sends is received in another one, so
  /// it may cross its links later than the kernel's last end.
  std::vector<char> kernelSpills, stageSpills;
  uint64_t forced = 0; // ops whose words never came: the program would hang
};

Estimate estimateCycles(const bin::Program &p, const Target &t,
                        const std::vector<std::unique_ptr<ClassCode>> &codes,
                        const Traffic &traffic);

} // namespace weft::cost
#endif
