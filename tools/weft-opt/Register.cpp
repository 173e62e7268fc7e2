//===- Register.cpp - What weft-opt knows ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Which of our dialects there are is decided when the build is configured, so
// that one level can be built and tested without the others.
//
//===----------------------------------------------------------------------===//
#include "Register.h"
#include "PE/Emit/Emit.h"
#include "PE/PEOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/Passes.h"
#ifdef WEFT_HAVE_NN
#include "NN/NNOps.h"
#endif
#ifdef WEFT_HAVE_Wafer
#include "Wafer/WaferOps.h"
#endif
#ifdef WEFT_HAVE_Fabric
#include "Fabric/FabricOps.h"
#endif
#ifdef WEFT_HAVE_IMPORT
#include "weft/Import/Passes.h"
#endif
#ifdef WEFT_HAVE_PASSES
#include "weft/Passes/Passes.h"
#endif

void weft::registerAll(mlir::DialectRegistry &registry) {
  registry
      .insert<mlir::arith::ArithDialect, mlir::memref::MemRefDialect,
              mlir::scf::SCFDialect, mlir::math::MathDialect, pe::PEDialect>();
#ifdef WEFT_HAVE_NN
  registry.insert<nn::NNDialect>();
#endif
#ifdef WEFT_HAVE_Wafer
  registry.insert<wafer::WaferDialect>();
#endif
#ifdef WEFT_HAVE_Fabric
  registry.insert<fabric::FabricDialect>();
#endif
#ifdef WEFT_HAVE_IMPORT
  registerImportPasses();
#endif
#ifdef WEFT_HAVE_PASSES
  registerWeftPasses();
#endif
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  mlir::registerLoopInvariantCodeMotionPass();
}

void weft::registerTranslations() { pe::registerPEToWeft(); }
