//===- NNElementwise.td - Ops on single elements -----------*- tablegen -*-===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Arithmetic, comparison, logic and functions, elementwise with broadcasting.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_NN_ELEMENTWISE_TD
#define WEFT_NN_ELEMENTWISE_TD

include "NN/NNOpBase.td"

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

def NN_DivByOp : NN_InferredOp<"div_by"> {
  let summary = "Quotient of a tensor by known divisors, correctly rounded";
  let description = [{
    `x / divisor` elementwise, rounded as nn.exact_div does; the shapes broadcast
    as in numpy. `minusInverse`, of the divisor's type, is `-1 / divisor`: the
    reciprocal is not computed on the PEs. Pass nn-known-divisors makes it.

    Example:

    ```mlir
    %q = nn.div_by %x, %scale, %m
        : (tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$x, NN_FloatTensor:$divisor,
                       NN_FloatTensor:$minusInverse);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $divisor `,` $minusInverse attr-dict `:`
    functional-type(operands, results)
  }];
}

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

#endif
