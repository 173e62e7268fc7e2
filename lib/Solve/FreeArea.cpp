//===- FreeArea.cpp - What is free of a grid ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "FreeArea.h"

using namespace weft::solve;

void FreeArea::take(const Box &b) {
  std::vector<Box> next;
  for (const Box &f : boxes) {
    if (!f.overlaps(b)) {
      next.push_back(f);
      continue;
    }
    if (b.x > f.x)
      next.push_back({f.x, f.y, b.x - f.x, f.h});
    if (b.right() < f.right())
      next.push_back({b.right(), f.y, f.right() - b.right(), f.h});
    if (b.y > f.y)
      next.push_back({f.x, f.y, f.w, b.y - f.y});
    if (b.bottom() < f.bottom())
      next.push_back({f.x, b.bottom(), f.w, f.bottom() - b.bottom()});
  }
  boxes.clear();
  for (size_t i = 0; i < next.size(); ++i) {
    bool inside = false;
    for (size_t j = 0; j < next.size() && !inside; ++j)
      inside = i != j && next[j].contains(next[i]) &&
               (!next[i].contains(next[j]) || j < i);
    if (!inside)
      boxes.push_back(next[i]);
  }
}
