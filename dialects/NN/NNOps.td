//===- NNOps.td - The ops of the nn dialect ----------------*- tablegen -*-===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Named ops of transformers. An op is here if a kernel exists for it or if it
// is needed to say what an exporter wrote; shape arithmetic is folded away
// before this level.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_NN_OPS_TD
#define WEFT_NN_OPS_TD

include "NN/NNData.td"
include "NN/NNElementwise.td"
include "NN/NNOpBase.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"

//===----------------------------------------------------------------------===//
// Module level
//===----------------------------------------------------------------------===//

def NN_WeightOp : NN_Op<"weight", [Symbol]> {
  let summary = "Declare a weight as a reference to bytes";
  let description = [{
    The bytes are never in the IR. Everything done to a weight (cast, transpose,
    slice of a packed one) is ops on `nn.load`, evaluated once at emission.

    Example:

    ```mlir
    nn.weight @wte : tensor<256x64xf32>
        = #nn.data<"model.onnx", 64, 65536, "99aa06d3014798d86001c324468d497f">
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<NN_Tensor>:$type,
                       NN_DataAttr:$value, OptionalAttr<StrAttr>:$sym_visibility);
  let assemblyFormat = "$sym_name `:` $type `=` qualified($value) attr-dict";
  let hasVerifier = 1;
}

def NN_ProgramOp : NN_Op<"program", [IsolatedFromAbove, AffineScope,
    FunctionOpInterface, SingleBlock]> {
  let summary = "A computation from graph inputs to graph outputs";
  let description = [{
    Arguments and results are the ONNX graph's inputs and outputs in graph order,
    named by `nn.name`. A module may hold several programs over shared weights.
    `state` names the outputs that are inputs of the next step.

    Example:

    ```mlir
    nn.program @main(%x: tensor<1x4xf32> {nn.name = "x"})
        -> (tensor<1x4xf32> {nn.name = "y"}) {
      %y = nn.relu %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
      nn.return %y : tensor<1x4xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs,
                       OptionalAttr<TypedArrayAttrBase<NN_StateAttr, "states">>:$state);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    mlir::ArrayRef<mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    mlir::ArrayRef<mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    mlir::Region *getCallableRegion() { return &getBody(); }
    /// The ONNX name of input or output `i`.
    llvm::StringRef getInputName(unsigned i);
    llvm::StringRef getOutputName(unsigned i);
  }];
}

