//===- AddressRange.h - Strided intervals ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_ADDRESSRANGE_H
#define WEFT_LIB_COST_ADDRESSRANGE_H

#include "weft/Binary/Isa.h"
#include <cstdint>

namespace weft::cost {

/// lo, lo + step, ..., hi; step 0 if lo == hi.
struct AddressRange {
  bool known = false;
  int64_t lo = 0, hi = 0, step = 0;
  bool operator==(const AddressRange &o) const {
    return known == o.known && (!known || (lo == o.lo && hi == o.hi));
  }
  bool constant() const { return known && lo == hi; }
  static AddressRange of(int64_t v) { return {true, v, v, 0}; }
  static AddressRange unknown() { return {}; }
};

/// Unknown if a register cannot hold it.
AddressRange makeRange(int64_t lo, int64_t hi, int64_t step);
AddressRange operator+(const AddressRange &a, const AddressRange &b);
AddressRange times(const AddressRange &a, int64_t k);
AddressRange hull(const AddressRange &a, const AddressRange &b);
/// What an op of two registers gives.
AddressRange binary(isa::Op op, const AddressRange &a, const AddressRange &b);

} // namespace weft::cost
#endif
