//===- QuantizedProducts.cpp - Rules of products of quantised tensors -----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Products of integers are products of floats: sums of up to 2^24 are exact in
// f32, where gemm keeps its weight resident. Longer ones are cut into pieces
// that are added as integers.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"
#include "Quantization.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

constexpr int64_t MaxPieces = 256;

/// a b in i32, of centred operands no larger than `most` and `mostB`.
static Value exactProduct(NodeCtx &n, Value a, Value b, int64_t mostA,
                          int64_t mostB) {
  if (!a || !b || !n.rank(a) || !n.rank(b))
    return n.failValue("multiplies something without dimensions");
  int64_t depth = n.shape(a).back(),
          inner = std::max<int64_t>(n.rank(b) - 2, 0);
  int64_t piece = ExactSum / mostA / mostB;
  if (n.shape(b)[inner] != depth)
    return n.failValue("multiplies " + Twine(depth) + " columns with " +
                       Twine(n.shape(b)[inner]) + " rows");
  if (piece == 0 || depth > piece * MaxPieces)
    return n.failValue(
        "sums " + Twine(depth) +
        " products of integers, which is more than can be exact");
  Type i32 = n.builder().getI32Type();
  Value sum;
  for (int64_t at = 0; at < std::max<int64_t>(depth, 1); at += piece) {
    int64_t size = std::min(piece, depth - at);
    Value part =
        n.cast(n.make<MatMulOp>({n.sliceAxis(a, n.rank(a) - 1, at, size),
                                 n.sliceAxis(b, inner, at, size)}),
               i32);
    sum = sum ? n.make<AddOp>({sum, part}) : part;
  }
  return sum;
}

/// A zero point or scale of the rows of `a`.
static Value perRow(NodeCtx &n, Value q, Value a) {
  if (!q || !a || n.type(q).getNumElements() == 1)
    return q ? n.reshape(q, {}) : q;
  if (n.rank(q) == n.rank(a)) // [.., M, 1]
    return q;
  return spreadOver(n, q, a, n.rank(a) - 2, 0, "parameter");
}

/// One of the columns of `b`.
static Value perColumn(NodeCtx &n, Value q, Value b) {
  if (!q || !b || n.type(q).getNumElements() == 1)
    return q ? n.reshape(q, {}) : q;
  if (n.rank(q) == n.rank(b) && n.rank(b) > 1) // [.., 1, N]
    return q;
  return spreadOver(n, q, b, n.rank(b) - 1, 0, "parameter");
}

/// (a - zeroA) (b - zeroB) in i32.
static Value productOf(NodeCtx &n, Value a, Value b, Value zeroA, Value zeroB) {
  zeroA = perRow(n, zeroA, a);
  zeroB = perColumn(n, zeroB, b);
  int64_t mostA = largestCentred(n, a, zeroA),
          mostB = largestCentred(n, b, zeroB);
  b = centred(n, b, zeroB);
  return exactProduct(n, centred(n, a, zeroA), b, mostA, mostB);
}

static bool matMulInteger(NodeCtx &n) {
  if (!n.has(0) || !n.has(1))
    return n.fail("has 2 inputs, found fewer");
  return n.out(productOf(n, n.in(0), n.in(1), n.in(2), n.in(3)));
}

Value weft::requantized(NodeCtx &n, Value sum, Value scaleA, Value scaleB,
                        Value scale, Value zero) {
  if (!sum || !scaleA || !scaleB || !scale || !zero)
    return {};
  Type f32 = n.builder().getF32Type();
  Value factor = n.make<ExactDivOp>(
      {n.make<MulOp>({n.cast(scaleA, f32), n.cast(scaleB, f32)}),
       n.cast(scale, f32)});
  return rounded(n, n.make<MulOp>({n.cast(sum, f32), factor}), zero,
                 n.element(zero));
}

bool weft::hasInputs(NodeCtx &n, std::initializer_list<unsigned> needed) {
  for (unsigned i : needed)
    if (!n.has(i))
      return n.fail("lacks input #" + Twine(i));
  return true;
}

