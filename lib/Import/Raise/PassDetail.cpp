//===- PassDetail.cpp - What the raising passes share ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Matchers, builders, and the pipeline itself.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "ValueNames.h"
#include "mlir/Pass/PassRegistry.h"
#include "weft/Import/Passes.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {
#define GEN_PASS_REGISTRATION
#include "Passes.h.inc"
} // namespace

void weft::buildRaisingPipeline(OpPassManager &passes) {
  passes.addPass(createSimplify());
  passes.addPass(createMergeEqual());
  passes.addPass(createRaiseLinear({/*nearMisses=*/false}));
  passes.addPass(createSimplify());
  passes.addPass(createMergeEqual());
  passes.addPass(createRaiseNorm());
  passes.addPass(createRaiseActivation());
  passes.addPass(createRaiseCache());
  passes.addPass(createRaiseAttention());
  // What was between the raised ops is gone now: once more.
  passes.addPass(createSimplify());
  passes.addPass(createRaiseLinear());
  passes.addPass(createSimplify());
  passes.addPass(createMergeEqual());
}

void weft::buildStatePipeline(OpPassManager &passes) {
  passes.addPass(createStateViews());
  passes.addPass(createSimplify());
  passes.addPass(createMergeEqual());
}

void weft::registerImportPasses() {
  registerNNRaisingPasses();
  PassPipelineRegistration<>("nn-raise", "All raising passes on nn",
                             buildRaisingPipeline);
}

Value nn::stripCasts(Value value) {
  while (auto cast = value.getDefiningOp<CastOp>()) {
    if (!isa<FloatType>(elementOf(cast.getX())) ||
        !isa<FloatType>(elementOf(value)))
      break;
    value = cast.getX();
  }
  return value;
}

bool nn::sameUpToCasts(Value a, Value b) {
  return stripCasts(a) == stripCasts(b);
}

bool nn::isNear(double a, double b) {
  return std::fabs(a - b) <= 1e-4 * std::max(std::fabs(a), std::fabs(b));
}

/// A constant of which all elements are equal; large ones are not looked at.
static std::optional<double> scalarOf(Value value) {
  return constantScalar(value, 4096);
}

bool nn::matchScalarOperand(Operation *op, Value &x, double &scalar) {
  for (unsigned i : {1u, 0u}) {
    Value other = op->getOperand(1 - i);
    if (shapeOf(other) != shapeOf(op->getResult(0)))
      continue;
    if (auto found = scalarOf(op->getOperand(i))) {
      x = other;
      scalar = *found;
      return true;
    }
  }
  return false;
}

bool nn::matchScaled(Value value, Value &x, double &factor) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<MulOp>(op))
    return matchScalarOperand(op, x, factor);
  auto div = dyn_cast_or_null<DivOp>(op);
  if (!div || shapeOf(div.getLhs()) != shapeOf(value) ||
      !isa<FloatType>(elementOf(value)))
    return false;
  auto found = scalarOf(div.getRhs());
  if (!found || *found == 0)
    return false;
  x = div.getLhs();
  factor = 1 / *found;
  return true;
}

//===----------------------------------------------------------------------===//
// Builders
//===----------------------------------------------------------------------===//

Value nn::makeTranspose(OpBuilder &b, Location loc, Value x,
                        ArrayRef<int64_t> perm) {
  SmallVector<int64_t> composed(perm);
  if (auto inner = x.getDefiningOp<TransposeOp>()) {
    for (int64_t &axis : composed)
      axis = inner.getPerm()[axis];
    loc = fuseLocs(b.getContext(), {loc, inner.getLoc()});
    x = inner.getX();
  }
  if (llvm::equal(composed, llvm::seq<int64_t>(0, composed.size())))
    return x;
  return TransposeOp::create(b, loc, x, b.getDenseI64ArrayAttr(composed));
}

Value nn::makeReshape(OpBuilder &b, Location loc, Value x,
                      ArrayRef<int64_t> shape) {
  while (auto inner = x.getDefiningOp<ReshapeOp>())
    x = inner.getX();
  if (shapeOf(x) == shape)
    return x;
  return ReshapeOp::create(b, loc, RankedTensorType::get(shape, elementOf(x)),
                           x);
}

Value nn::makeCast(OpBuilder &b, Location loc, Value x, Type element) {
  if (elementOf(x) == element)
    return x;
  return CastOp::create(b, loc, RankedTensorType::get(shapeOf(x), element), x);
}

Value nn::makeExpand(OpBuilder &b, Location loc, Value x,
                     ArrayRef<int64_t> shape) {
  if (shapeOf(x) == shape)
    return x;
  return ExpandOp::create(b, loc, RankedTensorType::get(shape, elementOf(x)),
                          x);
}

Value nn::makeSplat(OpBuilder &b, Location loc, double value,
                    RankedTensorType type) {
  HostTensor one =
      HostTensor::zeros(RankedTensorType::get({}, type.getElementType()));
  one.setFloat(0, value);
  auto attr = DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef(reinterpret_cast<const char *>(one.bytes.data()),
                     one.bytes.size()));
  return ConstantOp::create(b, loc, type, attr);
}

bool nn::isVectorLike(Value value, RankedTensorType like) {
  RankedTensorType type = tensorType(value);
  if (like.getRank() < 1 || type.getRank() > like.getRank())
    return false;
  int64_t extent = like.getShape().back();
  if (type.getNumElements() == 1)
    return true;
  return type.getNumElements() == extent && type.getRank() >= 1 &&
         type.getShape().back() == extent;
}

Value nn::makeVector(OpBuilder &b, Location loc, Value value,
                     RankedTensorType like) {
  if (!isVectorLike(value, like))
    return {};
  int64_t extent = like.getShape().back();
  value = makeCast(b, loc, value, like.getElementType());
  if (tensorType(value).getNumElements() == extent)
    return makeReshape(b, loc, value, {extent});
  return makeExpand(b, loc, makeReshape(b, loc, value, {1}), {extent});
}

Location nn::fuseOps(ArrayRef<Operation *> ops) {
  SmallVector<Location> locs;
  for (Operation *op : ops)
    locs.push_back(op->getLoc());
  return fuseLocs(ops.front()->getContext(), locs);
}

LogicalResult nn::runPatterns(Operation *root, RewritePatternSet &&patterns) {
  ValueNameKeeper names(root);
  GreedyRewriteConfig config;
  config.setListener(&names);
  config.enableConstantCSE(false);
  config.setMaxIterations(GreedyRewriteConfig::kNoLimit);
  return applyPatternsGreedily(root, std::move(patterns), config);
}
