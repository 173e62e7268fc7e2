//===- CodeTest.cpp - Index arithmetic of the code builder ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Interpreter.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

namespace {
/// The multiplier and shift that Code::div emits for a / k.
struct Division {
  int64_t multiplier = 1, shift = 0;
};

Division divisionBy(MLIRContext *context, int64_t k, int64_t limit) {
  OpBuilder b(context);
  Block block;
  Value a = block.addArgument(b.getIndexType(), b.getUnknownLoc());
  b.setInsertionPointToEnd(&block);
  Code code(b, b.getUnknownLoc(), Rect());
  Idx result = code.div(Idx(a), k, limit);
  Division d;
  EXPECT_EQ(result.c, 0);
  for (Value v = result.v; v && v != a; v = v.getDefiningOp()->getOperand(0)) {
    Operation *op = v.getDefiningOp();
    auto constant =
        op->getOperand(1).getDefiningOp<arith::ConstantIndexOp>().value();
    if (isa<arith::MulIOp>(op))
      d.multiplier = constant;
    else if (isa<arith::ShRUIOp>(op))
      d.shift = constant;
    else
      ADD_FAILURE() << "unexpected op";
  }
  return d;
}

TEST(Code, DivisionIsExactUpToItsLimit) {
  test::Context c;
  for (int64_t limit : {0, 1, 2, 7, 63, 64, 1000, 4096, 20000})
    for (int64_t k = 1; k <= 300; ++k) {
      Division d = divisionBy(&c.context, k, limit);
      // Registers have 32 bits.
      ASSERT_LT(limit * d.multiplier, int64_t(1) << 32) << k << " " << limit;
      for (int64_t a = 0; a <= limit; ++a)
        ASSERT_EQ(a * d.multiplier >> d.shift, a / k)
            << a << " / " << k << " with limit " << limit;
    }
}

TEST(Code, DivisionFoldsConstants) {
  test::Context c;
  OpBuilder b(&c.context);
  Code code(b, b.getUnknownLoc(), Rect());
  Idx result = code.div(Idx(17), 5, 100);
  EXPECT_FALSE(result.v);
  EXPECT_EQ(result.c, 3);
}

TEST(Code, ViewsDropUnitDimensions) {
  test::Context c;
  OpBuilder b(&c.context);
  Block block;
  Value buffer = block.addArgument(MemRefType::get({24}, b.getF32Type()),
                                   b.getUnknownLoc());
  b.setInsertionPointToEnd(&block);
  Code code(b, b.getUnknownLoc(), Rect());
  auto type = cast<MemRefType>(
      code.view(buffer, 2, {1, 4, 1, 3}, {9, 5, 9, 1}).getType());
  EXPECT_EQ(type.getShape(), ArrayRef<int64_t>({4, 3}));
  auto unit = cast<MemRefType>(code.view(buffer, 2, {1}, {7}).getType());
  EXPECT_EQ(unit.getShape(), ArrayRef<int64_t>({1}));
}

/// Vector ops that a strided copy of `sizes` takes.
unsigned opsFor(MLIRContext *context, SmallVector<int64_t> sizes,
                SmallVector<int64_t> to, SmallVector<int64_t> from) {
  OpBuilder b(context);
  Block block;
  auto type = MemRefType::get({65536}, b.getF32Type());
  Value dst = block.addArgument(type, b.getUnknownLoc());
  Value src = block.addArgument(type, b.getUnknownLoc());
  b.setInsertionPointToEnd(&block);
  Code code(b, b.getUnknownLoc(), Rect());
  code.strided(V::VMov, sizes, {dst, 0, to}, {{src, 0, from}});
  unsigned loops = 0;
  block.walk([&](scf::ForOp) { ++loops; });
  return loops;
}

TEST(Code, StridedUsesLoopsOnlyBeyondFourDimensions) {
  test::Context c;
  EXPECT_EQ(opsFor(&c.context, {2, 3, 2, 3}, {90, 20, 9, 1}, {1, 9, 90, 200}),
            0u);
  EXPECT_EQ(
      opsFor(&c.context, {2, 2, 2, 2, 2}, {16, 8, 4, 2, 1}, {1, 2, 4, 8, 16}),
      1u);
  // One run for both: merged.
  EXPECT_EQ(
      opsFor(&c.context, {2, 2, 2, 2, 2}, {16, 8, 4, 2, 1}, {16, 8, 4, 2, 1}),
      0u);
}
} // namespace
