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
#include "Random.h"
#include <algorithm>
#include <numeric>

using namespace weft::solve;

static std::string quoted(const PlaceProblem &p, unsigned i) {
  const std::string &name = p.blocks[i].name;
  return name.empty() ? "block #" + std::to_string(i) : "'" + name + "'";
}

static std::string size(uint64_t w, uint64_t h) {
  return std::to_string(w) + "x" + std::to_string(h);
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

std::string PlaceProblem::check() const {
  if (gridW == 0 || gridH == 0 || gridW > 65536 || gridH > 65536)
    return "the grid is " + size(gridW, gridH) + ", allowed are 1 to 65536";
  for (unsigned i = 0; i < blocks.size(); ++i) {
    if (blocks[i].shapes.empty())
      return quoted(*this, i) + " has no shape";
    for (const PlaceShape &s : blocks[i].shapes)
      if (s.w == 0 || s.h == 0)
        return quoted(*this, i) + " has the empty shape " + size(s.w, s.h);
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
      return quoted(*this, i) + " has a shape it does not offer";
    const PlaceShape &u = blocks[i].shapes[a.shape];
    if (a.x >= gridW || u.w > gridW - a.x || a.y >= gridH || u.h > gridH - a.y)
      return quoted(*this, i) + " leaves the grid";
    if (blocks[i].at && *blocks[i].at != std::make_pair(a.x, a.y))
      return quoted(*this, i) + " is not where it is fixed";
    maxCost = std::max(maxCost, u.cost);
    for (unsigned j = 0; j < i; ++j) {
      const Placed &b = s.blocks[j];
      const PlaceShape &v = blocks[j].shapes[b.shape];
      uint64_t left = std::max(a.x, b.x), top = std::max(a.y, b.y);
      uint64_t right = std::min(uint64_t(a.x) + u.w, uint64_t(b.x) + v.w);
      uint64_t bottom = std::min(uint64_t(a.y) + u.h, uint64_t(b.y) + v.h);
      if (left < right && top < bottom)
        return quoted(*this, i) + " and " + quoted(*this, j) + " overlap at (" +
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

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

namespace {

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

enum class Rule : uint8_t { TopLeft, TightFit, ShortWires };

struct Choice { // what the search varies
  std::vector<unsigned> order;
  std::vector<unsigned> shape; // by block: index into its usable shapes
  Rule rule = Rule::TopLeft;
};

class Placer {
public:
  Placer(const PlaceProblem &p, const PlaceOptions &o) : p(p), opts(o) {}
  PlaceResult run();

private:
  using Boxes = std::vector<std::optional<Box>>;
  bool setLevel(uint64_t cost);
  bool search(uint64_t cost, PlaceSolution &best);
  std::optional<PlaceSolution> pack(const Choice &c) const;
  std::optional<Box> putBlock(unsigned i, const PlaceShape &s, Rule rule,
                              const FreeArea &area, const Boxes &boxes) const;
  uint64_t wiresOf(unsigned i, const Box &b, const Boxes &boxes) const;
  Choice firstChoice() const;
  void mutate(Choice &c, Random &rng) const;
  PlaceResult fail() const;

  const PlaceProblem &p;
  PlaceOptions opts;
  std::vector<std::vector<unsigned>>
      usable; // shapes at this level, small first
};

} // namespace

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

static uint64_t distance(const Box &a, const Box &b) {
  return uint64_t(std::abs(2 * a.x + a.w - 2 * b.x - b.w) +
                  std::abs(2 * a.y + a.h - 2 * b.y - b.h));
}

/// Wires between block i at `b` and the blocks that are placed already.
uint64_t Placer::wiresOf(unsigned i, const Box &b, const Boxes &boxes) const {
  uint64_t sum = 0;
  for (const PlaceEdge &e : p.edges) {
    unsigned other = e.from == i ? e.to : e.from;
    if ((e.from == i || e.to == i) && other != i && boxes[other])
      sum += e.weight * distance(b, *boxes[other]);
  }
  return sum;
}

std::optional<Box> Placer::putBlock(unsigned i, const PlaceShape &s, Rule rule,
                                    const FreeArea &area,
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
      if (rule == Rule::TightFit)
        score = {tight, topLeft};
      if (rule == Rule::ShortWires)
        score = {wiresOf(i, b, boxes), topLeft};
      if (!best || score < bestScore) {
        best = b;
        bestScore = score;
      }
    }
  }
  return best;
}

std::optional<PlaceSolution> Placer::pack(const Choice &c) const {
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

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

static uint64_t areaOf(const PlaceShape &s) { return uint64_t(s.w) * s.h; }

/// Usable are the shapes that cost at most `cost`. Their smallest areas must
/// fit together, else there is no packing.
bool Placer::setLevel(uint64_t cost) {
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

/// Fixed blocks, then large ones.
Choice Placer::firstChoice() const {
  Choice c;
  c.order.resize(p.blocks.size());
  c.shape.assign(p.blocks.size(), 0);
  std::iota(c.order.begin(), c.order.end(), 0u);
  auto area = [&](unsigned i) {
    return areaOf(p.blocks[i].shapes[usable[i][0]]);
  };
  std::stable_sort(c.order.begin(), c.order.end(), [&](unsigned a, unsigned b) {
    bool fixedA = p.blocks[a].at.has_value(),
         fixedB = p.blocks[b].at.has_value();
    return fixedA != fixedB ? fixedA : area(a) > area(b);
  });
  return c;
}

void Placer::mutate(Choice &c, Random &rng) const {
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
    c.shape[i] = unsigned(rng.below(usable[i].size()));
  }
  if (rng.below(8) == 0)
    c.rule = Rule(rng.below(3));
}

bool Placer::search(uint64_t cost, PlaceSolution &best) {
  if (!setLevel(cost))
    return false;
  Choice current = firstChoice();
  // The order of the graph keeps neighbours together.
  Choice inOrder = current;
  std::sort(std::find_if(inOrder.order.begin(), inOrder.order.end(),
                         [&](unsigned i) { return !p.blocks[i].at; }),
            inOrder.order.end());
  bool found = false;
  auto attempt = [&](const Choice &c) {
    auto s = pack(c);
    if (!s || (found && s->wirelength > best.wirelength))
      return false;
    best = *s;
    found = true;
    return true;
  };
  for (Rule rule : {Rule::TopLeft, Rule::TightFit, Rule::ShortWires})
    for (Choice *start : {&current, &inOrder}) {
      Choice c = *start;
      c.rule = rule;
      if (attempt(c))
        current = c;
    }
  Random rng(opts.seed);
  for (unsigned k = 0; k < opts.iterations && p.blocks.size() > 1; ++k) {
    if (found && p.edges.empty())
      break;
    Choice c = current;
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
      r.message = quoted(p, i) + " has no shape that fits the " +
                  size(p.gridW, p.gridH) + " grid; its smallest has " +
                  std::to_string(least) + " PEs; ";
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
    r.message += (k ? ", " : " ") + quoted(p, f.largest[k]) + " with " +
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
