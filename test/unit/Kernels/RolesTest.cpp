//===- RolesTest.cpp - Who does what in a collective ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Roles.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <map>
#include <set>

using namespace weft;

namespace {
constexpr uint32_t maxLength = 17;

TEST(Roles, CoverTheAxisOnce) {
  for (uint32_t n = 1; n <= maxLength; ++n)
    for (bool split : {false, true}) {
      std::vector<unsigned> covered(n, 0);
      std::vector<AxisRole> roles = axisRoles(n, split);
      EXPECT_LE(roles.size(), 4u);
      for (const AxisRole &r : roles) {
        EXPECT_EQ(r.length, n);
        EXPECT_GE(r.count, 1u);
        for (uint32_t i = 0; i < r.count; ++i) {
          ASSERT_LT(r.start + i * r.step, n);
          ++covered[r.start + i * r.step];
          // A role sends on one colour, so its positions have one parity.
          if (r.sends()) {
            EXPECT_EQ((r.start + i * r.step) % 2 == 1, r.sendsOdd());
          }
        }
      }
      for (unsigned times : covered)
        EXPECT_EQ(times, 1u) << "length " << n;
    }
}

TEST(Roles, OnlyTheRootDoesNotSend) {
  for (uint32_t n = 2; n <= maxLength; ++n)
    for (const AxisRole &r : axisRoles(n, true)) {
      EXPECT_EQ(r.sends(), r.start != 0);
      EXPECT_EQ(r.kind == AxisRole::Far, r.start == n - 1);
    }
}

/// The setting of each (x, y, colour); more than one is a failure.
using Settings = std::map<std::tuple<uint32_t, uint32_t, uint8_t>, bin::Route>;

Settings settingsOf(const std::vector<bin::Route> &routes, uint32_t grid) {
  Settings settings;
  for (const bin::Route &r : routes) {
    uint64_t hits = 0;
    for (uint32_t y = 0; y < grid; ++y)
      for (uint32_t x = 0; x < grid; ++x)
        if (r.where.contains(x, y)) {
          ++hits;
          EXPECT_TRUE(settings.insert({{x, y, r.color}, r}).second)
              << "two settings at (" << x << ", " << y << ")";
        }
    EXPECT_EQ(hits, r.where.count()) << "a pattern leaves the grid";
    EXPECT_FALSE(r.tx & r.rx);
  }
  return settings;
}

bin::Port opposite(bin::Port p) {
  return p == bin::North   ? bin::South
         : p == bin::South ? bin::North
         : p == bin::East  ? bin::West
                           : bin::East;
}

/// The PEs whose ramp a wavelet sent at (x, y) reaches.
void follow(const Settings &s, uint32_t x, uint32_t y, uint8_t color,
            uint8_t from, std::vector<std::pair<uint32_t, uint32_t>> &reached,
            unsigned depth = 0) {
  ASSERT_LT(depth, 64u) << "a route has a cycle";
  auto it = s.find({x, y, color});
  ASSERT_TRUE(it != s.end()) << "no setting at (" << x << ", " << y << ")";
  ASSERT_EQ(it->second.rx, from);
  for (bin::Port p : {bin::North, bin::South, bin::East, bin::West}) {
    if (!(it->second.tx & p))
      continue;
    uint32_t nx = x + (p == bin::East) - (p == bin::West);
    uint32_t ny = y + (p == bin::South) - (p == bin::North);
    follow(s, nx, ny, color, opposite(p), reached, depth + 1);
  }
  if (it->second.tx & bin::Ramp)
    reached.push_back({x, y});
}

/// Every stream of the axis reaches exactly the PEs that it names.
void expectConsistent(const AxisFrame &frame) {
  AxisColors colors{uint8_t(3), uint8_t(5), uint8_t(9)};
  Settings s = settingsOf(axisRoutes(frame, colors), 24);
  std::set<std::pair<uint32_t, uint32_t>> chained;
  for (const bin::Stream &stream : axisStreams(frame, colors, 4, 6)) {
    EXPECT_EQ(stream.words, stream.color == 9 ? 6u : 4u);
    for (uint32_t y = 0; y < 24; ++y)
      for (uint32_t x = 0; x < 24; ++x) {
        if (!stream.from.contains(x, y))
          continue;
        std::vector<std::pair<uint32_t, uint32_t>> reached, wanted;
        follow(s, x, y, stream.color, bin::Ramp, reached);
        for (int32_t dy = stream.dy0; dy <= stream.dy1; ++dy)
          for (int32_t dx = stream.dx0; dx <= stream.dx1; ++dx)
            wanted.push_back({x + dx, y + dy});
        std::sort(reached.begin(), reached.end());
        std::sort(wanted.begin(), wanted.end());
        EXPECT_EQ(reached, wanted);
        if (stream.color != 9) {
          EXPECT_TRUE(chained.insert({x, y}).second);
        }
      }
  }
  // All but the root line send down the chain.
  uint32_t n = frame.length();
  EXPECT_EQ(chained.size(), uint64_t(frame.w) * frame.h / n * (n - 1));
}

TEST(Roles, RoutesCarryTheStreams) {
  for (uint32_t n = 1; n <= maxLength; ++n)
    for (uint32_t across : {1u, 3u}) {
      expectConsistent({2, 1, n, across, /*vertical=*/false});
      expectConsistent({1, 2, across, n, /*vertical=*/true});
    }
}

TEST(Roles, SendersMeetTheColoursOfTheirRoles) {
  for (uint32_t n = 2; n <= maxLength; ++n) {
    AxisFrame frame{0, 0, n, 1, false};
    AxisColors colors{uint8_t(3), uint8_t(5), uint8_t(9)};
    Settings s = settingsOf(axisRoutes(frame, colors), 24);
    for (const AxisRole &r : axisRoles(n, true))
      for (uint32_t i = 0; r.sends() && i < r.count; ++i) {
        auto it =
            s.find({r.start + i * r.step, 0, uint8_t(r.sendsOdd() ? 3 : 5)});
        ASSERT_TRUE(it != s.end());
        EXPECT_EQ(it->second.rx, bin::Ramp);
      }
  }
}

TEST(Roles, CrossingsReachEveryColumn) {
  for (uint32_t gap : {0u, 1u, 4u})
    for (uint32_t w : {1u, 2u, 6u}) {
      bin::Pattern from{1, 2, 3, 4, 1, 1}, to{4 + gap, 2, w, 4, 1, 1};
      Settings s = settingsOf(crossingRoutes(from, to, 7), 24);
      bin::Stream stream = crossingStream(from, to, 7, 5);
      std::vector<std::pair<uint32_t, uint32_t>> reached;
      follow(s, 3, 2, 7, bin::Ramp, reached);
      EXPECT_EQ(reached.size(), w);
      EXPECT_EQ(stream.dx0, int32_t(1 + gap));
      EXPECT_EQ(stream.dx1, int32_t(gap + w));
    }
}
} // namespace
