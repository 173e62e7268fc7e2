//===- ChannelNorms.cpp - Rules of norms over channels and their like -----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Group, instance and batch norm, and the norms of older vision models. What
// these compute in between is f32; the result is rounded once.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// An input of rank 2 or more.
static bool needImage(NodeCtx &n, Value x) {
  if (!x || n.rank(x) < 2)
    return n.fail("has no input of rank 2 or more");
  if (n.shape(x)[1] == 0)
    return n.fail("has no channels");
  return true;
}

/// Is `vector` of `count` elements? Says what it is called if not.
static bool needVector(NodeCtx &n, Value vector, StringRef name,
                       int64_t count) {
  if (!vector)
    return n.fail("has no " + name);
  if (n.type(vector).getNumElements() != count)
    return n.fail("has a " + name + " of " +
                  Twine(n.type(vector).getNumElements()) +
                  " elements, expected " + Twine(count));
  return true;
}

/// Mean 0 and variance 1 over each group of channels: `x` is [N, C, ...].
static Value normalizeGroups(NodeCtx &n, Value x, int64_t groups,
                             double epsilon) {
  Ints shape(n.shape(x));
  int64_t extent = llvm::product_of(ArrayRef(shape).drop_front()) / groups;
  Type f32 = n.builder().getF32Type();
  Value ones = n.splat(1, RankedTensorType::get({extent}, f32));
  Value rows = n.reshape(n.cast(x, f32), {shape[0] * groups, extent});
  auto eps = n.named("epsilon", n.builder().getF32FloatAttr(float(epsilon)));
  return n.reshape(n.make<LayerNormOp>({rows, ones}, eps), shape);
}

/// x * scale + bias, vectors along dimension 1, in f32.
static Value scaleChannels(NodeCtx &n, Value x, Value scale, Value bias) {
  if (!x)
    return {};
  Type f32 = n.builder().getF32Type();
  int64_t rank = n.rank(x);
  x = n.make<MulOp>({x, alongDim(n, n.cast(scale, f32), 1, rank)});
  return n.make<AddOp>({x, alongDim(n, n.cast(bias, f32), 1, rank)});
}

/// Do `groups` divide the channels?
static bool needGroups(NodeCtx &n, int64_t groups, int64_t channels) {
  if (groups < 1 || channels % groups)
    return n.fail("has " + Twine(groups) + " groups of " + Twine(channels) +
                  " channels, expected a divisor");
  return true;
}

/// Before opset 21 scale and bias are of groups, from then on of channels.
static bool groupNormalization(NodeCtx &n) {
  Value x = n.in(0);
  if (!needImage(n, x))
    return false;
  int64_t channels = n.shape(x)[1], groups = n.attrInt("num_groups", 0);
  bool perGroup = n.opset() < 21;
  int64_t count = perGroup ? groups : channels;
  if (!needGroups(n, groups, channels) ||
      !needVector(n, n.in(1), "scale", count) ||
      !needVector(n, n.in(2), "bias", count))
    return false;
  Value vectors[2] = {n.in(1), n.in(2)};
  for (Value &vector : vectors)
    if (perGroup)
      vector = n.reshape(
          n.expand(n.reshape(vector, {groups, 1}), {groups, channels / groups}),
          {channels});
  Value y = normalizeGroups(n, x, groups, n.attrFloat("epsilon", 1e-5f));
  return n.out(
      n.cast(scaleChannels(n, y, vectors[0], vectors[1]), n.element(x)));
}

static bool instanceNormalization(NodeCtx &n) {
  Value x = n.in(0);
  if (!needImage(n, x))
    return false;
  int64_t channels = n.shape(x)[1];
  if (!needVector(n, n.in(1), "scale", channels) ||
      !needVector(n, n.in(2), "bias", channels))
    return false;
  Value y = normalizeGroups(n, x, channels, n.attrFloat("epsilon", 1e-5f));
  return n.out(n.cast(scaleChannels(n, y, n.in(1), n.in(2)), n.element(x)));
}

//===----------------------------------------------------------------------===//
// com.microsoft: GroupNorm, SkipGroupNorm
//===----------------------------------------------------------------------===//

