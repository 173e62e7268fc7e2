//===- ValueNames.cpp - Which op computes which ONNX value ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "ValueNames.h"
#include "NN/NNDialect.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace weft;

/// Names of one value: a chain of Identity nodes has no end of them, and each
/// is a level of its location.
constexpr size_t MaxNames = 64;

/// The op that has `value` for its only result and can bear a name.
static Operation *bearer(Value value) {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  bool named = op && op->getNumResults() == 1 &&
               isa_and_nonnull<nn::NNDialect>(op->getDialect());
  return named ? op : nullptr;
}

void nn::addValueName(Value value, StringRef name) {
  Operation *op = bearer(value);
  if (!op)
    return;
  SmallVector<StringAttr> names = valueNamesOf(op->getLoc());
  auto attr = StringAttr::get(op->getContext(), name);
  if (names.size() >= MaxNames || llvm::is_contained(names, attr))
    return;
  names.push_back(attr);
  op->setLoc(withValueNames(withoutValueNames(op->getLoc()), names));
}

nn::ValueNameKeeper::ValueNameKeeper(Operation *root) : root(root) {
  root->walk([&](Operation *op) {
    SmallVector<StringAttr> found = valueNamesOf(op->getLoc());
    if (found.empty() || !isa_and_nonnull<NNDialect>(op->getDialect()))
      return;
    op->setLoc(withoutValueNames(op->getLoc()));
    names[op] = std::move(found);
  });
}

nn::ValueNameKeeper::~ValueNameKeeper() {
  root->walk([&](Operation *op) {
    if (auto found = names.find(op); found != names.end())
      op->setLoc(withValueNames(op->getLoc(), found->second));
  });
}

void nn::ValueNameKeeper::notifyOperationReplaced(Operation *op,
                                                  ValueRange with) {
  auto found = names.find(op);
  if (found == names.end() || with.size() != 1)
    return;
  SmallVector<StringAttr> moved = std::move(found->second);
  names.erase(found);
  if (Operation *to = bearer(with.front()))
    for (StringAttr name : moved)
      if (auto &list = names[to];
          list.size() < MaxNames && !llvm::is_contained(list, name))
        list.push_back(name);
}

void nn::ValueNameKeeper::notifyOperationErased(Operation *op) {
  names.erase(op);
}
