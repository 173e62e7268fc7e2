//===- Isa.cpp - Words of the instruction set -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Encoder and decoder here, printer and parser in IsaText.cpp are four walks
// over the forms of one table, so that they cannot drift apart. The decoder
// accepts canonical words only: fields that an instruction does not use are
// zero (operand bytes: none).
//
//===----------------------------------------------------------------------===//
#include "IsaForms.h"
#include "llvm/ADT/StringExtras.h"

using namespace weft::isa;
using llvm::StringRef;
using llvm::Twine;

namespace {

constexpr OpInfo Table[] = {
    {Op::Nop, "nop", Form::Bare},
    {Op::Halt, "halt", Form::Bare},
    {Op::Li, "li", Form::RegImm},
    {Op::Mov, "mov", Form::RegReg},
    {Op::Addi, "addi", Form::RegRegImm},
    {Op::Muli, "muli", Form::RegRegImm},
    {Op::Andi, "andi", Form::RegRegImm},
    {Op::Shli, "shli", Form::Shift},
    {Op::Shri, "shri", Form::Shift},
    {Op::Add, "add", Form::RegRegReg},
    {Op::Sub, "sub", Form::RegRegReg},
    {Op::Mul, "mul", Form::RegRegReg},
    {Op::And, "and", Form::RegRegReg},
    {Op::Or, "or", Form::RegRegReg},
    {Op::Xor, "xor", Form::RegRegReg},
    {Op::Shl, "shl", Form::RegRegReg},
    {Op::Shr, "shr", Form::RegRegReg},
    {Op::Sar, "sar", Form::RegRegReg},
    {Op::Min, "min", Form::RegRegReg},
    {Op::Max, "max", Form::RegRegReg},
    {Op::Slt, "slt", Form::RegRegReg},
    {Op::Seq, "seq", Form::RegRegReg},
    {Op::Sel, "sel", Form::RegRegReg},
    {Op::FAdd, "fadd", Form::RegRegReg},
    {Op::FSub, "fsub", Form::RegRegReg},
    {Op::FMul, "fmul", Form::RegRegReg},
    {Op::FMin, "fmin", Form::RegRegReg},
    {Op::FMax, "fmax", Form::RegRegReg},
    {Op::FMac, "fmac", Form::RegRegReg},
    {Op::I2F, "i2f", Form::RegReg},
    {Op::F2I, "f2i", Form::RegReg},
    {Op::FLt, "flt", Form::RegRegReg},
    {Op::Ld, "ld", Form::Memory},
    {Op::St, "st", Form::Memory},
    {Op::Ld16, "ld16", Form::Memory},
    {Op::St16, "st16", Form::Memory},
    {Op::LdH, "ldh", Form::Memory},
    {Op::StH, "sth", Form::Memory},
    {Op::LdB, "ldb", Form::Memory},
    {Op::StB, "stb", Form::Memory},
    {Op::Coord, "coord", Form::Coord},
    {Op::Loop, "loop", Form::Loop},
    {Op::EndLoop, "endloop", Form::Reg},
    {Op::Call, "call", Form::Imm},
    {Op::Ret, "ret", Form::Bare},
    {Op::Activate, "activate", Form::Task},
    {Op::EndTask, "endtask", Form::Bare},
    {Op::Wait, "wait", Form::Thread},
    {Op::Dsd, "dsd", Form::Dsd},
    {Op::DsdAdd, "dsdadd", Form::DsdAdd},
    {Op::VMov, "vmov", Form::Unary},
    {Op::VFAdd, "vfadd", Form::Binary},
    {Op::VFSub, "vfsub", Form::Binary},
    {Op::VFMul, "vfmul", Form::Binary},
    {Op::VFMax, "vfmax", Form::Binary},
    {Op::VFMin, "vfmin", Form::Binary},
    {Op::VFMac, "vfmac", Form::Update},
    {Op::VFNeg, "vfneg", Form::Unary},
    {Op::VFAbs, "vfabs", Form::Unary},
    {Op::VAdd, "vadd", Form::Binary},
    {Op::VSub, "vsub", Form::Binary},
    {Op::VMul, "vmul", Form::Binary},
    {Op::VAnd, "vand", Form::Binary},
    {Op::VOr, "vor", Form::Binary},
    {Op::VXor, "vxor", Form::Binary},
    {Op::VShl, "vshl", Form::Binary},
    {Op::VShr, "vshr", Form::Binary},
    {Op::VSar, "vsar", Form::Binary},
    {Op::VMax, "vmax", Form::Binary},
    {Op::VMin, "vmin", Form::Binary},
    {Op::VI2F, "vi2f", Form::Unary},
    {Op::VF2I, "vf2i", Form::Unary},
    {Op::VFLt, "vflt", Form::Binary},
    {Op::VFLe, "vfle", Form::Binary},
    {Op::VFEq, "vfeq", Form::Binary},
    {Op::VLt, "vlt", Form::Binary},
    {Op::VEq, "veq", Form::Binary},
    {Op::VSel, "vsel", Form::Update},
    {Op::VRSum, "vrsum", Form::Reduce},
    {Op::VRMax, "vrmax", Form::Reduce},
    {Op::VFDot, "vfdot", Form::Dot},
};

} // namespace

