//===- Import.h - ONNX to nn ----------------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The front door: a model file in, a module of clean `nn` out, with the fate of
// every ONNX node. All that is unsupported is reported at once.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_IMPORT_IMPORT_H
#define WEFT_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "weft/Binary/Program.h"
#include "weft/Import/WeightStore.h"
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// The value of a graph input that is bound at compile time (--const).
struct ConstInput {
  bin::ElemType type = bin::ElemType::F32;
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes; // dense, row-major, little-endian
};

/// A graph input that is a weight (--weight): its name, or a pattern with one
/// `*`, and the value if one is given.
struct WeightInput {
  std::string name;
  std::optional<ConstInput> value;
};

struct ImportOptions {
  std::map<std::string, int64_t> dims;      // symbolic dimension -> extent
  std::map<std::string, ConstInput> consts; // graph input -> value
  std::vector<WeightInput> weights;
  /// Adds what the names of the graph's inputs decide, as they are read. False:
  /// said already what is wrong, there is nothing to import.
  std::function<bool(const std::vector<std::string> &, ImportOptions &)> bind;
  /// The values of weights are needed in the end: those that the model declares
  /// without data are errors.
  bool needData = false;
  /// References in the IR hold the hash of their bytes. Without it nobody reads
  /// a weight before it is needed.
  bool hashes = true;
  /// The model's bytes, if they have been read already (standard input).
  const llvm::MemoryBuffer *input = nullptr;
  bool raise = true;      // run the raising pipeline after the import
  bool verifyEach = true; // run the verifier after each pass
};

/// What an import found wrong, in parts.
struct ImportProblem {
  /// op, attribute, node, input, initializer, dimension, option or model.
  std::string kind, message;
  std::optional<uint32_t> node; // index in the main graph
  std::string name, op, domain; // of the node
};

/// What a model says of itself, before anything is imported.
struct ModelSummary {
  struct Port {
    std::string name, type;
    std::optional<std::vector<std::string>> shape; // numbers and names
  };
  struct Op {
    std::string domain, op;
    uint64_t count = 0;
  };
  std::vector<Port> inputs, outputs; // initializers are no inputs
  std::vector<Op> ops;               // of all graphs, by domain and name
  uint64_t nodes = 0, weights = 0, parameters = 0, parameterBytes = 0;
};

/// A symbolic dimension of the inputs; `unbound` lists the names to give a
/// value to, if it has none.
struct DimSummary {
  std::string name;
  std::optional<int64_t> extent;
  std::vector<std::string> unbound;
};

struct ImportReport {
  /// Complete lines, `MODEL: error: ...`, without newline, and the same in
  /// parts.
  std::vector<std::string> errors;
  /// The same for what is read with a doubt, `MODEL: warning: ...`.
  std::vector<std::string> warnings;
  std::vector<ImportProblem> problems;
  ModelSummary summary;
  std::vector<DimSummary> dims; // in order of appearance
  /// The errors are Weft's own fault (exit code 3 instead of 1).
  bool internal = false;
  /// One entry for each node of the main graph, in file order.
  std::vector<bin::LedgerEntry> ledger;
  /// The values that each of them defines; an absent output is empty.
  std::vector<std::vector<std::string>> nodeOutputs;
  /// Resolves the module's weights; also set on the context's nn dialect.
  std::shared_ptr<WeightStore> weights;
};

/// Reads `.onnx` or `.textproto` (`-`: standard input, binary). Null on error;
/// then the report's errors say why.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(mlir::MLIRContext &context,
                                             llvm::StringRef path,
                                             ImportOptions options,
                                             ImportReport &report);

/// The fate of each node, read off the module's locations. `ledger` holds the
/// nodes and, for those that no op names any more, the fate to keep.
void updateLedger(mlir::ModuleOp module, std::vector<bin::LedgerEntry> &ledger);

} // namespace weft
#endif
