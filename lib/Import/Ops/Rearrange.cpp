//===- Rearrange.cpp - Rules of padding, blocks and small odd ops ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pad and CenterCropPad, depth to space and back, dropout, determinants.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"
#include "Indices.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

/// Which element lies `i` places from the first, beyond both ends.
static int64_t sourceOf(int64_t i, int64_t extent, StringRef mode) {
  if (mode == "edge")
    return std::clamp<int64_t>(i, 0, extent - 1);
  int64_t period =
      mode == "wrap" ? extent : std::max<int64_t>(2 * extent - 2, 1);
  int64_t at = (i % period + period) % period;
  return at < extent ? at : period - at;
}

/// Cuts where a side is negative, else adds copies of elements of `x`.
static Value padByCopies(NodeCtx &n, Value x, int64_t axis, int64_t before,
                         int64_t after, StringRef mode) {
  int64_t low = std::min<int64_t>(before, 0),
          high = std::min<int64_t>(after, 0);
  x = n.sliceAxis(x, axis, -low, n.shape(x)[axis] + low + high);
  before = std::max<int64_t>(before, 0);
  after = std::max<int64_t>(after, 0);
  if (!x || before + after == 0)
    return x;
  int64_t extent = n.shape(x)[axis];
  if (extent == 0)
    return n.failValue("pads dimension " + Twine(axis) +
                       ", which has no elements, with copies of them");
  if (before + extent + after > MaxIota)
    return n.failValue("pads dimension " + Twine(axis) + " to " +
                       Twine(before + extent + after) +
                       " elements, supported are up to " + Twine(MaxIota));
  Ints sources;
  for (int64_t i = -before; i < extent + after; ++i)
    sources.push_back(sourceOf(i, extent, mode));
  return takeAlong(n, x, axis, sources);
}

/// The same with copies of `fill`.
static Value padWith(NodeCtx &n, Value x, int64_t axis, int64_t before,
                     int64_t after, Value fill) {
  for (int side = 0; side < 2 && x; ++side) {
    int64_t extent = n.shape(x)[axis], by = side ? after : before;
    if (by < 0)
      x = n.sliceAxis(x, axis, side ? 0 : -by, extent + by);
    if (by <= 0)
      continue;
    Ints shape(n.shape(x));
    shape[axis] = by;
    Value part = n.expand(n.reshape(fill, Ints(n.rank(x), 1)), shape);
    x = side ? n.concat({x, part}, axis) : n.concat({part, x}, axis);
  }
  return x;
}

static bool pad(NodeCtx &n) {
  Value x = n.in(0);
  auto pads = intsOf(n, 1, "pads"), axes = intsOf(n, 3, "axes");
  if (!x || !pads || n.failed)
    return n.fail("has no input or no pads");
  std::string mode = n.attrString("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" &&
      mode != "wrap")
    return n.fail("has mode '" + mode +
                  "', expected constant, edge, reflect or wrap");
  if (!axes)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  if (pads->size() != 2 * axes->size())
    return n.fail("has " + Twine(pads->size()) + " pads, expected " +
                  Twine(2 * axes->size()));
  Value fill =
      n.has(2) ? n.in(2) : n.scalar(n.attrFloat("value", 0), n.element(x));
  if (fill && n.type(fill).getNumElements() != 1)
    return n.fail("pads with a value that is not one element");
  for (auto [i, given] : llvm::enumerate(*axes)) {
    auto axis = n.axis(given, n.rank(x));
    if (!axis)
      return false;
    int64_t extent = n.shape(x)[*axis], before = (*pads)[i],
            after = (*pads)[i + axes->size()];
    for (int64_t by : {before, after})
      if (by < -extent || by > (int64_t(1) << 30))
        return n.fail("pads dimension " + Twine(*axis) + " by " + Twine(by));
    if (before + after < -extent)
      return n.fail("pads dimension " + Twine(*axis) + " by " + Twine(before) +
                    " and " + Twine(after) + ", it has " + Twine(extent));
    x = mode == "constant" ? padWith(n, x, *axis, before, after, fill)
                           : padByCopies(n, x, *axis, before, after, mode);
    if (!x)
      return false;
  }
  return n.out(x);
}

