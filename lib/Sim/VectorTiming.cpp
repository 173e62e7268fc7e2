//===- VectorTiming.cpp - How long vector ops take ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// An op's class and what it moves in memory decide its set-up and its rate; the
// target knows both.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

using namespace weft;
using namespace weft::sim;
using isa::Op;

static unsigned bytesInMemory(const Source &s) {
  return s.kind == Source::Mem ? isa::dtypeBytes(s.type) : 0;
}

/// A 4-byte destination and a 2-byte source in memory, none wider.
static bool widens(const Flight &f) {
  return bytesInMemory(f.dst) == 4 &&
         std::max(bytesInMemory(f.src0), bytesInMemory(f.src1)) == 2;
}

static VectorClass classOf(const Flight &f) {
  switch (f.recipe.op) {
  case Op::VMov:
    return f.src0.kind == Source::Reg ||
                   isa::dtypeBytes(f.dst.type) == isa::dtypeBytes(f.src0.type)
               ? VectorClass::Mov
               : VectorClass::Convert;
  case Op::VI2F:
  case Op::VF2I:
    return VectorClass::Convert;
  case Op::VFAdd:
  case Op::VFSub:
  case Op::VFNeg:
  case Op::VFAbs:
    return VectorClass::FAdd;
  case Op::VFMul:
    return VectorClass::FMul;
  case Op::VFMac:
    return widens(f) ? VectorClass::FMacMixed : VectorClass::FMac;
  case Op::VFMax:
  case Op::VFMin:
    return VectorClass::FMax;
  case Op::VShl:
  case Op::VShr:
  case Op::VSar:
    return VectorClass::Shift;
  case Op::VMul:
    return VectorClass::IntMul;
  case Op::VRSum:
  case Op::VRMax:
    return VectorClass::Reduce;
  case Op::VFDot:
    return VectorClass::Dot;
  default:
    return VectorClass::Int;
  }
}

void Machine::setTiming(Flight &f) const {
  VectorForm form;
  form.cls = classOf(f);
  form.wide = isa::dtypeBytes(f.fabType) == 4;
  form.fabric = f.fabric;
  form.writeBytes = bytesInMemory(f.dst);
  form.readBytes = bytesInMemory(f.src0) + bytesInMemory(f.src1) +
                   (f.recipe.readsDst ? bytesInMemory(f.dst) : 0);
  for (const Source *s : {&f.dst, &f.src0, &f.src1})
    if (s->kind == Source::Mem)
      form.simdLimit =
          std::min(form.simdLimit,
                   target.simdLimit(s->shape->bytes,
                                    s->shape->stride[s->shape->ndims - 1] /
                                        s->shape->bytes));
  auto walk = [](const Source &s, bool read, bool written) {
    return s.kind == Source::Mem ? MemWalk{read, written, uint32_t(s.base),
                                           s.shape->stride[s.shape->ndims - 1]}
                                 : MemWalk();
  };
  // A descriptor that is named twice is read once.
  const Inst &i = *f.inst;
  bool again = i.dst == i.src0 || i.dst == i.src1;
  MemWalk walks[3] = {walk(f.dst, f.recipe.readsDst && !again, true),
                      walk(f.src0, true, false), walk(f.src1, true, false)};
  if (i.src0 == i.src1)
    walks[2] = {};
  f.rate = target.paced(form, Target::conflictRate(target.rateOf(form),
                                                   target.halfCycles(walks)));
  f.setup = target.setupOf(form);
}
