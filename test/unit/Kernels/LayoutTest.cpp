//===- LayoutTest.cpp - Tiles and storage ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Interpreter.h"
#include "gtest/gtest.h"
#include <set>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

namespace {
class Layout : public ::testing::Test {
protected:
  test::Context c;
  RankedTensorType f32(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, Float32Type::get(&c.context));
  }
};

/// Every element lies on exactly one line of PEs of its split axes, and two
/// elements of one tile never share an address.
void expectPartition(RankedTensorType type, const Rect &r) {
  std::vector<bin::DimMap> maps = dimMaps(type);
  std::set<std::tuple<int64_t, int64_t, int64_t>> seen;
  for (int64_t n = 0; n < type.getNumElements(); ++n) {
    int64_t rest = n, place = 0, pe[3] = {0, 0, 0};
    for (int d = int(maps.size()) - 1; d >= 0; --d) {
      int64_t i = rest % type.getDimSize(d), tile = maps[d].tile;
      rest /= type.getDimSize(d);
      int axis = int(maps[d].axis);
      if (axis) {
        pe[axis] = i / tile;
        EXPECT_LT(pe[axis], r.length(int8_t(axis)));
        i %= tile;
      }
      EXPECT_LT(i, tile);
      place += i * maps[d].stride;
    }
    EXPECT_LT(place, tileElems(type));
    EXPECT_TRUE(seen.insert({pe[1], pe[2], place}).second);
  }
}

TEST_F(Layout, TilesPartitionTheTensor) {
  for (Rect r : {Rect{0, 0, 1, 1}, Rect{0, 0, 3, 5}, Rect{2, 1, 7, 2},
                 Rect{0, 0, 16, 1}})
    for (auto shape : {SmallVector<int64_t>{}, SmallVector<int64_t>{1},
                       SmallVector<int64_t>{13}, SmallVector<int64_t>{2, 3, 17},
                       SmallVector<int64_t>{5, 1}, SmallVector<int64_t>{4, 9}})
      for (int8_t axis : {None, X, Y}) {
        expectPartition(laidOut(f32(shape), r, axis), r);
        if (shape.size() == 2)
          for (bool rowMajor : {false, true})
            expectPartition(
                laidOut(f32(shape), r, {other(axis), axis}, rowMajor), r);
      }
}

TEST_F(Layout, LastDimensionIsOutermostInStorage) {
  auto maps = dimMaps(laidOut(f32({2, 3, 8}), Rect{0, 0, 4, 1}, X));
  EXPECT_EQ(maps[2].tile, 2u);
  EXPECT_EQ(maps[2].stride, 6u);
  EXPECT_EQ(maps[1].stride, 1u);
  EXPECT_EQ(maps[0].stride, 3u);
}

TEST_F(Layout, PaddingIsKnown) {
  Rect r{0, 0, 4, 3};
  EXPECT_FALSE(isPadded(laidOut(f32({2, 8}), r, X)));
  EXPECT_TRUE(isPadded(laidOut(f32({2, 8}), r, Y)));
  EXPECT_FALSE(isPadded(laidOut(f32({2, 7}), r, None)));
  EXPECT_FALSE(isPadded(laidOut(f32({}), r, None)));
  EXPECT_TRUE(isPadded(laidOut(f32({1}), r, X)));
}

TEST_F(Layout, AxisAndRows) {
  Rect r{0, 0, 4, 3};
  EXPECT_EQ(axisOf(laidOut(f32({2, 8}), r, Y)), Y);
  EXPECT_EQ(axisOf(laidOut(f32({}), r, Y)), None);
  EXPECT_EQ(rowsOf(f32({2, 5, 8})), 10);
  EXPECT_EQ(rowsOf(f32({})), 1);
}
} // namespace
