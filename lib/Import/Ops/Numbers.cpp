//===- Numbers.cpp - Rules of powers, remainders, bits and angles ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Elementwise arithmetic beyond that of Elementwise.cpp.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

static bool isFloat(Value x) { return isa<FloatType>(NodeCtx::element(x)); }

/// All elements are known, and whole numbers.
static bool isKnownWhole(NodeCtx &n, Value x) {
  const HostTensor *tensor = n.known(x);
  for (int64_t i = 0, size = tensor ? tensor->size() : 0; i < size; ++i)
    if (tensor->getFloat(i) != std::floor(tensor->getFloat(i)))
      return false;
  return tensor != nullptr;
}

/// The base gives the type of the result. An integer to a float is a float
/// that is truncated, but where the exponent is whole: there floats would miss.
static bool pow(NodeCtx &n) {
  Value x = n.in(0), e = n.in(1);
  if (!x || !e)
    return n.fail("has 2 inputs, found fewer");
  Type element = n.element(x);
  bool mixed = !isFloat(x) && isFloat(e) && !isKnownWhole(n, e);
  Value whole = n.make<PowOp>({x, n.cast(e, element)});
  if (!mixed)
    return n.out(whole);
  Value real = n.cast(n.make<PowOp>({n.cast(x, n.element(e)), e}), element);
  Value isWhole = n.make<EqualOp>({e, n.make<FloorOp>(e)});
  return n.out(n.make<WhereOp>({isWhole, whole, real}));
}

static bool mod(NodeCtx &n) {
  return n.attrInt("fmod", 0) ? binary<RemOp>(n) : binary<ModOp>(n);
}

static bool bitShift(NodeCtx &n) {
  std::string direction = n.attrString("direction", "");
  Value x = n.in(0), by = n.in(1);
  if ((direction == "LEFT" || direction == "RIGHT") && x && by) {
    Value shifted = direction == "LEFT" ? n.make<ShiftLeftOp>({x, by})
                                        : n.make<ShiftRightOp>({x, by});
    if (n.known(by))
      return n.out(shifted); // the fold gives 0, and so do narrow words
    // A PE takes the amount modulo 32, ONNX shifts all bits out.
    Value within = n.make<LessOp>({by, n.scalarLike(by, 32)});
    return n.out(n.make<WhereOp>({within, shifted, n.scalarLike(x, 0)}));
  }
  return n.fail("has direction '" + direction + "', expected LEFT or RIGHT");
}

static bool bitwiseNot(NodeCtx &n) {
  return n.out(n.make<BitXorOp>({n.in(0), n.scalarLike(n.in(0), -1)}));
}

static bool bitCast(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  int64_t to = n.attrInt("to", 0);
  Type element = elementType(n.loc.getContext(), int32_t(to));
  if (!element)
    return n.fail("casts to " + elementName(int32_t(to)) +
                  ", which is not supported");
  return n.out(
      n.makeTyped<BitCastOp>(x, RankedTensorType::get(n.shape(x), element)));
}

void weft::addNumberRules(llvm::StringMap<Rule> &rules) {
  rules["Pow"] = {pow, {}};
  rules["Mod"] = {mod, {"fmod"}};
  rules["BitShift"] = {bitShift, {"direction"}};
  rules["BitwiseAnd"] = {binary<BitAndOp>, {}};
  rules["BitwiseOr"] = {binary<BitOrOp>, {}};
  rules["BitwiseXor"] = {binary<BitXorOp>, {}};
  rules["BitwiseNot"] = {bitwiseNot, {}};
  rules["BitCast"] = {bitCast, {"to"}};
  rules["Round"] = {unary<RoundOp>, {}};
  rules["Sign"] = {unary<SignOp>, {}};
  rules["Tan"] = {unary<TanOp>, {}};
  rules["Asin"] = {unary<AsinOp>, {}};
  rules["Acos"] = {unary<AcosOp>, {}};
  rules["Atan"] = {unary<AtanOp>, {}};
  rules["Sinh"] = {unary<SinhOp>, {}};
  rules["Cosh"] = {unary<CoshOp>, {}};
  rules["Asinh"] = {unary<AsinhOp>, {}};
  rules["Acosh"] = {unary<AcoshOp>, {}};
  rules["Atanh"] = {unary<AtanhOp>, {}};
}