/// The channels come last unless the node says otherwise; SiLU may follow.
static bool groupNorm(NodeCtx &n, Value x, Value gamma, Value beta) {
  if (!needImage(n, x))
    return false;
  bool last = n.attrInt("channels_last", 1) != 0;
  int64_t rank = n.rank(x), groups = n.attrInt("groups", 0),
          activation = n.attrInt("activation", 0);
  int64_t channels = n.shape(x)[last ? rank - 1 : 1];
  if (activation != 0 && activation != 1)
    return n.fail("has activation " + Twine(activation) +
                  ", expected 0 (none) or 1 (SiLU)");
  if (!needGroups(n, groups, channels) ||
      !needVector(n, gamma, "gamma", channels) ||
      !needVector(n, beta, "beta", channels))
    return false;
  Type own = n.element(x);
  Ints first = llvm::to_vector(llvm::seq<int64_t>(0, rank)), back = first;
  if (last) { // [0, rank-1, 1, 2, ...] and its inverse
    std::rotate(first.begin() + 1, first.end() - 1, first.end());
    std::rotate(back.begin() + 1, back.begin() + 2, back.end());
  }
  Value y = normalizeGroups(n, n.transpose(x, first), groups,
                            n.attrFloat("epsilon", 1e-5f));
  y = scaleChannels(n, y, gamma, beta);
  if (activation)
    y = n.make<SiluOp>(y);
  return n.out(n.cast(n.transpose(y, back), own));
}

static bool microsoftGroupNorm(NodeCtx &n) {
  return groupNorm(n, n.in(0), n.in(1), n.in(2));
}

/// Of X + skip + bias, which is output 1. The skip may be one row an image.
static bool skipGroupNorm(NodeCtx &n) {
  Value x = n.in(0), skip = n.in(3), bias = n.in(4);
  if (!x || !skip || n.rank(x) < 2)
    return n.fail("has no input of rank 2 or more, or no skip");
  if (!n.attrInt("channels_last", 1))
    return n.fail("has channels_last 0, expected 1");
  if (n.rank(skip) == 2 && n.rank(x) > 2) {
    Ints shape(n.rank(x), 1);
    shape.front() = n.shape(skip)[0];
    shape.back() = n.shape(skip)[1];
    skip = n.reshape(skip, shape);
  }
  Value sum = n.make<AddOp>({x, skip});
  if (bias)
    sum = n.make<AddOp>({sum, bias});
  if (sum && n.shape(sum) != n.shape(x))
    return n.fail("has a skip or bias that does not broadcast to the input");
  n.out(sum, 1);
  return groupNorm(n, sum, n.in(1), n.in(2));
}

//===----------------------------------------------------------------------===//
// BatchNormalization
//===----------------------------------------------------------------------===//

/// Statistics of the batch; the running ones go out.
static bool batchStatistics(NodeCtx &n, Value x, Value &mean, Value &var) {
  Type f32 = n.builder().getF32Type();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  axes.erase(axes.begin() + 1);
  double momentum = n.attrFloat("momentum", 0.9f);
  Value average = reduceKept<ReduceMeanOp>(n, x, axes);
  Value centered = n.make<SubOp>({x, average});
  Value square = n.make<MulOp>({centered, centered});
  Value current[2] = {average, reduceKept<ReduceMeanOp>(n, square, axes)};
  Value *running[2] = {&mean, &var};
  for (int i = 0; i < 2; ++i) {
    Value flat = n.reshape(current[i], {n.shape(x)[1]});
    Value old = n.scaled(n.cast(*running[i], f32), momentum);
    Value sum = n.make<AddOp>({old, n.scaled(flat, 1 - momentum)});
    n.out(n.cast(sum, n.element(*running[i])), 1 + i);
    *running[i] = flat;
  }
  return !n.failed;
}

static bool batchNormalization(NodeCtx &n) {
  Value x = n.in(0), mean = n.in(3), var = n.in(4);
  if (!needImage(n, x))
    return false;
  // Up to opset 8, `spatial = 0` has one scale an element and not a channel.
  bool spatial = n.opset() > 8 || n.attrInt("spatial", 1) != 0;
  Ints shape(n.rank(x), 1);
  for (int64_t d = 1; d < n.rank(x); ++d)
    shape[d] = d == 1 || !spatial ? n.shape(x)[d] : 1;
  const char *names[] = {"", "scale", "B", "mean", "var"};
  for (int i = 1; i < 5; ++i)
    if (!needVector(n, n.in(i), names[i], llvm::product_of(shape)))
      return false;
  Type own = n.element(x), f32 = n.builder().getF32Type();
  x = n.cast(x, f32);
  if (n.opset() < 7 && !n.attrInt("is_test", 0))
    return n.fail("is in training mode, which the standard defines from opset "
                  "14 on");
  bool training = n.opset() >= 14 && n.attrInt("training_mode", 0);
  if (n.opset() < 14 && (n.wants(1) || n.wants(2)))
    return n.fail("has outputs of training, which the standard defines from "
                  "opset 14 on");
  if (training && !batchStatistics(n, x, mean, var))
    return false;
  Value operands[4] = {n.in(1), n.in(2), mean, var};
  for (Value &operand : operands)
    operand = n.reshape(n.cast(operand, f32), shape);
  auto [scale, bias, average, variance] = operands;
  Value root = n.make<SqrtOp>(
      n.make<AddOp>({variance, n.scalar(n.attrFloat("epsilon", 1e-5f), f32)}));
  Value factor = n.make<DivOp>({scale, root});
  Value y = n.make<MulOp>({n.make<SubOp>({x, average}), factor});
  return n.out(n.cast(n.make<AddOp>({y, bias}), own));
}

