//===- OpsMath.cpp - Rules of arithmetic, products and norms --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// ONNX ops that compute. Where nn has no op of the name, the rule composes it
// from those it has, in the order of ONNX's own function bodies.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

template <typename OpTy> static bool unary(NodeCtx &n) {
  return n.out(n.make<OpTy>(n.in(0)));
}

template <typename OpTy> static bool binary(NodeCtx &n) {
  return n.out(n.make<OpTy>({n.in(0), n.in(1)}));
}

/// Max, Min, Sum of one or more operands.
template <typename OpTy> static bool variadic(NodeCtx &n) {
  Value result = n.in(0);
  for (unsigned i = 1; i < n.numInputs(); ++i)
    result = n.make<OpTy>({result, n.in(i)});
  return n.out(result);
}

static bool mean(NodeCtx &n) {
  Value sum = n.in(0);
  for (unsigned i = 1; i < n.numInputs(); ++i)
    sum = n.make<AddOp>({sum, n.in(i)});
  return n.out(n.scaled(sum, 1.0 / n.numInputs()));
}

/// The exponent may have another type than the base, which gives the result.
static bool pow(NodeCtx &n) {
  if (!n.has(0) || !n.has(1))
    return n.fail("has 2 inputs, found fewer");
  return n.out(n.make<PowOp>({n.in(0), n.cast(n.in(1), n.element(n.in(0)))}));
}

static bool clip(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  Value low = n.in(1), high = n.in(2);
  if (n.attr("min"))
    low = n.scalar(n.attrFloat("min", 0), n.element(x));
  if (n.attr("max"))
    high = n.scalar(n.attrFloat("max", 0), n.element(x));
  if (low)
    x = n.make<MaxOp>({x, low});
  if (high)
    x = n.make<MinOp>({x, high});
  return n.out(x);
}

static Value one(NodeCtx &n, Value x, double value = 1) {
  return x ? n.scalar(value, n.element(x)) : Value();
}

static bool softplus(NodeCtx &n) {
  // max(x, 0) + log(1 + exp(-|x|)) does not overflow.
  Value x = n.in(0);
  Value e = n.make<ExpOp>(n.make<NegOp>(n.make<AbsOp>(x)));
  Value log = n.make<LogOp>(n.make<AddOp>({e, one(n, x)}));
  return n.out(n.make<AddOp>({n.make<ReluOp>(x), log}));
}

static bool leakyRelu(NodeCtx &n) {
  Value x = n.in(0);
  Value low = n.make<MinOp>({x, one(n, x, 0)});
  Value scaled = n.scaled(low, n.attrFloat("alpha", 0.01f));
  return n.out(n.make<AddOp>({n.make<ReluOp>(x), scaled}));
}

