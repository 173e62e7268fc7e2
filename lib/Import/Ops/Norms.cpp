//===- Norms.cpp - Rules of norms -----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// LayerNormalization and RMSNormalization with their fused forms, over any
// axis.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

/// Has `value` an element for each of the normalised dimensions, as they are or
/// flat? A count alone does not say along which dimension it varies.
static bool isOver(Value value, ArrayRef<int64_t> normalized) {
  ArrayRef<int64_t> shape = NodeCtx::shape(value);
  auto plain = [](ArrayRef<int64_t> s) {
    return s.drop_while([](int64_t dim) { return dim == 1; });
  };
  return plain(shape) == plain(normalized) ||
         (shape.size() == 1 && shape[0] == llvm::product_of(normalized));
}

/// `value` as a vector over the normalised dimensions; null if it does not
/// broadcast to them alone.
static Value vectorOf(NodeCtx &n, Value value, ArrayRef<int64_t> normalized,
                      Type element) {
  int64_t extent = llvm::product_of(normalized);
  value = n.cast(value, element);
  if (!value)
    return {};
  if (isOver(value, normalized))
    return n.reshape(value, {extent});
  ArrayRef<int64_t> shape = n.shape(value);
  while (!shape.empty() && shape.front() == 1)
    shape = shape.drop_front();
  auto wide = broadcastShapes(shape, normalized);
  if (failed(wide) || ArrayRef(*wide) != normalized)
    return {};
  return n.reshape(n.expand(n.reshape(value, shape), normalized), {extent});
}

/// Layer or RMS norm over the dimensions from `axis` on. A scale and a bias
/// that vary over other dimensions are ops of their own.
static Value norm(NodeCtx &n, Value x, Value scale, Value bias, int64_t axis,
                  double epsilon, bool rms) {
  if (!x || !scale)
    return n.failValue("has fewer than 2 inputs");
  SmallVector<int64_t> shape(n.shape(x)), flat(shape);
  flat.truncate(axis);
  ArrayRef<int64_t> normalized = ArrayRef(shape).drop_front(axis);
  flat.push_back(llvm::product_of(normalized));
  for (Value vector : {scale, bias}) {
    if (!vector)
      continue;
    auto wide = broadcastShapes(shape, n.shape(vector));
    if (!isOver(vector, normalized) &&
        (failed(wide) || ArrayRef(*wide) != ArrayRef(shape)))
      return n.failValue("has a scale or bias of " +
                         Twine(n.type(vector).getNumElements()) +
                         " elements, expected " + Twine(flat.back()));
  }
  Type element = n.element(x);
  SmallVector<Value> operands = {n.reshape(x, flat),
                                 vectorOf(n, scale, normalized, element)};
  if (bias)
    operands.push_back(vectorOf(n, bias, normalized, element));
  bool apart = !n.failed && llvm::is_contained(operands, Value());
  if (apart)
    operands = {operands[0],
                n.splat(1, RankedTensorType::get(flat.back(), element))};
  auto eps = n.named("epsilon", n.builder().getF32FloatAttr(float(epsilon)));
  Value y = rms ? n.make<RMSNormOp>(operands, eps)
                : n.make<LayerNormOp>(operands, eps);
  y = n.reshape(y, shape);
  if (apart)
    y = n.make<MulOp>({y, n.cast(scale, element)});
  return apart && bias ? n.make<AddOp>({y, n.cast(bias, element)}) : y;
}

/// The further outputs in f32: the mean, of layer norms, then 1 / deviation.
static bool statistics(NodeCtx &n, Value x, int64_t axis, double epsilon,
                       bool rms, unsigned output = 1) {
  if (!n.wants(output) && !n.wants(output + 1))
    return true;
  Type f32 = n.builder().getF32Type();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(axis, n.rank(x)));
  x = n.cast(x, f32);
  if (!rms) {
    Value mean = reduceKept<ReduceMeanOp>(n, x, axes);
    n.out(mean, output++);
    x = n.make<SubOp>({x, mean});
  }
  Value square = reduceKept<ReduceMeanOp>(n, n.make<MulOp>({x, x}), axes);
  Value root = n.make<SqrtOp>(n.make<AddOp>({square, n.scalar(epsilon, f32)}));
  n.out(n.make<ReciprocalOp>(root), output);
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
  // f32, which everything is computed in, or narrower.
  int64_t stash = n.attrInt("stash_type", 1);
  if (stash != 1 && stash != 10 && stash != 16)
    return n.fail("has stash_type " + elementName(int32_t(stash)) +
                  ", expected float, float16 or bfloat16");
  return statistics(n, x, *axis, epsilon, rms) &&
         n.out(
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
  if (n.rank(sum) < 1)
    return n.fail("has an input without dimensions");
  n.out(n.cast(sum, own), 3);
  int64_t last = n.rank(sum) - 1;
  double epsilon = n.attrFloat("epsilon", 1e-12f);
  // The mean of an RMS norm is an output that nothing ever computes.
  if (n.wants(1) && rms)
    return n.fail("outputs a mean, which an RMS norm does not have");
  return statistics(n, sum, last, epsilon, rms, rms ? 2 : 1) &&
         n.out(n.cast(norm(n, sum, n.in(2), beta, last, epsilon, rms), own));
}
static bool skipLayerNorm(NodeCtx &n) { return skipNorm(n, false); }
static bool skipRMSNorm(NodeCtx &n) { return skipNorm(n, true); }

void weft::addNormRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"axis", "epsilon", "stash_type"};
  Rule layer = {layerNormalization, attrs, /*allAttributes=*/true};
  Rule rms = {rmsNormalization, attrs, /*allAttributes=*/true};
  rules["LayerNormalization"] = layer;
  rules["RMSNormalization"] = rms;
  rules["SimplifiedLayerNormalization"] = rms;
  rules["com.microsoft/LayerNormalization"] = layer;
  rules["com.microsoft/SimplifiedLayerNormalization"] = rms;
  rules["com.microsoft/SkipLayerNormalization"] = {skipLayerNorm, {"epsilon"}};
  rules["com.microsoft/SkipSimplifiedLayerNormalization"] = {skipRMSNorm,
                                                             {"epsilon"}};
}
