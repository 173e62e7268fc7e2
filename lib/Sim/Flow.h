//===- Flow.h - Many moves of wavelets in closed form ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A batched run states the coming moves of a wavelet's reader, one after the
// other at an even pace, instead of making an event of each.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_FLOW_H
#define WEFT_LIB_SIM_FLOW_H

#include <algorithm>
#include <cstdint>

namespace weft::sim {

constexpr uint64_t Never = ~uint64_t(0);

/// Wavelet base + k, k < n, moves in cycle first + (carry + k * rate) / 1000;
/// carry < 1000 <= rate.
struct Flow {
  uint64_t base = 0, n = 0, first = 0;
  uint32_t rate = 1000, carry = 0;

  uint64_t end() const { return base + n; }
  /// Of wavelet `i` >= base, in thousandths of a cycle.
  uint64_t milli(uint64_t i) const {
    return first * 1000 + carry + (i - base) * rate;
  }
  uint64_t time(uint64_t i) const { return milli(i) / 1000; }
  uint64_t last() const { return time(end() - 1); }
  /// The first wavelet that does not move before cycle `at`.
  uint64_t next(uint64_t at) const {
    if (at <= first)
      return base;
    return base + std::min(n, ((at - first) * 1000 - carry + rate - 1) / rate);
  }
  /// The same moves from wavelet `from` on, numbered from `base`, `delay`
  /// cycles later.
  Flow after(uint64_t from, uint64_t delay, uint64_t newBase) const {
    uint64_t at = milli(from);
    return {newBase, end() - from, at / 1000 + delay, rate,
            uint32_t(at % 1000)};
  }
};

/// What a batched run knows of a cell beyond its fifo.
struct LazyCell {
  Flow flow;              // moves that are stated; n is 0: none
  uint64_t alarm = Never; // until then there is surely room for them
};

/// An op that processes elements in stated steps.
struct LazyOp {
  uint32_t slot = ~uint32_t(0);
  bool whole = false; // up to the op's last element
  Flow steps;         // from 0
  uint64_t done = 0;  // steps whose data has been moved
  uint64_t alarm = Never;
  uint32_t stream = ~uint32_t(0); // the tape of a stream that has yet to pair
};

} // namespace weft::sim
#endif
