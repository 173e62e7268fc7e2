//===- Addresses.cpp - The highest byte a class touches -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// An interval analysis. A loop's body is walked twice: once to see what its
// registers gain per round, once with the hull over all rounds. Tables that are
// equal on all PEs (layer addresses) are looked up.
//
//===----------------------------------------------------------------------===//
#include "Addresses.h"
#include "AddressRange.h"
#include "ConstantTables.h"
#include <algorithm>

using namespace weft;
using namespace weft::cost;
using namespace weft::isa;

using Range = AddressRange;

namespace {

struct State {
  std::array<Range, NumRegs> regs;
  std::array<Range, NumDsrs> bases;
  std::array<int32_t, NumDsrs> defs;
};

class Bounder {
public:
  Bounder(const bin::Program &p, const bin::PEClass &c, const ClassCode &code)
      : tables(p, c), c(c), code(code) {}
  AddressBound run();

private:
  uint32_t body(uint32_t at, State &s, unsigned depth);
  uint32_t loop(uint32_t at, State &s, unsigned depth);
  void scalar(const Instr &i, State &s);
  Range coord(bool y) const;
  Range lookUp(const Range &address) const;
  void access(const Range &first, uint64_t bytes);
  void vector(const Instr &i, const State &s);

  const ConstantTables tables;
  const bin::PEClass &c;
  const ClassCode &code;
  AddressBound bound;
  bool recording = true;
  uint64_t steps = 0;
};

constexpr uint64_t MaxSteps = 3000000;

} // namespace

void Bounder::access(const Range &first, uint64_t bytes) {
  if (!recording)
    return;
  if (!first.known || first.lo < 0) {
    bound.complete = false;
    return;
  }
  bound.top = std::max(bound.top, uint64_t(first.hi) + bytes);
}

Range Bounder::coord(bool y) const {
  Range r;
  for (const bin::Pattern &w : c.where) {
    int64_t lo = y ? w.y0 : w.x0, n = y ? w.h : w.w, d = y ? w.dy : w.dx;
    Range one = makeRange(lo, lo + (n - 1) * d, d);
    r = r.known ? hull(r, one) : one;
  }
  return r;
}

/// What mem32 may hold, if all the addresses lie in one constant table.
Range Bounder::lookUp(const Range &address) const {
  if (!address.known)
    return Range::unknown();
  const ConstantTable *table = tables.holding(address.lo, address.hi);
  if (!table)
    return Range::unknown();
  Range r;
  for (int64_t a = address.lo; a <= address.hi;
       a += std::max<int64_t>(address.step, 4)) {
    Range one = Range::of(table->word(a));
    r = r.known ? hull(r, one) : one;
  }
  return r;
}

void Bounder::scalar(const Instr &i, State &s) {
  auto reg = [&](uint8_t r) { return r ? s.regs[r % NumRegs] : Range::of(0); };
  Range v;
  switch (i.op) {
  case Op::Li:
    v = Range::of(i.imm);
    break;
  case Op::Mov:
    v = reg(i.b);
    break;
  case Op::Addi:
    v = reg(i.b) + Range::of(i.imm);
    break;
  case Op::Muli:
    v = times(reg(i.b), i.imm);
    break;
  case Op::Andi:
    v = i.imm >= 0 ? makeRange(0, i.imm, 1) : Range::unknown();
    break;
  case Op::Shli:
    v = times(reg(i.b), int64_t(1) << (i.c & 31));
    break;
  case Op::Shri:
    if (Range b = reg(i.b); b.known && b.lo >= 0)
      v = makeRange(b.lo >> (i.c & 31), b.hi >> (i.c & 31), 1);
    break;
  case Op::Sel:
    v = hull(reg(i.b), reg(i.c));
    break;
  case Op::Coord:
    v = coord(i.b != 0);
    break;
  case Op::Ld:
    access(reg(i.b) + Range::of(i.imm), 4);
    v = lookUp(reg(i.b) + Range::of(i.imm));
    break;
  case Op::Ld16:
    access(reg(i.b) + Range::of(i.imm), 2);
    v = makeRange(INT16_MIN, INT16_MAX, 1);
    break;
  case Op::LdH:
  case Op::LdB: // floats are not followed
    access(reg(i.b) + Range::of(i.imm), 2);
    v = {};
    break;
  case Op::St:
  case Op::St16:
  case Op::StH:
  case Op::StB:
    access(reg(i.b) + Range::of(i.imm), i.op == Op::St ? 4 : 2);
    return;
  case Op::Dsd:
    s.bases[i.a % NumDsrs] = reg(i.b) + Range::of(i.imm);
    s.defs[i.a % NumDsrs] = code.atWord[i.wordIndex];
    return;
  case Op::DsdAdd:
    s.bases[i.a % NumDsrs] =
        s.bases[i.a % NumDsrs] + reg(i.b) + Range::of(i.imm);
    return;
  case Op::FMin:
  case Op::FMax:
  case Op::FAdd:
  case Op::FSub:
  case Op::FMul:
  case Op::FMac:
  case Op::I2F:
  case Op::F2I:
    break;
  case Op::FLt:
    v = makeRange(0, 1, 1);
    break;
  default:
    if (uint8_t(i.op) < uint8_t(Op::Add) || uint8_t(i.op) > uint8_t(Op::Sel))
      return; // writes no register
    v = binary(i.op, reg(i.b), reg(i.c));
  }
  s.regs[i.a % NumRegs] = v;
}

