//===- Shape.cpp - Rules of shapes and copies -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Shapes and axes must be known when a rule runs: they are, once the dimensions
// of the inputs are bound.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

std::optional<Ints> weft::intsOf(NodeCtx &n, unsigned input, StringRef attr) {
  if (!n.has(input))
    return n.attrInts(attr);
  auto values = n.knownInts(n.in(input));
  if (!values)
    n.fail("has input #" + Twine(input) + " ('" + attr +
           "') that is not known at compile time");
  return values;
}

static bool reshape(NodeCtx &n) {
  Value x = n.in(0);
  auto shape = intsOf(n, 1, "shape");
  if (!x || !shape)
    return n.fail("has no input or no shape");
  int64_t known = 1, open = -1;
  for (auto [i, dim] : llvm::enumerate(*shape)) {
    if (dim == 0 && !n.attrInt("allowzero", 0)) {
      if (int64_t(i) >= n.rank(x))
        return n.fail("copies dimension " + Twine(i) + " of an input of rank " +
                      Twine(n.rank(x)));
      dim = n.shape(x)[i];
    }
    if (dim == -1 && open < 0)
      open = i;
    else if (dim < 0 || dim > (int64_t(1) << 40))
      return n.fail("has shape with dimension " + Twine(dim) +
                    ", expected at most one -1");
    else if (dim && known > (int64_t(1) << 44) / dim)
      return n.fail("has a shape of more than 2^44 elements");
    else
      known *= dim;
  }
  int64_t count = n.type(x).getNumElements();
  if (open >= 0) {
    if (known == 0 || count % known)
      return n.fail("cannot split " + Twine(count) +
                    " elements into parts of " + Twine(known));
    (*shape)[open] = count / known;
  }
  return n.out(n.reshape(x, *shape));
}

static bool transpose(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  auto perm = n.attrInts("perm");
  if (!perm)
    perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, n.rank(x))));
  return n.out(n.transpose(x, *perm));
}

static bool flatten(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  int64_t axis = n.attrInt("axis", 1), rank = n.rank(x);
  if (axis < -rank || axis > rank)
    return n.fail("has axis " + Twine(axis) + ", expected one in [" +
                  Twine(-rank) + ", " + Twine(rank) + "]");
  axis += axis < 0 ? rank : 0;
  int64_t outer = 1, inner = 1;
  for (auto [i, dim] : llvm::enumerate(n.shape(x)))
    (int64_t(i) < axis ? outer : inner) *= dim;
  return n.out(n.reshape(x, {outer, inner}));
}

static bool squeeze(NodeCtx &n) {
  Value x = n.in(0);
  auto axes = intsOf(n, 1, "axes");
  if (!x || n.failed)
    return n.fail("has no input");
  Ints shape(n.shape(x));
  if (!axes || axes->empty()) { // as ONNX Runtime takes an empty list
    llvm::erase(shape, 1);
    return n.out(n.reshape(x, shape));
  }
  for (int64_t value : *axes) {
    auto axis = n.axis(value, n.rank(x));
    if (!axis)
      return false;
    if (n.shape(x)[*axis] != 1)
      return n.fail("squeezes dimension " + Twine(*axis) + " of extent " +
                    Twine(n.shape(x)[*axis]) + ", expected 1");
    shape[*axis] = -1;
  }
  llvm::erase(shape, -1);
  return n.out(n.reshape(x, shape));
}

static bool unsqueeze(NodeCtx &n) {
  Value x = n.in(0);
  auto axes = intsOf(n, 1, "axes");
  if (!x || !axes)
    return n.fail("has no input or no axes");
  int64_t rank = n.rank(x) + int64_t(axes->size());
  Ints shape(rank, 0);
  for (int64_t value : *axes) {
    auto axis = n.axis(value, rank);
    if (!axis)
      return false;
    if (shape[*axis])
      return n.fail("has axis " + Twine(*axis) + " twice");
    shape[*axis] = 1;
  }
  ArrayRef<int64_t> rest = n.shape(x);
  SmallVector<bool> isNew;
  for (int64_t dim : shape)
    isNew.push_back(dim == 1);
  for (auto [dim, added] : llvm::zip(shape, isNew))
    if (!added) {
      dim = rest.front();
      rest = rest.drop_front();
    }
  return n.out(n.reshape(x, shape));
}

