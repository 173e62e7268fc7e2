//===- Sampling.cpp - Rules of sampling at points of the run --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Where a point lies is known at run time only, and no address may depend on
// it: each point has a weight for every element along every dimension, nearly
// all of them 0, and the samples are products with these. What that costs is
// input times output; an infinite element makes NaN of all samples of its line.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// 0, 1, ..., extent - 1 in f32, as a column.
static Value places(NodeCtx &n, int64_t extent) {
  constexpr int64_t MaxExtent = int64_t(1) << 22;
  if (extent > MaxExtent)
    return n.failValue("samples a dimension of extent " + Twine(extent) +
                       ", supported are " + Twine(MaxExtent));
  HostTensor line = HostTensor::zeros(
      RankedTensorType::get({extent, 1}, n.builder().getF32Type()));
  for (int64_t i = 0; i < extent; ++i)
    line.setFloat(i, double(i));
  return n.constant(std::move(line));
}

static Value plus(NodeCtx &n, Value x, double by) {
  return n.make<AddOp>({x, n.scalarLike(x, by)});
}
static Value clamped(NodeCtx &n, Value x, double low, double high) {
  x = n.make<MaxOp>({x, n.scalarLike(x, low)});
  return n.make<MinOp>({x, n.scalarLike(x, high)});
}

/// max(0, 1 - |d|).
static Value linearWeight(NodeCtx &n, Value distance) {
  return n.make<ReluOp>(plus(n, n.make<NegOp>(n.make<AbsOp>(distance)), 1));
}

/// The cubic convolution kernel with a = -0.75.
static Value cubicWeight(NodeCtx &n, Value distance) {
  Value d = n.make<AbsOp>(distance);
  auto horner = [&](ArrayRef<double> c) {
    Value p = n.scaled(d, c[0]);
    for (double ck : c.drop_front().drop_back())
      p = n.make<MulOp>({plus(n, p, ck), d});
    return plus(n, p, c.back());
  };
  Value inner = horner({1.25, -2.25, 0, 1});
  Value outer = horner({-0.75, 3.75, -6, 3});
  Value one = n.scalarLike(d, 1), two = n.scalarLike(d, 2);
  Value rest =
      n.make<WhereOp>({n.make<LessOp>({d, two}), outer, n.scalarLike(d, 0)});
  return n.make<WhereOp>({n.make<LessEqualOp>({d, one}), inner, rest});
}

/// Places reflected at the ends of [low, high].
static Value reflected(NodeCtx &n, Value x, double low, double high) {
  double range = high - low;
  if (range <= 0)
    return n.scaled(x, 0);
  Value t = plus(n, x, -low);
  Value turns = n.make<FloorOp>(n.scaled(t, 0.5 / range));
  t = n.make<SubOp>({t, n.scaled(turns, 2 * range)});
  Value off = n.make<AbsOp>(plus(n, t, -range));
  return plus(n, n.make<NegOp>(off), high);
}

namespace {
struct Sampler {
  std::string mode, padding;
  bool corners = false;
};
} // namespace

/// Weights [N, extent, P] of the elements along a dimension at places [N, P],
/// which are in [-1, 1] from end to end.
static Value weightsAt(NodeCtx &n, const Sampler &s, Value at, int64_t extent) {
  double last = double(extent - 1);
  Value x = s.corners ? n.scaled(plus(n, at, 1), last / 2)
                      : plus(n, n.scaled(at, double(extent) / 2), last / 2);
  if (s.padding == "reflection")
    x = reflected(n, x, s.corners ? 0 : -0.5, s.corners ? last : last + 0.5);
  if (s.padding != "zeros")
    x = clamped(n, x, 0, last);
  if (!x)
    return {};
  if (s.mode == "nearest")
    x = n.make<RoundOp>(x);
  x = n.reshape(x, {n.shape(x)[0], 1, n.shape(x)[1]});
  Value distance = n.make<SubOp>({x, places(n, extent)});
  return s.mode == "cubic" ? cubicWeight(n, distance)
                           : linearWeight(n, distance);
}

static bool readSampler(NodeCtx &n, Sampler &s) {
  s.mode = n.attrString("mode", "linear");
  s.padding = n.attrString("padding_mode", "zeros");
  s.corners = n.attrInt("align_corners", 0) != 0;
  if (s.mode == "bilinear") // names before opset 20
    s.mode = "linear";
  if (s.mode == "bicubic")
    s.mode = "cubic";
  if (!llvm::is_contained({"linear", "nearest", "cubic"}, StringRef(s.mode)))
    return n.fail("has mode '" + s.mode +
                  "', expected linear, nearest or cubic");
  if (!llvm::is_contained({"zeros", "border", "reflection"},
                          StringRef(s.padding)))
    return n.fail("has padding_mode '" + s.padding +
                  "', expected zeros, border or reflection");
  if (s.mode == "cubic" && s.padding != "zeros")
    return n.fail("interpolates by cubics with padding_mode '" + s.padding +
                  "', supported is zeros");
  return true;
}

