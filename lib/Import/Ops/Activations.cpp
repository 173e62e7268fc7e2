//===- Activations.cpp - Rules of activations and softmax -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// nn has ops for those that a kernel does better whole; the others are
// composed.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

static bool softplus(NodeCtx &n) {
  // max(x, 0) + log(1 + exp(-|x|)) does not overflow.
  Value x = n.in(0);
  Value e = n.make<ExpOp>(n.make<NegOp>(n.make<AbsOp>(x)));
  Value log = n.make<LogOp>(n.make<AddOp>({e, n.scalarLike(x, 1)}));
  return n.out(n.make<AddOp>({n.make<ReluOp>(x), log}));
}

static bool leakyRelu(NodeCtx &n) {
  Value x = n.in(0);
  Value low = n.make<MinOp>({x, n.scalarLike(x, 0)});
  Value scaled = n.scaled(low, n.attrFloat("alpha", 0.01f));
  return n.out(n.make<AddOp>({n.make<ReluOp>(x), scaled}));
}

static Value hardSigmoidOf(NodeCtx &n, Value x, double alpha, double beta) {
  Value line = n.make<AddOp>({n.scaled(x, alpha), n.scalarLike(x, beta)});
  return n.make<MinOp>({n.make<ReluOp>(line), n.scalarLike(x, 1)});
}

static bool hardSigmoid(NodeCtx &n) {
  return n.out(hardSigmoidOf(n, n.in(0), n.attrFloat("alpha", 0.2f),
                             n.attrFloat("beta", 0.5f)));
}

static bool hardSwish(NodeCtx &n) {
  Value x = n.in(0);
  return n.out(n.make<MulOp>({x, hardSigmoidOf(n, x, 1.0 / 6, 0.5)}));
}

static bool swish(NodeCtx &n) {
  Value x = n.in(0);
  double alpha = n.attrFloat("alpha", 1);
  if (alpha == 1)
    return n.out(n.make<SiluOp>(x));
  return n.out(n.make<MulOp>({x, n.make<SigmoidOp>(n.scaled(x, alpha))}));
}

/// com.microsoft: x * sigmoid(alpha x).
static bool quickGelu(NodeCtx &n) {
  Value x = n.in(0);
  Value gate = n.make<SigmoidOp>(n.scaled(x, n.attrFloat("alpha", 1.702f)));
  return n.out(n.make<MulOp>({x, gate}));
}

/// x - max - log(sum(exp(x - max))) in f32: the logarithm of a softmax would be
/// -inf where that is less than 1e-38.
static Value logSoftmaxOf(NodeCtx &n, Value x, int64_t axis) {
  Type own = n.element(x);
  x = n.cast(x, n.builder().getF32Type());
  const NamedAttribute over[] = {
      n.named("axes", ArrayRef<int64_t>(axis)),
      n.named("keepdims", n.builder().getBoolAttr(true))};
  x = n.make<SubOp>({x, n.make<ReduceMaxOp>(x, over)});
  Value sum = n.make<ReduceSumOp>(n.make<ExpOp>(x), over);
  return n.cast(n.make<SubOp>({x, n.make<LogOp>(sum)}), own);
}

/// `of`(x, axis) along the axis that the node says.
static Value alongAxis(NodeCtx &n,
                       llvm::function_ref<Value(Value, int64_t)> of) {
  Value x = n.in(0);
  if (!x)
    return n.failValue("has no input");
  bool flattens = n.opset() < 13;
  auto axis = n.axis(n.attrInt("axis", flattens ? 1 : -1),
                     std::max<int64_t>(n.rank(x), 1));
  if (!axis)
    return {};
  if (!flattens || *axis == n.rank(x) - 1)
    return of(x, *axis);
  // Before opset 13: over all dimensions from the axis on.
  int64_t outer = 1, inner = 1;
  for (auto [i, dim] : llvm::enumerate(n.shape(x)))
    (int64_t(i) < *axis ? outer : inner) *= dim;
  SmallVector<int64_t> shape(n.shape(x));
  return n.reshape(of(n.reshape(x, {outer, inner}), 1), shape);
}

static bool softmax(NodeCtx &n) {
  return n.out(
      alongAxis(n, [&](Value x, int64_t axis) { return n.softmax(x, axis); }));
}
static bool logSoftmax(NodeCtx &n) {
  return n.out(alongAxis(
      n, [&](Value x, int64_t axis) { return logSoftmaxOf(n, x, axis); }));
}

static Value geluOf(NodeCtx &n, Value x, StringRef approximate) {
  return n.make<GeluOp>(
      x, n.named("approximate", n.builder().getStringAttr(approximate)));
}

static bool gelu(NodeCtx &n) {
  return n.out(geluOf(n, n.in(0), n.attrString("approximate", "none")));
}

static Value biased(NodeCtx &n) {
  return n.has(1) ? n.make<AddOp>({n.in(0), n.in(1)}) : n.in(0);
}
static bool biasGelu(NodeCtx &n) { return n.out(geluOf(n, biased(n), "none")); }
static bool fastGelu(NodeCtx &n) { return n.out(geluOf(n, biased(n), "tanh")); }

void weft::addActivationRules(llvm::StringMap<Rule> &rules) {
  rules["Softplus"] = {softplus, {}};
  rules["LeakyRelu"] = {leakyRelu, {"alpha"}};
  rules["HardSigmoid"] = {hardSigmoid, {"alpha", "beta"}};
  rules["HardSwish"] = {hardSwish, {}};
  rules["Swish"] = {swish, {"alpha"}};
  rules["Gelu"] = {gelu, {"approximate"}};
  rules["Softmax"] = {softmax, {"axis"}};
  rules["LogSoftmax"] = {logSoftmax, {"axis"}};
  rules["com.microsoft/Gelu"] = {gelu, {}};
  rules["com.microsoft/BiasGelu"] = {biasGelu, {}};
  rules["com.microsoft/FastGelu"] = {fastGelu, {}};
  rules["com.microsoft/QuickGelu"] = {quickGelu, {"alpha"}};
}
