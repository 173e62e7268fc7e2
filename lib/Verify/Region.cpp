//===- Region.cpp - Exact set algebra on strided rectangles ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Patterns are products of two arithmetic progressions, so each operation is
// one on progressions (Chinese remainders for the intersection) done per axis.
//
//===----------------------------------------------------------------------===//
#include "Region.h"
#include <algorithm>
#include <numeric>
#include <tuple>

using namespace weft::verify;

namespace {

/// a, a + s, ..., a + (n - 1) s.
struct Progression {
  int64_t a = 0, s = 1, n = 0;
  int64_t last() const { return a + (n - 1) * s; }
};

Progression xs(const Pattern &p) { return {p.x0, p.w == 1 ? 1 : p.dx, p.w}; }
Progression ys(const Pattern &p) { return {p.y0, p.h == 1 ? 1 : p.dy, p.h}; }

Pattern product(const Progression &x, const Progression &y) {
  auto stride = [](const Progression &p) {
    return uint32_t(p.n == 1 ? 1 : p.s);
  };
  return {uint32_t(x.a), uint32_t(y.a), uint32_t(x.n),
          uint32_t(y.n), stride(x),     stride(y)};
}

/// The inverse of a modulo m, for coprime a and m.
int64_t inverse(int64_t a, int64_t m) {
  int64_t r0 = m, r1 = a % m, t0 = 0, t1 = 1;
  while (r1 != 0) {
    int64_t q = r0 / r1;
    std::tie(r0, r1) = std::make_pair(r1, r0 - q * r1);
    std::tie(t0, t1) = std::make_pair(t1, t0 - q * t1);
  }
  return ((t0 % m) + m) % m;
}

Progression meet(const Progression &p, const Progression &q) {
  int64_t lo = std::max(p.a, q.a), hi = std::min(p.last(), q.last());
  if (lo > hi)
    return {};
  if (p.s == 1 && q.s == 1)
    return {lo, 1, hi - lo + 1};
  int64_t g = std::gcd(p.s, q.s);
  if ((q.a - p.a) % g != 0)
    return {};
  int64_t m = q.s / g, step = p.s * m;
  int64_t k =
      m == 1 ? 0 : ((q.a - p.a) / g % m + m) % m * inverse(p.s / g % m, m) % m;
  int64_t first = p.a + p.s * k;
  if (first < lo)
    first += (lo - first + step - 1) / step * step;
  else
    first -= (first - lo) / step * step;
  if (first > hi)
    return {};
  int64_t n = (hi - first) / step + 1;
  return {first, n == 1 ? 1 : step, n};
}

/// p \ q for q within p.
std::vector<Progression> minus(const Progression &p, Progression q) {
  std::vector<Progression> out;
  auto add = [&](int64_t a, int64_t s, int64_t n) {
    if (n > 0)
      out.push_back({a, n == 1 ? 1 : s, n});
  };
  if (q.n == 1)
    q.s = p.s;
  add(p.a, p.s, (q.a - p.a) / p.s);
  for (int64_t r = 1; r < q.s / p.s; ++r)
    add(q.a + r * p.s, q.s, q.n - 1);
  add(q.last() + p.s, p.s, (p.last() - q.last()) / p.s);
  return out;
}

/// Can q be appended to p (same step, next element)? Extends p if so.
bool append(Progression &p, const Progression &q) {
  int64_t s = p.n > 1 ? p.s : q.a - p.a;
  if (s < 1 || q.a != p.last() + s || (q.n > 1 && q.s != s))
    return false;
  // Two single elements far apart would pair up at random; only neighbours or
  // the given step are worth a join.
  if (p.n == 1 && q.n == 1 && s > 2)
    return false;
  p = {p.a, s, p.n + q.n};
  return true;
}

Region joinAlong(Region r, bool alongX) {
  auto key = [&](const Pattern &p) {
    return alongX ? std::make_tuple(p.y0, p.h, p.dy, p.x0, p.w)
                  : std::make_tuple(p.x0, p.w, p.dx, p.y0, p.h);
  };
  std::sort(r.begin(), r.end(), [&](const Pattern &a, const Pattern &b) {
    return key(a) < key(b);
  });
  Region out;
  for (const Pattern &p : r) {
    if (!out.empty()) {
      Progression ax = xs(out.back()), ay = ys(out.back()), bx = xs(p),
                  by = ys(p);
      Progression &along = alongX ? ax : ay, &alongB = alongX ? bx : by;
      const Progression &other = alongX ? ay : ax, &otherB = alongX ? by : bx;
      if (other.a == otherB.a && other.s == otherB.s && other.n == otherB.n &&
          append(along, alongB)) {
        out.back() = product(ax, ay);
        continue;
      }
    }
    out.push_back(p);
  }
  return out;
}

} // namespace

