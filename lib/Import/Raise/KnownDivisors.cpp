//===- KnownDivisors.cpp - Quotients by constants -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-known-divisors. No instruction divides, and a reciprocal takes 26
// vector instructions: of a constant it is known before the program runs.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "mlir/IR/BuiltinOps.h"
#include "weft/Import/Passes.h"
#include <cmath>

namespace weft::nn {
#define GEN_PASS_DEF_KNOWNDIVISORS
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {

/// Constants whose reciprocals and products with them are normal numbers.
bool isKnown(Value divisor) {
  if (!elementOf(divisor).isF32() || !isConstant(divisor) ||
      tensorType(divisor).getNumElements() > 65536)
    return false;
  llvm::Expected<HostTensor> values = evaluateTensor(divisor, 1 << 20);
  if (!values) { // they are not in the file, or take too long to compute
    llvm::consumeError(values.takeError());
    return false;
  }
  const double least = std::ldexp(1.0, -100), most = std::ldexp(1.0, 100);
  for (int64_t i = 0; i < values->size(); ++i)
    if (double size = std::fabs(values->getFloat(i));
        !(size >= least && size <= most))
      return false;
  return true;
}

class Rewriter {
public:
  Rewriter(MLIRContext *context) : rewriter(context) {}

  /// `op` is an nn.div or nn.exact_div.
  void run(Operation *op) {
    Value x = op->getOperand(0), divisor = op->getOperand(1);
    if (isConstant(x) || !isKnown(divisor))
      return;
    Value inverse = once<ReciprocalOp>(inverses, divisor);
    if (isa<DivOp>(op)) {
      rewriter.setInsertionPoint(op);
      rewriter.replaceOpWithNewOp<MulOp>(op, x, inverse);
      return;
    }
    Value minus = once<NegOp>(negatives, inverse);
    rewriter.setInsertionPoint(op);
    rewriter.replaceOpWithNewOp<DivByOp>(op, x, divisor, minus);
  }

private:
  /// Op of a constant, made where first asked for.
  template <typename Op> Value once(DenseMap<Value, Value> &made, Value of) {
    Value &result = made[of];
    if (!result) {
      rewriter.setInsertionPointAfterValue(of);
      result = Op::create(rewriter, of.getLoc(), of);
    }
    return result;
  }

  IRRewriter rewriter;
  DenseMap<Value, Value> inverses, negatives;
};

// A walk: a greedy driver would also fold, and states are what they are.
struct KnownDivisorsPass : nn::impl::KnownDivisorsBase<KnownDivisorsPass> {
  void runOnOperation() override {
    Rewriter rewriter(&getContext());
    getOperation()->walk([&](Operation *op) {
      if (isa<DivOp, ExactDivOp>(op))
        rewriter.run(op);
    });
  }
};

} // namespace

std::unique_ptr<Pass> weft::createKnownDivisorsPass() {
  return nn::createKnownDivisors();
}
