//===- Costs.cpp - What options cost, remembered --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Costs.h"

using namespace mlir;
using namespace weft;

kernels::Measure Costs::of(const kernels::Problem &p,
                           const kernels::Option &o) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << p.op << '|' << o.algorithm << '|' << p.config << '|' << o.out;
  for (RankedTensorType t : o.ins)
    os << '|' << t;
  auto [it, isNew] = known.try_emplace(key);
  if (isNew) {
    OpBuilder b(module.getBodyRegion());
    SmallVector<MemRefType> scratch;
    fabric::KernelOp k =
        kernels::expandKernel(b, module.getLoc(), "cost", p, o, rect, scratch);
    it->second = kernels::measure(k, rect, target);
    for (MemRefType s : scratch)
      it->second.scratchBytes +=
          s.getElementTypeBitWidth() / 8 * uint64_t(s.getNumElements());
    k->erase();
  }
  return it->second;
}
