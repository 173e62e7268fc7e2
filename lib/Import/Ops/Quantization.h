//===- Quantization.h - What rules of quantised ops share -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A quantised tensor stands for (q - zero) * scale. Scales and zero points are
// for all elements, one for each index of an axis, or one for each block along
// an axis.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_OPS_QUANTIZATION_H
#define WEFT_LIB_IMPORT_OPS_QUANTIZATION_H

#include "Composed.h"

namespace weft {

/// `q`, a scale or a zero point, in a shape that broadcasts to that of `x`;
/// null stays null. `block` is 0 but for blocks.
Value spreadOver(NodeCtx &n, Value q, Value x, int64_t axis, int64_t block,
                 llvm::StringRef what);

/// (x - zero) * scale in f32; scale and zero broadcast, zero may be null.
Value dequantized(NodeCtx &n, Value x, Value scale, Value zero);

/// x / scale rounded half to even, plus zero, cut to the range of `to`.
Value quantized(NodeCtx &n, Value x, Value scale, Value zero, mlir::Type to);

/// x in f32 less its zero point, which is exact.
Value centred(NodeCtx &n, Value x, Value zero);

/// The largest |x - zero| that their types allow.
int64_t largestCentred(NodeCtx &n, Value x, Value zero);

/// The unsigned fields of `bits` bits of bytes, the lowest first: the last
/// dimension grows.
Value unpacked(NodeCtx &n, Value bytes, unsigned bits);

/// DynamicQuantizeLinear: values, scale and zero point.
struct Dynamic {
  Value q, scale, zero;
};
Dynamic dynamicallyQuantized(NodeCtx &n, Value x);

/// A weaker form of quantized(): x is in units of the scale already.
Value rounded(NodeCtx &n, Value x, Value zero, mlir::Type to);

/// Bits of an ONNX element type of which a byte holds several, else 0.
unsigned packedBits(int32_t onnxType);
/// The int8 or uint8 tensor that the bytes of a packed initializer say.
Value unpackedInitializer(Importer &importer, Value bytes,
                          const onnx::TensorProto &tensor);

/// Up to here sums of integers are exact in f32.
constexpr int64_t ExactSum = int64_t(1) << 24;
/// sum * scaleA * scaleB in the scale of the result.
Value requantized(NodeCtx &n, Value sum, Value scaleA, Value scaleB,
                  Value scale, Value zero);
/// Fails where one of these inputs is absent.
bool hasInputs(NodeCtx &n, std::initializer_list<unsigned> needed);

/// MatMulInteger and other products; ConvInteger and QLinearConv.
void addQuantizedProductRules(llvm::StringMap<Rule> &rules);
void addQuantizedConvolutionRules(llvm::StringMap<Rule> &rules);

/// Says in a remark that the node's constant is a float tensor from here on.
void remarkDequantized(NodeCtx &n, Value constant);

} // namespace weft
#endif
