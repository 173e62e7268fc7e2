//===- Random.h - A small generator with the same stream everywhere -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Searches must give the same answer on every machine. The distributions of
// the standard library differ between implementations, so the solvers use this
// generator (SplitMix64) and plain remainders.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SOLVE_RANDOM_H
#define WEFT_SOLVE_RANDOM_H

#include <cstdint>

namespace weft::solve {

class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  /// In [0, n); n >= 1.
  uint64_t below(uint64_t n) { return next() % n; }

private:
  uint64_t state;
};

} // namespace weft::solve
#endif
