//===- Recorder.h - What the machine's hooks write to ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The engine tests one pointer per event; all that a record costs is behind it.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_RECORDER_H
#define WEFT_LIB_SIM_RECORDER_H

#include "Activity.h"
#include "CriticalPath.h"
#include <unordered_map>

namespace weft::sim {

/// Wavelets per link in windows of time. Links are numbered 4 * router + dir.
class LinkCounters {
public:
  void reset(size_t links, uint32_t width);
  void count(uint32_t link, uint64_t now, const TraceOptions &o, Trace &t) {
    if (now >= nextWindow)
      close(now, o, t);
    if (!counts[link]++)
      touched.push_back(link);
  }
  /// Ends the window before that of cycle `now`.
  void close(uint64_t now, const TraceOptions &o, Trace &t);

private:
  uint32_t width = 0;
  uint64_t nextWindow = 0;
  std::vector<uint32_t> counts, touched;
};

/// What some PEs do in some cycles. Elements that follow each other without a
/// gap are one event.
class PEEvents {
public:
  void reset(const TraceOptions &o, Trace &t);
  /// Index of a PE into Trace::pes, or ~0: not traced.
  uint32_t find(uint32_t x, uint32_t y) const {
    if (!rect || x - rect->x >= rect->w || y - rect->y >= rect->h)
      return ~uint32_t(0);
    return indices[size_t(y - rect->y) * rect->w + (x - rect->x)];
  }
  void traces(uint32_t x, uint32_t y, uint32_t cls, Trace &t);
  void add(PEEvent e, Trace &t);
  void elements(uint32_t pe, unsigned lane, uint64_t from, uint64_t to,
                uint32_t n, Trace &t);
  void endElements(uint32_t pe, unsigned lane, Trace &t);
  /// Index into Trace::texts of `key`'s text, if it has one.
  uint32_t *text(uint64_t key) {
    auto at = texts.find(key);
    return at == texts.end() ? nullptr : &at->second;
  }
  void addText(uint64_t key, std::string text, Trace &t);
  /// From now on no event is one too many.
  void keepAll() { maxEvents = ~size_t(0); }

private:
  struct Stretch {
    uint64_t from = 0, to = 0;
    uint32_t n = 0;
  };
  std::optional<TraceRect> rect;
  uint64_t from = 0, to = 0;
  size_t maxEvents = 0;
  std::vector<uint32_t> indices;               // [PE of the rectangle]
  std::vector<std::vector<Stretch>> stretches; // [traced PE][lane]
  std::unordered_map<uint64_t, uint32_t> texts;
};

struct Recorder {
  explicit Recorder(const TraceOptions &o) : options(o) {
    if (o.criticalPath)
      path.emplace(o.maxPathNodes);
  }
  TraceOptions options;
  Trace trace;
  LinkCounters links;
  PEEvents events;
  std::optional<CriticalPath> path;
  Activity issues, works; // see Trace::issueCycles, workCycles
};

} // namespace weft::sim
#endif
