//===- Isa.cpp - Encoding, decoding and text of the instruction set -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One table gives every opcode its mnemonic and its form; encoder, decoder,
// printer and parser are four walks over the forms, so that they cannot drift
// apart. The decoder accepts canonical words only: fields that an instruction
// does not use are zero (operand bytes: none).
//
//===----------------------------------------------------------------------===//
#include "weft/Binary/Isa.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace weft::isa;
using llvm::StringRef;
using llvm::Twine;

namespace {

/// Which fields an instruction uses, and how its text looks.
enum class Form : uint8_t {
  Bare,      // nop
  RegImm,    // li r1, 5
  RegReg,    // mov r1, r2
  RegRegImm, // addi r1, r2, 5
  Shift,     // shli r1, r2, 5       (amount in c)
  RegRegReg, // add r1, r2, r3
  Memory,    // ld r1, r2+16
  Coord,     // coord r1, x
  Loop,      // loop r1, 16
  Reg,       // endloop r1
  Imm,       // call 12
  Task,      // activate 3
  Thread,    // wait 3
  Dsd,       // dsd d1, r4+128, f32, [16:32, 32:1]
  DsdAdd,    // dsdadd d1, r4+128
  Unary,     // vmov d1, d2          (and all vector forms: , len=8, async=2)
  Binary,    // vfadd d1, d2, d3
  Update,    // vfmac d1, d2, d3     (reads d1, so d1 is a DSR)
  Reduce,    // vrsum r1, d2
  Dot,       // vfdot r1, d2, d3
};

struct OpInfo {
  Op op;
  const char *name;
  Form form;
};

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

/// Opcode byte -> table entry, nullptr where the byte is no opcode.
const OpInfo *infoOf(uint8_t op) {
  static const auto index = [] {
    std::array<const OpInfo *, 256> r{};
    for (const OpInfo &i : Table)
      r[uint8_t(i.op)] = &i;
    return r;
  }();
  return index[op];
}

bool isVectorForm(Form f) { return f >= Form::Unary; }

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

constexpr const char *DTypeNames[] = {"f32", "f16", "i32", "i16", "bf16"};
constexpr unsigned NumDTypes = std::size(DTypeNames);
constexpr unsigned MaxTask = 30, MaxThread = 15;

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

/// Checks the operands of a vector op; returns what is wrong, or nullptr.
const char *checkOperands(Form f, const Instr &i) {
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
  return nullptr;
}

std::string at(uint32_t word, const Twine &what) {
  return (Twine("word ") + Twine(word) + ": " + what).str();
}

} // namespace

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
    ext = i.extended || i.async || i.length;
  } else if (i.op == Op::Dsd) {
    c = uint32_t(i.dims.size()) | uint32_t(i.dtype) << 4;
  }
  out.push_back((ext ? op | ExtBit : op) << 24 | a << 16 | b << 8 | c);
  if (ext)
    out.push_back(i.length | uint32_t(i.microthread & 15) << 16 |
                  uint32_t(i.async) << 20);
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
      if (w >> 21)
        return fail(Twine(info.name) + ": reserved bits are set");
      i.extended = true;
      i.length = w & 0xffff;
      i.microthread = w >> 16 & 15;
      i.async = w >> 20 & 1;
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

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

