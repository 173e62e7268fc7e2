//===- Expand.cpp - wafer to fabric ---------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A stage becomes a region: a buffer per value, a launch per kernel. Kernels
// are expanded by the registry and shared if their code is equal. Values that
// may share storage do: reshapes that keep the last dimension, and results that
// may overwrite an operand that dies.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "weft/Kernels/Kernel.h"
#include "weft/Passes/Passes.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace weft;
using kernels::Option;
using kernels::Problem;
using kernels::Rect;

namespace {
/// A wafer.kernel or wafer.relayout as the kernel interface sees it.
std::pair<Problem, Option> describe(Operation *op) {
  Problem p;
  Option o;
  auto kernel = dyn_cast<wafer::KernelOp>(op);
  p.op = kernel ? kernel.getOp().str() : "wafer.relayout";
  p.config =
      kernel ? kernel.getConfig() : DictionaryAttr::get(op->getContext());
  o.algorithm = kernel ? kernel.getAlgorithm().str() : "relayout";
  o.validOnes = p.integer("valid_ones");
  auto plain = [](RankedTensorType t) {
    return RankedTensorType::get(t.getShape(), t.getElementType());
  };
  for (Value v : op->getOperands()) {
    auto type = cast<RankedTensorType>(v.getType());
    o.ins.push_back(type);
    p.ins.push_back(plain(type));
    auto place = v.getDefiningOp<wafer::PlaceOp>();
    p.constant.push_back(place && place.getConstant());
  }
  if (o.validOnes) {
    p.ins.pop_back();
    p.constant.pop_back();
  }
  o.out = cast<RankedTensorType>(op->getResult(0).getType());
  p.out = plain(o.out);
  return {p, o};
}

bool isAlias(const Problem &p, const Option &o) {
  return p.op == "nn.reshape" && p.ins[0].getRank() && p.out.getRank() &&
         p.ins[0].getShape().back() == p.out.getShape().back() &&
         kernels::axisOf(o.ins[0]) == kernels::axisOf(o.out);
}

/// Kernels of the program, equal code once.
class KernelCache {
public:
  explicit KernelCache(OpBuilder &b) : b(b) {}

  struct Entry {
    std::string symbol;
    SmallVector<MemRefType> scratch;
  };

  Entry get(const Problem &p, const Option &o, const Rect &r, Location loc) {
    SmallVector<MemRefType> scratch;
    fabric::KernelOp kernel = kernels::expandKernel(
        b, UnknownLoc::get(b.getContext()), "k", p, o, r, scratch);
    std::string text;
    llvm::raw_string_ostream os(text);
    kernel.print(os);
    auto [it, isNew] = known.try_emplace(text);
    if (isNew) {
      it->second = {o.algorithm + "_" + std::to_string(known.size() - 1),
                    scratch};
      kernel.setSymName(it->second.symbol);
    } else {
      kernel->erase();
    }
    return it->second;
  }

private:
  OpBuilder &b;
  std::map<std::string, Entry> known;
};

class StageExpander {
public:
  StageExpander(KernelCache &cache, wafer::StageOp stage,
                fabric::RegionOp region)
      : b(stage.getContext()), cache(cache), stage(stage) {
    b.setInsertionPointToEnd(b.createBlock(&region.getBody()));
    ArrayRef<int64_t> at = *stage.getAt(), size = stage.getSize();
    rect = {at[0], at[1], size[0], size[1]};
  }

  /// `inputs[i]`: graph input number of stage operand i, or -1.
  void run(ArrayRef<int64_t> inputs) {
    number();
    for (Operation &op : stage.getBody().front().without_terminator())
      if (auto place = dyn_cast<wafer::PlaceOp>(op))
        expandPlace(place, inputs);
      else
        expandKernel(&op);
  }

  Value bufferOf(Value v) { return buffers.lookup(v); }

  /// The buffer that operand `index` of the stage arrives in.
  Value receiveBuffer(unsigned index) {
    Value arg = stage.getBody().getArgument(index);
    Value &buffer = buffers[arg];
    if (!buffer)
      buffer =
          makeBuffer(stage.getLoc(), uniqueName("arg" + std::to_string(index)),
                     "activations", cast<RankedTensorType>(arg.getType()));
    return buffer;
  }

