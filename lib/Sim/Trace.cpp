//===- Trace.cpp - Records of links and PEs -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Recorder.h"
#include <algorithm>
#include <tuple>

using namespace weft;
using namespace weft::sim;

//===----------------------------------------------------------------------===//
// Links
//===----------------------------------------------------------------------===//

void LinkCounters::reset(size_t links, uint32_t w) {
  width = w;
  nextWindow = width;
  counts.assign(width ? links : 0, 0);
  touched.clear();
}

void LinkCounters::close(uint64_t now, const TraceOptions &o, Trace &t) {
  LinkWindow w;
  w.index = nextWindow / width - 1;
  uint32_t best = 0;
  for (uint32_t link : touched) {
    w.all += counts[link];
    // Of equals the one that comes first on the grid.
    if (counts[link] > w.busiest ||
        (counts[link] == w.busiest && link < best)) {
      w.busiest = counts[link];
      best = link;
    }
    counts[link] = 0;
  }
  w.x = best / 4; // the router, until the grid's width is known
  w.dir = best % 4;
  if (!touched.empty()) {
    if (t.links.size() < o.maxLinkWindows)
      t.links.push_back(w);
    else
      t.linkWaveletsLeftOut += w.all;
  }
  touched.clear();
  nextWindow = (now / width + 1) * width;
}

//===----------------------------------------------------------------------===//
// PEs
//===----------------------------------------------------------------------===//

void PEEvents::reset(const TraceOptions &o, Trace &t) {
  rect = o.pes;
  from = o.from;
  to = o.to;
  maxEvents = o.maxEvents;
  indices.assign(rect ? size_t(rect->w) * rect->h : 0, ~uint32_t(0));
  stretches.clear();
  texts.clear();
  t.pes.clear();
}

/// PEs are entered in the order in which they come; a cell may have none.
void PEEvents::traces(uint32_t x, uint32_t y, uint32_t cls, Trace &t) {
  if (!rect || x - rect->x >= rect->w || y - rect->y >= rect->h)
    return;
  indices[size_t(y - rect->y) * rect->w + (x - rect->x)] =
      uint32_t(t.pes.size());
  t.pes.push_back({x, y, cls});
  stretches.emplace_back();
}

void PEEvents::add(PEEvent e, Trace &t) {
  if (e.to <= from || e.from >= to || e.from >= e.to)
    return;
  if (t.events.size() < maxEvents)
    t.events.push_back(e);
  else
    ++t.eventsLeftOut;
}

void PEEvents::elements(uint32_t pe, unsigned lane, uint64_t begin,
                        uint64_t end, uint32_t n, Trace &t) {
  std::vector<Stretch> &of = stretches[pe];
  if (of.size() <= lane)
    of.resize(lane + 1);
  if (of[lane].to != begin)
    endElements(pe, lane, t);
  Stretch &s = of[lane];
  if (!s.n)
    s.from = begin;
  s.to = end;
  s.n += n;
}

void PEEvents::endElements(uint32_t pe, unsigned lane, Trace &t) {
  if (lane >= stretches[pe].size() || !stretches[pe][lane].n)
    return;
  Stretch &s = stretches[pe][lane];
  add({pe, uint16_t(lane), PEEvent::Elements, uint32_t(s.from), uint32_t(s.to),
       s.n, 0},
      t);
  s.n = 0;
}

void PEEvents::addText(uint64_t key, std::string text, Trace &t) {
  texts[key] = uint32_t(t.texts.size());
  t.texts.push_back(std::move(text));
}
