//===- ConvTranspose.cpp - Rule of transposed convolutions ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Windows that do not overlap are one matrix product. Others are a convolution
// of the input, with zeros between its elements, and the weight from its end.
//
//===----------------------------------------------------------------------===//
#include "Windows.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

/// Extents and padding of the result, before which `w.before` elements of the
/// full result are cut off.
static bool placeTransposed(NodeCtx &n, Windows &w) {
  size_t count = w.dims();
  auto extra = n.attrInts("output_padding").value_or(Ints(count, 0));
  auto shape = n.attrInts("output_shape");
  auto pads = n.attrInts("pads").value_or(Ints(2 * count, 0));
  std::string automatic = n.attrString("auto_pad", "NOTSET");
  bool upper = automatic == "SAME_UPPER";
  bool same = upper || automatic == "SAME_LOWER";
  if (extra.size() != count || pads.size() != 2 * count ||
      (shape && shape->size() != count && shape->size() != count + 2))
    return n.fail("has pads, output_padding or output_shape that do not match "
                  "its input");
  constexpr int64_t MaxNumber = int64_t(1) << 24; // no sum overflows
  for (size_t i = 0; i < count; ++i) {
    int64_t pad = pads[i], behind = pads[count + i];
    if (std::min({extra[i], pad, behind}) < 0 ||
        std::max({extra[i], pad, behind}) > MaxNumber)
      return n.fail("has pads or output_padding that are not in [0, " +
                    Twine(MaxNumber) + "]");
    int64_t full = w.strides[i] * (w.in[i] - 1) + extra[i] + w.span(i);
    int64_t size = full;
    if (shape)
      size = (*shape)[shape->size() - count + i];
    else if (same)
      size = w.in[i] * w.strides[i];
    else if (automatic != "VALID")
      size = full - pad - behind;
    if (size < 1 || size > full + w.strides[i])
      return n.fail("has a result of extent " + Twine(size) +
                    ", expected one in [1, " + Twine(full + w.strides[i]) +
                    "]");
    int64_t total = std::max<int64_t>(full - size, 0);
    w.before.push_back(shape || same ? (upper ? total / 2 : total - total / 2)
                       : automatic == "VALID" ? 0
                                              : pad);
    w.out.push_back(size);
  }
  return true;
}

/// The full result of windows that do not overlap: each element is multiplied
/// by a whole window.
static Value spreadTiles(NodeCtx &n, Value x, Value weight, const Windows &w) {
  int64_t batch = n.shape(x)[0], channels = n.shape(x)[1],
          maps = n.shape(weight)[1];
  Value matrix = n.reshape(weight, {channels, maps * w.taps()});
  Value y = n.make<MatMulOp>({channelsLast(n, x), matrix});
  int64_t count = w.dims();
  Ints shape = {batch}, perm = {0, 1 + count}, flat = {batch, maps};
  llvm::append_range(shape, w.in);
  shape.push_back(maps);
  llvm::append_range(shape, w.kernel);
  for (int64_t i = 0; i < count; ++i) {
    perm.append({1 + i, 2 + count + i});
    flat.push_back(w.in[i] * w.kernel[i]);
  }
  return n.reshape(n.transpose(n.reshape(y, shape), perm), flat);
}

/// [C, M / groups, ...] to the weight of a convolution, [M, C / groups, ...],
/// each window from its end.
static Value flippedWeight(NodeCtx &n, Value weight, int64_t groups) {
  Ints shape(n.shape(weight));
  int64_t channels = shape[0] / groups, maps = shape[1];
  Ints open = {groups, channels, maps}, flat = {groups * maps, channels};
  llvm::append_range(open, ArrayRef(shape).drop_front(2));
  llvm::append_range(flat, ArrayRef(shape).drop_front(2));
  Ints perm = llvm::to_vector(llvm::seq<int64_t>(0, open.size()));
  std::swap(perm[1], perm[2]);
  weight = n.reshape(n.transpose(n.reshape(weight, open), perm), flat);
  Ints starts(flat.size(), 0), steps(flat.size(), 1);
  for (size_t i = 2; i < flat.size(); ++i)
    if (flat[i] > 1) {
      starts[i] = flat[i] - 1;
      steps[i] = -1;
    }
  return n.slice(weight, starts, flat, steps);
}

Value weft::stretched(NodeCtx &n, Value x, Windows &w) {
  for (size_t i = 0; i < w.dims() && x; ++i) {
    int64_t axis = 2 + int64_t(i), stride = w.strides[i], extent = w.in[i];
    if (stride == 1)
      continue;
    Ints shape(n.shape(x)), open(shape);
    open.insert(open.begin() + axis + 1, 1);
    Ints rest(open);
    rest[axis + 1] = stride - 1;
    shape[axis] = extent * stride;
    Value zeros = n.splat(0, RankedTensorType::get(rest, n.element(x)));
    x = n.reshape(n.concat({n.reshape(x, open), zeros}, axis + 1), shape);
    w.in[i] = (extent - 1) * stride + 1;
    x = n.sliceAxis(x, axis, 0, w.in[i]);
    w.strides[i] = 1;
  }
  return x;
}

/// A convolution of the stretched input with the weight from its end.
static bool convTranspose(NodeCtx &n) {
  int64_t groups = n.attrInt("group", 1);
  Windows w;
  if (!checkConvolution(n, n.in(0), n.in(1), n.in(2), groups, 0) ||
      !readWindows(n, n.in(0), n.shape(n.in(1)).drop_front(2), w) ||
      !placeTransposed(n, w))
    return false;
  Value x = n.in(0), bias = n.in(2);
  bool tiles = groups == 1;
  for (size_t i = 0; i < w.dims(); ++i)
    tiles &= w.strides[i] == w.kernel[i] && w.dilations[i] == 1 &&
             w.before[i] == 0 && w.out[i] == w.in[i] * w.strides[i];
  if (tiles) {
    Value y = spreadTiles(n, x, n.in(1), w);
    return n.out(bias ? n.make<AddOp>({y, alongDim(n, bias, 1, n.rank(x))})
                      : y);
  }
  x = stretched(n, x, w);
  for (size_t i = 0; i < w.dims() && x; ++i) {
    // Windows that begin `cut` elements behind the first one.
    int64_t cut = w.before[i];
    w.before[i] = w.span(i) - 1 - cut;
    if (w.before[i] >= 0)
      continue;
    int64_t skip = std::min(-w.before[i], w.in[i] - 1);
    if (skip < -w.before[i])
      return n.fail("has pads that cut off all of its input");
    x = n.sliceAxis(x, 2 + int64_t(i), skip, w.in[i] - skip);
    w.in[i] -= skip;
    w.before[i] = 0;
  }
  return n.out(
      convolve(n, x, flippedWeight(n, n.in(1), groups), bias, w, groups));
}

void weft::addConvTransposeRules(llvm::StringMap<Rule> &rules) {
  rules["ConvTranspose"] = {convTranspose,
                            {"auto_pad", "dilations", "group", "kernel_shape",
                             "pads", "strides", "output_padding",
                             "output_shape"}};
}
