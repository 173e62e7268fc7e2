//===- AssignColors.cpp - Channels and their colours ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "weft/Passes/Passes.h"

using namespace mlir;
using namespace weft;

namespace {
/// Does a kernel launched in `region` communicate along `axis`?
bool usesAxis(fabric::ProgramOp program, fabric::RegionOp region,
              fabric::Axis axis) {
  bool used = false;
  for (auto launch : region.getBody().getOps<fabric::LaunchOp>()) {
    auto kernel = program.lookupSymbol<fabric::KernelOp>(launch.getKernel());
    kernel.walk([&](fabric::ReduceOp op) { used |= op.getAxis() == axis; });
    kernel.walk([&](fabric::MulticastOp op) { used |= op.getAxis() == axis; });
  }
  return used;
}

struct AssignColors
    : public PassWrapper<AssignColors, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(AssignColors)
  StringRef getArgument() const override { return "weft-assign-colors"; }
  StringRef getDescription() const override {
    return "create the channels of collectives and assign colours";
  }

  void runOnOperation() override {
    for (auto program : getOperation().getOps<fabric::ProgramOp>())
      if (failed(run(program)))
        return signalPassFailure();
  }

  LogicalResult run(fabric::ProgramOp program) {
    auto attr = dyn_cast<wafer::TargetAttr>(program.getTarget());
    if (!attr)
      return program.emitOpError("needs a #wafer.target");
    llvm::Expected<Target> target = parseTarget(attr.getYaml(), "target");
    if (!target)
      return program.emitOpError(llvm::toString(target.takeError()));
    createChannels(program);
    // Regions are disjoint, so each starts from the first colour; streams
    // between regions get colours of their own.
    unsigned shared = 0;
    for (auto region : program.getBody().getOps<fabric::RegionOp>()) {
      unsigned next = 0;
      for (auto channel : program.getBody().getOps<fabric::ChannelOp>())
        if (channel.getRegion() == region.getSymName() && !channel.getPeer() &&
            failed(color(channel, next++, *target)))
          return failure();
      shared = std::max(shared, next);
    }
    for (auto channel : program.getBody().getOps<fabric::ChannelOp>())
      if (channel.getPeer() && failed(color(channel, shared++, *target)))
        return failure();
    return success();
  }

  void createChannels(fabric::ProgramOp program) {
    OpBuilder b = OpBuilder::atBlockEnd(&program.getBody().front());
    for (auto region :
         llvm::to_vector(program.getBody().getOps<fabric::RegionOp>()))
      for (fabric::Axis axis : {fabric::Axis::X, fabric::Axis::Y}) {
        if (region.getSize()[unsigned(axis)] == 1 ||
            !usesAxis(program, region, axis))
          continue;
        for (const char *kind : {"chain_odd", "chain_even", "multicast"}) {
          std::string name =
              (region.getSymName() + "_" + stringifyAxis(axis) + "_" + kind)
                  .str();
          if (!program.lookupSymbol(name))
            fabric::ChannelOp::create(
                b, region.getLoc(), b.getStringAttr(name),
                b.getStringAttr(kind),
                fabric::AxisAttr::get(b.getContext(), axis),
                FlatSymbolRefAttr::get(b.getContext(), region.getSymName()),
                FlatSymbolRefAttr(), IntegerAttr());
        }
      }
  }

  LogicalResult color(fabric::ChannelOp channel, unsigned index,
                      const Target &t) {
    if (channel.getColor())
      return success();
    const std::vector<uint32_t> &user = t.userColors.value;
    if (index >= user.size())
      return channel.emitOpError("needs colour number ")
             << index + 1 << ", the target has " << user.size()
             << " for programs (R-FAB-1)";
    channel.setColor(user[index]);
    return success();
  }
};
} // namespace

std::unique_ptr<Pass> weft::createAssignColorsPass() {
  return std::make_unique<AssignColors>();
}
