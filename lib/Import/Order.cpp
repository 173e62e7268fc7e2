//===- Order.cpp - The order in which nodes are imported ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Nodes may come in any order; a name is defined once.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include <utility>

using namespace mlir;
using namespace weft;
using onnx::NodeProto;

using Nodes = google::protobuf::RepeatedPtrField<NodeProto>;

static void readNames(const NodeProto &node,
                      llvm::function_ref<void(const std::string &)> visit,
                      unsigned depth = 0);

/// The names that an inner graph reads and does not define.
static void readOuterNames(const onnx::GraphProto &graph,
                           llvm::function_ref<void(const std::string &)> visit,
                           unsigned depth) {
  llvm::StringSet<> own;
  for (const auto &input : graph.input())
    own.insert(input.name());
  for (const auto &tensor : graph.initializer())
    own.insert(tensor.name());
  for (const NodeProto &inner : graph.node())
    own.insert(inner.output().begin(), inner.output().end());
  auto visitOuter = [&](const std::string &name) {
    if (!own.contains(name))
      visit(name);
  };
  for (const NodeProto &inner : graph.node())
    readNames(inner, visitOuter, depth);
  for (const auto &output : graph.output())
    visitOuter(output.name());
}

/// All names that a node reads, those of its inner graphs included.
static void readNames(const NodeProto &node,
                      llvm::function_ref<void(const std::string &)> visit,
                      unsigned depth) {
  for (const std::string &name : node.input())
    if (!name.empty())
      visit(name);
  for (const auto &attr : node.attribute())
    if (attr.has_g() && depth < 64)
      readOuterNames(attr.g(), visit, depth + 1);
}

/// Two Constants of one name: the later one holds, as in ONNX Runtime. Anything
/// else that is defined twice is an error.
bool Importer::overrules(const NodeProto &before, const NodeProto &node,
                         const std::string &name, unsigned index) {
  auto says = "node '" + node.name() + "' (" + node.op_type() + ", #" +
              std::to_string(index) + "): defines '" + name + "' a second time";
  if (before.op_type() != "Constant" || node.op_type() != "Constant") {
    error(says);
    return false;
  }
  warning(says + ": its value replaces that of the Constant before");
  return true;
}

/// Depth-first in file order, so a sorted graph keeps its order.
bool Importer::sortNodes(const Nodes &nodes, std::vector<unsigned> &order) {
  enum State : uint8_t { New, Open, Done };
  std::vector<State> state(nodes.size(), New);
  llvm::StringMap<unsigned> producer;
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string &name : nodes[i].output()) {
      if (name.empty())
        continue;
      auto [entry, isNew] = producer.try_emplace(name, i);
      if (isNew)
        continue;
      unsigned before = std::exchange(entry->second, i);
      if (!overrules(nodes[before], nodes[i], name, i))
        return false;
      state[before] = Done;
    }
  std::vector<unsigned> stack;
  for (int root = 0; root < nodes.size(); ++root) {
    stack.push_back(root);
    while (!stack.empty()) {
      unsigned i = stack.back();
      if (state[i] != New) {
        stack.pop_back();
        if (state[i] == Open)
          order.push_back(i);
        state[i] = Done;
        continue;
      }
      state[i] = Open;
      bool cycle = false;
      readNames(nodes[i], [&](const std::string &name) {
        auto found = producer.find(name);
        if (found == producer.end())
          return;
        cycle |= state[found->second] == Open;
        if (state[found->second] == New)
          stack.push_back(found->second);
      });
      if (cycle) {
        error("node '" + nodes[i].name() + "' (" + nodes[i].op_type() + ", #" +
              Twine(i) + "): is part of a cycle");
        return false;
      }
    }
  }
  return true;
}
