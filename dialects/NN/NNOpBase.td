//===- NNOpBase.td - What ops of the nn dialect are made of *- tablegen -*-===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The classes that all files of ops derive from.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_NN_OPBASE_TD
#define WEFT_NN_OPBASE_TD

include "NN/NNDialect.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class NN_Op<string mnemonic, list<Trait> traits = []>
    : Op<NN_Dialect, mnemonic, traits>;

/// A pure op whose result type follows from operands and attributes.
class NN_InferredOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat(traits, [Pure, InferTypeOpAdaptor])>;

#endif
