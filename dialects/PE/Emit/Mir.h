//===- Mir.h - Instructions before registers are assigned -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The form between pe ops and words: the instruction set with any number of
// registers and descriptor registers, and loops as a tree, so that code can be
// put before a loop or at the end of its body after the loop was entered.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_EMIT_MIR_H
#define WEFT_PE_EMIT_MIR_H

#include "weft/Binary/Isa.h"
#include <bitset>
#include <memory>
#include <string>
#include <vector>

namespace weft::pe::mir {

using Reg = int32_t; // r0, r31, then virtual registers
constexpr Reg NoReg = -1, Zero = 0, Params = 1, FirstVirtual = 2;
using Dsr = int32_t;
constexpr Dsr NoDsr = -1;

/// `id` is a Reg, a Dsr or a queue.
struct Operand {
  weft::isa::OperandKind kind = weft::isa::OperandKind::None;
  int32_t id = -1;
};

struct Inst {
  weft::isa::Op op = weft::isa::Op::Nop;
  Reg a = NoReg, b = NoReg, c = NoReg;
  int32_t imm = 0;   // immediate; trip count of Loop; callee of Call
  uint8_t small = 0; // shift amount, axis, task, microthread
  Dsr dsr = NoDsr;   // of Dsd and DsdAdd
  weft::isa::DType dtype = weft::isa::DType::F32;
  std::vector<weft::isa::DsdDim> dims;
  Operand dst, src0, src1;
  bool async = false, advance = false;
  uint16_t length = 0;
};

struct Loop;
/// An instruction, or a loop.
struct Node {
  Inst inst;
  std::unique_ptr<Loop> loop;
};
using Nodes = std::vector<Node>;

/// `pre` stands before the loop, `post` at the end of every round.
struct Loop {
  Nodes pre;
  Reg counter = NoReg;
  int64_t trip = 1;
  Nodes body, post;
};

/// A subroutine or task.
struct Body {
  Nodes nodes;
  Reg numRegs = FirstVirtual;
  Dsr numDsrs = 0;
};

/// The instructions in order, loops as Loop and EndLoop.
std::vector<Inst> flatten(const Body &body);

using RegSet = std::bitset<weft::isa::NumRegs>;

/// Assigns r1..lastReg and d0..d15 by linear scan over live ranges.
/// `clobbers[s]`: the registers that subroutine s changes. On success the
/// instructions name machine registers and `used` holds those written. Fails
/// with a message if they do not suffice.
bool allocate(std::vector<Inst> &code, const Body &body, int lastReg,
              const std::vector<RegSet> &clobbers, RegSet &used,
              std::string &error);

/// The encodable instruction; registers are assigned.
weft::isa::Instr toInstr(const Inst &inst);

} // namespace weft::pe::mir
#endif
