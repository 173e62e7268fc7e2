//===- Remarks.h - What the importer says of its decisions ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_REMARKS_H
#define WEFT_LIB_IMPORT_REMARKS_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Remarks.h"
#include "weft/Binary/Program.h"

namespace weft {

/// The nodes on `result` are from now on this one op.
void remarkRaised(llvm::StringRef pass, mlir::Operation *result);
/// `near` looked like the end of an `op`, but was left as it is.
void remarkNotRaised(llvm::StringRef pass, mlir::Operation *near,
                     llvm::StringRef op, const llvm::Twine &why);
/// The node's constant is a tensor of floats from here on.
void remarkDequantizedConstant(mlir::Location node);
/// The nodes that no op computes any more: folded, or not needed.
void remarkLedger(mlir::MLIRContext &context,
                  llvm::ArrayRef<bin::LedgerEntry> ledger);

} // namespace weft
#endif
