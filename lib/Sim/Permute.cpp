//===- Permute.cpp - Tensors that lie permuted on the wafer ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Sim/Elements.h"
#include <cstring>

using namespace llvm;
using namespace weft;

std::vector<uint64_t> sim::permuteShape(ArrayRef<uint64_t> shape,
                                        ArrayRef<uint8_t> perm) {
  std::vector<uint64_t> out(shape.begin(), shape.end());
  for (size_t i = 0; i < perm.size(); ++i)
    out[i] = shape[perm[i]];
  return out;
}

std::vector<uint8_t> sim::permuteElements(ArrayRef<uint8_t> bytes,
                                          ArrayRef<uint64_t> shape,
                                          ArrayRef<uint8_t> perm,
                                          unsigned elemBytes, bool inverse) {
  std::vector<uint8_t> out(bytes.begin(), bytes.end());
  if (perm.empty() || bytes.empty())
    return out;
  std::vector<uint64_t> sizes = permuteShape(shape, perm), at(perm.size(), 0);
  std::vector<uint64_t> strides(perm.size(), 1); // of `shape`
  for (size_t d = shape.size() - 1; d-- > 0;)
    strides[d] = strides[d + 1] * shape[d + 1];
  for (uint64_t k = 0; k * elemBytes < bytes.size(); ++k) {
    uint64_t own = 0;
    for (size_t d = 0; d < at.size(); ++d)
      own += at[d] * strides[perm[d]];
    uint64_t from = inverse ? k : own, to = inverse ? own : k;
    std::memcpy(&out[to * elemBytes], &bytes[from * elemBytes], elemBytes);
    for (size_t d = at.size(); d-- > 0 && ++at[d] == sizes[d];)
      at[d] = 0;
  }
  return out;
}
