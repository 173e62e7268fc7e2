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

namespace {

/// The expression that pe.tensor `tensor` names; null if it names none.
llvm::Expected<Value> expressionOf(ModuleOp module, pe::TensorOp tensor) {
  auto symbol = dyn_cast<FlatSymbolRefAttr>(tensor.getSource());
  if (!symbol)
    return Value();
  auto constant = module.lookupSymbol<wafer::ConstantOp>(symbol.getValue());
  if (!constant)
    return llvm::createStringError("no wafer.constant '" + symbol.getValue() +
                                   "'");
  return constant.getBody().front().getTerminator()->getOperand(0);
}

/// Integers of this size may be addresses that the checker follows.
constexpr int64_t MostTable = 65536;

} // namespace

pe::TensorSource weft::programData(ModuleOp module, StringRef folder) {
  // What is read or computed stays until the program is written.
  auto computed = std::make_shared<std::deque<HostBytes>>();
  return [computed, module, blobs = pe::blobSource(folder)](
             pe::TensorOp tensor) mutable -> llvm::Expected<ArrayRef<uint8_t>> {
    llvm::Expected<Value> value = expressionOf(module, tensor);
    if (!value)
      return value.takeError();
    if (!*value)
      return blobs(tensor);
    llvm::Expected<HostBytes> bytes = evaluateConstant(*value);
    if (!bytes)
      return bytes.takeError();
    computed->push_back(std::move(*bytes));
    return ArrayRef<uint8_t>(computed->back());
  };
}

pe::TensorSource weft::programSizes(ModuleOp module, StringRef folder) {
  return [module, data = programData(module, folder)](
             pe::TensorOp tensor) mutable -> llvm::Expected<ArrayRef<uint8_t>> {
    llvm::Expected<Value> value = expressionOf(module, tensor);
    if (!value)
      return value.takeError();
    if (!*value)
      return data(tensor);
    auto type = cast<RankedTensorType>((*value).getType());
    Type element = type.getElementType();
    uint64_t bytes =
        uint64_t(type.getNumElements()) * hostElementBytes(element);
    if (isa<IntegerType>(element) && type.getNumElements() <= MostTable) {
      auto found = data(tensor);
      if (found)
        return found;
      llvm::consumeError(found.takeError()); // declared without data
    }
    return ArrayRef<uint8_t>(static_cast<const uint8_t *>(nullptr), bytes);
  };
}
