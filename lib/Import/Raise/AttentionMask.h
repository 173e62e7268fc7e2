//===- AttentionMask.h - Masks of raised attention ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Exporters hide keys by adding large negative numbers or by selecting them.
// This is the part of raising that tells a causal triangle from other masks.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_ATTENTIONMASK_H
#define WEFT_LIB_IMPORT_ATTENTIONMASK_H

#include "PassDetail.h"

namespace weft::nn {

/// One op on the scores that hides keys.
struct MaskTerm {
  enum Kind { Additive, Subtracted, KeepWhere, DropWhere, Factor } kind;
  Value value;       // the summand, the condition, or the factor
  double fill = 0;   // of selects, scaled as the scores are
  double scale = 1;  // what multiplies the scores after this op
  int64_t levelRank; // rank of the scores where the op stands
};

/// Scores of all heads: [batch, heads, rows, columns].
struct ScoreShape {
  int64_t batch, heads, rows, columns;
  std::optional<double> least; // what a clamp behind all masks leaves of them
};

struct MaskResult {
  Value mask; // additive, f32, rank 4; null: none
  bool causal = false;
};

/// What remains of `terms`; false if they cannot be said by nn.attention.
bool combineMasks(mlir::OpBuilder &b, mlir::Location loc,
                  llvm::ArrayRef<MaskTerm> terms, const ScoreShape &shape,
                  MaskResult &result);

} // namespace weft::nn
#endif