namespace {

std::string reg(unsigned r) { return "r" + std::to_string(r); }

std::string text(Operand o) {
  static constexpr const char *prefix[] = {"none", "d", "r", "in", "out"};
  std::string s = prefix[unsigned(o.kind)];
  return o.kind == OperandKind::None ? s : s + std::to_string(o.index);
}

/// "r4+128"; a zero offset is left out.
std::string address(unsigned base, int32_t offset) {
  std::string s = reg(base);
  if (offset)
    s += (offset < 0 ? "" : "+") + std::to_string(offset);
  return s;
}

std::string dsdText(const Instr &i) {
  std::string s = "d" + std::to_string(i.a) + ", " + address(i.b, i.imm) +
                  ", " + DTypeNames[unsigned(i.dtype) % NumDTypes] + ", [";
  for (size_t k = 0; k < i.dims.size(); ++k)
    s += (k ? ", " : "") + std::to_string(i.dims[k].length) + ":" +
         std::to_string(i.dims[k].stride);
  return s + "]";
}

std::string vectorText(const Instr &i) {
  std::string s = text(i.dst) + ", " + text(i.src0);
  if (i.src1.kind != OperandKind::None)
    s += ", " + text(i.src1);
  if (i.length || (i.extended && !i.async))
    s += ", len=" + std::to_string(i.length);
  if (i.async)
    s += ", async=" + std::to_string(i.microthread);
  return s;
}

std::string operands(Form form, const Instr &i) {
  switch (form) {
  case Form::Bare:
    return "";
  case Form::RegImm:
  case Form::Loop:
    return reg(i.a) + ", " + std::to_string(i.imm);
  case Form::RegReg:
    return reg(i.a) + ", " + reg(i.b);
  case Form::RegRegImm:
    return reg(i.a) + ", " + reg(i.b) + ", " + std::to_string(i.imm);
  case Form::Shift:
    return reg(i.a) + ", " + reg(i.b) + ", " + std::to_string(i.c);
  case Form::RegRegReg:
    return reg(i.a) + ", " + reg(i.b) + ", " + reg(i.c);
  case Form::Memory:
    return reg(i.a) + ", " + address(i.b, i.imm);
  case Form::Coord:
    return reg(i.a) + (i.b ? ", y" : ", x");
  case Form::Reg:
    return reg(i.a);
  case Form::Imm:
    return std::to_string(i.imm);
  case Form::Task:
  case Form::Thread:
    return std::to_string(i.a);
  case Form::Dsd:
    return dsdText(i);
  case Form::DsdAdd:
    return "d" + std::to_string(i.a) + ", " + address(i.b, i.imm);
  default:
    return vectorText(i);
  }
}

} // namespace

std::string weft::isa::print(const Instr &i) {
  const OpInfo *info = infoOf(uint8_t(i.op));
  if (!info)
    return "<invalid>";
  std::string rest = operands(info->form, i);
  return rest.empty() ? info->name : info->name + (" " + rest);
}

namespace {

/// Recursive-descent reader of one instruction's text.
class Parser {
public:
  Parser(StringRef text, std::string &error) : rest(text), error(error) {}

  std::optional<Instr> run() {
    rest = rest.split('#').first.trim();
    StringRef name = rest.take_while([](char c) { return llvm::isAlnum(c); });
    rest = rest.drop_front(name.size());
    auto op = opFromMnemonic(name.str());
    if (!op) {
      fail("unknown mnemonic '" + name + "'");
      return std::nullopt;
    }
    i.op = *op;
    const OpInfo &info = *infoOf(uint8_t(*op));
    if (!fields(info.form))
      return std::nullopt;
    if (!rest.trim().empty()) {
      fail("unexpected '" + rest.trim() + "' after the instruction");
      return std::nullopt;
    }
    if (isVectorForm(info.form))
      if (const char *wrong = checkOperands(info.form, i)) {
        fail(name + ": " + wrong);
        return std::nullopt;
      }
    return roundTrip();
  }

private:
  bool fail(const Twine &what) {
    error = what.str();
    return false;
  }

