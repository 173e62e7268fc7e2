//===- NormMatch.h - Parts of a norm --------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Means, roots and quotients in all the ways in which exporters write them. A
// matcher gives what it found, or null, and records the ops it went through.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_RAISE_NORMMATCH_H
#define WEFT_LIB_IMPORT_RAISE_NORMMATCH_H

#include "PassDetail.h"

namespace weft::nn {

/// The ops that a match went through.
using Trail = mlir::SmallVector<mlir::Operation *>;

/// Defining op behind casts, recorded.
mlir::Operation *define(mlir::Value value, Trail &trail);

/// `value` is the mean over the last axis, kept: of what.
mlir::Value matchMean(mlir::Value value, Trail &trail);

/// `value` is 1 / sqrt(r): r.
mlir::Value matchRsqrt(mlir::Value value, Trail &trail);

/// `value` is v + epsilon: v. Without a sum epsilon is 0.
mlir::Value matchEpsilon(mlir::Value value, double &epsilon, Trail &trail);

/// `value` is the mean of squares over the last axis: of what.
mlir::Value matchMeanSquare(mlir::Value value, Trail &trail);

/// `value` is x - mean(x) over the last axis: x.
mlir::Value matchCentered(mlir::Value value, Trail &trail);

/// The quotient numerator / sqrt(radicand), in all its spellings.
bool matchQuotient(mlir::Operation *op, mlir::Value &numerator,
                   mlir::Value &radicand, Trail &trail);

} // namespace weft::nn
#endif
