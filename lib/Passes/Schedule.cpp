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

namespace weft {
#define GEN_PASS_DEF_SCHEDULE
#include "Passes.h.inc"
} // namespace weft

namespace {
struct Schedule : public weft::impl::ScheduleBase<Schedule> {
  void runOnOperation() override {
    for (auto program :
         llvm::to_vector(getOperation().getOps<fabric::ProgramOp>()))
      if (failed(schedule(program)))
        return signalPassFailure();
  }

  LogicalResult schedule(fabric::ProgramOp program) {
    llvm::Expected<Target> target =
        statedTarget(program.getTarget().getYaml(), program.getGrid());
    if (!target)
      return program.emitOpError(llvm::toString(target.takeError()));
    if (failed(checkComplete(program)))
      return failure();
    OpBuilder b(program);
    std::string name = (program.getSymName() + "_pe").str();
    auto out = pe::ProgramOp::create(
        b, program.getLoc(), name, uint32_t(program.getGrid()[0]),
        uint32_t(program.getGrid()[1]), program.getTarget().getYaml());
    if (auto rtol = getOperation()->getAttrOfType<FloatAttr>("weft.rtol"))
      out.setRtolAttr(rtol);
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
  registerPass([] { return createPartitionPass(Target()); });
  registerPass([] { return createPlacePass(); });
  registerPass([] { return createExpandPass(); });
  registerPass([] { return createAssignColorsPass(); });
  registerPass([] { return createSchedulePass(); });
}