static Value hardSigmoidOf(NodeCtx &n, Value x, double alpha, double beta) {
  Value line = n.make<AddOp>({n.scaled(x, alpha), one(n, x, beta)});
  return n.make<MinOp>({n.make<ReluOp>(line), one(n, x)});
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

static bool ceil(NodeCtx &n) {
  return n.out(n.make<NegOp>(n.make<FloorOp>(n.make<NegOp>(n.in(0)))));
}

static bool isNaN(NodeCtx &n) {
  return n.out(n.make<NotOp>(n.make<EqualOp>({n.in(0), n.in(0)})));
}

static bool isInf(NodeCtx &n) {
  Value x = n.in(0);
  double inf = std::numeric_limits<double>::infinity();
  bool negative = n.attrInt("detect_negative", 1) != 0;
  bool positive = n.attrInt("detect_positive", 1) != 0;
  if (!negative && !positive)
    return n.fail("detects neither sign, which is not supported");
  if (negative && positive)
    x = n.make<AbsOp>(x);
  return n.out(n.make<EqualOp>({x, one(n, x, positive ? inf : -inf)}));
}

static bool logicalXor(NodeCtx &n) {
  return n.out(n.make<NotOp>(n.make<EqualOp>({n.in(0), n.in(1)})));
}

static bool where(NodeCtx &n) {
  return n.out(n.make<WhereOp>({n.in(0), n.in(1), n.in(2)}));
}

static bool castTo(NodeCtx &n) {
  int64_t to = n.attrInt("to", 0);
  Type element = elementType(n.loc.getContext(), int32_t(to));
  if (!element)
    return n.fail("casts to " + elementName(int32_t(to)) +
                  ", which is not supported");
  return n.out(n.cast(n.in(0), element));
}

static bool castLike(NodeCtx &n) {
  return n.has(1) ? n.out(n.cast(n.in(0), n.element(n.in(1))))
                  : n.fail("has 2 inputs, found fewer");
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static bool gemm(NodeCtx &n) {
  Value a = n.in(0), b = n.in(1), c = n.in(2);
  if (!a || !b)
    return n.fail("has fewer than 2 inputs");
  if (n.rank(a) != 2 || n.rank(b) != 2)
    return n.fail("multiplies tensors of rank " + Twine(n.rank(a)) + " and " +
                  Twine(n.rank(b)) + ", expected 2 and 2");
  if (n.attrInt("transA", 0))
    a = n.transpose(a, {1, 0});
  if (n.attrInt("transB", 0))
    b = n.transpose(b, {1, 0});
  double alpha = n.attrFloat("alpha", 1), beta = n.attrFloat("beta", 1);
  // On the weight the factor costs nothing at run time.
  bool onWeight = alpha != 1 && b && n.isConst(b);
  Value product = n.make<MatMulOp>({a, onWeight ? n.scaled(b, alpha) : b});
  if (!onWeight)
    product = n.scaled(product, alpha);
  if (c && beta != 0)
    product = n.make<AddOp>({product, n.scaled(c, beta)});
  return n.out(product);
}

/// com.microsoft: matmul with transposed last dimensions and a factor.
static bool fusedMatMul(NodeCtx &n) {
  Value operands[2] = {n.in(0), n.in(1)};
  const char *flags[2] = {"transA", "transB"};
  for (int i = 0; i < 2; ++i) {
    if (!operands[i] || !n.attrInt(flags[i], 0))
      continue;
    int64_t rank = n.rank(operands[i]);
    auto perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    if (rank >= 2)
      std::swap(perm[rank - 1], perm[rank - 2]);
    operands[i] = n.transpose(operands[i], perm);
  }
  Value product = n.make<MatMulOp>({operands[0], operands[1]});
  return n.out(n.scaled(product, n.attrFloat("alpha", 1)));
}

//===----------------------------------------------------------------------===//
// Softmax, norms, activations
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// The axes of a Reduce op; all if none are given. Null: an error was reported.
static std::optional<SmallVector<int64_t>> reduceAxes(NodeCtx &n, Value x,
                                                      bool &noop) {
  auto axes = n.attrInts("axes");
  if (n.has(1)) {
    axes = n.knownInts(n.in(1));
    if (!axes) {
      n.fail("has axes that are not known at compile time");
      return std::nullopt;
    }
  }
  noop = (!axes || axes->empty()) && n.attrInt("noop_with_empty_axes", 0);
  if (!axes || axes->empty())
    return llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  for (int64_t &value : *axes) {
    auto axis = n.axis(value, n.rank(x));
    if (!axis)
      return std::nullopt;
    value = *axis;
  }
  llvm::sort(*axes);
  return axes;
}

template <typename OpTy>
static Value reduceOf(NodeCtx &n, Value x, ArrayRef<int64_t> axes) {
  bool keep = n.attrInt("keepdims", 1) != 0;
  return n.make<OpTy>(x, {n.named("axes", axes),
                          n.named("keepdims", n.builder().getBoolAttr(keep))});
}

template <typename OpTy> static bool reduce(NodeCtx &n) {
  if (!n.has(0))
    return n.fail("has no input");
  bool noop = false;
  auto axes = reduceAxes(n, n.in(0), noop);
  if (!axes)
    return false;
  return n.out(noop ? n.in(0) : reduceOf<OpTy>(n, n.in(0), *axes));
}

/// ReduceSumSquare, and ReduceL2 as its root.
static bool reduceSquares(NodeCtx &n) {
  if (!n.has(0))
    return n.fail("has no input");
  bool noop = false;
  auto axes = reduceAxes(n, n.in(0), noop);
  if (!axes)
    return false;
  Value square = n.make<MulOp>({n.in(0), n.in(0)});
  Value sum = noop ? square : reduceOf<ReduceSumOp>(n, square, *axes);
  return n.out(n.node.op_type() == "ReduceL2" ? n.make<SqrtOp>(sum) : sum);
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static void addElementwise(llvm::StringMap<Rule> &rules) {
  rules["Add"] = {binary<AddOp>, {}};
  rules["Sub"] = {binary<SubOp>, {}};
  rules["Mul"] = {binary<MulOp>, {}};
  rules["Div"] = {binary<DivOp>, {}};
  rules["Pow"] = {pow, {}};
  rules["And"] = {binary<AndOp>, {}};
  rules["Or"] = {binary<OrOp>, {}};
  rules["Xor"] = {logicalXor, {}};
  rules["Equal"] = {binary<EqualOp>, {}};
  rules["Less"] = {binary<LessOp>, {}};
  rules["LessOrEqual"] = {binary<LessEqualOp>, {}};
  rules["Greater"] = {binary<GreaterOp>, {}};
  rules["GreaterOrEqual"] = {binary<GreaterEqualOp>, {}};
  rules["Max"] = {variadic<MaxOp>, {}};
  rules["Min"] = {variadic<MinOp>, {}};
  rules["Sum"] = {variadic<AddOp>, {}};
  rules["Mean"] = {mean, {}};
  rules["Neg"] = {unary<NegOp>, {}};
  rules["Abs"] = {unary<AbsOp>, {}};
  rules["Exp"] = {unary<ExpOp>, {}};
  rules["Log"] = {unary<LogOp>, {}};
  rules["Sqrt"] = {unary<SqrtOp>, {}};
  rules["Reciprocal"] = {unary<ReciprocalOp>, {}};
  rules["Tanh"] = {unary<TanhOp>, {}};
  rules["Erf"] = {unary<ErfOp>, {}};
  rules["Sigmoid"] = {unary<SigmoidOp>, {}};
  rules["Relu"] = {unary<ReluOp>, {}};
  rules["Sin"] = {unary<SinOp>, {}};
  rules["Cos"] = {unary<CosOp>, {}};
  rules["Floor"] = {unary<FloorOp>, {}};
  rules["Ceil"] = {ceil, {}};
  rules["Not"] = {unary<NotOp>, {}};
  rules["IsNaN"] = {isNaN, {}};
  rules["IsInf"] = {isInf, {"detect_negative", "detect_positive"}};
  rules["Where"] = {where, {}};
  rules["Clip"] = {clip, {"min", "max"}};
  rules["Cast"] = {castTo, {"to", "saturate", "round_mode"}};
  rules["CastLike"] = {castLike, {"saturate", "round_mode"}};
}

static void addActivations(llvm::StringMap<Rule> &rules) {
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

void weft::addMathRules(llvm::StringMap<Rule> &rules) {
  addElementwise(rules);
  addActivations(rules);
  rules["MatMul"] = {binary<MatMulOp>, {}};
  rules["Gemm"] = {gemm, {"alpha", "beta", "transA", "transB"}};
  rules["com.microsoft/FusedMatMul"] = {fusedMatMul,
                                        {"alpha", "transA", "transB"}};
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
  attrs = {"axes", "keepdims", "noop_with_empty_axes"};
  rules["ReduceSum"] = {reduce<ReduceSumOp>, attrs};
  rules["ReduceMean"] = {reduce<ReduceMeanOp>, attrs};
  rules["ReduceMax"] = {reduce<ReduceMaxOp>, attrs};
  rules["ReduceMin"] = {reduce<ReduceMinOp>, attrs};
  rules["ReduceSumSquare"] = {reduceSquares, attrs};
  rules["ReduceL2"] = {reduceSquares, attrs};
}