  /// Launches a kernel that sends or receives `buffer` on `channel`.
  void communicate(Value buffer, StringRef channel, bool send,
                   OpBuilder &kernels, Location loc) {
    std::string name = ((send ? "send_" : "recv_") + channel).str();
    auto kernel = fabric::KernelOp::create(kernels, loc, name);
    OpBuilder inner(kernel.getContext());
    Block *body = inner.createBlock(&kernel.getBody());
    Value arg = body->addArgument(buffer.getType(), loc);
    if (send)
      fabric::SendOp::create(inner, loc, arg, channel);
    else
      fabric::RecvOp::create(inner, loc, arg, channel);
    fabric::ReturnOp::create(inner, loc);
    fabric::LaunchOp::create(
        b, loc, FlatSymbolRefAttr::get(b.getContext(), name), buffer,
        b.getStringAttr(uniqueName(name)), b.getStringAttr("stream"),
        b.getDenseI64ArrayAttr(nodeIndices(loc)));
  }

private:
  OpBuilder b;
  KernelCache &cache;
  wafer::StageOp stage;
  Rect rect;
  llvm::DenseMap<Value, Value> buffers, roots; // lookups only
  llvm::DenseMap<Value, unsigned> lastUse;     // of a root, in op numbers
  llvm::DenseMap<Operation *, unsigned> order;
  std::map<std::string, unsigned> names;

  Value root(Value v) {
    Value r = roots.lookup(v);
    return r ? root(r) : v;
  }

  /// Numbers ops and finds the last use of every storage.
  void number() {
    unsigned n = 0;
    for (Operation &op : stage.getBody().front()) {
      order[&op] = ++n;
      if (isa<wafer::KernelOp>(op)) {
        auto [p, o] = describe(&op);
        if (isAlias(p, o))
          roots[op.getResult(0)] = op.getOperand(0);
      }
      for (Value v : op.getOperands())
        lastUse[root(v)] = n;
    }
  }

  std::string uniqueName(std::string base) {
    unsigned n = names[base]++;
    return n ? base + "_" + std::to_string(n) : base;
  }

  fabric::BufferOp makeBuffer(Location loc, StringRef name, StringRef cls,
                              RankedTensorType type) {
    auto memref =
        MemRefType::get({kernels::tileElems(type)}, type.getElementType());
    return fabric::BufferOp::create(
        b, loc, memref, b.getStringAttr(name), b.getStringAttr(cls),
        FlatSymbolRefAttr(), IntegerAttr(), ArrayAttr(), TypeAttr::get(type));
  }

  void expandPlace(wafer::PlaceOp place, ArrayRef<int64_t> inputs) {
    auto type = cast<RankedTensorType>(place.getResult().getType());
    if (place.getConstant()) {
      auto buffer =
          makeBuffer(place.getLoc(), uniqueName(place.getConstant()->str()),
                     "weights", type);
      buffer.setInitAttr(place.getConstantAttr());
      buffers[place.getResult()] = buffer;
      return;
    }
    auto arg = cast<BlockArgument>(place.getInput());
    auto buffer = makeBuffer(
        place.getLoc(),
        uniqueName("in" + std::to_string(inputs[arg.getArgNumber()])), "io",
        type);
    buffer.setInput(inputs[arg.getArgNumber()]);
    buffers[place.getResult()] = buffer;
  }

  void expandKernel(Operation *op) {
    auto [p, o] = describe(op);
    Value result = op->getResult(0);
    if (isAlias(p, o)) {
      buffers[result] = bufferOf(op->getOperand(0));
      return;
    }
    std::string name = instanceName(op, o);
    Value out = inPlaceBuffer(op, p, o);
    if (!out)
      out = makeBuffer(op->getLoc(), name, "activations", o.out);
    buffers[result] = out;
    SmallVector<Value> operands;
    for (Value v : op->getOperands())
      operands.push_back(bufferOf(v));
    operands.push_back(out);
    KernelCache::Entry kernel = cache.get(p, o, rect, op->getLoc());
    for (auto [i, type] : llvm::enumerate(kernel.scratch))
      operands.push_back(fabric::BufferOp::create(
          b, op->getLoc(), type,
          b.getStringAttr(name + ".t" + std::to_string(i)),
          b.getStringAttr("buffers"), FlatSymbolRefAttr(), IntegerAttr(),
          ArrayAttr(), TypeAttr()));
    fabric::LaunchOp::create(
        b, op->getLoc(), FlatSymbolRefAttr::get(b.getContext(), kernel.symbol),
        operands, b.getStringAttr(name), b.getStringAttr(o.algorithm),
        b.getDenseI64ArrayAttr(nodeIndices(op->getLoc())));
  }

