//===- Grid.h - Sets of PEs as strided rectangles -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What the cost model needs to reason about many PEs at once: intersection of
// strided rectangles, and the few *kinds* of columns (rows) that a set of
// rectangles tells apart. Nothing here enumerates PEs.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_GRID_H
#define WEFT_LIB_COST_GRID_H

#include "weft/Binary/Program.h"
#include <optional>
#include <vector>

namespace weft::cost {

/// The PEs in both a and b.
std::optional<bin::Pattern> intersect(const bin::Pattern &a,
                                      const bin::Pattern &b);

/// A kind of column: the columns that lie in exactly `members` of the patterns.
struct Kind {
  std::vector<uint32_t> at; // its coordinates, ascending
  std::vector<char> member; // by pattern
};

/// The kinds of columns (`alongX`) or rows of a grid of `extent`; kindOf maps
/// each coordinate to its kind. Ordered by first coordinate.
struct Kinds {
  std::vector<Kind> kinds;
  std::vector<uint32_t> kindOf;
};
Kinds kindsOf(const std::vector<bin::Pattern> &patterns, bool alongX,
              uint32_t extent);

} // namespace weft::cost
#endif
