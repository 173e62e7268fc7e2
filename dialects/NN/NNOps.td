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

include "NN/NNDialect.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class NN_Op<string mnemonic, list<Trait> traits = []>
    : Op<NN_Dialect, mnemonic, traits>;

/// A pure op whose result type follows from operands and attributes.
class NN_InferredOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat(traits, [Pure, InferTypeOpAdaptor])>;

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
  let arguments = (ins NN_NumTensor:$lhs, NN_NumTensor:$rhs);
  let results = (outs NN_NumTensor:$result);
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

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

class NN_BinaryOp<string mnemonic, string what, string formula,
                  list<Trait> traits = [], Type operand = NN_NumTensor,
                  string elem = "f32", Type result = operand,
                  string resultElem = elem>
    : NN_InferredOp<mnemonic, traits> {
  let summary = what;
  let description = formula # [{ elementwise; the shapes broadcast as in
    numpy, the element types are equal.

    Example:

    ```mlir
    %z = nn.}] # mnemonic # [{ %x, %y : (tensor<4x8x}] # elem #
    [{>, tensor<8x}] # elem # [{>) -> tensor<4x8x}] # resultElem # [{>
    ```
  }];
  let arguments = (ins operand:$lhs, operand:$rhs);
  let results = (outs result:$result);
  let assemblyFormat =
      "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def NN_AddOp : NN_BinaryOp<"add", "Sum of two tensors", "`lhs + rhs`", [Commutative]>;
def NN_SubOp : NN_BinaryOp<"sub", "Difference of two tensors", "`lhs - rhs`">;
def NN_MulOp : NN_BinaryOp<"mul", "Product of two tensors", "`lhs * rhs`", [Commutative]>;
def NN_DivOp : NN_BinaryOp<"div", "Quotient of two tensors",
    "`lhs / rhs`, truncated towards zero for integers,">;
def NN_ExactDivOp : NN_BinaryOp<"exact_div", "Quotient of two tensors, correctly rounded",
    "`lhs / rhs`, rounded to nearest even where it lies between 2^-100 and 2^100, as quantisation wants,",
    [], NN_FloatTensor>;
def NN_ModOp : NN_BinaryOp<"mod", "Remainder with the sign of the divisor",
    "`lhs - rhs * floor(lhs / rhs)`">;
def NN_RemOp : NN_BinaryOp<"rem", "Remainder with the sign of the dividend",
    "`lhs - rhs * trunc(lhs / rhs)`, the fmod of C for floats,">;
def NN_PowOp : NN_BinaryOp<"pow", "Power of two tensors", "`lhs ^ rhs`">;
def NN_MaxOp : NN_BinaryOp<"max", "Larger of two tensors", "`max(lhs, rhs)`", [Commutative]>;
def NN_MinOp : NN_BinaryOp<"min", "Smaller of two tensors", "`min(lhs, rhs)`", [Commutative]>;

class NN_BitOp<string mnemonic, string what, string formula, list<Trait> traits = []>
    : NN_BinaryOp<mnemonic, what, formula, traits, NN_IntTensor, "ui8">;
def NN_BitAndOp : NN_BitOp<"bit_and", "Conjunction of bits", "`lhs & rhs`", [Commutative]>;
def NN_BitOrOp : NN_BitOp<"bit_or", "Disjunction of bits", "`lhs | rhs`", [Commutative]>;
def NN_BitXorOp : NN_BitOp<"bit_xor", "Bits that differ", "`lhs ^ rhs`", [Commutative]>;
def NN_ShiftLeftOp : NN_BitOp<"shift_left", "Bits shifted up",
    "`lhs << rhs`; a shift by the width or more is undefined,">;
def NN_ShiftRightOp : NN_BitOp<"shift_right", "Bits shifted down",
    "`lhs >> rhs`, filled with zeros; a shift by the width or more is undefined,">;

class NN_CompareOp<string mnemonic, string what, string formula>
    : NN_BinaryOp<mnemonic, what, formula, [], NN_Tensor, "f32", NN_BoolTensor, "i1">;
def NN_EqualOp : NN_CompareOp<"equal", "Test for equality", "`lhs == rhs`">;
def NN_LessOp : NN_CompareOp<"less", "Test for less", "`lhs < rhs`">;
def NN_LessEqualOp : NN_CompareOp<"less_equal", "Test for less or equal", "`lhs <= rhs`">;
def NN_GreaterOp : NN_CompareOp<"greater", "Test for greater", "`lhs > rhs`">;
def NN_GreaterEqualOp : NN_CompareOp<"greater_equal", "Test for greater or equal", "`lhs >= rhs`">;

