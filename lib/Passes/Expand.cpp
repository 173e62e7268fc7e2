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
#include "Memory.h"
#include "StageExpander.h"
#include "weft/Passes/Passes.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace weft;

namespace weft {
#define GEN_PASS_DEF_EXPAND
#include "Passes.h.inc"
} // namespace weft

namespace {
struct Expand : public weft::impl::ExpandBase<Expand> {
  void runOnOperation() override {
    for (auto program :
         llvm::to_vector(getOperation().getOps<wafer::ProgramOp>()))
      if (failed(expand(program)))
        return signalPassFailure();
  }

  /// The host writes an input to one place.
  LogicalResult checkInputs(wafer::ProgramOp program) {
    llvm::DenseMap<Value, wafer::PlaceOp> placed; // lookups only
    for (auto stage : program.getBody().getOps<wafer::StageOp>())
      for (auto place : stage.getBody().getOps<wafer::PlaceOp>()) {
        auto arg = dyn_cast_or_null<BlockArgument>(place.getInput());
        if (!arg)
          continue;
        Value input = stage.getOperand(arg.getArgNumber());
        auto [it, isNew] = placed.try_emplace(input, place);
        if (isNew)
          continue;
        auto diag =
            place.emitOpError("lays out graph input #")
            << cast<BlockArgument>(input).getArgNumber()
            << " again; once is allowed, wafer.relayout or wafer.stream "
               "take it further";
        diag.attachNote(it->second.getLoc()) << "first here";
        return diag;
      }
    return success();
  }

  LogicalResult expand(wafer::ProgramOp program) {
    if (failed(checkInputs(program)))
      return failure();
    OpBuilder b(program);
    auto out = fabric::ProgramOp::create(
        b, program.getLoc(), program.getSymName(), program.getGrid(),
        program.getTarget(), program.getInputNames(), ArrayAttr(),
        program.getOutputNames(), ArrayAttr(), program.getStateAttr());
    SmallVector<Attribute> inputTypes;
    for (Type t : program.getBody().getArgumentTypes())
      inputTypes.push_back(TypeAttr::get(t));
    out.setInputTypesAttr(b.getArrayAttr(inputTypes));
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
      if (failed(addStates(program, stage, *expander)) ||
          failed(expander->run(inputs)))
        return failure();
      stages[stage] = std::move(expander);
    }
    markOutputs(program, stages, out, b);
    llvm::Expected<Target> target =
        statedTarget(program.getTarget().getYaml(), program.getGrid());
    if (!target)
      return program.emitOpError(llvm::toString(target.takeError()));
    for (auto region : out.getBody().getOps<fabric::RegionOp>())
      if (failed(checkBuffers(region, *target)))
        return failure();
    program->erase();
    return success();
  }

  /// The states whose outputs this stage computes.
  LogicalResult addStates(wafer::ProgramOp program, wafer::StageOp stage,
                          StageExpander &expander) {
    auto ret = cast<wafer::ReturnOp>(program.getBody().front().getTerminator());
    if (!program.getStateAttr())
      return success();
    for (auto s : program.getStateAttr().getAsRange<nn::StateAttr>()) {
      Value out = ret.getOperand(s.getOutput());
      auto result = dyn_cast<OpResult>(out);
      if (!result || !isa<wafer::StageOp>(result.getOwner()))
        return program.emitOpError("has output #")
               << s.getOutput() << " as a state, which no stage computes";
      if (result.getOwner() != stage)
        continue;
      BlockArgument input = program.getBody().getArgument(s.getInput());
      if (failed(expander.addState(input, result.getResultNumber())))
        return failure();
    }
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
    out.setOutputSourcesAttr(b.getArrayAttr(sources));
  }

  void markOutput(
      OpResult v, unsigned index,
      llvm::MapVector<Operation *, std::unique_ptr<StageExpander>> &stages,
      OpBuilder &b) {
    auto stage = cast<wafer::StageOp>(v.getOwner());
    Value yielded = stage.getBody().front().getTerminator()->getOperand(
        v.getResultNumber());
    auto buffer = stages[stage]
                      ->resultBuffer(v.getResultNumber())
                      .getDefiningOp<fabric::BufferOp>();
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
