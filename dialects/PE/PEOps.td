//===- PEOps.td - Operations of the pe dialect ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// In three groups: what describes the program, what describes a class, and what
// is executed.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_OPS_TD
#define WEFT_PE_OPS_TD

include "PE/PEAttrs.td"
include "PE/PETypes.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class PE_Op<string mnemonic, list<Trait> traits = []> : Op<PE_Dialect, mnemonic, traits>;

def PE_Patterns : TypedArrayAttrBase<PE_PatternAttr, "regions of PEs">;
def PE_Map : TypedArrayAttrBase<PE_DimAttr, "one entry per dimension">;
def PE_StorageType : AnyTypeOf<[F32, F16, BF16, I32, I16]>;

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

def PE_ProgramOp : PE_Op<"program", [IsolatedFromAbove, SymbolTable, Symbol, SingleBlock,
                                     NoTerminator, NoRegionArguments]> {
  let summary = "a program for a rectangle of processing elements";
  let description = [{
    Everything one program of a `.weft` file holds. `grid` is the program rectangle;
    coordinates inside count from its north-west corner. `target` names a preset or
    a target file. `rtol` is the default tolerance of `weft-run --expect`. A
    `repeatable` program overwrites no initial data, so that it can run again
    without being loaded again.

    Example:

    ```mlir
    pe.program @axpy grid [2, 1] target "wse2" {
      pe.stage "s0" on #pe.pattern<(0, 0), 2 x 1>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$grid, StrAttr:$target,
                       OptionalAttr<F64Attr>:$rtol, UnitAttr:$repeatable);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `grid` $grid `target` $target (`rtol` $rtol^)? (`repeatable` $repeatable^)?
    attr-dict-with-keyword $body
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "uint32_t":$gridW,
                                 "uint32_t":$gridH, "::llvm::StringRef":$target)>];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

class PE_ProgramItem<string mnemonic, list<Trait> traits = []>
    : PE_Op<mnemonic, !listconcat([HasParent<"ProgramOp">], traits)>;

def PE_TensorOp : PE_ProgramItem<"tensor", [Symbol]> {
  let summary = "constant data in the file";
  let description = [{
    Dense row-major data under a name. `source` is any attribute: `dense<...>` for
    small data, `#pe.blob<...>` or another dialect's reference for weights, whose
    bytes are fetched only when the file is written.

    Example:

    ```mlir
    pe.tensor @x0 : tensor<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type,
                       AnyAttr:$source);
  let assemblyFormat = "$sym_name `:` $type `=` $source attr-dict";
  let hasVerifier = 1;
}

def PE_InitOp : PE_ProgramItem<"init", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "initial SRAM content";
  let description = [{
    Before cycle 0, tiles of a `pe.tensor` lie at byte address `at` of each PE of
    the region, as `map` says (one `#pe.dim` per dimension). An axis that no dimension
    uses holds replicas. `weight` marks what reports count as weights.

    Example:

    ```mlir
    pe.init @x0 at 4176 on #pe.pattern<(0, 0), 2 x 1> storage f32
        map [#pe.dim<x, extent 4, tile 2, stride 1>] weight
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$tensor, I64Attr:$addr, PE_PatternAttr:$where,
                       TypeAttrOf<PE_StorageType>:$storage, PE_Map:$map, UnitAttr:$weight);
  let assemblyFormat = [{
    $tensor `at` $addr `on` qualified($where) `storage` $storage `map` $map
    (`weight` $weight^)? attr-dict
  }];
  let hasVerifier = 1;
}

def PE_InputOp : PE_ProgramItem<"input"> {
  let summary = "a graph input and where it lies";
  let description = [{
    The host writes the input's tiles before cycle 0. The order of `pe.input` ops is
    the order of the graph's inputs. Without `at`, the program does not use the input.
    With `view`, what lies there is the tensor permuted by `perm` and then, row-major,
    of the view's shape.

    Example:

    ```mlir
    pe.input "x" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32
        map [#pe.dim<none, extent 8, tile 8, stride 1>]
    ```
  }];
  let arguments = (ins StrAttr:$name, TypeAttrOf<AnyRankedTensor>:$type,
                       OptionalAttr<I64Attr>:$addr, OptionalAttr<PE_PatternAttr>:$where,
                       OptionalAttr<TypeAttrOf<PE_StorageType>>:$storage,
                       OptionalAttr<PE_Map>:$map,
                       OptionalAttr<TypeAttrOf<AnyRankedTensor>>:$view,
                       OptionalAttr<DenseI64ArrayAttr>:$perm);
  let assemblyFormat = [{
    $name `:` $type (`at` $addr^ `on` qualified($where) `storage` $storage `map` $map)?
    (`view` $view^ `perm` $perm)? attr-dict
  }];
  let hasVerifier = 1;
}

def PE_OutputOp : PE_ProgramItem<"output", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a graph output and where it lies";
  let description = [{
    The host reads the output's tiles when all PEs have halted. An output may also be
    a constant tensor, or the same as an input (its index). `view` is as for
    `pe.input`. With `state` it lies where that input lies, and is what the next
    run finds there.

    Example:

    ```mlir
    pe.output "y" : tensor<8xf32> at 4240 on #pe.pattern<(0, 0), 1 x 1> storage f32
        map [#pe.dim<none, extent 8, tile 8, stride 1>]
    pe.output "c" : tensor<4xf32> constant @x0
    pe.output "z" : tensor<8xf32> alias 0
    pe.output "next" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32
        map [#pe.dim<none, extent 8, tile 8, stride 1>] state 0
    ```
  }];
  let arguments = (ins StrAttr:$name, TypeAttrOf<AnyRankedTensor>:$type,
                       OptionalAttr<I64Attr>:$addr, OptionalAttr<PE_PatternAttr>:$where,
                       OptionalAttr<TypeAttrOf<PE_StorageType>>:$storage,
                       OptionalAttr<PE_Map>:$map, OptionalAttr<FlatSymbolRefAttr>:$constant,
                       OptionalAttr<I32Attr>:$alias,
                       OptionalAttr<TypeAttrOf<AnyRankedTensor>>:$view,
                       OptionalAttr<DenseI64ArrayAttr>:$perm, OptionalAttr<I32Attr>:$state);
  let assemblyFormat = [{
    $name `:` $type (`at` $addr^ `on` qualified($where) `storage` $storage `map` $map)?
    (`constant` $constant^)? (`alias` $alias^)? (`view` $view^ `perm` $perm)?
    (`state` $state^)? attr-dict
  }];
  let hasVerifier = 1;
}

def PE_StageOp : PE_ProgramItem<"stage"> {
  let summary = "a rectangle that kernels share";
  let description = [{
    Stages are numbered in the order in which they appear.

    Example:

    ```mlir
    pe.stage "s0" on #pe.pattern<(0, 0), 8 x 8>
    ```
  }];
  let arguments = (ins StrAttr:$name, PE_PatternAttr:$where);
  let assemblyFormat = "$name `on` qualified($where) attr-dict";
}

def PE_KernelOp : PE_ProgramItem<"kernel", [Symbol]> {
  let summary = "a kernel instance, for reports and provenance";
  let description = [{
    Subroutines, tasks and calls name the kernel they belong to, so that cycles and
    code are counted for it. `stage` and
    `nodes` count the `pe.stage` and `pe.node` ops of the program from 0.

    Example:

    ```mlir
    pe.kernel @mm algorithm "gemm.chain" on #pe.pattern<(0, 0), 8 x 8> nodes [0, 3] stage 0
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$algorithm, PE_PatternAttr:$where,
                       DenseI64ArrayAttr:$nodes, I32Attr:$stage);
  let assemblyFormat = [{
    $sym_name `algorithm` $algorithm `on` qualified($where) `nodes` $nodes `stage` $stage attr-dict
  }];
}

def PE_NodeOp : PE_ProgramItem<"node"> {
  let summary = "the ledger entry of an ONNX node";
  let description = [{
    Index, name (may be empty), operator, what became of it, and the values of the
    ONNX graph that it defines.

    Example:

    ```mlir
    pe.node 3 "/layer.0/Add" "Add" fate merged outputs ["h"]
    ```
  }];
  let arguments = (ins I32Attr:$index, StrAttr:$name, StrAttr:$op, PE_FateAttr:$fate,
                       OptionalAttr<StrArrayAttr>:$outputs);
  let assemblyFormat = "$index $name $op `fate` $fate (`outputs` $outputs^)? attr-dict";
}

def PE_ValueOp : PE_ProgramItem<"value", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "where a value of the ONNX graph lies for a while";
  let description = [{
    For probes: when a PE has done its call for kernel `after`, its tile of the
    value lies at byte address `at`, until something overwrites it.

    Example:

    ```mlir
    pe.value "h" : tensor<8xf32> after @mm at 4240 on #pe.pattern<(0, 0), 1 x 1> storage f32
        map [#pe.dim<none, extent 8, tile 8, stride 1>]
    ```
  }];
  let arguments = (ins StrAttr:$name, TypeAttrOf<AnyRankedTensor>:$type,
                       FlatSymbolRefAttr:$kernel, I64Attr:$addr, PE_PatternAttr:$where,
                       TypeAttrOf<PE_StorageType>:$storage, PE_Map:$map);
  let assemblyFormat = [{
    $name `:` $type `after` $kernel `at` $addr `on` qualified($where) `storage` $storage
    `map` $map attr-dict
  }];
  let hasVerifier = 1;
}

def PE_RouteOp : PE_ProgramItem<"route"> {
  let summary = "a router setting";
  let description = [{
    On every PE of the region, `color` is taken from port `rx` and forwarded to all
    ports of `tx` (R-FAB-2). Ports are `north`, `south`, `east`, `west` and `ramp`;
    masks in the attribute as in the file.

    Example: a multicast to the east that every PE takes a copy of:

    ```mlir
    pe.route color 2 rx west tx [east, ramp] on #pe.pattern<(1, 0), 6 x 1>
    ```

    A `position` says that the setting replaces that of the position before it (without
    one: position 0) when the PE's own `pe.vec ... advance` has sent its last word
    (R-FAB-10).

    Example: each PE's own words go west first, then those of the PEs to its east:

    ```mlir
    pe.route color 3 rx ramp tx [west] on #pe.pattern<(1, 0), 6 x 1>
    pe.route color 3 position 1 rx east tx [west] on #pe.pattern<(1, 0), 6 x 1>
    ```
  }];
  let arguments = (ins I32Attr:$color, I32Attr:$rx, I32Attr:$tx, PE_PatternAttr:$where,
                       OptionalAttr<I32Attr>:$position);
  let assemblyFormat = [{
    `color` $color (`position` $position^)? `rx` custom<Port>($rx) `tx` custom<Ports>($tx) `on` qualified($where) attr-dict
  }];
  let hasVerifier = 1;
}

def PE_StreamOp : PE_ProgramItem<"stream"> {
  let summary = "wavelets that the routes are meant to carry";
  let description = [{
    Each PE (x, y) of the region sends `words` wavelets of `color` in all, and each
    arrives at exactly the PEs `(x + i, y + j)` with i in `dx`, j in `dy` (both ends
    included), itself excepted. A checker compares this with routes and code.

    Example:

    ```mlir
    pe.stream "chain" color 2 from #pe.pattern<(1, 0), 7 x 1> dx [-1, -1] dy [0, 0] words 16
    ```
  }];
  let arguments = (ins StrAttr:$name, I32Attr:$color, PE_PatternAttr:$from,
                       DenseI64ArrayAttr:$dx, DenseI64ArrayAttr:$dy, I64Attr:$words);
  let assemblyFormat = [{
    $name `color` $color `from` qualified($from) `dx` $dx `dy` $dy `words` $words attr-dict
  }];
  let hasVerifier = 1;
}

def PE_MemoryOp : PE_ProgramItem<"memory"> {
  let summary = "a named range of SRAM, for reports";
  let description = [{
    Example:

    ```mlir
    pe.memory "w0" weights at 4176 bytes 32 on #pe.pattern<(0, 0), 1 x 1>
    ```
  }];
  let arguments = (ins StrAttr:$name, PE_MemClassAttr:$kind, I64Attr:$addr, I64Attr:$bytes,
                       PE_PatternAttr:$where);
  let assemblyFormat = [{
    $name $kind `at` $addr `bytes` $bytes `on` qualified($where) attr-dict
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// A class
//===----------------------------------------------------------------------===//

def PE_ClassOp : PE_ProgramItem<"class", [IsolatedFromAbove, SymbolTable, Symbol, SingleBlock,
                                          NoTerminator, NoRegionArguments]> {
  let summary = "the code of a set of PEs";
  let description = [{
    All PEs of `where` run this code. `code_at` is the byte address of the code image;
    without it the code starts at the next multiple of four after `data_end`.
    `params_at` is the address of the table with the parameters of calls, which
    emission fills as constant data. Queues and buffers are declared first and are
    visible in all subroutines and tasks.

    Example:

    ```mlir
    pe.class @root at [#pe.pattern<(0, 0), 1 x 8>] code_at 40000 params_at 39936 {
      %x = pe.buffer "x" at 4176 : memref<8xf32>
      pe.task @start id 0 start {
        pe.halt
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, PE_Patterns:$where,
                       OptionalAttr<I64Attr>:$code_at, OptionalAttr<I64Attr>:$params_at,
                       OptionalAttr<I64Attr>:$data_end);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `at` $where (`code_at` $code_at^)? (`params_at` $params_at^)?
    (`data_end` $data_end^)? attr-dict-with-keyword $body
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
                                 "::llvm::ArrayRef<PatternAttr>":$where)>];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def PE_QueueOp : PE_Op<"queue", [HasParent<"ClassOp">,
                                 DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "bind a queue to a colour";
  let description = [{
    For the whole life of the class (R-QUE-2). The result is the fabric operand of
    vector ops.

    Example:

    ```mlir
    %in = pe.queue input 2 color 4 : !pe.fabin
    %out = pe.queue output 2 color 5 : !pe.fabout
    ```
  }];
  let arguments = (ins PE_QueueDirAttr:$dir, I32Attr:$queue, I32Attr:$color);
  let results = (outs AnyTypeOf<[PE_FabInType, PE_FabOutType]>:$result);
  let assemblyFormat = "$dir $queue `color` $color attr-dict `:` type($result)";
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "QueueDir":$dir, "uint32_t":$queue, "uint32_t":$color)>];
  let hasVerifier = 1;
}

def PE_BufferOp : PE_Op<"buffer", [HasParent<"ClassOp">,
                                   DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "SRAM at a fixed address";
  let description = [{
    A contiguous memref whose element 0 lies at byte address `at`, aligned to the
    element (R-MEM-2).

    Example:

    ```mlir
    %x = pe.buffer "x" at 4176 : memref<8xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$addr);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "$name `at` $addr attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def PE_SubOp : PE_Op<"sub", [HasParent<"ClassOp">, Symbol, SingleBlock]> {
  let summary = "a subroutine";
  let description = [{
    Called with `pe.call`. An argument is one word of the call's parameter block: the
    address of a memref, or an `index`, `i32` or `f32` constant. `kernel` is what its
    instructions count for if the call names none.

    Example:

    ```mlir
    pe.sub @double(%b: memref<8xf32>) kernel @axpy {
      %two = arith.constant 2.0 : f32
      pe.vec vfmul %b, %b, %two : memref<8xf32>, memref<8xf32>, f32
      pe.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<FlatSymbolRefAttr>:$kernel);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
                                 "::llvm::ArrayRef<::mlir::Type>":$args,
                                 CArg<"::llvm::StringRef", "{}">:$kernel)>];
  let hasVerifier = 1;
}

def PE_TaskOp : PE_Op<"task", [HasParent<"ClassOp">, Symbol, SingleBlock, NoRegionArguments]> {
  let summary = "code that runs when it is activated";
  let description = [{
    Runs to its end once activated (R-TASK-1); the lowest runnable `id` first. `start`:
    runnable at cycle 0. Ends with `pe.halt` (the PE is done) or `pe.end`.

    Example:

    ```mlir
    pe.task @start id 0 start {
      pe.activate 3
      pe.end
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I32Attr:$id, UnitAttr:$start,
                       OptionalAttr<FlatSymbolRefAttr>:$kernel);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `id` $id (`start` $start^)? (`kernel` $kernel^)? attr-dict-with-keyword $body
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "uint32_t":$id, "bool":$start,
                                 CArg<"::llvm::StringRef", "{}">:$kernel)>];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// What is executed
//===----------------------------------------------------------------------===//

def PE_VecOp : PE_Op<"vec"> {
  let summary = "an element-wise vector instruction";
  let description = [{
    `dst = op(srcs...)` for each element in row-major order (`vfmac`: `dst +=`, `vsel`:
    where the first source is not 0). The destination is a memref or an output queue;
    a source is a memref, an input queue, or a scalar that every element sees. Memrefs
    have the same number of elements (R-OP-2); they need not have the same shape.
    Without a memref, `length` says how many (R-OP-3). `async m` runs it on microthread
    m, and the program goes on (R-OP-4). With `advance` the last wavelet that it sends
    moves the switch of its colour on this PE's router (R-FAB-10). The opcode says how bits are read: integer
    ops take the raw 32 bits of f32 elements, float ops those of i32.

    Example:

    ```mlir
    pe.vec vfmac %y, %x, %a : memref<8xf32>, memref<8xf32>, f32
    pe.vec vfadd %out, %in, %x async 1 : !pe.fabout, !pe.fabin, memref<8xf32>
    pe.vec vmov %out, %in length 64 : !pe.fabout, !pe.fabin
    pe.vec vmov %out, %x advance : !pe.fabout, memref<8xf32>
    ```
  }];
  let arguments = (ins PE_VecOpcodeAttr:$opcode, AnyTypeOf<[AnyStaticShapeMemRef, PE_FabOutType]>:$dst,
      Variadic<AnyTypeOf<[AnyStaticShapeMemRef, PE_FabInType, F32, I32]>>:$srcs,
      OptionalAttr<I32Attr>:$length, OptionalAttr<I32Attr>:$async, UnitAttr:$advance);
  let assemblyFormat = [{
    $opcode $dst `,` $srcs (`length` $length^)? (`async` $async^)? (`advance` $advance^)? attr-dict
    `:` type($dst) `,` type($srcs)
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "VecOpcode":$opcode, "::mlir::Value":$dst,
      "::mlir::ValueRange":$srcs, CArg<"std::optional<uint32_t>", "std::nullopt">:$length,
      CArg<"std::optional<uint32_t>", "std::nullopt">:$async)>];
  let hasVerifier = 1;
}

def PE_ReduceOp : PE_Op<"reduce"> {
  let summary = "a vector instruction with a scalar result";
  let description = [{
    Starts from `init` and takes the elements, floats, in order: `vrsum` adds, `vrmax` keeps the
    larger, `vfdot` adds products of two sources (fused). `length` as for `pe.vec`.

    Example:

    ```mlir
    %s = pe.reduce vrsum %zero, %x : f32, memref<8xf32>
    %d = pe.reduce vfdot %zero, %x, %y : f32, memref<8xf32>, memref<8xf32>
    ```
  }];
  let arguments = (ins PE_ReduceOpcodeAttr:$opcode, F32:$init,
      Variadic<AnyTypeOf<[AnyStaticShapeMemRef, PE_FabInType, F32, I32]>>:$srcs,
      OptionalAttr<I32Attr>:$length);
  let results = (outs F32:$result);
  let assemblyFormat = [{
    $opcode $init `,` $srcs (`length` $length^)? attr-dict `:` type($init) `,` type($srcs)
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "ReduceOpcode":$opcode, "::mlir::Value":$init,
      "::mlir::ValueRange":$srcs, CArg<"std::optional<uint32_t>", "std::nullopt">:$length)>];
  let hasVerifier = 1;
}

def PE_FmaOp : PE_Op<"fma", [Pure, AllTypesMatch<["a", "b", "c", "result"]>]> {
  let summary = "a * b + c with one rounding";
  let description = [{
    Example:

    ```mlir
    %r = pe.fma %a, %b, %c : f32
    ```
  }];
  let arguments = (ins F32:$a, F32:$b, F32:$c);
  let results = (outs F32:$result);
  let assemblyFormat = "$a `,` $b `,` $c attr-dict `:` type($a)";
}

def PE_RetypeOp : PE_Op<"retype", [Pure]> {
  let summary = "the same bytes as elements of another type";
  let description = [{
    For loads and stores; vector ops on 32-bit elements need it not. Shape and strides
    stay; the element types have one width.

    Example:

    ```mlir
    %i = pe.retype %x : memref<8xf32> to memref<8xi32>
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$source);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def PE_CoordOp : PE_Op<"coord", [Pure,
                                 DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "the position of this PE";
  let description = [{
    Column or row in the program rectangle.

    Example:

    ```mlir
    %x = pe.coord x : index
    ```
  }];
  let arguments = (ins PE_AxisAttr:$axis);
  let results = (outs AnyTypeOf<[Index, I32]>:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def PE_CallOp : PE_Op<"call", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "call a subroutine";
  let description = [{
    Arguments are buffers, views of buffers at constant offsets, or constants: they are
    written into the class's parameter table. Only in tasks (subroutines may call
    those without arguments). `kernel` is what the call's work counts for.

    Example:

    ```mlir
    pe.call @double(%x) kernel @axpy : memref<8xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$args,
                       OptionalAttr<FlatSymbolRefAttr>:$kernel);
  let assemblyFormat = [{
    $callee `(` $args `)` (`kernel` $kernel^)? attr-dict (`:` type($args)^)?
  }];
  let hasVerifier = 1;
}

def PE_ActivateOp : PE_Op<"activate"> {
  let summary = "make a task runnable";
  let description = [{
    It starts when the current task has ended.

    Example:

    ```mlir
    pe.activate 3
    ```
  }];
  let arguments = (ins I32Attr:$task);
  let assemblyFormat = "$task attr-dict";
  let hasVerifier = 1;
}

def PE_WaitOp : PE_Op<"wait"> {
  let summary = "wait until a microthread is idle";
  let description = [{
    Example:

    ```mlir
    pe.wait 1
    ```
  }];
  let arguments = (ins I32Attr:$microthread);
  let assemblyFormat = "$microthread attr-dict";
}

def PE_HaltOp : PE_Op<"halt", [Terminator, HasParent<"TaskOp">]> {
  let summary = "the PE is done";
  let description = [{
    Every PE of a program halts (R-TASK-2).

    Example:

    ```mlir
    pe.halt
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def PE_EndOp : PE_Op<"end", [Terminator, HasParent<"TaskOp">]> {
  let summary = "the task ends, the next runnable one starts";
  let description = [{
    Example:

    ```mlir
    pe.end
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def PE_ReturnOp : PE_Op<"return", [Terminator, HasParent<"SubOp">]> {
  let summary = "the subroutine ends";
  let description = [{
    Example:

    ```mlir
    pe.return
    ```
  }];
  let assemblyFormat = "attr-dict";
}

#endif // WEFT_PE_OPS_TD
