//===- Partition.cpp - nn to wafer ----------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Translates nn ops to kernel problems, has the layout solver choose, and
// writes the choice as wafer IR. It holds no decision of its own: legality and
// cost come from the kernels, the choice from solve::solveLayout.
//
//===----------------------------------------------------------------------===//
#include "NN/NNOps.h"
#include "PartitionRemarks.h"
#include "PlanApply.h"
#include "WaferWriter.h"
#include "weft/Passes/Passes.h"

using namespace mlir;
using namespace weft;

namespace weft {
#define GEN_PASS_DEF_PARTITION
#include "Passes.h.inc"
} // namespace weft

namespace {
struct Partition : public weft::impl::PartitionBase<Partition> {
  using PartitionBase::PartitionBase;
  Partition(const Target &t, Plan *plan, uint64_t most)
      : target(t), plan(plan), most(most) {}

  void runOnOperation() override {
    if (target.name.empty()) { // made by name: the machine is in the options
      llvm::Expected<Target> t =
          resolveTarget(targetName, grid, llvm::to_vector(set));
      if (!t) {
        getOperation().emitError(llvm::toString(t.takeError()));
        return signalPassFailure();
      }
      target = std::move(*t);
    }
    capacity = std::min<uint64_t>(
        (target.sramBytes - target.reservedBytes) * 8 / 9, most);
    for (auto program : llvm::to_vector(getOperation().getOps<nn::ProgramOp>()))
      if (failed(partition(program)))
        return signalPassFailure();
  }

  LogicalResult partition(nn::ProgramOp program) {
    auto rects = triedRectangles();
    if (failed(rects))
      return failure();
    std::unique_ptr<Candidate> best;
    uint64_t bestCost = 0;
    bool bestFits = false;
    for (const Rect &r : *rects) {
      auto c = std::make_unique<Candidate>(program, r, target);
      if (failed(c->build(program)))
        return failure();
      if (!obeys(program, *c))
        continue;
      // Nothing that is known not to fit is better than what came before.
      if (best && c->leastBytes() > capacity && !getContext().getRemarkEngine())
        continue;
      uint64_t cost = c->solve(capacity);
      bool fits = c->bytes() <= capacity;
      remarkRectangle(*c, program.getLoc(), capacity, /*chosen=*/false);
      if (!best || (fits && !bestFits) ||
          (fits == bestFits && fits && cost < bestCost)) {
        best = std::move(c);
        bestCost = cost;
        bestFits = fits;
      }
    }
    if (!best)
      return sayWhyNot(program, rects->front());
    remarkRectangle(*best, program.getLoc(), capacity, /*chosen=*/true);
    remarkKernels(*best);
    if (plan && !plan->given)
      fillPlan(*plan, program, *best);
    writeWafer(*best, program, target);
    return success();
  }

  /// Leaves `c` what the plan allows; false if that is nothing.
  bool obeys(nn::ProgramOp program, Candidate &c) {
    if (!plan || !plan->given)
      return true;
    ScopedDiagnosticHandler quiet(&getContext(),
                                  [](Diagnostic &) { return success(); });
    return succeeded(applyPlan(*plan, program, c));
  }

  /// The plan can be obeyed on no rectangle: its error on the largest.
  LogicalResult sayWhyNot(nn::ProgramOp program, const Rect &r) {
    Candidate c(program, r, target);
    if (succeeded(c.build(program)))
      (void)applyPlan(*plan, program, c);
    return failure();
  }

  FailureOr<SmallVector<Rect>> triedRectangles() {
    if (!plan || !plan->given)
      return rectangles();
    auto planned = planRectangle(*plan, &getContext(), target);
    if (failed(planned))
      return failure();
    return *planned ? SmallVector<Rect>{**planned} : rectangles();
  }

  /// Rectangles worth trying, largest first: the grid and shapes whose sides
  /// shrink by halves. At most 25, whatever the grid.
  SmallVector<Rect> rectangles() {
    auto sides = [](int64_t n) {
      SmallVector<int64_t> s{n};
      for (int64_t p = 256; p >= 16; p /= 2)
        if (p < n && s.size() < 5)
          s.push_back(p);
      return s;
    };
    SmallVector<Rect> out;
    for (int64_t w : sides(target.gridW))
      for (int64_t h : sides(target.gridH))
        out.push_back({0, 0, w, h});
    return out;
  }

  Target target;
  Plan *plan = nullptr;
  uint64_t most = UINT64_MAX;
  uint64_t capacity = 0; // bytes that kernels and data of a PE may take
};
} // namespace

std::unique_ptr<Pass> weft::createPartitionPass(const Target &t, Plan *plan,
                                                uint64_t most) {
  return std::make_unique<Partition>(t, plan, most);
}
