//===- Packer.cpp - Blocks put one after another --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Packer.h"
#include <cstdlib>

using namespace weft::solve;

bool Packer::setLevel(uint64_t cost) {
  usable.assign(p.blocks.size(), {});
  uint64_t demand = 0;
  for (unsigned i = 0; i < p.blocks.size(); ++i) {
    const std::vector<PlaceShape> &shapes = p.blocks[i].shapes;
    for (unsigned k = 0; k < shapes.size(); ++k)
      if (shapes[k].cost <= cost && shapes[k].w <= p.gridW &&
          shapes[k].h <= p.gridH)
        usable[i].push_back(k);
    if (usable[i].empty())
      return false;
    std::stable_sort(usable[i].begin(), usable[i].end(),
                     [&](unsigned a, unsigned b) {
                       return areaOf(shapes[a]) < areaOf(shapes[b]);
                     });
    demand += areaOf(shapes[usable[i][0]]);
  }
  return demand <= uint64_t(p.gridW) * p.gridH;
}

static uint64_t distance(const Box &a, const Box &b) {
  return uint64_t(std::abs(2 * a.x + a.w - 2 * b.x - b.w) +
                  std::abs(2 * a.y + a.h - 2 * b.y - b.h));
}

/// Wires between block i at `b` and the blocks that are placed already.
uint64_t Packer::wiresOf(unsigned i, const Box &b, const Boxes &boxes) const {
  uint64_t sum = 0;
  for (const PlaceEdge &e : p.edges) {
    unsigned other = e.from == i ? e.to : e.from;
    if ((e.from == i || e.to == i) && other != i && boxes[other])
      sum += e.weight * distance(b, *boxes[other]);
  }
  return sum;
}

std::optional<Box> Packer::putBlock(unsigned i, const PlaceShape &s,
                                    PackRule rule, const FreeArea &area,
                                    const Boxes &boxes) const {
  int64_t w = s.w, h = s.h;
  if (p.blocks[i].at) {
    Box b{p.blocks[i].at->first, p.blocks[i].at->second, w, h};
    return area.isFree(b) ? std::optional<Box>(b) : std::nullopt;
  }
  std::optional<Box> best;
  std::pair<uint64_t, uint64_t> bestScore;
  for (const Box &f : area.list()) {
    if (f.w < w || f.h < h)
      continue;
    for (int corner = 0; corner < 4; ++corner) {
      Box b{corner & 1 ? f.right() - w : f.x, corner & 2 ? f.bottom() - h : f.y,
            w, h};
      uint64_t topLeft = uint64_t(b.y) * p.gridW + uint64_t(b.x);
      uint64_t tight = uint64_t(std::min(f.w - w, f.h - h));
      std::pair<uint64_t, uint64_t> score{topLeft, 0};
      if (rule == PackRule::TightFit)
        score = {tight, topLeft};
      if (rule == PackRule::ShortWires)
        score = {wiresOf(i, b, boxes), topLeft};
      if (!best || score < bestScore) {
        best = b;
        bestScore = score;
      }
    }
  }
  return best;
}

std::optional<PlaceSolution> Packer::pack(const PackChoice &c) const {
  FreeArea area(p.gridW, p.gridH);
  Boxes boxes(p.blocks.size());
  PlaceSolution s;
  s.blocks.resize(p.blocks.size());
  for (unsigned i : c.order) {
    const std::vector<unsigned> &shapes = usable[i];
    // The wished shape first, then the others from small to large.
    for (size_t k = 0; k <= shapes.size() && !boxes[i]; ++k) {
      unsigned shape = shapes[k == 0 ? c.shape[i] % shapes.size() : k - 1];
      boxes[i] = putBlock(i, p.blocks[i].shapes[shape], c.rule, area, boxes);
      s.blocks[i].shape = shape;
    }
    if (!boxes[i])
      return std::nullopt;
    area.take(*boxes[i]);
    s.blocks[i].x = uint32_t(boxes[i]->x);
    s.blocks[i].y = uint32_t(boxes[i]->y);
    s.maxCost = std::max(s.maxCost, p.blocks[i].shapes[s.blocks[i].shape].cost);
  }
  for (const PlaceEdge &e : p.edges)
    s.wirelength += e.weight * distance(*boxes[e.from], *boxes[e.to]);
  return s;
}
