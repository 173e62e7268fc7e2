//===- SimplifyPatterns.h - What nn-simplify rewrites ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every rule either removes an op or moves a reshape down or a slice up, so
// rewriting ends.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_RAISE_SIMPLIFYPATTERNS_H
#define WEFT_LIB_IMPORT_RAISE_SIMPLIFYPATTERNS_H

#include "PassDetail.h"

namespace weft::nn {

/// Of ops that compute. `left` elements of constants may still be looked at.
void addArithmeticPatterns(mlir::RewritePatternSet &patterns, int64_t *left);
/// Of transposes, reshapes and slices.
void addMovePatterns(mlir::RewritePatternSet &patterns);

} // namespace weft::nn
#endif
