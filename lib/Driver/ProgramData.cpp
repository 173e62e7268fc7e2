//===- ProgramData.cpp - Bytes of a program's tensors ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Driver/ProgramData.h"
#include "Wafer/WaferOps.h"
#include "weft/Import/Constant.h"

using namespace mlir;
using namespace weft;

pe::TensorSource weft::programData(ModuleOp module, StringRef folder) {
  // What is read or computed stays until the program is written.
  auto computed = std::make_shared<std::deque<std::vector<uint8_t>>>();
  return [computed, module, blobs = pe::blobSource(folder)](
             pe::TensorOp tensor) mutable -> llvm::Expected<ArrayRef<uint8_t>> {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(tensor.getSource());
    if (!symbol)
      return blobs(tensor);
    auto constant = module.lookupSymbol<wafer::ConstantOp>(symbol.getValue());
    if (!constant)
      return llvm::createStringError("no wafer.constant '" + symbol.getValue() +
                                     "'");
    Value value = constant.getBody().front().getTerminator()->getOperand(0);
    llvm::Expected<std::vector<uint8_t>> bytes = evaluateConstant(value);
    if (!bytes)
      return bytes.takeError();
    computed->push_back(std::move(*bytes));
    return ArrayRef<uint8_t>(computed->back());
  };
}
