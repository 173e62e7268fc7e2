//===- Scalar.cpp - Scalar instructions -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Arithmetic on registers, descriptors and single words of SRAM. Each handler
// returns false when the main thread must stop for now.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace weft;
using namespace weft::sim;
using isa::Op;

static uint32_t toInt(float f) {
  if (f != f)
    return 0;
  return f >= 0x1p31f   ? 0x7fffffff
         : f < -0x1p31f ? 0x80000000
                        : uint32_t(int32_t(f));
}

static uint32_t floatResult(Op op, float b, float c, float old) {
  switch (op) {
  case Op::FAdd:
    return resultBits(b + c);
  case Op::FSub:
    return resultBits(b - c);
  case Op::FMul:
    return resultBits(b * c);
  case Op::FMin:
    return bit_cast<uint32_t>(b < c || b != b ? b : c);
  case Op::FMax:
    return bit_cast<uint32_t>(b > c || b != b ? b : c);
  case Op::FMac:
    return resultBits(std::fma(b, c, old));
  case Op::F2I:
    return toInt(b);
  default: // FLt
    return b < c;
  }
}

static uint32_t intResult(Op op, uint32_t b, uint32_t c, uint32_t old) {
  int32_t sb = int32_t(b), sc = int32_t(c);
  switch (op) {
  case Op::Add:
    return b + c;
  case Op::Sub:
    return b - c;
  case Op::Mul:
    return b * c;
  case Op::And:
    return b & c;
  case Op::Or:
    return b | c;
  case Op::Xor:
    return b ^ c;
  case Op::Shl:
    return b << (c & 31);
  case Op::Shr:
    return b >> (c & 31);
  case Op::Sar:
    return uint32_t(sb >> (c & 31));
  case Op::Min:
    return sb < sc ? b : c;
  case Op::Max:
    return sb > sc ? b : c;
  case Op::Slt:
    return sb < sc;
  case Op::Seq:
    return b == c;
  case Op::Sel:
    return old ? b : c;
  default: // I2F
    return bit_cast<uint32_t>(float(sb));
  }
}

static uint32_t immediateResult(const Inst &i, uint32_t b) {
  uint32_t imm = uint32_t(i.imm);
  switch (i.op) {
  case Op::Li:
    return imm;
  case Op::Mov:
    return b;
  case Op::Addi:
    return b + imm;
  case Op::Muli:
    return b * imm;
  case Op::Andi:
    return b & imm;
  case Op::Shli:
    return b << (i.c & 31);
  default: // Shri
    return b >> (i.c & 31);
  }
}

static bool isFloatOp(Op op) {
  return (op >= Op::FAdd && op <= Op::FMac) || op == Op::F2I || op == Op::FLt;
}

bool Machine::scalar(PE &pe, const Inst &i) {
  if (i.op >= Op::Ld && i.op <= Op::StB)
    return memoryAccess(pe, i);
  if (i.op == Op::Dsd || i.op == Op::DsdAdd)
    return setDsr(pe, i);
  if (i.op == Op::Nop || i.op == Op::Halt || i.op >= Op::Coord)
    return control(pe, i);
  uint32_t *r = pe.regs;
  if (i.op < Op::Add) {
    r[i.a] = immediateResult(i, r[i.b]);
  } else if (isFloatOp(i.op)) {
    if (i.op == Op::FMac)
      addMacs(pe, kernelOf(pe, i), 1);
    r[i.a] = floatResult(i.op, bit_cast<float>(r[i.b]), bit_cast<float>(r[i.c]),
                         bit_cast<float>(r[i.a]));
  } else {
    r[i.a] = intResult(i.op, r[i.b], r[i.c], r[i.a]);
  }
  noteKernel(pe, i, pe.time, pe.time + i.cost);
  pe.compute += i.cost;
  pe.time += i.cost;
  ++pe.pc;
  return true;
}

/// R-OP-6
bool Machine::hasType(PE &pe, DType type) {
  if (type != DType::BF16 || target.bf16)
    return true;
  fault(pe, "R-OP-6", "bf16 is not a type of the target");
  return false;
}

bool Machine::setDsr(PE &pe, const Inst &i) {
  Dsr &d = pe.dsrs[i.a];
  if (i.op == Op::Dsd) {
    if (!hasType(pe, pe.code->shapes[i.shape].type))
      return false;
    d.base = int64_t(uint32_t(pe.regs[i.b] + uint32_t(i.imm)));
    d.shape = &pe.code->shapes[i.shape];
  } else if (d.shape) {
    d.base =
        int64_t(uint32_t(uint32_t(d.base) + pe.regs[i.b] + uint32_t(i.imm)));
  } else {
    fault(pe, "R-OP-1", formatv("d{0} is advanced before a dsd sets it", i.a));
    return false;
  }
  noteKernel(pe, i, pe.time, pe.time + i.cost);
  pe.compute += i.cost;
  pe.time += i.cost;
  ++pe.pc;
  return true;
}

/// What a scalar access finds in memory; floats are f32 in registers.
static DType accessedType(Op op) {
  switch (op) {
  case Op::Ld:
  case Op::St:
    return DType::I32;
  case Op::LdH:
  case Op::StH:
    return DType::F16;
  case Op::LdB:
  case Op::StB:
    return DType::BF16;
  default:
    return DType::I16;
  }
}

bool Machine::memoryAccess(PE &pe, const Inst &i) {
  bool write = uint8_t(i.op) & 1; // opcodes alternate: load, store
  DType type = accessedType(i.op);
  View view = isa::isFloat(type) ? View::Float : View::Int;
  unsigned size = isa::dtypeBytes(type);
  int64_t addr = uint32_t(pe.regs[i.b] + uint32_t(i.imm));
  if (!hasType(pe, type) || !checkAccess(pe, addr, addr + size, size, write))
    return false;
  static const Shape word = [] {
    Shape s;
    s.hi = 4;
    return s;
  }();
  static const Shape half = [] {
    Shape s = word;
    s.type = DType::I16;
    s.bytes = 2;
    s.stride[0] = 2;
    s.hi = 2;
    return s;
  }();
  if (pe.live | pe.memLive) {
    Flight f;
    Source &s = write ? f.dst : f.src0;
    s.kind = Source::Mem;
    s.base = addr;
    s.shape = size == 4 ? &word : &half;
    retireMemoryOps(pe);
    bool retry = false;
    if (!checkRaces(pe, f, retry))
      return false;
  }
  if (!write && !memory.written(pe.id, addr, addr + size)) {
    fault(pe, "R-MEM-3",
          formatv("byte {0} is read before anything wrote it", addr));
    return false;
  }
  if (write)
    memory.own(pe.id, addr, addr + size);
  uint8_t *p = memory.at(pe.id, addr);
  if (write) {
    storeElement(p, type, view, pe.regs[i.a]);
    memory.mark(pe.id, addr, addr + size);
  } else {
    pe.regs[i.a] = loadElement(p, type, view);
  }
  pe.peak = std::max(pe.peak, uint32_t(addr + size));
  noteKernel(pe, i, pe.time, pe.time + i.cost);
  pe.compute += i.cost;
  pe.time += i.cost;
  ++pe.pc;
  return true;
}
