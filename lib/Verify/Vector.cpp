//===- Vector.cpp - Descriptors and vector ops ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace weft;
using namespace weft::verify;

void Walker::setDsr(const Instr &i) {
  const Target &t = c.target;
  if (i.dtype == isa::DType::BF16)
    checkBrain(i);
  if (i.dims.size() > t.maxDsdDims)
    report("R-OP-1", i,
           cat(i.dims.size(), " dimensions, at most ", t.maxDsdDims,
               " are allowed"));
  for (const isa::DsdDim &d : i.dims) {
    if (d.length > t.maxDsdExtent)
      report("R-OP-1", i,
             cat("extent ", d.length, ", at most ", t.maxDsdExtent,
                 " is allowed"));
    if (uint32_t(std::abs(int(d.stride))) > t.maxDsdStride)
      report("R-OP-1", i,
             cat("stride ", d.stride, ", at most ", t.maxDsdStride,
                 " is allowed"));
  }
  if (shapeOf(i).count >= uint64_t(1) << 30)
    report("R-OP-1", i, "a walk of 2^30 elements or more");
  state.dsrs[i.a] = {&i, shiftBy(reg(i, i.b), i.imm)};
}

void Walker::vector(const Instr &i) {
  checkTypes(i);
  // An op may read what it wrote a few elements earlier, unless it reads
  // where it writes.
  Access result;
  if (const Instr *d = dsdOf(i.dst); d && !readsDestination(i))
    result = {&shapeOf(*d), state.dsrs[i.dst.index].base, true};
  ownResult = result.shape && !result.base.isTop() ? &result : nullptr;
  vectorOperands(i);
  ownResult = nullptr;
}

bool Walker::readsDestination(const Instr &i) {
  return i.op == Op::VFMac || i.op == Op::VSel;
}

const Instr *Walker::dsdOf(Operand op) const {
  return op.kind == OperandKind::Dsr ? state.dsrs[op.index].dsd : nullptr;
}

/// vmov converts between widths within a family.
void Walker::checkTypes(const Instr &i) {
  auto isInt = [](const Instr *d) {
    return d && (d->dtype == isa::DType::I32 || d->dtype == isa::DType::I16);
  };
  const Instr *dst = dsdOf(i.dst), *src0 = dsdOf(i.src0);
  if (i.op == Op::VMov && dst && src0 && isInt(dst) != isInt(src0) &&
      isa::dtypeBytes(dst->dtype) != isa::dtypeBytes(src0->dtype))
    report("R-OP-2", i, "vmov does not convert between floats and integers");
}

void Walker::vectorOperands(const Instr &i) {
  Operands o;
  o.count = i.extended ? i.length : 0;
  if (i.async && i.microthread >= c.target.microthreads)
    report("R-OP-4", i, microthreadRange());
  memoryOperand(i, i.src0, false, o);
  memoryOperand(i, i.src1, false, o);
  if (readsDestination(i))
    memoryOperand(i, i.dst, false, o);
  if (i.dst.kind == OperandKind::Dsr)
    memoryOperand(i, i.dst, true, o);
  if (o.count == 0)
    report("R-OP-3", i, "no operand in memory, and no length");
  Event e{Event::Op, i.async, uint8_t(i.microthread & 15)};
  e.words = o.words();
  e.packed = o.bytes == 2;
  e.odd = e.packed && o.count % 2;
  e.in0 = fabricOperand(i, i.src0, o);
  e.in1 = fabricOperand(i, i.src1, o);
  e.out = fabricOperand(i, i.dst, o);
  if (i.advance && e.out >= 0) {
    Traffic::Advances &a = traffic.advances[unsigned(e.out)];
    a = {a.times + 1, traffic.sent[size_t(e.out)]};
  }
  bool fabric = e.in0 >= 0 || e.in1 >= 0 || e.out >= 0;
  if (fabric && e.words) // without a length it is a finding
    record(e);
  if (o.fabricIn > c.target.fabricInputsPerOp)
    report("R-QUE-4", i,
           cat(o.fabricIn, " fabric inputs, at most ",
               c.target.fabricInputsPerOp, " are allowed"));
  for (Operand src : {i.src0, i.src1})
    if (src.kind == OperandKind::Reg)
      reg(i, src.index);
  traffic.elements = satAdd(traffic.elements, o.count);
  if (i.op == Op::VFMac || i.op == Op::VFDot)
    traffic.macs = satAdd(traffic.macs, o.count);
  if (i.dst.kind == OperandKind::Reg) {
    reg(i, i.dst.index); // reductions add to what it holds
    setReg(i.dst.index, {});
  }
  issue(i, o, fabric);
}

/// Reads come first so that an op may read what it overwrites.
void Walker::memoryOperand(const Instr &i, Operand op, bool write,
                           Operands &o) {
  if (op.kind != OperandKind::Dsr)
    return;
  const Dsr &d = state.dsrs[op.index];
  if (!d.dsd) {
    report("R-OP-1", i, cat("d", unsigned(op.index), " holds no descriptor"));
    o.count = std::max<uint64_t>(o.count, 1);
    return;
  }
  const Shape &s = shapeOf(*d.dsd);
  if (o.count == 0)
    o.count = s.count;
  else if (o.count != s.count)
    report("R-OP-2", i,
           cat("d", unsigned(op.index), " has ", s.count, " elements, the op ",
               o.count));
  o.bytes = std::max(o.bytes, s.bytes);
  Access a{&s, d.base, write};
  if (touch(i, a))
    o.accesses.push_back(a);
}

/// Returns the colour of a fabric operand, else -1.
int Walker::fabricOperand(const Instr &i, Operand op, Operands &o) {
  bool in = op.kind == OperandKind::FabIn;
  if (!in && op.kind != OperandKind::FabOut)
    return -1;
  const auto &allowed = in ? c.target.inQueues.value : c.target.outQueues.value;
  std::string name =
      cat(in ? "input" : "output", " queue ", unsigned(op.index));
  if (std::find(allowed.begin(), allowed.end(), op.index) == allowed.end())
    report("R-QUE-1", i, name + " is not one that programs may use");
  o.fabricIn += in;
  if (in && i.src0 == i.src1)
    report("R-FAB-8", i, name + " feeds both sources");
  for (const Flight &f : state.flights)
    if (f.op && (f.op->dst == op || f.op->src0 == op || f.op->src1 == op))
      report("R-FAB-8", i,
             name + " is in use by '" + isa::print(*f.op) + "', in flight");
  for (const bin::QueueBinding &q : k.queues)
    if (q.queue == op.index && q.output != in) {
      uint64_t &n = (in ? traffic.received : traffic.sent)[q.color];
      n = satAdd(n, o.words());
      return q.color;
    }
  report("R-QUE-1", i, name + " is bound to no colour");
  return -1;
}

void Walker::issue(const Instr &i, const Operands &o, bool fabric) {
  for (const Access &a : o.accesses)
    race(i, a);
  if (!i.async)
    return;
  Flight &f = state.flights[i.microthread & 15];
  if (f.op)
    report("R-OP-4", i,
           cat("microthread ", unsigned(i.microthread), " still runs '",
               isa::print(*f.op), "'; a wait is missing"));
  c.budget.spend(sram / 512); // to clear the bits
  f = {&i, fabric, llvm::BitVector(sram), llvm::BitVector(sram)};
  for (const Access &a : o.accesses)
    forEachRun(a, [&](unsigned begin, unsigned end, bool) {
      (a.write ? f.writes : f.reads).set(begin, end);
    });
}
