//===- Place.cpp - Rectangles on the grid ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Packing with maximal free rectangles: the free area is the list of all
// maximal empty rectangles, so obstacles (fixed blocks) cost nothing extra. The
// search varies the order of the blocks, their shapes, and the rule that
// chooses among free corners.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Place.h"
#include "Packer.h"
#include "Random.h"
#include <algorithm>
#include <numeric>

using namespace weft::solve;

namespace {

class Placer {
public:
  Placer(const PlaceProblem &p, const PlaceOptions &o)
      : p(p), opts(o), packer(p) {}
  PlaceResult run();

private:
  bool search(uint64_t cost, PlaceSolution &best);
  PackChoice firstChoice() const;
  void mutate(PackChoice &c, Random &rng) const;
  PlaceResult fail() const;

  const PlaceProblem &p;
  PlaceOptions opts;
  Packer packer;
};

} // namespace

/// Fixed blocks, then large ones.
PackChoice Placer::firstChoice() const {
  PackChoice c;
  c.order.resize(p.blocks.size());
  c.shape.assign(p.blocks.size(), 0);
  std::iota(c.order.begin(), c.order.end(), 0u);
  auto area = [&](unsigned i) {
    return areaOf(p.blocks[i].shapes[packer.usableShapes(i)[0]]);
  };
  std::stable_sort(c.order.begin(), c.order.end(), [&](unsigned a, unsigned b) {
    bool fixedA = p.blocks[a].at.has_value(),
         fixedB = p.blocks[b].at.has_value();
    return fixedA != fixedB ? fixedA : area(a) > area(b);
  });
  return c;
}

void Placer::mutate(PackChoice &c, Random &rng) const {
  size_t fixed = 0;
  while (fixed < c.order.size() && p.blocks[c.order[fixed]].at)
    ++fixed;
  size_t movable = c.order.size() - fixed;
  if (movable > 1 && rng.below(4) != 0) {
    size_t one = fixed + rng.below(movable), other = fixed + rng.below(movable);
    std::swap(c.order[one], c.order[other]);
  }
  if (rng.below(2) == 0) {
    unsigned i = unsigned(rng.below(p.blocks.size()));
    c.shape[i] = unsigned(rng.below(packer.usableShapes(i).size()));
  }
  if (rng.below(8) == 0)
    c.rule = PackRule(rng.below(3));
}

bool Placer::search(uint64_t cost, PlaceSolution &best) {
  if (!packer.setLevel(cost))
    return false;
  PackChoice current = firstChoice();
  // The order of the graph keeps neighbours together.
  PackChoice inOrder = current;
  std::sort(std::find_if(inOrder.order.begin(), inOrder.order.end(),
                         [&](unsigned i) { return !p.blocks[i].at; }),
            inOrder.order.end());
  bool found = false;
  auto attempt = [&](const PackChoice &c) {
    auto s = packer.pack(c);
    if (!s || (found && s->wirelength > best.wirelength))
      return false;
    best = *s;
    found = true;
    return true;
  };
  for (PackRule rule :
       {PackRule::TopLeft, PackRule::TightFit, PackRule::ShortWires})
    for (PackChoice *start : {&current, &inOrder}) {
      PackChoice c = *start;
      c.rule = rule;
      if (attempt(c))
        current = c;
    }
  Random rng(opts.seed);
  for (unsigned k = 0; k < opts.iterations && p.blocks.size() > 1; ++k) {
    if (found && p.edges.empty())
      break;
    PackChoice c = current;
    for (uint64_t n = found ? 1 + rng.below(2) : 3; n > 0; --n)
      mutate(c, rng);
    if (attempt(c) || !found)
      current = std::move(c);
  }
  return found;
}

PlaceResult Placer::fail() const {
  PlaceResult r;
  PlaceFailure &f = r.failure;
  f.capacity = uint64_t(p.gridW) * p.gridH;
  std::vector<uint64_t> area;
  for (unsigned i = 0; i < p.blocks.size(); ++i) {
    uint64_t least = UINT64_MAX;
    bool fits = false;
    for (const PlaceShape &s : p.blocks[i].shapes) {
      least = std::min(least, areaOf(s));
      fits |= s.w <= p.gridW && s.h <= p.gridH;
    }
    if (!fits && r.message.empty())
      r.message = p.nameOf(i) + " has no shape that fits the " +
                  std::to_string(p.gridW) + "x" + std::to_string(p.gridH) +
                  " grid; its smallest has " + std::to_string(least) + " PEs; ";
    area.push_back(least);
    f.demand += least;
    f.largest.push_back(i);
  }
  std::stable_sort(f.largest.begin(), f.largest.end(),
                   [&](unsigned a, unsigned b) { return area[a] > area[b]; });
  if (f.largest.size() > 8)
    f.largest.resize(8);
  r.message += std::to_string(f.demand) + " PEs are needed, " +
               std::to_string(f.capacity) + " are available" +
               (f.demand <= f.capacity ? " but no packing was found" : "") +
               "; the largest blocks are";
  for (size_t k = 0; k < f.largest.size(); ++k)
    r.message += (k ? ", " : " ") + p.nameOf(f.largest[k]) + " with " +
                 std::to_string(area[f.largest[k]]);
  return r;
}

PlaceResult Placer::run() {
  // Levels of cost, from the best that each block could have alone.
  uint64_t floor = 0;
  std::vector<uint64_t> levels;
  for (const PlaceBlock &b : p.blocks) {
    uint64_t least = UINT64_MAX;
    for (const PlaceShape &s : b.shapes) {
      levels.push_back(s.cost);
      if (s.w <= p.gridW && s.h <= p.gridH)
        least = std::min(least, s.cost);
    }
    floor = std::max(floor, least);
  }
  levels.push_back(floor);
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  levels.erase(levels.begin(),
               std::lower_bound(levels.begin(), levels.end(), floor));
  // Feasibility grows with the level; bisect for the lowest one found.
  PlaceSolution best;
  size_t lo = 0, hi = levels.size();
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    PlaceSolution at;
    if (search(levels[mid], at)) {
      best = at;
      hi = mid;
    } else {
      lo = mid + 1;
    }
  }
  if (best.blocks.size() != p.blocks.size() || lo == levels.size())
    return fail();
  best.lowerBound = floor;
  PlaceResult r;
  if (std::string e = p.verify(best); !e.empty())
    r.message = "internal: placement rejected by its checker: " + e;
  else
    r.solution = std::move(best);
  return r;
}

PlaceResult weft::solve::solvePlace(const PlaceProblem &p,
                                    const PlaceOptions &o) {
  PlaceResult r;
  r.message = p.check();
  if (!r.message.empty())
    return r;
  if (p.blocks.empty()) {
    r.solution = PlaceSolution{};
    return r;
  }
  return Placer(p, o).run();
}