static bool expand(NodeCtx &n) {
  Value x = n.in(0);
  auto shape = intsOf(n, 1, "shape");
  if (!x || !shape)
    return n.fail("has no input or no shape");
  for (int64_t dim : *shape)
    if (dim < 0 || dim > (int64_t(1) << 40))
      return n.fail("expands to dimension " + Twine(dim));
  auto result = broadcastShapes(n.shape(x), *shape);
  if (mlir::failed(result))
    return n.fail("has a shape that does not broadcast with the input's");
  return n.out(n.expand(x, *result));
}

//===----------------------------------------------------------------------===//
// Shapes as values, copies
//===----------------------------------------------------------------------===//

static bool shapeOf(NodeCtx &n) {
  if (!n.has(0))
    return n.fail("has no input");
  ArrayRef<int64_t> shape = n.shape(n.in(0));
  int64_t rank = shape.size();
  auto bound = [&](int64_t v) {
    return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank);
  };
  int64_t start = bound(n.attrInt("start", 0)),
          end = bound(n.attrInt("end", rank));
  return n.out(n.ints(shape.slice(start, std::max<int64_t>(end - start, 0))));
}

static bool sizeOf(NodeCtx &n) {
  if (!n.has(0))
    return n.fail("has no input");
  Value size = n.ints({n.type(n.in(0)).getNumElements()});
  return n.out(n.reshape(size, {}));
}

static bool identity(NodeCtx &n) {
  return n.has(0) ? n.out(n.in(0)) : n.fail("has no input");
}

static bool tile(NodeCtx &n) {
  Value x = n.in(0);
  auto repeats = intsOf(n, 1, "repeats");
  if (!x || !repeats || int64_t(repeats->size()) != n.rank(x))
    return n.fail("has repeats that do not match the input");
  Ints open, wide, shape;
  for (auto [dim, times] : llvm::zip(n.shape(x), *repeats)) {
    if (times < 0 || times > (int64_t(1) << 30) ||
        (times && dim > (int64_t(1) << 40) / times))
      return n.fail("repeats a dimension " + Twine(times) + " times");
    open.append({1, dim});
    wide.append({times, dim});
    shape.push_back(dim * times);
  }
  return n.out(n.reshape(n.expand(n.reshape(x, open), wide), shape));
}

/// Keeps the triangle: a select by a constant mask of the last two dimensions.
static bool trilu(NodeCtx &n) {
  Value x = n.in(0);
  auto offset = n.has(1) ? n.knownInts(n.in(1)) : Ints{0};
  if (!x || !offset || offset->size() != 1 || n.rank(x) < 2)
    return n.fail(
        "has an input of rank below 2 or an offset that is not known");
  int64_t rows = n.shape(x)[n.rank(x) - 2], columns = n.shape(x).back();
  if (rows > (1 << 14) || columns > (1 << 14))
    return n.fail("has a triangle of more than 16384 rows or columns");
  bool upper = n.attrInt("upper", 1) != 0;
  Type i1 = n.builder().getI1Type();
  HostTensor mask =
      HostTensor::zeros(RankedTensorType::get({rows, columns}, i1));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      mask.bytes[i * columns + j] =
          upper ? j - i >= offset->front() : j - i <= offset->front();
  return n.out(n.make<WhereOp>(
      {n.constant(std::move(mask)), x, n.scalar(0, n.element(x))}));
}

void weft::addShapeRules(llvm::StringMap<Rule> &rules) {
  rules["Reshape"] = {reshape, {"shape", "allowzero"}};
  rules["Transpose"] = {transpose, {"perm"}};
  rules["Flatten"] = {flatten, {"axis"}};
  rules["Squeeze"] = {squeeze, {"axes"}};
  rules["Unsqueeze"] = {unsqueeze, {"axes"}};
  rules["Expand"] = {expand, {}};
  rules["Shape"] = {shapeOf, {"start", "end"}};
  rules["Size"] = {sizeOf, {}};
  rules["Identity"] = {identity, {}};
  rules["Tile"] = {tile, {}};
  rules["Trilu"] = {trilu, {"upper"}};
}