const OpInfo *weft::isa::infoOf(uint8_t op) {
  static const auto index = [] {
    std::array<const OpInfo *, 256> r{};
    for (const OpInfo &i : Table)
      r[uint8_t(i.op)] = &i;
    return r;
  }();
  return index[op];
}

namespace {

/// Whether the form has one 32-bit immediate word after word 0.
bool hasImm(Form f) {
  switch (f) {
  case Form::RegImm:
  case Form::RegRegImm:
  case Form::Memory:
  case Form::Loop:
  case Form::Imm:
  case Form::Dsd:
  case Form::DsdAdd:
    return true;
  default:
    return false;
  }
}

//===----------------------------------------------------------------------===//
// What the fields of each form may hold
//===----------------------------------------------------------------------===//

/// Largest value of the bytes a, b, c in each scalar form; 0: must be zero.
struct Limits {
  uint8_t a, b, c;
};
Limits limitsOf(Form f) {
  constexpr uint8_t R = NumRegs - 1;
  switch (f) {
  case Form::RegImm:
  case Form::Loop:
  case Form::Reg:
    return {R, 0, 0};
  case Form::RegReg:
  case Form::RegRegImm:
  case Form::Memory:
    return {R, R, 0};
  case Form::Shift:
  case Form::RegRegReg:
    return {R, R, R};
  case Form::Coord:
    return {R, 1, 0};
  case Form::Task:
    return {MaxTask, 0, 0};
  case Form::Thread:
    return {MaxThread, 0, 0};
  case Form::Dsd:
    return {NumDsrs - 1, R, 0xff};
  case Form::DsdAdd:
    return {NumDsrs - 1, R, 0};
  default:
    return {0, 0, 0};
  }
}

bool isSource(Operand o) {
  return o.kind == OperandKind::Dsr || o.kind == OperandKind::Reg ||
         o.kind == OperandKind::FabIn;
}

} // namespace

const char *weft::isa::checkOperands(Form f, const Instr &i) {
  bool reduces = f == Form::Reduce || f == Form::Dot;
  bool dstOk =
      reduces ? i.dst.kind == OperandKind::Reg
              : i.dst.kind == OperandKind::Dsr ||
                    (i.dst.kind == OperandKind::FabOut && f != Form::Update);
  if (!dstOk)
    return reduces             ? "destination must be a register"
           : f == Form::Update ? "destination must be a dsr"
                               : "destination must be a dsr or output queue";
  if (!isSource(i.src0))
    return "first source must be a dsr, register or input queue";
  bool one = f == Form::Unary || f == Form::Reduce;
  if (one && i.src1.kind != OperandKind::None)
    return "second source must be none";
  if (!one && !isSource(i.src1))
    return "second source must be a dsr, register or input queue";
  if (!i.async && i.microthread)
    return "microthread without async";
  if (i.advance && i.dst.kind != OperandKind::FabOut)
    return "advance without an output queue";
  return nullptr;
}

static std::string at(uint32_t word, const Twine &what) {
  return (Twine("word ") + Twine(word) + ": " + what).str();
}

uint8_t weft::isa::encodeOperand(Operand o) {
  switch (o.kind) {
  case OperandKind::Dsr:
    return o.index;
  case OperandKind::Reg:
    return 0x20 + o.index;
  case OperandKind::FabIn:
    return 0x40 + o.index;
  case OperandKind::FabOut:
    return 0x50 + o.index;
  case OperandKind::None:
    break;
  }
  return 0xff;
}

std::optional<Operand> weft::isa::decodeOperand(uint8_t byte) {
  if (byte < NumDsrs)
    return Operand{OperandKind::Dsr, byte};
  if (byte >= 0x20 && byte < 0x20 + NumRegs)
    return Operand{OperandKind::Reg, uint8_t(byte - 0x20)};
  if (byte >= 0x40 && byte < 0x50)
    return Operand{OperandKind::FabIn, uint8_t(byte - 0x40)};
  if (byte >= 0x50 && byte < 0x60)
    return Operand{OperandKind::FabOut, uint8_t(byte - 0x50)};
  if (byte == 0xff)
    return Operand{};
  return std::nullopt;
}

const char *weft::isa::mnemonic(uint8_t opWithoutExt) {
  const OpInfo *info = infoOf(opWithoutExt);
  return info ? info->name : nullptr;
}