static bool gridSample(NodeCtx &n) {
  Value x = n.in(0), grid = n.in(1);
  Sampler s;
  if (!x || !grid || n.rank(x) < 3 || n.rank(grid) != n.rank(x) ||
      n.shape(grid).back() != n.rank(x) - 2 ||
      n.shape(grid)[0] != n.shape(x)[0])
    return n.fail("has no input [N, C, ...] and grid [N, ..., dimensions]");
  if (!readSampler(n, s))
    return false;
  if (n.type(x).getNumElements() == 0 || n.type(grid).getNumElements() == 0)
    return n.fail("has an input or a grid without elements");
  int64_t dims = n.rank(x) - 2, batch = n.shape(x)[0];
  Type own = n.element(x), f32 = n.builder().getF32Type();
  Ints shape(n.shape(x).take_front(2));
  llvm::append_range(shape, n.shape(grid).drop_front().drop_back());
  int64_t points = llvm::product_of(ArrayRef(shape).drop_front(2));
  x = n.cast(x, f32);
  grid = n.reshape(n.cast(grid, f32), {batch, points, dims});
  // The last dimension by a product of matrices, the others by sums.
  for (int64_t d = dims; d-- > 0 && x;) {
    int64_t extent = n.shape(x)[2 + d];
    Value at =
        n.reshape(n.sliceAxis(grid, 2, dims - 1 - d, 1), {batch, points});
    Value weights = weightsAt(n, s, at, extent);
    Ints open(n.shape(x).take_front(2 + d));
    open.push_back(points);
    if (d == dims - 1) {
      int64_t rows = n.type(x).getNumElements() / (batch * extent);
      x = n.make<MatMulOp>({n.reshape(x, {batch, rows, extent}), weights});
      x = n.reshape(x, open);
      continue;
    }
    Ints wide(n.rank(x), 1);
    wide[0] = batch;
    wide[2 + d] = extent;
    wide.back() = points;
    x = n.make<MulOp>({x, n.reshape(weights, wide)});
    x = n.reshape(reduceKept<ReduceSumOp>(n, x, 2 + d), open);
  }
  return n.out(n.cast(n.reshape(x, shape), own));
}

//===----------------------------------------------------------------------===//
// AffineGrid
//===----------------------------------------------------------------------===//

