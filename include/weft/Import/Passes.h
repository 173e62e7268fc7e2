//===- Passes.h - From what exporters wrote to what was meant -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The raising passes on nn, as a pipeline for the importer and as single passes
// for weft-opt.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_IMPORT_PASSES_H
#define WEFT_IMPORT_PASSES_H

#include "mlir/Pass/PassManager.h"

namespace weft {

/// All raising passes in order, on a module.
void buildRaisingPipeline(mlir::OpPassManager &passes);

/// nn-convert-floats: floats of type `to` (keep, f32, f16, bf16), sums of f16
/// products in `acc` (f32, f16).
std::unique_ptr<mlir::Pass> createConvertFloatsPass(llvm::StringRef to,
                                                    llvm::StringRef acc);

/// nn-state-views and what cleans up behind it.
void buildStatePipeline(mlir::OpPassManager &passes);

/// nn-known-divisors, for a program whose types are final.
std::unique_ptr<mlir::Pass> createKnownDivisorsPass();

/// Registers nn-simplify, nn-raise-linear, nn-raise-norm, nn-raise-activation,
/// nn-raise-cache, nn-raise-attention, nn-state-views, nn-known-divisors and
/// the pipeline nn-raise.
void registerImportPasses();

} // namespace weft
#endif
