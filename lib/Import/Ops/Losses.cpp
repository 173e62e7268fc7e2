//===- Losses.cpp - Rules of losses ---------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A label picks its class through a comparison with all classes, so that no
// address depends on data. A label that is no class picks nothing.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// The sum over dimension 1, which goes, of `values` where `chosen`.
static Value pick(NodeCtx &n, Value chosen, Value values) {
  Value zero = n.scalarLike(values, 0);
  Value kept = n.make<WhereOp>({chosen, values, zero});
  return n.make<ReduceSumOp>(
      kept, {n.named("axes", ArrayRef<int64_t>(1)),
             n.named("keepdims", n.builder().getBoolAttr(false))});
}

static Value sumOfAll(NodeCtx &n, Value x) {
  if (!x)
    return {};
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  return n.make<ReduceSumOp>(
      x, {n.named("axes", ArrayRef<int64_t>(axes)),
          n.named("keepdims", n.builder().getBoolAttr(false))});
}

/// [N, C, ...]: does the label, [N, ...], name the class and is not ignored?
static Value chosenClasses(NodeCtx &n, Value x, Value labels) {
  constexpr int64_t MaxClasses = int64_t(1) << 22;
  int64_t classes = n.shape(x)[1];
  if (classes > MaxClasses)
    return n.failValue("has " + Twine(classes) + " classes, supported are " +
                       Twine(MaxClasses));
  Type element = n.element(labels);
  HostTensor numbers =
      HostTensor::zeros(RankedTensorType::get({classes}, element));
  for (int64_t i = 0; i < classes; ++i)
    numbers.setInt(i, i);
  Ints open(n.shape(labels));
  open.insert(open.begin() + 1, 1);
  labels = n.reshape(labels, open);
  Value each = alongDim(n, n.constant(std::move(numbers)), 1, n.rank(x));
  Value chosen = n.make<EqualOp>({labels, each});
  int64_t ignored = n.attrInt("ignore_index", -1);
  if (!n.attr("ignore_index") || ignored < 0 || ignored >= classes)
    return chosen;
  Value known = n.make<NotOp>(
      n.make<EqualOp>({labels, n.scalar(double(ignored), element)}));
  return n.make<AndOp>({chosen, known});
}

/// `x` are logarithms of probabilities in f32; the result has type `own`.
static Value likelihoodLoss(NodeCtx &n, Value x, Value labels, Value weight,
                            Type own) {
  Type f32 = n.builder().getF32Type();
  std::string reduction = n.attrString("reduction", "mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    return n.failValue("has reduction '" + reduction +
                       "', expected 'none', 'sum' or 'mean'");
  Ints expected(n.shape(x));
  expected.erase(expected.begin() + 1);
  if (n.shape(labels) != ArrayRef(expected) ||
      !isa<IntegerType>(n.element(labels)))
    return n.failValue("has labels that are no integers or do not have the "
                       "shape of its scores without classes");
  if (weight && n.shape(weight) != n.shape(x).slice(1, 1))
    return n.failValue("has weights that are no vector of its " +
                       Twine(n.shape(x)[1]) + " classes");
  Value chosen = chosenClasses(n, x, labels);
  Value loss = n.make<NegOp>(pick(n, chosen, x)), counted;
  if (weight) {
    weight = alongDim(n, n.cast(weight, f32), 1, n.rank(x));
    counted = pick(n, chosen, weight);
    loss = n.make<MulOp>({loss, counted});
  } else if (n.attr("ignore_index")) {
    counted = pick(n, chosen, n.scalar(1, f32));
  }
  if (reduction == "none")
    return n.cast(loss, own);
  Value total = sumOfAll(n, loss);
  if (reduction == "sum")
    return n.cast(total, own);
  // Ignored elements count for nothing in a mean.
  Value count = counted
                    ? sumOfAll(n, counted)
                    : n.scalar(double(n.type(labels).getNumElements()), f32);
  return n.cast(n.make<DivOp>({total, count}), own);
}

static bool needScores(NodeCtx &n) {
  if (!n.has(0) || !n.has(1) || n.rank(n.in(0)) < 2)
    return n.fail("has no scores of rank 2 or more, or no labels");
  return true;
}

static bool negativeLogLikelihoodLoss(NodeCtx &n) {
  if (!needScores(n))
    return false;
  Value x = n.cast(n.in(0), n.builder().getF32Type());
  return n.out(likelihoodLoss(n, x, n.in(1), n.in(2), n.element(n.in(0))));
}

static bool softmaxCrossEntropyLoss(NodeCtx &n) {
  if (!needScores(n))
    return false;
  Type own = n.element(n.in(0));
  Value x = n.cast(n.in(0), n.builder().getF32Type());
  Value logs = logSoftmaxOf(n, x, 1);
  if (!logs)
    return false;
  n.out(n.cast(logs, own), 1);
  return n.out(likelihoodLoss(n, logs, n.in(1), n.in(2), own));
}

void weft::addLossRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"ignore_index", "reduction"};
  rules["NegativeLogLikelihoodLoss"] = {negativeLogLikelihoodLoss, attrs};
  rules["SoftmaxCrossEntropyLoss"] = {softmaxCrossEntropyLoss, attrs};
}