static bool qLinearMatMul(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 2, 3, 4, 5, 6, 7}))
    return false;
  Value sum = productOf(n, n.in(0), n.in(3), n.in(2), n.in(5));
  Value zero = perRow(n, n.in(7), sum), scale = perRow(n, n.in(6), sum),
        scaleB = perColumn(n, n.in(4), n.in(3)),
        scaleA = perRow(n, n.in(1), n.in(0));
  return n.out(requantized(n, sum, scaleA, scaleB, scale, zero));
}

/// com.microsoft, from the sum on: floats, with a bias.
static bool scaledSum(NodeCtx &n, Value sum, Value scaleA, Value scaleB,
                      Value bias) {
  if (!sum || !scaleA || !scaleB)
    return false;
  Type element = n.element(scaleB), f32 = n.builder().getF32Type();
  Value factor = n.make<MulOp>({n.cast(scaleA, f32), n.cast(scaleB, f32)});
  Value y = n.make<MulOp>({n.cast(sum, f32), factor});
  if (bias)
    y = n.make<AddOp>({y, n.cast(bias, f32)});
  return n.out(n.cast(y, element));
}

static bool dynamicQuantizeMatMul(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 2}))
    return false;
  Dynamic d = dynamicallyQuantized(n, n.in(0));
  Value scaleB = perColumn(n, n.in(2), n.in(1));
  Value sum = productOf(n, d.q, n.in(1), d.zero, n.in(3));
  return scaledSum(n, sum, d.scale, scaleB, n.in(4));
}

static bool matMulIntegerToFloat(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 2, 3}))
    return false;
  Value scaleB = perColumn(n, n.in(3), n.in(1)),
        scaleA = perRow(n, n.in(2), n.in(0));
  Value sum = productOf(n, n.in(0), n.in(1), n.in(4), n.in(5));
  return scaledSum(n, sum, scaleA, scaleB, n.in(6));
}

/// com.microsoft QLinearAdd and QLinearMul: in floats, between quantised.
template <typename OpTy> static bool qLinearBinary(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 3, 4, 6}))
    return false;
  Type to = n.element(n.in(0));
  Value a = dequantized(n, n.in(0), n.in(1), n.in(2)),
        b = dequantized(n, n.in(3), n.in(4), n.in(5));
  return n.out(quantized(n, n.make<OpTy>({a, b}), n.in(6), n.in(7), to));
}

/// com.microsoft QLinearSigmoid and QLinearLeakyRelu.
static bool qLinearUnary(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 3}))
    return false;
  Value x = dequantized(n, n.in(0), n.in(1), n.in(2)), y;
  if (n.node.op_type() == "QLinearSigmoid") {
    y = n.make<SigmoidOp>(x);
  } else {
    Value zero = n.scalarLike(x, 0);
    Value low = n.scaled(n.make<MinOp>({x, zero}), n.attrFloat("alpha", 0.01));
    y = n.make<AddOp>({n.make<MaxOp>({x, zero}), low});
  }
  return n.out(quantized(n, y, n.in(3), n.in(4), n.element(n.in(0))));
}

/// com.microsoft QLinearSoftmax; before opset 13, which its attribute says,
/// over all dimensions from the axis on.
static bool qLinearSoftmax(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 3, 4}))
    return false;
  Value x = dequantized(n, n.in(0), n.in(1), n.in(2));
  auto axis = n.axis(n.attrInt("axis", -1), n.rank(n.in(0)));
  if (!axis)
    return false;
  if (n.attrInt("opset", 0) < 13 && *axis != n.rank(n.in(0)) - 1)
    return n.fail("has axis " + Twine(*axis) + " of opset " +
                  Twine(n.attrInt("opset", 0)) + ", expected the last one");
  // ONNX Runtime multiplies with the whole part of 1 / scale.
  Type f32 = n.builder().getF32Type();
  Value steps = n.make<FloorOp>(
      n.make<ExactDivOp>({n.scalar(1, f32), n.cast(n.in(3), f32)}));
  Value y = n.make<MulOp>({n.softmax(x, *axis), steps});
  return n.out(rounded(n, y, n.in(4), n.element(n.in(0))));
}

/// com.microsoft QLinearWhere: a condition, two triples, scale and zero point.
static bool qLinearWhere(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 2, 3, 4, 5, 6, 7, 8}))
    return false;
  Value a = dequantized(n, n.in(1), n.in(2), n.in(3));
  Value b = dequantized(n, n.in(4), n.in(5), n.in(6));
  Value y = n.make<WhereOp>({n.in(0), a, b});
  return n.out(quantized(n, y, n.in(7), n.in(8), n.element(n.in(1))));
}

