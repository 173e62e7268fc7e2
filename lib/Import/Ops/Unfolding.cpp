//===- Unfolding.cpp - Rules of Col2Im and MaxUnpool ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The inverses of windows: blocks are added up where they overlap, maxima go
// back to where they were.
//
//===----------------------------------------------------------------------===//
#include "Windows.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

/// `x` [N, C, ...], an element for each window, put where element `tap` of the
/// windows lies in the padded image; zeros elsewhere.
static Value putTap(NodeCtx &n, Value x, const Windows &w,
                    ArrayRef<int64_t> tap) {
  Windows spread = w;
  spread.in = w.out;
  x = stretched(n, x, spread);
  for (size_t i = 0; i < w.dims() && x; ++i) {
    int64_t axis = 2 + int64_t(i), before = tap[i] * w.dilations[i];
    int64_t sides[2] = {before, w.before[i] + w.in[i] + w.after[i] - before -
                                    n.shape(x)[axis]};
    SmallVector<Value> parts = {x};
    for (int side = 0; side < 2; ++side) {
      if (!sides[side])
        continue;
      Ints shape(n.shape(x));
      shape[axis] = sides[side];
      Value zeros = n.splat(0, RankedTensorType::get(shape, n.element(x)));
      parts.insert(side ? parts.end() : parts.begin(), zeros);
    }
    x = n.concat(parts, axis);
  }
  return x;
}

/// [N, C * taps, windows] to [N, C, image].
static bool col2Im(NodeCtx &n) {
  constexpr int64_t MaxTaps = 1024;
  Value x = n.in(0);
  auto image = n.knownInts(n.in(1)), block = n.knownInts(n.in(2));
  if (!x || n.rank(x) != 3 || !image || !block ||
      image->size() != block->size() || image->empty())
    return n.fail("has no input of rank 3, or an image_shape and a block_shape "
                  "that are not known or not of one length");
  Windows w;
  if (!readWindows(n, *image, *block, w) || !placeWindows(n, w))
    return false;
  int64_t windows = boundedProduct(w.out), taps = w.taps();
  if (taps > MaxTaps)
    return n.fail("has blocks of " + Twine(taps) + " elements, supported are " +
                  Twine(MaxTaps));
  Ints shape(n.shape(x));
  if (shape[2] != windows || shape[1] % taps)
    return n.fail("has " + Twine(shape[2]) + " blocks of " + Twine(shape[1]) +
                  " elements, expected " + Twine(windows) +
                  " of a multiple of " + Twine(taps));
  int64_t channels = shape[1] / taps, at = 0;
  Type own = n.element(x);
  if (isa<FloatType>(own))
    x = n.cast(x, n.builder().getF32Type());
  x = n.reshape(x, {shape[0], channels, taps, windows});
  Ints open = {shape[0], channels}, tap(w.dims(), 0);
  llvm::append_range(open, w.out);
  Value sum;
  do {
    Value part = n.reshape(n.sliceAxis(x, 2, at++, 1), open);
    part = putTap(n, part, w, tap);
    sum = sum ? n.make<AddOp>({sum, part}) : part;
  } while (sum && nextTap(w, tap));
  for (size_t i = 0; i < w.dims(); ++i)
    sum = n.sliceAxis(sum, 2 + int64_t(i), w.before[i], w.in[i]);
  return n.out(n.cast(sum, own));
}

/// Each element of the result takes the maximum whose index is its own: no
/// address depends on an index.
static bool maxUnpool(NodeCtx &n) {
  constexpr int64_t MaxResult = int64_t(1) << 22;
  Value x = n.in(0), indices = n.in(1);
  Windows w;
  if (!x || !indices || n.shape(x) != n.shape(indices) || n.rank(x) < 3)
    return n.fail("has no input of rank 3 or more and indices of its shape");
  if (!readWindows(n, n.shape(x).drop_front(2), {}, w))
    return false;
  auto pads = n.attrInts("pads").value_or(Ints(2 * w.dims(), 0));
  if (pads.size() != 2 * w.dims())
    return n.fail("has " + Twine(pads.size()) + " pads, expected " +
                  Twine(2 * w.dims()));
  for (int64_t pad : pads)
    if (pad < 0 || pad > MaxResult)
      return n.fail("has pads of " + Twine(pad) + ", expected 0 to " +
                    Twine(MaxResult));
  Ints shape(n.shape(x).take_front(2));
  for (size_t i = 0; i < w.dims(); ++i)
    shape.push_back((w.in[i] - 1) * w.strides[i] + w.kernel[i] - pads[i] -
                    pads[w.dims() + i]);
  if (n.has(2)) {
    auto given = n.knownInts(n.in(2));
    if (!given || ArrayRef(*given) != ArrayRef(shape))
      return n.fail("has an output_shape that is not known or not that of its "
                    "windows, where the standard leaves open what the indices "
                    "count");
  }
  int64_t planes = shape[0] * shape[1], results = 1;
  if (planes < 1 || planes > MaxResult)
    return n.fail("has " + Twine(planes) + " channels, expected 1 to " +
                  Twine(MaxResult));
  for (int64_t dim : ArrayRef(shape).drop_front(2)) {
    if (dim < 1 || results > MaxResult / planes / dim)
      return n.fail("has a result of no elements or more than " +
                    Twine(MaxResult));
    results *= dim;
  }
  Type element = n.element(indices);
  HostTensor own =
      HostTensor::zeros(RankedTensorType::get({planes, 1, results}, element));
  for (int64_t i = 0; i < planes * results; ++i)
    own.setInt(i, i);
  int64_t count = llvm::product_of(w.in);
  Value chosen = n.make<EqualOp>(
      {n.reshape(indices, {planes, count, 1}), n.constant(std::move(own))});
  Value kept = n.make<WhereOp>(
      {chosen, n.reshape(x, {planes, count, 1}), n.scalarLike(x, 0)});
  return n.out(n.reshape(reduceKept<ReduceSumOp>(n, kept, 1), shape));
}

void weft::addUnfoldingRules(llvm::StringMap<Rule> &rules) {
  rules["Col2Im"] = {col2Im, {"dilations", "pads", "strides"}};
  rules["MaxUnpool"] = {maxUnpool, {"kernel_shape", "pads", "strides"}};
}
