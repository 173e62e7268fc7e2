//===- Passes.h - From nn to pe, one level at a time ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PASSES_PASSES_H
#define WEFT_PASSES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "weft/Target/Target.h"
#include <memory>

namespace weft {

struct Plan;

/// The machine that --target, --grid and --set name; empty `grid`: all of it.
llvm::Expected<Target> resolveTarget(llvm::StringRef name, llvm::StringRef grid,
                                     llvm::ArrayRef<std::string> set);
/// The machine that a wafer, fabric or pe program states: `text` is a target
/// file's text, or a preset's name; cut to `grid`.
llvm::Expected<Target> statedTarget(llvm::StringRef text,
                                    llvm::ArrayRef<int64_t> grid);

/// nn.program -> wafer.program with one stage: a rectangle, a kernel and
/// layouts for every op, chosen by cost. `t` is the machine, its grid already
/// cut; without a name the pass's options say it. A `plan` that is given is
/// obeyed, another one is filled. Kernels and data of a PE should take at most
/// `most` bytes, and never more than eight ninths of its SRAM.
std::unique_ptr<mlir::Pass> createPartitionPass(const Target &t,
                                                Plan *plan = nullptr,
                                                uint64_t most = UINT64_MAX);
/// Gives stages without `at` a place.
std::unique_ptr<mlir::Pass> createPlacePass();
/// wafer.program -> fabric.program: buffers, launches, kernels (equal ones
/// once).
std::unique_ptr<mlir::Pass> createExpandPass();
/// Creates the channels that collectives need and gives each a colour.
std::unique_ptr<mlir::Pass> createAssignColorsPass();
/// fabric.program -> pe.program: classes, addresses, routes, streams, tables.
std::unique_ptr<mlir::Pass> createSchedulePass();

/// Registers all of them for weft-opt.
void registerWeftPasses();

} // namespace weft
#endif
