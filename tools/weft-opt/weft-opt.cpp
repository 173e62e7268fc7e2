//===- weft-opt.cpp - mlir-opt with our dialects --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// For lit tests and for looking at any level of the compiler.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#ifdef WEFT_HAVE_PE
#include "PE/PEOps.h"
#endif

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::arith::ArithDialect, mlir::memref::MemRefDialect,
                  mlir::scf::SCFDialect, mlir::math::MathDialect>();
#ifdef WEFT_HAVE_PE
  registry.insert<weft::pe::PEDialect>();
#endif
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Weft optimiser driver\n", registry));
}
