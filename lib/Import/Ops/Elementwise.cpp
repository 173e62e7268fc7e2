//===- Elementwise.cpp - Rules of elementwise arithmetic ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Arithmetic, comparison, logic and casts. Where nn has no op of the name, the
// rule composes it from those it has, in the order of ONNX's own function body.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

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
  return n.out(n.make<EqualOp>({x, n.scalarLike(x, positive ? inf : -inf)}));
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
  if (!n.has(1))
    return n.fail("has 2 inputs, found fewer");
  if (n.importer.narrow.contains(n.in(1)))
    return n.fail("casts to less than 8 bits, which is not supported");
  return n.out(n.cast(n.in(0), n.element(n.in(1))));
}

void weft::addElementwiseRules(llvm::StringMap<Rule> &rules) {
  rules["Add"] = {binary<AddOp>, {}};
  rules["Sub"] = {binary<SubOp>, {}};
  rules["Mul"] = {binary<MulOp>, {}};
  rules["Div"] = {binary<DivOp>, {}};
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