class NN_LogicOp<string mnemonic, string what, string formula>
    : NN_BinaryOp<mnemonic, what, formula, [Commutative], NN_BoolTensor, "i1">;
def NN_AndOp : NN_LogicOp<"and", "Conjunction of two bool tensors", "`lhs && rhs`">;
def NN_OrOp : NN_LogicOp<"or", "Disjunction of two bool tensors", "`lhs || rhs`">;

class NN_UnaryOp<string mnemonic, string what, string formula,
                 Type operand = NN_FloatTensor, string elem = "f32">
    : NN_InferredOp<mnemonic> {
  let summary = what;
  let description = formula # [{ of each element.

    Example:

    ```mlir
    %y = nn.}] # mnemonic # [{ %x : (tensor<4x8x}] # elem #
    [{>) -> tensor<4x8x}] # elem # [{>
    ```
  }];
  let arguments = (ins operand:$x);
  let results = (outs operand:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def NN_NegOp : NN_UnaryOp<"neg", "Negate", "`-x`", NN_NumTensor>;
def NN_AbsOp : NN_UnaryOp<"abs", "Absolute value", "`|x|`", NN_NumTensor>;
def NN_ExpOp : NN_UnaryOp<"exp", "Exponential", "`e^x`">;
def NN_LogOp : NN_UnaryOp<"log", "Natural logarithm", "`ln x`">;
def NN_SqrtOp : NN_UnaryOp<"sqrt", "Square root", "`sqrt(x)`">;
def NN_RsqrtOp : NN_UnaryOp<"rsqrt", "Reciprocal square root", "`1/sqrt(x)`">;
def NN_ReciprocalOp : NN_UnaryOp<"reciprocal", "Reciprocal", "`1/x`">;
def NN_TanhOp : NN_UnaryOp<"tanh", "Hyperbolic tangent", "`tanh(x)`">;
def NN_ErfOp : NN_UnaryOp<"erf", "Error function", "`erf(x)`">;
def NN_SigmoidOp : NN_UnaryOp<"sigmoid", "Logistic function", "`1/(1 + e^-x)`">;
def NN_SiluOp : NN_UnaryOp<"silu", "Sigmoid linear unit", "`x * sigmoid(x)`">;
def NN_ReluOp : NN_UnaryOp<"relu", "Rectified linear unit", "`max(x, 0)`", NN_NumTensor>;
def NN_SinOp : NN_UnaryOp<"sin", "Sine", "`sin(x)`">;
def NN_CosOp : NN_UnaryOp<"cos", "Cosine", "`cos(x)`">;
def NN_FloorOp : NN_UnaryOp<"floor", "Round towards minus infinity", "`floor(x)`">;
def NN_RoundOp : NN_UnaryOp<"round", "Round to the nearest integer, halves to even", "`rint(x)`">;
def NN_SignOp : NN_UnaryOp<"sign", "Sign: -1, 0 or 1", "`(x > 0) - (x < 0)`", NN_NumTensor>;
def NN_TanOp : NN_UnaryOp<"tan", "Tangent", "`tan(x)`">;
def NN_AsinOp : NN_UnaryOp<"asin", "Inverse sine", "`asin(x)`">;
def NN_AcosOp : NN_UnaryOp<"acos", "Inverse cosine", "`acos(x)`">;
def NN_AtanOp : NN_UnaryOp<"atan", "Inverse tangent", "`atan(x)`">;
def NN_SinhOp : NN_UnaryOp<"sinh", "Hyperbolic sine", "`sinh(x)`">;
def NN_CoshOp : NN_UnaryOp<"cosh", "Hyperbolic cosine", "`cosh(x)`">;
def NN_AsinhOp : NN_UnaryOp<"asinh", "Inverse hyperbolic sine", "`asinh(x)`">;
def NN_AcoshOp : NN_UnaryOp<"acosh", "Inverse hyperbolic cosine", "`acosh(x)`">;
def NN_AtanhOp : NN_UnaryOp<"atanh", "Inverse hyperbolic tangent", "`atanh(x)`">;
def NN_NotOp : NN_UnaryOp<"not", "Negate a bool tensor", "`!x`", NN_BoolTensor, "i1">;

def NN_WhereOp : NN_InferredOp<"where"> {
  let summary = "Choose elements of two tensors by a bool tensor";
  let description = [{
    `condition ? a : b` elementwise; the three shapes broadcast as in numpy. The
    element not chosen never matters, even if it is inf or NaN.

    Example:

    ```mlir
    %y = nn.where %c, %a, %b
        : (tensor<8x8xi1>, tensor<1x8x8xf32>, tensor<f32>) -> tensor<1x8x8xf32>
    ```
  }];
  let arguments = (ins NN_BoolTensor:$condition, NN_Tensor:$a, NN_Tensor:$b);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = [{
    $condition `,` $a `,` $b attr-dict `:` functional-type(operands, results)
  }];
}

def NN_CastOp : NN_Op<"cast", [Pure, SameOperandsAndResultShape]> {
  let summary = "Convert the element type";
  let description = [{
    Float to integer truncates towards zero, number to bool is `x != 0`, bool to
    number is 0 or 1, float to narrower float rounds to nearest even. With
    `saturate`, which is for constant operands, finite values beyond the range of
    the result's type become its largest.

    Example:

    ```mlir
    %y = nn.cast %x : (tensor<4xf32>) -> tensor<4xf16>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, UnitAttr:$saturate);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def NN_BitCastOp : NN_Op<"bit_cast", [Pure, SameOperandsAndResultShape]> {
  let summary = "The same bits as another element type";
  let description = [{
    Both element types have the same width, other than 1 bit.

    Example:

    ```mlir
    %y = nn.bit_cast %x : (tensor<4xf32>) -> tensor<4xui32>
    ```
  }];
  let arguments = (ins NN_NumTensor:$x);
  let results = (outs NN_NumTensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Data movement
//===----------------------------------------------------------------------===//

def NN_GatherOp : NN_InferredOp<"gather"> {
  let summary = "Read slices of a tensor by index";
  let description = [{
    ONNX `Gather`: the dimension `axis` of the table is replaced by the
    dimensions of the indices. A negative index counts from the end.

    Example:

    ```mlir
    %e = nn.gather %table, %ids axis = 0
        : (tensor<256x64xf32>, tensor<1x8xi64>) -> tensor<1x8x64xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$table, NN_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = [{
    $table `,` $indices `axis` `=` $axis attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_CacheUpdateOp : NN_InferredOp<"cache_update"> {
  let summary = "Write rows into a cache of fixed capacity";
  let description = [{
    The cache, in which index `positions[i]` of dimension `axis` is index `i` of
    the update, a later `i` over an earlier one. Positions of rank 2 say so for each
    index of the cache's first dimension, its batch. With `reduction` (`add`, `mul`,
    `max`, `min`) the row is combined with what lies there, one `i` after the other,
    so that repeated positions count each. With `wrap` a negative position counts
    from the end. A position that lies outside of the cache writes nothing.
    If the cache is a state of the program, the rows are written in place.

    Example:

    ```mlir
    %c = nn.cache_update %cache, %row at %position axis = 2
        : (tensor<1x4x16x8xf32>, tensor<1x4x1x8xf32>, tensor<1xi64>)
        -> tensor<1x4x16x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$cache, NN_Tensor:$update,
                       NN_IndexTensor:$positions, I64Attr:$axis, UnitAttr:$wrap,
                       OptionalAttr<StrAttr>:$reduction);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = [{
    $cache `,` $update `at` $positions `axis` `=` $axis (`wrap` $wrap^)?
    (`reduction` `=` $reduction^)? attr-dict `:` functional-type(operands, results)
  }];
}

def NN_ReshapeOp : NN_Op<"reshape", [Pure]> {
  let summary = "The same elements in another shape";
  let description = [{
    Row-major order is kept; both shapes have the same number of elements.

    Example:

    ```mlir
    %y = nn.reshape %x : (tensor<1x8x64xf32>) -> tensor<1x8x4x16xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def NN_TransposeOp : NN_InferredOp<"transpose"> {
  let summary = "Permute the dimensions";
  let description = [{
    Dimension i of the result is dimension `perm[i]` of the operand.

    Example:

    ```mlir
    %y = nn.transpose %x perm = [0, 2, 1]
        : (tensor<1x8x64xf32>) -> tensor<1x64x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$perm);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat =
      "$x `perm` `=` $perm attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def NN_SliceOp : NN_InferredOp<"slice"> {
  let summary = "A regular part of a tensor";
  let description = [{
    Element `(i0, i1, ...)` of the result is element `starts + i * steps` of the
    operand; `sizes` is the result's shape. Steps are not 0 and may be negative.

    Example:

    ```mlir
    %k = nn.slice %qkv starts = [0, 64] sizes = [64, 64] steps = [1, 1]
        : (tensor<64x192xf32>) -> tensor<64x64xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$starts,
                       DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$steps);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = [{
    $x `starts` `=` $starts `sizes` `=` $sizes `steps` `=` $steps attr-dict
    `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
}

def NN_ConcatOp : NN_InferredOp<"concat"> {
  let summary = "Tensors one after another along an axis";
  let description = [{
    The operands agree in all dimensions but `axis`.

    Example:

    ```mlir
    %y = nn.concat %a, %b axis = 1
        : (tensor<4x8xf32>, tensor<4x2xf32>) -> tensor<4x10xf32>
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = [{
    $inputs `axis` `=` $axis attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
}

def NN_ExpandOp : NN_Op<"expand", [Pure]> {
  let summary = "Repeat along dimensions of extent 1";
  let description = [{
    Numpy broadcasting of the operand to the result's shape.

    Example:

    ```mlir
    %y = nn.expand %x : (tensor<1x8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

class NN_ReduceOp<string mnemonic, string what, string formula>
    : NN_InferredOp<mnemonic> {
  let summary = what;
  let description = formula # [{ over `axes`, which are distinct, ascending and in
    `[0, rank)`. With `keepdims` a reduced dimension stays with extent 1.

    Example:

    ```mlir
    %y = nn.}] # mnemonic # [{ %x axes = [2] keepdims = true
        : (tensor<1x8x64xf32>) -> tensor<1x8x1xf32>
    ```
  }];
  let arguments = (ins NN_NumTensor:$x, DenseI64ArrayAttr:$axes,
                       BoolAttr:$keepdims);
  let results = (outs NN_NumTensor:$result);
  let assemblyFormat = [{
    $x `axes` `=` $axes `keepdims` `=` $keepdims attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_ReduceSumOp : NN_ReduceOp<"reduce_sum", "Sum over axes", "The sum">;
def NN_ReduceMeanOp : NN_ReduceOp<"reduce_mean", "Mean over axes", "The mean">;
def NN_ReduceMaxOp : NN_ReduceOp<"reduce_max", "Maximum over axes", "The maximum">;
def NN_ReduceMinOp : NN_ReduceOp<"reduce_min", "Minimum over axes", "The minimum">;

//===----------------------------------------------------------------------===//
// Along one axis
//===----------------------------------------------------------------------===//

def NN_TopKOp : NN_InferredOp<"top_k"> {
  let summary = "Where the largest elements along an axis lie";
  let description = [{
    The indices along `axis` of the k largest elements, the largest first, of
    equal ones that of the lower index; without `largest`, of the smallest. NaN
    counts as the last, like the infinity there.

    Example:

    ```mlir
    %i = nn.top_k %x k = 3 axis = 1 largest = true
        : (tensor<4x8xf32>) -> tensor<4x3xi32>
    ```
  }];
  let arguments = (ins NN_NumTensor:$x, I64Attr:$k, I64Attr:$axis,
                       BoolAttr:$largest);
  let results = (outs TensorOf<[I32]>:$result);
  let assemblyFormat = [{
    $x `k` `=` $k `axis` `=` $axis `largest` `=` $largest attr-dict
    `:` functional-type(operands, results)
  }];
}

class NN_CumulativeOp<string mnemonic, string what, string formula>
    : NN_InferredOp<mnemonic> {
  let summary = what;
  let description = formula # [{ of all elements up to this one along `axis`, of
    those before it with `exclusive`; with `reverse` from the other end.

    Example:

    ```mlir
    %y = nn.}] # mnemonic # [{ %x axis = 1 exclusive = false reverse = false
        : (tensor<4x8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins NN_NumTensor:$x, I64Attr:$axis, BoolAttr:$exclusive,
                       BoolAttr:$reverse);
  let results = (outs NN_NumTensor:$result);
  let assemblyFormat = [{
    $x `axis` `=` $axis `exclusive` `=` $exclusive `reverse` `=` $reverse attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_CumSumOp : NN_CumulativeOp<"cum_sum", "Sums along an axis so far", "The sum">;
def NN_CumProdOp : NN_CumulativeOp<"cum_prod", "Products along an axis so far", "The product">;

#endif
