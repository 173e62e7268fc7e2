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
#include "SimpleStep.h"

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
