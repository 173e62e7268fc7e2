//===- State.h - What --state says ----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_STATE_H
#define WEFT_LIB_DRIVER_STATE_H

#include "NN/NNOps.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace weft {

/// Makes each IN=OUT of `options` a state of `program`; `*` stands for any
/// text, the same on both sides. Fails on names that are not there or are used
/// twice, on types that differ (a cache that grows), and on outputs that are
/// not computed.
llvm::Error bindStates(nn::ProgramOp program,
                       const std::vector<std::string> &options);

/// After the passes that lay states out: no output may hand a state's input
/// through, since the state's next value would be read for it.
llvm::Error checkStates(mlir::ModuleOp module);

} // namespace weft
#endif
