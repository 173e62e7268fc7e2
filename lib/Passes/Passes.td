//===- Passes.td - From nn to pe, one level at a time -----*- tablegen -*-===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every pass works on the programs of its level and leaves others alone, so the
// whole pipeline resumes at any level.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PASSES_TD
#define WEFT_PASSES_TD

include "mlir/Pass/PassBase.td"

def Partition : Pass<"weft-partition", "::mlir::ModuleOp"> {
  let summary = "Choose rectangle, kernels and layouts for an nn program";
  let description = [{
    Before: an nn.program of ops that some kernel computes. Afterwards: a
    wafer.program of one stage without `at`, in which every op is a wafer.kernel
    with layouts that it is legal for, wafer.relayout stands where two of them
    differ, and every constant is a wafer.constant at module level. The choice is
    the cheapest that the layout solver finds by measured cycles, over rectangles
    whose sides are the grid's or halve; ties go to the larger one. Refused: an op
    that no kernel computes. Other programs are left alone.

    Example:

    ```
    weft-opt --weft-partition='target=wse3 grid=3x5 set=router.hop=1' in.mlir
    ```
  }];
  let dependentDialects = ["::weft::wafer::WaferDialect",
    "::weft::fabric::FabricDialect", "::weft::pe::PEDialect",
    "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"];
  let options = [
    Option<"targetName", "target", "std::string", "\"wse2\"",
           "a preset or a target file">,
    Option<"grid", "grid", "std::string", "\"\"",
           "WIDTHxHEIGHT to use, empty: all of the target's">,
    ListOption<"set", "set", "std::string", "KEY=VALUE changes of the target">];
}

def Place : Pass<"weft-place", "::mlir::ModuleOp"> {
  let summary = "Give stages without 'at' a place on the grid";
  let description = [{
    Before: wafer.programs whose stages may lack `at`. Afterwards: all have one,
    they are disjoint and on the grid, and those that had one keep it. Where
    streams join the stages, a stage follows the one before it to the east, on
    the same rows, since that is where streams lead. Types do not change.
    Refused: rectangles that do not fit.

    Example:

    ```mlir
    wafer.stage @s1 size [3, 3] ...
    // becomes
    wafer.stage @s1 at [2, 0] size [3, 3] ...
    ```
  }];
}

def Expand : Pass<"weft-expand", "::mlir::ModuleOp"> {
  let summary = "Expand the kernels of placed stages to fabric code";
  let description = [{
    Before: wafer.programs whose stages have a place and whose kernels have
    layouts that they are legal for (both are checked). Afterwards:
    fabric.programs in which a stage is a region, a value a buffer without
    address, a kernel a launch in the order of the stage, and a stream a channel
    with a send and a receive. Kernels of equal code are one fabric.kernel. A
    result takes the buffer of an operand that dies where the kernel allows it,
    and a reshape that keeps the last dimension is no code at all.

    Example:

    ```mlir
    %1 = wafer.kernel "elementwise" of "nn.relu"(%0) {} : ...
    // becomes
    fabric.launch @elementwise_1(%linear, %linear) instance "relu" ...
    ```
  }];
  let dependentDialects = ["::weft::nn::NNDialect",
    "::weft::fabric::FabricDialect", "::weft::pe::PEDialect",
    "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"];
}

def AssignColors : Pass<"weft-assign-colors", "::mlir::ModuleOp"> {
  let summary = "Create the channels of collectives and assign colours";
  let description = [{
    Before: fabric.programs; channels may be missing or without colour.
    Afterwards: every region has a chain_odd, chain_even and multicast channel
    for each axis that its kernels communicate along, and all channels have
    colours such that no router has two settings for one. Channels that share no
    router share colours; colours that were given stay. Refused (R-FAB-1): more
    channels on a router than the target has colours for.

    Example:

    ```mlir
    fabric.channel @s0_x_chain_odd kind "chain_odd" axis x region @s0 color 0
    ```
  }];
}

def Schedule : Pass<"weft-schedule", "::mlir::ModuleOp"> {
  let summary = "Write one program per class of PEs, with addresses and routes";
  let description = [{
    Before: fabric.programs whose channels have colours. Afterwards: pe.programs
    with one class per role that collectives give to PEs (at most four per axis,
    whatever the size), buffers at addresses that live ones do not share, kernels
    as subroutines in which collectives are what the role does, launches as
    calls, and the routes and streams that the channels stand for. Refused
    (R-MEM-1, R-QUE-1): more memory or queues than a PE has.

    Example:

    ```mlir
    fabric.reduce %y axis x : memref<16xf32>
    // becomes, at the far end
    pe.vec vmov %out, %y : !pe.queue, memref<16xf32>
    ```
  }];
  let dependentDialects = ["::weft::pe::PEDialect"];
}

#endif
