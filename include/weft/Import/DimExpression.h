//===- DimExpression.h - Symbolic dimensions of a model -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Exporters write expressions as names of dimensions: `past + seq`,
// `2*heads`, `floor(width/16)`, `(seq - 1)//2 + 1`, `Max(1, n)`.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_IMPORT_DIMEXPRESSION_H
#define WEFT_IMPORT_DIMEXPRESSION_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft {

struct DimValue {
  std::optional<int64_t> extent; // at least 0
  /// Names without a value, in order of appearance. `text` itself, if it is no
  /// expression.
  std::vector<std::string> unbound;
  std::string error; // why there is no extent although all names have values
};

/// The value of the dimension called `text`: that of the whole name if it is
/// bound, else of the expression that it spells.
DimValue evaluateDim(llvm::StringRef text,
                     const llvm::StringMap<int64_t> &bound);

/// The names that `text` consists of.
std::vector<std::string> dimNames(llvm::StringRef text);

} // namespace weft
#endif