  /// A name a reader recognises: op and the last ONNX node it computes.
  std::string instanceName(Operation *op, const Option &o) {
    auto kernel = dyn_cast<wafer::KernelOp>(op);
    std::string name =
        kernel ? kernel.getOp().drop_front(kernel.getOp().find('.') + 1).str()
               : o.algorithm;
    auto nodes = nn::nodesOf(op->getLoc());
    if (!nodes.empty() && !nodes.back().getName().empty())
      name += ":" + nodes.back().getName().str();
    return uniqueName(name);
  }

  /// The buffer of an operand that dies here and may be overwritten.
  Value inPlaceBuffer(Operation *op, const Problem &p, const Option &o) {
    const kernels::Kernel *kernel = kernels::findKernel(o.algorithm);
    for (unsigned i = 0; i < p.ins.size(); ++i) {
      Value v = root(op->getOperand(i));
      if (!kernel->inPlace(p, o, i) || v.getDefiningOp<wafer::PlaceOp>() ||
          isa<BlockArgument>(v) || lastUse[v] != order[op] ||
          kernels::tileElems(o.ins[i]) != kernels::tileElems(o.out) ||
          o.ins[i].getElementType() != o.out.getElementType())
        continue;
      if (llvm::count_if(op->getOperands(),
                         [&](Value u) { return root(u) == v; }) > 1)
        continue;
      // The result lives on in the operand's storage.
      unsigned last = lastUse[op->getResult(0)];
      roots[op->getResult(0)] = v;
      lastUse[v] = last;
      return bufferOf(op->getOperand(i));
    }
    return nullptr;
  }
};

struct Expand : public PassWrapper<Expand, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Expand)
  StringRef getArgument() const override { return "weft-expand"; }
  StringRef getDescription() const override {
    return "expand the kernels of placed stages to fabric code";
  }
  void getDependentDialects(DialectRegistry &r) const override {
    r.insert<fabric::FabricDialect, pe::PEDialect, scf::SCFDialect,
             arith::ArithDialect, memref::MemRefDialect>();
  }

  void runOnOperation() override {
    for (auto program :
         llvm::to_vector(getOperation().getOps<wafer::ProgramOp>()))
      if (failed(expand(program)))
        return signalPassFailure();
  }

  LogicalResult expand(wafer::ProgramOp program) {
    OpBuilder b(program);
    auto out =
        fabric::ProgramOp::create(b, program.getLoc(), program.getSymName(),
                                  program.getGrid(), program.getTarget());
    out->setAttr("input_names", program.getInputNames());
    out->setAttr("output_names", program.getOutputNames());
    SmallVector<Attribute> inputTypes;
    for (Type t : program.getBody().getArgumentTypes())
      inputTypes.push_back(TypeAttr::get(t));
    out->setAttr("input_types", b.getArrayAttr(inputTypes));
    Block *body = b.createBlock(&out.getBody());
    OpBuilder kernelBuilder = OpBuilder::atBlockEnd(body);
    KernelCache cache(kernelBuilder);
    llvm::MapVector<Operation *, std::unique_ptr<StageExpander>> stages;
    for (auto stage : program.getBody().getOps<wafer::StageOp>()) {
      if (!stage.getAt())
        return stage.emitOpError("has no place yet, run weft-place first");
      auto region =
          fabric::RegionOp::create(b, stage.getLoc(), stage.getSymName(),
                                   *stage.getAt(), stage.getSize());
      auto expander = std::make_unique<StageExpander>(cache, stage, region);
      SmallVector<int64_t> inputs;
      for (auto [i, v] : llvm::enumerate(stage.getOperands())) {
        auto arg = dyn_cast<BlockArgument>(v);
        inputs.push_back(arg ? int64_t(arg.getArgNumber()) : -1);
        if (!arg &&
            failed(receive(stage, i, *expander, out, kernelBuilder, stages)))
          return failure();
      }
      expander->run(inputs);
      stages[stage] = std::move(expander);
    }
    markOutputs(program, stages, out, b);
    program->erase();
    return success();
  }

  /// A stream into operand `index` of the stage: the producer's last column
  /// sends its buffer, all PEs of this region receive.
  LogicalResult receive(
      wafer::StageOp stage, unsigned index, StageExpander &to,
      fabric::ProgramOp out, OpBuilder &kernels,
      llvm::MapVector<Operation *, std::unique_ptr<StageExpander>> &stages) {
    auto stream = stage.getOperand(index).getDefiningOp<wafer::StreamOp>();
    auto source = stream ? dyn_cast<OpResult>(stream.getInput()) : OpResult();
    auto producer =
        source ? dyn_cast<wafer::StageOp>(source.getOwner()) : wafer::StageOp();
    if (!producer)
      return stage.emitOpError("operand #")
             << index << " must be a graph input or a wafer.stream of a stage";
    ArrayRef<int64_t> a = *producer.getAt(), c = *stage.getAt();
    if (a[1] != c[1] || producer.getSize()[1] != stage.getSize()[1] ||
        a[0] + producer.getSize()[0] > c[0]) {
      auto diag =
          stream.emitOpError("must lead east, to a stage on the same rows");
      diag.attachNote(producer.getLoc())
          << "from the stage at [" << a[0] << ", " << a[1] << "]";
      diag.attachNote(stage.getLoc())
          << "to the stage at [" << c[0] << ", " << c[1] << "]";
      return diag;
    }
    StageExpander &from = *stages[producer];
    std::string channel = (producer.getSymName() + "_to_" + stage.getSymName() +
                           "_" + std::to_string(index))
                              .str();
    OpBuilder &b = kernels;
    auto ref = [&](StringRef name) {
      return FlatSymbolRefAttr::get(b.getContext(), name);
    };
    fabric::ChannelOp::create(
        b, stream.getLoc(), b.getStringAttr(channel), b.getStringAttr("stream"),
        fabric::AxisAttr::get(b.getContext(), fabric::Axis::X),
        ref(producer.getSymName()), ref(stage.getSymName()), IntegerAttr());
    Value yielded = producer.getBody().front().getTerminator()->getOperand(
        source.getResultNumber());
    from.communicate(from.bufferOf(yielded), channel, /*send=*/true, kernels,
                     stream.getLoc());
    to.communicate(to.receiveBuffer(index), channel, /*send=*/false, kernels,
                   stream.getLoc());
    return success();
  }

  void markOutputs(
      wafer::ProgramOp program,
      llvm::MapVector<Operation *, std::unique_ptr<StageExpander>> &stages,
      fabric::ProgramOp out, OpBuilder &b) {
    auto ret = cast<wafer::ReturnOp>(program.getBody().front().getTerminator());
    SmallVector<Attribute> sources;
    for (auto [i, v] : llvm::enumerate(ret.getOperands())) {
      Attribute source = b.getUnitAttr();
      if (auto arg = dyn_cast<BlockArgument>(v))
        source = b.getI64IntegerAttr(arg.getArgNumber());
      else if (auto place = v.getDefiningOp<wafer::PlaceOp>())
        source = place.getConstantAttr();
      else
        markOutput(cast<OpResult>(v), i, stages, b);
      sources.push_back(source);
    }
    out->setAttr("output_sources", b.getArrayAttr(sources));
  }

  void markOutput(
      OpResult v, unsigned index,
      llvm::MapVector<Operation *, std::unique_ptr<StageExpander>> &stages,
      OpBuilder &b) {
    auto stage = cast<wafer::StageOp>(v.getOwner());
    Value yielded = stage.getBody().front().getTerminator()->getOperand(
        v.getResultNumber());
    auto buffer =
        stages[stage]->bufferOf(yielded).getDefiningOp<fabric::BufferOp>();
    SmallVector<Attribute> list;
    if (buffer.getOutput())
      list.append(buffer.getOutputAttr().begin(), buffer.getOutputAttr().end());
    list.push_back(b.getI64IntegerAttr(index));
    buffer.setOutputAttr(b.getArrayAttr(list));
    // A reshape may have changed the shape, not the storage.
    SmallVector<Attribute> types;
    if (auto known = buffer->getAttrOfType<ArrayAttr>("output_types"))
      types.append(known.begin(), known.end());
    types.push_back(TypeAttr::get(yielded.getType()));
    buffer->setAttr("output_types", b.getArrayAttr(types));
  }
};
} // namespace

std::unique_ptr<Pass> weft::createExpandPass() {
  return std::make_unique<Expand>();
}
