//===- Complete.cpp - What weft-schedule needs to be there ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Fabric text may be written by hand or taken before colours are assigned. What
// is missing is said here, so that the writers need not ask.
//
//===----------------------------------------------------------------------===//
#include "NN/NNOps.h"
#include "RegionPlan.h"
#include "weft/Kernels/Kernel.h"

using namespace mlir;
using namespace weft;

namespace {
class Checker {
public:
  explicit Checker(fabric::ProgramOp program) : program(program) {}

  LogicalResult run() {
    for (auto channel : program.getBody().getOps<fabric::ChannelOp>())
      if (!channel.getColor())
        return channel.emitOpError(
            "has no colour yet, run weft-assign-colors first");
    for (auto region : program.getBody().getOps<fabric::RegionOp>()) {
      for (auto launch : region.getBody().getOps<fabric::LaunchOp>())
        if (failed(checkLaunch(region, launch)))
          return failure();
      for (auto buffer : region.getBody().getOps<fabric::BufferOp>())
        if (failed(checkBuffer(buffer)))
          return failure();
      for (auto value : region.getBody().getOps<fabric::ValueOp>())
        if (failed(checkValue(value)))
          return failure();
    }
    return failed(checkOutputs()) ? failure() : checkStates();
  }

private:
  fabric::ProgramOp program;
  llvm::DenseMap<int64_t, Operation *> inputs, outputs; // lookups only

  LogicalResult checkLaunch(fabric::RegionOp region, fabric::LaunchOp launch) {
    auto kernel = program.lookupSymbol<fabric::KernelOp>(launch.getKernel());
    auto result = kernel.walk([&](Operation *op) {
      LogicalResult ok = success();
      if (auto reduce = dyn_cast<fabric::ReduceOp>(op))
        ok = checkCollective(region, op, reduce.getAxis());
      else if (auto cast = dyn_cast<fabric::MulticastOp>(op))
        ok = checkCollective(region, op, cast.getAxis());
      else if (auto send = dyn_cast<fabric::SendOp>(op))
        ok = checkStream(region, op, send.getChannel(), /*send=*/true);
      else if (auto recv = dyn_cast<fabric::RecvOp>(op))
        ok = checkStream(region, op, recv.getChannel(), /*send=*/false);
      return failed(ok) ? WalkResult::interrupt() : WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  LogicalResult checkCollective(fabric::RegionOp region, Operation *op,
                                fabric::Axis axis) {
    int64_t length = region.getSize()[unsigned(axis)];
    if (length == 1)
      return success();
    for (StringRef kind : {"chain_odd", "chain_even", "multicast"}) {
      auto is = [&](fabric::ChannelOp c) {
        return c.getKind() == kind && c.getAxis() == axis &&
               c.getRegion() == region.getSymName();
      };
      if (llvm::none_of(program.getBody().getOps<fabric::ChannelOp>(), is))
        return op->emitOpError("needs a channel of kind ")
               << kind << " along " << fabric::stringifyAxis(axis)
               << " in region '" << region.getSymName()
               << "', run weft-assign-colors first";
    }
    return success();
  }

  LogicalResult checkStream(fabric::RegionOp region, Operation *op,
                            StringRef name, bool send) {
    auto channel = program.lookupSymbol<fabric::ChannelOp>(name);
    StringRef end = send ? channel.getRegion() : *channel.getPeer();
    if (end == region.getSymName())
      return success();
    return op->emitOpError("runs in region '")
           << region.getSymName() << "', but channel '" << name << "' "
           << (send ? "starts" : "ends") << " in '" << end << "'";
  }

  /// Inputs and outputs exist, and no two buffers hold the same.
  LogicalResult checkBuffer(fabric::BufferOp buffer) {
    auto once = [&](auto &known, int64_t i, size_t count, const char *what) {
      if (i >= int64_t(count)) {
        buffer.emitOpError("is ") << what << " " << i << ", the program has "
                                  << count << " " << what << "s";
        return failure();
      }
      auto [it, isNew] = known.try_emplace(i, buffer);
      if (isNew)
        return success();
      auto diag = buffer.emitOpError("is ")
                  << what << " " << i << ", which another buffer is";
      diag.attachNote(it->second->getLoc()) << "first here";
      return failure();
    };
    size_t ins = program.getInputNames() ? program.getInputNames()->size() : 0;
    size_t outs =
        program.getOutputNames() ? program.getOutputNames()->size() : 0;
    if (buffer.getInput() &&
        failed(once(inputs, *buffer.getInput(), ins, "input")))
      return failure();
    SmallVector<Attribute> indices;
    if (buffer.getOutput())
      llvm::append_range(indices, *buffer.getOutput());
    for (Attribute i : indices)
      if (failed(once(outputs, cast<IntegerAttr>(i).getInt(), outs, "output")))
        return failure();
    return success();
  }

  /// The buffer has the size of the value's tiles.
  LogicalResult checkValue(fabric::ValueOp value) {
    int64_t have =
                cast<MemRefType>(value.getBuffer().getType()).getNumElements(),
            need =
                kernels::tileElems(cast<RankedTensorType>(value.getTensor()));
    if (have >= need)
      return success();
    return value.emitOpError("takes ")
           << need << " elements a PE, the buffer has " << have;
  }

  /// A state is one buffer.
  LogicalResult checkStates() {
    for (Attribute a : program.getStateAttr()
                           ? program.getStateAttr().getValue()
                           : ArrayRef<Attribute>()) {
      auto s = cast<nn::StateAttr>(a);
      auto in = inputs.lookup(s.getInput()),
           out = outputs.lookup(s.getOutput());
      if (in && in == out)
        continue;
      auto diag = program.emitOpError("has output #")
                  << s.getOutput() << " and input #" << s.getInput()
                  << " as a state, which are not in one buffer";
      if (in)
        diag.attachNote(in->getLoc()) << "input here";
      return diag;
    }
    return success();
  }

  LogicalResult checkOutputs() {
    ArrayAttr sources = program.getOutputSourcesAttr();
    size_t ins = program.getInputNames() ? program.getInputNames()->size() : 0;
    SmallVector<Attribute> list;
    if (sources)
      llvm::append_range(list, sources);
    for (auto [i, source] : llvm::enumerate(list))
      if (failed(checkSource(int64_t(i), source, ins)))
        return failure();
    return success();
  }

  LogicalResult checkSource(int64_t i, Attribute source, size_t ins) {
    if (outputs.count(i))
      return success();
    if (auto input = dyn_cast<IntegerAttr>(source))
      if (input.getInt() >= 0 && input.getInt() < int64_t(ins))
        return success();
    auto module = program->getParentOfType<ModuleOp>();
    if (auto symbol = dyn_cast<FlatSymbolRefAttr>(source))
      if (module.lookupSymbol<wafer::ConstantOp>(symbol.getValue()))
        return success();
    return program.emitOpError("output #")
           << i << " is in no buffer, and its source " << source
           << " is neither an input nor a wafer.constant";
  }
};
} // namespace

LogicalResult weft::checkComplete(fabric::ProgramOp program) {
  return Checker(program).run();
}