std::optional<Op> weft::isa::opFromMnemonic(const std::string &name) {
  for (const OpInfo &i : Table)
    if (name == i.name)
      return i.op;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

uint32_t weft::isa::encode(const Instr &i, std::vector<uint32_t> &out) {
  uint32_t first = out.size();
  uint32_t op = uint8_t(i.op), a = i.a, b = i.b, c = i.c;
  bool ext = false;
  if (i.isVector()) {
    a = encodeOperand(i.dst);
    b = encodeOperand(i.src0);
    c = encodeOperand(i.src1);
    ext = i.extended || i.async || i.advance || i.length;
  } else if (i.op == Op::Dsd) {
    c = uint32_t(i.dims.size()) | uint32_t(i.dtype) << 4;
  }
  out.push_back((ext ? op | ExtBit : op) << 24 | a << 16 | b << 8 | c);
  if (ext)
    out.push_back(i.length | uint32_t(i.microthread & 15) << 16 |
                  uint32_t(i.async) << 20 | uint32_t(i.advance) << 21);
  const OpInfo *info = infoOf(uint8_t(i.op));
  if (info && hasImm(info->form))
    out.push_back(uint32_t(i.imm));
  if (i.op == Op::Dsd)
    for (const DsdDim &d : i.dims)
      out.push_back(uint32_t(d.length) << 16 | uint16_t(d.stride));
  return first;
}

namespace {

/// Reads the words of one instruction; every failure names the word.
class Decoder {
public:
  Decoder(const std::vector<uint32_t> &words, uint32_t at, std::string &error)
      : words(words), start(at), next(at), error(error) {}

  std::optional<Instr> run() {
    uint32_t w;
    if (!take(w))
      return std::nullopt;
    uint8_t op = w >> 24;
    const OpInfo *info = infoOf(op);
    bool ext = false;
    if (!info && (op & ExtBit)) {
      info = infoOf(op & ~ExtBit);
      ext = true;
    }
    if (!info || (ext && !isVectorForm(info->form))) {
      fail("unknown opcode 0x" + Twine(llvm::utohexstr(op, true)));
      return std::nullopt;
    }
    i.op = info->op;
    i.a = w >> 16;
    i.b = w >> 8;
    i.c = w;
    i.wordIndex = start;
    if (!(isVectorForm(info->form) ? vector(*info, ext) : scalar(*info)))
      return std::nullopt;
    i.numWords = next - start;
    return std::move(i);
  }

private:
  bool fail(const Twine &what) {
    error = at(start, what);
    return false;
  }

  bool take(uint32_t &w) {
    if (next >= words.size())
      return fail("instruction is cut off by the end of the code");
    w = words[next++];
    return true;
  }

  bool scalar(const OpInfo &info) {
    Limits l = limitsOf(info.form);
    if (i.a > l.a || i.b > l.b || i.c > l.c)
      return fail(Twine(info.name) + ": field " +
                  (i.a > l.a ? "a" : (i.b > l.b ? "b" : "c")) +
                  " is out of range");
    uint32_t w = 0;
    if (hasImm(info.form) && !take(w))
      return false;
    i.imm = int32_t(w);
    if (info.form == Form::Loop && i.imm < 1)
      return fail("loop: trip count is " + Twine(i.imm) + ", must be positive");
    if (info.form == Form::Imm && i.imm < 0)
      return fail("call: target is negative");
    return info.form != Form::Dsd || dsd();
  }

  bool dsd() {
    unsigned n = i.c & 15, type = i.c >> 4;
    if (n < 1 || n > MaxDsdDims)
      return fail("dsd: " + Twine(n) + " dimensions, allowed are 1 to 4");
    if (type >= NumDTypes)
      return fail("dsd: unknown element type " + Twine(type));
    i.dtype = DType(type);
    for (unsigned k = 0; k < n; ++k) {
      uint32_t w;
      if (!take(w))
        return false;
      if (!(w >> 16))
        return fail("dsd: dimension " + Twine(k) + " has length 0");
      i.dims.push_back({uint16_t(w >> 16), int16_t(w & 0xffff)});
    }
    return true;
  }

  bool vector(const OpInfo &info, bool ext) {
    auto dst = decodeOperand(i.a), src0 = decodeOperand(i.b),
         src1 = decodeOperand(i.c);
    if (!dst || !src0 || !src1)
      return fail(Twine(info.name) + ": invalid operand byte");
    i.dst = *dst;
    i.src0 = *src0;
    i.src1 = *src1;
    if (ext) {
      uint32_t w;
      if (!take(w))
        return false;
      if (w >> 22)
        return fail(Twine(info.name) + ": reserved bits are set");
      i.extended = true;
      i.length = w & 0xffff;
      i.microthread = w >> 16 & 15;
      i.async = w >> 20 & 1;
      i.advance = w >> 21;
    }
    if (const char *wrong = checkOperands(info.form, i))
      return fail(Twine(info.name) + ": " + wrong);
    return true;
  }

  const std::vector<uint32_t> &words;
  uint32_t start, next;
  std::string &error;
  Instr i;
};

} // namespace

std::optional<Instr> weft::isa::decode(const std::vector<uint32_t> &words,
                                       uint32_t at, std::string &error) {
  return Decoder(words, at, error).run();
}

std::optional<std::vector<Instr>>
weft::isa::decodeAll(const std::vector<uint32_t> &words, std::string &error) {
  std::vector<Instr> all;
  for (uint32_t at = 0; at < words.size(); at += all.back().numWords) {
    auto i = decode(words, at, error);
    if (!i)
      return std::nullopt;
    all.push_back(std::move(*i));
  }
  return all;
}
