//===- SimpleStep.h - A step of a simple op -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What simple ops are, SimpleOps.cpp says.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_SIMPLESTEP_H
#define WEFT_LIB_SIM_SIMPLESTEP_H

#include "Machine.h"
#include <algorithm>
#include <bit>
#include <cstring>

namespace weft::sim {

/// What is left of a line of the source that is read ahead.
inline void readAhead(const Memory &memory, uint32_t pe, Flight &f) {
  const SimpleOp &s = f.simple;
  uint32_t addr = s.flags & SimpleOp::Ahead0 ? s.src0 : s.src1,
           at = addr / 4 % Flight::Line;
  std::memcpy(&f.ahead[at], memory.at(pe, addr),
              4 * std::min(Flight::Line - at, f.left));
}

/// The value of a source, and on to the next. Nobody may write a word that an
/// op in flight has yet to read (R-MEM-5).
inline uint32_t nextValue(const Memory &memory, uint32_t pe, const Flight &f,
                          uint8_t mem, uint8_t ahead, uint32_t &from,
                          int32_t step) {
  if (!(f.simple.flags & mem))
    return from;
  uint32_t addr = from;
  from += uint32_t(step);
  if (f.simple.flags & ahead)
    return f.ahead[addr / 4 % Flight::Line];
  uint32_t word;
  std::memcpy(&word, memory.at(pe, addr), 4);
  return word;
}

/// A line of the destination, when the op has come to its last word. Nobody may
/// read or write what an op in flight writes (R-MEM-5).
inline void writeBehind(const Memory &memory, uint32_t pe, Flight &f,
                        uint32_t addr) {
  unsigned last = addr / 4 % Flight::Line;
  if (f.left != 1 && last != Flight::Line - 1)
    return;
  uint32_t n = std::min<uint32_t>(last + 1, f.total - f.left + 1);
  std::memcpy(memory.at(pe, addr - 4 * (n - 1)), &f.behind[last + 1 - n],
              4 * n);
}

inline uint32_t compute(const SimpleOp &s, uint32_t a, uint32_t b,
                        uint32_t old) {
  if (s.op == isa::Op::VMov)
    return a;
  if (s.op == isa::Op::VFAdd)
    return resultBits(std::bit_cast<float>(a) + std::bit_cast<float>(b));
  return evaluate(s.op, s.view, 32, a, b, old);
}

/// One element, as processElement does it; `in0` and `in1` are the words of
/// fabric sources.
inline uint32_t Machine::simpleStep(PE &pe, Flight &f, uint32_t in0,
                                    uint32_t in1) {
  SimpleOp &s = f.simple;
  if ((s.flags & SimpleOp::Ahead0 && s.src0 / 4 % Flight::Line == 0) ||
      (s.flags & SimpleOp::Ahead1 && s.src1 / 4 % Flight::Line == 0))
    readAhead(memory, pe.id, f);
  uint32_t a = f.in0 != None ? in0
                             : nextValue(memory, pe.id, f, SimpleOp::Mem0,
                                         SimpleOp::Ahead0, s.src0, s.step0),
           b = f.in1 != None ? in1
                             : nextValue(memory, pe.id, f, SimpleOp::Mem1,
                                         SimpleOp::Ahead1, s.src1, s.step1);
  if (f.out != None)
    return compute(s, a, b, 0);
  if (s.flags & SimpleOp::ToReg) {
    pe.regs[s.dst] = compute(s, a, b, pe.regs[s.dst]);
    pe.regs[0] = 0;
    return 0;
  }
  uint32_t addr = s.dst;
  s.dst += uint32_t(s.dstStep);
  if (s.flags & SimpleOp::Behind) {
    f.behind[addr / 4 % Flight::Line] = compute(s, a, b, 0);
    writeBehind(memory, pe.id, f, addr);
    return 0;
  }
  uint8_t *p = memory.at(pe.id, addr);
  uint32_t old = 0;
  if (s.flags & SimpleOp::ReadsDst)
    std::memcpy(&old, p, 4);
  uint32_t value = compute(s, a, b, old);
  std::memcpy(p, &value, 4);
  return 0;
}

} // namespace weft::sim
#endif
