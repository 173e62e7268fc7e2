#pragma once
#include "mlir/Pass/PassManager.h"
namespace weft {
inline void buildRaisingPipeline(mlir::OpPassManager &) {}
} // namespace weft
