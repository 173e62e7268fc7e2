//===- EvaluateWalk.h - Walks over constant tensors -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Strides, and the walk in row-major order that the evaluator (Evaluate.cpp)
// reads operands by.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_EVALUATEWALK_H
#define WEFT_LIB_IMPORT_EVALUATEWALK_H

#include "weft/Import/Constant.h"

namespace weft {

using Strides = llvm::SmallVector<int64_t>;

Strides rowMajor(llvm::ArrayRef<int64_t> shape);
/// Strides that read `from` as if broadcast to `rank` dimensions.
Strides broadcastStrides(llvm::ArrayRef<int64_t> from, size_t rank);

/// Walks a shape in row-major order and keeps one element offset per operand.
class StridedWalk {
public:
  StridedWalk(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<Strides> strides)
      : shape(shape), strides(strides), index(shape.size(), 0),
        offsets(strides.size(), 0) {}

  int64_t offset(unsigned operand) const { return offsets[operand]; }

  void next() {
    for (size_t d = shape.size(); d-- > 0;) {
      bool wraps = ++index[d] == shape[d];
      for (size_t i = 0; i < strides.size(); ++i)
        offsets[i] += wraps ? -strides[i][d] * (shape[d] - 1) : strides[i][d];
      if (!wraps)
        return;
      index[d] = 0;
    }
  }

private:
  llvm::ArrayRef<int64_t> shape;
  llvm::ArrayRef<Strides> strides;
  llvm::SmallVector<int64_t> index, offsets;
};

} // namespace weft
#endif
