//===- FabricOps.td - Operations of the fabric dialect --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef FABRIC_OPS
#define FABRIC_OPS

include "Fabric/FabricDialect.td"
include "Wafer/WaferAttrs.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"

class Fabric_Op<string mnemonic, list<Trait> traits = []>
    : Op<Fabric_Dialect, mnemonic, traits>;

def Fabric_ProgramOp : Fabric_Op<"program", [Symbol, SymbolTable,
    IsolatedFromAbove, SingleBlock, NoTerminator]> {
  let summary = "Whole program: regions, kernels and channels";
  let description = [{
    Names and types of the graph inputs, names of the outputs and what each is
    (`unit`: the buffer that says so; a number: that input, handed through; a
    symbol: that constant) are attributes, and so is the `state` of the
    `nn.program`: the buffer of such an output is that of the input.

    Example:
    ```mlir
    fabric.program @main grid [3, 5] target #wafer.target<"wse2"> attributes {
        input_names = ["x"], input_types = [tensor<4x6xf32>],
        output_names = ["y"], output_sources = [unit]} {
      ...
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$grid,
    Wafer_TargetAttr:$target, OptionalAttr<StrArrayAttr>:$input_names,
    OptionalAttr<TypeArrayAttr>:$input_types,
    OptionalAttr<StrArrayAttr>:$output_names,
    OptionalAttr<ArrayAttr>:$output_sources, OptionalAttr<ArrayAttr>:$state);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat =
    "$sym_name `grid` $grid `target` $target attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Fabric_RegionOp : Fabric_Op<"region", [Symbol, SingleBlock, NoTerminator,
    HasParent<"ProgramOp">]> {
  let summary = "Rectangle of PEs that run the same phases";
  let description = [{
    The body declares buffers and launches kernels in order; that order is the
    order of execution on every PE of the rectangle.

    Example:
    ```mlir
    fabric.region @s0 at [0, 0] size [3, 5] {
      %x = fabric.buffer "x" activations : memref<24xf32>
      fabric.launch @scale(%x) : memref<24xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$at,
                       DenseI64ArrayAttr:$size);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat =
    "$sym_name `at` $at `size` $size attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Fabric_BufferOp : Fabric_Op<"buffer", [HasParent<"RegionOp">]> {
  let summary = "Buffer in every PE of the region, address not yet known";
  let description = [{
    `class` is one of weights, activations, buffers, io. A buffer with `init`
    holds the constant of that symbol before cycle 0, one with `input` graph
    input number `input`; `layout` (a `#wafer.layout`) says how `tensor` is
    spread. `output` numbers the graph outputs the buffer holds at the end.

    Example:
    ```mlir
    %x = fabric.buffer "x" activations : memref<24xf32>
    %w = fabric.buffer "w" weights init @c0 tensor tensor<9x4xf32, #wafer.layout<[3, 5], [x, y]>> : memref<3xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$memClass,
    OptionalAttr<FlatSymbolRefAttr>:$init, OptionalAttr<I64Attr>:$input,
    OptionalAttr<I64ArrayAttr>:$output, OptionalAttr<TypeAttr>:$tensor);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = [{
    $name $memClass (`init` $init^)? (`input` $input^)? (`output` $output^)?
    (`tensor` $tensor^)? `:` type($result) attr-dict
  }];
  let hasVerifier = 1;
}

def Fabric_KernelOp : Fabric_Op<"kernel", [Symbol, IsolatedFromAbove,
    SingleBlock, HasParent<"ProgramOp">]> {
  let summary = "Code of a kernel, one PE's view, shared by its launches";
  let description = [{
    Arguments are memrefs. The body is scf, arith and memref code with `pe`
    vector ops and the collectives below, ended by `fabric.return`.

    Example:
    ```mlir
    fabric.kernel @sum {
    ^bb0(%x: memref<24xf32>):
      fabric.reduce %x axis x : memref<24xf32>
      fabric.multicast %x axis x : memref<24xf32>
      fabric.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Fabric_LaunchOp : Fabric_Op<"launch", [HasParent<"RegionOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Phase: all PEs of the region run a kernel";
  let description = [{
    `instance`, `algorithm` and `nodes` name this phase in reports.

    Example:
    ```mlir
    fabric.launch @gemm_0(%x, %w, %y) instance "fc1" algorithm "gemm" nodes [3, 4]
        : memref<24xf32>, memref<12xf32>, memref<8xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyMemRef>:$operands,
    OptionalAttr<StrAttr>:$instance, OptionalAttr<StrAttr>:$algorithm,
    OptionalAttr<DenseI64ArrayAttr>:$nodes);
  let assemblyFormat = [{
    $kernel `(` $operands `)` (`instance` $instance^)?
    (`algorithm` $algorithm^)? (`nodes` $nodes^)? `:` type($operands) attr-dict
  }];
}

def Fabric_ValueOp : Fabric_Op<"value", [HasParent<"RegionOp">]> {
  let summary = "Name that a buffer's content has in the ONNX graph";
  let description = [{
    For probes: after the launch before it, `buffer` holds the value `name` of the
    ONNX graph, whose type there is `type`, laid out as `tensor`. It is no use of
    the buffer.

    Example:
    ```mlir
    fabric.launch @relu_0(%x) instance "relu" : memref<24xf32>
    fabric.value "h" in %x tensor tensor<4x6xf32, #wafer.layout<[3, 5], [*, *]>>
        as tensor<4x6xf32> : memref<24xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, AnyMemRef:$buffer, TypeAttr:$tensor,
                       TypeAttr:$type);
  let assemblyFormat = [{
    $name `in` $buffer `tensor` $tensor `as` $type `:` type($buffer) attr-dict
  }];
  let hasVerifier = 1;
}

def Fabric_ReduceOp : Fabric_Op<"reduce", []> {
  let summary = "Chain reduction (sum) along an axis to the root line";
  let description = [{
    The root line is local coordinate 0. Afterwards the root's buffer holds the
    sum over the axis, in order from the far end; others keep their addend.
    B words over P PEs take B + (2 ramp + hop + 1)(P - 1) cycles.

    Example:
    ```mlir
    fabric.reduce %x axis x : memref<24xf32>
    ```
  }];
  let arguments = (ins AnyMemRef:$buffer, Fabric_Axis:$axis);
  let assemblyFormat = "$buffer `axis` $axis attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

def Fabric_MulticastOp : Fabric_Op<"multicast", []> {
  let summary = "Multicast from the root line along an axis";
  let description = [{
    Every PE's buffer becomes the root's. B words over P PEs take
    B + hop (P - 1) + 2 ramp + 1 cycles.

    Example:
    ```mlir
    fabric.multicast %x axis y : memref<24xf32>
    ```
  }];
  let arguments = (ins AnyMemRef:$buffer, Fabric_Axis:$axis);
  let assemblyFormat = "$buffer `axis` $axis attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

def Fabric_SendOp : Fabric_Op<"send",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Stream of the last column's buffers to another region";
  let description = [{
    Used by launches that end a stage: the PEs of the region's last column send
    `buffer` on the channel; the others do nothing.

    Example:
    ```mlir
    fabric.send %x to @s0_s1 : memref<24xf32>
    ```
  }];
  let arguments = (ins AnyMemRef:$buffer, FlatSymbolRefAttr:$channel);
  let assemblyFormat = "$buffer `to` $channel attr-dict `:` type($buffer)";
}

def Fabric_RecvOp : Fabric_Op<"recv",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Receive of a stream on every PE of the region";
  let description = [{
    Example:
    ```mlir
    fabric.recv %x from @s0_s1 : memref<24xf32>
    ```
  }];
  let arguments = (ins AnyMemRef:$buffer, FlatSymbolRefAttr:$channel);
  let assemblyFormat = "$buffer `from` $channel attr-dict `:` type($buffer)";
}

def Fabric_ChannelOp : Fabric_Op<"channel", [Symbol, HasParent<"ProgramOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Family of streams of one kind, with its colour";
  let description = [{
    `kind` is `chain_even` or `chain_odd` (one hop towards the root, sent by the
    PEs of that parity), `multicast` (from the root line to the axis), or
    `stream` (from the last column of `region` to all of `peer`, which lies east
    of it on the same rows). Without `color` it is not assigned yet.

    Example:
    ```mlir
    fabric.channel @s0_x_even kind "chain_even" axis x region @s0 color 0
    fabric.channel @s0_s1 kind "stream" axis x region @s0 peer @s1 color 6
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$kind,
    Fabric_Axis:$axis, FlatSymbolRefAttr:$region,
    OptionalAttr<FlatSymbolRefAttr>:$peer, OptionalAttr<I64Attr>:$color);
  let assemblyFormat = [{
    $sym_name `kind` $kind `axis` $axis `region` $region (`peer` $peer^)?
    (`color` $color^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Fabric_ReturnOp : Fabric_Op<"return", [Pure, Terminator,
    HasParent<"KernelOp">]> {
  let summary = "End of a kernel";
  let description = [{
    Example:
    ```mlir
    fabric.return
    ```
  }];
  let assemblyFormat = "attr-dict";
}

#endif
