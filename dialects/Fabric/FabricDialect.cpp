//===- FabricDialect.cpp - Dialect and enums ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Fabric/FabricOps.h"
#include "PE/PEDialect.h"

using namespace weft::fabric;

#include "Fabric/FabricDialect.cpp.inc"
#include "Fabric/FabricEnums.cpp.inc"

void FabricDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "Fabric/FabricOps.cpp.inc"
      >();
}
