//===- WaferOps.h - The wafer dialect -------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_DIALECTS_WAFER_WAFEROPS_H
#define WEFT_DIALECTS_WAFER_WAFEROPS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "Wafer/WaferDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "Wafer/WaferAttrs.h.inc"
#define GET_OP_CLASSES
#include "Wafer/WaferOps.h.inc"

namespace weft::wafer {
/// The layout of `type`, or null if it has none.
LayoutAttr layoutOf(mlir::Type type);
} // namespace weft::wafer

#endif
