//===- ConstantTables.h - Tables of integers that code looks up -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Subroutines that layers share load their addresses from tables, which lie in
// initial data and are equal on all PEs.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_CONSTANTTABLES_H
#define WEFT_LIB_COST_CONSTANTTABLES_H

#include "weft/Binary/Program.h"
#include <vector>

namespace weft::cost {

struct ConstantTable {
  int64_t first = 0, last = 0; // bytes of SRAM: [first, last)
  const uint8_t *data = nullptr;
  /// The word at `address`, which lies inside.
  int32_t word(int64_t address) const;
};

/// The tables of i32 that all PEs of a class hold.
class ConstantTables {
public:
  ConstantTables(const bin::Program &p, const bin::PEClass &c);
  /// The table that holds the words at `lo` to `hi`, or null.
  const ConstantTable *holding(int64_t lo, int64_t hi) const;

private:
  std::vector<ConstantTable> tables;
};

} // namespace weft::cost
#endif
