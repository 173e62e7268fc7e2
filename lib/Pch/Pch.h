//===- Pch.h - The one precompiled header of the MLIR half ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// MLIR's headers cost 7 to 17 s a translation unit; compiled once here, 4.5 s.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PCH_H
#define WEFT_PCH_H
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#endif
