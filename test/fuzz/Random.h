//===- Random.h - The mutators' source of choices -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// libFuzzer gives each mutation a seed; all choices follow from it, so that a
// run repeats with the same -seed.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_FUZZ_RANDOM_H
#define WEFT_TEST_FUZZ_RANDOM_H

#include <cstdint>
#include <iterator>
#include <random>
#include <vector>

namespace weft::fuzz {

class Random {
public:
  explicit Random(unsigned seed) : engine(seed) {}
  /// A number below n; n is at least 1.
  uint64_t below(uint64_t n) { return next() % n; }
  bool oneIn(uint64_t n) { return below(n) == 0; }
  uint64_t next() { return uint64_t(engine()) << 32 | engine(); }

  /// `v` changed: by a little, a bit, to a limit, or to anything.
  template <typename T> T changed(T v) {
    static constexpr uint64_t limits[] = {
        0,           1,          2,
        3,           4,          7,
        8,           15,         16,
        31,          32,         63,
        64,          127,        128,
        255,         256,        4095,
        4096,        65535,      65536,
        1u << 24,    0x7fffffff, 0x80000000,
        0xffffffff,  1ull << 32, ~uint64_t(0) >> 1,
        ~uint64_t(0)};
    uint64_t u = uint64_t(v);
    switch (below(5)) {
    case 0:
    case 1:
      return T(oneIn(2) ? u + 1 + below(4) : u - 1 - below(4));
    case 2:
      return T(u ^ (uint64_t(1) << below(8 * sizeof(T))));
    case 3:
      return T(limits[below(std::size(limits))]);
    default:
      return T(oneIn(2) ? u * (oneIn(2) ? 2 : 4) : next());
    }
  }

private:
  std::minstd_rand engine;
};

} // namespace weft::fuzz
#endif
