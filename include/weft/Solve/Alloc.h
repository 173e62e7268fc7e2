//===- Alloc.h - Offsets of buffers in one PE's SRAM ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Static memory allocation as a problem of its own: buffers with a size, an
// alignment and a live interval get offsets so that no two that live at the
// same time overlap. Knows neither IR nor programs; passes translate. The
// solver is shadowed by verify(), which shares no code with it.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SOLVE_ALLOC_H
#define WEFT_SOLVE_ALLOC_H

#include "weft/Solve/Banks.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::solve {

/// A buffer that lives in [begin, end) of program order.
struct AllocBuffer {
  std::string name;   // for messages only
  uint64_t size = 0;  // bytes, >= 1
  uint64_t align = 1; // power of two; of the address, not of the offset to base
  uint64_t begin = 0, end = 1;                  // half-open, begin < end
  std::optional<uint64_t> fixed = std::nullopt; // address it must have
};

struct AllocSolution {
  std::vector<uint64_t> address; // by buffer
  uint64_t top = 0;            // one past the highest byte used (base if none)
  uint64_t lowerBound = 0;     // no allocation has a lower top than this
  uint64_t conflictCycles = 0; // what the pairs take
  std::string heuristic;       // the order that won, for remarks
};

/// Where memory runs out, in the words a refusal needs.
struct AllocFailure {
  uint64_t demand = 0, capacity = 0; // bytes beyond base: needed, available
  uint64_t begin = 0, end = 0;       // interval in which demand peaks
  bool proved =
      false; // demand is the sum of live buffers (else: fragmentation)
  std::vector<unsigned> largest; // live in that interval, largest first, <= 8
};

class AllocProblem {
public:
  uint64_t base = 0;     // lowest address that may be used
  uint64_t capacity = 0; // one past the highest
  std::vector<AllocBuffer> buffers;
  uint64_t word = 1, line = 0; // of the banks, as in BankProblem
  std::vector<BankPair> pairs;
  uint64_t roomy = 0; // up to this top memory is spent on avoiding conflicts

  unsigned add(AllocBuffer b) {
    buffers.push_back(std::move(b));
    return unsigned(buffers.size() - 1);
  }
  std::string nameOf(unsigned buffer) const;
  /// The banks' part of it.
  BankProblem banks() const;
  /// Is the problem well formed? "" or the first fault found.
  std::string check() const;
  /// Is `s` a solution? "" or the first fault found. Independent of the solver.
  std::string verify(const AllocSolution &s) const;
};

struct AllocOptions {
  uint64_t seed = 1;
  unsigned iterations = 2000; // of the order search; 0: heuristics only
};

struct AllocResult {
  std::optional<AllocSolution> solution;
  AllocFailure failure; // if there is no solution
  std::string message;  // why there is none: demand, capacity, heaviest buffers
  explicit operator bool() const { return solution.has_value(); }
};

/// Tries several placement orders, then a seeded hill climb on the best one,
/// bounded by a count of steps and not by a clock, so the answer is the same on
/// every machine. Addresses minimise the top; it stops at the lower bound. Then
/// bank conflicts are avoided as far as the top, or what is roomy, allows.
AllocResult solveAlloc(const AllocProblem &p, const AllocOptions &o = {});

} // namespace weft::solve
#endif
