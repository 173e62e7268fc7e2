//===- Summary.cpp - What a model says of itself --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Read off the file, so that it can be said of models that cannot be imported.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace weft;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;
using onnx::GraphProto;
using onnx::TensorProto;
using onnx::TypeProto;
using onnx::ValueInfoProto;

static ModelSummary::Port portOf(const ValueInfoProto &info) {
  ModelSummary::Port port;
  port.name = info.name();
  const auto &type = info.type();
  if (!type.has_tensor_type()) {
    port.type = type.has_sequence_type()        ? "sequence"
                : type.has_optional_type()      ? "optional"
                : type.has_map_type()           ? "map"
                : type.has_sparse_tensor_type() ? "sparse tensor"
                                                : "undefined";
    return port;
  }
  port.type = elementName(type.tensor_type().elem_type());
  if (type.tensor_type().has_shape()) {
    port.shape.emplace();
    for (int i = 0; i < type.tensor_type().shape().dim_size(); ++i)
      port.shape->push_back(dimText(info, i));
  }
  return port;
}

namespace {
class OpCounter {
public:
  void add(const GraphProto &graph) {
    for (const onnx::NodeProto &node : graph.node())
      add(node);
  }
  void add(const onnx::NodeProto &node) {
    ++ops[{plainDomain(node.domain()).str(), node.op_type()}];
    for (const auto &attr : node.attribute()) {
      if (attr.has_g())
        add(attr.g());
      for (const GraphProto &graph : attr.graphs())
        add(graph);
    }
  }
  std::map<std::pair<std::string, std::string>, uint64_t> ops;
};
} // namespace

static void addWeight(const TensorProto &tensor, ModelSummary &summary) {
  uint64_t count = 1;
  for (int64_t dim : tensor.dims())
    count = SaturatingMultiply(count, uint64_t(std::max<int64_t>(dim, 0)));
  uint64_t bits = elementBits(tensor.data_type());
  ++summary.weights;
  summary.parameters = SaturatingAdd(summary.parameters, count);
  uint64_t bytes = bits && bits < 8 ? llvm::divideCeil(count, 8 / bits)
                                    : SaturatingMultiply(count, bits / 8);
  summary.parameterBytes = SaturatingAdd(summary.parameterBytes, bytes);
}

/// Integers are shapes, indices and tables, not parameters, unless they are
/// quantised weights, which are of 8 bits or fewer.
static bool isParameter(const TensorProto &tensor) {
  switch (tensor.data_type()) {
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::INT32:
  case TensorProto::UINT32:
  case TensorProto::INT64:
  case TensorProto::UINT64:
  case TensorProto::BOOL:
  case TensorProto::STRING:
    return false;
  default:
    return true;
  }
}

ModelSummary weft::summarize(const ModelFile &file) {
  ModelSummary summary;
  const GraphProto &graph = file.model.graph();
  llvm::StringSet<> initializers;
  for (const TensorProto &tensor : graph.initializer()) {
    initializers.insert(tensor.name());
    if (isParameter(tensor))
      addWeight(tensor, summary);
  }
  for (const ValueInfoProto &info : graph.input())
    if (!initializers.contains(info.name()))
      summary.inputs.push_back(portOf(info));
  for (const ValueInfoProto &info : graph.output())
    summary.outputs.push_back(portOf(info));
  summary.nodes = graph.node_size();
  OpCounter counter;
  counter.add(graph);
  for (const auto &function : file.model.functions())
    for (const onnx::NodeProto &node : function.node())
      counter.add(node);
  for (const auto &[key, count] : counter.ops)
    summary.ops.push_back({key.first, key.second, count});
  return summary;
}
