//===- FabricOps.h - The fabric dialect -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_DIALECTS_FABRIC_FABRICOPS_H
#define WEFT_DIALECTS_FABRIC_FABRICOPS_H

#include "Wafer/WaferOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "Fabric/FabricEnums.h.inc"

#include "Fabric/FabricDialect.h.inc"
#define GET_OP_CLASSES
#include "Fabric/FabricOps.h.inc"

#endif
