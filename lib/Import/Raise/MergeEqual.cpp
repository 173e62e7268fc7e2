//===- MergeEqual.cpp - Elimination of common subexpressions --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-merge-equal. MLIR does the work; the value names of what is merged
// are added to what stays.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "ValueNames.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"

namespace weft::nn {
#define GEN_PASS_DEF_MERGEEQUAL
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {

struct MergeEqualPass : nn::impl::MergeEqualBase<MergeEqualPass> {
  void runOnOperation() override {
    ValueNameKeeper names(getOperation());
    IRRewriter rewriter(&getContext(), &names);
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

} // namespace
