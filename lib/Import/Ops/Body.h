//===- Body.h - Graphs of nodes, inlined ----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_OPS_BODY_H
#define WEFT_LIB_IMPORT_OPS_BODY_H

#include "../Importer.h"

namespace weft {

/// A graph in an attribute, inlined as often as wanted. Its initializers are
/// read once.
class Body {
public:
  Body(NodeCtx &n, llvm::StringRef attribute);

  int inputs() const { return graph ? graph->input_size() : 0; }
  int outputs() const { return graph ? graph->output_size() : 0; }

  /// Inlines the graph with these values of its inputs; nothing if that failed.
  std::optional<llvm::SmallVector<Value>> inlined(llvm::ArrayRef<Value> args);

  /// The declared type of an output, if it is static.
  RankedTensorType outputType(int i) const;

private:
  NodeCtx &n;
  const onnx::GraphProto *graph = nullptr;
  Scope shared;
};

} // namespace weft
#endif
