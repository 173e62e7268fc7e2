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

/// The numbers 0 .. size-1, as `element`.
Value counted(NodeCtx &n, int64_t size, mlir::Type element);

/// [B, H, T, d] to [B, T, H*d]; rank 3 stays.
Value mergeHeads(NodeCtx &n, Value x);

/// [B, T, H*d] to [B, H, T, d]; rank 4 stays.
Value splitHeads(NodeCtx &n, Value x, int64_t heads);

/// [B, G, S, d] with every head repeated for its group.
Value repeatHeads(NodeCtx &n, Value x, int64_t heads);

/// A mask of any rank, bool or float, as an additive one of rank 4 in f32, with
/// `fill` where a bool mask is false. `columns` > 0: widened to that many keys.
Value additiveMask(NodeCtx &n, Value mask, double fill, int64_t columns = 0);

/// Which keys a query sees: at most `left` before its own place and `right`
/// behind it; -1 is all. Causal is right = 0.
struct Window {
  int64_t left = -1, right = -1;
  bool limits() const { return left >= 0 || right >= 0; }
  bool isCausal() const { return left < 0 && right == 0; }
};

/// The window as an additive mask of rank 4 in f32, with query i at the place
/// of key i + offset. Null if it hides nothing.
Value windowMask(NodeCtx &n, const Window &w, int64_t rows, int64_t columns,
                 int64_t offset);

/// The same where each batch entry has its number of keys, `lengths` [B], of
/// which the last is the last query's. Keys beyond are hidden.
Value lengthsMask(NodeCtx &n, const Window &w, Value lengths, int64_t rows,
                  int64_t columns);

/// Sum of two masks of which either may be absent.
Value sumOf(NodeCtx &n, Value a, Value b);

/// Attention on heads apart, with what nn.attention cannot say.
struct Heads {
  Value q, k, v; // [B, heads, rows, d] each
  Value mask;    // additive, f32, rank 4, or null
  double scale = 1;
  bool causal = false;     // query i sees keys <= i + columns - rows
  bool zeroMasked = false; // a row without keys gives 0, not NaN
  double softcap = 0;      // 0: none
  Value sink;              // [heads]: a score that takes part, of no value
};

/// The same in single ops, and what they compute on the way.
struct WrittenOut {
  Value result; // [B, heads, rows, d]
  Value scores, capped, masked, probabilities;
};
WrittenOut writeOut(NodeCtx &n, const Heads &in);

/// nn.attention of heads apart where it can say it, else written out: [B, T,
/// H*d].
Value attend(NodeCtx &n, const Heads &in);

/// Rotates pairs of `x`, [B, T, H, d], by cos and sin, [B or 1, T, r/2].
Value rotate(NodeCtx &n, Value x, Value cos, Value sin, bool interleaved);

void addMicrosoftRules(llvm::StringMap<Rule> &rules);
void addMicrosoftEmbeddingRules(llvm::StringMap<Rule> &rules);
void addGroupQueryRules(llvm::StringMap<Rule> &rules);

} // namespace weft
#endif
