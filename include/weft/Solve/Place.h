//===- Place.h - Rectangles on the grid -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Stages get a shape and a place: disjoint, inside the grid, with the slowest
// stage as fast as possible and then short wires between stages that talk. The
// solver is shadowed by verify().
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SOLVE_PLACE_H
#define WEFT_SOLVE_PLACE_H

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::solve {

/// A rectangle that a block may have, and what the block costs in it.
struct PlaceShape {
  uint32_t w = 1, h = 1;
  uint64_t cost = 0;
};

struct PlaceBlock {
  std::string name; // for messages
  std::vector<PlaceShape> shapes;
  std::optional<std::pair<uint32_t, uint32_t>> at =
      std::nullopt; // fixed (x, y)
};

struct PlaceEdge {
  unsigned from = 0, to = 0;
  uint64_t weight = 1; // wavelets
};

struct Placed {
  uint32_t x = 0, y = 0;
  unsigned shape = 0; // index into shapes
  bool operator==(const Placed &) const = default;
};

struct PlaceSolution {
  std::vector<Placed> blocks;
  uint64_t maxCost = 0;
  uint64_t wirelength = 0; // sum of weight x Manhattan distance of centres x 2
  uint64_t lowerBound = 0; // of maxCost
};

class PlaceProblem {
public:
  uint32_t gridW = 1, gridH = 1;
  std::vector<PlaceBlock> blocks;
  std::vector<PlaceEdge> edges;

  unsigned add(PlaceBlock b) {
    blocks.push_back(std::move(b));
    return unsigned(blocks.size() - 1);
  }
  std::string nameOf(unsigned block) const; // for messages
  /// Is the problem well formed? "" or the first fault found.
  std::string check() const;
  /// Is `s` a solution? "" or the first fault found. Independent of the solver.
  std::string verify(const PlaceSolution &s) const;
};

struct PlaceFailure {
  uint64_t demand = 0, capacity = 0; // PEs: smallest shapes together, grid
  std::vector<unsigned> largest;     // blocks by smallest area, largest first
};

struct PlaceOptions {
  uint64_t seed = 1;
  unsigned iterations = 400; // per level of cost, and again for the wires
};

struct PlaceResult {
  std::optional<PlaceSolution> solution;
  PlaceFailure failure;
  std::string message; // why there is none
  explicit operator bool() const { return solution.has_value(); }
};

/// Looks for the lowest cost level at which a packing is found, then searches
/// packings of that level for short wires. Deterministic.
PlaceResult solvePlace(const PlaceProblem &p, const PlaceOptions &o = {});

} // namespace weft::solve
#endif
