//===- EvaluateWalk.cpp - Walks over constant tensors ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "EvaluateWalk.h"

using namespace mlir;
using namespace weft;

Strides weft::rowMajor(ArrayRef<int64_t> shape) {
  Strides strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

Strides weft::broadcastStrides(ArrayRef<int64_t> from, size_t rank) {
  Strides own = rowMajor(from), strides(rank, 0);
  for (size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1)
      strides[rank - from.size() + i] = own[i];
  return strides;
}
