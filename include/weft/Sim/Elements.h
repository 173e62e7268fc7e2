//===- Elements.h - Element types at the host border ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Graphs know twelve element types, SRAM five. Integers must fit (int64 travels
// as i32 only where its value does), but for uint32, whose bits an i32 holds;
// floats round once.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SIM_ELEMENTS_H
#define WEFT_SIM_ELEMENTS_H

#include "weft/Binary/Program.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace weft::sim {

bool isFloat(bin::ElemType t);
const char *elemName(bin::ElemType t); // "float32"

/// Dense elements of `from` as `to`. Floats to floats and integers (bool
/// included) to integers; a value that does not fit is an error.
llvm::Expected<std::vector<uint8_t>>
convertElements(llvm::ArrayRef<uint8_t> bytes, bin::ElemType from,
                bin::ElemType to);
llvm::Expected<std::vector<uint8_t>> toStorage(llvm::ArrayRef<uint8_t> bytes,
                                               bin::ElemType from,
                                               bin::ElemType storage);
llvm::Expected<std::vector<uint8_t>> fromStorage(llvm::ArrayRef<uint8_t> bytes,
                                                 bin::ElemType storage,
                                                 bin::ElemType to);

/// Dense elements with dimension i of the result being perm[i] of `shape`, as
/// IOTensor::perm says; `inverse`: back to `shape`. Empty: unchanged.
std::vector<uint64_t> permuteShape(llvm::ArrayRef<uint64_t> shape,
                                   llvm::ArrayRef<uint8_t> perm);
std::vector<uint8_t> permuteElements(llvm::ArrayRef<uint8_t> bytes,
                                     llvm::ArrayRef<uint64_t> shape,
                                     llvm::ArrayRef<uint8_t> perm,
                                     unsigned elemBytes, bool inverse);

/// One element as a number; integers beyond 2^53 lose bits.
double elemAsDouble(const uint8_t *p, bin::ElemType t);
/// One integer or bool element. U64 beyond int64 saturates.
int64_t elemAsInt(const uint8_t *p, bin::ElemType t);

} // namespace weft::sim
#endif
