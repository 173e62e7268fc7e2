//===- RegionPlan.h - What the scheduler knows of one region --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Shared by the three writers of a pe.program: items of a region, its classes,
// and the border to the host.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_REGIONPLAN_H
#define WEFT_LIB_PASSES_REGIONPLAN_H

#include "Memory.h"
#include "PassDetail.h"
#include "Roles.h"

namespace weft {

/// What a region communicates along one axis.
struct AxisUse {
  AxisFrame frame;
  AxisColors colors;
  uint64_t chainWords = 0, multicastWords = 0; // per sender, whole program
  bool used() const { return colors.odd || colors.multicast; }
};

struct RegionPlan {
  fabric::ProgramOp program;
  fabric::RegionOp region;
  pe::ProgramOp out;
  unsigned stage = 0;
  const Target &target;
  RegionMemory memory;
  bin::Pattern whole;
  AxisUse axes[2];

  /// Do streams to other regions leave from the last column?
  bool sendsStreams() const;
  /// The symbol of a launch's pe.kernel.
  std::string kernelName(fabric::LaunchOp launch) const;
};

/// Is all there that the scheduler needs: channels with colours, inputs and
/// outputs once each? Else an error on the op that lacks it.
mlir::LogicalResult checkComplete(fabric::ProgramOp program);
/// Allocates the region and finds what its collectives use.
mlir::FailureOr<RegionPlan> planRegion(fabric::ProgramOp program,
                                       fabric::RegionOp region,
                                       pe::ProgramOp out, unsigned stage,
                                       const Target &t);
/// Stage, routes, streams, initial data, memory ranges and kernels.
void writeRegionItems(RegionPlan &plan);
/// One pe.class per combination of roles.
mlir::LogicalResult writeClasses(RegionPlan &plan);
/// Inputs, outputs and the ledger.
void writeBorder(fabric::ProgramOp program, pe::ProgramOp out,
                 llvm::ArrayRef<RegionPlan> regions);

bin::Pattern patternOf(fabric::RegionOp region);
pe::PatternAttr patternAttr(mlir::MLIRContext *ctx, const bin::Pattern &p);
/// How a laid-out tensor lies in SRAM, as an attribute.
mlir::ArrayAttr mapOf(mlir::OpBuilder &b, mlir::RankedTensorType type);
/// How often `op` runs in one run of its kernel, and the elements it moves.
uint64_t tripProduct(mlir::Operation *op);
uint64_t wavelets(mlir::Value buffer);

} // namespace weft

#endif
