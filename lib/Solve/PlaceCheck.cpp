//===- PlaceCheck.cpp - Is a placement a placement? -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Place.h"
#include <algorithm>

using namespace weft::solve;

static std::string size(uint64_t w, uint64_t h) {
  return std::to_string(w) + "x" + std::to_string(h);
}

std::string PlaceProblem::nameOf(unsigned block) const {
  const std::string &name = blocks[block].name;
  return name.empty() ? "block #" + std::to_string(block) : "'" + name + "'";
}

std::string PlaceProblem::check() const {
  if (gridW == 0 || gridH == 0 || gridW > 65536 || gridH > 65536)
    return "the grid is " + size(gridW, gridH) + ", allowed are 1 to 65536";
  for (unsigned i = 0; i < blocks.size(); ++i) {
    if (blocks[i].shapes.empty())
      return nameOf(i) + " has no shape";
    for (const PlaceShape &s : blocks[i].shapes)
      if (s.w == 0 || s.h == 0)
        return nameOf(i) + " has the empty shape " + size(s.w, s.h);
  }
  for (const PlaceEdge &e : edges)
    if (e.from >= blocks.size() || e.to >= blocks.size() ||
        e.weight > (uint64_t(1) << 40))
      return "an edge from " + std::to_string(e.from) + " to " +
             std::to_string(e.to) + " with weight " + std::to_string(e.weight) +
             " is none between blocks";
  return "";
}

std::string PlaceProblem::verify(const PlaceSolution &s) const {
  if (s.blocks.size() != blocks.size())
    return std::to_string(s.blocks.size()) + " places for " +
           std::to_string(blocks.size()) + " blocks";
  uint64_t maxCost = 0, wires = 0;
  for (unsigned i = 0; i < blocks.size(); ++i) {
    const Placed &a = s.blocks[i];
    if (a.shape >= blocks[i].shapes.size())
      return nameOf(i) + " has a shape it does not offer";
    const PlaceShape &u = blocks[i].shapes[a.shape];
    if (a.x >= gridW || u.w > gridW - a.x || a.y >= gridH || u.h > gridH - a.y)
      return nameOf(i) + " leaves the grid";
    if (blocks[i].at && *blocks[i].at != std::make_pair(a.x, a.y))
      return nameOf(i) + " is not where it is fixed";
    maxCost = std::max(maxCost, u.cost);
    for (unsigned j = 0; j < i; ++j) {
      const Placed &b = s.blocks[j];
      const PlaceShape &v = blocks[j].shapes[b.shape];
      uint64_t left = std::max(a.x, b.x), top = std::max(a.y, b.y);
      uint64_t right = std::min(uint64_t(a.x) + u.w, uint64_t(b.x) + v.w);
      uint64_t bottom = std::min(uint64_t(a.y) + u.h, uint64_t(b.y) + v.h);
      if (left < right && top < bottom)
        return nameOf(i) + " and " + nameOf(j) + " overlap at (" +
               std::to_string(left) + ", " + std::to_string(top) + ")";
    }
  }
  for (const PlaceEdge &e : edges) {
    auto middle = [&](unsigned i, bool x) {
      const Placed &a = s.blocks[i];
      const PlaceShape &u = blocks[i].shapes[a.shape];
      return x ? 2 * int64_t(a.x) + u.w : 2 * int64_t(a.y) + u.h;
    };
    for (bool x : {true, false})
      wires +=
          e.weight * uint64_t(std::abs(middle(e.from, x) - middle(e.to, x)));
  }
  if (maxCost != s.maxCost || wires != s.wirelength)
    return "cost or wire length is misstated";
  return "";
}
