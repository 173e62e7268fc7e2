//===- Convolution.cpp - Rules of convolutions ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A convolution is matrix products over channels. Windows that tile the input,
// as a vision transformer's patches do, are one product over all elements of a
// patch. Others are a product for each tap of the window, or one over the taps
// side by side where there are too few channels for that to pay.
//
//===----------------------------------------------------------------------===//
#include "Windows.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

/// Slices that one node may become.
constexpr int64_t MaxSlices = 4096;

/// x * matrix (+ bias), over the last dimension of x.
static Value product(NodeCtx &n, Value x, Value matrix, Value bias) {
  Value y = n.make<MatMulOp>({x, matrix});
  return bias ? n.make<AddOp>({y, bias}) : y;
}

//===----------------------------------------------------------------------===//
// Windows that tile the input
//===----------------------------------------------------------------------===//

/// [N, C, ...] to [N, patches, C * taps].
static Value patchesOf(NodeCtx &n, Value x, const Windows &w) {
  Ints shape(n.shape(x).take_front(2)), perm = {0}, taps = {1};
  int64_t patches = 1;
  for (size_t i = 0; i < w.dims(); ++i) {
    x = n.sliceAxis(x, 2 + int64_t(i), 0, w.out[i] * w.kernel[i]);
    perm.push_back(shape.size());
    taps.push_back(shape.size() + 1);
    shape.append({w.out[i], w.kernel[i]});
    patches *= w.out[i];
  }
  perm.append(taps);
  Ints flat = {shape[0], patches, shape[1] * w.taps()};
  if (w.taps() == 1) // no window to gather: a transposition
    return channelsLast(n, n.reshape(x, {shape[0], shape[1], patches}));
  return n.reshape(n.transpose(n.reshape(x, shape), perm), flat);
}

static Value convolveTiles(NodeCtx &n, Value x, Value weight, Value bias,
                           const Windows &w) {
  int64_t batch = n.shape(x)[0], maps = n.shape(weight)[0];
  Value matrix =
      n.reshape(weight, {maps, n.type(weight).getNumElements() / maps});
  Value patches = patchesOf(n, x, w);
  Value y = product(n, patches, n.transpose(matrix, {1, 0}), bias);
  Ints shape = {batch, maps};
  llvm::append_range(shape, w.out);
  return n.reshape(channelsFirst(n, y), shape);
}

//===----------------------------------------------------------------------===//
// Windows that overlap
//===----------------------------------------------------------------------===//

/// One channel of the input for each of the output: no products of matrices.
/// `x` is padded and f32.
static Value convolveDepthwise(NodeCtx &n, Value x, Value weight, Value bias,
                               const Windows &w) {
  int64_t maps = n.shape(weight)[0], channels = n.shape(x)[1];
  if (maps != channels) {
    Ints open(n.shape(x)), flat(open);
    open.insert(open.begin() + 2, 1);
    Ints wide(open);
    wide[2] = maps / channels;
    flat[1] = maps;
    x = n.reshape(n.expand(n.reshape(x, open), wide), flat);
  }
  Value factors = n.reshape(weight, {maps, w.taps()}), sum;
  Ints tap(w.dims(), 0);
  int64_t at = 0;
  do {
    Value factor =
        alongDim(n, n.sliceAxis(factors, 1, at++, 1), 1, 2 + w.dims());
    Value part = n.make<MulOp>({takeTap(n, x, w, tap), factor});
    sum = sum ? n.make<AddOp>({sum, part}) : part;
  } while (sum && nextTap(w, tap));
  return bias ? n.make<AddOp>({sum, alongDim(n, bias, 1, 2 + w.dims())}) : sum;
}

