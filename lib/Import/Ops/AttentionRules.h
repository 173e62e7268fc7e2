//===- AttentionRules.h - What the rules of attention ops share -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Heads apart and together, masks, caches and rotary embeddings, for ai.onnx
// and com.microsoft alike.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_ATTENTIONRULES_H
#define WEFT_LIB_IMPORT_ATTENTIONRULES_H

#include "Importer.h"

namespace weft {

/// [B, H, T, d] to [B, T, H*d]; rank 3 stays.
Value mergeHeads(NodeCtx &n, Value x);

/// [B, T, H*d] to [B, H, T, d]; rank 4 stays.
Value splitHeads(NodeCtx &n, Value x, int64_t heads);

/// A mask of any rank, bool or float, as an additive one of rank 4 in f32, with
/// `fill` where a bool mask is false. `columns` > 0: widened to that many keys.
Value additiveMask(NodeCtx &n, Value mask, double fill, int64_t columns = 0);

/// The additive triangle by which query i sees the keys j <= i + offset.
Value causalMask(NodeCtx &n, int64_t rows, int64_t columns, int64_t offset);

/// Sum of two masks of which either may be absent.
Value sumOf(NodeCtx &n, Value a, Value b);

/// Rotates pairs of `x`, [B, T, H, d], by cos and sin, [B or 1, T, r/2].
Value rotate(NodeCtx &n, Value x, Value cos, Value sin, bool interleaved);

void addMicrosoftRules(llvm::StringMap<Rule> &rules);

} // namespace weft
#endif
