//===- Passes.td - Raising passes on nn -------------------*- tablegen -*-===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Exporters take transformers apart; these passes put them together again. Each
// keeps the values up to rounding and fuses the locations of what it replaces.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_IMPORT_PASSES_TD
#define WEFT_IMPORT_PASSES_TD

include "mlir/Pass/PassBase.td"

def Simplify : Pass<"nn-simplify"> {
  let summary = "Remove ops that only move or repeat data";
  let description = [{
    Requires nothing. Afterwards no two transposes, reshapes or slices follow each
    other, neutral operands (x + 0, x * 1) and casts there and back are gone,
    squares are products, and a reshape of leading dimensions has sunk below the
    elementwise ops, norms and linears that follow it, where it mostly meets its
    inverse. Greedy rewriting; linear in the number of ops for what exporters
    write. It leaves the meaning of op groups to the raising passes.

    Example:

    ```mlir
    %1 = nn.transpose %0 perm = [0, 2, 1, 3] : ...
    %2 = nn.transpose %1 perm = [0, 1, 3, 2] : ...
    // becomes
    %2 = nn.transpose %0 perm = [0, 2, 3, 1] : ...
    ```
  }];
}

def MergeEqual : Pass<"nn-merge-equal"> {
  let summary = "Common subexpression elimination that keeps value names";
  let description = [{
    Requires nothing. Afterwards no two ops of a block are equal up to their
    locations; the one that stays has the ONNX value names of both. It is MLIR's
    own elimination, which by itself would lose names.

    Example:

    ```mlir
    %0 = nn.relu %x : ... loc("a"(...))
    %1 = nn.relu %x : ... loc("b"(...))
    // becomes
    %0 = nn.relu %x : ... loc("a"("b"(...)))
    ```
  }];
}

def RaiseLinear : Pass<"nn-raise-linear"> {
  let summary = "Raise products with constant matrices to nn.linear";
  let description = [{
    Requires nn-simplify before. Afterwards every matmul whose right side is a
    constant matrix is an nn.linear with its bias, and a linear of which only
    slices of columns are used (packed QKV) is one linear per slice, on a slice
    of the weight; slices of columns are so of a product with a batch of constant
    matrices too. Each rule looks at one op and its operands.

    Example:

    ```mlir
    %0 = nn.matmul %x, %w : ...
    %1 = nn.add %0, %b : ...
    // becomes
    %1 = nn.linear %x, %w bias %b : ...
    ```
  }];
  let options = [
    Option<"nearMisses", "near-misses", "bool", "true",
           "say in remarks what is almost a linear">];
}

def RaiseNorm : Pass<"nn-raise-norm"> {
  let summary = "Raise decomposed layer and RMS norms";
  let description = [{
    Requires nn-simplify and nn-merge-equal before. Afterwards `(x - mean) / sqrt(var + eps)`
    and `x / sqrt(mean(x^2) + eps)` over the last axis are nn.layer_norm and
    nn.rms_norm, with the scale and bias that follow; casts in between are
    absorbed, since the ops compute statistics in f32. The quotient is matched
    first, with a scale of ones; scale and bias are absorbed by further rules.

    Example:

    ```mlir
    %m = nn.reduce_mean %x axes = [2] keepdims = true : ...
    %d = nn.sub %x, %m : ...
    %s = nn.mul %d, %d : ...
    %v = nn.reduce_mean %s axes = [2] keepdims = true : ...
    %e = nn.add %v, %eps : ...
    %r = nn.sqrt %e : ...
    %n = nn.div %d, %r : ...
    // becomes
    %n = nn.layer_norm %x, %ones epsilon = 1.000000e-05 : ...
    ```
  }];
}

def RaiseActivation : Pass<"nn-raise-activation"> {
  let summary = "Raise decomposed GELU and SiLU";
  let description = [{
    Requires nn-simplify and nn-merge-equal before. Afterwards the erf and tanh forms of GELU
    in any order of factors, and x * sigmoid(x), are nn.gelu and nn.silu. The
    product tree is flattened into a factor and a multiset of terms and compared
    with the formula, so the order an exporter chose does not matter.

    Example:

    ```mlir
    %0 = nn.div %x, %sqrt2 : ...
    %1 = nn.erf %0 : ...
    %2 = nn.add %1, %one : ...
    %3 = nn.mul %x, %2 : ...
    %4 = nn.mul %3, %half : ...
    // becomes
    %4 = nn.gelu %x approximate = "none" : ...
    ```
  }];
}

