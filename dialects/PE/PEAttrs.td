//===- PEAttrs.td - Attributes of the pe dialect --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Regions of PEs, tensor tilings and the closed sets of names.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_ATTRS_TD
#define WEFT_PE_ATTRS_TD

include "PE/PEDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class PE_Attr<string name, string attrMnemonic> : AttrDef<PE_Dialect, name> {
  let mnemonic = attrMnemonic;
}

class PE_Enum<string name, string sum, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, sum, cases> {
  let cppNamespace = "::weft::pe";
  let genSpecializedAttr = 0;
}

def PE_PatternAttr : PE_Attr<"Pattern", "pattern"> {
  let summary = "a strided rectangle of processing elements";
  let description = [{
    The PEs `(x0 + i*dx, y0 + j*dy)` for `0 <= i < w`, `0 <= j < h`; x grows east
    and y south. `w x h` counts PEs. The step may be left out if it is (1, 1).

    ```
    #pe.pattern<(1, 0), 3 x 2, step (2, 1)>      . o . o . o .
                                                 . o . o . o .
    ```

    Example:

    ```mlir
    #pe.pattern<(0, 0), 8 x 1>
    #pe.pattern<(1, 0), 4 x 8, step (2, 1)>
    ```
  }];
  let parameters = (ins "uint32_t":$x0, "uint32_t":$y0, "uint32_t":$w, "uint32_t":$h,
                        "uint32_t":$dx, "uint32_t":$dy);
  let builders = [AttrBuilder<(ins "uint32_t":$x0, "uint32_t":$y0, "uint32_t":$w, "uint32_t":$h), [{
    return $_get($_ctxt, x0, y0, w, h, 1u, 1u);
  }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The same region as the file stores it.
    ::weft::bin::Pattern toBinary() const {
      return {getX0(), getY0(), getW(), getH(), getDx(), getDy()};
    }
  }];
}

def PE_Axis : PE_Enum<"Axis", "axis of a rectangle", [
    I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"X", 1, "x">,
    I32EnumAttrCase<"Y", 2, "y">]>;
def PE_AxisAttr : EnumAttr<PE_Dialect, PE_Axis, "axis"> {
  let summary = "an axis of a rectangle, or none";
  let description = [{
    Along which coordinate something varies.

    Example:

    ```mlir
    %c = pe.coord x : index
    ```
  }];
}

def PE_DimAttr : PE_Attr<"Dim", "dim"> {
  let summary = "how one tensor dimension lies over a rectangle";
  let description = [{
    On the PE at local coordinate p along `axis` (p = 0 for `none`), local index l is
    global index `p*tile + l` and lies `l*stride` elements after the start of the
    buffer. Global indices beyond `extent` are padding and hold zero.

    Example: 12 columns, four per PE, over an axis of three PEs:

    ```mlir
    #pe.dim<x, extent 12, tile 4, stride 1>
    ```
  }];
  let parameters = (ins EnumParameter<PE_Axis>:$axis, "uint32_t":$extent, "uint32_t":$tile,
                        "uint32_t":$stride);
  let assemblyFormat = "`<` $axis `,` `extent` $extent `,` `tile` $tile `,` `stride` $stride `>`";
  let genVerifyDecl = 1;
}

