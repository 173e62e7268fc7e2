//===- Simplify.cpp - Remove ops that only move or repeat data ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-simplify.
//
//===----------------------------------------------------------------------===//
#include "SimplifyPatterns.h"
#include "mlir/IR/BuiltinOps.h"

namespace weft::nn {
#define GEN_PASS_DEF_SIMPLIFY
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {

/// Elements that one run of the pass computes to look at them. The patterns
/// ask for each op, again and again.
constexpr int64_t MostLookedAt = int64_t(1) << 22;

struct SimplifyPass : nn::impl::SimplifyBase<SimplifyPass> {
  void runOnOperation() override {
    int64_t left = MostLookedAt;
    RewritePatternSet patterns(&getContext());
    addArithmeticPatterns(patterns, &left);
    addMovePatterns(patterns);
    if (failed(runPatterns(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
