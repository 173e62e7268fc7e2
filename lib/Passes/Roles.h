//===- Roles.h - Who does what in a collective along an axis --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A chain reduction to local coordinate 0 with colours by parity of the sender,
// and a multicast from there. Stated for an axis of any length in O(1): at most
// four groups of PEs, and a constant number of router settings.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_ROLES_H
#define WEFT_LIB_PASSES_ROLES_H

#include "weft/Binary/Program.h"
#include <optional>
#include <vector>

namespace weft {

/// Positions start, start + step, ... of an axis that run the same code.
struct AxisRole {
  enum Kind { Single, Root, Odd, Even, Far } kind = Single;
  uint32_t start = 0, count = 1, step = 1;
  uint32_t length = 1; // of the axis

  bool sends() const { return kind == Odd || kind == Even || kind == Far; }
  /// Is the chain colour this role sends on that of odd positions?
  bool sendsOdd() const { return start % 2 == 1; }
  const char *name() const;
};

/// The roles of an axis; one role if it is not `split`.
std::vector<AxisRole> axisRoles(uint32_t length, bool split);

/// Colours of an axis of a region.
struct AxisColors {
  std::optional<uint8_t> odd, even, multicast;
};

/// A rectangle, seen along one axis.
struct AxisFrame {
  uint32_t x, y, w, h;
  bool vertical; // the axis is y
  uint32_t length() const { return vertical ? h : w; }
  /// PEs at positions start + i*step of the axis, all of the other one.
  bin::Pattern line(uint32_t start, uint32_t count, uint32_t step) const;
};

/// Router settings of the axis's channels.
std::vector<bin::Route> axisRoutes(const AxisFrame &f, const AxisColors &c);
/// Streams, with `words` per sender for chain and multicast.
std::vector<bin::Stream> axisStreams(const AxisFrame &f, const AxisColors &c,
                                     uint64_t chainWords,
                                     uint64_t multicastWords);

/// A stream from the last column of `from` to all of `to`, which lies east of
/// it on the same rows.
std::vector<bin::Route> crossingRoutes(const bin::Pattern &from,
                                       const bin::Pattern &to, uint8_t color);
bin::Stream crossingStream(const bin::Pattern &from, const bin::Pattern &to,
                           uint8_t color, uint64_t words);

} // namespace weft

#endif
