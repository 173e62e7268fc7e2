//===- Links.h - The four ways out of a router ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Traffic.cpp follows routes along them, LinkLoads.cpp says which carry most.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_LINKS_H
#define WEFT_LIB_COST_LINKS_H

#include "Traffic.h"

namespace weft::cost {

struct Step {
  bin::Port port;    // leaves by
  bin::Port arrives; // and arrives at the neighbour's
  int dx, dy;
  char letter;
};
constexpr Step Steps[4] = {{bin::North, bin::South, 0, -1, 'N'},
                           {bin::South, bin::North, 0, 1, 'S'},
                           {bin::East, bin::West, 1, 0, 'E'},
                           {bin::West, bin::East, -1, 0, 'W'}};

/// Adds up equal rectangles of one class and colour, which several fronts may
/// leave.
void mergeLoads(std::vector<LinkLoad> &loads);
/// From the loads: hops by colour, and the hottest links.
void summarise(const bin::Program &p, Traffic &traffic);

} // namespace weft::cost
#endif
