//===- Pooling.cpp - Rules of pools ---------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Maxima and sums over a window are taken along one dimension after another: a
// reduction where the windows tile it, else an op for each element.
//
//===----------------------------------------------------------------------===//
#include "Windows.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

/// Slices that one node may become.
constexpr int64_t MaxSlices = 4096;
/// Elements that a pool may index.
constexpr int64_t MaxIndexed = int64_t(1) << 22;

static Value tilesAlong(NodeCtx &n, Value x, const Windows &w, size_t i,
                        bool isMax) {
  int64_t axis = 2 + int64_t(i);
  x = n.sliceAxis(x, axis, 0, w.out[i] * w.kernel[i]);
  if (!x)
    return {};
  Ints shape(n.shape(x));
  shape[axis] = w.out[i];
  shape.insert(shape.begin() + axis + 1, w.kernel[i]);
  const NamedAttribute attrs[] = {
      n.named("axes", ArrayRef<int64_t>(axis + 1)),
      n.named("keepdims", n.builder().getBoolAttr(false))};
  x = n.reshape(x, shape);
  return isMax ? n.make<ReduceMaxOp>(x, attrs) : n.make<ReduceSumOp>(x, attrs);
}

/// The maximum or sum over all windows. `fill` is what padding counts as.
static Value pool(NodeCtx &n, Value x, const Windows &all, double fill,
                  bool isMax) {
  int64_t slices = 0;
  for (size_t i = 0; i < all.dims(); ++i)
    slices += all.tiles(i) ? 0 : all.kernel[i];
  if (slices > MaxSlices)
    return n.failValue("has windows of " + Twine(slices) +
                       " elements in all dimensions, supported are " +
                       Twine(MaxSlices));
  for (size_t i = 0; i < all.dims() && x; ++i) {
    if (all.tiles(i)) {
      x = tilesAlong(n, x, all, i, isMax);
      continue;
    }
    // Windows along dimension i only.
    Windows w = all;
    for (size_t j = 0; j < w.dims(); ++j)
      if (j != i) {
        w.kernel[j] = w.strides[j] = w.dilations[j] = 1;
        w.before[j] = w.after[j] = 0;
        w.in[j] = w.out[j] = n.shape(x)[2 + j];
      }
    x = padded(n, x, w, n.scalarLike(x, fill));
    Ints tap(w.dims(), 0);
    Value result;
    do {
      Value part = takeTap(n, x, w, tap);
      result = !result ? part
               : isMax ? n.make<MaxOp>({result, part})
                       : n.make<AddOp>({result, part});
    } while (result && nextTap(w, tap));
    x = result;
  }
  return x;
}

static bool poolWindows(NodeCtx &n, Windows &w) {
  return readWindows(n, n.in(0), {}, w) && placeWindows(n, w);
}

//===----------------------------------------------------------------------===//
// MaxPool
//===----------------------------------------------------------------------===//

/// The least value of a type: padding never wins.
static double leastOf(Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  if (!integer)
    return -std::numeric_limits<double>::infinity();
  return integer.isUnsigned() ? 0 : -std::ldexp(1, int(integer.getWidth()) - 1);
}

/// Place of each element in its channel, row-major or column-major.
static Value placesOf(NodeCtx &n, const Windows &w, bool columnMajor) {
  Ints shape = {1, 1}, strides(w.dims(), 1);
  llvm::append_range(shape, w.in);
  int64_t count = 1;
  for (size_t k = 0; k < w.dims(); ++k) {
    size_t i = columnMajor ? k : w.dims() - 1 - k;
    strides[i] = count;
    count *= w.in[i];
  }
  Type i64 = n.builder().getI64Type();
  Value sum;
  for (size_t i = 0; i < w.dims(); ++i) {
    HostTensor line = HostTensor::zeros(RankedTensorType::get(w.in[i], i64));
    for (int64_t k = 0; k < w.in[i]; ++k)
      line.setInt(k, k * strides[i]);
    Value part = alongDim(n, n.constant(std::move(line)), 2 + int64_t(i),
                          2 + int64_t(w.dims()));
    sum = sum ? n.make<AddOp>({sum, part}) : part;
  }
  return sum;
}

/// Maxima and the flat indices of their elements, of the first if equal.
static bool maxWithIndices(NodeCtx &n, Value x, const Windows &w) {
  if (w.taps() > MaxSlices)
    return n.fail("has windows of " + Twine(w.taps()) +
                  " elements and indices, supported are " + Twine(MaxSlices));
  if (n.type(x).getNumElements() > MaxIndexed)
    return n.fail("has indices into " + Twine(n.type(x).getNumElements()) +
                  " elements, supported are " + Twine(MaxIndexed));
  Type own = n.element(x), i64 = n.builder().getI64Type();
  if (isa<IntegerType>(own)) // wide enough for padding below all values
    x = n.cast(x, n.builder().getI32Type());
  int64_t batch = n.shape(x)[0], channels = n.shape(x)[1];
  Value values = padded(n, x, w, n.scalarLike(x, leastOf(n.element(x))));
  Value zero = n.scalar(0, i64);
  Value places = placesOf(n, w, n.attrInt("storage_order", 0) != 0);
  places = padded(n, places, w, zero);
  Ints tap(w.dims(), 0);
  Value best, index;
  do {
    Value value = takeTap(n, values, w, tap), at = takeTap(n, places, w, tap);
    if (!best) {
      best = value;
      index = at;
      continue;
    }
    Value more = n.make<GreaterOp>({value, best});
    index = n.make<WhereOp>({more, at, index});
    best = n.make<MaxOp>({best, value});
  } while (best && index && nextTap(w, tap));
  HostTensor first =
      HostTensor::zeros(RankedTensorType::get({batch * channels}, i64));
  for (int64_t i = 0; i < batch * channels; ++i)
    first.setInt(i, i * llvm::product_of(w.in));
  Ints shape(n.rank(x), 1);
  shape[0] = batch;
  shape[1] = channels;
  index =
      n.make<AddOp>({index, n.reshape(n.constant(std::move(first)), shape)});
  return n.out(index, 1) && n.out(n.cast(best, own));
}

