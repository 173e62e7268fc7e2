//===- PEDialect.h - Dialect, types and attributes of pe ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// For code that needs regions and types but no op of the dialect.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_PEDIALECT_H
#define WEFT_PE_PEDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "weft/Binary/Program.h"

#include "PE/PEDialect.h.inc"
#include "PE/PEEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "PE/PEAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "PE/PETypes.h.inc"

#endif
