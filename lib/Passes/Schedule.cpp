//===- Schedule.cpp - fabric to pe ----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Splits each region into classes by the roles its collectives give to PEs, and
// writes one program per class: buffers at addresses, kernels as subroutines
// with collectives replaced by what the role does, launches as calls.
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include "PassDetail.h"
#include "Roles.h"
#include "weft/Kernels/Kernel.h"
#include "weft/Passes/Passes.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace weft;

namespace {
uint64_t tripProduct(Operation *op) {
  uint64_t n = 1;
  for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
       loop = loop->getParentOfType<scf::ForOp>()) {
    auto end = loop.getUpperBound().getDefiningOp<arith::ConstantIndexOp>();
    n *= end ? uint64_t(end.value()) : 1;
  }
  return n;
}

uint64_t elements(Value buffer) {
  return uint64_t(cast<MemRefType>(buffer.getType()).getNumElements());
}

pe::PatternAttr patternAttr(MLIRContext *ctx, const bin::Pattern &p) {
  return pe::PatternAttr::get(ctx, p.x0, p.y0, p.w, p.h, p.dx, p.dy);
}

ArrayAttr mapOf(OpBuilder &b, RankedTensorType type) {
  SmallVector<Attribute> dims;
  for (const bin::DimMap &d : kernels::dimMaps(type))
    dims.push_back(pe::DimAttr::get(b.getContext(), pe::Axis(d.axis), d.extent,
                                    d.tile, d.stride));
  return b.getArrayAttr(dims);
}

/// What a region communicates along one axis.
struct AxisUse {
  AxisFrame frame;
  AxisColors colors;
  uint64_t chainWords = 0, multicastWords = 0; // per sender, whole program
  bool used() const { return colors.odd || colors.multicast; }
};

/// The fabric operands of a class: per axis, and per stream channel.
struct Ends {
  Value chainIn, castIn, out;
};
using StreamEnds = std::map<std::string, Value>;

class RegionScheduler {
public:
  RegionScheduler(fabric::ProgramOp program, fabric::RegionOp region,
                  pe::ProgramOp out, unsigned stage, const Target &t)
      : program(program), region(region), out(out), stage(stage), t(t),
        b(OpBuilder::atBlockEnd(&out.getBody().front())) {}

  LogicalResult run() {
    FailureOr<RegionMemory> allocated = allocateRegion(region, t);
    if (failed(allocated))
      return failure();
    memory = *allocated;
    whole = {uint32_t(region.getAt()[0]),
             uint32_t(region.getAt()[1]),
             uint32_t(region.getSize()[0]),
             uint32_t(region.getSize()[1]),
             1,
             1};
    pe::StageOp::create(b, region.getLoc(), region.getSymName(),
                        patternAttr(b.getContext(), whole));
    collectAxes();
    writeRoutes();
    writeBuffers();
    writeKernels();
    for (const AxisRole &rx :
         axisRoles(whole.w, axes[0].used() || sendsStreams()))
      for (const AxisRole &ry : axisRoles(whole.h, axes[1].used()))
        if (failed(writeClass(rx, ry)))
          return failure();
    return success();
  }

  const RegionMemory &placed() const { return memory; }

private:
  fabric::ProgramOp program;
  fabric::RegionOp region;
  pe::ProgramOp out;
  unsigned stage;
  const Target &t;
  OpBuilder b;
  RegionMemory memory;
  bin::Pattern whole;
  AxisUse axes[2];

  bin::Pattern patternOf(StringRef name) {
    auto r = program.lookupSymbol<fabric::RegionOp>(name);
    return {uint32_t(r.getAt()[0]),
            uint32_t(r.getAt()[1]),
            uint32_t(r.getSize()[0]),
            uint32_t(r.getSize()[1]),
            1,
            1};
  }

  bool sendsStreams() {
    for (auto channel : program.getBody().getOps<fabric::ChannelOp>())
      if (channel.getPeer() && channel.getRegion() == region.getSymName())
        return true;
    return false;
  }

