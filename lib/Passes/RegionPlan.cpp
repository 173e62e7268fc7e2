//===- RegionPlan.cpp - What the scheduler knows of one region ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "RegionPlan.h"
#include "weft/Binary/Isa.h"
#include "weft/Kernels/Kernel.h"

using namespace mlir;
using namespace weft;

uint64_t weft::tripProduct(Operation *op) {
  uint64_t n = 1;
  for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
       loop = loop->getParentOfType<scf::ForOp>()) {
    auto end = loop.getUpperBound().getDefiningOp<arith::ConstantIndexOp>();
    n *= end ? uint64_t(end.value()) : 1;
  }
  return n;
}

uint64_t weft::wavelets(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  return ::weft::isa::waveletsOf(uint64_t(type.getNumElements()),
                                 type.getElementTypeBitWidth() / 8);
}

pe::PatternAttr weft::patternAttr(MLIRContext *ctx, const bin::Pattern &p) {
  return pe::PatternAttr::get(ctx, p.x0, p.y0, p.w, p.h, p.dx, p.dy);
}

ArrayAttr weft::mapOf(OpBuilder &b, RankedTensorType type) {
  SmallVector<Attribute> dims;
  for (const bin::DimMap &d : kernels::dimMaps(type))
    dims.push_back(pe::DimAttr::get(b.getContext(), pe::Axis(d.axis), d.extent,
                                    d.tile, d.stride));
  return b.getArrayAttr(dims);
}

bin::Pattern weft::patternOf(fabric::RegionOp r) {
  return {uint32_t(r.getAt()[0]),
          uint32_t(r.getAt()[1]),
          uint32_t(r.getSize()[0]),
          uint32_t(r.getSize()[1]),
          1,
          1};
}

bool RegionPlan::sendsStreams() const {
  fabric::ProgramOp p = program;
  fabric::RegionOp r = region;
  for (auto channel : p.getBody().getOps<fabric::ChannelOp>())
    if (channel.getPeer() && channel.getRegion() == r.getSymName())
      return true;
  return false;
}

std::string RegionPlan::kernelName(fabric::LaunchOp launch) const {
  fabric::RegionOp r = region;
  return (r.getSymName() + "/" +
          launch.getInstance().value_or(launch.getKernel()))
      .str();
}

static void collectAxes(RegionPlan &plan) {
  for (unsigned a : {0u, 1u})
    plan.axes[a].frame = {plan.whole.x0, plan.whole.y0, plan.whole.w,
                          plan.whole.h, a == 1};
  for (auto channel : plan.program.getBody().getOps<fabric::ChannelOp>()) {
    if (channel.getRegion() != plan.region.getSymName() || channel.getPeer())
      continue;
    AxisColors &c = plan.axes[unsigned(channel.getAxis())].colors;
    auto &slot = channel.getKind() == "chain_odd"    ? c.odd
                 : channel.getKind() == "chain_even" ? c.even
                                                     : c.multicast;
    slot = uint8_t(*channel.getColor());
  }
  for (auto launch : plan.region.getBody().getOps<fabric::LaunchOp>()) {
    auto kernel =
        plan.program.lookupSymbol<fabric::KernelOp>(launch.getKernel());
    kernel.walk([&](fabric::ReduceOp op) {
      plan.axes[unsigned(op.getAxis())].chainWords +=
          wavelets(op.getBuffer()) * tripProduct(op);
    });
    kernel.walk([&](fabric::MulticastOp op) {
      plan.axes[unsigned(op.getAxis())].multicastWords +=
          wavelets(op.getBuffer()) * tripProduct(op);
    });
  }
}

FailureOr<RegionPlan> weft::planRegion(fabric::ProgramOp program,
                                       fabric::RegionOp region,
                                       pe::ProgramOp out, unsigned stage,
                                       const Target &t) {
  FailureOr<RegionMemory> memory = allocateRegion(region, t);
  if (failed(memory))
    return failure();
  RegionPlan plan{program,           region, out, stage, t, std::move(*memory),
                  patternOf(region), {}};
  collectAxes(plan);
  return plan;
}