/// com.microsoft QLinearConcat: triples of tensor, scale and zero point behind
/// those of the result.
static bool qLinearConcat(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 2, 3, 4}) || n.numInputs() % 3 != 2)
    return n.fail("has " + Twine(n.numInputs()) +
                  " inputs, expected 2 and 3 for each part");
  auto axis = n.axis(n.attrInt("axis", 0), n.rank(n.in(2)));
  if (!axis)
    return false;
  SmallVector<Value> parts;
  for (unsigned i = 2; i < n.numInputs(); i += 3) {
    if (!hasInputs(n, {i, i + 1, i + 2}))
      return false;
    parts.push_back(dequantized(n, n.in(i), n.in(i + 1), n.in(i + 2)));
  }
  return n.out(quantized(n, n.concat(parts, *axis), n.in(0), n.in(1),
                         n.element(n.in(1))));
}

/// com.microsoft QGemm: a product with a bias in i32, rounded to a quantised
/// tensor or, without a scale for that, a float.
static bool qGemm(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 2, 3, 4, 5}))
    return false;
  Value a = n.in(0), b = n.in(3), zeroB = n.in(5), scaleB = n.in(4);
  if (!readMatrices(n, a, b))
    return false;
  Value sum = productOf(n, a, b, n.in(2), zeroB);
  if (sum && n.has(6))
    sum = n.make<AddOp>({sum, n.in(6)});
  Value scaleA = n.scaled(n.cast(n.in(1), n.builder().getF32Type()),
                          n.attrFloat("alpha", 1));
  scaleB = perColumn(n, scaleB, b);
  if (!n.has(7))
    return scaledSum(n, sum, scaleA, scaleB, {});
  if (!hasInputs(n, {8}))
    return false;
  return n.out(requantized(n, sum, scaleA, scaleB, n.in(7), n.in(8)));
}

//===----------------------------------------------------------------------===//
// Weights of few bits
//===----------------------------------------------------------------------===//

/// Parameters of blocks, [N, blocks, 1] in f32, for the columns of g_idx, which
/// says the block of each: [N, K]. A scalar stays.
static Value inOrder(NodeCtx &n, Value x, int64_t depth) {
  if (!x || n.rank(x) == 0)
    return x;
  int64_t rows = n.shape(x)[0], blocks = n.shape(x)[1];
  auto order = n.knownInts(n.in(4));
  if (!order || int64_t(order->size()) < depth)
    return n.failValue("has a g_idx that is not known at compile time, or "
                       "shorter than K " +
                       Twine(depth));
  order->resize(depth);
  for (int64_t at : *order)
    if (at < 0 || at >= blocks)
      return n.failValue("has a g_idx of " + Twine(at) + " with " +
                         Twine(blocks) + " blocks");
  return n.make<GatherOp>({n.reshape(x, {rows, blocks}), n.ints(*order)},
                          n.named("axis", 1));
}

/// The zero points of MatMulNBits, [N, blocks, 1] in f32, or one for all.
static Value zerosOfBlocks(NodeCtx &n, int64_t rows, int64_t blocks,
                           unsigned bits) {
  Type f32 = n.builder().getF32Type();
  Value zero = n.in(3);
  if (!zero)
    return n.scalar(1 << (bits - 1), f32);
  if (!n.element(zero).isUnsignedInteger(8))
    return n.reshape(n.cast(zero, f32), {rows, blocks, 1});
  int64_t bytes = (blocks * bits + 7) / 8;
  if (n.type(zero).getNumElements() != rows * bytes)
    return n.failValue("has " + Twine(n.type(zero).getNumElements()) +
                       " bytes of zero points, expected " +
                       Twine(rows * bytes));
  Value all = unpacked(n, n.reshape(zero, {rows, bytes}), bits);
  return n.reshape(n.cast(n.sliceAxis(all, 1, 0, blocks), f32),
                   {rows, blocks, 1});
}

