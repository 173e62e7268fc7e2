//===- PassDetail.h - What the raising passes share -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Small matchers and builders; each pass file includes its own generated base.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_PASSDETAIL_H
#define WEFT_LIB_IMPORT_PASSDETAIL_H

#include "NN/NNOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "weft/Import/Constant.h"

namespace weft::nn {

#define GEN_PASS_DECL
#include "Passes.h.inc"

using mlir::RankedTensorType;
using mlir::Value;

inline RankedTensorType tensorType(Value value) {
  return mlir::cast<RankedTensorType>(value.getType());
}
inline llvm::ArrayRef<int64_t> shapeOf(Value value) {
  return tensorType(value).getShape();
}
inline mlir::Type elementOf(Value value) {
  return tensorType(value).getElementType();
}

/// Looks through casts between floats.
Value stripCasts(Value value);
bool sameUpToCasts(Value a, Value b);

/// `value` = `x` * `factor` for a constant factor that changes no shape.
bool matchScaled(Value value, Value &x, double &factor);

/// One operand of a commutative op is a constant scalar, the other is `x`.
bool matchScalarOperand(mlir::Operation *op, Value &x, double &scalar);

bool isNear(double a, double b); // within 1e-4 of each other, relative

/// Builders that compose with the op that defines `x`.
Value makeTranspose(mlir::OpBuilder &b, mlir::Location loc, Value x,
                    llvm::ArrayRef<int64_t> perm);
Value makeReshape(mlir::OpBuilder &b, mlir::Location loc, Value x,
                  llvm::ArrayRef<int64_t> shape);
Value makeCast(mlir::OpBuilder &b, mlir::Location loc, Value x,
               mlir::Type element);
Value makeExpand(mlir::OpBuilder &b, mlir::Location loc, Value x,
                 llvm::ArrayRef<int64_t> shape);
Value makeSplat(mlir::OpBuilder &b, mlir::Location loc, double value,
                RankedTensorType type);

/// The vector of `extent` elements that `value` broadcasts along the last axis
/// of `like`; null if it is none.
Value makeVector(mlir::OpBuilder &b, mlir::Location loc, Value value,
                 RankedTensorType like);
bool isVectorLike(Value value, RankedTensorType like);

/// All nodes of `ops`.
mlir::Location fuseOps(llvm::ArrayRef<mlir::Operation *> ops);

/// Runs patterns over a module; constants keep their locations.
mlir::LogicalResult runPatterns(mlir::Operation *root,
                                mlir::RewritePatternSet &&patterns);

} // namespace weft::nn
#endif
