//===- OnnxFuzzer.cpp - Any bytes as an ONNX model ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Imports with all dimensions bound, and raises. What must hold: no input
// crashes, hangs or takes much memory; a model is imported or refused with
// messages, one for each problem, and never by Weft's own fault; what is
// imported prints to text that is read back, and is the same when it is
// imported again.
//
// Protobuf and MLIR are not instrumented. The mutator therefore edits the
// message, so that most inputs are models that our rules see.
//
//===----------------------------------------------------------------------===//
#include "ModelEditor.h"
#include "NN/NNOps.h"
#include "Require.h"
#include "mlir/Parser/Parser.h"
#include "weft/Import/Import.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace weft;
using fuzz::require;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {

/// A context for some inputs: making one takes longer than an input, but it
/// keeps every constant that it ever saw.
MLIRContext &nextContext() {
  static std::unique_ptr<MLIRContext> context;
  static unsigned used = 0;
  if (!context || ++used == 128) {
    context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
    context->loadDialect<nn::NNDialect>();
    used = 0;
  }
  return *context;
}

class Import {
public:
  Import(StringRef bytes)
      : buffer(llvm::MemoryBuffer::getMemBuffer(bytes, "", false)) {
    options.input = buffer.get();
  }

  /// Null if the model is refused. Dimensions get values as the names come.
  OwningOpRef<ModuleOp> run(MLIRContext &context) {
    auto module = once(context);
    for (const DimSummary &dim : report.dims)
      for (const std::string &name : dim.unbound)
        options.dims.try_emplace(name, 1 + int64_t(options.dims.size() % 4));
    return module || options.dims.empty() ? std::move(module) : once(context);
  }

private:
  OwningOpRef<ModuleOp> once(MLIRContext &context) {
    report = ImportReport();
    auto module = importOnnx(context, "fuzz.onnx", options, report);
    std::string errors = llvm::join(report.errors, "\n");
    require(!report.internal, "a refusal is no fault of Weft's", errors);
    require(bool(module) == report.errors.empty(),
            "a model is imported or refused with a message", errors);
    require(report.problems.size() == report.errors.size(),
            "there is a problem for each message", errors);
    for (StringRef error : report.errors)
      require(error.starts_with("fuzz.onnx:") && error.contains(": error: "),
              "a message names the file", error);
    return module;
  }

  std::unique_ptr<llvm::MemoryBuffer> buffer;
  ImportOptions options;
  ImportReport report;
};

std::string printed(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytes(reinterpret_cast<const char *>(data), size);
  MLIRContext &context = nextContext();
  OwningOpRef<ModuleOp> module = Import(bytes).run(context);
  if (!module)
    return llvm::xxh3_64bits(bytes) % 32 ? -1 : 0; // few refused are parents
  std::string text = printed(*module);
  OwningOpRef<ModuleOp> read = parseSourceString<ModuleOp>(text, &context);
  require(bool(read), "what is imported is read back", text);
  OwningOpRef<ModuleOp> again = Import(bytes).run(context);
  require(again && printed(*again) == text, "a second import is the same",
          text);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  fuzz::Random random(seed);
  onnx::ModelProto model;
  if (random.oneIn(32) || !model.ParseFromArray(data, int(size)))
    return LLVMFuzzerMutate(data, size, maxSize); // for Protobuf's reader
  for (uint64_t edits = 1 + random.below(3); edits; --edits)
    fuzz::editModel(model, random);
  std::string bytes = model.SerializePartialAsString();
  if (bytes.size() > maxSize)
    return size;
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t sizeA,
                                            const uint8_t *b, size_t sizeB,
                                            uint8_t *out, size_t maxSize,
                                            unsigned seed) {
  fuzz::Random random(seed);
  onnx::ModelProto model, other;
  if (!model.ParseFromArray(a, int(sizeA)) ||
      !other.ParseFromArray(b, int(sizeB)))
    return 0;
  fuzz::mixModels(model, other, random);
  std::string bytes = model.SerializePartialAsString();
  if (bytes.size() > maxSize)
    return 0;
  std::copy(bytes.begin(), bytes.end(), out);
  return bytes.size();
}