//===----------------------------------------------------------------------===//
// MeanVarianceNormalization, LpNormalization, LRN
//===----------------------------------------------------------------------===//

static bool meanVarianceNormalization(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  Ints axes = n.attrInts("axes").value_or(Ints{0, 2, 3});
  for (int64_t &given : axes) {
    auto axis = n.axis(given, n.rank(x));
    if (!axis)
      return false;
    given = *axis;
  }
  llvm::sort(axes);
  Type own = n.element(x), f32 = n.builder().getF32Type();
  x = n.cast(x, f32);
  Value centered = n.make<SubOp>({x, reduceKept<ReduceMeanOp>(n, x, axes)});
  Value square = n.make<MulOp>({centered, centered});
  Value root = n.make<SqrtOp>(reduceKept<ReduceMeanOp>(n, square, axes));
  Value divisor = n.make<AddOp>({root, n.scalar(1e-9, f32)});
  return n.out(n.cast(n.make<DivOp>({centered, divisor}), own));
}

/// Zeros where the norm is 0: there the quotient by any other number is 0 too.
static bool lpNormalization(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  auto axis = n.axis(n.attrInt("axis", -1), n.rank(x));
  int64_t p = n.attrInt("p", 2);
  if (!axis)
    return false;
  if (p != 1 && p != 2)
    return n.fail("has p = " + Twine(p) + ", expected 1 or 2");
  Type own = n.element(x), f32 = n.builder().getF32Type();
  x = n.cast(x, f32);
  Value each = p == 1 ? n.make<AbsOp>(x) : n.make<MulOp>({x, x});
  Value size = reduceKept<ReduceSumOp>(n, each, *axis);
  if (p == 2)
    size = n.make<SqrtOp>(size);
  double smallest = std::numeric_limits<float>::min();
  size = n.make<MaxOp>({size, n.scalar(smallest, f32)});
  return n.out(n.cast(n.make<DivOp>({x, size}), own));
}

/// The sum of a window of squares is one addition for each of its elements.
static bool lrn(NodeCtx &n) {
  constexpr int64_t MaxWindow = 64;
  Value x = n.in(0);
  if (!needImage(n, x))
    return false;
  int64_t size = n.attrInt("size", 0), channels = n.shape(x)[1];
  if (size < 1 || size > MaxWindow)
    return n.fail("has size " + Twine(size) + ", expected 1 to " +
                  Twine(MaxWindow));
  Type own = n.element(x), f32 = n.builder().getF32Type();
  x = n.cast(x, f32);
  Value square = n.make<MulOp>({x, x});
  Ints pad(n.shape(x));
  auto zeros = [&](int64_t count) {
    pad[1] = count;
    return n.splat(0, RankedTensorType::get(pad, f32));
  };
  SmallVector<Value> parts;
  if (size > 2)
    parts.push_back(zeros((size - 1) / 2));
  parts.push_back(square);
  if (size > 1)
    parts.push_back(zeros(size / 2));
  Value padded = n.concat(parts, 1), sum;
  for (int64_t i = 0; i < size; ++i) {
    Value part = n.sliceAxis(padded, 1, i, channels);
    sum = sum ? n.make<AddOp>({sum, part}) : part;
  }
  Value base =
      n.make<AddOp>({n.scaled(sum, n.attrFloat("alpha", 1e-4f) / double(size)),
                     n.scalar(n.attrFloat("bias", 1), f32)});
  Value power =
      n.make<PowOp>({base, n.scalar(-n.attrFloat("beta", 0.75f), f32)});
  return n.out(n.cast(n.make<MulOp>({x, power}), own));
}

void weft::addChannelNormRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> group = {"epsilon", "groups", "activation",
                                  "channels_last"};
  rules["GroupNormalization"] = {groupNormalization,
                                 {"epsilon", "num_groups", "stash_type"}};
  rules["InstanceNormalization"] = {instanceNormalization, {"epsilon"}};
  rules["BatchNormalization"] = {
      batchNormalization,
      {"epsilon", "is_test", "momentum", "spatial", "training_mode"}};
  rules["MeanVarianceNormalization"] = {meanVarianceNormalization, {"axes"}};
  rules["LpNormalization"] = {lpNormalization, {"axis", "p"}};
  rules["LRN"] = {lrn, {"alpha", "beta", "bias", "size"}};
  rules["com.microsoft/GroupNorm"] = {microsoftGroupNorm, group};
  rules["com.microsoft/SkipGroupNorm"] = {skipGroupNorm, group};
}
