//===- CausalConv.cpp - Rule of CausalConvWithState -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The depthwise convolution before a linear attention: over the last positions
// of the step before and those of this one.
//
//===----------------------------------------------------------------------===//
#include "Windows.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

static bool causalConv(NodeCtx &n) {
  Value x = n.in(0), weight = n.in(1), past = n.in(3);
  if (!x || !weight || n.rank(x) != 3 || n.rank(weight) != 3 ||
      n.shape(weight)[0] != n.shape(x)[1] || n.shape(weight)[1] != 1 ||
      n.shape(weight)[2] < 1)
    return n.fail("has no input [B, C, L] and weight [C, 1, k]");
  Ints shape(n.shape(x)), before(shape);
  int64_t length = shape[2], kept = n.shape(weight)[2] - 1;
  before[2] = kept;
  if (past && n.shape(past) != ArrayRef(before))
    return n.fail("has a past_state that does not hold the last " +
                  Twine(kept) + " positions");
  if (n.has(2) && n.type(n.in(2)).getNumElements() != shape[1])
    return n.fail("has a bias of " + Twine(n.type(n.in(2)).getNumElements()) +
                  " elements, expected " + Twine(shape[1]));
  std::string activation = n.attrString("activation", "none");
  bool silu = activation == "silu" || activation == "swish";
  if (!silu && activation != "none")
    return n.fail("has activation '" + activation +
                  "', expected silu, swish or none");
  Value all = x;
  if (kept) {
    auto type = RankedTensorType::get(before, n.element(x));
    all = n.concat({past ? past : n.splat(0, type), x}, 2);
  }
  n.out(kept ? n.sliceAxis(all, 2, length, kept)
             : n.splat(0, RankedTensorType::get(before, n.element(x))),
        1);
  Windows w;
  w.kernel = {kept + 1};
  w.strides = w.dilations = {1};
  w.before = w.after = {0};
  w.in = {length + kept};
  w.out = {length};
  Type own = n.element(x), f32 = n.builder().getF32Type();
  Value y = convolve(n, n.cast(all, f32), n.cast(weight, f32),
                     n.cast(n.in(2), f32), w, shape[1]);
  return n.out(n.cast(silu ? n.make<SiluOp>(y) : y, own));
}

void weft::addCausalConvRules(llvm::StringMap<Rule> &rules) {
  rules["CausalConvWithState"] = {causalConv, {"activation"}};
}
