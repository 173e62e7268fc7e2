//===- IsaText.cpp - Assembly text of the instruction set -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "IsaForms.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace weft::isa;
using llvm::StringRef;
using llvm::Twine;

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
  if (i.length || (i.extended && !i.async && !i.advance))
    s += ", len=" + std::to_string(i.length);
  if (i.async)
    s += ", async=" + std::to_string(i.microthread);
  if (i.advance)
    s += ", advance";
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
      } else if (eat("advance")) {
        i.advance = true;
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
