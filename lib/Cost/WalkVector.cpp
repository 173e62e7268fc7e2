//===- WalkVector.cpp - What vector ops of a walk count -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Elements, words, multiply-adds and cycles; what waits for nobody is local
// time.
//
//===----------------------------------------------------------------------===//
#include "Walker.h"
#include <algorithm>

using namespace weft;
using namespace weft::cost;
using namespace weft::isa;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;

/// Number of elements and the memory operands.
llvm::Error Walker::elements(const Instr &i, Frame &f, uint64_t &n,
                             MemOperand mem[3]) {
  const Operand *operands[3] = {&i.dst, &i.src0, &i.src1};
  uint64_t fromDsr = 0;
  for (int k = 0; k < 3; ++k) {
    if (operands[k]->kind != OperandKind::Dsr)
      continue;
    unsigned d = operands[k]->index % NumDsrs;
    if (!(f.defines >> d & 1))
      f.uses |= 1u << d;
    if (f.dsrs[d] < 0)
      return fault(c, i.wordIndex,
                   "d" + std::to_string(d) + " is used before a dsd sets it");
    const Instr &dsd = code.instrs[f.dsrs[d]];
    mem[k] = {true, dsd.dtype, 1};
    uint64_t count = 1;
    for (const DsdDim &dim : dsd.dims) {
      count = SaturatingMultiply(count, uint64_t(dim.length));
      if (dim.length > 1)
        mem[k].stride = dim.stride;
    }
    fromDsr = std::max(fromDsr, count);
  }
  n = i.length ? i.length : fromDsr;
  if (n == 0)
    return fault(c, i.wordIndex,
                 "an op without memory states no length (R-OP-3)");
  return llvm::Error::success();
}

llvm::Error Walker::fabric(const Instr &i, TimedOp &op) {
  const Operand *operands[3] = {&i.dst, &i.src0, &i.src1};
  int ins = 0;
  for (const Operand *o : operands) {
    bool out = o->kind == OperandKind::FabOut;
    if (!out && o->kind != OperandKind::FabIn)
      continue;
    const auto &colors = out ? outColor : inColor;
    auto it = colors.find(o->index);
    if (it == colors.end())
      return fault(c, i.wordIndex,
                   std::string(out ? "output" : "input") + " queue " +
                       std::to_string(o->index) + " is bound to no colour");
    if (out)
      op.out = it->second;
    else if (ins < 2)
      op.in[ins++] = it->second;
  }
  return llvm::Error::success();
}

ElementTime Walker::timeOf(const Instr &i, const VectorForm &form, uint64_t n,
                           const MemOperand mem[3], Frame &f) const {
  uint32_t rate = t.paced(form, t.rateOf(form));
  auto cycles = double(Target::elementCycles(n, rate));
  if (!meetsBanks(i, mem))
    return {rate, cycles, cycles, false};
  Residue at[3];
  const Operand *operands[3] = {&i.dst, &i.src0, &i.src1};
  for (int k = 0; k < 3; ++k)
    if (mem[k].exists)
      at[k] = f.read(baseSlot(operands[k]->index));
  return elementTime(form, n, i, t, mem, at, openLoops, outerLoops);
}

/// An op that the timeline must see. An element of one with a fabric operand is
/// a wavelet.
void Walker::timed(const Instr &i, const VectorForm &form, TimedOp op,
                   ElementTime time, Frame &f) {
  Totals &totals = f.block->totals;
  Totals::PerKernel &k = totals.kernels[op.kernel];
  if (op.usesFabric()) {
    unsigned bytes = form.wide ? 4 : 2;
    op.rate *= elementsPerWavelet(bytes);
    op.elements = waveletsOf(op.elements, bytes);
    time.cycles = std::max(time.cycles, double(op.elements));
    time.least = std::max(time.least, double(op.elements));
    k.pipe = SaturatingAdd(k.pipe, op.elements);
  }
  double slack = time.varies ? time.cycles - time.least : 0;
  if (i.async) {
    k.cycles += t.scalarAlu;
    k.async += op.setup + time.cycles - slack;
  } else {
    k.cycles += op.setup + time.cycles;
    k.slack += slack;
  }
  ++totals.timedOps;
  if (op.out != NoColor)
    totals.words[{op.kernel, op.out}] += op.elements;
  for (int color : op.in)
    if (color != NoColor)
      totals.received[{op.kernel, color}] += op.elements;
  Item item;
  item.kind = Item::Op;
  item.kernel = op.kernel;
  item.index = uint32_t(code.ops.size());
  code.ops.push_back(op);
  append(f, item, true);
}

llvm::Error Walker::vector(const Instr &i, Frame &f) {
  TimedOp op;
  MemOperand mem[3];
  if (llvm::Error e = elements(i, f, op.elements, mem))
    return e;
  VectorForm form = vectorForm(i, t, mem);
  ElementTime time = timeOf(i, form, op.elements, mem, f);
  op.rate = time.rate;
  op.setup = t.setupOf(form);
  op.async = i.async;
  op.microthread = i.microthread;
  op.kernel = kernelAt(i.wordIndex);
  if (llvm::Error e = fabric(i, op))
    return e;
  Totals &totals = f.block->totals;
  totals.elements = SaturatingAdd(totals.elements, op.elements);
  Totals::PerKernel &k = totals.kernels[op.kernel];
  if (i.op == Op::VFMac || i.op == Op::VFDot)
    k.macs = SaturatingAdd(k.macs, op.elements);
  if (op.usesFabric() || op.async) {
    timed(i, form, op, time, f);
    return llvm::Error::success();
  }
  if (time.varies)
    k.slack += time.cycles - time.least;
  local(f, op.setup + time.cycles, op.kernel);
  return llvm::Error::success();
}
