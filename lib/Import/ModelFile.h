//===- ModelFile.h - A model file, parsed ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Protobuf parses the model; it does not tell where in the file the bytes of a
// tensor lie, which references need. A second, tiny walk over the wire format
// finds that out.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_MODELFILE_H
#define WEFT_LIB_IMPORT_MODELFILE_H

#include "weft/Import/Constant.h"
#include "weft/Import/WeightStore.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <onnx/onnx_pb.h>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// Multiplies `count` by an extent; false if a tensor had more than 2^44
/// elements then, beyond what any machine holds. An extent of 0 counts as 1:
/// strides of the other dimensions must not overflow either.
inline bool addExtent(int64_t &count, int64_t extent) {
  if (extent == 0)
    return true;
  if (extent < 0 || count > (int64_t(1) << 44) / extent)
    return false;
  count *= extent;
  return true;
}

/// Where the bytes of an initializer lie in the model file.
struct TensorSpan {
  uint64_t offset = 0, bytes = 0;
  bool cut = false; // left out of what Protobuf parsed
};

/// For each initializer of the main graph, in order: its `raw_data` or its
/// packed `float_data`, if it is one piece. Stops at malformed input.
std::vector<std::optional<TensorSpan>>
findInitializers(llvm::ArrayRef<uint8_t> model);

/// `model` without the raw data of large initializers, whose spans become
/// `cut`, so that parsing copies no weight. Empty if there is nothing to cut.
std::string cutInitializers(llvm::ArrayRef<uint8_t> model,
                            std::vector<std::optional<TensorSpan>> &spans);

struct ModelFile {
  std::string path;     // as the user named it
  std::string fileName; // as #nn.data names it; empty: not referable
  onnx::ModelProto model;
  std::vector<std::optional<TensorSpan>> spans;
  std::shared_ptr<WeightStore> store;
  bool fromStdin = false;
};

/// Reads (`input`: has been read) and parses; errors are complete lines without
/// newline.
bool readModel(llvm::StringRef path, const llvm::MemoryBuffer *input,
               ModelFile &file, std::vector<std::string> &errors);

/// A tensor of the model: its bytes, and the file range that holds them.
struct SourceTensor {
  mlir::RankedTensorType type;
  llvm::ArrayRef<uint8_t> bytes;
  HostBytes owned;  // what `bytes` may point to
  std::string file; // with offset; empty: in no file
  uint64_t offset = 0;
  std::string absent; // why there are no bytes, as "is declared without data"
};

/// The MLIR type of an ONNX element type, null if Weft has none; f64, ui16,
/// ui32 and ui64 are for folding only.
mlir::Type elementType(mlir::MLIRContext *context, int32_t onnxType);
std::string elementName(int32_t onnxType);
unsigned elementBits(int32_t onnxType); // 0: no fixed width

/// Reads `tensor`; `span` is where the wire walk found it.
llvm::Expected<std::unique_ptr<SourceTensor>>
readTensor(mlir::MLIRContext *context, const onnx::TensorProto &tensor,
           const ModelFile &file, const std::optional<TensorSpan> &span);

} // namespace weft
#endif