/// com.microsoft: x times the transpose of [N, K], in blocks of K.
static bool matMulNBits(NodeCtx &n) {
  if (!hasInputs(n, {0, 1, 2}))
    return false;
  int64_t depth = n.attrInt("K", 0), rows = n.attrInt("N", 0),
          bits = n.attrInt("bits", 4), block = n.attrInt("block_size", 0);
  if (bits != 2 && bits != 4 && bits != 8)
    return n.fail("has " + Twine(bits) + " bits, expected 2, 4 or 8");
  constexpr int64_t Most = int64_t(1) << 31; // so that no count overflows
  if (block < 16 || block > (1 << 20) || depth < 1 || depth > Most ||
      rows < 1 || rows > Most)
    return n.fail("has K " + Twine(depth) + ", N " + Twine(rows) +
                  " and block_size " + Twine(block) + ", expected 1 to " +
                  Twine(Most) + " twice and 16 to 1048576");
  if (n.has(3) && n.has(4))
    return n.fail("has zero points beside g_idx, which ONNX Runtime does not "
                  "read");
  if (n.attrInt("weight_prepacked", 0))
    return n.fail("has weights packed for one machine (weight_prepacked)");
  int64_t blocks = (depth - 1) / block + 1, bytes = block * bits / 8;
  Value packed = n.in(1), scales = n.in(2);
  for (auto [value, count, what] :
       {std::tuple(packed, rows * blocks * bytes, "bytes of weights"),
        std::tuple(scales, rows * blocks, "scales")})
    if (n.type(value).getNumElements() != count)
      return n.fail("has " + Twine(n.type(value).getNumElements()) + " " +
                    what + ", expected " + Twine(count));
  if (!n.element(packed).isUnsignedInteger(8))
    return n.fail("has weights that are not uint8");
  remarkDequantized(n, packed);
  Type f32 = n.builder().getF32Type();
  Value q =
      unpacked(n, n.reshape(packed, {rows, blocks, bytes}), unsigned(bits));
  Value zero = zerosOfBlocks(n, rows, blocks, unsigned(bits));
  Value scale = n.reshape(n.cast(scales, f32), {rows, blocks, 1});
  auto flat = [&](Value x) {
    return n.sliceAxis(n.reshape(x, {rows, blocks * block}), 1, 0, depth);
  };
  if (n.has(4)) {
    q = flat(q);
    zero = inOrder(n, zero, depth);
    scale = inOrder(n, scale, depth);
  }
  Value centre = n.make<SubOp>({n.cast(q, f32), zero});
  Value w = n.make<MulOp>({centre, scale});
  if (!n.has(4))
    w = flat(w);
  Value y = n.make<MatMulOp>(
      {n.in(0), n.transpose(n.cast(w, n.element(n.in(0))), {1, 0})});
  if (n.has(5))
    y = n.make<AddOp>({y, n.in(5)});
  return n.out(y);
}

void weft::addQuantizedProductRules(llvm::StringMap<Rule> &rules) {
  rules["MatMulInteger"] = {matMulInteger, {}};
  rules["QLinearMatMul"] = {qLinearMatMul, {}};
  rules["com.microsoft/DynamicQuantizeMatMul"] = {dynamicQuantizeMatMul, {}};
  rules["com.microsoft/MatMulIntegerToFloat"] = {matMulIntegerToFloat, {}};
  rules["com.microsoft/QLinearAdd"] = {qLinearBinary<AddOp>, {}};
  rules["com.microsoft/QLinearMul"] = {qLinearBinary<MulOp>, {}};
  rules["com.microsoft/QLinearSigmoid"] = {qLinearUnary, {}};
  rules["com.microsoft/QLinearLeakyRelu"] = {qLinearUnary, {"alpha"}};
  rules["com.microsoft/QLinearSoftmax"] = {qLinearSoftmax, {"axis", "opset"}};
  rules["com.microsoft/QLinearWhere"] = {qLinearWhere, {}};
  rules["com.microsoft/QLinearConcat"] = {qLinearConcat, {"axis"}};
  rules["com.microsoft/QGemm"] = {qGemm, {"alpha", "transA", "transB"}};
  rules["com.microsoft/MatMulNBits"] = {
      matMulNBits,
      {"K", "N", "bits", "block_size", "accuracy_level", "weight_prepacked"}};
}