uint64_t weft::verify::satAdd(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t weft::verify::satMul(uint64_t a, uint64_t b) {
  uint64_t r;
  return __builtin_mul_overflow(a, b, &r) ? UINT64_MAX : r;
}

std::optional<Pattern> weft::verify::intersect(const Pattern &a,
                                               const Pattern &b) {
  Progression x = meet(xs(a), xs(b));
  if (x.n == 0)
    return std::nullopt;
  Progression y = meet(ys(a), ys(b));
  if (y.n == 0)
    return std::nullopt;
  return product(x, y);
}

Region weft::verify::subtract(const Pattern &a, const Pattern &b) {
  std::optional<Pattern> both = intersect(a, b);
  if (!both)
    return {a};
  Region out;
  for (const Progression &x : minus(xs(a), xs(*both)))
    out.push_back(product(x, ys(a)));
  for (const Progression &y : minus(ys(a), ys(*both)))
    out.push_back(product(xs(*both), y));
  return out;
}

Region weft::verify::subtract(Region a, const Region &b) {
  for (const Pattern &cut : b) {
    if (a.empty())
      break;
    Region next;
    for (const Pattern &p : a) {
      Region rest = subtract(p, cut);
      next.insert(next.end(), rest.begin(), rest.end());
    }
    a = std::move(next);
  }
  return a;
}

std::optional<Pattern> weft::verify::shift(const Pattern &p, int64_t dx,
                                           int64_t dy, const Pattern &grid) {
  Progression x = xs(p), y = ys(p);
  x.a += dx;
  y.a += dy;
  x = meet(x, xs(grid));
  y = meet(y, ys(grid));
  if (x.n == 0 || y.n == 0)
    return std::nullopt;
  return product(x, y);
}

Region weft::verify::coalesce(Region r) {
  return joinAlong(joinAlong(std::move(r), true), false);
}

bool weft::verify::onGrid(const Pattern &p, const Pattern &grid) {
  return p.w >= 1 && p.h >= 1 && p.dx >= 1 && p.dy >= 1 &&
         p.x0 + uint64_t(p.w - 1) * p.dx < grid.w &&
         p.y0 + uint64_t(p.h - 1) * p.dy < grid.h;
}

std::optional<uint64_t> weft::verify::maxOverlap(std::vector<Weighted> pieces,
                                                 uint64_t budget) {
  std::vector<Weighted> atoms;
  uint64_t best = 0;
  for (const Weighted &piece : pieces) {
    Region rest = {piece.where};
    std::vector<Weighted> added;
    if (budget < atoms.size())
      return std::nullopt;
    budget -= atoms.size();
    for (size_t i = 0, n = atoms.size(); i != n && !rest.empty(); ++i) {
      std::optional<Pattern> both = intersect(atoms[i].where, piece.where);
      if (!both)
        continue;
      uint64_t old = atoms[i].weight;
      for (const Pattern &p : subtract(atoms[i].where, *both))
        added.push_back({p, old});
      atoms[i] = {*both, satAdd(old, piece.weight)};
      best = std::max(best, atoms[i].weight);
      rest = subtract(std::move(rest), {*both});
    }
    for (const Pattern &p : rest)
      added.push_back({p, piece.weight});
    best = std::max(best, piece.weight);
    atoms.insert(atoms.end(), added.begin(), added.end());
  }
  return best;
}
