//===- FreeArea.h - What is free of a grid --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// All maximal empty rectangles, so that obstacles cost nothing extra.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SOLVE_FREEAREA_H
#define WEFT_LIB_SOLVE_FREEAREA_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace weft::solve {

struct Box {
  int64_t x, y, w, h;
  int64_t right() const { return x + w; }
  int64_t bottom() const { return y + h; }
  bool contains(const Box &o) const {
    return x <= o.x && y <= o.y && right() >= o.right() &&
           bottom() >= o.bottom();
  }
  bool overlaps(const Box &o) const {
    return x < o.right() && o.x < right() && y < o.bottom() && o.y < bottom();
  }
};

/// The maximal empty rectangles of a grid.
class FreeArea {
public:
  FreeArea(int64_t w, int64_t h) : boxes{{0, 0, w, h}} {}
  const std::vector<Box> &list() const { return boxes; }
  bool isFree(const Box &b) const {
    return std::any_of(boxes.begin(), boxes.end(),
                       [&](const Box &f) { return f.contains(b); });
  }
  void take(const Box &b);

private:
  std::vector<Box> boxes;
};

} // namespace weft::solve
#endif
