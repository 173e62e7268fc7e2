//===- TimelinePlaces.cpp - Which PEs the timeline follows ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The first and the last row of each kind of row, and likewise columns. A
// receiver whose sender is not followed takes the arrival from its model, the
// PE of its kind where followed row and column cross.
//
//===----------------------------------------------------------------------===//
#include "Followed.h"

using namespace weft;
using namespace weft::cost;
using bin::Pattern;

int32_t Timeline::classAt(uint32_t x, uint32_t y) const {
  for (size_t k = 0; k < p.classes.size(); ++k)
    for (const Pattern &w : p.classes[k].where)
      if (w.contains(x, y))
        return int32_t(k);
  return -1;
}

int32_t Timeline::addPE(uint32_t x, uint32_t y) {
  int32_t c = classAt(x, y);
  if (c < 0)
    return -1;
  Followed pe;
  pe.cls = uint32_t(c);
  pe.x = x;
  pe.y = y;
  pe.threads.resize(t.microthreads.value + 1);
  pe.pending.resize(pe.threads.size());
  pe.activated.assign(32, -1);
  pes.push_back(std::move(pe));
  return int32_t(pes.size() - 1);
}

/// The first and the last of each kind are followed.
std::vector<uint32_t> Timeline::follow(const Kinds &kinds,
                                       std::vector<int32_t> &slot) {
  std::vector<uint32_t> chosen;
  for (const Kind &k : kinds.kinds)
    for (uint32_t c : {k.at.front(), k.at.back()})
      if (slot[c] < 0) {
        slot[c] = int32_t(chosen.size());
        chosen.push_back(c);
      }
  return chosen;
}

/// The followed coordinate of the same kind that is nearer.
uint32_t Timeline::nearest(const Kinds &kinds, uint32_t at) {
  const std::vector<uint32_t> &all = kinds.kinds[kinds.kindOf[at]].at;
  return at - all.front() <= all.back() - at ? all.front() : all.back();
}

void Timeline::choosePEs() {
  std::vector<Pattern> patterns;
  for (const bin::PEClass &c : p.classes)
    patterns.insert(patterns.end(), c.where.begin(), c.where.end());
  columns = kindsOf(patterns, true, p.gridW);
  rows = kindsOf(patterns, false, p.gridH);
  rowSlot.assign(p.gridH, -1);
  columnSlot.assign(p.gridW, -1);
  std::vector<uint32_t> ys = follow(rows, rowSlot);
  std::vector<uint32_t> xs = follow(columns, columnSlot);
  rowPEs.assign(ys.size(), std::vector<int32_t>(p.gridW, -1));
  columnPEs.assign(xs.size(), std::vector<int32_t>(p.gridH, -1));
  for (size_t k = 0; k < ys.size(); ++k)
    for (uint32_t x = 0; x < p.gridW; ++x) {
      int32_t id = rowPEs[k][x] = addPE(x, ys[k]);
      if (columnSlot[x] >= 0)
        columnPEs[columnSlot[x]][ys[k]] = id;
    }
  for (size_t k = 0; k < xs.size(); ++k)
    for (uint32_t y = 0; y < p.gridH; ++y)
      if (rowSlot[y] < 0)
        columnPEs[k][y] = addPE(xs[k], y);
  for (Followed &pe : pes) {
    uint32_t x = nearest(columns, pe.x), y = nearest(rows, pe.y);
    if (columnSlot[pe.x] >= 0)
      x = pe.x;
    if (rowSlot[pe.y] >= 0)
      y = pe.y;
    pe.model = rowPEs[rowSlot[y]][x];
    pe.isModel = pe.model == idOf(pe);
  }
}

/// `d` comes from the PE at (sx, sy).
Origin Timeline::originOf(const Followed &pe, const Delivery &d, int64_t sx,
                          int64_t sy) const {
  Origin o;
  o.words = d.words;
  o.hops = d.hopsAt(pe.x, pe.y);
  o.latency = 1 + 2.0 * t.ramp + double(t.hop) * double(o.hops) +
              double(t.turn) * double(d.turns);
  o.exact = rowSlot[sy] >= 0 || columnSlot[sx] >= 0;
  if (rowSlot[sy] >= 0)
    o.pe = rowPEs[rowSlot[sy]][sx];
  else if (columnSlot[sx] >= 0)
    o.pe = columnPEs[columnSlot[sx]][sy];
  else if (pe.isModel) // the sender's like in a followed row
    o.pe = rowPEs[rowSlot[nearest(rows, uint32_t(sy))]][sx];
  else
    o.copy = true;
  return o;
}

void Timeline::findSource(Followed &pe, uint8_t color) {
  Source s;
  s.color = color;
  for (const Delivery &d : traffic.deliveries[color]) {
    if (!d.where.contains(pe.x, pe.y))
      continue;
    int64_t sx = d.senderX(pe.x), sy = d.senderY(pe.y);
    if (sx >= 0 && sy >= 0 && sx < p.gridW && sy < p.gridH)
      s.origins.push_back(originOf(pe, d, sx, sy));
  }
  std::stable_sort(
      s.origins.begin(), s.origins.end(),
      [](const Origin &a, const Origin &b) { return a.hops < b.hops; });
  if (s.origins.empty())
    s.origins.emplace_back(); // nobody sends
  pe.sources.push_back(std::move(s));
}

void Timeline::findSources() {
  for (Followed &pe : pes) {
    std::set<int> colors;
    for (const auto &[key, n] : codes[pe.cls]->totals.received)
      colors.insert(key.second);
    for (int color : colors)
      findSource(pe, uint8_t(color));
  }
}
