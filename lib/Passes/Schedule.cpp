//===- Schedule.cpp - fabric to pe ----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Splits each region into classes by the roles its collectives give to PEs, and
// writes one program per class: buffers at addresses, kernels as subroutines
// with collectives replaced by what the role does, launches as calls.
//
//===----------------------------------------------------------------------===//
#include "RegionPlan.h"
#include "weft/Passes/Passes.h"

using namespace mlir;
using namespace weft;

namespace {
struct Schedule : public PassWrapper<Schedule, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Schedule)
  StringRef getArgument() const override { return "weft-schedule"; }
  StringRef getDescription() const override {
    return "one program per class of PEs, with addresses and routes";
  }

  void runOnOperation() override {
    for (auto program :
         llvm::to_vector(getOperation().getOps<fabric::ProgramOp>()))
      if (failed(schedule(program)))
        return signalPassFailure();
  }

  LogicalResult schedule(fabric::ProgramOp program) {
    auto attr = dyn_cast<wafer::TargetAttr>(program.getTarget());
    if (!attr)
      return program.emitOpError("needs a #wafer.target");
    llvm::Expected<Target> target = parseTarget(attr.getYaml(), "target");
    if (!target)
      return program.emitOpError(llvm::toString(target.takeError()));
    OpBuilder b(program);
    std::string name = (program.getSymName() + "_pe").str();
    auto out = pe::ProgramOp::create(
        b, program.getLoc(), name, uint32_t(program.getGrid()[0]),
        uint32_t(program.getGrid()[1]), attr.getYaml());
    unsigned stage = 0;
    SmallVector<RegionPlan> regions;
    for (auto region : program.getBody().getOps<fabric::RegionOp>()) {
      auto plan = planRegion(program, region, out, stage++, *target);
      if (failed(plan))
        return failure();
      regions.push_back(std::move(*plan));
      writeRegionItems(regions.back());
      if (failed(writeClasses(regions.back())))
        return failure();
    }
    writeBorder(program, out, regions);
    program->erase();
    out.setSymName("main");
    return success();
  }
};
} // namespace

std::unique_ptr<Pass> weft::createSchedulePass() {
  return std::make_unique<Schedule>();
}

void weft::registerWeftPasses() {
  registerPass([] { return createPlacePass(); });
  registerPass([] { return createExpandPass(); });
  registerPass([] { return createAssignColorsPass(); });
  registerPass([] { return createSchedulePass(); });
}
