//===- Signal.cpp - Rules of window functions and Fourier transforms ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Windows are known values. A Fourier transform is a product with a constant
// matrix, which takes N^2 steps where a fast one takes N log N, but all PEs
// work on it.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"
#include "ScalarMath.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// Elements of a matrix or a window.
constexpr int64_t MaxMade = int64_t(1) << 22;
constexpr double Pi = 3.14159265358979323846;

/// The one number of an operand, which must be known and in [low, high].
static std::optional<double> knownNumber(NodeCtx &n, unsigned input,
                                         StringRef name, double low,
                                         double high) {
  const HostTensor *tensor = n.has(input) ? n.known(n.in(input)) : nullptr;
  if (!tensor || tensor->size() != 1) {
    n.fail("has no " + name + ", one number that is known at compile time");
    return std::nullopt;
  }
  double value = tensor->getFloat(0);
  if (!(value >= low && value <= high)) {
    n.fail("has a " + name + " that is not in [" + Twine(int64_t(low)) + ", " +
           Twine(int64_t(high)) + "]");
    return std::nullopt;
  }
  return value;
}

static Type outputType(NodeCtx &n) {
  int32_t type = int32_t(n.attrInt("output_datatype", 1));
  Type element = elementType(n.loc.getContext(), type);
  if (!element)
    n.fail("has output_datatype " + elementName(type) +
           ", which is not supported");
  return element;
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// a - b cos(2 pi i / N) + c cos(4 pi i / N).
static bool window(NodeCtx &n, double a, double b, double c) {
  auto size = knownNumber(n, 0, "size", 0, double(MaxMade));
  Type element = outputType(n);
  if (!size || !element)
    return false;
  HostTensor out =
      HostTensor::zeros(RankedTensorType::get({int64_t(*size)}, element));
  double period = n.attrInt("periodic", 1) ? *size : *size - 1;
  for (int64_t i = 0; i < out.size(); ++i) {
    double angle = 2 * Pi * double(i) / std::max(period, 1.0);
    out.setFloat(i, a - b * scalar::cos(angle) + c * scalar::cos(2 * angle));
  }
  return n.out(n.constant(std::move(out)));
}

static bool hannWindow(NodeCtx &n) { return window(n, 0.5, 0.5, 0); }
static bool hammingWindow(NodeCtx &n) {
  return window(n, 25.0 / 46, 21.0 / 46, 0);
}
static bool blackmanWindow(NodeCtx &n) { return window(n, 0.42, 0.5, 0.08); }

//===----------------------------------------------------------------------===//
// MelWeightMatrix
//===----------------------------------------------------------------------===//

static double melOf(double hertz) {
  return 2595 * scalar::log(1 + hertz / 700) / scalar::log(10);
}

/// A triangle over spectrogram bins for each band.
static bool melWeightMatrix(NodeCtx &n) {
  auto bands = knownNumber(n, 0, "num_mel_bins", 1, 65536);
  auto length = knownNumber(n, 1, "dft_length", 1, 65536);
  auto rate = knownNumber(n, 2, "sample_rate", 1, 1e9);
  auto low = knownNumber(n, 3, "lower_edge_hertz", 0, 1e9);
  auto high = knownNumber(n, 4, "upper_edge_hertz", 0, 1e9);
  Type element = outputType(n);
  if (!bands || !length || !rate || !low || !high || !element)
    return false;
  int64_t columns = int64_t(*bands), rows = int64_t(*length) / 2 + 1;
  if (columns > MaxMade / rows)
    return n.fail("makes more than 4194304 weights");
  double step = (melOf(*high) - melOf(*low)) / double(columns + 2);
  Ints edges;
  for (int64_t i = 0; i < columns + 2; ++i) {
    double mel = double(i) * step + melOf(*low);
    double hertz = 700 * (scalar::exp(mel / 2595 * scalar::log(10)) - 1);
    double bin = std::floor((std::floor(*length) + 1) * hertz / *rate);
    edges.push_back(int64_t(std::clamp(bin, 0.0, double(rows))));
  }
  HostTensor out =
      HostTensor::zeros(RankedTensorType::get({rows, columns}, element));
  for (int64_t i = 0; i < columns; ++i) {
    int64_t from = edges[i], peak = edges[i + 1], to = edges[i + 2];
    for (int64_t j = from; j < std::min(to, rows); ++j)
      out.setFloat(j * columns + i, j < peak
                                        ? double(j - from) / double(peak - from)
                                        : double(to - j) / double(to - peak));
    if (peak < rows) // also where a side of the triangle has no width
      out.setFloat(peak * columns + i, 1);
  }
  return n.out(n.constant(std::move(out)));
}

//===----------------------------------------------------------------------===//
// Fourier transforms
//===----------------------------------------------------------------------===//

namespace {
/// What a transform does with `taken` numbers of `parts` (1: real, 2: complex).
struct Transform {
  int64_t length = 0, taken = 0, parts = 1;
  bool inverse = false, onesided = false;

  bool toReal() const { return inverse && onesided; }
  int64_t outParts() const { return toReal() ? 1 : 2; }
  int64_t out() const { return onesided && !inverse ? length / 2 + 1 : length; }
};
} // namespace

/// [taken * parts, out * outParts]: what each number adds to each result.
static Value matrixOf(NodeCtx &n, const Transform &t) {
  int64_t rows = t.taken * t.parts, columns = t.out() * t.outParts();
  if (rows < 1 || columns < 1 || rows > MaxMade / columns)
    return n.failValue("transforms " + Twine(rows) + " numbers to " +
                       Twine(columns) + ", supported are products in [1, " +
                       Twine(MaxMade) + "]");
  HostTensor m = HostTensor::zeros(
      RankedTensorType::get({rows, columns}, n.builder().getF32Type()));
  double norm = t.inverse ? 1.0 / double(t.length) : 1.0;
  for (int64_t i = 0; i < t.taken; ++i)
    for (int64_t k = 0; k < t.out(); ++k) {
      double angle = 2 * Pi * double(i * k % t.length) / double(t.length);
      // A bin stands for its mirror image too, but the first and the middle.
      double twice = t.toReal() && i > 0 && 2 * i != t.length ? 2 : 1;
      double re = norm * twice * scalar::cos(angle);
      double im = norm * twice * scalar::sin(angle) * (t.inverse ? 1 : -1);
      int64_t at = i * t.parts * columns + k * t.outParts();
      m.setFloat(at, re);
      if (!t.toReal())
        m.setFloat(at + 1, im);
      if (t.parts == 1)
        continue;
      m.setFloat(at + columns, -im);
      if (!t.toReal())
        m.setFloat(at + columns + 1, re);
    }
  return n.constant(std::move(m));
}

/// `x` is [..., taken, parts] in f32; gives [..., out, outParts].
static Value transformed(NodeCtx &n, Value x, const Transform &t) {
  Value matrix = matrixOf(n, t);
  if (!x || !matrix)
    return {};
  Ints shape(n.shape(x).drop_back(2)), open(shape);
  shape.push_back(t.taken * t.parts);
  open.append({t.out(), t.outParts()});
  return n.reshape(n.make<MatMulOp>({n.reshape(x, shape), matrix}), open);
}

/// Before opset 20 the axis is an attribute, from then on an input.
static std::optional<int64_t> axisOf(NodeCtx &n, Value x) {
  int64_t given = n.opset() < 20 ? n.attrInt("axis", 1) : -2;
  if (n.has(2)) {
    auto known = n.knownInts(n.in(2));
    if (!known || known->size() != 1) {
      n.fail("has an axis that is not known at compile time");
      return std::nullopt;
    }
    given = known->front();
  }
  auto axis = n.axis(given, n.rank(x));
  if (axis && *axis == n.rank(x) - 1) {
    n.fail("transforms the dimension of real and imaginary parts");
    return std::nullopt;
  }
  return axis;
}

static bool needParts(NodeCtx &n, Value x, int64_t rank) {
  if (!x || n.rank(x) < rank || !isa<FloatType>(n.element(x)) ||
      (n.shape(x).back() != 1 && n.shape(x).back() != 2))
    return n.fail("has no input of floats whose last dimension is 1 (real) or "
                  "2 (complex)");
  return true;
}

static bool dft(NodeCtx &n) {
  Value x = n.in(0);
  if (!needParts(n, x, 2))
    return false;
  auto axis = axisOf(n, x);
  if (!axis)
    return false;
  Transform t;
  int64_t extent = n.shape(x)[*axis];
  t.parts = n.shape(x).back();
  t.inverse = n.attrInt("inverse", 0) != 0;
  t.onesided = n.attrInt("onesided", 0) != 0;
  t.length = t.toReal() ? 2 * (extent - 1) : extent;
  if (n.has(1)) {
    auto length = knownNumber(n, 1, "dft_length", 1, double(MaxMade));
    if (!length)
      return false;
    t.length = int64_t(*length);
  }
  // Of a longer signal the first numbers; a shorter one ends in zeros.
  t.taken = std::min(extent, t.toReal() ? t.length / 2 + 1 : t.length);
  Type own = n.element(x);
  x = n.sliceAxis(n.cast(x, n.builder().getF32Type()), *axis, 0, t.taken);
  Ints perm = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  std::swap(perm[*axis], perm[perm.size() - 2]);
  Value y = transformed(n, n.transpose(x, perm), t);
  return n.out(n.cast(n.transpose(y, perm), own));
}

/// The transform of each frame, weighted by the window.
static bool stft(NodeCtx &n) {
  constexpr int64_t MaxFrames = 4096;
  Value x = n.in(0), window = n.in(2);
  if (!needParts(n, x, 3))
    return false;
  if (n.rank(x) != 3)
    return n.fail("has a signal of rank " + Twine(n.rank(x)) + ", expected 3");
  int64_t batch = n.shape(x)[0], samples = n.shape(x)[1];
  auto step = knownNumber(n, 1, "frame_step", 1, double(MaxMade));
  Transform t;
  t.parts = n.shape(x)[2];
  t.onesided = n.attrInt("onesided", 1) != 0;
  t.length = window ? n.type(window).getNumElements() : samples;
  if (n.has(3)) {
    auto length = knownNumber(n, 3, "frame_length", 1, double(MaxMade));
    if (!length)
      return false;
    t.length = int64_t(*length);
  }
  if (!step)
    return false;
  t.taken = t.length;
  int64_t frames = (samples - t.length) / int64_t(*step) + 1;
  if (t.length < 1 || t.length > samples || frames > MaxFrames)
    return n.fail("has frames of " + Twine(t.length) + " of " + Twine(samples) +
                  " samples, or more than " + Twine(MaxFrames) + " frames");
  if (window && n.type(window).getNumElements() != t.length)
    return n.fail("has a window that is not as long as its frames");
  Type own = n.element(x), f32 = n.builder().getF32Type();
  x = n.cast(x, f32);
  SmallVector<Value> parts;
  for (int64_t i = 0; i < frames; ++i)
    parts.push_back(n.reshape(n.sliceAxis(x, 1, i * int64_t(*step), t.length),
                              {batch, 1, t.length, t.parts}));
  Value y = n.concat(parts, 1);
  if (window)
    y = n.make<MulOp>({y, n.reshape(n.cast(window, f32), {t.length, 1})});
  return n.out(n.cast(transformed(n, y, t), own));
}

void weft::addSignalRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"output_datatype", "periodic"};
  rules["HannWindow"] = {hannWindow, attrs};
  rules["HammingWindow"] = {hammingWindow, attrs};
  rules["BlackmanWindow"] = {blackmanWindow, attrs};
  rules["MelWeightMatrix"] = {melWeightMatrix, {"output_datatype"}};
  rules["DFT"] = {dft, {"axis", "inverse", "onesided"}};
  rules["STFT"] = {stft, {"onesided"}};
}
