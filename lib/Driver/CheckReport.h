//===- CheckReport.h - What weftc --check says ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_CHECKREPORT_H
#define WEFT_LIB_DRIVER_CHECKREPORT_H

#include "weft/Import/Import.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace weft {

struct CheckReport {
  std::string model, target; // target empty: it could not be read
  uint32_t grid[2] = {0, 0};
  bool compiles = false;
  const ImportReport &import; // its problems are all problems
  const std::vector<std::string> &advice;
};

void printCheck(const CheckReport &report, llvm::raw_ostream &os);
llvm::json::Value checkJson(const CheckReport &report);

/// Puts what the module knows of inputs, outputs and weights over what the file
/// says: shapes that --dim makes whole, or all if there was no ONNX file.
void describeModule(mlir::ModuleOp module, ModelSummary &summary);

} // namespace weft
#endif
