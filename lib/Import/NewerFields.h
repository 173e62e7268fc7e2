//===- NewerFields.h - Fields of ONNX that libonnx does not know ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The classes are those of ONNX 1.12. Fields that came later are kept by
// Protobuf as bytes; those that change what a model means are read here.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_NEWERFIELDS_H
#define WEFT_LIB_IMPORT_NEWERFIELDS_H

#include "ModelFile.h"
#include "llvm/Support/Error.h"

namespace weft {

/// What a call need not say twice: 64 KiB of attributes.
constexpr size_t MostDefaultBytes = 65536;
constexpr int MostNewerFields = 4096; // of a function or node

/// Attributes of a function that a call need not give, with their values; what
/// is wrong if they are larger than that, or none.
llvm::Expected<std::vector<onnx::AttributeProto>>
defaultAttributes(const onnx::FunctionProto &function);

/// Which of the functions of one name is meant; empty for the only one.
std::string overloadOf(const onnx::FunctionProto &function);
std::string overloadOf(const onnx::NodeProto &node);

} // namespace weft
#endif
