//===- NNDialect.td - The nn dialect, its attributes and types -*- tablegen -*-===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// `nn` is the transformer as a tensor graph. This file holds what its ops share:
// the dialect, the element types it admits, and the two attributes that keep
// weights out of the IR and ONNX nodes in it.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_NN_DIALECT_TD
#define WEFT_NN_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::weft::nn";
  let summary = "A transformer as a graph of named tensor ops";
  let description = [{
    Values are ranked tensors of static shape. `iN` is a signed integer, `uiN` an
    unsigned one, `i1` a bool. Ops have value semantics and no side effects;
    shapes are inferred and verified. Weights are references into files
    (`nn.weight`), never blobs. Every op's location is fused with the ONNX nodes
    it stems from (`#nn.node`); where its result is a value of the ONNX graph, that
    value's name is around the location, `loc("y"(...))`. See docs/nn-rationale.md.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    /// Where the bytes of `nn.weight` are read from (weft/Import/WeightStore.h).
    void setWeights(std::shared_ptr<::weft::WeightStore> store) { weights = std::move(store); }
    ::weft::WeightStore *getWeights() { return weights.get(); }

  private:
    std::shared_ptr<::weft::WeightStore> weights;

  public:
  }];
}

class NN_Attr<string name, string attrMnemonic> : AttrDef<NN_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def NN_NodeAttr : NN_Attr<"Node", "node"> {
  let summary = "An ONNX node, as metadata of a fused location";
  let description = [{
    The index counts the nodes of the main graph in file order; names are not
    unique and may be empty. Nodes of an inlined `If` branch carry the index of
    the `If`.

    Example:

    ```mlir
    loc(fused<#nn.node<12, "/h.0/MatMul", "MatMul">>[unknown])
    ```
  }];
  let parameters = (ins "uint32_t":$index, StringRefParameter<>:$name,
                        StringRefParameter<>:$op);
  let assemblyFormat = "`<` $index `,` $name `,` $op `>`";
}

def NN_DataAttr : NN_Attr<"Data", "data"> {
  let summary = "A range of bytes in a file";
  let description = [{
    File (relative to the model's folder), offset and length in bytes, and the
    128-bit XXH3 of the bytes in hexadecimal. The bytes are the tensor, dense,
    row-major, little-endian; bool is one byte an element. An empty file name
    means the in-memory `WeightStore`, keyed by the hash: weights that the
    model spells as varints or text. With an empty hash the bytes are not
    checked; without a file too, the model declares the weight without data.

    Example:

    ```mlir
    #nn.data<"model.onnx", 1024, 4096, "99aa06d3014798d86001c324468d497f">
    ```
  }];
  let parameters = (ins StringRefParameter<>:$file, "uint64_t":$offset,
                        "uint64_t":$bytes, StringRefParameter<>:$hash);
  let assemblyFormat = "`<` $file `,` $offset `,` $bytes `,` $hash `>`";
}

def NN_StateAttr : NN_Attr<"State", "state"> {
  let summary = "An output that is an input of the program's next step";
  let description = [{
    Output `output` and input `input` share one storage, so that a program that is
    run again finds there what it left: a cache. Both have one type. Where the
    program has the tensor in another form than the ONNX graph, `host` is the
    graph's type, and the program's tensor is the graph's, permuted by `perm` and
    then in the program's shape, row-major; the host converts.

    Example:

    ```mlir
    nn.program @main(%c: tensor<1x16x32xf32> {nn.name = "past"})
        -> (tensor<1x16x32xf32> {nn.name = "present"})
        attributes {state = [#nn.state<0 to 0 host tensor<1x4x16x8xf32>
                                       perm 0, 2, 1, 3>]} { ... }
    ```
  }];
  let parameters = (ins "uint32_t":$output, "uint32_t":$input,
                        OptionalParameter<"::mlir::Type">:$host,
                        OptionalArrayRefParameter<"int64_t">:$perm);
  let assemblyFormat = "`<` $output `to` $input (`host` $host^)? (`perm` $perm^)? `>`";
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

def NN_Float : AnyTypeOf<[F32, F16, BF16]>;
def NN_Integer : AnyTypeOf<[I64, I32, I16, I8, UI64, UI32, UI16, UI8]>;
def NN_Number : AnyTypeOf<[F32, F16, BF16, I64, I32, I16, I8, UI64, UI32, UI16, UI8]>;
/// Types of sums and products: ONNX has none of narrow integers, whose wrapping
/// would be a choice.
def NN_Summand : AnyTypeOf<[F32, F16, BF16, I64, I32, UI64, UI32]>;
def NN_Element : AnyTypeOf<[F32, F16, BF16, I64, I32, I16, I8, UI64, UI32, UI16, UI8, I1]>;

def NN_Tensor : StaticShapeTensorOf<[NN_Element]>;
def NN_NumTensor : StaticShapeTensorOf<[NN_Number]>;
def NN_SumTensor : StaticShapeTensorOf<[NN_Summand]>;
def NN_IntTensor : StaticShapeTensorOf<[NN_Integer]>;
def NN_FloatTensor : StaticShapeTensorOf<[NN_Float]>;
def NN_BoolTensor : StaticShapeTensorOf<[I1]>;
def NN_IndexTensor : StaticShapeTensorOf<[I64, I32, I16, I8, UI8]>;

#endif
