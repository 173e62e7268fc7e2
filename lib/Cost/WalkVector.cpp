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

MeanRate Walker::rateOf(const Instr &i, const VectorForm &form,
                        const MemOperand mem[3], Frame &f) const {
  uint32_t rate = t.rateOf(form);
  if (!meetsBanks(i, mem))
    return {rate, rate, false};
  Residue at[3];
  const Operand *operands[3] = {&i.dst, &i.src0, &i.src1};
  for (int k = 0; k < 3; ++k)
    if (mem[k].exists)
      at[k] = f.read(baseSlot(operands[k]->index));
  return meanRate(form, i, t, mem, at, openLoops, outerLoops);
}

llvm::Error Walker::vector(const Instr &i, Frame &f) {
  uint64_t n = 0;
  MemOperand mem[3];
  if (llvm::Error e = elements(i, f, n, mem))
    return e;
  VectorForm form = vectorForm(i, t, mem);
  TimedOp op;
  op.elements = n;
  MeanRate rate = rateOf(i, form, mem, f);
  op.rate = rate.mean;
  op.setup = t.setupOf(form);
  op.async = i.async;
  op.microthread = i.microthread;
  op.kernel = kernelAt(i.wordIndex);
  if (llvm::Error e = fabric(i, op))
    return e;
  Totals &totals = f.block->totals;
  Totals::PerKernel &k = totals.kernels[op.kernel];
  totals.elements = SaturatingAdd(totals.elements, n);
  if (i.op == Op::VFMac || i.op == Op::VFDot)
    k.macs = SaturatingAdd(k.macs, n);
  bool usesFabric = op.in[0] != NoColor || op.out != NoColor;
  uint64_t cycles = Target::elementCycles(n, op.rate);
  uint64_t least = SaturatingMultiply(n, uint64_t(rate.least)) / 1000;
  if (usesFabric) {
    // From here on an element of the op is a wavelet.
    unsigned bytes = form.wide ? 4 : 2;
    op.rate *= elementsPerWavelet(bytes);
    op.elements = n = waveletsOf(n, bytes);
    cycles = std::max(cycles, n);
  }
  least = usesFabric ? std::max(least, n) : least;
  uint64_t less = rate.varies ? cycles - std::min(cycles, least) : 0;
  if (!op.async)
    k.slack = SaturatingAdd(k.slack, less);
  if (!usesFabric && !op.async) {
    local(f, op.setup + cycles, op.kernel);
    return llvm::Error::success();
  }
  k.cycles = SaturatingAdd(k.cycles, op.async ? uint64_t(t.scalarAlu)
                                              : op.setup + cycles);
  if (op.async)
    k.async = SaturatingAdd(k.async, op.setup + cycles - less);
  if (usesFabric)
    k.pipe = SaturatingAdd(k.pipe, n);
  ++totals.timedOps;
  if (op.out != NoColor)
    totals.words[{op.kernel, op.out}] += n;
  for (int color : op.in)
    if (color != NoColor)
      totals.received[{op.kernel, color}] += n;
  Item item;
  item.kind = Item::Op;
  item.kernel = op.kernel;
  item.index = uint32_t(code.ops.size());
  code.ops.push_back(op);
  append(f, item, true);
  return llvm::Error::success();
}
