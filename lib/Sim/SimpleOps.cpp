//===- SimpleOps.cpp - Steps of ops that are nothing special --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Most fabric ops work on elements of 4 bytes along walks of one stride. What
// a step of these needs is gathered at issue, and dense walks go through SRAM
// by lines, so that the cache has to hold two lines of each op and not seven:
// exact runs of big grids wait for memory.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include <algorithm>
#include <bit>
#include <cstring>

using namespace weft;
using namespace weft::sim;
using isa::Op;

static bool isSimple(const Source &s) {
  return s.kind != Source::Mem ||
         (isa::dtypeBytes(s.type) == 4 && s.shape->ndims == 1 &&
          s.cursor.step() == int16_t(s.cursor.step()));
}

static void gather(const Source &s, uint32_t &from, int16_t &step) {
  from = s.kind == Source::Mem   ? uint32_t(s.cursor.addr)
         : s.kind == Source::Reg ? s.value
                                 : 0;
  step = s.kind == Source::Mem ? int16_t(s.cursor.step()) : int16_t(0);
}

static uint8_t flagsOf(const Flight &f) {
  uint8_t flags = SimpleOp::Simple;
  if (f.dst.kind == Source::Reg)
    flags |= SimpleOp::ToReg;
  if (f.recipe.readsDst)
    flags |= SimpleOp::ReadsDst;
  bool mem0 = f.src0.kind == Source::Mem, mem1 = f.src1.kind == Source::Mem;
  if (mem0)
    flags |= SimpleOp::Mem0;
  if (mem1)
    flags |= SimpleOp::Mem1;
  if (f.recipe.ordered || f.recipe.readsDst)
    return flags;
  if (mem0 && f.src0.cursor.step() == 4)
    flags |= SimpleOp::Ahead0;
  else if (mem1 && f.src1.cursor.step() == 4)
    flags |= SimpleOp::Ahead1;
  if (f.dst.kind == Source::Mem && f.dst.cursor.step() == 4)
    flags |= SimpleOp::Behind;
  return flags;
}

/// What is left of a line of the source that is read ahead.
static void readAhead(const Memory &memory, uint32_t pe, Flight &f) {
  const SimpleOp &s = f.simple;
  uint32_t addr = s.flags & SimpleOp::Ahead0 ? s.src0 : s.src1,
           at = addr / 4 % Flight::Line;
  std::memcpy(&f.ahead[at], memory.at(pe, addr),
              4 * std::min(Flight::Line - at, f.left));
}

void Machine::makeSimple(const PE &pe, Flight &f) const {
  f.in0 = f.src0.kind == Source::FabIn ? f.src0.fifo : None;
  f.in1 = f.src1.kind == Source::FabIn ? f.src1.fifo : None;
  f.out = f.dst.kind == Source::FabOut ? f.dst.fifo : None;
  SimpleOp &s = f.simple;
  s.flags = 0;
  if (fidelity != Fidelity::Exact || f.checkEach ||
      isa::dtypeBytes(f.fabType) != 4 || !isSimple(f.dst) ||
      !isSimple(f.src0) || !isSimple(f.src1))
    return;
  gather(f.dst, s.dst, s.dstStep);
  gather(f.src0, s.src0, s.step0);
  gather(f.src1, s.src1, s.step1);
  s.op = f.recipe.op;
  s.view = f.recipe.src0;
  s.flags = flagsOf(f);
  if (f.dst.kind == Source::Reg)
    s.dst = f.dst.reg;
  if (s.flags & (SimpleOp::Ahead0 | SimpleOp::Ahead1))
    readAhead(memory, pe.id, f);
}

/// The value of a source, and on to the next. Nobody may write a word that an
/// op in flight has yet to read (R-MEM-5).
static uint32_t next(const Memory &memory, uint32_t pe, const Flight &f,
                     uint8_t mem, uint8_t ahead, uint32_t &from, int32_t step) {
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
static void writeBehind(const Memory &memory, uint32_t pe, Flight &f,
                        uint32_t addr) {
  unsigned last = addr / 4 % Flight::Line;
  if (f.left != 1 && last != Flight::Line - 1)
    return;
  uint32_t n = std::min<uint32_t>(last + 1, f.total - f.left + 1);
  std::memcpy(memory.at(pe, addr - 4 * (n - 1)), &f.behind[last + 1 - n],
              4 * n);
}

static uint32_t compute(const SimpleOp &s, uint32_t a, uint32_t b,
                        uint32_t old) {
  if (s.op == Op::VMov)
    return a;
  if (s.op == Op::VFAdd)
    return resultBits(std::bit_cast<float>(a) + std::bit_cast<float>(b));
  return evaluate(s.op, s.view, 32, a, b, old);
}

/// One element, as processElement does it; `in0` and `in1` are the words of
/// fabric sources.
uint32_t Machine::simpleStep(PE &pe, Flight &f, uint32_t in0, uint32_t in1) {
  SimpleOp &s = f.simple;
  if ((s.flags & SimpleOp::Ahead0 && s.src0 / 4 % Flight::Line == 0) ||
      (s.flags & SimpleOp::Ahead1 && s.src1 / 4 % Flight::Line == 0))
    readAhead(memory, pe.id, f);
  uint32_t a = f.in0 != None ? in0
                             : next(memory, pe.id, f, SimpleOp::Mem0,
                                    SimpleOp::Ahead0, s.src0, s.step0),
           b = f.in1 != None ? in1
                             : next(memory, pe.id, f, SimpleOp::Mem1,
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
