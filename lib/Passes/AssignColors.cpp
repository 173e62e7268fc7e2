//===- AssignColors.cpp - Channels and their colours ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Channels of regions that do not meet share colours; the colour solver
// decides, on router settings stated for rectangles.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "Roles.h"
#include "mlir/IR/Remarks.h"
#include "weft/Passes/Passes.h"
#include "weft/Solve/Color.h"
#include <set>

using namespace mlir;
using namespace weft;

namespace weft {
#define GEN_PASS_DEF_ASSIGNCOLORS
#include "Passes.h.inc"
} // namespace weft

namespace {
/// Does a kernel launched in `region` communicate along `axis`?
bool usesAxis(fabric::ProgramOp program, fabric::RegionOp region,
              fabric::Axis axis) {
  bool used = false;
  for (auto launch : region.getBody().getOps<fabric::LaunchOp>()) {
    auto kernel = program.lookupSymbol<fabric::KernelOp>(launch.getKernel());
    kernel.walk([&](fabric::ReduceOp op) { used |= op.getAxis() == axis; });
    kernel.walk([&](fabric::MulticastOp op) { used |= op.getAxis() == axis; });
  }
  return used;
}

struct AssignColors : public weft::impl::AssignColorsBase<AssignColors> {
  void runOnOperation() override {
    for (auto program : getOperation().getOps<fabric::ProgramOp>())
      if (failed(run(program)))
        return signalPassFailure();
  }

  LogicalResult run(fabric::ProgramOp program) {
    llvm::Expected<Target> target =
        statedTarget(program.getTarget().getYaml(), program.getGrid());
    if (!target)
      return program.emitOpError(llvm::toString(target.takeError()));
    createChannels(program);
    return color(program, *target);
  }

  void createChannels(fabric::ProgramOp program) {
    OpBuilder b = OpBuilder::atBlockEnd(&program.getBody().front());
    for (auto region :
         llvm::to_vector(program.getBody().getOps<fabric::RegionOp>()))
      for (fabric::Axis axis : {fabric::Axis::X, fabric::Axis::Y}) {
        if (region.getSize()[unsigned(axis)] == 1 ||
            !usesAxis(program, region, axis))
          continue;
        for (const char *kind : {"chain_odd", "chain_even", "multicast"}) {
          std::string name =
              (region.getSymName() + "_" + stringifyAxis(axis) + "_" + kind)
                  .str();
          if (!program.lookupSymbol(name))
            fabric::ChannelOp::create(
                b, region.getLoc(), b.getStringAttr(name),
                b.getStringAttr(kind),
                fabric::AxisAttr::get(b.getContext(), axis),
                FlatSymbolRefAttr::get(b.getContext(), region.getSymName()),
                FlatSymbolRefAttr(), IntegerAttr());
        }
      }
  }

  static bin::Pattern patternOf(fabric::RegionOp r) {
    return {uint32_t(r.getAt()[0]),
            uint32_t(r.getAt()[1]),
            uint32_t(r.getSize()[0]),
            uint32_t(r.getSize()[1]),
            1,
            1};
  }

  /// The channel's router settings; colour 0 stands for the one to be found.
  static std::vector<bin::Route> routesOf(fabric::ProgramOp program,
                                          fabric::ChannelOp channel) {
    bin::Pattern p =
        patternOf(program.lookupSymbol<fabric::RegionOp>(channel.getRegion()));
    if (channel.getPeer())
      return crossingRoutes(
          p,
          patternOf(program.lookupSymbol<fabric::RegionOp>(*channel.getPeer())),
          0);
    AxisColors c;
    (channel.getKind() == "chain_odd"    ? c.odd
     : channel.getKind() == "chain_even" ? c.even
                                         : c.multicast) = 0;
    return axisRoutes(
        {p.x0, p.y0, p.w, p.h, channel.getAxis() == fabric::Axis::Y}, c);
  }

  LogicalResult color(fabric::ProgramOp program, const Target &t) {
    solve::ColorProblem problem;
    problem.colors.assign(t.userColors.value.begin(), t.userColors.value.end());
    auto channels =
        llvm::to_vector(program.getBody().getOps<fabric::ChannelOp>());
    for (fabric::ChannelOp channel : channels) {
      solve::ColorStream stream;
      stream.name = channel.getSymName().str();
      if (channel.getColor())
        stream.fixed = unsigned(*channel.getColor());
      for (const bin::Route &r : routesOf(program, channel))
        stream.routers.push_back({{r.where.x0, r.where.y0, r.where.w, r.where.h,
                                   r.where.dx, r.where.dy},
                                  r.rx,
                                  r.tx});
      problem.add(std::move(stream));
    }
    if (channels.empty())
      return success();
    if (std::string fault = problem.check(); !fault.empty())
      return program.emitOpError("cannot be coloured: ") << fault;
    solve::ColorResult result = solve::solveColor(problem);
    if (!result)
      return program.emitOpError("runs out of colours (R-FAB-1): ")
             << result.message;
    if (std::string fault = problem.verify(*result.solution); !fault.empty())
      return program.emitOpError("internal: colouring is wrong: ") << fault;
    for (auto [channel, c] : llvm::zip(channels, result.solution->color))
      channel.setColor(c);
    remarkColors(program, channels, problem);
    return success();
  }

  /// What each channel got, and how many of the colours are in use.
  void remarkColors(fabric::ProgramOp program,
                    ArrayRef<fabric::ChannelOp> channels,
                    const solve::ColorProblem &problem) {
    auto options = [&](StringRef name) {
      return remark::RemarkOpts::name(name).category(getArgument());
    };
    std::set<uint64_t> used;
    for (fabric::ChannelOp c : channels) {
      fabric::ChannelOp channel = c;
      used.insert(*channel.getColor());
      remark::passed(channel.getLoc(), options("Colour"))
          << remark::metric("Channel", channel.getSymName())
          << remark::metric("Kind", channel.getKind())
          << remark::metric("Colour", *channel.getColor());
    }
    remark::analysis(program.getLoc(), options("Colours"))
        << remark::metric("Used", used.size())
        << remark::metric("Available", problem.colors.size())
        << remark::metric("Channels", channels.size());
  }
};
} // namespace

std::unique_ptr<Pass> weft::createAssignColorsPass() {
  return std::make_unique<AssignColors>();
}
