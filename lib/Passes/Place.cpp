//===- Place.cpp - Positions of stages ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Place.h"
#include "PassDetail.h"
#include "mlir/IR/Remarks.h"
#include "weft/Passes/Passes.h"

using namespace mlir;
using namespace weft;

namespace weft {
#define GEN_PASS_DEF_PLACE
#include "Passes.h.inc"
} // namespace weft

namespace {
struct Place : public weft::impl::PlaceBase<Place> {
  void runOnOperation() override {
    for (auto program : getOperation().getOps<wafer::ProgramOp>())
      if (failed(place(program)))
        return signalPassFailure();
  }

  LogicalResult place(wafer::ProgramOp program) {
    auto stages = llvm::to_vector(program.getBody().getOps<wafer::StageOp>());
    solve::PlaceProblem p;
    p.gridW = uint32_t(program.getGrid()[0]);
    p.gridH = uint32_t(program.getGrid()[1]);
    bool streams = !program.getBody().getOps<wafer::StreamOp>().empty();
    uint32_t x = 0, y = 0;
    for (wafer::StageOp stage : stages) {
      solve::PlaceBlock block;
      block.name = stage.getSymName().str();
      block.shapes = {
          {uint32_t(stage.getSize()[0]), uint32_t(stage.getSize()[1]), 1}};
      if (stage.getAt())
        block.at = {uint32_t((*stage.getAt())[0]),
                    uint32_t((*stage.getAt())[1])};
      else if (streams) // streams lead east on the same rows
        block.at = {x, y};
      if (block.at)
        std::tie(x, y) =
            std::pair(block.at->first + block.shapes[0].w, block.at->second);
      p.add(block);
    }
    if (std::string fault = p.check(); !fault.empty())
      return program.emitOpError("cannot be placed: ") << fault;
    solve::PlaceResult result = solve::solvePlace(p);
    if (!result)
      return program.emitOpError("cannot be placed: ") << result.message;
    if (std::string fault = p.verify(*result.solution); !fault.empty())
      return program.emitOpError("internal: placement is wrong: ") << fault;
    for (auto [stage, at] : llvm::zip(stages, result.solution->blocks)) {
      stage.setAt(ArrayRef<int64_t>{at.x, at.y});
      remark::passed(stage.getLoc(),
                     remark::RemarkOpts::name("Place").category(getArgument()))
          << remark::metric("Stage", stage.getSymName())
          << remark::metric("X", at.x) << remark::metric("Y", at.y)
          << remark::metric("Width", stage.getSize()[0])
          << remark::metric("Height", stage.getSize()[1]);
    }
    return success();
  }
};
} // namespace

std::unique_ptr<Pass> weft::createPlacePass() {
  return std::make_unique<Place>();
}
