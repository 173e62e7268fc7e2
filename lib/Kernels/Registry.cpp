//===- Registry.cpp - All kernels, and the cost of an expansion -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "weft/Binary/Isa.h"
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

static ArrayRef<std::pair<const char *, const Kernel *>> registry() {
  static const std::pair<const char *, const Kernel *> entries[] = {
      {"gemm", &gemmKernel()},
      {"norm", &normKernel()},
      {"attention", &attentionKernel()},
      {"elementwise", &elementwiseKernel()},
      {"split_rows", &splitRowsKernel()},
      {"embedding", &embeddingKernel()},
      {"cache_update", &cacheUpdateKernel()},
      {"along", &alongKernel()},
      {"split_reduce", &splitReduceKernel()},
      {"relayout", &relayoutKernel()},
      {"rows", &rowsKernel()},
      {"local", &localKernel()}};
  return entries;
}

const Kernel *kernels::findKernel(StringRef algorithm) {
  for (auto [name, kernel] : registry())
    if (algorithm == name)
      return kernel;
  return nullptr;
}

std::vector<Option> kernels::allOptions(const Problem &p, const Rect &r,
                                        std::string &why) {
  std::vector<Option> out;
  for (auto [name, kernel] : registry())
    kernel->options(p, r, out, why);
  if (out.empty() && why.empty())
    why = "no kernel computes '" + p.op + "'";
  return out;
}

std::vector<std::pair<std::string, std::string>>
kernels::refusals(const Problem &p, const Rect &r) {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto [name, kernel] : registry()) {
    std::vector<Option> none;
    std::string why;
    kernel->options(p, r, none, why);
    if (none.empty() && !why.empty())
      out.push_back({name, why});
  }
  return out;
}

fabric::KernelOp kernels::expandKernel(OpBuilder &builder, Location loc,
                                       StringRef name, const Problem &p,
                                       const Option &o, const Rect &r,
                                       SmallVectorImpl<MemRefType> &scratch) {
  auto kernel = fabric::KernelOp::create(builder, loc, name);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&kernel.getBody());
  Code code(builder, loc, r);
  code.entry = block;
  auto argument = [&](RankedTensorType t) {
    return block->addArgument(
        MemRefType::get({tileElems(t)}, storageType(t.getElementType())), loc);
  };
  for (RankedTensorType t : o.ins)
    code.ins.push_back(argument(t));
  code.out = argument(o.out);
  findKernel(o.algorithm)->expand(p, o, code);
  fabric::ReturnOp::create(builder, loc);
  scratch.assign(code.scratchTypes.begin(), code.scratchTypes.end());
  return kernel;
}

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

namespace {
/// Walks code with trip counts. Mirrors the timing table of machine-model.md
/// on fabric code, before instruction selection: a DSD and an address
/// instruction per view, one ALU cycle per arith op.
class Walker {
public:
  Walker(const Rect &r, const Target &t, Measure &m) : rect(r), t(t), m(m) {}

  void walk(Block &block, uint64_t times) {
    for (Operation &op : block)
      visit(op, times);
  }

private:
  const Rect &rect;
  const Target &t;
  Measure &m;

  void visit(Operation &op, uint64_t times) {
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      auto end = loop.getUpperBound().getDefiningOp<arith::ConstantIndexOp>();
      uint64_t n = end ? uint64_t(end.value()) : 1;
      m.cycles += times * n * t.branchTaken;
      return walk(*loop.getBody(), times * n);
    }
    if (auto vec = dyn_cast<pe::VecOp>(op))
      return vector(unsigned(vec.getOpcode()), vec->getOperands(), times);
    if (auto red = dyn_cast<pe::ReduceOp>(op))
      return vector(unsigned(red.getOpcode()), red.getSrcs(), times);
    if (auto reduce = dyn_cast<fabric::ReduceOp>(op))
      return collective(reduce.getBuffer(), reduce.getAxis(), true, times);
    if (auto cast = dyn_cast<fabric::MulticastOp>(op))
      return collective(cast.getBuffer(), cast.getAxis(), false, times);
    if (llvm::isa<memref::LoadOp>(op))
      m.cycles += times * t.scalarLoad;
    else if (llvm::isa<memref::ReinterpretCastOp>(op))
      m.cycles += times * t.dsdLoad;
    else if (!llvm::isa<arith::ConstantOp, arith::ExtFOp, arith::TruncFOp,
                        pe::RetypeOp>(op)) // no instructions
      m.cycles += times * t.scalarAlu;
  }

  /// Bytes of an element in memory, 0 for a scalar.
  static unsigned bytesOf(Value v) {
    auto type = dyn_cast<MemRefType>(v.getType());
    return type ? type.getElementTypeBitWidth() / 8 : 0;
  }

  /// As machine-model.md says. The first operand is the destination, but of
  /// reductions.
  static VectorForm formOf(unsigned opcode, ValueRange operands) {
    VectorForm f;
    bool reduces = opcode >= 0x7c;
    unsigned first = bytesOf(operands[0]), others = 0;
    for (Value v : operands.drop_front()) {
      others = std::max(others, bytesOf(v));
      f.readBytes += bytesOf(v);
    }
    f.wide = std::max(first, others) != 2;
    auto op = pe::VecOpcode(opcode);
    bool readsFirst =
        reduces || op == pe::VecOpcode::VFMac || op == pe::VecOpcode::VSel;
    f.readBytes += readsFirst ? first : 0;
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
    if (opcode == 0x7e || opcode == unsigned(pe::VecOpcode::VFMac))
      m.macs += times * n;
    m.cycles +=
        times * (t.setupOf(form) + Target::elementCycles(n, t.rateOf(form)));
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
  Walker(r, t, m).walk(kernel.getBody().front(), 1);
  return m;
}
