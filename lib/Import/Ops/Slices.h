//===- Slices.h - Rules of slices and gathers -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_OPS_SLICES_H
#define WEFT_LIB_IMPORT_OPS_SLICES_H

#include "Importer.h"

namespace weft {

/// Slice, Split, Concat, Gather.
void addSliceRules(llvm::StringMap<Rule> &rules);

} // namespace weft
#endif
