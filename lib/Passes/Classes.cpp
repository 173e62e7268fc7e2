//===- Classes.cpp - One program per class of PEs in a region -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A class is a combination of roles along the two axes. Its code is the
// region's kernels with each collective replaced by what the roles do.
//
//===----------------------------------------------------------------------===//
#include "RegionPlan.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace weft;

namespace {
/// The fabric operands of a class: per axis, and per stream channel.
struct Ends {
  Value chainIn, castIn, out;
};
using StreamEnds = std::map<std::string, Value>;

class ClassWriter {
public:
  explicit ClassWriter(RegionPlan &plan)
      : plan(plan), b(OpBuilder::atBlockEnd(&plan.out.getBody().front())) {}

  LogicalResult run() {
    bool splitX = plan.axes[0].used() || plan.sendsStreams();
    for (const AxisRole &rx : axisRoles(plan.whole.w, splitX))
      for (const AxisRole &ry : axisRoles(plan.whole.h, plan.axes[1].used()))
        if (failed(writeClass(rx, ry)))
          return failure();
    return success();
  }

private:
  RegionPlan &plan;
  OpBuilder b;

  LogicalResult writeClass(const AxisRole &rx, const AxisRole &ry) {
    OpBuilder::InsertionGuard guard(b);
    bin::Pattern where{plan.whole.x0 + rx.start,
                       plan.whole.y0 + ry.start,
                       rx.count,
                       ry.count,
                       rx.step,
                       ry.step};
    std::string name =
        (plan.region.getSymName() + "_" + rx.name() + "_" + ry.name()).str();
    auto cls = pe::ClassOp::create(b, plan.region.getLoc(), name,
                                   patternAttr(b.getContext(), where));
    if (plan.memory.paramBytes)
      cls.setParamsAt(plan.memory.params);
    cls.setDataEnd(plan.memory.end);
    b.setInsertionPointToEnd(&cls.getBody().front());
    Ends ends[2];
    StreamEnds streams;
    if (failed(bindQueues(rx, ry, ends, streams)))
      return failure();
    llvm::DenseMap<Value, Value> buffers;
    for (auto buffer : plan.region.getBody().getOps<fabric::BufferOp>())
      buffers[buffer.getResult()] = pe::BufferOp::create(
          b, buffer.getLoc(), buffer.getResult().getType(), buffer.getName(),
          int64_t(plan.memory.address[buffer]));
    llvm::StringSet<> written;
    for (auto launch : plan.region.getBody().getOps<fabric::LaunchOp>())
      if (written.insert(launch.getKernel()).second)
        writeSub(
            plan.program.lookupSymbol<fabric::KernelOp>(launch.getKernel()), rx,
            ry, ends, streams);
    auto task = pe::TaskOp::create(b, plan.region.getLoc(), "start", 0, true);
    b.setInsertionPointToEnd(&task.getBody().front());
    for (auto launch : plan.region.getBody().getOps<fabric::LaunchOp>()) {
      SmallVector<Value> args;
      for (Value v : launch.getOperands())
        args.push_back(buffers.lookup(v));
      pe::CallOp::create(
          b, launch.getLoc(),
          FlatSymbolRefAttr::get(b.getContext(), launch.getKernel()), args,
          FlatSymbolRefAttr::get(b.getContext(), plan.kernelName(launch)));
    }
    pe::HaltOp::create(b, plan.region.getLoc());
    return success();
  }

  /// Two input queues and one output queue per axis in use.
  LogicalResult bindQueues(const AxisRole &rx, const AxisRole &ry, Ends *ends,
                           StreamEnds &streams) {
    unsigned nextIn = 0, nextOut = 0;
    for (unsigned a : {0u, 1u}) {
      const AxisRole &role = a ? ry : rx;
      const AxisColors &c = plan.axes[a].colors;
      if (!plan.axes[a].used() || role.kind == AxisRole::Single)
        continue;
      if (nextIn + 2 > plan.target.inQueues.value.size() ||
          nextOut + 1 > plan.target.outQueues.value.size())
        return plan.region.emitError(
                   "collectives on both axes need 4 input and 2 "
                   "output queues, the target has ")
               << plan.target.inQueues.value.size() << " and "
               << plan.target.outQueues.value.size() << " (R-QUE-1)";
      auto in = [&](uint8_t color) -> Value {
        return pe::QueueOp::create(b, plan.region.getLoc(), pe::QueueDir::Input,
                                   plan.target.inQueues.value[nextIn++], color);
      };
      if (role.kind != AxisRole::Far) // the neighbour at position + 1 sends
        ends[a].chainIn = in(role.start % 2 == 0 ? *c.odd : *c.even);
      if (role.kind != AxisRole::Root)
        ends[a].castIn = in(*c.multicast);
      uint8_t sendColor = role.kind == AxisRole::Root ? *c.multicast
                          : role.sendsOdd()           ? *c.odd
                                                      : *c.even;
      ends[a].out = pe::QueueOp::create(
          b, plan.region.getLoc(), pe::QueueDir::Output,
          plan.target.outQueues.value[nextOut++], sendColor);
    }
    return bindStreams(rx, nextIn, nextOut, streams);
  }

  /// A queue per stream that arrives here, or leaves from the last column.
  LogicalResult bindStreams(const AxisRole &rx, unsigned nextIn,
                            unsigned nextOut, StreamEnds &streams) {
    bool last = rx.count == 1 && rx.start + 1 == rx.length;
    for (auto channel : plan.program.getBody().getOps<fabric::ChannelOp>()) {
      bool arrives =
          channel.getPeer() && *channel.getPeer() == plan.region.getSymName();
      bool leaves = channel.getPeer() && last &&
                    channel.getRegion() == plan.region.getSymName();
      if (!arrives && !leaves)
        continue;
      const auto &queues =
          arrives ? plan.target.inQueues.value : plan.target.outQueues.value;
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

  void lowerReduce(fabric::ReduceOp op, const AxisRole &role, const Ends &e) {
    OpBuilder at(op);
    Value x = op.getBuffer();
    auto element = cast<MemRefType>(x.getType()).getElementType();
    auto add = element.isInteger() ? pe::VecOpcode::VAdd : pe::VecOpcode::VFAdd;
    if (role.kind == AxisRole::Root)
      pe::VecOp::create(at, op.getLoc(), add, x, ValueRange{e.chainIn, x});
    else if (role.kind == AxisRole::Far)
      pe::VecOp::create(at, op.getLoc(), pe::VecOpcode::VMov, e.out,
                        ValueRange{x});
    else if (role.kind != AxisRole::Single)
      pe::VecOp::create(at, op.getLoc(), add, e.out, ValueRange{e.chainIn, x});
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

  /// Only the last column has a queue to send on.
  void lowerStream(Operation *op, Value buffer, Value queue, bool send) {
    OpBuilder at(op);
    if (queue)
      pe::VecOp::create(at, op->getLoc(), pe::VecOpcode::VMov,
                        send ? queue : buffer,
                        ValueRange{send ? buffer : queue});
    op->erase();
  }
};
} // namespace

LogicalResult weft::writeClasses(RegionPlan &plan) {
  return ClassWriter(plan).run();
}
