//===- VectorForm.cpp - What decides the speed of a vector op -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "CodeWalk.h"
#include <algorithm>

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
  // the widest type in memory, registers are wide.
  auto isWide = [&](unsigned bytes, const Operand &o) {
    return bytes ? bytes == 4 : o.kind == OperandKind::Reg ? true : f.wide;
  };
  bool converts = isWide(dst, i.dst) != isWide(src0, i.src0);
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
