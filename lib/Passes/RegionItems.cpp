//===- RegionItems.cpp - Routes, streams, data and kernels of a region ----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "RegionPlan.h"
#include "weft/Kernels/Kernel.h"

using namespace mlir;
using namespace weft;

namespace {
class ItemWriter {
public:
  explicit ItemWriter(RegionPlan &plan)
      : plan(plan), b(OpBuilder::atBlockEnd(&plan.out.getBody().front())) {}

  void run() {
    pe::StageOp::create(b, plan.region.getLoc(), plan.region.getSymName(),
                        patternAttr(b.getContext(), plan.whole));
    writeRoutes();
    writeCrossings();
    writeBuffers();
    writeKernels();
    writeValues();
  }

private:
  RegionPlan &plan;
  OpBuilder b;

  void writeRoutes() {
    for (const AxisUse &use : plan.axes) {
      for (const bin::Route &r : axisRoutes(use.frame, use.colors))
        writeRoute(r);
      for (const bin::Stream &s : axisStreams(
               use.frame, use.colors, use.chainWords, use.multicastWords))
        writeStream((plan.region.getSymName() +
                     (use.frame.vertical ? " y " : " x ") + s.name)
                        .str(),
                    s);
    }
  }

  /// Routes and streams of the channels that start in this plan.region.
  void writeCrossings() {
    std::map<std::string, uint64_t> words;
    for (auto launch : plan.region.getBody().getOps<fabric::LaunchOp>())
      plan.program.lookupSymbol<fabric::KernelOp>(launch.getKernel())
          .walk([&](fabric::SendOp op) {
            words[op.getChannel().str()] +=
                wavelets(op.getBuffer()) * tripProduct(op);
          });
    for (auto channel : plan.program.getBody().getOps<fabric::ChannelOp>()) {
      if (!channel.getPeer() || channel.getRegion() != plan.region.getSymName())
        continue;
      bin::Pattern to = patternOf(
          plan.program.lookupSymbol<fabric::RegionOp>(*channel.getPeer()));
      uint8_t color = uint8_t(*channel.getColor());
      for (const bin::Route &r : crossingRoutes(plan.whole, to, color))
        writeRoute(r);
      writeStream(channel.getSymName().str(),
                  crossingStream(plan.whole, to, color,
                                 words[channel.getSymName().str()]));
    }
  }

  void writeRoute(const bin::Route &r) {
    pe::RouteOp::create(b, plan.region.getLoc(), b.getI32IntegerAttr(r.color),
                        b.getI32IntegerAttr(r.rx), b.getI32IntegerAttr(r.tx),
                        patternAttr(b.getContext(), r.where),
                        /*position=*/nullptr);
  }

  void writeStream(const std::string &name, const bin::Stream &s) {
    pe::StreamOp::create(b, plan.region.getLoc(), b.getStringAttr(name),
                         b.getI32IntegerAttr(s.color),
                         patternAttr(b.getContext(), s.from),
                         b.getDenseI64ArrayAttr({s.dx0, s.dx1}),
                         b.getDenseI64ArrayAttr({s.dy0, s.dy1}),
                         b.getI64IntegerAttr(int64_t(s.words)));
  }

  void writeBuffers() {
    auto where = patternAttr(b.getContext(), plan.whole);
    for (auto buffer : plan.region.getBody().getOps<fabric::BufferOp>()) {
      auto addr = b.getI64IntegerAttr(int64_t(plan.memory.address[buffer]));
      auto memref = cast<MemRefType>(buffer.getResult().getType());
      StringRef cls = buffer.getMemClass();
      auto kind = cls == "weights"       ? pe::MemClass::Weights
                  : cls == "activations" ? pe::MemClass::Activations
                  : cls == "buffers"     ? pe::MemClass::Buffers
                                         : pe::MemClass::IO;
      pe::MemoryOp::create(
          b, buffer.getLoc(), buffer.getNameAttr(),
          pe::MemClassAttr::get(b.getContext(), kind), addr,
          b.getI64IntegerAttr(memref.getNumElements() *
                              (memref.getElementTypeBitWidth() / 8)),
          where);
      if (buffer.getInit())
        writeInit(buffer, addr, where);
    }
    if (plan.memory.paramBytes)
      pe::MemoryOp::create(
          b, plan.region.getLoc(), b.getStringAttr("parameters"),
          pe::MemClassAttr::get(b.getContext(), pe::MemClass::Buffers),
          b.getI64IntegerAttr(int64_t(plan.memory.params)),
          b.getI64IntegerAttr(int64_t(plan.memory.paramBytes)), where);
  }

  void writeInit(fabric::BufferOp buffer, IntegerAttr addr,
                 pe::PatternAttr where) {
    auto type = cast<RankedTensorType>(*buffer.getTensor());
    std::string symbol = buffer.getInit()->str();
    if (!plan.out.lookupSymbol(symbol))
      pe::TensorOp::create(
          b, buffer.getLoc(), symbol,
          RankedTensorType::get(type.getShape(), type.getElementType()),
          FlatSymbolRefAttr::get(b.getContext(), symbol));
    pe::InitOp::create(b, buffer.getLoc(), symbol, addr.getInt(), where,
                       type.getElementType(), mapOf(b, type), /*weight=*/true);
  }

  void writeKernels() {
    for (auto launch : plan.region.getBody().getOps<fabric::LaunchOp>())
      pe::KernelOp::create(b, launch.getLoc(), plan.kernelName(launch),
                           launch.getAlgorithm().value_or(launch.getKernel()),
                           patternAttr(b.getContext(), plan.whole),
                           launch.getNodes().value_or(ArrayRef<int64_t>()),
                           int32_t(plan.stage));
  }

  /// A value lies in its buffer after the launch before it.
  void writeValues() {
    auto where = patternAttr(b.getContext(), plan.whole);
    fabric::LaunchOp after;
    for (Operation &op : plan.region.getBody().front()) {
      if (auto launch = dyn_cast<fabric::LaunchOp>(op))
        after = launch;
      auto value = dyn_cast<fabric::ValueOp>(op);
      if (!value)
        continue;
      auto laid = cast<RankedTensorType>(value.getTensor());
      auto buffer = value.getBuffer().getDefiningOp<fabric::BufferOp>();
      pe::ValueOp::create(b, value.getLoc(), value.getName(),
                          cast<RankedTensorType>(value.getType()),
                          plan.kernelName(after),
                          int64_t(plan.memory.address[buffer]), where,
                          laid.getElementType(), mapOf(b, laid));
    }
  }
};
} // namespace

void weft::writeRegionItems(RegionPlan &plan) { ItemWriter(plan).run(); }
