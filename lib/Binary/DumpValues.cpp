//===- DumpValues.cpp - Which ONNX values can be probed -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "DumpText.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace weft;
using namespace weft::bin;

/// Ledger index of the node that defines each value.
static llvm::StringMap<size_t> definers(const Program &p) {
  llvm::StringMap<size_t> of;
  for (size_t i = 0; i < p.nodeOutputs.size(); ++i)
    for (const std::string &name : p.nodeOutputs[i])
      of.try_emplace(name, i);
  return of;
}

void weft::bin::dumpValues(const Program &p, llvm::raw_ostream &os) {
  llvm::StringMap<size_t> nodeOf = definers(p);
  os << "values:\n";
  for (const NamedValue &v : p.values) {
    os << "  " << quoted(v.name) << " " << text(v.type, v.shape);
    if (auto found = nodeOf.find(v.name); found != nodeOf.end()) {
      const LedgerEntry &node = p.nodes[found->second];
      os << " of node " << quoted(node.name) << " (" << node.op << ", #"
         << node.index << ")";
    }
    os << " after kernel " << quoted(p.kernels[v.kernel].name) << ", "
       << placementText(v.place) << "\n";
  }
}
