//===- QuantizedConvolutions.cpp - Rules of ConvInteger and QLinearConv ---===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// As products: convolutions of floats less their zero points, which are exact
// as long as sums stay below 2^24; longer ones are cut along the channels.
// Padding is 0 less the zero point, so that it counts nothing.
//
//===----------------------------------------------------------------------===//
#include "Quantization.h"
#include "Windows.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

constexpr int64_t MaxPieces = 64;

/// The convolution of (x - zeroX) with (weight - zeroW) in i32. A zero point of
/// the weights may go along their first dimension.
static Value integerConvolution(NodeCtx &n, Value x, Value weight, Value zeroX,
                                Value zeroW) {
  int64_t groups = n.attrInt("group", 1);
  Windows w;
  if (!checkConvolution(n, x, weight, {}, groups, 1) ||
      !readWindows(n, x, n.shape(weight).drop_front(2), w) ||
      !placeWindows(n, w))
    return {};
  zeroX = spreadOver(n, zeroX, x, 0, 0, "zero point");
  zeroW = spreadOver(n, zeroW, weight, 0, 0, "zero point");
  int64_t channels = n.shape(weight)[1], taps = w.taps();
  int64_t most = ExactSum / largestCentred(n, x, zeroX);
  most /= largestCentred(n, weight, zeroW);
  int64_t piece = channels * taps <= most ? channels : most / taps;
  if (piece == 0 || channels > piece * MaxPieces ||
      (piece < channels && groups > 1))
    return n.failValue("sums " + Twine(channels * taps) +
                       " products of integers, which is more than can be "
                       "exact");
  x = centred(n, x, zeroX);
  weight = centred(n, weight, zeroW);
  if (piece == channels)
    return n.cast(convolve(n, x, weight, {}, w, groups),
                  n.builder().getI32Type());
  Value sum;
  for (int64_t at = 0; at < channels; at += piece) {
    int64_t size = std::min(piece, channels - at);
    Value of = n.sliceAxis(weight, 1, at, size);
    Value part = convolve(n, n.sliceAxis(x, 1, at, size), of, {}, w, 1);
    part = n.cast(part, n.builder().getI32Type());
    sum = sum ? n.make<AddOp>({sum, part}) : part;
  }
  return sum;
}

static bool convInteger(NodeCtx &n) {
  if (!hasInputs(n, {0, 1}))
    return false;
  return n.out(integerConvolution(n, n.in(0), n.in(1), n.in(2), n.in(3)));
}

static bool qLinearConv(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 2, 3, 4, 5, 6, 7}))
    return false;
  Value sum = integerConvolution(n, n.in(0), n.in(3), n.in(2), n.in(5));
  if (sum && n.has(8))
    sum = n.make<AddOp>({sum, spreadOver(n, n.in(8), sum, 1, 0, "bias")});
  Value zero = spreadOver(n, n.in(7), sum, 0, 0, "zero point");
  Value scale = spreadOver(n, n.in(6), sum, 0, 0, "scale");
  Value scaleW = spreadOver(n, n.in(4), sum, 1, 0, "scale of weights");
  return n.out(requantized(n, sum, n.in(1), scaleW, scale, zero));
}

void weft::addQuantizedConvolutionRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"auto_pad",     "dilations", "group",
                                  "kernel_shape", "pads",      "strides"};
  rules["ConvInteger"] = {convInteger, attrs};
  rules["QLinearConv"] = {qLinearConv, attrs};
}
