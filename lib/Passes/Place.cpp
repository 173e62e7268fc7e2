//===- Place.cpp - Positions of stages ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Place.h"
#include "PassDetail.h"
#include "weft/Passes/Passes.h"

using namespace mlir;
using namespace weft;

namespace {
struct Place : public PassWrapper<Place, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Place)
  StringRef getArgument() const override { return "weft-place"; }
  StringRef getDescription() const override {
    return "give stages without 'at' a place on the grid";
  }

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
    uint32_t x = 0;
    for (wafer::StageOp stage : stages) {
      solve::PlaceBlock block;
      block.name = stage.getSymName().str();
      block.shapes = {
          {uint32_t(stage.getSize()[0]), uint32_t(stage.getSize()[1]), 1}};
      if (stage.getAt())
        block.at = {uint32_t((*stage.getAt())[0]),
                    uint32_t((*stage.getAt())[1])};
      else if (streams) // streams lead east on the same rows
        block.at = {x, 0};
      if (block.at)
        x = block.at->first + block.shapes[0].w;
      p.add(block);
    }
    if (std::string fault = p.check(); !fault.empty())
      return program.emitOpError("cannot be placed: ") << fault;
    solve::PlaceResult result = solve::solvePlace(p);
    if (!result)
      return program.emitOpError("cannot be placed: ") << result.message;
    if (std::string fault = p.verify(*result.solution); !fault.empty())
      return program.emitOpError("internal: placement is wrong: ") << fault;
    for (auto [stage, at] : llvm::zip(stages, result.solution->blocks))
      stage.setAt(ArrayRef<int64_t>{at.x, at.y});
    return success();
  }
};
} // namespace

std::unique_ptr<Pass> weft::createPlacePass() {
  return std::make_unique<Place>();
}
