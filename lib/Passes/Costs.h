//===- Costs.h - What options cost, remembered ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_COSTS_H
#define WEFT_LIB_PASSES_COSTS_H

#include "mlir/IR/BuiltinOps.h"
#include "weft/Kernels/Kernel.h"
#include <map>

namespace weft {

/// Cost of an expansion, remembered by what determines it.
class Costs {
public:
  Costs(mlir::MLIRContext *ctx, const kernels::Rect &r, const Target &t)
      : target(t), rect(r),
        module(mlir::ModuleOp::create(mlir::UnknownLoc::get(ctx))) {}
  ~Costs() { module->erase(); }

  kernels::Measure of(const kernels::Problem &p, const kernels::Option &o);

  const Target &target;

private:
  kernels::Rect rect;
  mlir::ModuleOp module;
  std::map<std::string, kernels::Measure> known;
};

} // namespace weft

#endif
