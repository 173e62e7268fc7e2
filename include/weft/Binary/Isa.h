//===- Isa.h - The instruction set of a Weft PE ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The instruction set is Weft's own (docs/binary-format.md, "Instructions"). It
// is a stream of 32-bit little-endian words. Control flow is fully static:
// counted loops with an immediate trip count and calls with an immediate
// target, so counts of words, MACs and bytes follow from the code alone.
// This header is shared by assembler, loader, simulator and verifier,
// and knows nothing else.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_BINARY_ISA_H
#define WEFT_BINARY_ISA_H

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::isa {

constexpr unsigned NumRegs = 32; // r0 reads as zero, writes to it are ignored
constexpr unsigned NumDsrs = 16; // d0..d15
constexpr unsigned MaxDsdDims = 4;

/// Element type of a DSD (data structure descriptor).
enum class DType : uint8_t { F32 = 0, F16 = 1, I32 = 2, I16 = 3, BF16 = 4 };
constexpr bool isFloat(DType t) {
  return t == DType::F32 || t == DType::F16 || t == DType::BF16;
}
constexpr unsigned dtypeBytes(DType t) {
  return t == DType::F32 || t == DType::I32 ? 4 : 2;
}

/// Wavelets of a vector op's fabric operand: 16-bit elements travel two in a
/// wavelet, the first in the low half; an odd last one leaves the high half
/// zero.
constexpr unsigned elementsPerWavelet(unsigned elementBytes) {
  return elementBytes == 2 ? 2 : 1;
}
constexpr uint64_t waveletsOf(uint64_t elements, unsigned elementBytes) {
  unsigned per = elementsPerWavelet(elementBytes);
  return elements / per + (elements % per != 0);
}

/// Word 0 is  op[31:24] a[23:16] b[15:8] c[7:0]. `ext` names the words after
/// it.
enum class Op : uint8_t {
  Nop = 0x00,
  Halt = 0x01, // the PE is done (all tasks)
  // Scalar moves and arithmetic; a, b, c are register numbers.
  Li = 0x02,   // a = ext0 (32-bit immediate)
  Mov = 0x03,  // a = b
  Addi = 0x04, // a = b + ext0          (i32, wraps)
  Muli = 0x05, // a = b * ext0
  Andi = 0x06, // a = b & ext0
  Shli = 0x07, // a = b << (c & 31)     (no ext; c is the amount)
  Shri = 0x08, // a = b >> (c & 31)     logical
  Add = 0x10,  // a = b + c, and so on; i32
  Sub = 0x11,
  Mul = 0x12,
  And = 0x13,
  Or = 0x14,
  Xor = 0x15,
  Shl = 0x16,
  Shr = 0x17, // logical
  Sar = 0x18,
  Min = 0x19, // signed
  Max = 0x1a,
  Slt = 0x1b,  // a = b < c ? 1 : 0  (signed)
  Seq = 0x1c,  // a = b == c ? 1 : 0
  Sel = 0x1d,  // a = a != 0 ? b : c
  FAdd = 0x20, // f32 on register bits
  FSub = 0x21,
  FMul = 0x22,
  FMin = 0x23,
  FMax = 0x24,
  FMac = 0x25, // a = fma(b, c, a); counts one MAC
  I2F = 0x26,  // a = float(b)
  F2I = 0x27,  // a = int(b), toward zero, saturating, NaN -> 0
  FLt = 0x28,  // a = b < c (f32) ? 1 : 0
  // Memory; addresses are bytes and must be aligned to the access size.
  Ld = 0x30,   // a = mem32[b + ext0]
  St = 0x31,   // mem32[b + ext0] = a
  Ld16 = 0x32, // sign-extended
  St16 = 0x33, // low half
  LdH = 0x34,  // f16, as f32 in the register
  StH = 0x35,  // rounds f32 to f16
  LdB = 0x36,  // bf16 likewise
  StB = 0x37,
  // Position of this PE in the program rectangle.
  Coord = 0x38, // a = (b == 0 ? x : y)
  // Static control flow.
  Loop = 0x40,    // a = 0; body runs ext0 times (ext0 >= 1); a counts 0, 1, ...
  EndLoop = 0x41, // closes the innermost Loop of this subroutine; a = its reg
  Call = 0x42,    // ext0 = word index of the target in this class's code
  Ret = 0x43,
  // Tasks.
  Activate = 0x48, // make task a (id) runnable; runs when the current one ends
  EndTask = 0x49,  // the current task ends; the next runnable one starts
  Wait = 0x4a,     // wait until microthread a is idle
  // DSD set-up.
  // a = DSR, b = base register, c = ndims | dtype << 4 (ndims 1..4);
  // ext0 = byte offset (i32); then one word per dim, outermost first:
  // length[31:16] (u16, >= 1), stride[15:0] (i16, elements).
  Dsd = 0x50,
  DsdAdd = 0x51, // base(DSR a) += r[b] + ext0 bytes
  // Vector (DSD) operations: a = destination, b = src0, c = src1, each an
  // operand byte (see Operand). Add 0x80 (ExtBit) for the extended form, whose
  // ext0 = length[15:0] (0: from the DSRs) | microthread[19:16] | async[20] |
  // advance[21].
  VMov = 0x60,  // dst = src0, converting f32<->f16, f32<->bf16 and i32<->i16
  VFAdd = 0x61, // dst = src0 + src1
  VFSub = 0x62,
  VFMul = 0x63,
  VFMax = 0x64,
  VFMin = 0x65,
  VFMac = 0x66, // dst = fma(src0, src1, dst); one MAC per element
  VFNeg = 0x67,
  VFAbs = 0x68,
  VAdd = 0x69, // i32 / i16
  VSub = 0x6a,
  VMul = 0x6b,
  VAnd = 0x6c,
  VOr = 0x6d,
  VXor = 0x6e,
  VShl = 0x6f,
  VShr = 0x70, // logical
  VSar = 0x71,
  VMax = 0x72,
  VMin = 0x73,
  VI2F = 0x74, // dst(f32) = float(src0(i32))
  VF2I = 0x75, // dst(i32) = int(src0), toward zero, saturating, NaN -> 0
  VFLt = 0x76, // dst(i32) = src0 < src1 (float)
  VFLe = 0x77,
  VFEq = 0x78,
  VLt = 0x79, // dst(i32) = src0 < src1 (signed)
  VEq = 0x7a,
  VSel = 0x7b,  // dst = src0(i32) != 0 ? src1 : dst
  VRSum = 0x7c, // scalar register a += sum of src0, in element order
  VRMax = 0x7d, // scalar register a = max(a, src0...)
  VFDot = 0x7e, // scalar register a = fma(src0, src1, a) ...; one MAC/element
};
constexpr uint8_t ExtBit = 0x80;
constexpr uint8_t FirstVectorOp = 0x60, LastVectorOp = 0x7e;

/// Vector operand byte.
enum class OperandKind : uint8_t { None, Dsr, Reg, FabIn, FabOut };
struct Operand {
  OperandKind kind = OperandKind::None;
  uint8_t index = 0;
  bool operator==(const Operand &) const = default;
};
// 0x00+d: DSR; 0x20+r: scalar register (same value for every element);
// 0x40+q: input queue; 0x50+q: output queue; 0xff: none. All else is invalid.
// A destination is a DSR or an output queue (vfmac, vsel: a DSR; vrsum, vrmax,
// vfdot: a register); a source is a DSR, a register or an input queue.
// In text: d3, r3, in3, out3.
uint8_t encodeOperand(Operand o);
std::optional<Operand> decodeOperand(uint8_t byte);

struct DsdDim {
  uint16_t length = 1;
  int16_t stride = 1; // in elements
  bool operator==(const DsdDim &) const = default;
};

/// One decoded instruction.
struct Instr {
  Op op = Op::Nop;
  uint8_t a = 0, b = 0, c = 0;
  int32_t imm = 0; // ext0 of scalar ops; byte offset of Dsd
  // Dsd only:
  DType dtype = DType::F32;
  std::vector<DsdDim> dims;
  // Vector ops only:
  Operand dst, src0, src1;
  bool extended = false, async = false;
  bool advance = false; // its last wavelet moves its router's switch on
  uint8_t microthread = 0;
  uint16_t length = 0;                  // explicit length, 0: from the DSRs
  uint32_t wordIndex = 0, numWords = 1; // position in the class's code

  bool isVector() const {
    return uint8_t(op) >= FirstVectorOp && uint8_t(op) <= LastVectorOp;
  }
};

/// Mnemonic of `op`, lower case ("vfmac"); nullptr if the byte is no opcode.
const char *mnemonic(uint8_t opWithoutExt);
std::optional<Op> opFromMnemonic(const std::string &name);

/// Appends the words of `i` to `out` and returns the index of its first word.
uint32_t encode(const Instr &i, std::vector<uint32_t> &out);

/// Decodes one instruction at words[at]; on failure returns nullopt and sets
/// `error` (bad opcode, truncated, bad operand, zero length, register >= 32, a
/// field that must be zero is not). Never reads past the end.
std::optional<Instr> decode(const std::vector<uint32_t> &words, uint32_t at,
                            std::string &error);

/// Decodes a whole code image; stops at the first error.
std::optional<std::vector<Instr>> decodeAll(const std::vector<uint32_t> &words,
                                            std::string &error);

/// Assembly text of one instruction, e.g. "vfmac d0, d1, r5",
/// "dsd d2, r4+128, f32, [16:32, 32:1]" (length:stride), "loop r3, 16".
std::string print(const Instr &i);

/// The inverse of print: one instruction from text (spaces are free, `#` starts
/// a comment). On failure returns nullopt and sets `error`.
std::optional<Instr> parseInstr(const std::string &text, std::string &error);

} // namespace weft::isa
#endif
