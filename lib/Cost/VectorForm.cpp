//===- VectorForm.cpp - What decides the speed of a vector op -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "CodeWalk.h"
#include <algorithm>
#include <numeric>

using namespace weft;
using namespace weft::cost;
using namespace weft::isa;

static unsigned bytesOf(const MemOperand &o) {
  return o.exists ? dtypeBytes(o.type) : 0;
}

static VectorClass classOf(const Instr &i, bool converts, bool widens) {
  switch (i.op) {
  case Op::VMov:
    return converts ? VectorClass::Convert : VectorClass::Mov;
  case Op::VFAdd:
  case Op::VFSub:
  case Op::VFNeg:
  case Op::VFAbs:
    return VectorClass::FAdd;
  case Op::VFMul:
    return VectorClass::FMul;
  case Op::VFMac:
    return widens ? VectorClass::FMacMixed : VectorClass::FMac;
  case Op::VFMax:
  case Op::VFMin:
    return VectorClass::FMax;
  case Op::VI2F:
  case Op::VF2I:
    return VectorClass::Convert;
  case Op::VRSum:
  case Op::VRMax:
    return VectorClass::Reduce;
  case Op::VFDot:
    return VectorClass::Dot;
  case Op::VShl:
  case Op::VShr:
  case Op::VSar:
    return VectorClass::Shift;
  case Op::VMul:
    return VectorClass::IntMul;
  default:
    return VectorClass::Int;
  }
}

VectorForm cost::vectorForm(const Instr &i, const Target &t,
                            const MemOperand mem[3]) {
  VectorForm f;
  unsigned dst = bytesOf(mem[0]), src0 = bytesOf(mem[1]),
           src1 = bytesOf(mem[2]), widest = std::max({dst, src0, src1});
  f.wide = widest != 2;
  for (const Operand *o : {&i.dst, &i.src0, &i.src1})
    f.fabric |= o->kind == OperandKind::FabIn || o->kind == OperandKind::FabOut;
  // A move converts if the sizes at its two ends differ; fabric operands take
  // the widest type in memory; a register is converted once.
  auto isWide = [&](unsigned bytes, const Operand &o) {
    return bytes ? bytes == 4 : o.kind == OperandKind::Reg ? true : f.wide;
  };
  bool converts = i.src0.kind != OperandKind::Reg &&
                  isWide(dst, i.dst) != isWide(src0, i.src0);
  f.cls = classOf(i, converts, dst == 4 && std::max(src0, src1) == 2);
  f.writeBytes = dst;
  bool readsDst = i.op == Op::VFMac || i.op == Op::VSel;
  f.readBytes = src0 + src1 + (readsDst ? dst : 0);
  for (int k = 0; k < 3; ++k)
    if (mem[k].exists)
      f.simdLimit =
          std::min(f.simdLimit, t.simdLimit(bytesOf(mem[k]), mem[k].stride));
  return f;
}

static bool readsDst(const Instr &i) {
  return i.op == Op::VFMac || i.op == Op::VSel;
}

bool cost::meetsBanks(const Instr &i, const MemOperand mem[3]) {
  return mem[0].exists + mem[1].exists + mem[2].exists > 1 ||
         (mem[0].exists && readsDst(i));
}

namespace {

/// The means over all values of what the bases depend on.
struct Averager {
  struct Variable {
    unsigned step[3] = {0, 0, 0};
    LookedUp more[3];
    uint64_t period = 1, rounds = 1;
  };
  const Target &t;
  const VectorForm &form;
  uint32_t rate;
  uint64_t elements;
  MemWalk walks[3];
  std::vector<Variable> variables;
  double rates = 0, cycles = 0, weight = 0;
  uint32_t leastRate = ~0u;

  void add(unsigned index, const unsigned at[3], double times) {
    if (index == variables.size()) {
      for (int k = 0; k < 3; ++k)
        walks[k].base = at[k] % BankModulus;
      uint32_t r =
          t.paced(form, Target::conflictRate(rate, t.halfCycles(walks)));
      rates += times * r;
      cycles += times * double(Target::elementCycles(elements, r));
      weight += times;
      leastRate = std::min(leastRate, r);
      return;
    }
    const Variable &v = variables[index];
    for (uint64_t n = 0; n < std::min(v.period, v.rounds); ++n) {
      unsigned moved[3];
      for (int k = 0; k < 3; ++k)
        moved[k] = at[k] + unsigned(n) * v.step[k] + v.more[k].in(n);
      uint64_t often = v.rounds / v.period + (n < v.rounds % v.period);
      add(index + 1, moved, times * double(often));
    }
  }
};

constexpr uint64_t MaxCombinations = 16384;

} // namespace

ElementTime cost::elementTime(const VectorForm &form, uint64_t n,
                              const Instr &i, const Target &t,
                              const MemOperand mem[3], const Residue at[3],
                              const std::vector<uint64_t> &rounds,
                              size_t outer) {
  Averager a{t, form, t.rateOf(form), n, {}, {}};
  uint64_t combinations = 1;
  bool known = true;
  auto vary = [&](Averager::Variable &v) {
    unsigned common = BankModulus;
    for (unsigned s : v.step)
      common = std::gcd(common, s);
    v.period = BankModulus / common;
    for (const LookedUp &more : v.more)
      if (more.words)
        v.period = v.rounds;
    combinations *= std::min(v.period, v.rounds);
    if (v.period > 1 && combinations <= MaxCombinations)
      a.variables.push_back(v);
  };
  unsigned start[3] = {0, 0, 0};
  for (int k = 0; k < 3; ++k) {
    if (!mem[k].exists)
      continue;
    unsigned bytes = dtypeBytes(mem[k].type);
    // A descriptor that is named twice is read once.
    bool again = i.dst == i.src0 || i.dst == i.src1;
    bool read = k ? k == 1 || !(i.src0 == i.src1) : readsDst(i) && !again;
    a.walks[k] = {read, k == 0, 0, mem[k].stride * bytes};
    start[k] = at[k].at;
    // Of the bits that count, those that are not known take all values.
    Averager::Variable v;
    if (at[k].bits >= BankBits)
      continue;
    v.step[k] = std::max(bytes, 1u << at[k].bits);
    known = false;
    v.rounds = BankModulus / v.step[k];
    vary(v);
  }
  for (size_t l = 0; l < std::min<size_t>(rounds.size(), MaxOpenLoops); ++l) {
    Averager::Variable v;
    for (int k = 0; k < 3; ++k) {
      if (!mem[k].exists)
        continue;
      v.step[k] = at[k].step[l];
      if (at[k].more.loop == l)
        v.more[k] = at[k].more;
    }
    v.rounds = rounds[l];
    vary(v);
    known &= l >= outer || v.period == 1;
  }
  a.add(0, start, 1);
  double cycles = a.cycles / a.weight;
  // Over all rounds of its own loops a mean of known addresses is exact.
  double least = known ? cycles : double(Target::elementCycles(n, a.leastRate));
  return {uint32_t(a.rates / a.weight + 0.5), cycles, least,
          !a.variables.empty()};
}
