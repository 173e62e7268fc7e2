//===- weft-lsp-server.cpp - Language server for our dialects -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Diagnostics, definitions and hover in an editor, for every level.
//
//===----------------------------------------------------------------------===//
#include "Register.h"
#include "mlir/IR/Dialect.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "weft/Support/Tool.h"

int main(int argc, char **argv) {
  weft::startTool("weft-lsp-server");
  mlir::DialectRegistry registry;
  weft::registerAll(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