def PE_BlobAttr : PE_Attr<"Blob", "blob"> {
  let summary = "bytes of a file, not held in the IR";
  let description = [{
    The source of a `pe.tensor` that stays where it is until emission.

    Example:

    ```mlir
    pe.tensor @w : tensor<64x64xf32> = #pe.blob<"weights.bin", offset 4096, bytes 16384>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$file, "uint64_t":$offset, "uint64_t":$bytes);
  let assemblyFormat = "`<` $file `,` `offset` $offset `,` `bytes` $bytes `>`";
}

def PE_QueueDir : PE_Enum<"QueueDir", "direction of a queue", [
    I32EnumAttrCase<"Input", 0, "input">, I32EnumAttrCase<"Output", 1, "output">]>;
def PE_QueueDirAttr : EnumAttr<PE_Dialect, PE_QueueDir, "queue_dir"> {
  let summary = "whether a queue comes from the fabric or leads to it";
  let description = [{
    Example:

    ```mlir
    %in = pe.queue input 2 color 4 : !pe.fabin
    ```
  }];
}

def PE_Fate : PE_Enum<"Fate", "fate of an ONNX node", [
    I32EnumAttrCase<"Executed", 0, "executed">, I32EnumAttrCase<"Folded", 1, "folded">,
    I32EnumAttrCase<"Merged", 2, "merged">, I32EnumAttrCase<"Dead", 3, "dead">]>;
def PE_FateAttr : EnumAttr<PE_Dialect, PE_Fate, "fate"> {
  let summary = "what became of an ONNX node";
  let description = [{
    Example:

    ```mlir
    pe.node 0 "add" "Add" fate folded
    ```
  }];
}

def PE_MemClass : PE_Enum<"MemClass", "use of SRAM", [
    I32EnumAttrCase<"Code", 0, "code">, I32EnumAttrCase<"Weights", 1, "weights">,
    I32EnumAttrCase<"Activations", 2, "activations">, I32EnumAttrCase<"Buffers", 3, "buffers">,
    I32EnumAttrCase<"Reserved", 4, "reserved">, I32EnumAttrCase<"IO", 5, "io">]>;
def PE_MemClassAttr : EnumAttr<PE_Dialect, PE_MemClass, "mem_class"> {
  let summary = "what a range of SRAM is used for";
  let description = [{
    Example:

    ```mlir
    pe.memory "w0" weights at 4176 bytes 32 on #pe.pattern<(0, 0), 1 x 1>
    ```
  }];
}

// The values are the opcodes of include/weft/Binary/Isa.h.
def PE_VecOpcode : PE_Enum<"VecOpcode", "vector instruction", [
    I32EnumAttrCase<"VMov", 0x60, "vmov">, I32EnumAttrCase<"VFAdd", 0x61, "vfadd">,
    I32EnumAttrCase<"VFSub", 0x62, "vfsub">, I32EnumAttrCase<"VFMul", 0x63, "vfmul">,
    I32EnumAttrCase<"VFMax", 0x64, "vfmax">, I32EnumAttrCase<"VFMin", 0x65, "vfmin">,
    I32EnumAttrCase<"VFMac", 0x66, "vfmac">, I32EnumAttrCase<"VFNeg", 0x67, "vfneg">,
    I32EnumAttrCase<"VFAbs", 0x68, "vfabs">, I32EnumAttrCase<"VAdd", 0x69, "vadd">,
    I32EnumAttrCase<"VSub", 0x6a, "vsub">, I32EnumAttrCase<"VMul", 0x6b, "vmul">,
    I32EnumAttrCase<"VAnd", 0x6c, "vand">, I32EnumAttrCase<"VOr", 0x6d, "vor">,
    I32EnumAttrCase<"VXor", 0x6e, "vxor">, I32EnumAttrCase<"VShl", 0x6f, "vshl">,
    I32EnumAttrCase<"VShr", 0x70, "vshr">, I32EnumAttrCase<"VSar", 0x71, "vsar">,
    I32EnumAttrCase<"VMax", 0x72, "vmax">, I32EnumAttrCase<"VMin", 0x73, "vmin">,
    I32EnumAttrCase<"VI2F", 0x74, "vi2f">, I32EnumAttrCase<"VF2I", 0x75, "vf2i">,
    I32EnumAttrCase<"VFLt", 0x76, "vflt">, I32EnumAttrCase<"VFLe", 0x77, "vfle">,
    I32EnumAttrCase<"VFEq", 0x78, "vfeq">, I32EnumAttrCase<"VLt", 0x79, "vlt">,
    I32EnumAttrCase<"VEq", 0x7a, "veq">, I32EnumAttrCase<"VSel", 0x7b, "vsel">]>;
def PE_VecOpcodeAttr : EnumAttr<PE_Dialect, PE_VecOpcode, "vec_op"> {
  let summary = "an element-wise vector instruction";
  let description = [{
    The names are those of the instruction set (docs/binary-format.md).

    Example:

    ```mlir
    pe.vec vfmac %y, %x, %a : memref<8xf32>, memref<8xf32>, f32
    ```
  }];
}

def PE_ReduceOpcode : PE_Enum<"ReduceOpcode", "reducing vector instruction", [
    I32EnumAttrCase<"VRSum", 0x7c, "vrsum">, I32EnumAttrCase<"VRMax", 0x7d, "vrmax">,
    I32EnumAttrCase<"VFDot", 0x7e, "vfdot">]>;
def PE_ReduceOpcodeAttr : EnumAttr<PE_Dialect, PE_ReduceOpcode, "reduce_op"> {
  let summary = "a vector instruction with a scalar result";
  let description = [{
    Example:

    ```mlir
    %s = pe.reduce vrsum %zero, %x : f32, memref<8xf32>
    ```
  }];
}

#endif // WEFT_PE_ATTRS_TD
