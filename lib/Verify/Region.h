//===- Region.h - Exact set algebra on strided rectangles -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every question of the verifier about "which PEs" is a question about sets of
// patterns. Strided rectangles are closed under intersection and, as unions,
// under difference; both are exact here, so no check ever walks single PEs.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_REGION_H
#define WEFT_LIB_VERIFY_REGION_H

#include "weft/Binary/Program.h"
#include <optional>
#include <string>
#include <vector>

namespace weft::verify {

using bin::Pattern;
using Region = std::vector<Pattern>;

std::optional<Pattern> intersect(const Pattern &a, const Pattern &b);
/// a \ b as disjoint patterns.
Region subtract(const Pattern &a, const Pattern &b);
Region subtract(Region a, const Region &b);
/// The pattern moved by (dx, dy), what stays on the grid of it.
std::optional<Pattern> shift(const Pattern &p, int64_t dx, int64_t dy,
                             const Pattern &grid);
/// Joins neighbours into larger patterns; the union stays the same. For
/// disjoint input.
Region coalesce(Region r);
bool onGrid(const Pattern &p, const Pattern &grid);
/// "(3, 0)" or "(0, 0, 4x8, step 2x1)".
std::string describe(const Pattern &p);

/// Disjoint pieces that carry a weight: a function on PEs.
struct Weighted {
  Pattern where;
  uint64_t weight = 0;
};
/// The largest sum of the weights of `pieces` at one PE. `budget` bounds the
/// work; nothing is returned if it does not suffice.
std::optional<uint64_t> maxOverlap(std::vector<Weighted> pieces,
                                   uint64_t budget);

uint64_t satAdd(uint64_t a, uint64_t b);
uint64_t satMul(uint64_t a, uint64_t b);

} // namespace weft::verify
#endif
