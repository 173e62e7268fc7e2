//===- Activations.cpp - Rules of activations and softmax -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// nn has ops for those that a kernel does better whole; the others are
// composed.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

/// max(x, 0) + log(1 + exp(-|x|)) does not overflow.
static Value softplusOf(NodeCtx &n, Value x) {
  Value e = n.make<ExpOp>(n.make<NegOp>(n.make<AbsOp>(x)));
  Value log = n.make<LogOp>(n.make<AddOp>({e, n.scalarLike(x, 1)}));
  return n.make<AddOp>({n.make<ReluOp>(x), log});
}

static bool softplus(NodeCtx &n) { return n.out(softplusOf(n, n.in(0))); }

static bool mish(NodeCtx &n) {
  Value x = n.in(0);
  return n.out(n.make<MulOp>({x, n.make<TanhOp>(softplusOf(n, x))}));
}

static bool softsign(NodeCtx &n) {
  Value x = n.in(0);
  Value size = n.make<AddOp>({n.make<AbsOp>(x), n.scalarLike(x, 1)});
  return n.out(n.make<DivOp>({x, size}));
}

static Value negativePart(NodeCtx &n, Value x) {
  return n.make<MinOp>({x, n.scalarLike(x, 0)});
}

static bool leakyRelu(NodeCtx &n) {
  Value x = n.in(0);
  Value low = n.scaled(negativePart(n, x), n.attrFloat("alpha", 0.01f));
  return n.out(n.make<AddOp>({n.make<ReluOp>(x), low}));
}

/// Before opset 7 a slope was of channels, whatever the rank.
static bool pRelu(NodeCtx &n) {
  Value x = n.in(0), slope = n.in(1);
  if (x && slope && n.opset() < 7 && n.rank(slope) == 1 && n.rank(x) > 1)
    slope = alongDim(n, slope, 1, n.rank(x));
  Value low = n.make<MulOp>({negativePart(n, x), slope});
  if (low && n.shape(low) != n.shape(x))
    return n.fail("has a slope that does not broadcast to the input's shape");
  return n.out(n.make<AddOp>({n.make<ReluOp>(x), low}));
}

/// gamma * (max(x, 0) + alpha * (exp(min(x, 0) / slope) - 1)).
static bool expUnit(NodeCtx &n, double alpha, double slope, double gamma) {
  Value x = n.in(0);
  Value e = n.make<ExpOp>(n.scaled(negativePart(n, x), 1 / slope));
  Value low = n.scaled(n.make<SubOp>({e, n.scalarLike(x, 1)}), alpha);
  return n.out(n.scaled(n.make<AddOp>({n.make<ReluOp>(x), low}), gamma));
}

static bool elu(NodeCtx &n) {
  return expUnit(n, n.attrFloat("alpha", 1), 1, 1);
}

static bool selu(NodeCtx &n) {
  return expUnit(n, n.attrFloat("alpha", 1.67326319217681884765625), 1,
                 n.attrFloat("gamma", 1.05070102214813232421875));
}

static bool celu(NodeCtx &n) {
  double alpha = n.attrFloat("alpha", 1);
  return alpha == 0 ? n.fail("has alpha 0, expected another number")
                    : expUnit(n, alpha, alpha, 1);
}

static bool thresholdedRelu(NodeCtx &n) {
  Value x = n.in(0), zero = n.scalarLike(x, 0);
  Value over = n.scalarLike(x, n.attrFloat("alpha", 1));
  return n.out(n.make<WhereOp>({n.make<GreaterOp>({x, over}), x, zero}));
}