def RaiseCache : Pass<"nn-raise-cache"> {
  let summary = "Raise writes of rows into a cache to nn.cache_update";
  let description = [{
    Requires nn-simplify before. Afterwards a select of a row where the position
    equals 0, 1, 2, ... along one dimension is nn.cache_update on that dimension,
    and an update of a transposed cache is a transpose of the updated cache, which
    the exporter's inverse undoes. A comparison with other numbers, or of more than one
    position, is left alone.

    Example:

    ```mlir
    %0 = nn.equal %slots, %position : ... // %slots is 0, 1, 2, ...
    %1 = nn.where %0, %row, %cache : ...
    // becomes
    %1 = nn.cache_update %cache, %row at %position axis = 2 : ...
    ```
  }];
}

def StateViews : Pass<"nn-state-views"> {
  let summary = "Lay out caches that are states as attention reads them";
  let description = [{
    Requires the raising passes and a program with states. A state of shape
    [batch, heads, capacity, width] that nn.cache_update writes along the capacity
    becomes one of [batch, capacity, heads * width], the form of nn.attention's
    operands; the graph's form stays the host's (`host` of #nn.state). A state that
    is read and written through casts to one float type (--dtype) takes that type.
    Other states keep their form. Leaves transposes that nn-simplify removes.

    Example:

    ```mlir
    nn.program @main(%c: tensor<1x4x16x8xf32>, ...) -> (tensor<1x4x16x8xf32>)
        attributes {state = [#nn.state<0 to 0>]} {
    // becomes
    nn.program @main(%c: tensor<1x16x32xf32>, ...) -> (tensor<1x16x32xf32>)
        attributes {state = [#nn.state<0 to 0 host tensor<1x4x16x8xf32>
                                       perm 0, 2, 1, 3>]} {
    ```
  }];
}

def KnownDivisors : Pass<"nn-known-divisors"> {
  let summary = "Take reciprocals of constant divisors at compile time";
  let description = [{
    Requires nothing; runs last, since other passes look for quotients. Afterwards a
    quotient of f32 by a constant whose elements lie between 2^-100 and 2^100 is
    a product with the reciprocal (nn.div), or an nn.div_by, which rounds rightly
    (nn.exact_div). The reciprocals are expressions of constants. A divisor whose
    values are not at hand, or that has more than 65,536 elements, stays.

    Example:

    ```mlir
    %1 = nn.exact_div %x, %scale : ...
    // becomes
    %r = nn.reciprocal %scale : tensor<f32>
    %m = nn.neg %r : tensor<f32>
    %1 = nn.div_by %x, %scale, %m : ...
    ```
  }];
}

def RaiseAttention : Pass<"nn-raise-attention"> {
  let summary = "Raise softmax between two matmuls to nn.attention";
  let description = [{
    Requires the other raising passes before. Afterwards
    `softmax(scale * q k^T + mask) v` is nn.attention on values of rank 3.
    Constant factors on q, k or the scores become the scale; additive masks and
    selects with a very negative constant become the mask; a constant causal
    triangle becomes `causal`; keys and values repeated for groups of heads become
    `kv_heads`. Transposes and reshapes are added that the exporter's own cancel.
    Walks the chain from the second matmul up; linear in its length. Scores or
    probabilities that something else reads are left alone.

    Example:

    ```mlir
    %s = nn.matmul %q4, %k4t : ...
    %t = nn.mul %s, %scale : ...
    %p = nn.softmax %t axis = 3 : ...
    %o = nn.matmul %p, %v4 : ...
    // becomes, with transposes and reshapes around it
    %o = nn.attention %q, %k, %v heads = 4 kv_heads = 4 scale = 2.500000e-01
        causal = false : ...
    ```
  }];
}

def ConvertFloats : Pass<"nn-convert-floats", "::mlir::ModuleOp"> {
  let summary = "Give all floats of a program one type, and sums theirs";
  let description = [{
    Afterwards every float between inputs and outputs has type `to` (keep: as it
    was). Inputs and outputs keep their types behind an nn.cast. Constant
    expressions stay as they are and are rounded once, by a cast that saturates.
    With acc=f16 the attribute `weft.acc` tells kernels of products to accumulate
    in f16 where the result is f16; without it they do in f32. Sums of integers
    stay exact in f32, and so do their scales, up to the product of both.

    Example:

    ```mlir
    %y = nn.add %x, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    // becomes, with to=f16 and an input %x
    %0 = nn.cast %x : (tensor<4xf32>) -> tensor<4xf16>
    %1 = nn.cast %b {saturate} : (tensor<4xf32>) -> tensor<4xf16>
    %y = nn.add %0, %1 : (tensor<4xf16>, tensor<4xf16>) -> tensor<4xf16>
    ```
  }];
  let options = [
    Option<"to", "to", "std::string", "\"keep\"", "keep, f32, f16 or bf16">,
    Option<"acc", "acc", "std::string", "\"f32\"", "f32 or f16">
  ];
}

#endif