  bool eat(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  bool expect(StringRef token) {
    return eat(token) || fail("expected '" + token + "' at '" + rest + "'");
  }
  bool comma() { return expect(","); }

  bool number(int64_t &v, int64_t lo, int64_t hi, StringRef what) {
    rest = rest.ltrim();
    if (rest.consumeInteger(0, v))
      return fail("expected " + what + " at '" + rest + "'");
    return (v >= lo && v <= hi) ||
           fail(what + " is " + Twine(v) + ", allowed are " + Twine(lo) +
                " to " + Twine(hi));
  }
  template <typename T>
  bool field(T &out, int64_t lo, int64_t hi, StringRef what) {
    int64_t v;
    if (!number(v, lo, hi, what))
      return false;
    out = T(v);
    return true;
  }

  bool reg(uint8_t &r) {
    return expect("r") && field(r, 0, NumRegs - 1, "register");
  }
  bool dsr(uint8_t &d) {
    return expect("d") && field(d, 0, NumDsrs - 1, "dsr");
  }
  /// An immediate; unsigned spellings up to 2^32-1 mean the same bits.
  bool imm() {
    int64_t v;
    if (!number(v, INT32_MIN, UINT32_MAX, "immediate"))
      return false;
    i.imm = int32_t(uint32_t(v));
    return true;
  }

  bool address() {
    if (!reg(i.b))
      return false;
    rest = rest.ltrim();
    return eat("+") || rest.starts_with("-") ? imm() : true;
  }

  bool operand(Operand &o) {
    if (eat("in")) {
      o.kind = OperandKind::FabIn;
      return field(o.index, 0, 15, "input queue");
    }
    if (eat("out")) {
      o.kind = OperandKind::FabOut;
      return field(o.index, 0, 15, "output queue");
    }
    o.kind = rest.starts_with("d") ? OperandKind::Dsr : OperandKind::Reg;
    return o.kind == OperandKind::Dsr ? dsr(o.index) : reg(o.index);
  }

  bool dsdDims() {
    if (!comma() || !expect("["))
      return false;
    do {
      DsdDim d;
      if (!field(d.length, 1, 65535, "length") || !expect(":") ||
          !field(d.stride, -32768, 32767, "stride"))
        return false;
      i.dims.push_back(d);
    } while (eat(","));
    if (i.dims.size() > MaxDsdDims)
      return fail(Twine(i.dims.size()) + " dimensions, allowed are 1 to 4");
    return expect("]");
  }

  bool dsd() {
    if (!dsr(i.a) || !comma() || !address() || !comma())
      return false;
    for (unsigned k = 0; k < NumDTypes; ++k)
      if (eat(DTypeNames[k])) {
        i.dtype = DType(k);
        return dsdDims();
      }
    return fail("expected f32, f16, i32, i16 or bf16 at '" + rest + "'");
  }

  bool vector(bool two) {
    if (!operand(i.dst) || !comma() || !operand(i.src0))
      return false;
    if (two && (!comma() || !operand(i.src1)))
      return false;
    while (eat(",")) {
      i.extended = true;
      if (eat("len=")) {
        if (!field(i.length, 0, 65535, "length"))
          return false;
      } else {
        i.async = true;
        if (!expect("async=") ||
            !field(i.microthread, 0, MaxThread, "microthread"))
          return false;
      }
    }
    return true;
  }

  bool coordAxis() {
    if (eat("x"))
      return true;
    i.b = 1;
    return expect("y");
  }

  bool fields(Form form) {
    switch (form) {
    case Form::Bare:
      return true;
    case Form::RegImm:
    case Form::Loop:
      return reg(i.a) && comma() && imm();
    case Form::RegReg:
      return reg(i.a) && comma() && reg(i.b);
    case Form::RegRegImm:
      return reg(i.a) && comma() && reg(i.b) && comma() && imm();
    case Form::Shift:
      return reg(i.a) && comma() && reg(i.b) && comma() &&
             field(i.c, 0, 31, "shift amount");
    case Form::RegRegReg:
      return reg(i.a) && comma() && reg(i.b) && comma() && reg(i.c);
    case Form::Memory:
      return reg(i.a) && comma() && address();
    case Form::Coord:
      return reg(i.a) && comma() && coordAxis();
    case Form::Reg:
      return reg(i.a);
    case Form::Imm:
      return imm();
    case Form::Task:
      return field(i.a, 0, MaxTask, "task id");
    case Form::Thread:
      return field(i.a, 0, MaxThread, "microthread");
    case Form::Dsd:
      return dsd();
    case Form::DsdAdd:
      return dsr(i.a) && comma() && address();
    default:
      return vector(form != Form::Unary && form != Form::Reduce);
    }
  }

  /// What was parsed must be what the decoder accepts; decoding also fills the
  /// raw fields.
  std::optional<Instr> roundTrip() {
    std::vector<uint32_t> words;
    encode(i, words);
    return decode(words, 0, error);
  }

  StringRef rest;
  std::string &error;
  Instr i;
};

} // namespace

std::optional<Instr> weft::isa::parseInstr(const std::string &text,
                                           std::string &error) {
  return Parser(text, error).run();
}
