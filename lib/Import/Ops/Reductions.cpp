//===- Reductions.cpp - Rules of reductions -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Axes come as an attribute or, from opset 13 or 18 on, as an input.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"
#include <cmath>
#include <limits>

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

namespace {
/// A Reduce node's operand and what it is reduced over.
struct Reduction {
  Value x;
  SmallVector<int64_t> axes;
  bool noop = false, keep = true;
  SmallVector<int64_t> shape; // of the result
};
} // namespace

static std::optional<Reduction> reductionOf(NodeCtx &n) {
  Reduction r;
  r.x = n.in(0);
  if (!r.x) {
    n.fail("has no input");
    return std::nullopt;
  }
  auto axes = reduceAxes(n, r.x, r.noop);
  if (!axes)
    return std::nullopt;
  r.axes = *axes;
  r.keep = n.attrInt("keepdims", 1) != 0;
  for (auto [d, dim] : llvm::enumerate(n.shape(r.x)))
    if (!llvm::is_contained(r.axes, int64_t(d)))
      r.shape.push_back(dim);
    else if (r.keep)
      r.shape.push_back(1);
  return r;
}

template <typename OpTy>
static Value reduceOf(NodeCtx &n, const Reduction &r, Value x) {
  return n.make<OpTy>(x,
                      {n.named("axes", ArrayRef<int64_t>(r.axes)),
                       n.named("keepdims", n.builder().getBoolAttr(r.keep))});
}

/// What the reduction of no elements is, if `r` is one.
static Value ofNothing(NodeCtx &n, const Reduction &r, double identity) {
  auto type = RankedTensorType::get(r.shape, n.element(r.x));
  if (r.noop || n.type(r.x).getNumElements() || !type.getNumElements())
    return {};
  if (auto integer = dyn_cast<IntegerType>(type.getElementType());
      integer && std::isinf(identity)) {
    // The ends of the type's range, as far as a double holds them.
    if (integer.getWidth() > 32)
      return n.failValue("reduces no elements of 64 bits");
    double range = std::ldexp(1, int(integer.getWidth()) - 1);
    identity = identity < 0 ? -range : range - 1;
  }
  return n.splat(identity, type);
}

constexpr double Infinity = std::numeric_limits<double>::infinity();

/// Sum and mean; the mean of integers is a division of integers.
template <typename OpTy> static bool reduce(NodeCtx &n) {
  auto r = reductionOf(n);
  if (!r || r->noop)
    return r && n.out(r->x);
  constexpr bool isMean = std::is_same_v<OpTy, ReduceMeanOp>;
  if (Value none = ofNothing(n, *r, isMean ? std::nan("") : 0);
      none || n.failed)
    return n.out(none);
  if (!isMean || isa<FloatType>(n.element(r->x)))
    return n.out(reduceOf<OpTy>(n, *r, r->x));
  int64_t count = 1;
  for (int64_t axis : r->axes)
    count *= n.shape(r->x)[axis];
  Value sum = reduceOf<ReduceSumOp>(n, *r, r->x);
  return n.out(n.make<DivOp>({sum, n.scalarLike(r->x, double(count))}));
}

/// Max and min, of bools too.
template <typename OpTy> static bool extremum(NodeCtx &n) {
  auto r = reductionOf(n);
  if (!r || r->noop)
    return r && n.out(r->x);
  Type own = n.element(r->x);
  bool isMax = std::is_same_v<OpTy, ReduceMaxOp>;
  double least = isMax ? -Infinity : Infinity;
  if (own.isInteger(1)) {
    r->x = n.cast(r->x, n.builder().getI32Type());
    least = isMax ? 0 : 1;
  }
  Value none = ofNothing(n, *r, least);
  if (n.failed)
    return false;
  return n.out(n.cast(none ? none : reduceOf<OpTy>(n, *r, r->x), own));
}

