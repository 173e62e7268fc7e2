//===- Composed.h - What several rules compose ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Formulas of nn ops that rules of different subjects need.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_OPS_COMPOSED_H
#define WEFT_LIB_IMPORT_OPS_COMPOSED_H

#include "Importer.h"

namespace weft {

/// The logarithm of the softmax along `axis`, in the type of `x`.
Value logSoftmaxOf(NodeCtx &n, Value x, int64_t axis);

/// Over `axes`, which stay with extent 1.
template <typename OpTy>
Value reduceKept(NodeCtx &n, Value x, llvm::ArrayRef<int64_t> axes) {
  return n.make<OpTy>(x, {n.named("axes", axes),
                          n.named("keepdims", n.builder().getBoolAttr(true))});
}

/// A vector along dimension `axis` of tensors of this rank: [1, .., C, .., 1].
inline Value alongDim(NodeCtx &n, Value vector, int64_t axis, int64_t rank) {
  llvm::SmallVector<int64_t> shape(rank, 1);
  if (vector)
    shape[axis] = n.type(vector).getNumElements();
  return n.reshape(vector, shape);
}

} // namespace weft
#endif
