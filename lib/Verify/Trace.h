//===- Trace.h - Where the wavelets of a rectangle of senders go ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Routes are followed on whole patterns: a wave that crosses a rectangle of
// equal settings straight ahead is one step, however long the rectangle is.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_TRACE_H
#define WEFT_LIB_VERIFY_TRACE_H

#include "Internal.h"

namespace weft::verify {

/// A port towards a neighbour: its name, where it leads, and the port there.
struct Neighbour {
  uint8_t port, opposite;
  const char *name;
  int dx, dy;
};
constexpr Neighbour Neighbours[4] = {{bin::North, bin::South, "north", 0, -1},
                                     {bin::South, bin::North, "south", 0, 1},
                                     {bin::East, bin::West, "east", 1, 0},
                                     {bin::West, bin::East, "west", -1, 0}};
const Neighbour &neighbour(uint8_t port);

/// A wavelet of each PE of `from` reaches (x + dx, y + dy) for all (dx, dy) of
/// the box.
struct Delivery {
  Pattern from;
  int64_t dx0, dx1, dy0, dy1;
  uint64_t hops = 0;   // to the first of them
  uint64_t before = 0; // words that the receiver takes first, from others
  uint64_t boxSize() const {
    return uint64_t(dx1 - dx0 + 1) * uint64_t(dy1 - dy0 + 1);
  }
};

struct Trace {
  std::vector<Delivery> deliveries;
  std::map<uint8_t, Region> links; // by direction: routers that send that way
  bool complete = true;            // false: the budget is spent
};

/// Follows what the PEs of `from` send on `color`.
Trace trace(Context &c, unsigned color, const Pattern &from);

/// The PEs a delivery reaches, as patterns.
Region reached(const Context &c, const Delivery &d);

/// The settings of `color` with receive port `rx` (0: any) and a transmit port
/// in `tx` (0: any), as a region.
Region settings(const Context &c, unsigned color, uint8_t rx, uint8_t tx);

} // namespace weft::verify
#endif
