//===- Roles.cpp - Who does what in a collective along an axis ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Roles.h"

using namespace weft;

const char *AxisRole::name() const {
  switch (kind) {
  case Single:
    return "all";
  case Root:
    return "root";
  case Odd:
    return "odd";
  case Even:
    return "even";
  case Far:
    return "far";
  }
  return "";
}

std::vector<AxisRole> weft::axisRoles(uint32_t length, bool split) {
  if (!split || length == 1)
    return {{AxisRole::Single, 0, length, 1, length}};
  std::vector<AxisRole> roles{{AxisRole::Root, 0, 1, 1, length}};
  // Middles are positions 1 .. length - 2.
  if (length > 2)
    roles.push_back({AxisRole::Odd, 1, (length - 1) / 2, 2, length});
  if (length > 3)
    roles.push_back({AxisRole::Even, 2, (length - 2) / 2, 2, length});
  roles.push_back({AxisRole::Far, length - 1, 1, 1, length});
  return roles;
}

bin::Pattern AxisFrame::line(uint32_t start, uint32_t count,
                             uint32_t step) const {
  if (vertical)
    return {x, y + start, w, count, 1, step};
  return {x + start, y, count, h, step, 1};
}

std::vector<bin::Route> weft::axisRoutes(const AxisFrame &f,
                                         const AxisColors &c) {
  uint8_t toRoot = f.vertical ? bin::North : bin::West;
  uint8_t fromFar = f.vertical ? bin::South : bin::East;
  uint32_t n = f.length();
  std::vector<bin::Route> routes;
  auto chain = [&](std::optional<uint8_t> color, uint32_t first) {
    if (!color || first >= n)
      return;
    uint32_t count = (n - 1 - first) / 2 + 1;
    routes.push_back({f.line(first, count, 2), *color, bin::Ramp, toRoot});
    routes.push_back({f.line(first - 1, count, 2), *color, fromFar, bin::Ramp});
  };
  chain(c.odd, 1);
  chain(c.even, 2);
  if (c.multicast && n > 1) {
    routes.push_back({f.line(0, 1, 1), *c.multicast, bin::Ramp, fromFar});
    if (n > 2)
      routes.push_back({f.line(1, n - 2, 1), *c.multicast, toRoot,
                        uint8_t(bin::Ramp | fromFar)});
    routes.push_back({f.line(n - 1, 1, 1), *c.multicast, toRoot, bin::Ramp});
  }
  return routes;
}

std::vector<bin::Stream> weft::axisStreams(const AxisFrame &f,
                                           const AxisColors &c,
                                           uint64_t chainWords,
                                           uint64_t multicastWords) {
  uint32_t n = f.length();
  std::vector<bin::Stream> streams;
  auto add = [&](const char *name, uint8_t color, bin::Pattern from, int32_t lo,
                 int32_t hi, uint64_t words) {
    if (words == 0)
      return;
    bin::Stream s;
    s.name = name;
    s.color = color;
    s.from = from;
    (f.vertical ? s.dy0 : s.dx0) = lo;
    (f.vertical ? s.dy1 : s.dx1) = hi;
    s.words = words;
    streams.push_back(s);
  };
  if (c.odd && n > 1)
    add("chain odd", *c.odd, f.line(1, (n - 2) / 2 + 1, 2), -1, -1, chainWords);
  if (c.even && n > 2)
    add("chain even", *c.even, f.line(2, (n - 3) / 2 + 1, 2), -1, -1,
        chainWords);
  if (c.multicast && n > 1)
    add("multicast", *c.multicast, f.line(0, 1, 1), 1, int32_t(n) - 1,
        multicastWords);
  return streams;
}

std::vector<bin::Route> weft::crossingRoutes(const bin::Pattern &from,
                                             const bin::Pattern &to,
                                             uint8_t color) {
  uint32_t sender = from.x0 + from.w - 1, last = to.x0 + to.w - 1;
  auto columns = [&](uint32_t x, uint32_t n) {
    return bin::Pattern{x, from.y0, n, from.h, 1, 1};
  };
  std::vector<bin::Route> routes{
      {columns(sender, 1), color, bin::Ramp, bin::East}};
  if (to.x0 > sender + 1)
    routes.push_back(
        {columns(sender + 1, to.x0 - sender - 1), color, bin::West, bin::East});
  if (to.w > 1)
    routes.push_back({columns(to.x0, to.w - 1), color, bin::West,
                      uint8_t(bin::Ramp | bin::East)});
  routes.push_back({columns(last, 1), color, bin::West, bin::Ramp});
  return routes;
}

bin::Stream weft::crossingStream(const bin::Pattern &from,
                                 const bin::Pattern &to, uint8_t color,
                                 uint64_t words) {
  uint32_t sender = from.x0 + from.w - 1;
  bin::Stream s;
  s.name = "stream";
  s.color = color;
  s.from = {sender, from.y0, 1, from.h, 1, 1};
  s.dx0 = int32_t(to.x0 - sender);
  s.dx1 = int32_t(to.x0 + to.w - 1 - sender);
  s.words = words;
  return s;
}
