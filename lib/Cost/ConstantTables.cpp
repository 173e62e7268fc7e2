//===- ConstantTables.cpp - Tables of integers that code looks up ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "ConstantTables.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace weft;
using namespace weft::cost;

ConstantTables::ConstantTables(const bin::Program &p, const bin::PEClass &c) {
  for (const bin::DataInit &init : p.inits) {
    if (init.tensor >= p.tensors.size() || init.place.dims.size() != 1)
      continue;
    const bin::Tensor &tensor = p.tensors[init.tensor];
    const bin::DimMap &d = init.place.dims[0];
    uint64_t count = std::min<uint64_t>(d.extent, tensor.bytes / 4);
    if (d.axis != bin::Axis::None || d.stride != 1 || !tensor.data ||
        tensor.type != bin::ElemType::I32)
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
