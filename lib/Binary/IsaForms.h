//===- IsaForms.h - Opcodes and their forms -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What words (Isa.cpp) and text (IsaText.cpp) of an instruction share: one
// table gives every opcode its mnemonic and its form.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_BINARY_ISAFORMS_H
#define WEFT_LIB_BINARY_ISAFORMS_H

#include "weft/Binary/Isa.h"
#include <iterator>

namespace weft::isa {

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

/// Entry of an opcode byte, nullptr where the byte is no opcode.
const OpInfo *infoOf(uint8_t op);

inline bool isVectorForm(Form f) { return f >= Form::Unary; }

/// Checks the operands of a vector op; returns what is wrong, or nullptr.
const char *checkOperands(Form f, const Instr &i);

/// By value of DType.
constexpr const char *DTypeNames[] = {"f32", "f16", "i32", "i16", "bf16"};
constexpr unsigned NumDTypes = std::size(DTypeNames);
constexpr unsigned MaxTask = 30, MaxThread = 15;

} // namespace weft::isa
#endif
