//===- Traffic.h - What each link carries ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Follows routes from all senders of a class at once. Yields the load of each
// link as strided rectangles, and who sends what a PE receives.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_TRAFFIC_H
#define WEFT_LIB_COST_TRAFFIC_H

#include "CodeWalk.h"
#include "weft/Cost/Cost.h"

namespace weft::cost {

/// Where the sender of a receiver at coordinate p lies on one axis: at p -
/// delta, or, for all receivers alike, at `at` with |p - ref| more hops.
struct AxisOrigin {
  bool absolute = false;
  int64_t delta = 0;
  int64_t at = 0, ref = 0;
};

/// The PEs of `where` receive `color` from one sender each.
struct Delivery {
  uint8_t color = 0;
  bin::Pattern where;
  AxisOrigin x, y;
  uint64_t hops = 0, turns = 0;
  uint64_t words = 0; // of each sender
  int64_t senderX(int64_t px) const { return x.absolute ? x.at : px - x.delta; }
  int64_t senderY(int64_t py) const { return y.absolute ? y.at : py - y.delta; }
  uint64_t hopsAt(int64_t px, int64_t py) const {
    auto span = [](const AxisOrigin &o, int64_t p) {
      return uint64_t(!o.absolute ? 0 : p > o.ref ? p - o.ref : o.ref - p);
    };
    return hops + span(x, px) + span(y, py);
  }
};

/// On each router of `from`, the link towards `dir` carries `words` of `color`:
/// all that `times` PEs of class `cls` send.
struct LinkLoad {
  bin::Pattern from;
  bin::Port dir = bin::East;
  uint8_t color = 0;
  uint64_t words = 0;
  uint32_t cls = 0, times = 1;
};

struct Traffic {
  std::vector<LinkLoad> loads;
  std::vector<std::vector<Delivery>> deliveries; // by colour
  uint64_t waveletHops = 0;
  uint64_t maxLink = 0;
  std::vector<LinkCost> hottest;
  std::vector<ColorCost> colors;
};

llvm::Expected<Traffic>
traceTraffic(const bin::Program &p,
             const std::vector<std::unique_ptr<ClassCode>> &codes);

} // namespace weft::cost
#endif
