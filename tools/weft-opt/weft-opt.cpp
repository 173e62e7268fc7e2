//===- weft-opt.cpp - mlir-opt with our dialects --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// For lit tests and for looking at any level of the compiler. With
// `--pe-to-weft` it assembles a pe program instead.
//
//===----------------------------------------------------------------------===//
#include "Register.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "weft/Support/Output.h"
#include "weft/Support/Tool.h"
#include "llvm/ADT/STLExtras.h"

static int runTool(int argc, char **argv) {
  if (llvm::is_contained(llvm::ArrayRef(argv, argc),
                         llvm::StringRef("--pe-to-weft"))) {
    weft::registerTranslations();
    return mlir::asMainReturnCode(
        mlir::mlirTranslateMain(argc, argv, "Weft assembler"));
  }
  mlir::DialectRegistry registry;
  weft::registerAll(registry);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Weft optimiser driver\n", registry));
}

int main(int argc, char **argv) {
  weft::startTool("weft-opt");
  return weft::finishTool("weft-opt",
                          weft::runWithOutput("weft-opt", argc, argv, runTool));
}
