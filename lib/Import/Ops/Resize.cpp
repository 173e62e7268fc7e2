//===- Resize.cpp - Rules of Resize and Upsample --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Sizes are known, so where each element comes from is too: nearest modes are a
// gather with constant indices along each dimension, or a repetition; linear
// and cubic ones are a product with a constant matrix.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

namespace {
/// How coordinates and weights are computed, in the attributes' words.
struct Scheme {
  std::string mode, coordinates, nearest;
  double cubicA = -0.75, extrapolated = 0;
  bool excludeOutside = false, antialias = false;
};

/// One resized dimension.
struct Line {
  int64_t axis = 0, in = 0, out = 0;
  double scale = 1, roiStart = 0, roiEnd = 1;
};

/// A weight of an element of the input.
struct Tap {
  int64_t at;
  double weight;
};
} // namespace

/// Where in the input element `x` of the result lies.
static double origin(const Scheme &s, const Line &l, int64_t x) {
  double wide = l.scale * double(l.in); // not rounded
  double last = double(l.in - 1);
  StringRef how = s.coordinates;
  if (how == "align_corners")
    return wide == 1 ? 0 : double(x) * last / (wide - 1);
  if (how == "asymmetric")
    return double(x) / l.scale;
  if (how == "tf_half_pixel_for_nn")
    return (double(x) + 0.5) / l.scale;
  if (how == "tf_crop_and_resize") {
    double span = (l.roiEnd - l.roiStart) * last;
    return l.out == 1
               ? 0.5 * (l.roiStart + l.roiEnd) * last
               : l.roiStart * last + double(x) * span / double(l.out - 1);
  }
  double pixel = (double(x) + 0.5) / l.scale - 0.5;
  if (how == "pytorch_half_pixel")
    return l.out == 1 ? -0.5 : pixel;
  if (how == "half_pixel_symmetric")
    return double(l.in) / 2 * (1 - double(l.out) / wide) + pixel;
  return pixel; // half_pixel
}

/// Is the element outside of the input, so that it is the extrapolation value?
static bool isOutside(const Scheme &s, const Line &l, int64_t x) {
  double at = origin(s, l, x);
  return s.coordinates == "tf_crop_and_resize" &&
         (at < 0 || at > double(l.in - 1));
}

static int64_t nearestTo(const Scheme &s, const Line &l, int64_t x) {
  double at = origin(s, l, x);
  double rounded = s.nearest == "floor"               ? std::floor(at)
                   : s.nearest == "ceil"              ? std::ceil(at)
                   : s.nearest == "round_prefer_ceil" ? std::floor(at + 0.5)
                   : s.nearest == "simple" // before opset 11
                       ? (l.scale < 1 ? std::ceil(at) : std::floor(at))
                       : std::ceil(at - 0.5);
  return int64_t(std::clamp<double>(rounded, 0, double(l.in - 1)));
}

