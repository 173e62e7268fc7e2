//===- Body.cpp - Graphs of nodes, inlined --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Body.h"

using namespace mlir;
using namespace weft;

Body::Body(NodeCtx &n, StringRef attribute) : n(n) {
  const onnx::AttributeProto *attr = n.attr(attribute);
  graph = attr && attr->has_g() ? &attr->g() : nullptr;
  if (!graph) {
    n.fail("has no graph '" + attribute + "'");
    return;
  }
  shared.parent = &n.scope;
  shared.depth = n.scope.depth + 1;
  for (const onnx::TensorProto &tensor : graph->initializer())
    shared.initializers[tensor.name()] = &tensor;
}

std::optional<SmallVector<Value>> Body::inlined(ArrayRef<Value> args) {
  if (n.failed || !n.importer.mayInline(n, graph->node_size()))
    return std::nullopt;
  Scope inner;
  inner.parent = &shared;
  inner.depth = shared.depth;
  for (auto [input, value] : llvm::zip(graph->input(), args))
    inner.values[input.name()] = value;
  if (!n.importer.importGraph(*graph, inner, n.index, n.loc))
    return std::nullopt;
  SmallVector<Value> results;
  for (const auto &output : graph->output()) {
    bool defined = true;
    results.push_back(n.importer.lookup(inner, output.name(), defined));
    if (!defined)
      n.fail("has a graph that does not compute its output '" + output.name() +
             "'");
    if (!results.back())
      return std::nullopt;
  }
  return results;
}

RankedTensorType Body::outputType(int i) const {
  const auto &type = graph->output(i).type().tensor_type();
  Type element = elementType(n.loc.getContext(), type.elem_type());
  SmallVector<int64_t> shape;
  for (const auto &dim : type.shape().dim()) {
    if (!dim.has_dim_value() || dim.dim_value() < 0)
      return {};
    shape.push_back(dim.dim_value());
  }
  return element && type.has_shape() ? RankedTensorType::get(shape, element)
                                     : RankedTensorType();
}
