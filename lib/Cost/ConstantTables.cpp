//===- ConstantTables.cpp - Tables of integers that code looks up ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "ConstantTables.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace weft;
using namespace weft::cost;

/// Words of a tensor that lie whole and in order on each PE, or 0.
static uint64_t wordsInOrder(const std::vector<bin::DimMap> &dims) {
  uint64_t count = 1;
  for (const bin::DimMap &d : llvm::reverse(dims)) {
    if (d.axis != bin::Axis::None || (d.extent != 1 && d.stride != count))
      return 0;
    count = llvm::SaturatingMultiply(count, uint64_t(d.extent));
  }
  return count;
}

ConstantTables::ConstantTables(const bin::Program &p, const bin::PEClass &c) {
  for (const bin::DataInit &init : p.inits) {
    if (init.tensor >= p.tensors.size())
      continue;
    const bin::Tensor &tensor = p.tensors[init.tensor];
    uint64_t count = std::min(wordsInOrder(init.place.dims), tensor.bytes / 4);
    if (!count || !tensor.data || tensor.type != bin::ElemType::I32)
      continue;
    int64_t first = init.place.addr;
    if (llvm::all_of(c.where, [&](const bin::Pattern &w) {
          return init.place.where.contains(w.x0, w.y0);
        }))
      tables.push_back({first, first + int64_t(count) * 4, tensor.data});
  }
}

int32_t ConstantTable::word(int64_t address) const {
  int32_t v;
  std::memcpy(&v, data + (address - first), sizeof(v));
  return v;
}

const ConstantTable *ConstantTables::holding(int64_t lo, int64_t hi) const {
  for (const ConstantTable &t : tables)
    if (lo >= t.first && hi + 4 <= t.last)
      return &t;
  return nullptr;
}
