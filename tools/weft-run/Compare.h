//===- Compare.h - Outputs against expected values ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// |out - want| <= atol + rtol * max|finite want|; NaN where NaN is wanted,
// infinities by sign, integers and bool exactly.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_RUN_COMPARE_H
#define WEFT_TOOLS_RUN_COMPARE_H

#include "weft/Support/TensorFile.h"

namespace weft::run {

struct Comparison {
  bool differs = false;
  uint64_t wrong = 0;  // elements beyond what is allowed
  double maxError = 0; // inf where NaN or infinity do not match
  double allowed = 0;
  uint64_t worst = 0; // element with the largest error
  double got = 0, want = 0;
};

/// Type and shape of both are equal.
Comparison compareTensors(const FileTensor &got, const FileTensor &want,
                          double rtol, double atol);

/// "max error 1e-7 (allowed 2e-5) at [0, 3]: got 1, want 1"
std::string describe(const Comparison &c, llvm::ArrayRef<uint64_t> shape);

} // namespace weft::run
#endif
