//===- PEDialect.td - The pe dialect --------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The lowest level of the compiler: what is written here is what the file
// holds. Kept apart from the ops so that attributes and types can name it.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_DIALECT_TD
#define WEFT_PE_DIALECT_TD

include "mlir/IR/OpBase.td"

def PE_Dialect : Dialect {
  let name = "pe";
  let cppNamespace = "::weft::pe";
  let summary = "One SPMD program per class of processing elements";
  let description = [{
    A `pe.program` is a whole `.weft` file in text: for every class of PEs one
    program, and around it, for rectangles of PEs and never for single PEs, the
    initial data, the router settings, the streams that the routes are meant to
    carry, and what reports say (stages, kernels, ONNX nodes, memory).

    Inside a class everything has its address. A `pe.buffer` is a memref at a byte
    address; `memref.reinterpret_cast` makes the strided view that becomes a DSD;
    `pe.vec` and `pe.reduce` are the vector instructions; `scf.for` with constant
    bounds and `arith` are the scalar code. No length and no trip count depends on
    data, which is why counts of bytes and wavelets are exact.

    Example:

    ```mlir
    pe.program @scale grid [1, 1] target "wse2" {
      pe.class @main at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
        %x = pe.buffer "x" at 4176 : memref<8xf32>
        pe.task @start id 0 start {
          %two = arith.constant 2.0 : f32
          pe.vec vfmul %x, %x, %two : memref<8xf32>, memref<8xf32>, f32
          pe.halt
        }
      }
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

#endif // WEFT_PE_DIALECT_TD
