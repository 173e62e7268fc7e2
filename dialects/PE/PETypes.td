//===- PETypes.td - Types of the pe dialect -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Memory is memrefs; only the two ends of the fabric need types of their own.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_TYPES_TD
#define WEFT_PE_TYPES_TD

include "PE/PEDialect.td"
include "mlir/IR/AttrTypeBase.td"

class PE_Type<string name, string typeMnemonic> : TypeDef<PE_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def PE_FabInType : PE_Type<"FabIn", "fabin"> {
  let summary = "an input queue as the source of a vector op";
  let description = [{
    What `pe.queue input` yields. Every read takes one wavelet, in order of
    arrival, so two readers would race: rule R-FAB-8.

    Example:

    ```mlir
    %in = pe.queue input 2 color 4 : !pe.fabin
    ```
  }];
}

def PE_FabOutType : PE_Type<"FabOut", "fabout"> {
  let summary = "an output queue as the destination of a vector op";
  let description = [{
    What `pe.queue output` yields. It can only be a destination (rule R-QUE-4).

    Example:

    ```mlir
    %out = pe.queue output 2 color 5 : !pe.fabout
    ```
  }];
}

#endif // WEFT_PE_TYPES_TD
