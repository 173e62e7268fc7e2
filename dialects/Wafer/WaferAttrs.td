//===- WaferAttrs.td - Attributes of the wafer dialect --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_ATTRS
#define WAFER_ATTRS

include "Wafer/WaferDialect.td"
include "mlir/IR/TensorEncoding.td"

class Wafer_Attr<string name, string mn, list<Trait> traits = []>
    : AttrDef<Wafer_Dialect, name, traits> {
  let mnemonic = mn;
}

def Wafer_LayoutAttr : Wafer_Attr<"Layout", "layout",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "Distribution of a tensor over the PEs of a rectangle";
  let description = [{
    `extent` is the width and height of the PE array. `dims` gives for each
    dimension of the tensor the axis it is split over: `x`, `y`, or `*` for not
    split. A dimension of size n split over p PEs gives each a tile of
    ceil(n / p) consecutive indices; all tiles have one size and the rest is
    padding. An axis no dimension uses holds replicas. `partial` names the axes
    over which the tiles are addends of the value.

    Storage within a tile is *feature-major* (the last dimension outermost,
    then the others row-major), so that the rows of a matrix (tokens) are the
    contiguous dimension, or `row_major`. `pad` says what padding holds:
    `zero` or `undef`.

    ```
      tensor<4x6xf32, #wafer.layout<[3, 2], [*, x]>>

          x=0     x=1     x=2
        +-------+-------+-------+
    y=0 | :,0:2 | :,2:4 | :,4:6 |
        +-------+-------+-------+
    y=1 | :,0:2 | :,2:4 | :,4:6 |   replicas
        +-------+-------+-------+
    ```

    Example:
    ```mlir
    tensor<2x32x64xf32, #wafer.layout<[32, 32], [*, *, x]>>
    tensor<64x256xf32, #wafer.layout<[32, 32], [x, y], row_major, pad zero>>
    tensor<32x64xf32, #wafer.layout<[32, 32], [*, y], partial [x]>>
    ```
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t", "width and height of the PE array">:$extent,
    ArrayRefParameter<"int8_t", "axis per dimension: 0 none, 1 x, 2 y">:$dims,
    ArrayRefParameter<"int8_t", "axes that hold partial sums">:$partial,
    "bool":$rowMajor, "bool":$padZero);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t width() const { return getExtent()[0]; }
    int64_t height() const { return getExtent()[1]; }
    int64_t axisLength(int8_t axis) const {
      return axis == 1 ? width() : axis == 2 ? height() : 1;
    }
    /// Elements per PE of dimension `d` of size `n`.
    int64_t tile(unsigned d, int64_t n) const {
      int64_t p = axisLength(getDims()[d]);
      return (n + p - 1) / p;
    }
  }];
}

def Wafer_TargetAttr : Wafer_Attr<"Target", "target"> {
  let summary = "The machine a program is compiled for";
  let description = [{
    Wraps the text of a target file (docs/machine-model.md) after `--set` and
    `--grid`, so that a module says all that its lowering depends on. In text
    written by hand it may be the name of a preset. It is printed once, as an
    alias.

    Example:
    ```mlir
    #wafer.target<"wse2">
    #wafer.target<"name: wse2 ...">
    ```
  }];
  let parameters = (ins StringRefParameter<"YAML of the target">:$yaml);
  let assemblyFormat = "`<` $yaml `>`";
}

#endif
