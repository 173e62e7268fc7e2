//===- Functions.h - Functions of one number over contiguous tiles --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// nn ops as sequences of Math.cpp's functions, with the results that IEEE 754
// wants at the edges (0, inf, NaN), which kernels that use those functions
// inside do not need.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_KERNELS_FUNCTIONS_H
#define WEFT_LIB_KERNELS_FUNCTIONS_H

#include "weft/Kernels/Code.h"

namespace weft::kernels {

/// Is `p` a function of one number that emitFunction() knows?
bool isFunction(const Problem &p);
/// May it give inf or NaN for a finite operand?
bool isUnbounded(llvm::StringRef op);
/// out = f(ins[0]) over `total` elements that lie contiguously.
void emitFunction(const Problem &p, Code &c, int64_t total);

/// body(offset, size) over 0 .. total in pieces of at most `limit`.
void inChunks(Code &c, int64_t total, int64_t limit,
              llvm::function_ref<void(Idx, int64_t)> body);

} // namespace weft::kernels
#endif
