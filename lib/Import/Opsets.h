//===- Opsets.h - Versions of operators, and how many operands they take --===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What holds of every op, whatever its rule: checked before the rule sees it.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_OPSETS_H
#define WEFT_LIB_IMPORT_OPSETS_H

#include "Importer.h"

namespace weft {

/// Of the model and its functions: versions that are none, and such as are
/// newer than what Weft knows.
void checkOpsetImports(Importer &importer);

/// The version of the node's domain is known, and it has no more and no fewer
/// inputs and outputs than the op has in it. Empty names at the end are absent.
bool checkOperandCounts(NodeCtx &n);

} // namespace weft
#endif
