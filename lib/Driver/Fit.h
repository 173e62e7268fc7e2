//===- Fit.h - On how large a grid would a model fit? ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_FIT_H
#define WEFT_LIB_DRIVER_FIT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "weft/Target/Target.h"

namespace weft {

struct Plan;

/// How the fullest class of a scheduled module lies in its SRAM.
struct Fullest {
  uint64_t dataBytes = 0; // behind what is reserved
  uint64_t missing = 0;   // bytes of code that have no room
  std::string error;      // for the class, empty if all fit
};
Fullest fullestClass(mlir::ModuleOp scheduled, const Target &target);

/// The passes from nn to pe; data and kernels of a PE are held to `most` bytes.
void buildLowering(mlir::OpPassManager &pm, const Target &target,
                   Plan *plan = nullptr, uint64_t most = UINT64_MAX);

/// For an nn module that does not fit in the SRAM of `target`: compiles it for
/// larger cuts of `whole`, the same target uncut, and says in a sentence which
/// is the smallest that does, or what the whole grid lacks. Sides double until
/// the model fits, then the last step is halved six times; at most 17 tries,
/// each once more with half the data if code lacks room, whatever the model,
/// and none for one of thousands of ops, which is said.
std::string smallestGrid(mlir::ModuleOp module, const Target &target,
                         const Target &whole);

} // namespace weft

#endif