  void collectAxes() {
    for (unsigned a : {0u, 1u})
      axes[a].frame = {whole.x0, whole.y0, whole.w, whole.h, a == 1};
    for (auto channel : program.getBody().getOps<fabric::ChannelOp>()) {
      if (channel.getRegion() != region.getSymName() || channel.getPeer())
        continue;
      AxisColors &c = axes[unsigned(channel.getAxis())].colors;
      auto &slot = channel.getKind() == "chain_odd"    ? c.odd
                   : channel.getKind() == "chain_even" ? c.even
                                                       : c.multicast;
      slot = uint8_t(*channel.getColor());
    }
    for (auto launch : region.getBody().getOps<fabric::LaunchOp>()) {
      auto kernel = program.lookupSymbol<fabric::KernelOp>(launch.getKernel());
      kernel.walk([&](fabric::ReduceOp op) {
        axes[unsigned(op.getAxis())].chainWords +=
            elements(op.getBuffer()) * tripProduct(op);
      });
      kernel.walk([&](fabric::MulticastOp op) {
        axes[unsigned(op.getAxis())].multicastWords +=
            elements(op.getBuffer()) * tripProduct(op);
      });
    }
  }

  void writeRoutes() {
    for (const AxisUse &use : axes) {
      for (const bin::Route &r : axisRoutes(use.frame, use.colors))
        writeRoute(r);
      for (const bin::Stream &s : axisStreams(
               use.frame, use.colors, use.chainWords, use.multicastWords))
        writeStream((region.getSymName() +
                     (use.frame.vertical ? " y " : " x ") + s.name)
                        .str(),
                    s);
    }
    writeCrossings();
  }

  /// Routes and streams of the channels that start in this region.
  void writeCrossings() {
    std::map<std::string, uint64_t> words;
    for (auto launch : region.getBody().getOps<fabric::LaunchOp>())
      program.lookupSymbol<fabric::KernelOp>(launch.getKernel())
          .walk([&](fabric::SendOp op) {
            words[op.getChannel().str()] +=
                elements(op.getBuffer()) * tripProduct(op);
          });
    for (auto channel : program.getBody().getOps<fabric::ChannelOp>()) {
      if (!channel.getPeer() || channel.getRegion() != region.getSymName())
        continue;
      bin::Pattern to = patternOf(*channel.getPeer());
      uint8_t color = uint8_t(*channel.getColor());
      for (const bin::Route &r : crossingRoutes(whole, to, color))
        writeRoute(r);
      writeStream(
          channel.getSymName().str(),
          crossingStream(whole, to, color, words[channel.getSymName().str()]));
    }
  }

  void writeRoute(const bin::Route &r) {
    pe::RouteOp::create(b, region.getLoc(), b.getI32IntegerAttr(r.color),
                        b.getI32IntegerAttr(r.rx), b.getI32IntegerAttr(r.tx),
                        patternAttr(b.getContext(), r.where));
  }

  void writeStream(const std::string &name, const bin::Stream &s) {
    pe::StreamOp::create(b, region.getLoc(), b.getStringAttr(name),
                         b.getI32IntegerAttr(s.color),
                         patternAttr(b.getContext(), s.from),
                         b.getDenseI64ArrayAttr({s.dx0, s.dx1}),
                         b.getDenseI64ArrayAttr({s.dy0, s.dy1}),
                         b.getI64IntegerAttr(int64_t(s.words)));
  }

