//===- DumpMemory.cpp - The view of memory --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "DumpText.h"
#include "weft/Target/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <set>

using namespace weft;
using namespace weft::bin;
using llvm::format;
using llvm::raw_ostream;

static constexpr const char *MemoryNames[] = {
    "code", "weights", "activations", "buffers", "reserved", "io"};

/// Bytes covered by class, and by all; ranges that live at different times may
/// share addresses.
struct Bytes {
  std::array<uint64_t, 6> byClass{};
  uint64_t total = 0;
};

static uint64_t covered(std::vector<std::pair<uint64_t, uint64_t>> spans) {
  std::sort(spans.begin(), spans.end());
  uint64_t bytes = 0, end = 0;
  for (auto [lo, hi] : spans) {
    bytes += hi > std::max(lo, end) ? hi - std::max(lo, end) : 0;
    end = std::max(end, hi);
  }
  return bytes;
}

static Bytes bytesOn(llvm::ArrayRef<const MemRange *> ranges, uint32_t x,
                     uint32_t y) {
  std::vector<std::pair<uint64_t, uint64_t>> all, byClass[6];
  for (const MemRange *m : ranges)
    if (m->where.contains(x, y)) {
      all.push_back({m->addr, uint64_t(m->addr) + m->bytes});
      byClass[m->cls].push_back(all.back());
    }
  Bytes b;
  for (unsigned k = 0; k < 6; ++k)
    b.byClass[k] = covered(byClass[k]);
  b.total = covered(std::move(all));
  return b;
}

/// The PE of `c` with the most bytes. Ranges begin at corners of patterns, so
/// it is enough to look where some pattern begins in x and some in y; of very
/// many, only the patterns' own corners are looked at.
static std::pair<uint32_t, uint32_t>
fullestPE(const PEClass &c, llvm::ArrayRef<const MemRange *> ranges) {
  std::set<uint32_t> xs, ys;
  std::set<std::pair<uint32_t, uint32_t>> points;
  auto corner = [&](const Pattern &q) {
    xs.insert(q.x0);
    ys.insert(q.y0);
    points.insert({q.x0, q.y0});
  };
  for (const Pattern &q : c.where)
    corner(q);
  for (const MemRange *m : ranges)
    corner(m->where);
  if (xs.size() * ys.size() <= 4096)
    for (uint32_t x : xs)
      for (uint32_t y : ys)
        points.insert({x, y});
  std::pair<uint32_t, uint32_t> best{c.where[0].x0, c.where[0].y0};
  uint64_t most = 0;
  for (auto [x, y] : points) {
    bool inside = llvm::any_of(
        c.where, [&, x = x, y = y](auto &q) { return q.contains(x, y); });
    uint64_t n = inside ? bytesOn(ranges, x, y).total : 0;
    if (n > most) {
      most = n;
      best = {x, y};
    }
  }
  return best;
}

/// Whether the bounding boxes of two patterns meet.
static bool meet(const Pattern &a, const Pattern &b) {
  auto apart = [](uint64_t a0, uint64_t an, uint64_t as, uint64_t b0,
                  uint64_t bn, uint64_t bs) {
    return a0 > b0 + (bn - 1) * bs || b0 > a0 + (an - 1) * as;
  };
  return !apart(a.x0, a.w, a.dx, b.x0, b.w, b.dx) &&
         !apart(a.y0, a.h, a.dy, b.y0, b.h, b.dy);
}

static void dumpClassMemory(const Program &p, const PEClass &c, uint64_t sram,
                            raw_ostream &os) {
  std::vector<const MemRange *> ranges;
  for (const MemRange &m : p.memory)
    if (llvm::any_of(c.where, [&](auto &q) { return meet(q, m.where); }))
      ranges.push_back(&m);
  auto [x, y] = fullestPE(c, ranges);
  Bytes b = bytesOn(ranges, x, y);
  os << "class " << quoted(c.name) << " on PE (" << x << ", " << y
     << "), its fullest:\n";
  for (unsigned k = 0; k < b.byClass.size(); ++k)
    if (b.byClass[k])
      os << format("  %-12s %6llu bytes\n", MemoryNames[k],
                   (unsigned long long)b.byClass[k]);
  os << format("  %-12s %6llu of ", "total", (unsigned long long)b.total)
     << sram << " bytes\n";
  llvm::stable_sort(ranges, [](auto *l, auto *r) { return l->addr < r->addr; });
  for (const MemRange *m : ranges)
    if (m->where.contains(x, y))
      os << format("    %6x %6x %6u  ", m->addr, m->addr + m->bytes, m->bytes)
         << llvm::left_justify(MemoryNames[m->cls], 12) << quoted(m->name)
         << "\n";
}

void weft::bin::dumpMemory(const Program &p, raw_ostream &os) {
  Target t = llvm::cantFail(parseTarget(p.targetYaml, "target"));
  for (const PEClass &c : p.classes)
    dumpClassMemory(p, c, t.sramBytes, os);
}
