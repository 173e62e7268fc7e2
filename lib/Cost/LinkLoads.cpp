//===- LinkLoads.cpp - Which links carry most -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The maximum over all links and colours comes from the kinds of columns and
// rows that the loads tell apart, without a list of all links.
//
//===----------------------------------------------------------------------===//
#include "Grid.h"
#include "Links.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <map>

using namespace weft;
using namespace weft::cost;
using bin::Pattern;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;

void cost::mergeLoads(std::vector<LinkLoad> &loads) {
  auto key = [](const LinkLoad &l) {
    const Pattern &f = l.from;
    return std::make_tuple(unsigned(l.dir), unsigned(l.color), l.cls, f.x0,
                           f.y0, f.w, f.h, f.dx, f.dy);
  };
  std::sort(
      loads.begin(), loads.end(),
      [&](const LinkLoad &a, const LinkLoad &b) { return key(a) < key(b); });
  size_t out = 0;
  for (size_t i = 0; i < loads.size(); ++i)
    if (out && key(loads[out - 1]) == key(loads[i])) {
      loads[out - 1].words += loads[i].words;
      loads[out - 1].times += loads[i].times;
    } else
      loads[out++] = loads[i];
  loads.resize(out);
}

/// The load of a cell: columns of one kind, rows of one kind.
namespace {
struct Cell {
  uint64_t words = 0;
  uint32_t column = 0, row = 0; // kinds
};
} // namespace

static LinkCost describe(const Step &s, uint32_t x, uint32_t y, uint64_t words,
                         const std::vector<LinkLoad> &loads) {
  LinkCost l;
  l.x = x;
  l.y = y;
  l.toX = x + s.dx;
  l.toY = y + s.dy;
  l.direction = s.letter;
  l.wavelets = words;
  std::map<uint32_t, uint64_t> byColor;
  for (const LinkLoad &load : loads)
    if (load.dir == s.port && load.from.contains(x, y))
      byColor[load.color] += load.words;
  for (auto [color, n] : byColor)
    l.colors.push_back({color, n, 0});
  return l;
}

/// The eight hottest links towards one side, by cells of equal load.
static void hottest(const bin::Program &p, const Step &s, Traffic &traffic) {
  std::vector<Pattern> patterns;
  std::vector<uint64_t> words;
  for (const LinkLoad &l : traffic.loads)
    if (l.dir == s.port) {
      patterns.push_back(l.from);
      words.push_back(l.words);
    }
  if (patterns.empty())
    return;
  Kinds columns = kindsOf(patterns, true, p.gridW);
  Kinds rows = kindsOf(patterns, false, p.gridH);
  std::vector<Cell> cells;
  for (uint32_t cx = 0; cx < columns.kinds.size(); ++cx) {
    std::vector<uint32_t> in;
    for (uint32_t k = 0; k < patterns.size(); ++k)
      if (columns.kinds[cx].member[k])
        in.push_back(k);
    for (uint32_t cy = 0; !in.empty() && cy < rows.kinds.size(); ++cy) {
      Cell cell{0, cx, cy};
      for (uint32_t k : in)
        if (rows.kinds[cy].member[k])
          cell.words = SaturatingAdd(cell.words, words[k]);
      if (cell.words)
        cells.push_back(cell);
    }
  }
  std::stable_sort(
      cells.begin(), cells.end(),
      [](const Cell &a, const Cell &b) { return a.words > b.words; });
  unsigned listed = 0;
  for (const Cell &cell : cells)
    for (uint32_t y : rows.kinds[cell.row].at)
      for (uint32_t x : columns.kinds[cell.column].at) {
        if (++listed > 8)
          return;
        traffic.hottest.push_back(describe(s, x, y, cell.words, traffic.loads));
      }
}

void cost::summarise(const bin::Program &p, Traffic &traffic) {
  std::map<uint32_t, ColorCost> colors;
  for (const LinkLoad &l : traffic.loads) {
    uint64_t hops = SaturatingMultiply(l.from.count(), l.words);
    traffic.waveletHops = SaturatingAdd(traffic.waveletHops, hops);
    ColorCost &c = colors[l.color];
    c.hops = SaturatingAdd(c.hops, hops);
  }
  for (const ColorCost &sent : traffic.colors)
    colors[sent.color].words = sent.words;
  traffic.colors.clear();
  for (auto &[id, c] : colors)
    traffic.colors.push_back({id, c.words, c.hops});
  for (const Step &s : Steps)
    hottest(p, s, traffic);
  std::stable_sort(traffic.hottest.begin(), traffic.hottest.end(),
                   [](const LinkCost &a, const LinkCost &b) {
                     return std::make_tuple(b.wavelets, a.y, a.x, a.direction) <
                            std::make_tuple(a.wavelets, b.y, b.x, b.direction);
                   });
  if (traffic.hottest.size() > 8)
    traffic.hottest.resize(8);
  if (!traffic.hottest.empty())
    traffic.maxLink = traffic.hottest.front().wavelets;
}
