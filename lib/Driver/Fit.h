//===- Fit.h - On how large a grid would a model fit? ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_FIT_H
#define WEFT_LIB_DRIVER_FIT_H

#include "mlir/IR/BuiltinOps.h"
#include "weft/Target/Target.h"

namespace weft {

/// For an nn module that does not fit in the SRAM of `target`: compiles it for
/// larger cuts of `whole`, the same target uncut, and says in a sentence which
/// is the smallest that does, or what the whole grid lacks. Sides double until
/// the model fits, then the last step is halved six times; at most 17 tries,
/// whatever the model, and none for one of thousands of ops, which is said.
std::string smallestGrid(mlir::ModuleOp module, const Target &target,
                         const Target &whole);

} // namespace weft

#endif
