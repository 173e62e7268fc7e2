//===- Packer.h - Blocks put one after another ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SOLVE_PACKER_H
#define WEFT_LIB_SOLVE_PACKER_H

#include "FreeArea.h"
#include "weft/Solve/Place.h"

namespace weft::solve {

/// Which free corner a block takes.
enum class PackRule : uint8_t { TopLeft, TightFit, ShortWires };

struct PackChoice { // what the search varies
  std::vector<unsigned> order;
  std::vector<unsigned> shape; // by block: index into its usable shapes
  PackRule rule = PackRule::TopLeft;
};

inline uint64_t areaOf(const PlaceShape &s) { return uint64_t(s.w) * s.h; }

class Packer {
public:
  explicit Packer(const PlaceProblem &p) : p(p) {}
  /// Usable are the shapes that cost at most `cost`. Their smallest areas must
  /// fit together, else there is no packing: false.
  bool setLevel(uint64_t cost);
  /// Of a block, at this level; small ones first.
  const std::vector<unsigned> &usableShapes(unsigned block) const {
    return usable[block];
  }
  std::optional<PlaceSolution> pack(const PackChoice &c) const;

private:
  using Boxes = std::vector<std::optional<Box>>;
  std::optional<Box> putBlock(unsigned i, const PlaceShape &s, PackRule rule,
                              const FreeArea &area, const Boxes &boxes) const;
  uint64_t wiresOf(unsigned i, const Box &b, const Boxes &boxes) const;

  const PlaceProblem &p;
  std::vector<std::vector<unsigned>> usable; // by block
};

} // namespace weft::solve
#endif