void Bounder::vector(const Instr &i, const State &s) {
  for (const Operand *o : {&i.dst, &i.src0, &i.src1}) {
    if (o->kind != OperandKind::Dsr)
      continue;
    unsigned d = o->index % NumDsrs;
    if (s.defs[d] < 0)
      continue;
    const Instr &dsd = code.instrs[s.defs[d]];
    int64_t bytes = dtypeBytes(dsd.dtype), reach = 0;
    for (const DsdDim &dim : dsd.dims)
      reach +=
          std::max<int64_t>(0, int64_t(dim.length - 1) * dim.stride) * bytes;
    access(s.bases[d], uint64_t(reach + bytes));
  }
}

uint32_t Bounder::body(uint32_t at, State &s, unsigned depth) {
  while (at < code.atWord.size() && code.atWord[at] >= 0 && depth < 64) {
    if (++steps > MaxSteps) {
      bound.complete = false;
      return ~0u;
    }
    const Instr &i = code.instrs[code.atWord[at]];
    uint32_t next = at + i.numWords;
    if (i.isVector()) {
      vector(i, s);
      if (i.dst.kind == OperandKind::Reg)
        s.regs[i.dst.index % NumRegs] = Range::unknown();
    } else if (i.op == Op::Loop) {
      next = loop(at, s, depth);
      if (next == ~0u)
        return next;
    } else if (i.op == Op::Call) {
      if (body(uint32_t(i.imm), s, depth + 1) == ~0u)
        return ~0u;
    } else if (i.op == Op::EndLoop || i.op == Op::Ret || i.op == Op::EndTask ||
               i.op == Op::Halt) {
      return next;
    } else {
      scalar(i, s);
    }
    at = next;
  }
  return ~0u;
}

/// Registers and bases as one list, so that a loop treats them alike.
static std::vector<Range *> values(State &s) {
  std::vector<Range *> v;
  for (Range &r : s.regs)
    v.push_back(&r);
  for (Range &r : s.bases)
    v.push_back(&r);
  return v;
}

uint32_t Bounder::loop(uint32_t at, State &s, unsigned depth) {
  const Instr &i = code.instrs[code.atWord[at]];
  int64_t rounds = uint32_t(i.imm);
  uint32_t first = at + i.numWords;
  unsigned counter = i.a % NumRegs;
  s.regs[counter] = makeRange(0, rounds - 1, 1);
  State one = s;
  bool was = recording;
  recording = rounds == 1 && was;
  uint32_t after = body(first, one, depth + 1);
  recording = was;
  if (after == ~0u || rounds == 1) {
    s = one;
    return after;
  }
  // What each value gains per round; a value without a constant gain is
  // unknown at the start of a round.
  State start = s, end;
  std::vector<Range *> before = values(s), gained = values(one),
                       hulls = values(start);
  std::vector<int64_t> gain(before.size(), 0);
  std::vector<char> steady(before.size(), 0);
  for (size_t k = 0; k < before.size(); ++k) {
    const Range &a = *before[k], &b = *gained[k];
    steady[k] = a.known && b.known && b.lo - a.lo == b.hi - a.hi;
    gain[k] = steady[k] ? b.lo - a.lo : 0;
    *hulls[k] = steady[k] ? hull(a, a + Range::of(gain[k] * (rounds - 1)))
                          : Range::unknown();
  }
  start.regs[counter] = s.regs[counter];
  start.defs = one.defs;
  end = start;
  body(first, end, depth + 1);
  std::vector<Range *> ends = values(end);
  for (size_t k = 0; k < ends.size(); ++k)
    if (steady[k] && *ends[k] == *hulls[k] + Range::of(gain[k]))
      *ends[k] = *before[k] + Range::of(gain[k] * rounds);
  s = end;
  return after;
}

AddressBound Bounder::run() {
  State s;
  s.defs.fill(-1);
  std::vector<uint32_t> entries(256, 0);
  for (const bin::Task &task : c.tasks)
    entries[task.id & 255] = task.entry;
  for (const TaskRun &r : code.runs)
    if (body(entries[r.id & 255], s, 0) == ~0u)
      break;
  return bound;
}

AddressBound cost::boundAddresses(const bin::Program &p, const bin::PEClass &c,
                                  const ClassCode &code) {
  return Bounder(p, c, code).run();
}