/// Points of a grid of known size, times theta.
static bool affineGrid(NodeCtx &n) {
  Value theta = n.in(0);
  auto size = n.knownInts(n.in(1));
  if (!theta || n.rank(theta) != 3 || !size)
    return n.fail("has no theta of rank 3, or a size that is not known at "
                  "compile time");
  int64_t dims = n.shape(theta)[1];
  if (int64_t(size->size()) != dims + 2 || n.shape(theta)[2] != dims + 1)
    return n.fail("has a size of " + Twine(size->size()) +
                  " numbers for theta of " + Twine(dims) + " rows");
  constexpr int64_t MaxPoints = int64_t(1) << 20;
  Ints extents(size->begin() + 2, size->end());
  int64_t points = 1;
  for (int64_t extent : extents) {
    if (extent < 1 || extent > MaxPoints / points)
      return n.fail("makes no points or more than 1048576");
    points *= extent;
  }
  bool corners = n.attrInt("align_corners", 0) != 0;
  Type own = n.element(theta), f32 = n.builder().getF32Type();
  HostTensor base =
      HostTensor::zeros(RankedTensorType::get({points, dims + 1}, f32));
  for (int64_t p = 0; p < points; ++p) {
    int64_t rest = p;
    for (int64_t d = dims; d-- > 0; rest /= extents[d]) {
      double at = double(rest % extents[d]), extent = double(extents[d]);
      double place = corners ? (extent > 1 ? 2 * at / (extent - 1) - 1 : 0)
                             : (2 * at + 1) / extent - 1;
      base.setFloat(p * (dims + 1) + dims - 1 - d, place);
    }
    base.setFloat(p * (dims + 1) + dims, 1);
  }
  Ints shape = {n.shape(theta)[0]};
  llvm::append_range(shape, extents);
  shape.push_back(dims);
  Value turned = n.transpose(n.cast(theta, f32), {0, 2, 1});
  Value grid = n.make<MatMulOp>({n.constant(std::move(base)), turned});
  return n.out(n.cast(n.reshape(grid, shape), own));
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

/// Mean weights [R, bins, extent] of `bins` bins between two columns of the
/// regions; half_pixel begins half an element earlier.
static Value binWeights(NodeCtx &n, Value rois, int64_t from, int64_t extent,
                        int64_t bins, int64_t samples, bool half) {
  double scale = n.attrFloat("spatial_scale", 1);
  int64_t count = n.shape(rois)[0], points = bins * samples;
  auto edge = [&](int64_t column) {
    Value x = n.scaled(n.sliceAxis(rois, 1, column, 1), scale);
    return half ? plus(n, x, -0.5) : x; // [R, 1]
  };
  Value start = edge(from), size = n.make<SubOp>({edge(from + 2), start});
  if (!half) // regions are at least 1 wide
    size = n.make<MaxOp>({size, n.scalarLike(size, 1)});
  HostTensor steps = HostTensor::zeros(
      RankedTensorType::get({points}, n.builder().getF32Type()));
  for (int64_t i = 0; i < points; ++i)
    steps.setFloat(i, (double(i) + 0.5) / double(points));
  Value x = n.make<AddOp>(
      {start, n.make<MulOp>({size, n.constant(std::move(steps))})});
  if (!x)
    return {};
  // Beyond one element around the input there is nothing.
  Value inside = n.make<AndOp>(
      {n.make<GreaterEqualOp>({x, n.scalarLike(x, -1)}),
       n.make<LessEqualOp>({x, n.scalarLike(x, double(extent))})});
  x = n.reshape(clamped(n, x, 0, double(extent - 1)), {count, points, 1});
  Value line = n.reshape(places(n, extent), {extent});
  Value weights = linearWeight(n, n.make<SubOp>({x, line}));
  if (!weights)
    return {};
  weights = n.make<WhereOp>({n.reshape(inside, {count, points, 1}), weights,
                             n.scalarLike(weights, 0)});
  weights = n.reshape(weights, {count, bins, samples, extent});
  return n.reshape(reduceKept<ReduceMeanOp>(n, weights, 2),
                   {count, 1, bins, extent});
}

static bool roiAlign(NodeCtx &n) {
  Value x = n.in(0), rois = n.in(1), images = n.in(2);
  if (!x || !rois || !images || n.rank(x) != 4 || n.rank(rois) != 2 ||
      n.shape(rois)[1] != 4 || n.rank(images) != 1 ||
      n.shape(images)[0] != n.shape(rois)[0])
    return n.fail("has no input of rank 4, regions [R, 4] and R batch indices");
  int64_t samples = n.attrInt("sampling_ratio", 0);
  int64_t high = n.attrInt("output_height", 1),
          wide = n.attrInt("output_width", 1);
  // How many samples a bin then has would depend on the regions.
  if (samples < 1 || samples > 64)
    return n.fail("has sampling_ratio " + Twine(samples) +
                  ", supported are 1 to 64: no count may depend on data");
  if (high < 1 || wide < 1 || high > 4096 || wide > 4096)
    return n.fail("has a result of " + Twine(high) + "x" + Twine(wide) +
                  ", expected 1 to 4096 each");
  if (n.attrString("mode", "avg") != "avg")
    return n.fail("has mode '" + n.attrString("mode", "") +
                  "', supported is avg");
  // Before opset 16 there was no shift by half an element.
  std::string how =
      n.attrString("coordinate_transformation_mode",
                   n.opset() < 16 ? "output_half_pixel" : "half_pixel");
  Type own = n.element(x), f32 = n.builder().getF32Type();
  rois = n.cast(rois, f32);
  bool half = how == "half_pixel";
  Value columns = binWeights(n, rois, 0, n.shape(x)[3], wide, samples, half);
  Value rows = binWeights(n, rois, 1, n.shape(x)[2], high, samples, half);
  Value input = n.make<GatherOp>({n.cast(x, f32), images}, n.named("axis", 0));
  if (!columns || !rows || !input)
    return false;
  Value y = n.make<MatMulOp>({rows, input}); // [R, C, high, W]
  y = n.make<MatMulOp>({y, n.transpose(columns, {0, 1, 3, 2})});
  return n.out(n.cast(y, own));
}

void weft::addSamplingRules(llvm::StringMap<Rule> &rules) {
  rules["GridSample"] = {gridSample, {"align_corners", "mode", "padding_mode"}};
  rules["AffineGrid"] = {affineGrid, {"align_corners"}};
  rules["RoiAlign"] = {roiAlign,
                       {"coordinate_transformation_mode", "mode",
                        "output_height", "output_width", "sampling_ratio",
                        "spatial_scale"}};
}
