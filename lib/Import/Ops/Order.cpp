//===- Order.cpp - Rules of ops that order or accumulate ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Where the largest elements are, and running totals. NaN has no order: where a
// line holds one, the indices found in it are in range and unspecified.
//
//===----------------------------------------------------------------------===//
#include "Indices.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

template <bool largest> static bool argBest(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  auto axis = n.axis(n.attrInt("axis", 0), n.rank(x));
  if (!axis)
    return false;
  Value found =
      argReduce(n, x, *axis, largest, n.attrInt("select_last_index", 0) != 0);
  if (!found || n.attrInt("keepdims", 1))
    return n.out(found);
  SmallVector<int64_t> shape(n.shape(found));
  shape.erase(shape.begin() + *axis);
  return n.out(n.reshape(found, shape));
}

static bool topK(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  int64_t k = n.attrInt("k", -1);
  if (n.opset() >= 10) {
    auto known = n.knownInts(n.in(1));
    if (!known || known->size() != 1)
      return n.fail("has a k that is not known at compile time, and with it "
                    "the shape of its results");
    k = known->front();
  }
  auto axis = n.axis(n.attrInt("axis", -1), n.rank(x));
  if (!axis)
    return false;
  bool largest = n.attrInt("largest", 1) != 0;
  // In order even if `sorted` is 0, which asks for no particular one.
  Value found =
      n.make<TopKOp>(x, {n.named("k", k), n.named("axis", *axis),
                         n.named("largest", n.builder().getBoolAttr(largest))});
  if (!found)
    return false;
  if (n.wants(0) && !n.out(gatherAlong(n, x, found, *axis, /*negative=*/false)))
    return false;
  return n.out(n.cast(found, n.builder().getI64Type()), 1);
}

template <typename OpTy> static bool cumulative(NodeCtx &n) {
  Value x = n.in(0);
  auto axes = n.knownInts(n.in(1));
  if (!x || !axes || axes->size() != 1)
    return n.fail("has no input, or an axis that is not known at compile time");
  auto axis = n.axis(axes->front(), n.rank(x));
  if (!axis)
    return false;
  auto flag = [&](StringRef name) {
    return n.named(name, n.builder().getBoolAttr(n.attrInt(name, 0) != 0));
  };
  return n.out(n.make<OpTy>(
      x, {n.named("axis", *axis), flag("exclusive"), flag("reverse")}));
}

/// 1 at the first of the largest, 0 elsewhere. Before opset 13 over all
/// dimensions from the axis on.
static bool hardmax(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  bool flattens = n.opset() < 13;
  auto axis = n.axis(n.attrInt("axis", flattens ? 1 : -1), n.rank(x));
  if (!axis)
    return false;
  SmallVector<int64_t> shape(n.shape(x));
  if (flattens && *axis != n.rank(x) - 1) {
    int64_t outer = 1, inner = 1;
    for (auto [i, dim] : llvm::enumerate(shape))
      (int64_t(i) < *axis ? outer : inner) *= dim;
    x = n.reshape(x, {outer, inner});
    axis = 1;
  }
  Value found = argReduce(n, x, *axis, /*largest=*/true, /*last=*/false);
  if (!found)
    return false;
  Value order =
      iota(n, n.shape(x)[*axis], 1, *axis, n.rank(x), n.builder().getI64Type());
  Value hot = n.cast(n.make<EqualOp>({found, order}), n.element(n.in(0)));
  return n.out(n.reshape(hot, shape));
}

void weft::addOrderRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> reduce = {"axis", "keepdims", "select_last_index"};
  rules["ArgMax"] = {argBest<true>, reduce};
  rules["ArgMin"] = {argBest<false>, reduce};
  rules["TopK"] = {topK, {"axis", "k", "largest", "sorted"}};
  rules["CumSum"] = {cumulative<CumSumOp>, {"exclusive", "reverse"}};
  rules["CumProd"] = {cumulative<CumProdOp>, {"exclusive", "reverse"}};
  rules["Hardmax"] = {hardmax, {"axis"}};
}