static bool shrink(NodeCtx &n) {
  Value x = n.in(0);
  if (!x || !isa<FloatType>(n.element(x)))
    return n.fail("has no input of a float type");
  double bias = n.attrFloat("bias", 0), lambd = n.attrFloat("lambd", 0.5);
  Value low = n.make<LessOp>({x, n.scalarLike(x, -lambd)});
  Value high = n.make<GreaterOp>({x, n.scalarLike(x, lambd)});
  Value up = n.make<AddOp>({x, n.scalarLike(x, bias)});
  Value down = n.make<SubOp>({x, n.scalarLike(x, bias)});
  Value rest = n.make<WhereOp>({high, down, n.scalarLike(x, 0)});
  return n.out(n.make<WhereOp>({low, up, rest}));
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

/// x * sigmoid(alpha x).
static Value swishOf(NodeCtx &n, Value x) {
  double alpha = n.attrFloat("alpha", 1);
  if (alpha == 1)
    return n.make<SiluOp>(x);
  return n.make<MulOp>({x, n.make<SigmoidOp>(n.scaled(x, alpha))});
}

static bool swish(NodeCtx &n) { return n.out(swishOf(n, n.in(0))); }

static bool swiGlu(NodeCtx &n) {
  Value a = n.in(0), b = n.in(1);
  if (!a || !b || n.shape(a) != n.shape(b))
    return n.fail("has inputs of different shapes, expected two of one shape");
  return n.out(n.make<MulOp>({swishOf(n, a), b}));
}

/// com.microsoft: x * sigmoid(alpha x).
static bool quickGelu(NodeCtx &n) {
  Value x = n.in(0);
  Value gate = n.make<SigmoidOp>(n.scaled(x, n.attrFloat("alpha", 1.702f)));
  return n.out(n.make<MulOp>({x, gate}));
}

/// x - max - log(sum(exp(x - max))) in f32: the logarithm of a softmax would be
/// -inf where that is less than 1e-38.
Value weft::logSoftmaxOf(NodeCtx &n, Value x, int64_t axis) {
  Type own = n.element(x);
  x = n.cast(x, n.builder().getF32Type());
  x = n.make<SubOp>({x, reduceKept<ReduceMaxOp>(n, x, axis)});
  Value sum = reduceKept<ReduceSumOp>(n, n.make<ExpOp>(x), axis);
  return n.cast(n.make<SubOp>({x, n.make<LogOp>(sum)}), own);
}

/// `of`(x, axis) along the axis that the node says.
static Value alongAxis(NodeCtx &n, Value x,
                       llvm::function_ref<Value(Value, int64_t)> of) {
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
  return n.out(alongAxis(
      n, n.in(0), [&](Value x, int64_t axis) { return n.softmax(x, axis); }));
}
static bool logSoftmax(NodeCtx &n) {
  return n.out(alongAxis(n, n.in(0), [&](Value x, int64_t axis) {
    return logSoftmaxOf(n, x, axis);
  }));
}

/// com.microsoft: the softmax of data + bias over all dimensions from the axis
/// on. Which dimensions of the bias are 1 says what is_inner_broadcast says.
static bool biasSoftmax(NodeCtx &n) {
  Value sum = n.make<AddOp>({n.in(0), n.in(1)});
  if (sum && n.shape(sum) != n.shape(n.in(0)))
    return n.fail("has a bias that does not broadcast to the data's shape");
  return n.out(alongAxis(
      n, sum, [&](Value x, int64_t axis) { return n.softmax(x, axis); }));
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
  rules["Softsign"] = {softsign, {}};
  rules["Mish"] = {mish, {}};
  rules["PRelu"] = {pRelu, {}};
  rules["Elu"] = {elu, {"alpha"}};
  rules["Selu"] = {selu, {"alpha", "gamma"}};
  rules["Celu"] = {celu, {"alpha"}};
  rules["ThresholdedRelu"] = {thresholdedRelu, {"alpha"}};
  rules["Shrink"] = {shrink, {"bias", "lambd"}};
  rules["LeakyRelu"] = {leakyRelu, {"alpha"}};
  rules["HardSigmoid"] = {hardSigmoid, {"alpha", "beta"}};
  rules["HardSwish"] = {hardSwish, {}};
  rules["Swish"] = {swish, {"alpha"}};
  rules["SwiGLU"] = {swiGlu, {"alpha"}};
  rules["Gelu"] = {gelu, {"approximate"}};
  rules["Softmax"] = {softmax, {"axis"}};
  rules["LogSoftmax"] = {logSoftmax, {"axis"}};
  rules["com.microsoft/BiasSoftmax"] = {biasSoftmax,
                                        {"axis", "is_inner_broadcast"}};
  rules["com.microsoft/Gelu"] = {gelu, {}};
  rules["com.microsoft/BiasGelu"] = {biasGelu, {}};
  rules["com.microsoft/FastGelu"] = {fastGelu, {}};
  rules["com.microsoft/QuickGelu"] = {quickGelu, {"alpha"}};
}
