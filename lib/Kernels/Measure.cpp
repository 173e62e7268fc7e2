//===- Measure.cpp - The cost of an expansion -----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "BankCosts.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "weft/Binary/Isa.h"
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

namespace {
/// Walks code with trip counts. Mirrors the timing table of machine-model.md
/// on fabric code, before instruction selection, and what emission makes of
/// loops: see docs/pe-rationale.md.
class Walker {
public:
  Walker(const Rect &r, const Target &t, Measure &m)
      : banks(t), rect(r), t(t), m(m) {}

  void walk(Block &block, uint64_t times) {
    for (Operation &op : block)
      visit(op, times);
  }

  BankCosts banks;

private:
  const Rect &rect;
  const Target &t;
  Measure &m;

  /// How often the innermost loop that a value depends on is gone through: as
  /// often it is computed.
  llvm::DenseMap<Value, uint64_t> oftenOf; // lookups only

  static uint64_t rounds(scf::ForOp loop) {
    auto end = loop.getUpperBound().getDefiningOp<arith::ConstantIndexOp>();
    return end ? uint64_t(end.value()) : 1;
  }

  /// Emission does small innermost rounds by fours.
  static uint64_t unrolled(scf::ForOp loop) {
    unsigned effects = 0;
    bool inner = true;
    loop.getBody()->walk([&](Operation *op) {
      inner &= !llvm::isa<scf::ForOp>(op);
      effects += !isMemoryEffectFree(op);
    });
    uint64_t u = inner ? 4 : 1;
    while (u > 1 && (effects * u > 16 || rounds(loop) < u))
      u /= 2;
    return u;
  }

  /// What depends on no loop is computed once, and so on.
  uint64_t often(ValueRange operands) const {
    uint64_t times = 1;
    for (Value v : operands)
      times = std::max(times, oftenOf.lookup(v));
    return times;
  }

  void loop(scf::ForOp loop, uint64_t times) {
    uint64_t n = rounds(loop);
    oftenOf[loop.getInductionVar()] = times * n;
    m.cycles += times * (n / unrolled(loop)) * (t.branchTaken + t.scalarAlu);
    walk(*loop.getBody(), times * n);
  }

  void scalar(Operation &op, uint64_t times) {
    bool loads = llvm::isa<memref::LoadOp>(op);
    uint64_t computed = loads ? times : often(op.getOperands());
    for (Value v : op.getResults())
      oftenOf[v] = computed;
    if (loads)
      m.cycles += times * t.scalarLoad;
    else if (llvm::isa<memref::ReinterpretCastOp>(op))
      m.cycles += computed * t.dsdLoad;
    else if (llvm::isa<memref::StoreOp>(op))
      m.cycles += times * t.scalarAlu;
    else if (!isFree(op))
      m.cycles += computed * t.scalarAlu;
  }