/// Each dimension cut or padded with zeros to a size, about the centre.
static bool centerCropPad(NodeCtx &n) {
  Value x = n.in(0);
  auto sizes = n.knownInts(n.in(1));
  if (!x || !sizes)
    return n.fail("has no input, or a shape that is not known at compile time");
  auto axes = n.attrInts("axes");
  if (!axes)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  if (axes->size() != sizes->size())
    return n.fail("has " + Twine(sizes->size()) + " sizes for " +
                  Twine(axes->size()) + " axes");
  Value zero = n.scalar(0, n.element(x));
  for (auto [given, size] : llvm::zip(*axes, *sizes)) {
    auto axis = n.axis(given, n.rank(x));
    if (!axis)
      return false;
    int64_t extent = n.shape(x)[*axis];
    if (size < 0 || size > (int64_t(1) << 30))
      return n.fail("has size " + Twine(size));
    if (size <= extent)
      x = n.sliceAxis(x, *axis, (extent - size) / 2, size);
    else
      x = padWith(n, x, *axis, (size - extent) / 2,
                  size - extent - (size - extent) / 2, zero);
    if (!x)
      return false;
  }
  return n.out(x);
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

static bool depthToSpace(NodeCtx &n) {
  Value x = n.in(0);
  int64_t block = n.attrInt("blocksize", 0);
  if (!x || n.rank(x) != 4)
    return n.fail("has no input of rank 4");
  ArrayRef<int64_t> s = n.shape(x);
  if (block < 1 || block > (1 << 15) || s[1] % (block * block))
    return n.fail("has blocksize " + Twine(block) + " for " + Twine(s[1]) +
                  " channels");
  std::string mode = n.attrString("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return n.fail("has mode '" + mode + "', expected DCR or CRD");
  int64_t depth = s[1] / (block * block);
  Ints whole{s[0], depth, s[2] * block, s[3] * block};
  Value blocks = mode == "DCR"
                     ? n.reshape(x, {s[0], block, block, depth, s[2], s[3]})
                     : n.reshape(x, {s[0], depth, block, block, s[2], s[3]});
  Value spread = mode == "DCR" ? n.transpose(blocks, {0, 3, 4, 1, 5, 2})
                               : n.transpose(blocks, {0, 1, 4, 2, 5, 3});
  return n.out(n.reshape(spread, whole));
}

static bool spaceToDepth(NodeCtx &n) {
  Value x = n.in(0);
  int64_t block = n.attrInt("blocksize", 0);
  if (!x || n.rank(x) != 4)
    return n.fail("has no input of rank 4");
  ArrayRef<int64_t> s = n.shape(x);
  if (block < 1 || block > (1 << 15) || s[2] % block || s[3] % block)
    return n.fail("has blocksize " + Twine(block) + " for " + Twine(s[2]) +
                  " x " + Twine(s[3]) + " elements");
  Ints whole{s[0], s[1] * block * block, s[2] / block, s[3] / block};
  Value blocks =
      n.reshape(x, {s[0], s[1], s[2] / block, block, s[3] / block, block});
  return n.out(n.reshape(n.transpose(blocks, {0, 3, 5, 1, 2, 4}), whole));
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

/// The input itself, unless random elements of it are dropped.
static bool dropout(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  auto training = n.knownInts(n.in(2));
  const HostTensor *ratio = n.has(1) ? n.known(n.in(1)) : nullptr;
  bool dropsNone = ratio && ratio->size() == 1 && ratio->getFloat(0) == 0;
  if (n.has(2) && !dropsNone) {
    if (!training || training->size() != 1)
      return n.fail("has a training_mode that is not known at compile time");
    if (training->front())
      return n.fail("is in training mode, in which its result depends on "
                    "random numbers");
  }
  // The mask of what is kept; before opset 10 it has the input's type.
  Type element = n.opset() < 10 ? n.element(x) : Type(n.builder().getI1Type());
  if (n.wants(1) &&
      !n.out(n.splat(1, RankedTensorType::get(n.shape(x), element)), 1))
    return false;
  return n.out(x);
}

/// Largest determinant that is written out.
constexpr int64_t MaxDet = 5;

/// Laplace's expansion along the last row, over sets of columns: n * 2^(n-1)
/// products. No pivot is chosen, since that would depend on data.
static bool det(NodeCtx &n) {
  Value x = n.in(0);
  int64_t rank = x ? n.rank(x) : 0;
  if (rank < 2 || n.shape(x)[rank - 1] != n.shape(x)[rank - 2])
    return n.fail("has no input of square matrices");
  int64_t size = n.shape(x)[rank - 1];
  if (size < 1 || size > MaxDet)
    return n.fail("has matrices of " + Twine(size) +
                  " rows, supported are 1 "
                  "to " +
                  Twine(MaxDet));
  Ints batch(n.shape(x).drop_back(2));
  auto entry = [&](int64_t row, int64_t column) {
    Value line = n.sliceAxis(x, rank - 2, row, 1);
    return n.reshape(n.sliceAxis(line, rank - 1, column, 1), batch);
  };
  SmallVector<Value> minors(size_t(1) << size); // of the first rows, by columns
  for (unsigned set = 1; set < minors.size(); ++set) {
    int64_t row = llvm::popcount(set) - 1, place = 0;
    for (int64_t column = 0; column < size; ++column) {
      if (!(set >> column & 1))
        continue;
      Value rest = minors[set & ~(1u << column)], term = entry(row, column);
      if (row > 0)
        term = n.make<MulOp>({term, rest});
      bool plus = (row + place++) % 2 == 0;
      Value &sum = minors[set];
      if (sum)
        sum = plus ? n.make<AddOp>({sum, term}) : n.make<SubOp>({sum, term});
      else
        sum = plus ? term : n.make<NegOp>(term);
      if (!sum)
        return false;
    }
  }
  return n.out(minors.back());
}

void weft::addRearrangeRules(llvm::StringMap<Rule> &rules) {
  rules["Pad"] = {pad, {"mode", "pads", "value"}};
  rules["CenterCropPad"] = {centerCropPad, {"axes"}};
  rules["DepthToSpace"] = {depthToSpace, {"blocksize", "mode"}};
  rules["SpaceToDepth"] = {spaceToDepth, {"blocksize"}};
  rules["Dropout"] = {dropout, {"ratio", "seed", "is_test"}};
  rules["Det"] = {det, {}};
}
