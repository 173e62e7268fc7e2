//===- WaferOps.td - Operations of the wafer dialect ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_OPS
#define WAFER_OPS

include "Wafer/WaferAttrs.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Wafer_Op<string mnemonic, list<Trait> traits = []>
    : Op<Wafer_Dialect, mnemonic, traits>;

def Wafer_ConstantOp : Wafer_Op<"constant", [Symbol, IsolatedFromAbove,
    SingleBlock]> {
  let summary = "Constant tensor, as an expression over weight references";
  let description = [{
    The body computes the tensor from `nn.load` and `nn.constant` with `nn` ops
    on constants (transpose, slice, reshape, cast, ...). It is evaluated once,
    when the binary is written; no weight is ever a blob in the IR.

    Example:
    ```mlir
    wafer.constant @c0 : tensor<64x192xf32> {
      %0 = nn.load @qkv : tensor<64x192xf32>
      wafer.yield %0 : tensor<64x192xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `:` $type attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Wafer_ProgramOp : Wafer_Op<"program", [Symbol, IsolatedFromAbove,
    SingleBlock, AutomaticAllocationScope]> {
  let summary = "Whole program: inputs, stages, streams, outputs";
  let description = [{
    Block arguments are the graph inputs in ONNX order (`inputNames`), the
    operands of `wafer.return` the outputs (`outputNames`). `target` is the
    text of a target file, or a preset's name; the grid is then cut to `grid`.
    `state` is that of `nn.program`: an output that is brought to its input's
    place when all kernels have run.

    Example:
    ```mlir
    wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4]
        target #wafer.target<"wse2"> {
    ^bb0(%x: tensor<8x16xf32>):
      %y = wafer.stage @s0 at [0, 0] size [4, 4] (%x) :
          (tensor<8x16xf32>) -> tensor<8x16xf32> { ... }
      wafer.return %y : tensor<8x16xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$inputNames,
    StrArrayAttr:$outputNames, DenseI64ArrayAttr:$grid,
    Wafer_TargetAttr:$target, OptionalAttr<ArrayAttr>:$state);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `inputs` $inputNames `outputs` $outputNames `grid` $grid
    `target` $target attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
}

