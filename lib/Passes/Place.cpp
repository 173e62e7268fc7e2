//===- Place.cpp - Positions of stages ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
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
    for (auto program : getOperation().getOps<wafer::ProgramOp>()) {
      int64_t x = 0;
      for (auto stage : program.getBody().getOps<wafer::StageOp>()) {
        if (!stage.getAt())
          stage.setAt(ArrayRef<int64_t>{x, 0});
        x = (*stage.getAt())[0] + stage.getSize()[0];
      }
    }
  }
};
} // namespace

std::unique_ptr<Pass> weft::createPlacePass() {
  return std::make_unique<Place>();
}