def NN_ReturnOp : NN_Op<"return", [Pure, HasParent<"ProgramOp">, Terminator,
    ReturnLike]> {
  let summary = "End a program with its outputs";
  let description = [{
    Operands are the program's outputs, in graph order.

    Example:

    ```mlir
    nn.return %y : tensor<1x4xf32>
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$outputs);
  let assemblyFormat = "attr-dict ($outputs^ `:` type($outputs))?";
  let hasVerifier = 1;
}

def NN_LoadOp : NN_Op<"load", [Pure,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "Read a weight";
  let description = [{
    The value of an `nn.weight` of the same module.

    Example:

    ```mlir
    %wte = nn.load @wte : tensor<256x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}

def NN_ConstantOp : NN_Op<"constant", [Pure, ConstantLike,
    AllTypesMatch<["value", "result"]>]> {
  let summary = "A small constant, inline";
  let description = [{
    At most 4 KiB, unless it is a splat; larger ones are weights.

    Example:

    ```mlir
    %c = nn.constant dense<5.000000e-01> : tensor<f32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

def NN_LinearOp : NN_InferredOp<"linear"> {
  let summary = "Multiply by a constant matrix and add a bias";
  let description = [{
    `out[..., n] = sum_k x[..., k] * w[k, n] (+ bias[n])`. The weight is a
    constant expression (`isConstant`), which is what tells it from `nn.matmul`.

    Example:

    ```mlir
    %y = nn.linear %x, %w bias %b
        : (tensor<1x8x64xf32>, tensor<64x256xf32>, tensor<256xf32>)
        -> tensor<1x8x256xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$x, NN_FloatTensor:$weight,
                       Optional<NN_FloatTensor>:$bias);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
}

def NN_MatMulOp : NN_InferredOp<"matmul"> {
  let summary = "Multiply matrices, batched as in numpy";
  let description = [{
    `numpy.matmul`: leading dimensions broadcast, a 1-d operand is a row on the
    left or a column on the right and its dimension is dropped from the result.

    Example:

    ```mlir
    %s = nn.matmul %q, %k
        : (tensor<1x4x8x16xf32>, tensor<1x4x16x8xf32>) -> tensor<1x4x8x8xf32>
    ```
  }];
  let arguments = (ins NN_SumTensor:$lhs, NN_SumTensor:$rhs);
  let results = (outs NN_SumTensor:$result);
  let assemblyFormat =
      "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def NN_AttentionOp : NN_InferredOp<"attention"> {
  let summary = "Scaled dot-product attention of several heads";
  let description = [{
    With H = `num_heads`, G = `num_kv_heads` (G divides H; query head h reads
    key/value head h / (H/G)): q is `[B, T, H*dh]`, k `[B, S, G*dh]`, v
    `[B, S, G*dv]`, the result `[B, T, H*dv]`. Per head
    `softmax(scale * q k^T + mask) v`. The mask has any float type, is added in f32
    and broadcasts to `[B, H, T, S]`. `causal` (T <= S): query i sees the keys
    `j <= i + S - T` only. Scores that are all -inf give NaN, or 0 where `zero_masked`
    says so, as ONNX's Attention wants.

    Example:

    ```mlir
    %o = nn.attention %q, %k, %v mask %m
        heads = 4 kv_heads = 4 scale = 2.500000e-01 causal = false
        : (tensor<1x8x64xf32>, tensor<1x8x64xf32>, tensor<1x8x64xf32>,
           tensor<1x1x1x8xf32>) -> tensor<1x8x64xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$q, NN_FloatTensor:$k, NN_FloatTensor:$v,
                       Optional<NN_FloatTensor>:$mask, I64Attr:$num_heads,
                       I64Attr:$num_kv_heads, F32Attr:$scale,
                       DefaultValuedAttr<BoolAttr, "false">:$causal,
                       DefaultValuedOptionalAttr<BoolAttr, "false">:$zero_masked);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $q `,` $k `,` $v (`mask` $mask^)? `heads` `=` $num_heads
    `kv_heads` `=` $num_kv_heads `scale` `=` $scale `causal` `=` $causal
    attr-dict `:` functional-type(operands, results)
  }];
}

//===----------------------------------------------------------------------===//
// Normalisation and activation
//===----------------------------------------------------------------------===//

def NN_LayerNormOp : NN_InferredOp<"layer_norm"> {
  let summary = "Normalise the last axis to mean 0, variance 1";
  let description = [{
    `(x - mean) / sqrt(var + epsilon) * scale (+ bias)` over the last axis; scale
    and bias are vectors of its extent. Statistics are computed in f32.

    Example:

    ```mlir
    %y = nn.layer_norm %x, %g bias %b epsilon = 1.000000e-05
        : (tensor<1x8x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<1x8x64xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$x, NN_FloatTensor:$scale,
                       Optional<NN_FloatTensor>:$bias, F32Attr:$epsilon);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $scale (`bias` $bias^)? `epsilon` `=` $epsilon
    attr-dict `:` functional-type(operands, results)
  }];
}

def NN_RMSNormOp : NN_InferredOp<"rms_norm"> {
  let summary = "Normalise the last axis to mean square 1";
  let description = [{
    `x / sqrt(mean(x^2) + epsilon) * scale` over the last axis. Statistics are
    computed in f32.

    Example:

    ```mlir
    %y = nn.rms_norm %x, %g epsilon = 1.000000e-05
        : (tensor<1x8x64xf32>, tensor<64xf32>) -> tensor<1x8x64xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$x, NN_FloatTensor:$scale,
                       F32Attr:$epsilon);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $scale `epsilon` `=` $epsilon
    attr-dict `:` functional-type(operands, results)
  }];
}

def NN_SoftmaxOp : NN_InferredOp<"softmax"> {
  let summary = "Exponentials divided by their sum along one axis";
  let description = [{
    `exp(x - max) / sum(exp(x - max))` along `axis`, which is in `[0, rank)`. Where x is
    all -inf that is NaN, or 0 with `zero_masked`.

    Example:

    ```mlir
    %y = nn.softmax %x axis = 2 : (tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$x, I64Attr:$axis,
                       DefaultValuedOptionalAttr<BoolAttr, "false">:$zero_masked);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat =
      "$x `axis` `=` $axis attr-dict `:` functional-type(operands, results)";
}

def NN_GeluOp : NN_InferredOp<"gelu"> {
  let summary = "Gaussian error linear unit";
  let description = [{
    `none`: `x/2 * (1 + erf(x/sqrt(2)))`; `tanh`:
    `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))`.

    Example:

    ```mlir
    %y = nn.gelu %x approximate = "tanh" : (tensor<8xf32>) -> tensor<8xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$x,
                       DefaultValuedAttr<StrAttr, "\"none\"">:$approximate);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $x `approximate` `=` $approximate attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif
