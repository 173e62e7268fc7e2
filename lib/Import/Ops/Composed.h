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

template <typename OpTy> bool unary(NodeCtx &n) {
  return n.out(n.make<OpTy>(n.in(0)));
}
template <typename OpTy> bool binary(NodeCtx &n) {
  return n.out(n.make<OpTy>({n.in(0), n.in(1)}));
}

/// An operand of integers that older opsets have as an attribute.
std::optional<llvm::SmallVector<int64_t>> intsOf(NodeCtx &n, unsigned input,
                                                 llvm::StringRef attr);

/// Two operands of rank 2, transposed as transA and transB say; false after an
/// error.
bool readMatrices(NodeCtx &n, Value &a, Value &b);

void addFusedRules(llvm::StringMap<Rule> &rules);

/// What Gemm and Conv compute; null after an error.
Value gemmOf(NodeCtx &n);
Value convOf(NodeCtx &n);

/// The logarithm of the softmax along `axis`, in the type of `x`.
Value logSoftmaxOf(NodeCtx &n, Value x, int64_t axis);

/// Over `axes`, which stay with extent 1.
template <typename OpTy>
Value reduceKept(NodeCtx &n, Value x, llvm::ArrayRef<int64_t> axes) {
  return n.make<OpTy>(x, {n.named("axes", axes),
                          n.named("keepdims", n.builder().getBoolAttr(true))});
}

/// The product of positive numbers, or a number beyond any tensor's size.
inline int64_t boundedProduct(llvm::ArrayRef<int64_t> numbers) {
  constexpr int64_t Most = int64_t(1) << 60;
  int64_t product = 1;
  for (int64_t number : numbers) {
    if (number > 0 && product > Most / number)
      return Most;
    product *= number;
  }
  return product;
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