/// The kernel of linear or cubic interpolation at distance `d`.
static double kernelAt(const Scheme &s, double d) {
  d = std::fabs(d);
  if (s.mode == "linear")
    return std::max(0.0, 1 - d);
  double a = s.cubicA;
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/// The weights of element `x`; more than one may be of the same element.
static void tapsOf(const Scheme &s, const Line &l, int64_t x,
                   SmallVectorImpl<Tap> &taps) {
  double at = origin(s, l, x), sum = 0;
  double narrow = s.antialias ? std::min(l.scale, 1.0) : 1.0;
  double radius = (s.mode == "linear" ? 1 : 2) / narrow;
  int64_t base = int64_t(std::floor(at));
  taps.clear();
  int64_t first = int64_t(std::floor(-radius)) + 1;
  for (int64_t k = first; k <= 1 - first; ++k) {
    double weight = kernelAt(s, (double(base + k) - at) * narrow);
    int64_t from = base + k;
    if (s.excludeOutside && (from < 0 || from >= l.in))
      continue;
    taps.push_back({std::clamp<int64_t>(from, 0, l.in - 1), weight});
    sum += weight;
  }
  if (s.excludeOutside || s.antialias)
    for (Tap &tap : taps)
      tap.weight /= sum;
}

//===----------------------------------------------------------------------===//
// One dimension
//===----------------------------------------------------------------------===//

static Value nearestAlong(NodeCtx &n, Value x, const Scheme &s, const Line &l) {
  Ints from;
  for (int64_t i = 0; i < l.out; ++i)
    from.push_back(nearestTo(s, l, i));
  int64_t times = l.out / l.in;
  bool repeats = l.out % l.in == 0;
  for (int64_t i = 0; i < l.out && repeats; ++i)
    repeats = from[i] == i / times;
  if (!repeats)
    return n.make<GatherOp>({x, n.ints(from)}, n.named("axis", l.axis));
  Ints shape(n.shape(x)), open(shape);
  open.insert(open.begin() + l.axis + 1, 1);
  Ints wide(open);
  wide[l.axis + 1] = times;
  shape[l.axis] = l.out;
  return n.reshape(n.expand(n.reshape(x, open), wide), shape);
}

/// x is f32.
static Value weightedAlong(NodeCtx &n, Value x, const Scheme &s,
                           const Line &l) {
  constexpr int64_t MaxMatrix = int64_t(1) << 22;
  if (!x)
    return {};
  if (l.in > MaxMatrix / l.out)
    return n.failValue("interpolates " + Twine(l.in) + " elements to " +
                       Twine(l.out) + ", supported are products up to " +
                       Twine(MaxMatrix));
  // A kernel that is stretched by much touches all elements, and none of more.
  if (s.antialias && l.scale * double(l.in) < 0.5)
    return n.failValue("scales " + Twine(l.in) +
                       " elements by less than half "
                       "of one");
  HostTensor matrix =
      HostTensor::zeros(RankedTensorType::get({l.in, l.out}, n.element(x)));
  SmallVector<Tap> taps;
  std::vector<double> column(l.in, 0);
  for (int64_t o = 0; o < l.out; ++o) {
    tapsOf(s, l, o, taps);
    for (const Tap &tap : taps)
      column[tap.at] += tap.weight;
    for (const Tap &tap : taps)
      matrix.setFloat(tap.at * l.out + o, column[tap.at]);
    for (const Tap &tap : taps)
      column[tap.at] = 0;
  }
  Ints perm = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  std::swap(perm[l.axis], perm.back());
  Value y =
      n.make<MatMulOp>({n.transpose(x, perm), n.constant(std::move(matrix))});
  return n.transpose(y, perm);
}

/// The extrapolation value where any dimension is outside of the input.
static Value extrapolate(NodeCtx &n, Value x, const Scheme &s,
                         ArrayRef<Line> lines) {
  for (const Line &l : lines) {
    HostTensor inside = HostTensor::zeros(
        RankedTensorType::get({l.out}, n.builder().getI1Type()));
    bool any = false;
    for (int64_t i = 0; i < l.out; ++i) {
      inside.bytes[i] = !isOutside(s, l, i);
      any |= !inside.bytes[i];
    }
    if (!any || !x)
      continue;
    Value mask = alongDim(n, n.constant(std::move(inside)), l.axis, n.rank(x));
    x = n.make<WhereOp>({mask, x, n.scalarLike(x, s.extrapolated)});
  }
  return x;
}

static bool resizeBy(NodeCtx &n, Value x, Scheme &s, ArrayRef<Line> lines) {
  Type own = n.element(x), f32 = n.builder().getF32Type();
  bool nearest = s.mode == "nearest";
  if (!nearest && !isa<FloatType>(own))
    return n.fail("interpolates elements that are no floats");
  if (!nearest)
    x = n.cast(x, f32);
  for (const Line &l : lines)
    if (x && (l.in != l.out || l.scale != 1 ||
              s.coordinates == "tf_crop_and_resize"))
      x = nearest ? nearestAlong(n, x, s, l) : weightedAlong(n, x, s, l);
  return n.out(n.cast(extrapolate(n, x, s, lines), own));
}

//===----------------------------------------------------------------------===//
// Resize
//===----------------------------------------------------------------------===//

/// The numbers of an operand, which must be known, of `count` elements.
static bool knownNumbers(NodeCtx &n, unsigned input, StringRef name,
                         size_t count, SmallVectorImpl<double> &numbers) {
  const HostTensor *tensor = n.known(n.in(input));
  if (!tensor)
    return n.fail("has " + name + " that are not known at compile time");
  if (size_t(tensor->size()) != count)
    return n.fail("has " + Twine(tensor->size()) + " " + name + ", expected " +
                  Twine(count));
  for (int64_t i = 0; i < tensor->size(); ++i)
    numbers.push_back(tensor->getFloat(i));
  return true;
}

/// One extent: `scale` and, if sizes are given, `size`. Scales are floats, and
/// so is their product with the extent, as in ONNX Runtime.
static bool setExtent(NodeCtx &n, Line &l, double scale, double size) {
  constexpr double MaxExtent = 1 << 24;
  double span = l.roiEnd - l.roiStart;
  double out = size >= 0   ? size
               : span == 1 ? std::floor(float(scale) * float(l.in))
                           : std::floor(double(l.in) * span * scale);
  if (!(scale > 0) || !(out >= 1 && out <= MaxExtent) || l.in < 1)
    return n.fail("resizes dimension " + Twine(l.axis) + " of extent " +
                  Twine(l.in) + " to none or to more than 16777216");
  l.out = int64_t(out);
  l.scale = scale;
  return true;
}

/// Sizes that keep the aspect ratio have one scale for all.
static bool setSizes(NodeCtx &n, MutableArrayRef<Line> lines,
                     ArrayRef<double> sizes) {
  std::string policy = n.attrString("keep_aspect_ratio_policy", "stretch");
  bool larger = policy == "not_smaller";
  if (policy != "stretch" && policy != "not_larger" && !larger)
    return n.fail("has keep_aspect_ratio_policy '" + policy +
                  "', expected stretch, not_larger or not_smaller");
  double common = larger ? 0 : std::numeric_limits<double>::infinity();
  for (auto [l, size] : llvm::zip(lines, sizes)) {
    double scale = size / double(std::max<int64_t>(l.in, 1));
    common = larger ? std::max(common, scale) : std::min(common, scale);
  }
  for (auto [l, size] : llvm::zip(lines, sizes)) {
    double scale = size / double(std::max<int64_t>(l.in, 1));
    bool stretch = policy == "stretch";
    if (!setExtent(n, l, stretch ? scale : common,
                   stretch ? size : std::floor(common * double(l.in) + 0.5)))
      return false;
  }
  return true;
}

static bool readScheme(NodeCtx &n, Scheme &s) {
  bool old = n.opset() < 11; // coordinates are x / scale
  s.mode = n.attrString("mode", "nearest");
  if (s.mode == "bilinear" && old) // an older name
    s.mode = "linear";
  s.coordinates = n.attrString("coordinate_transformation_mode",
                               old ? "asymmetric" : "half_pixel");
  s.nearest =
      n.attrString("nearest_mode", old ? "simple" : "round_prefer_floor");
  s.cubicA = n.attrFloat("cubic_coeff_a", -0.75);
  s.extrapolated = n.attrFloat("extrapolation_value", 0);
  s.excludeOutside = n.attrInt("exclude_outside", 0) != 0;
  s.antialias = n.attrInt("antialias", 0) != 0;
  if (!llvm::is_contained({"nearest", "linear", "cubic"}, StringRef(s.mode)))
    return n.fail("has mode '" + s.mode +
                  "', expected nearest, linear or cubic");
  if (!llvm::is_contained({"half_pixel", "half_pixel_symmetric",
                           "pytorch_half_pixel", "align_corners", "asymmetric",
                           "tf_half_pixel_for_nn", "tf_crop_and_resize"},
                          StringRef(s.coordinates)))
    return n.fail("has coordinate_transformation_mode '" + s.coordinates +
                  "', which is not one of the standard");
  return true;
}

static bool resize(NodeCtx &n) {
  Value x = n.in(0);
  Scheme s;
  if (!x)
    return n.fail("has no input");
  if (!readScheme(n, s))
    return false;
  Ints axes = n.attrInts("axes").value_or(
      llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x))));
  SmallVector<Line> lines;
  for (int64_t given : axes) {
    auto axis = n.axis(given, n.rank(x));
    if (!axis)
      return false;
    if (llvm::any_of(lines, [&](const Line &l) { return l.axis == *axis; }))
      return n.fail("resizes dimension " + Twine(*axis) + " twice");
    lines.push_back({*axis, n.shape(x)[*axis], 0});
  }
  // Up to opset 10: X and scales, or scales as an attribute.
  unsigned scalesAt = n.opset() < 11 ? 1 : 2;
  SmallVector<double> roi, scales, sizes;
  if (s.coordinates == "tf_crop_and_resize") {
    if (!knownNumbers(n, 1, "roi", 2 * lines.size(), roi))
      return false;
    for (double edge : roi)
      if (!(std::fabs(edge) <= 1e6))
        return n.fail("has a roi with an edge beyond 10^6");
    for (auto [i, l] : llvm::enumerate(lines)) {
      l.roiStart = roi[i];
      l.roiEnd = roi[lines.size() + i];
    }
  }
  if (n.has(3) && n.type(n.in(3)).getNumElements())
    return knownNumbers(n, 3, "sizes", lines.size(), sizes) &&
           setSizes(n, lines, sizes) && resizeBy(n, x, s, lines);
  if (const onnx::AttributeProto *attr = n.attr("scales"))
    scales.assign(attr->floats().begin(), attr->floats().end());
  else if (!knownNumbers(n, scalesAt, "scales", lines.size(), scales))
    return false;
  if (scales.size() != lines.size())
    return n.fail("has " + Twine(scales.size()) + " scales, expected " +
                  Twine(lines.size()));
  for (auto [l, scale] : llvm::zip(lines, scales))
    if (!setExtent(n, l, scale, -1))
      return false;
  return resizeBy(n, x, s, lines);
}

void weft::addResizeRules(llvm::StringMap<Rule> &rules) {
  rules["Resize"] = {resize,
                     {"antialias", "axes", "coordinate_transformation_mode",
                      "cubic_coeff_a", "exclude_outside", "extrapolation_value",
                      "keep_aspect_ratio_policy", "mode", "nearest_mode"}};
  rules["Upsample"] = {resize, {"mode", "scales"}};
}
