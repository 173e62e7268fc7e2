//===- FabricDialect.td - Tasks, collectives, channels, colours -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef FABRIC_DIALECT
#define FABRIC_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Fabric_Dialect : Dialect {
  let name = "fabric";
  let cppNamespace = "::weft::fabric";
  let summary = "Kernels expanded to phases, with channels and colours";
  let description = [{
    Each region is a rectangle of PEs that run the same phases in the same
    order. Kernels are functions on offset-less memrefs, one PE's view: vector
    ops of the `pe` dialect compute, collectives of this one communicate.
    Channels are the streams behind the collectives; they carry colours.
  }];
  let dependentDialects = ["::weft::pe::PEDialect"];
}

def Fabric_Axis : I32EnumAttr<"Axis", "axis of the mesh",
    [I32EnumAttrCase<"X", 0, "x">, I32EnumAttrCase<"Y", 1, "y">]> {
  let cppNamespace = "::weft::fabric";
}

#endif