  /// Sums of counters become pointers and constants in instructions.
  static bool isFree(Operation &op) {
    if (llvm::isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
      return op.getResult(0).getType().isIndex();
    return llvm::isa<arith::ConstantOp, arith::ExtFOp, arith::TruncFOp,
                     pe::RetypeOp, arith::IndexCastOp>(op);
  }

  void visit(Operation &op, uint64_t times) {
    if (auto forOp = dyn_cast<scf::ForOp>(op))
      return loop(forOp, times);
    if (auto vec = dyn_cast<pe::VecOp>(op))
      return vector(unsigned(vec.getOpcode()), vec->getOperands(), times);
    if (auto red = dyn_cast<pe::ReduceOp>(op))
      return vector(unsigned(red.getOpcode()), red.getSrcs(), times);
    if (auto reduce = dyn_cast<fabric::ReduceOp>(op))
      return collective(reduce.getBuffer(), reduce.getAxis(), true, times);
    if (auto cast = dyn_cast<fabric::MulticastOp>(op))
      return collective(cast.getBuffer(), cast.getAxis(), false, times);
    scalar(op, times);
  }

  /// Bytes of an element in memory, 0 for a scalar.
  static unsigned bytesOf(Value v) {
    auto type = dyn_cast<MemRefType>(v.getType());
    return type ? type.getElementTypeBitWidth() / 8 : 0;
  }

  static bool readsFirst(unsigned opcode) {
    auto op = pe::VecOpcode(opcode);
    return isReduction(opcode) || op == pe::VecOpcode::VFMac ||
           op == pe::VecOpcode::VSel;
  }

  static bool isReduction(unsigned opcode) { return opcode >= 0x7c; }

  /// As machine-model.md says. The first operand is the destination, but of
  /// reductions.
  static VectorForm formOf(unsigned opcode, ValueRange operands) {
    VectorForm f;
    bool reduces = isReduction(opcode);
    unsigned first = bytesOf(operands[0]), others = 0;
    for (Value v : operands.drop_front()) {
      others = std::max(others, bytesOf(v));
      f.readBytes += bytesOf(v);
    }
    f.wide = std::max(first, others) != 2;
    auto op = pe::VecOpcode(opcode);
    f.readBytes += readsFirst(opcode) ? first : 0;
    f.writeBytes = reduces ? 0 : first;
    f.cls = opcode == 0x7e ? VectorClass::Dot
            : reduces      ? VectorClass::Reduce
                           : classOf(op, first, others);
    return f;
  }

  static VectorClass classOf(pe::VecOpcode op, unsigned first,
                             unsigned others) {
    switch (op) {
    case pe::VecOpcode::VMov:
      return others && first != others ? VectorClass::Convert
                                       : VectorClass::Mov;
    case pe::VecOpcode::VFAdd:
    case pe::VecOpcode::VFSub:
    case pe::VecOpcode::VFNeg:
    case pe::VecOpcode::VFAbs:
      return VectorClass::FAdd;
    case pe::VecOpcode::VFMul:
      return VectorClass::FMul;
    case pe::VecOpcode::VFMac:
      return first == 4 && others == 2 ? VectorClass::FMacMixed
                                       : VectorClass::FMac;
    case pe::VecOpcode::VFMax:
    case pe::VecOpcode::VFMin:
      return VectorClass::FMax;
    case pe::VecOpcode::VI2F:
    case pe::VecOpcode::VF2I:
      return VectorClass::Convert;
    case pe::VecOpcode::VShl:
    case pe::VecOpcode::VShr:
    case pe::VecOpcode::VSar:
      return VectorClass::Shift;
    case pe::VecOpcode::VMul:
      return VectorClass::IntMul;
    default:
      return VectorClass::Int;
    }
  }

  void vector(unsigned opcode, ValueRange operands, uint64_t times) {
    uint64_t n = 1;
    for (Value v : operands)
      if (auto type = dyn_cast<MemRefType>(v.getType()))
        n = type.getNumElements();
    VectorForm form = formOf(opcode, operands);
    for (Value v : operands)
      if (auto type = dyn_cast<MemRefType>(v.getType()))
        form.simdLimit = std::min(
            form.simdLimit, t.simdLimit(bytesOf(v), innermostStride(type)));
    if (opcode == 0x7e || opcode == unsigned(pe::VecOpcode::VFMac))
      m.macs += times * n;
    m.cycles +=
        times * (t.setupOf(form) + Target::elementCycles(n, t.rateOf(form)));
    banks.add(operands, {n, t.rateOf(form), times, readsFirst(opcode),
                         !isReduction(opcode)});
  }

  void collective(Value buffer, fabric::Axis axis, bool chain, uint64_t times) {
    uint64_t words = ::weft::isa::waveletsOf(
        cast<MemRefType>(buffer.getType()).getNumElements(), bytesOf(buffer));
    uint64_t pes = axis == fabric::Axis::X ? rect.w : rect.h;
    uint64_t latency = chain ? (2 * t.ramp + t.hop + 1) * (pes - 1)
                             : t.hop * (pes - 1) + 2 * t.ramp + 1;
    m.words += times * words;
    m.cycles += times * (t.setup.fabric + words + latency);
  }
};
} // namespace

Measure kernels::measure(fabric::KernelOp kernel, const Rect &r,
                         const Target &t) {
  Measure m;
  Walker walker(r, t, m);
  walker.walk(kernel.getBody().front(), 1);
  m.cycles += walker.banks.least(kernel.getBody().getNumArguments());
  return m;
}

std::vector<solve::BankPair> kernels::bankPairs(fabric::KernelOp kernel,
                                                const Target &t) {
  Measure unused;
  Rect one; // what the fabric takes does not matter
  Walker walker(one, t, unused);
  walker.walk(kernel.getBody().front(), 1);
  return walker.banks.pairs;
}
