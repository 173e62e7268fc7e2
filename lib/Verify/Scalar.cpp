//===- Scalar.cpp - Scalar instructions -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace weft;
using namespace weft::verify;

void Walker::setReg(unsigned r, const Value &v) {
  if (r != 0)
    state.regs[r] = v;
}

const Value &Walker::reg(const Instr &i, unsigned r) {
  static const Value zero = Value::constant(0);
  if (r == 0)
    return zero;
  for (const Flight &f : state.flights)
    if (f.op && f.op->dst == Operand{OperandKind::Reg, uint8_t(r)})
      report("R-MEM-5", i,
             cat("r", r, " is the destination of '", isa::print(*f.op),
                 "', which is in flight"));
  return state.regs[r];
}

/// Is field a a register that the scalar instruction writes?
static bool writesRegister(Op op) {
  bool load = op == Op::Ld || op == Op::Ld16 || op == Op::LdH || op == Op::LdB;
  return load || op == Op::Coord || (op >= Op::Li && op <= Op::FLt);
}

void Walker::instruction(const Instr &i) {
  if (i.isVector())
    return vector(i);
  if (writesRegister(i.op))
    reg(i, i.a); // not while an op in flight is to write it
  switch (i.op) {
  case Op::Nop:
    return;
  case Op::Li:
    return setReg(i.a, Value::constant(i.imm));
  case Op::Addi:
  case Op::Muli:
  case Op::Andi:
    return setReg(i.a, evaluate(i.op, {}, reg(i, i.b), Value::constant(i.imm)));
  case Op::Shli:
  case Op::Shri:
    return setReg(i.a, evaluate(i.op, {}, reg(i, i.b), Value::constant(i.c)));
  case Op::Ld:
  case Op::Ld16:
  case Op::LdH:
  case Op::LdB:
    return load(i);
  case Op::St:
  case Op::St16:
  case Op::StH:
  case Op::StB:
    return store(i);
  case Op::Coord:
    return setReg(i.a, coordinate(i.b == 1));
  case Op::Activate:
    return activate(i);
  case Op::Wait:
    if (i.a >= c.target.microthreads)
      return report("R-OP-4", i, microthreadRange());
    if (state.flights[i.a].fabric)
      record({Event::Wait, false, i.a});
    state.flights[i.a] = {};
    return;
  case Op::Dsd:
    return setDsr(i);
  case Op::DsdAdd:
    if (!state.dsrs[i.a].dsd)
      report("R-OP-1", i, cat("d", unsigned(i.a), " holds no descriptor"));
    state.dsrs[i.a].base = evaluate(Op::Add, {}, state.dsrs[i.a].base,
                                    shiftBy(reg(i, i.b), i.imm));
    return;
  case Op::FMac:
    traffic.macs = satAdd(traffic.macs, 1);
    [[fallthrough]];
  default:
    const Value &left = reg(i, i.b), &right = reg(i, i.c);
    return setReg(i.a, evaluate(i.op, state.regs[i.a], left, right));
  }
}

std::string Walker::microthreadRange() const {
  return "the target has microthreads 0 to " +
         std::to_string(c.target.microthreads - 1);
}

void Walker::activate(const Instr &i) {
  for (const bin::Task &t : k.tasks)
    if (t.id == i.a) {
      if (activated->insert(t.id).second)
        activations.push_back(t.id);
      return;
    }
  report("R-TASK-1", i, cat("the class has no task ", unsigned(i.a)));
}

Value Walker::coordinate(bool y) const {
  Value v;
  bool first = true;
  for (const Pattern &p : c.where[cls]) {
    int64_t a = y ? p.y0 : p.x0, n = y ? p.h : p.w, s = y ? p.dy : p.dx;
    Value w = Value::range(a, a + (n - 1) * s, s);
    v = first ? w : join(v, w);
    first = false;
  }
  return v;
}

void Walker::checkBrain(const Instr &i) {
  if (!c.target.bf16)
    report("R-OP-6", i, "bf16 is not a type of the target");
}

void Walker::load(const Instr &i) {
  unsigned bytes = i.op == Op::Ld ? 4 : 2;
  if (i.op == Op::LdB)
    checkBrain(i);
  Value at = shiftBy(reg(i, i.b), i.imm);
  const Shape *shape = scalarShape(bytes);
  Access a{shape, at, false};
  if (touch(i, a))
    race(i, a);
  bool isFloat = i.op == Op::LdH || i.op == Op::LdB;
  setReg(i.a, isFloat ? Value() : known(at, bytes));
}

void Walker::store(const Instr &i) {
  unsigned bytes = i.op == Op::St ? 4 : 2;
  if (i.op == Op::StB)
    checkBrain(i);
  Value at = shiftBy(reg(i, i.b), i.imm);
  Access a{scalarShape(bytes), at, true};
  Value v = reg(i, i.a);
  if (touch(i, a))
    race(i, a);
  if (bytes == 4 && at.isConst())
    state.spilled[at.lo] = v;
}

/// What a load may give: a spilled scalar, constants, or anything.
Value Walker::known(const Value &at, unsigned bytes) {
  if (at.isTop() || (at.step && (at.hi - at.lo) / at.step > 4096))
    return {};
  if (bytes == 4 && at.isConst())
    if (auto it = state.spilled.find(at.lo); it != state.spilled.end())
      return it->second;
  c.budget.spend(at.step ? uint64_t(at.hi - at.lo) / at.step : 0);
  Value v;
  for (int64_t a = at.lo; a <= at.hi; a += std::max<int64_t>(at.step, 1)) {
    auto it =
        a < 0 ? image.words.end() : image.words.find({uint32_t(a), bytes});
    if (it == image.words.end() || a + bytes > sram ||
        changeable.find_first_in(unsigned(a), unsigned(a + bytes)) >= 0)
      return {};
    relied.set(unsigned(a), unsigned(a + bytes));
    v = a == at.lo ? it->second : join(v, it->second);
  }
  return v;
}
