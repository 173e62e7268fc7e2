//===- TensorFile.h - Tensors in files ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Inputs and expected outputs come as .npy or as an ONNX TensorProto. Both are
// read here by our own hands: no side file is ever opened, and a hostile file
// gives an error.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SUPPORT_TENSORFILE_H
#define WEFT_SUPPORT_TENSORFILE_H

#include "weft/Binary/Program.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace weft {

/// A dense tensor on the host: row-major, little-endian; bool is 0 or 1.
struct FileTensor {
  std::string name; // as the TensorProto says; may be empty
  bin::ElemType type = bin::ElemType::F32;
  std::vector<uint64_t> shape;
  std::vector<uint8_t> bytes;
};

/// Reads `path` ("-": standard input). What begins like .npy is .npy, all else
/// must be a TensorProto.
llvm::Expected<FileTensor> readTensor(llvm::StringRef path);
llvm::Expected<FileTensor> parseNpy(llvm::StringRef content);
llvm::Expected<FileTensor> parseTensorProto(llvm::StringRef content);

/// Writes `path` beside and renames; .npy by its ending, else a TensorProto.
llvm::Error writeTensor(llvm::StringRef path, const FileTensor &t);
llvm::Expected<std::string> printNpy(const FileTensor &t);
std::string printTensorProto(const FileTensor &t);

/// Elements of `shape`, or an error if they exceed what memory can hold.
llvm::Expected<uint64_t> countElements(llvm::ArrayRef<uint64_t> shape);
/// "float32 [2, 3]"
std::string describeTensor(bin::ElemType type, llvm::ArrayRef<uint64_t> shape);

} // namespace weft
#endif
