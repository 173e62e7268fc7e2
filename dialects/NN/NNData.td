//===- NNData.td - Ops that move, reduce and order ---------*- tablegen -*-===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Where elements go: gathers, caches, shapes, reductions, order along an axis.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_NN_DATA_TD
#define WEFT_NN_DATA_TD

include "NN/NNOpBase.td"

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

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

class NN_ReduceOp<string mnemonic, string what, string formula,
                  Type operand = NN_NumTensor>
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
  let arguments = (ins operand:$x, DenseI64ArrayAttr:$axes,
                       BoolAttr:$keepdims);
  let results = (outs operand:$result);
  let assemblyFormat = [{
    $x `axes` `=` $axes `keepdims` `=` $keepdims attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_ReduceSumOp : NN_ReduceOp<"reduce_sum", "Sum over axes", "The sum", NN_SumTensor>;
def NN_ReduceMeanOp : NN_ReduceOp<"reduce_mean", "Mean over axes", "The mean", NN_SumTensor>;
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
  let arguments = (ins NN_SumTensor:$x, I64Attr:$axis, BoolAttr:$exclusive,
                       BoolAttr:$reverse);
  let results = (outs NN_SumTensor:$result);
  let assemblyFormat = [{
    $x `axis` `=` $axis `exclusive` `=` $exclusive `reverse` `=` $reverse attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_CumSumOp : NN_CumulativeOp<"cum_sum", "Sums along an axis so far", "The sum">;
def NN_CumProdOp : NN_CumulativeOp<"cum_prod", "Products along an axis so far", "The product">;

#endif