/// Sums of f(x), and g of them: L1, L2, SumSquare, LogSum.
static bool reduceSums(NodeCtx &n, Value (*f)(NodeCtx &, Value),
                       Value (*g)(NodeCtx &, Value)) {
  auto r = reductionOf(n);
  if (!r)
    return false;
  Value none = ofNothing(n, *r, 0);
  if (n.failed)
    return false;
  Value x = f(n, r->x);
  return n.out(g(n, none      ? none
                    : r->noop ? x
                              : reduceOf<ReduceSumOp>(n, *r, x)));
}

static Value same(NodeCtx &, Value x) { return x; }
static Value square(NodeCtx &n, Value x) { return n.make<MulOp>({x, x}); }
static Value magnitude(NodeCtx &n, Value x) { return n.make<AbsOp>(x); }
static Value root(NodeCtx &n, Value x) { return n.make<SqrtOp>(x); }
static Value log(NodeCtx &n, Value x) { return n.make<LogOp>(x); }

static bool reduceL1(NodeCtx &n) { return reduceSums(n, magnitude, same); }
static bool reduceL2(NodeCtx &n) { return reduceSums(n, square, root); }
static bool reduceSumSquare(NodeCtx &n) { return reduceSums(n, square, same); }
static bool reduceLogSum(NodeCtx &n) { return reduceSums(n, same, log); }

/// m + log(sum(exp(x - m))) in f32, with m = max x, made finite so that no
/// infinity is taken from itself.
static bool reduceLogSumExp(NodeCtx &n) {
  auto r = reductionOf(n);
  if (!r || r->noop)
    return r && n.out(r->x);
  if (Value none = ofNothing(n, *r, -Infinity); none || n.failed)
    return n.out(none);
  constexpr double largest = std::numeric_limits<float>::max();
  Type own = n.element(r->x), f32 = n.builder().getF32Type();
  Value x = n.cast(r->x, f32);
  Value most = reduceKept<ReduceMaxOp>(n, x, r->axes);
  most = n.make<MaxOp>({most, n.scalar(-largest, f32)});
  most = n.make<MinOp>({most, n.scalar(largest, f32)});
  Value each = n.make<ExpOp>(n.make<SubOp>({x, most}));
  Value sum = n.make<LogOp>(reduceKept<ReduceSumOp>(n, each, r->axes));
  Value y = n.make<AddOp>({most, sum});
  return n.out(n.reshape(n.cast(y, own), r->shape));
}

/// There is no op for products: along each axis halves are multiplied until one
/// element is left. Narrow floats are f32 on the way.
static bool reduceProd(NodeCtx &n) {
  auto r = reductionOf(n);
  if (!r || r->noop)
    return r && n.out(r->x);
  if (Value none = ofNothing(n, *r, 1); none || n.failed)
    return n.out(none);
  Type own = n.element(r->x);
  Value x = r->x;
  if (isa<FloatType>(own))
    x = n.cast(x, n.builder().getF32Type());
  for (int64_t axis : r->axes)
    while (x && n.shape(x)[axis] > 1) {
      int64_t extent = n.shape(x)[axis], half = extent / 2;
      Value product = n.make<MulOp>(
          {n.sliceAxis(x, axis, 0, half), n.sliceAxis(x, axis, half, half)});
      x = extent % 2
              ? n.concat({product, n.sliceAxis(x, axis, extent - 1, 1)}, axis)
              : product;
    }
  return n.out(n.reshape(n.cast(x, own), r->shape));
}

void weft::addReductionRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"axes", "keepdims", "noop_with_empty_axes"};
  rules["ReduceSum"] = {reduce<ReduceSumOp>, attrs};
  rules["ReduceMean"] = {reduce<ReduceMeanOp>, attrs};
  rules["ReduceMax"] = {extremum<ReduceMaxOp>, attrs};
  rules["ReduceMin"] = {extremum<ReduceMinOp>, attrs};
  rules["ReduceSumSquare"] = {reduceSumSquare, attrs};
  rules["ReduceL1"] = {reduceL1, attrs};
  rules["ReduceL2"] = {reduceL2, attrs};
  rules["ReduceLogSum"] = {reduceLogSum, attrs};
  rules["ReduceLogSumExp"] = {reduceLogSumExp, attrs};
  rules["ReduceProd"] = {reduceProd, attrs};
}
