//===- Residues.h - Addresses modulo the rows of the banks ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Which banks an op meets depends on the last bits of its addresses. They are
// followed through registers, descriptors and loops as affine functions of the
// rounds of the open loops, plus what a constant table holds for the rounds of
// one of them. What comes from a PE's place, data, or memory that is no
// constant table is unknown; but of an unknown number times 256 the last eight
// bits are known, so a value knows how many of its last bits it knows.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_RESIDUES_H
#define WEFT_LIB_COST_RESIDUES_H

#include "weft/Binary/Isa.h"
#include <array>
#include <map>
#include <set>
#include <vector>

namespace weft::cost {

/// The longest row of banks or line that a target may have.
constexpr unsigned BankBits = 6;
constexpr unsigned BankModulus = 1 << BankBits;
constexpr unsigned MaxOpenLoops = 16;
/// Registers, then the bases of descriptors.
constexpr unsigned NumSlots = isa::NumRegs + isa::NumDsrs;
constexpr unsigned baseSlot(unsigned dsr) {
  return isa::NumRegs + dsr % isa::NumDsrs;
}

/// What a table holds for each round of one open loop, times a number.
struct LookedUp {
  const std::vector<uint32_t> *words = nullptr; // one object per content
  uint32_t times = 0;
  uint8_t loop = 0;

  uint32_t in(uint64_t round) const {
    return words && round < words->size() ? times * (*words)[round] : 0;
  }
  bool operator==(const LookedUp &) const = default;
};

/// at + sum of step[l] times the round of open loop l + what is looked up,
/// modulo 2^bits.
struct Residue {
  static constexpr uint8_t All = 32; // of a register
  uint8_t bits = All;
  uint32_t at = 0;
  std::array<uint32_t, MaxOpenLoops> step{};
  LookedUp more{};

  static Residue constant(int64_t v) { return {All, uint32_t(v), {}, {}}; }
  static Residue unknown() { return {0, 0, {}, {}}; }
  bool known() const { return bits == All; }
  bool isConstant() const {
    return known() && step == decltype(step){} && !more.words;
  }
  /// Does it change from round to round of open loop `l`?
  bool varies(unsigned l) const {
    return step[l] || (more.words && more.loop == l);
  }
  /// The same, of which no more than the last `n` bits are known.
  Residue lastBits(unsigned n) const;
  Residue plus(const Residue &o) const;
  Residue times(const Residue &o) const;
  Residue masked(int64_t mask) const;
  Residue shiftedRight(unsigned by) const;
  Residue lesser(const Residue &o) const;
  Residue greater(const Residue &o) const;
  /// With loop `l` in its round `round`.
  Residue inRound(unsigned l, uint64_t round) const;
  bool operator==(const Residue &) const = default;
};

using Slots = std::array<Residue, NumSlots>;

/// A slot after some code, as a function of one slot before it.
struct Effect {
  enum Kind : uint8_t { Constant, Offset, Unknown } kind = Offset;
  uint8_t slot = 0; // Offset: from this slot
  uint32_t at = 0;

  static Effect constant(int64_t v) { return {Constant, 0, uint32_t(v)}; }
  static Effect unknown() { return {Unknown, 0, 0}; }
  bool isConstant() const { return kind == Constant; }
  Effect plus(const Effect &o) const;
  Effect times(const Effect &o) const;
  Effect masked(int64_t mask) const;
  Effect shiftedRight(unsigned by) const;
  Effect lesser(const Effect &o) const;
  Effect greater(const Effect &o) const;
};

using Effects = std::array<Effect, NumSlots>;

/// What an instruction does to the slots. `read(slot)` gives a value,
/// `write(slot, value)` takes one, `load(address)` gives a word of memory,
/// `place(y)` the PE's column or row; `Value` is Residue or Effect. Loops and
/// calls are the caller's.
template <typename Value, typename Read, typename Write, typename Load,
          typename Place>
void transfer(const isa::Instr &i, Read read, Write write, Load load,
              Place place) {
  using isa::Op;
  auto number = [](int64_t v) { return Value::constant(v); };
  switch (i.op) {
  case Op::Li:
    return write(i.a, number(i.imm));
  case Op::Mov:
    return write(i.a, read(i.b));
  case Op::Addi:
    return write(i.a, read(i.b).plus(number(i.imm)));
  case Op::Muli:
    return write(i.a, read(i.b).times(number(i.imm)));
  case Op::Andi:
    return write(i.a, read(i.b).masked(i.imm));
  case Op::Shli:
    return write(i.a, read(i.b).times(number(int64_t(1) << (i.c & 31))));
  case Op::Add:
    return write(i.a, read(i.b).plus(read(i.c)));
  case Op::Sub:
    return write(i.a, read(i.b).plus(read(i.c).times(number(-1))));
  case Op::Mul:
    return write(i.a, read(i.b).times(read(i.c)));
  case Op::Shri:
    return write(i.a, read(i.b).shiftedRight(i.c & 31));
  case Op::Min:
    return write(i.a, read(i.b).lesser(read(i.c)));
  case Op::Max:
    return write(i.a, read(i.b).greater(read(i.c)));
  case Op::Slt:
  case Op::Seq: {
    Value x = read(i.b), y = read(i.c);
    if (!x.isConstant() || !y.isConstant())
      return write(i.a, Value::unknown());
    return write(i.a, number(i.op == Op::Seq ? x.at == y.at
                                             : int32_t(x.at) < int32_t(y.at)));
  }
  case Op::Sel: {
    Value chooses = read(i.a);
    return write(i.a, chooses.isConstant() ? read(chooses.at ? i.b : i.c)
                                           : Value::unknown());
  }
  case Op::Coord:
    return write(i.a, place(i.b != 0));
  case Op::Ld:
    return write(i.a, load(read(i.b).plus(number(i.imm))));
  case Op::Dsd:
    return write(baseSlot(i.a), read(i.b).plus(number(i.imm)));
  case Op::DsdAdd:
    return write(baseSlot(i.a),
                 read(baseSlot(i.a)).plus(read(i.b)).plus(number(i.imm)));
  case Op::Nop:
  case Op::Halt:
  case Op::St:
  case Op::St16:
  case Op::StH:
  case Op::StB:
  case Op::Loop:
  case Op::EndLoop:
  case Op::Call:
  case Op::Ret:
  case Op::Activate:
  case Op::EndTask:
  case Op::Wait:
    return;
  default:
    if (!i.isVector())
      return write(i.a, Value::unknown());
    if (i.dst.kind == isa::OperandKind::Reg)
      write(i.dst.index, Value::unknown());
  }
}

/// Sums up loops and subroutines, each once.
class EffectSums {
public:
  EffectSums(const std::vector<isa::Instr> &instrs,
             const std::vector<int32_t> &atWord)
      : instrs(instrs), atWord(atWord) {}
  /// Of the instructions from word `at` to the end of their loop, subroutine or
  /// task.
  const Effects &of(uint32_t at) { return sum(at).effects; }

private:
  struct Sum {
    Effects effects;
    uint32_t after = 0; // the word after the end
  };
  const Sum &sum(uint32_t at);
  uint32_t loop(const isa::Instr &i, Effects &e);
  void call(const isa::Instr &i, Effects &e);

  const std::vector<isa::Instr> &instrs;
  const std::vector<int32_t> &atWord;
  std::map<uint32_t, Sum> known;
  std::set<uint32_t> active;
};

} // namespace weft::cost
#endif