static bool maxPool(NodeCtx &n) {
  Windows w;
  if (!poolWindows(n, w))
    return false;
  Value x = n.in(0);
  if (n.wants(1))
    return maxWithIndices(n, x, w);
  return n.out(pool(n, x, w, leastOf(n.element(x)), /*isMax=*/true));
}

//===----------------------------------------------------------------------===//
// AveragePool, LpPool
//===----------------------------------------------------------------------===//

/// 1 / count of the elements of each window along dimension `i`.
static Value inverseCounts(NodeCtx &n, const Windows &w, size_t i, bool padding,
                           Type element) {
  HostTensor counts =
      HostTensor::zeros(RankedTensorType::get({w.out[i]}, element));
  for (int64_t o = 0; o < w.out[i]; ++o) {
    // Of the elements first + k * dilation, k < kernel, those in [low, end).
    int64_t first = o * w.strides[i] - w.before[i], step = w.dilations[i];
    int64_t low = padding ? -w.before[i] : 0;
    int64_t end = w.in[i] + (padding ? w.after[i] : 0);
    auto below = [&](int64_t bound) { // how many are below it
      int64_t some = bound > first ? (bound - first - 1) / step + 1 : 0;
      return std::min(some, w.kernel[i]);
    };
    int64_t count = below(end) - below(low);
    counts.setFloat(o, 1.0 / double(std::max<int64_t>(count, 1)));
  }
  bool equal = true;
  for (int64_t o = 1; o < w.out[i]; ++o)
    equal &= counts.getFloat(o) == counts.getFloat(0);
  if (equal)
    return n.scalar(counts.getFloat(0), element);
  return alongDim(n, n.constant(std::move(counts)), 2 + int64_t(i),
                  2 + int64_t(w.dims()));
}

static bool averagePool(NodeCtx &n) {
  Windows w;
  if (!poolWindows(n, w))
    return false;
  Type own = n.element(n.in(0)), f32 = n.builder().getF32Type();
  Value sum = pool(n, n.cast(n.in(0), f32), w, 0, /*isMax=*/false);
  bool padding = n.attrInt("count_include_pad", 0) != 0;
  Value factor;
  if (!sum)
    return false;
  for (size_t i = 0; i < w.dims(); ++i) {
    Value part = inverseCounts(n, w, i, padding, f32);
    factor = factor ? n.make<MulOp>({factor, part}) : part;
  }
  return n.out(n.cast(n.make<MulOp>({sum, factor}), own));
}

/// |x|^p, `sum` of it, and the p-th root, in f32.
static bool powerSum(NodeCtx &n, llvm::function_ref<Value(Value)> sum) {
  int64_t p = n.attrInt("p", 2);
  if (p < 1)
    return n.fail("has p = " + Twine(p) + ", expected 1 or more");
  Type own = n.element(n.in(0)), f32 = n.builder().getF32Type();
  Value x = n.make<AbsOp>(n.cast(n.in(0), f32));
  if (p == 2)
    x = n.make<MulOp>({x, x});
  else if (p > 2)
    x = n.make<PowOp>({x, n.scalar(double(p), f32)});
  Value y = sum(x);
  if (p == 2)
    y = n.make<SqrtOp>(y);
  else if (p > 2)
    y = n.make<PowOp>({y, n.scalar(1.0 / double(p), f32)});
  return n.out(n.cast(y, own));
}

static bool lpPool(NodeCtx &n) {
  Windows w;
  return poolWindows(n, w) && powerSum(n, [&](Value x) {
           return pool(n, x, w, 0, /*isMax=*/false);
         });
}

//===----------------------------------------------------------------------===//
// Global pools
//===----------------------------------------------------------------------===//

template <typename OpTy> static Value overAll(NodeCtx &n, Value x) {
  return reduceKept<OpTy>(n, x,
                          llvm::to_vector(llvm::seq<int64_t>(2, n.rank(x))));
}

static bool needSpatial(NodeCtx &n) {
  return (n.has(0) && n.rank(n.in(0)) >= 3) ||
         n.fail("has no input of rank 3 or more");
}

template <typename OpTy> static bool globalPool(NodeCtx &n) {
  return needSpatial(n) && n.out(overAll<OpTy>(n, n.in(0)));
}

static bool globalLpPool(NodeCtx &n) {
  return needSpatial(n) &&
         powerSum(n, [&](Value x) { return overAll<ReduceSumOp>(n, x); });
}

void weft::addPoolingRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"auto_pad",     "ceil_mode", "dilations",
                                  "kernel_shape", "pads",      "strides"};
  auto with = [&](StringRef name) {
    std::vector<StringRef> all = attrs;
    all.push_back(name);
    return all;
  };
  rules["MaxPool"] = {maxPool, with("storage_order")};
  rules["AveragePool"] = {averagePool, with("count_include_pad")};
  rules["LpPool"] = {lpPool, with("p")};
  rules["GlobalMaxPool"] = {globalPool<ReduceMaxOp>, {}};
  rules["GlobalAveragePool"] = {globalPool<ReduceMeanOp>, {}};
  rules["GlobalLpPool"] = {globalLpPool, {"p"}};
}
