//===- AttentionSteps.h - Sizes and steps of attention --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_KERNELS_ATTENTIONSTEPS_H
#define WEFT_LIB_KERNELS_ATTENTIONSTEPS_H

#include "weft/Kernels/Code.h"

namespace weft::kernels {

/// Sizes and this PE's place, shared by the steps. `split` is a tensor [batch,
/// queries, features] of the heads in question: the queries, or the result.
struct AttentionShape {
  AttentionShape(const Problem &p, mlir::RankedTensorType split, Code &c)
      : featureAxis(axisOf(split)), rowAxis(other(featureAxis)),
        batch(p.ins[0].getDimSize(0)), queries(p.ins[0].getDimSize(1)),
        keys(p.ins[1].getDimSize(1)), features(split.getDimSize(2)),
        heads(p.integer("num_heads")), headDim(features / heads),
        groups(p.integer("num_kv_heads", heads)), tile(tileDim(split, 2)) {
    int64_t pes = c.rect.length(rowAxis);
    rows = (queries + pes - 1) / pes;
    // Most heads that a tile of consecutive features can touch.
    bool aligned = tile % headDim == 0 || headDim % tile == 0;
    local = aligned ? std::max<int64_t>(1, tile / headDim)
                    : (tile - 2 + headDim) / headDim + 1;
    local = std::min(local, heads);
    firstFeature = c.mul(c.coord(featureAxis), tile);
    ownRow = c.mul(c.coord(rowAxis), rows);
    firstRow = padded(c) ? c.min(ownRow, queries - rows) : ownRow;
    limit = c.rect.length(featureAxis) * tile;
    Idx head = c.div(firstFeature, headDim, limit);
    firstHead = heads == local ? Idx(0) : c.min(head, heads - local);
  }
  int8_t featureAxis, rowAxis;
  int64_t batch, queries, keys, features, heads, headDim, groups, tile;
  int64_t rows = 0, local = 0, limit = 0;
  /// Rows from firstRow on are computed; those before ownRow, so that the last
  /// PEs have as many as the others, are another's.
  Idx firstFeature, firstRow, ownRow, firstHead;

  Idx head(Code &c, Idx feature) const {
    if (heads == 1)
      return 0;
    Idx h = c.div(feature, headDim, limit);
    return limit > features ? c.min(h, heads - 1) : h;
  }
  /// Where the key (or value) for a query feature lies: at the same place, or,
  /// if heads share keys, in the replicated tensor.
  Idx keyFeature(Code &c, Idx f, Idx feature) const {
    if (groups == heads)
      return f;
    Idx h = head(c, feature), g = c.div(h, heads / groups, heads);
    Idx start = c.mul(g, headDim);
    Idx at = c.add(c.sub(feature, c.mul(h, headDim)), start);
    // Where features end at the last head the clamps change nothing, but bounds
    // of the address can be seen without knowing that h follows from feature.
    return c.max(c.min(at, groups * headDim - 1), 0);
  }
  Idx query(Code &c, Idx i) const { return c.add(firstRow, i); }
  /// Features of one head that this PE has and that lie evenly, or 1.
  int64_t atOnce() const {
    bool even = tile % headDim == 0 || headDim % tile == 0;
    return even && groups == heads && limit == features
               ? std::min(tile, headDim)
               : 1;
  }
  bool padded(Code &c) const {
    return rows * c.rect.length(rowAxis) != queries;
  }
};

/// 0, 1, 2, ... as integers, one for each key.
mlir::Value keyOrder(const AttentionShape &s, Code &c);
/// Scores become probabilities: the rows of the heads this PE needs, of one
/// batch entry. `order`, if not null, hides keys after the query.
void softmaxOfScores(const Problem &p, const AttentionShape &s, Code &c,
                     mlir::Value scores, mlir::Value order, Idx b);

} // namespace weft::kernels
#endif
