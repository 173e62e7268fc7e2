//===- PlanApply.h - A candidate and its plan -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_PLANAPPLY_H
#define WEFT_LIB_PASSES_PLANAPPLY_H

#include "Candidate.h"
#include "weft/Passes/Plan.h"

namespace weft {

/// The rectangle that `plan` states for the stage, if any; an error if it does
/// not fit the grid, or names no stage.
mlir::FailureOr<std::optional<Rect>>
planRectangle(const Plan &plan, mlir::MLIRContext *ctx, const Target &t);

/// Leaves `c` only the options that `plan` allows. What is unknown or not legal
/// is an error at its place in the plan, with what is allowed.
mlir::LogicalResult applyPlan(const Plan &plan, nn::ProgramOp program,
                              Candidate &c);

/// The choice of `c` as a plan.
void fillPlan(Plan &plan, nn::ProgramOp program, const Candidate &c);

} // namespace weft

#endif
