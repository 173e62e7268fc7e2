//===- MicrosoftEmbedding.cpp - Rules of ONNX Runtime's embeddings --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// com.microsoft: EmbedLayerNormalization and RotaryEmbedding.
//
//===----------------------------------------------------------------------===//
#include "AttentionRules.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

static Value gatherRows(NodeCtx &n, Value table, Value rows) {
  return n.make<GatherOp>({table, rows}, n.named("axis", 0));
}

/// norm(word[ids] + position[i] + segment[segments]); the mask index is the
/// number of valid keys of each row.
static bool embedLayerNorm(NodeCtx &n) {
  Value ids = n.in(0), segments = n.in(1), positions = n.in(8);
  if (!ids || !n.has(2) || !n.has(3) || !n.has(5) || !n.has(6) ||
      n.rank(ids) != 2 || n.rank(n.in(3)) != 2)
    return n.fail("has no ids of rank 2, tables or scale and bias");
  int64_t length = n.shape(ids)[1];
  if (!positions && n.shape(n.in(3))[0] < length)
    return n.fail("has fewer positions than ids");
  Value where = positions ? gatherRows(n, n.in(3), positions)
                          : n.sliceAxis(n.in(3), 0, 0, length);
  Value sum = n.make<AddOp>({gatherRows(n, n.in(2), ids), where});
  if (segments && n.has(4))
    sum = n.make<AddOp>({sum, gatherRows(n, n.in(4), segments)});
  if (!sum)
    return false;
  n.out(sum, 2);
  if (n.wants(1)) {
    // Without a mask nothing is counted.
    Type i32 = n.builder().getI32Type();
    Value count = n.splat(0, RankedTensorType::get({n.shape(ids)[0]}, i32));
    if (n.has(7))
      count = n.make<ReduceSumOp>(
          n.in(7), {n.named("axes", ArrayRef<int64_t>{1}),
                    n.named("keepdims", n.builder().getBoolAttr(false))});
    n.out(count, 1);
  }
  auto eps = n.named("epsilon", n.builder().getF32FloatAttr(
                                    float(n.attrFloat("epsilon", 1e-12f))));
  return n.out(n.make<LayerNormOp>({sum, n.in(5), n.in(6)}, eps));
}

/// RotaryEmbedding: positions are [B, T], or one offset for all rows.
static bool rotaryEmbedding(NodeCtx &n) {
  Value x = n.in(0), positions = n.in(1), cos = n.in(2), sin = n.in(3);
  if (!x || !positions || !cos || !sin || n.rank(cos) != 2 ||
      n.attrInt("is_packed_batching", 0) || n.attrFloat("scale", 1) != 1)
    return n.fail("has missing inputs, packed batches or a scale");
  bool fourD = n.rank(x) == 4;
  if (!fourD && n.rank(x) != 3)
    return n.fail("has an input of rank " + Twine(n.rank(x)) +
                  ", expected 3 or 4");
  Ints shape(n.shape(x));
  int64_t width =
      n.attrInt("rotary_embedding_dim", 0) > 0
          ? shape.back() / std::max<int64_t>(n.attrInt("num_heads", 0), 1)
          : 2 * n.shape(cos)[1];
  if (width < 1 || (!fourD && shape[2] % width))
    return n.fail("has " + Twine(shape.back()) +
                  " columns that heads do not divide");
  x = fourD ? n.transpose(x, {0, 2, 1, 3})
            : n.reshape(x, {shape[0], shape[1], shape[2] / width, width});
  if (!x)
    return false;
  if (n.rank(positions) == 1) {
    Value rows = counted(n, n.shape(x)[1], n.element(positions));
    positions = n.reshape(n.make<AddOp>({rows, positions}), {1, n.shape(x)[1]});
  }
  sin = gatherRows(n, sin, positions);
  cos = gatherRows(n, cos, positions);
  Value y = rotate(n, x, cos, sin, n.attrInt("interleaved", 0) != 0);
  return n.out(fourD ? n.transpose(y, {0, 2, 1, 3}) : n.reshape(y, shape));
}

void weft::addMicrosoftEmbeddingRules(llvm::StringMap<Rule> &rules) {
  rules["com.microsoft/EmbedLayerNormalization"] = {
      embedLayerNorm, {"epsilon", "mask_index_type"}};
  rules["com.microsoft/RotaryEmbedding"] = {rotaryEmbedding,
                                            {"interleaved", "num_heads",
                                             "rotary_embedding_dim", "scale",
                                             "is_packed_batching"}};
}
