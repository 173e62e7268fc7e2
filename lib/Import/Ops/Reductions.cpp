//===- Reductions.cpp - Rules of reductions -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Axes come as an attribute or, from opset 13 or 18 on, as an input.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

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

void weft::addReductionRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"axes", "keepdims", "noop_with_empty_axes"};
  rules["ReduceSum"] = {reduce<ReduceSumOp>, attrs};
  rules["ReduceMean"] = {reduce<ReduceMeanOp>, attrs};
  rules["ReduceMax"] = {reduce<ReduceMaxOp>, attrs};
  rules["ReduceMin"] = {reduce<ReduceMinOp>, attrs};
  rules["ReduceSumSquare"] = {reduceSquares, attrs};
  rules["ReduceL2"] = {reduceSquares, attrs};
}
