//===- Ledger.cpp - The fate of every ONNX node ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A node is executed if an op names it alone, merged if an op names it among
// others, folded if only constant expressions name it or none needs to, and
// dead if no output depends on it.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include "weft/Import/Constant.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;
using bin::LedgerEntry;

void Importer::initLedger() {
  const auto &nodes = file.model.graph().node();
  emitted.assign(nodes.size(), false);
  for (int i = 0; i < nodes.size(); ++i) {
    report.ledger.push_back(
        {uint32_t(i), nodes[i].name(), nodes[i].op_type(), LedgerEntry::Dead});
    report.nodeOutputs.emplace_back(nodes[i].output().begin(),
                                    nodes[i].output().end());
  }
}

/// Nodes that outputs depend on; a shape does not depend on values.
static std::vector<bool> liveNodes(const onnx::GraphProto &graph) {
  llvm::StringMap<int> producer;
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &name : graph.node(i).output())
      producer[name] = i;
  std::vector<bool> live(graph.node_size());
  SmallVector<const onnx::NodeProto *> work;
  auto reach = [&](const std::string &name) {
    auto found = producer.find(name);
    if (name.empty() || found == producer.end() || live[found->second])
      return;
    live[found->second] = true;
    work.push_back(&graph.node(found->second));
  };
  for (const auto &output : graph.output())
    reach(output.name());
  while (!work.empty()) {
    const onnx::NodeProto *node = work.pop_back_val();
    bool shapeOnly = node->op_type() == "Shape" || node->op_type() == "Size";
    for (const std::string &name : node->input())
      if (!shapeOnly)
        reach(name);
    for (const auto &attr : node->attribute())
      for (const auto &inner : attr.g().node())
        work.push_back(&inner);
    for (const auto &attr : node->attribute())
      for (const auto &output : attr.g().output())
        reach(output.name());
  }
  return live;
}

void weft::updateLedger(ModuleOp module, std::vector<LedgerEntry> &ledger) {
  auto rank = [](LedgerEntry::Fate fate) {
    return fate == LedgerEntry::Executed ? 2 : fate == LedgerEntry::Merged;
  };
  std::map<uint32_t, LedgerEntry::Fate> seen;
  llvm::DenseSet<Value> constants;
  module.walk([&](Operation *op) {
    if (!isa_and_nonnull<NNDialect>(op->getDialect()) ||
        isa<ProgramOp, WeightOp, ReturnOp>(op))
      return;
    auto nodes = nodesOf(op->getLoc());
    bool folded = op->getNumResults() == 1 && isConstantAfter(op, constants);
    if (folded)
      constants.insert(op->getResult(0));
    LedgerEntry::Fate fate = folded              ? LedgerEntry::Folded
                             : nodes.size() == 1 ? LedgerEntry::Executed
                                                 : LedgerEntry::Merged;
    for (NodeAttr node : nodes) {
      auto [entry, isNew] = seen.try_emplace(node.getIndex(), fate);
      if (!isNew && rank(fate) > rank(entry->second))
        entry->second = fate;
    }
  });
  for (LedgerEntry &entry : ledger)
    if (auto found = seen.find(entry.index); found != seen.end())
      entry.fate = found->second;
}

void Importer::finishLedger(ModuleOp finished) {
  restoreLocations(finished);
  std::vector<bool> live = liveNodes(file.model.graph());
  for (LedgerEntry &entry : report.ledger)
    if (live[entry.index])
      entry.fate =
          emitted[entry.index] ? LedgerEntry::Merged : LedgerEntry::Folded;
  updateLedger(finished, report.ledger);
}

/// Constants belong to the nodes that use them.
void Importer::restoreLocations(ModuleOp finished) {
  llvm::StringMap<SmallVector<Location>> loads;
  finished.walk<WalkOrder::PreOrder>([&](ProgramOp op) {
    for (Operation &inner : llvm::reverse(op.getBody().front())) {
      if (isa<ReturnOp>(inner))
        continue;
      if (nodesOf(inner.getLoc()).empty()) {
        SmallVector<Location> locs;
        for (Operation *user : inner.getUsers())
          locs.push_back(user->getLoc());
        inner.setLoc(fuseLocs(&context, locs));
        if (nodesOf(inner.getLoc()).empty())
          inner.setLoc(op.getLoc()); // an initializer that is an output
      }
      if (auto load = dyn_cast<LoadOp>(inner))
        loads[load.getWeight()].push_back(load.getLoc());
    }
  });
  finished.walk([&](WeightOp weight) {
    auto found = loads.find(weight.getSymName());
    weight->setLoc(found == loads.end() ? finished.getLoc()
                                        : fuseLocs(&context, found->second));
  });
}