/// A group: `x` is [N, ..., C], padded, the weight [M, C, ...]. Gives
/// [N, ..., M].
static Value convolveGroup(NodeCtx &n, Value x, Value weight, Value bias,
                           const Windows &w, bool perTap) {
  int64_t maps = n.shape(weight)[0], channels = n.shape(weight)[1];
  // The rows of the matrix are in the order of taps, then channels.
  Value matrix =
      n.transpose(n.reshape(weight, {maps, channels, w.taps()}), {2, 1, 0});
  matrix = n.reshape(matrix, {w.taps() * channels, maps});
  SmallVector<Value> parts;
  Ints tap(w.dims(), 0);
  Value sum;
  do {
    Value part = takeTap(n, x, w, tap, 1);
    if (!part)
      return {};
    if (perTap) {
      int64_t row = int64_t(parts.size()) * channels;
      Value y = n.make<MatMulOp>({part, n.sliceAxis(matrix, 0, row, channels)});
      sum = sum ? n.make<AddOp>({sum, y}) : y;
    }
    parts.push_back(part);
  } while (nextTap(w, tap));
  if (perTap)
    return bias ? n.make<AddOp>({sum, bias}) : sum;
  return product(n, n.concat(parts, n.rank(x) - 1), matrix, bias);
}

static bool allTile(const Windows &w) {
  for (size_t i = 0; i < w.dims(); ++i)
    if (!w.tiles(i))
      return false;
  return true;
}

Value weft::convolve(NodeCtx &n, Value x, Value weight, Value bias,
                     const Windows &w, int64_t groups) {
  if (!x || !weight)
    return {};
  int64_t channels = n.shape(weight)[1], maps = n.shape(weight)[0] / groups;
  Type own = n.element(x), f32 = n.builder().getF32Type();
  bool isFloat = isa<FloatType>(own);
  if (groups == 1 && allTile(w))
    return convolveTiles(n, x, weight, bias, w);
  bool depthwise = channels == 1 && groups > 1;
  if (w.taps() > MaxSlices / (depthwise ? 1 : groups))
    return n.failValue("has " + Twine(groups) + " groups of windows of " +
                       Twine(w.taps()) + " elements, supported are " +
                       Twine(MaxSlices) + " in all");
  // Sums over taps are f32 on the way.
  constexpr int64_t EnoughChannels = 16, FewTaps = 64;
  bool perTap = isFloat && channels >= EnoughChannels && w.taps() <= FewTaps;
  if (isFloat && (perTap || depthwise)) {
    x = n.cast(x, f32);
    weight = n.cast(weight, f32);
    bias = n.cast(bias, f32);
  }
  x = padded(n, x, w, n.scalarLike(x, 0));
  if (!x)
    return {};
  if (depthwise)
    return n.cast(convolveDepthwise(n, x, weight, bias, w), own);
  x = channelsLast(n, x);
  SmallVector<Value> parts;
  int64_t last = 1 + int64_t(w.dims());
  for (int64_t g = 0; g < groups; ++g) {
    Value b = bias ? n.sliceAxis(bias, 0, g * maps, maps) : Value();
    Value of = n.sliceAxis(weight, 0, g * maps, maps);
    Value in = n.sliceAxis(x, last, g * channels, channels);
    parts.push_back(convolveGroup(n, in, of, b, w, perTap));
    if (!parts.back())
      return {};
  }
  return n.cast(channelsFirst(n, n.concat(parts, last)), own);
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

Value weft::convOf(NodeCtx &n) {
  int64_t groups = n.attrInt("group", 1);
  Windows w;
  if (!checkConvolution(n, n.in(0), n.in(1), n.in(2), groups, 1) ||
      !readWindows(n, n.in(0), n.shape(n.in(1)).drop_front(2), w) ||
      !placeWindows(n, w))
    return {};
  return convolve(n, n.in(0), n.in(1), n.in(2), w, groups);
}

static bool conv(NodeCtx &n) { return n.out(convOf(n)); }

void weft::addConvolutionRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"auto_pad",     "dilations", "group",
                                  "kernel_shape", "pads",      "strides"};
  rules["Conv"] = {conv, attrs};
}
