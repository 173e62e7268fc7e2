//===- NNDialect.cpp - The nn dialect, its attributes, its locations ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Registration, and reading ONNX nodes and values off locations.
//
//===----------------------------------------------------------------------===//
#include "NN/NNDialect.h"
#include "NN/NNOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft::nn;

#include "NN/NNDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "NN/NNAttrs.cpp.inc"

void NNDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "NN/NNOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "NN/NNAttrs.cpp.inc"
      >();
}

Operation *NNDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                          Type type, Location loc) {
  if (auto elements = dyn_cast<ElementsAttr>(value);
      elements && elements.getType() == type)
    return ConstantOp::create(builder, loc, type, elements);
  return nullptr;
}

static void collectNodes(Location loc, SmallVectorImpl<NodeAttr> &nodes) {
  if (auto fused = dyn_cast<FusedLoc>(loc)) {
    if (auto node = dyn_cast_or_null<NodeAttr>(fused.getMetadata()))
      nodes.push_back(node);
    for (Location inner : fused.getLocations())
      collectNodes(inner, nodes);
  } else if (auto name = dyn_cast<NameLoc>(loc)) {
    collectNodes(name.getChildLoc(), nodes);
  } else if (auto call = dyn_cast<CallSiteLoc>(loc)) {
    collectNodes(call.getCallee(), nodes);
  }
}

static void sortUnique(SmallVectorImpl<NodeAttr> &nodes) {
  llvm::stable_sort(nodes, [](NodeAttr a, NodeAttr b) {
    if (a.getIndex() != b.getIndex())
      return a.getIndex() < b.getIndex();
    return std::pair(a.getName(), a.getOp()) <
           std::pair(b.getName(), b.getOp());
  });
  nodes.erase(llvm::unique(nodes), nodes.end());
}

SmallVector<NodeAttr> weft::nn::nodesOf(Location loc) {
  SmallVector<NodeAttr> nodes;
  collectNodes(loc, nodes);
  sortUnique(nodes);
  return nodes;
}

Location weft::nn::nodeLoc(NodeAttr node) {
  MLIRContext *context = node.getContext();
  return FusedLoc::get(context, {UnknownLoc::get(context)}, node);
}

Location weft::nn::fuseNodes(MLIRContext *context, ArrayRef<NodeAttr> nodes) {
  SmallVector<NodeAttr> sorted(nodes);
  sortUnique(sorted);
  if (sorted.empty())
    return UnknownLoc::get(context);
  SmallVector<Location> locs;
  for (NodeAttr node : sorted)
    locs.push_back(nodeLoc(node));
  return locs.size() == 1 ? locs.front() : FusedLoc::get(context, locs);
}

Location weft::nn::fuseLocs(MLIRContext *context, ArrayRef<Location> locs) {
  SmallVector<NodeAttr> nodes;
  for (Location loc : locs)
    collectNodes(loc, nodes);
  return fuseNodes(context, nodes);
}

SmallVector<StringAttr> weft::nn::valueNamesOf(Location loc) {
  SmallVector<StringAttr> names;
  while (auto name = dyn_cast<NameLoc>(loc)) {
    names.push_back(name.getName());
    loc = name.getChildLoc();
  }
  return names;
}

Location weft::nn::withoutValueNames(Location loc) {
  while (auto name = dyn_cast<NameLoc>(loc))
    loc = name.getChildLoc();
  return loc;
}

Location weft::nn::withValueNames(Location loc, ArrayRef<StringAttr> names) {
  for (StringAttr name : llvm::reverse(names))
    loc = NameLoc::get(name, loc);
  return loc;
}

unsigned weft::nn::elementBytes(Type type) {
  if (type.isF32())
    return 4;
  if (type.isF16() || type.isBF16())
    return 2;
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() == 1 ? 1 : integer.getWidth() / 8;
  return 0;
}
