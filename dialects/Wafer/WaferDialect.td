//===- WaferDialect.td - Kernels, layouts, stages, rectangles -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_DIALECT
#define WAFER_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Wafer_Dialect : Dialect {
  let name = "wafer";
  let cppNamespace = "::weft::wafer";
  let summary = "Kernels on rectangles of PEs, with layouts in types";
  let description = [{
    A program is a set of *stages*. A stage owns one rectangle of PEs; its
    kernels run there one after another, with their weights resident. Edges
    between stages are streams. A tensor's distribution over the rectangle is
    its encoding, `#wafer.layout`; where the rectangle lies is an attribute of
    the stage, so moving a stage changes no type.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::weft::nn::NNDialect"];
}

#endif
