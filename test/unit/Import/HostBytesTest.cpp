//===- HostBytesTest.cpp - Bytes of constant tensors ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Import/HostBytes.h"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>

using namespace weft;

namespace {

TEST(HostBytes, CopiesShareUntilOneChanges) {
  HostBytes a(std::vector<uint8_t>{1, 2, 3});
  HostBytes b = a;
  const HostBytes &constA = a, &constB = b;
  EXPECT_EQ(constA.data(), constB.data());
  b[1] = 9;
  EXPECT_NE(constA.data(), constB.data());
  EXPECT_EQ(constA[1], 2);
  EXPECT_EQ(constB[1], 9);
  EXPECT_EQ(constB[2], 3);
}

TEST(HostBytes, BorrowsAndCopiesWhenChanged) {
  std::vector<uint8_t> given = {1, 2, 3};
  HostBytes a = HostBytes::borrow(given);
  const HostBytes &constA = a;
  EXPECT_EQ(constA.data(), given.data());
  a[0] = 7;
  EXPECT_NE(constA.data(), given.data());
  EXPECT_EQ(given[0], 1);
  EXPECT_EQ(constA[0], 7);
}

TEST(HostBytes, Resizes) {
  HostBytes a;
  EXPECT_TRUE(a.empty());
  a.resize(4);
  a[3] = 5;
  a.resize(6);
  EXPECT_EQ(a, HostBytes(std::vector<uint8_t>{0, 0, 0, 5, 0, 0}));
  a.resize(0);
  EXPECT_TRUE(a.empty());
}

/// A range of /proc/self/smaps that holds `p`: its first line.
std::string mappingOf(const void *p) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uint64_t begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2 &&
        uint64_t(p) >= begin && uint64_t(p) < end)
      return line;
  }
  return "";
}

TEST(HostBytes, ManyLieInAFileWithoutAName) {
  HostBytes small, large;
  small.resize(HostBytes::FileSize - 1);
  large.resize(HostBytes::FileSize);
  large[HostBytes::FileSize - 1] = 3;
  EXPECT_EQ(mappingOf(small.data()).find("(deleted)"), std::string::npos);
  EXPECT_NE(mappingOf(large.data()).find("(deleted)"), std::string::npos);
  HostBytes copy = large;
  copy[0] = 1;
  EXPECT_EQ(large[0], 0);
  EXPECT_EQ(copy[HostBytes::FileSize - 1], 3);
}

/// Where no file can be made, memory serves.
TEST(HostBytes, WithoutAFolder) {
  setenv("TMPDIR", "/nowhere", 1);
  HostBytes large;
  large.resize(HostBytes::FileSize);
  large[7] = 3;
  EXPECT_EQ(mappingOf(large.data()).find("(deleted)"), std::string::npos);
  EXPECT_EQ(large[7], 3);
  unsetenv("TMPDIR");
}

} // namespace