  void writeBuffers() {
    auto where = patternAttr(b.getContext(), whole);
    for (auto buffer : region.getBody().getOps<fabric::BufferOp>()) {
      auto addr = b.getI64IntegerAttr(int64_t(memory.address[buffer]));
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
    if (memory.paramBytes)
      pe::MemoryOp::create(
          b, region.getLoc(), b.getStringAttr("parameters"),
          pe::MemClassAttr::get(b.getContext(), pe::MemClass::Buffers),
          b.getI64IntegerAttr(int64_t(memory.params)),
          b.getI64IntegerAttr(int64_t(memory.paramBytes)), where);
  }

  void writeInit(fabric::BufferOp buffer, IntegerAttr addr,
                 pe::PatternAttr where) {
    auto type = cast<RankedTensorType>(*buffer.getTensor());
    std::string symbol = buffer.getInit()->str();
    if (!out.lookupSymbol(symbol))
      pe::TensorOp::create(
          b, buffer.getLoc(), symbol,
          RankedTensorType::get(type.getShape(), type.getElementType()),
          FlatSymbolRefAttr::get(b.getContext(), symbol));
    pe::InitOp::create(b, buffer.getLoc(), symbol, addr.getInt(), where,
                       type.getElementType(), mapOf(b, type), /*weight=*/true);
  }

  void writeKernels() {
    for (auto launch : region.getBody().getOps<fabric::LaunchOp>())
      pe::KernelOp::create(b, launch.getLoc(), kernelName(launch),
                           launch.getAlgorithm().value_or(launch.getKernel()),
                           patternAttr(b.getContext(), whole),
                           launch.getNodes().value_or(ArrayRef<int64_t>()),
                           int32_t(stage));
  }

  std::string kernelName(fabric::LaunchOp launch) {
    return (region.getSymName() + "/" +
            launch.getInstance().value_or(launch.getKernel()))
        .str();
  }

  LogicalResult writeClass(const AxisRole &rx, const AxisRole &ry) {
    OpBuilder::InsertionGuard guard(b);
    bin::Pattern where{whole.x0 + rx.start,
                       whole.y0 + ry.start,
                       rx.count,
                       ry.count,
                       rx.step,
                       ry.step};
    std::string name =
        (region.getSymName() + "_" + rx.name() + "_" + ry.name()).str();
    auto cls = pe::ClassOp::create(b, region.getLoc(), name,
                                   patternAttr(b.getContext(), where));
    if (memory.paramBytes)
      cls.setParamsAt(memory.params);
    cls.setDataEnd(memory.end);
    b.setInsertionPointToEnd(&cls.getBody().front());
    Ends ends[2];
    StreamEnds streams;
    if (failed(bindQueues(rx, ry, ends, streams)))
      return failure();
    llvm::DenseMap<Value, Value> buffers;
    for (auto buffer : region.getBody().getOps<fabric::BufferOp>())
      buffers[buffer.getResult()] = pe::BufferOp::create(
          b, buffer.getLoc(), buffer.getResult().getType(), buffer.getName(),
          int64_t(memory.address[buffer]));
    llvm::StringSet<> written;
    for (auto launch : region.getBody().getOps<fabric::LaunchOp>())
      if (written.insert(launch.getKernel()).second)
        writeSub(program.lookupSymbol<fabric::KernelOp>(launch.getKernel()), rx,
                 ry, ends, streams);
    auto task = pe::TaskOp::create(b, region.getLoc(), "start", 0, true);
    b.setInsertionPointToEnd(&task.getBody().front());
    for (auto launch : region.getBody().getOps<fabric::LaunchOp>()) {
      SmallVector<Value> args;
      for (Value v : launch.getOperands())
        args.push_back(buffers.lookup(v));
      pe::CallOp::create(
          b, launch.getLoc(),
          FlatSymbolRefAttr::get(b.getContext(), launch.getKernel()), args,
          FlatSymbolRefAttr::get(b.getContext(), kernelName(launch)));
    }
    pe::HaltOp::create(b, region.getLoc());
    return success();
  }

  /// Two input queues and one output queue per axis in use.
  LogicalResult bindQueues(const AxisRole &rx, const AxisRole &ry, Ends *ends,
                           StreamEnds &streams) {
    unsigned nextIn = 0, nextOut = 0;
    for (unsigned a : {0u, 1u}) {
      const AxisRole &role = a ? ry : rx;
      const AxisColors &c = axes[a].colors;
      if (!axes[a].used() || role.kind == AxisRole::Single)
        continue;
      if (nextIn + 2 > t.inQueues.value.size() ||
          nextOut + 1 > t.outQueues.value.size())
        return region.emitError("collectives on both axes need 4 input and 2 "
                                "output queues, the target has ")
               << t.inQueues.value.size() << " and " << t.outQueues.value.size()
               << " (R-QUE-1)";
      auto in = [&](uint8_t color) -> Value {
        return pe::QueueOp::create(b, region.getLoc(), pe::QueueDir::Input,
                                   t.inQueues.value[nextIn++], color);
      };
      if (role.kind != AxisRole::Far) // the neighbour at position + 1 sends
        ends[a].chainIn = in(role.start % 2 == 0 ? *c.odd : *c.even);
      if (role.kind != AxisRole::Root)
        ends[a].castIn = in(*c.multicast);
      uint8_t sendColor = role.kind == AxisRole::Root ? *c.multicast
                          : role.sendsOdd()           ? *c.odd
                                                      : *c.even;
      ends[a].out =
          pe::QueueOp::create(b, region.getLoc(), pe::QueueDir::Output,
                              t.outQueues.value[nextOut++], sendColor);
    }
    return bindStreams(rx, nextIn, nextOut, streams);
  }

  /// A queue per stream that arrives here, or leaves from the last column.
  LogicalResult bindStreams(const AxisRole &rx, unsigned nextIn,
                            unsigned nextOut, StreamEnds &streams) {
    bool last = rx.count == 1 && rx.start + 1 == rx.length;
    for (auto channel : program.getBody().getOps<fabric::ChannelOp>()) {
      bool arrives =
          channel.getPeer() && *channel.getPeer() == region.getSymName();
      bool leaves = channel.getPeer() && last &&
                    channel.getRegion() == region.getSymName();
      if (!arrives && !leaves)
        continue;
      const auto &queues = arrives ? t.inQueues.value : t.outQueues.value;
      unsigned &next = arrives ? nextIn : nextOut;
      if (next >= queues.size())
        return channel.emitOpError("needs one more ")
               << (arrives ? "input" : "output") << " queue than the "
               << queues.size() << " of the target (R-QUE-1)";
      streams[channel.getSymName().str()] = pe::QueueOp::create(
          b, channel.getLoc(),
          arrives ? pe::QueueDir::Input : pe::QueueDir::Output, queues[next++],
          uint32_t(*channel.getColor()));
    }
    return success();
  }

  void writeSub(fabric::KernelOp kernel, const AxisRole &rx, const AxisRole &ry,
                Ends *ends, StreamEnds &streams) {
    OpBuilder::InsertionGuard guard(b);
    Block &from = kernel.getBody().front();
    SmallVector<Type> args(from.getArgumentTypes());
    auto sub = pe::SubOp::create(b, kernel.getLoc(), kernel.getSymName(), args);
    Block &to = sub.getBody().front();
    b.setInsertionPointToEnd(&to);
    IRMapping map;
    for (auto [x, y] : llvm::zip(from.getArguments(), to.getArguments()))
      map.map(x, y);
    for (Operation &op : from.without_terminator())
      b.clone(op, map);
    pe::ReturnOp::create(b, kernel.getLoc());
    sub.walk([&](Operation *op) {
      if (auto r = dyn_cast<fabric::ReduceOp>(op))
        lowerReduce(r, r.getAxis() == fabric::Axis::X ? rx : ry,
                    ends[unsigned(r.getAxis())]);
      else if (auto m = dyn_cast<fabric::MulticastOp>(op))
        lowerMulticast(m, m.getAxis() == fabric::Axis::X ? rx : ry,
                       ends[unsigned(m.getAxis())]);
      else if (auto send = dyn_cast<fabric::SendOp>(op))
        lowerStream(send, send.getBuffer(), streams[send.getChannel().str()],
                    /*send=*/true);
      else if (auto recv = dyn_cast<fabric::RecvOp>(op))
        lowerStream(recv, recv.getBuffer(), streams[recv.getChannel().str()],
                    /*send=*/false);
    });
  }

  /// Only the last column has a queue to send on.
  void lowerStream(Operation *op, Value buffer, Value queue, bool send) {
    OpBuilder at(op);
    if (queue)
      pe::VecOp::create(at, op->getLoc(), pe::VecOpcode::VMov,
                        send ? queue : buffer,
                        ValueRange{send ? buffer : queue});
    op->erase();
  }

  void lowerReduce(fabric::ReduceOp op, const AxisRole &role, const Ends &e) {
    OpBuilder at(op);
    Value x = op.getBuffer();
    if (role.kind == AxisRole::Root)
      pe::VecOp::create(at, op.getLoc(), pe::VecOpcode::VFAdd, x,
                        ValueRange{e.chainIn, x});
    else if (role.kind == AxisRole::Far)
      pe::VecOp::create(at, op.getLoc(), pe::VecOpcode::VMov, e.out,
                        ValueRange{x});
    else if (role.kind != AxisRole::Single)
      pe::VecOp::create(at, op.getLoc(), pe::VecOpcode::VFAdd, e.out,
                        ValueRange{e.chainIn, x});
    op.erase();
  }

  void lowerMulticast(fabric::MulticastOp op, const AxisRole &role,
                      const Ends &e) {
    OpBuilder at(op);
    Value x = op.getBuffer();
    if (role.kind == AxisRole::Root)
      pe::VecOp::create(at, op.getLoc(), pe::VecOpcode::VMov, e.out,
                        ValueRange{x});
    else if (role.kind != AxisRole::Single)
      pe::VecOp::create(at, op.getLoc(), pe::VecOpcode::VMov, x,
                        ValueRange{e.castIn});
    op.erase();
  }
};

struct Schedule : public PassWrapper<Schedule, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Schedule)
  StringRef getArgument() const override { return "weft-schedule"; }
  StringRef getDescription() const override {
    return "one program per class of PEs, with addresses and routes";
  }

  void runOnOperation() override {
    for (auto program :
         llvm::to_vector(getOperation().getOps<fabric::ProgramOp>()))
      if (failed(schedule(program)))
        return signalPassFailure();
  }

  LogicalResult schedule(fabric::ProgramOp program) {
    auto attr = dyn_cast<wafer::TargetAttr>(program.getTarget());
    if (!attr)
      return program.emitOpError("needs a #wafer.target");
    llvm::Expected<Target> target = parseTarget(attr.getYaml(), "target");
    if (!target)
      return program.emitOpError(llvm::toString(target.takeError()));
    OpBuilder b(program);
    std::string name = (program.getSymName() + "_pe").str();
    auto out = pe::ProgramOp::create(
        b, program.getLoc(), name, uint32_t(program.getGrid()[0]),
        uint32_t(program.getGrid()[1]), attr.getYaml());
    unsigned stage = 0;
    SmallVector<std::unique_ptr<RegionScheduler>> regions;
    for (auto region : program.getBody().getOps<fabric::RegionOp>()) {
      regions.push_back(std::make_unique<RegionScheduler>(program, region, out,
                                                          stage++, *target));
      if (failed(regions.back()->run()))
        return failure();
    }
    writeBorder(program, out, regions);
    program->erase();
    out.setSymName("main");
    return success();
  }

  /// Inputs, outputs and the ledger.
  void writeBorder(fabric::ProgramOp program, pe::ProgramOp out,
                   ArrayRef<std::unique_ptr<RegionScheduler>> regions) {
    OpBuilder b = OpBuilder::atBlockEnd(&out.getBody().front());
    auto names = program->getAttrOfType<ArrayAttr>("input_names");
    auto types = program->getAttrOfType<ArrayAttr>("input_types");
    unsigned count = names ? names.size() : 0;
    for (unsigned i = 0; i < count; ++i)
      writeInput(program, b, regions, i, cast<StringAttr>(names[i]),
                 cast<TypeAttr>(types[i]));
    auto outNames = program->getAttrOfType<ArrayAttr>("output_names");
    count = outNames ? outNames.size() : 0;
    for (unsigned i = 0; i < count; ++i)
      writeOutput(program, out, b, regions, i, cast<StringAttr>(outNames[i]));
    auto ledger =
        program->getParentOfType<ModuleOp>()->getAttrOfType<ArrayAttr>(
            "weft.ledger");
    for (Attribute a : ledger ? ledger.getValue() : ArrayRef<Attribute>()) {
      auto e = cast<ArrayAttr>(a);
      pe::NodeOp::create(b, program.getLoc(), cast<IntegerAttr>(e[0]).getInt(),
                         cast<StringAttr>(e[1]).getValue(),
                         cast<StringAttr>(e[2]).getValue(),
                         pe::Fate(cast<IntegerAttr>(e[3]).getInt()));
    }
  }

  struct Found {
    fabric::BufferOp buffer;
    const RegionMemory *memory = nullptr;
    pe::PatternAttr where;
  };

  Found find(fabric::ProgramOp program,
             ArrayRef<std::unique_ptr<RegionScheduler>> regions,
             llvm::function_ref<bool(fabric::BufferOp)> wanted) {
    for (auto [i, region] :
         llvm::enumerate(program.getBody().getOps<fabric::RegionOp>()))
      for (auto buffer : region.getBody().getOps<fabric::BufferOp>())
        if (wanted(buffer))
          return {buffer, &regions[i]->placed(),
                  pe::PatternAttr::get(program.getContext(), region.getAt()[0],
                                       region.getAt()[1], region.getSize()[0],
                                       region.getSize()[1], 1, 1)};
    return {};
  }

  void writeInput(fabric::ProgramOp program, OpBuilder &b,
                  ArrayRef<std::unique_ptr<RegionScheduler>> regions,
                  unsigned i, StringAttr name, TypeAttr type) {
    Found f = find(program, regions, [&](fabric::BufferOp buffer) {
      return buffer.getInput() && *buffer.getInput() == int64_t(i);
    });
    if (!f.buffer) {
      pe::InputOp::create(b, program.getLoc(), name, type, IntegerAttr(),
                          pe::PatternAttr(), TypeAttr(), ArrayAttr());
      return;
    }
    auto laid = cast<RankedTensorType>(*f.buffer.getTensor());
    pe::InputOp::create(
        b, program.getLoc(), name, type,
        b.getI64IntegerAttr(int64_t(f.memory->address.lookup(f.buffer))),
        f.where, TypeAttr::get(laid.getElementType()), mapOf(b, laid));
  }

  void writeOutput(fabric::ProgramOp program, pe::ProgramOp out, OpBuilder &b,
                   ArrayRef<std::unique_ptr<RegionScheduler>> regions,
                   unsigned i, StringAttr name) {
    auto sources = program->getAttrOfType<ArrayAttr>("output_sources");
    auto onnx = program->getParentOfType<ModuleOp>()->getAttrOfType<ArrayAttr>(
        "weft.outputs");
    unsigned position = 0;
    Found f = find(program, regions, [&](fabric::BufferOp buffer) {
      if (!buffer.getOutput())
        return false;
      for (auto [k, a] : llvm::enumerate(*buffer.getOutput()))
        if (cast<IntegerAttr>(a).getInt() == int64_t(i)) {
          position = unsigned(k);
          return true;
        }
      return false;
    });
    if (f.buffer) {
      auto laid = cast<RankedTensorType>(*f.buffer.getTensor());
      if (auto list = f.buffer->getAttrOfType<ArrayAttr>("output_types"))
        laid =
            cast<RankedTensorType>(cast<TypeAttr>(list[position]).getValue());
      auto plain =
          RankedTensorType::get(laid.getShape(), laid.getElementType());
      TypeAttr type = onnx ? cast<TypeAttr>(onnx[i]) : TypeAttr::get(plain);
      pe::OutputOp::create(
          b, program.getLoc(), name, type,
          b.getI64IntegerAttr(int64_t(f.memory->address.lookup(f.buffer))),
          f.where, TypeAttr::get(laid.getElementType()), mapOf(b, laid),
          FlatSymbolRefAttr(), IntegerAttr());
      return;
    }
    writePassingOutput(program, out, b, i, name, sources, onnx);
  }

  /// A constant, or an input handed through.
  void writePassingOutput(fabric::ProgramOp program, pe::ProgramOp out,
                          OpBuilder &b, unsigned i, StringAttr name,
                          ArrayAttr sources, ArrayAttr onnx) {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(sources[i]);
    auto input = dyn_cast<IntegerAttr>(sources[i]);
    TypeAttr type = cast<TypeAttr>(onnx[i]);
    if (symbol && !out.lookupSymbol(symbol.getValue())) {
      auto constant =
          program->getParentOfType<ModuleOp>().lookupSymbol<wafer::ConstantOp>(
              symbol.getValue());
      pe::TensorOp::create(b, program.getLoc(), symbol.getValue(),
                           cast<RankedTensorType>(constant.getType()), symbol);
    }
    pe::OutputOp::create(b, program.getLoc(), name, type, IntegerAttr(),
                         pe::PatternAttr(), TypeAttr(), ArrayAttr(), symbol,
                         input ? b.getI32IntegerAttr(input.getInt())
                               : IntegerAttr());
  }
};
} // namespace

std::unique_ptr<Pass> weft::createSchedulePass() {
  return std::make_unique<Schedule>();
}

void weft::registerWeftPasses() {
  registerPass([] { return createPlacePass(); });
  registerPass([] { return createExpandPass(); });
  registerPass([] { return createAssignColorsPass(); });
  registerPass([] { return createSchedulePass(); });
}
