//===- Banks.h - Places of buffers within a line of memory ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Memory gives two words in one cycle if they lie at different places of their
// lines. Which buffers are read together is known, so each gets the residue of
// its address modulo a line for which ops wait least. Knows neither IR nor
// sizes; the allocator packs what is decided here.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SOLVE_BANKS_H
#define WEFT_SOLVE_BANKS_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::solve {

/// Takes `cycles` more if address a less address b is `residue` modulo the
/// line.
struct BankPair {
  unsigned a = 0, b = 0;
  uint64_t residue = 0; // bytes, a multiple of the word below the line
  uint64_t cycles = 0;
};

struct BankBuffer {
  uint64_t align = 1; // power of two; less than a word: a word
  std::optional<uint64_t> fixed = std::nullopt; // address it must have
};

struct BankSolution {
  std::vector<uint64_t> residue; // of the addresses, by buffer
  uint64_t cycles = 0;           // what the pairs then take
  uint64_t bound = 0;            // no residues take less than this
};

class BankProblem {
public:
  uint64_t word = 1; // bytes, a power of two: of one bank
  uint64_t line = 0; // bytes, a power of two; up to a word: nothing to choose
  std::vector<BankBuffer> buffers;
  std::vector<BankPair> pairs;

  /// Is the problem well formed? "" or the first fault found.
  std::string check() const;
  /// What the pairs take if the buffers lie at these addresses.
  uint64_t cycles(const std::vector<uint64_t> &address) const;
  /// Is `s` a solution? "" or the first fault found. Independent of the solver.
  std::string verify(const BankSolution &s) const;
};

/// Joins buffers to clusters, along the heaviest pairs first, each time with
/// the shift between the two that costs least; then moves single buffers while
/// that gains. Where no two pairs are at odds the answer is the best one.
BankSolution solveBanks(const BankProblem &p);

} // namespace weft::solve
#endif
