//===- Norms.cpp - Rules of norms -----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// LayerNormalization and RMSNormalization with their fused forms, over any
// axis.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

/// `value` as a vector of `extent` elements; scalars are repeated.
static Value vectorOf(NodeCtx &n, Value value, int64_t extent, Type element) {
  if (!value)
    return {};
  value = n.cast(value, element);
  if (value && n.type(value).getNumElements() == extent)
    return n.reshape(value, {extent});
  return n.expand(n.reshape(value, {1}), {extent});
}

/// Layer or RMS norm over the dimensions from `axis` on.
static Value norm(NodeCtx &n, Value x, Value scale, Value bias, int64_t axis,
                  double epsilon, bool rms) {
  if (!x || !scale)
    return n.failValue("has fewer than 2 inputs");
  SmallVector<int64_t> shape(n.shape(x)), flat(shape);
  flat.truncate(axis);
  int64_t extent = 1;
  for (int64_t dim : ArrayRef(shape).drop_front(axis))
    extent *= dim;
  flat.push_back(extent);
  for (Value vector : {scale, bias})
    if (vector && n.type(vector).getNumElements() != extent &&
        n.type(vector).getNumElements() != 1)
      return n.failValue("has a scale or bias of " +
                         Twine(n.type(vector).getNumElements()) +
                         " elements, expected " + Twine(extent));
  Type element = n.element(x);
  SmallVector<Value> operands = {n.reshape(x, flat),
                                 vectorOf(n, scale, extent, element)};
  if (bias)
    operands.push_back(vectorOf(n, bias, extent, element));
  auto eps = n.named("epsilon", n.builder().getF32FloatAttr(float(epsilon)));
  Value y = rms ? n.make<RMSNormOp>(operands, eps)
                : n.make<LayerNormOp>(operands, eps);
  return n.reshape(y, shape);
}

/// The further outputs of LayerNormalization: mean and 1 / deviation.
static bool statistics(NodeCtx &n, Value x, int64_t axis, double epsilon) {
  Type f32 = n.builder().getF32Type();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(axis, n.rank(x)));
  auto mean = [&](Value value) {
    return n.make<ReduceMeanOp>(
        value, {n.named("axes", ArrayRef<int64_t>(axes)),
                n.named("keepdims", n.builder().getBoolAttr(true))});
  };
  x = n.cast(x, f32);
  Value average = mean(x);
  Value centered = n.make<SubOp>({x, average});
  Value variance = mean(n.make<MulOp>({centered, centered}));
  Value root =
      n.make<SqrtOp>(n.make<AddOp>({variance, n.scalar(epsilon, f32)}));
  n.out(average, 1);
  n.out(n.make<ReciprocalOp>(root), 2);
  return !n.failed;
}

static bool normalization(NodeCtx &n, bool rms) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  auto axis = n.axis(n.attrInt("axis", -1), n.rank(x));
  double epsilon = n.attrFloat("epsilon", 1e-5f);
  if (!axis)
    return false;
  if ((n.wants(1) || n.wants(2)) &&
      (rms ? !n.fail("outputs statistics, which is not supported")
           : !statistics(n, x, *axis, epsilon)))
    return false;
  return n.out(
      norm(n, x, n.in(1), rms ? Value() : n.in(2), *axis, epsilon, rms));
}
static bool layerNormalization(NodeCtx &n) { return normalization(n, false); }
static bool rmsNormalization(NodeCtx &n) { return normalization(n, true); }

/// com.microsoft: norm(input + skip + bias); output 3 is the sum, which is f32
/// inside, whatever the type of the inputs.
static bool skipNorm(NodeCtx &n, bool rms) {
  Value beta = rms ? Value() : n.in(3), bias = n.in(rms ? 3 : 4);
  if (!n.in(0) || !n.in(1) || !n.in(2))
    return n.fail("has fewer than 3 inputs");
  Type own = n.element(n.in(0)), f32 = n.builder().getF32Type();
  Value sum = n.make<AddOp>({n.cast(n.in(0), f32), n.cast(n.in(1), f32)});
  if (bias)
    sum = n.make<AddOp>({sum, n.cast(bias, f32)});
  if (!sum)
    return false;
  n.out(n.cast(sum, own), 3);
  return n.out(n.cast(norm(n, sum, n.in(2), beta, n.rank(sum) - 1,
                           n.attrFloat("epsilon", 1e-12f), rms),
                      own));
}
static bool skipLayerNorm(NodeCtx &n) { return skipNorm(n, false); }
static bool skipRMSNorm(NodeCtx &n) { return skipNorm(n, true); }

void weft::addNormRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"axis", "epsilon", "stash_type"};
  Rule layer = {layerNormalization, attrs}, rms = {rmsNormalization, attrs};
  rules["LayerNormalization"] = layer;
  rules["RMSNormalization"] = rms;
  rules["SimplifiedLayerNormalization"] = rms;
  rules["com.microsoft/LayerNormalization"] = layer;
  rules["com.microsoft/SimplifiedLayerNormalization"] = rms;
  rules["com.microsoft/SkipLayerNormalization"] = {skipLayerNorm, {"epsilon"}};
  rules["com.microsoft/SkipSimplifiedLayerNormalization"] = {skipRMSNorm,
                                                             {"epsilon"}};
}
