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
#include <vector>

namespace weft::verify {

using bin::Pattern;
using Region = std::vector<Pattern>;
constexpr uint64_t MaxPieces = 1 << 17; // with their items, of one cut

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

/// A part of a region with the items that lie on all of it.
template <typename T> struct Piece {
  Pattern where;
  std::vector<const T *> items;
};
/// Cuts `region` so that no edge of an item's `place(item)` crosses a piece.
/// Nothing if the pieces have too many items in all.
template <typename T, typename Items, typename F>
std::optional<std::vector<Piece<T>>> cut(const Region &region,
                                         const Items &items, F place) {
  std::vector<Piece<T>> pieces;
  for (const Pattern &p : region)
    pieces.push_back({p, {}});
  for (const T *item : items) {
    std::vector<Piece<T>> next;
    uint64_t size = 0;
    for (Piece<T> &piece : pieces) {
      size += piece.items.size() + 1;
      auto both = intersect(piece.where, place(*item));
      for (const Pattern &p :
           both ? subtract(piece.where, *both) : Region{piece.where})
        next.push_back({p, piece.items});
      if (!both)
        continue;
      piece.items.push_back(item);
      next.push_back({*both, std::move(piece.items)});
    }
    if (size > MaxPieces)
      return std::nullopt;
    pieces = std::move(next);
  }
  return pieces;
}

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
