//===- Register.cpp - What weft-opt knows ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Register.h"
#include "Fabric/FabricOps.h"
#include "NN/NNOps.h"
#include "PE/Emit/Emit.h"
#include "PE/PEOps.h"
#include "Wafer/WaferOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/Passes.h"
#include "weft/Driver/ProgramData.h"
#include "weft/Import/Passes.h"
#include "weft/Import/WeightStore.h"
#include "weft/Passes/Passes.h"

using namespace weft;

static void insertDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::arith::ArithDialect, mlir::memref::MemRefDialect,
                  mlir::scf::SCFDialect, mlir::math::MathDialect, nn::NNDialect,
                  wafer::WaferDialect, fabric::FabricDialect, pe::PEDialect>();
}

void weft::registerAll(mlir::DialectRegistry &registry) {
  insertDialects(registry);
  registerImportPasses();
  registerWeftPasses();
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  mlir::registerLoopInvariantCodeMotionPass();
}

void weft::registerTranslations() {
  pe::registerPEToWeft(
      insertDialects, [](mlir::ModuleOp module, llvm::StringRef folder) {
        module.getContext()->getOrLoadDialect<nn::NNDialect>()->setWeights(
            std::make_shared<WeightStore>(folder.str()));
        return programData(module, folder);
      });
}