// Named like a symbol, but not one: symbols may not have results.
def Wafer_StageOp : Wafer_Op<"stage", [IsolatedFromAbove, SingleBlock,
    HasParent<"ProgramOp">]> {
  let summary = "Kernels that share one rectangle, one after another";
  let description = [{
    Operands are graph inputs (plain tensors) or results of `wafer.stream`
    (tensors with a layout on this stage's extent). Without `at` the stage is
    not placed yet.

    Example:
    ```mlir
    %y = wafer.stage @s0 at [0, 0] size [3, 5] (%x) :
        (tensor<7x9xf32>) -> tensor<7x4xf32, #wafer.layout<[3, 5], [*, y]>> {
    ^bb0(%a: tensor<7x9xf32>):
      %0 = wafer.place %a : tensor<7x9xf32>
          to tensor<7x9xf32, #wafer.layout<[3, 5], [*, x]>>
      ...
      wafer.yield %1 : tensor<7x4xf32, #wafer.layout<[3, 5], [*, y]>>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
    OptionalAttr<DenseI64ArrayAttr>:$at, DenseI64ArrayAttr:$size,
    Variadic<AnyType>:$operands);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name (`at` $at^)? `size` $size `(` $operands `)` `:`
    functional-type($operands, $results) attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Wafer_PlaceOp : Wafer_Op<"place", [Pure,
    ParentOneOf<["StageOp", "ProgramOp"]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Tensor laid out by the host before cycle 0";
  let description = [{
    A graph input (operand) or a constant (symbol) in a layout. It costs no
    cycles: the loader writes it. An input may be seen in another shape of as
    many elements, in row-major order: then it can be split along what is a part
    of one of its dimensions.

    Example:
    ```mlir
    %0 = wafer.place %ids : tensor<1x32xi64>
        to tensor<1x32xi32, #wafer.layout<[32, 32], [*, *]>>
    %w = wafer.place @c0 to tensor<64x64xf32, #wafer.layout<[32, 32], [x, y]>>
    ```
  }];
  let arguments = (ins Optional<AnyType>:$input,
                       OptionalAttr<FlatSymbolRefAttr>:$constant);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    ($constant^)? ($input^ `:` type($input))? `to` type($result) attr-dict
  }];
  let hasVerifier = 1;
}

def Wafer_KernelOp : Wafer_Op<"kernel", [Pure, HasParent<"StageOp">]> {
  let summary = "One kernel of the registry, chosen for one nn op or chain";
  let description = [{
    `algorithm` names an entry of the kernel registry (docs/adding-a-kernel.md),
    `op` the nn op it implements and `config` that op's attributes. The kernel
    checks that the layouts are ones it is legal for.

    Example:
    ```mlir
    %y = wafer.kernel "gemm" of "nn.linear" (%x, %w, %b) {}
        : (tensor<7x9xf32, #wafer.layout<[3, 5], [*, x]>>,
           tensor<9x4xf32, #wafer.layout<[3, 5], [x, y]>>,
           tensor<1x4xf32, #wafer.layout<[3, 5], [x, y]>>)
        -> tensor<7x4xf32, #wafer.layout<[3, 5], [*, y]>>
    ```
  }];
  let arguments = (ins StrAttr:$algorithm, StrAttr:$op,
    Variadic<AnyRankedTensor>:$operands, DictionaryAttr:$config);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $algorithm `of` $op `(` $operands `)` $config attr-dict `:`
    functional-type($operands, $result)
  }];
  let hasVerifier = 1;
}

def Wafer_RelayoutOp : Wafer_Op<"relayout", [Pure, HasParent<"StageOp">]> {
  let summary = "Change of a tensor's layout on the same rectangle";
  let description = [{
    From replicated to split it is a local copy; else a masked all-reduce along
    the axis given up (own tile at its place, zeros elsewhere).

    Example:
    ```mlir
    %1 = wafer.relayout %0 : tensor<8x16xf32, #wafer.layout<[4, 4], [*, x]>>
        to tensor<8x16xf32, #wafer.layout<[4, 4], [*, y]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `:` type($input) `to` type($result) attr-dict";
  let hasVerifier = 1;
}

def Wafer_ValueOp : Wafer_Op<"value", [HasParent<"StageOp">]> {
  let summary = "Name that a result has in the ONNX graph";
  let description = [{
    For probes: the result of a kernel or relayout is the value `name` of the ONNX
    graph, whose type there is `type`. It is no use of the result: storage may be
    overwritten as if the op were not there, so it never changes the program.

    Example:
    ```mlir
    wafer.value "h" of %0 : tensor<8x16xi32, #wafer.layout<[4, 4], [*, x]>> as tensor<8x16xi64>
    ```
  }];
  let arguments = (ins StrAttr:$name, AnyRankedTensor:$input, TypeAttr:$type);
  let assemblyFormat = "$name `of` $input `:` type($input) `as` $type attr-dict";
  let hasVerifier = 1;
}

def Wafer_StreamOp : Wafer_Op<"stream", [Pure, HasParent<"ProgramOp">]> {
  let summary = "Edge between two stages";
  let description = [{
    Carries a stage's result to another stage's operand. The layouts keep the
    distribution over y; the result is replicated over x of the consumer.

    Example:
    ```mlir
    %1 = wafer.stream %0 : tensor<8x16xf32, #wafer.layout<[4, 4], [*, y]>>
        to tensor<8x16xf32, #wafer.layout<[2, 4], [*, y]>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `:` type($input) `to` type($result) attr-dict";
  let hasVerifier = 1;
}

def Wafer_YieldOp : Wafer_Op<"yield", [Pure, Terminator,
    ParentOneOf<["StageOp", "ConstantOp"]>]> {
  let summary = "Results of a stage or a constant";
  let description = [{
    Example:
    ```mlir
    wafer.yield %0 : tensor<64x192xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
}

def Wafer_ReturnOp : Wafer_Op<"return", [Pure, Terminator,
    HasParent<"ProgramOp">]> {
  let summary = "Outputs of a program";
  let description = [{
    Example:
    ```mlir
    wafer.return %y : tensor<8x16xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
}

#endif
