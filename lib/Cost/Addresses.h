//===- Addresses.h - The highest byte a class touches ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Bounds the addresses of all accesses by following registers as strided
// intervals through the static control flow.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_ADDRESSES_H
#define WEFT_LIB_COST_ADDRESSES_H

#include "CodeWalk.h"

namespace weft::cost {

struct AddressBound {
  uint64_t top = 0;     // one past the highest byte of a bounded access
  bool complete = true; // every access has a bound
};

AddressBound boundAddresses(const bin::Program &p, const bin::PEClass &c,
                            const ClassCode &code);

} // namespace weft::cost
#endif
