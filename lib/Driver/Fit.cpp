//===- Fit.cpp - On how large a grid would a model fit? -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Found by trying: how much a PE holds follows from kernels, layouts, liveness
// and code, and no formula knows them all. Weights are neither read nor
// evaluated, so that a try costs what `--emit=pe` does.
//
//===----------------------------------------------------------------------===//
#include "Fit.h"
#include "PE/Emit/Emit.h"
#include "mlir/Pass/PassManager.h"
#include "weft/Passes/Passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace weft;

/// Beyond this a search of 17 tries is no longer worth its time: an unrolled
/// loop, seldom a model. A GPT-2 of 12 layers with its cache has 390 ops.
static constexpr size_t MaxOps = 4096;

// Code follows the data.
Fullest weft::fullestClass(ModuleOp scheduled, const Target &target) {
  Fullest result;
  scheduled.walk([&](pe::ClassOp cls) {
    llvm::Expected<pe::CodeSize> size = pe::measureCode(cls, target);
    if (!size)
      return llvm::consumeError(size.takeError()); // with a diagnostic
    uint64_t data = llvm::alignTo(cls.getDataEnd().value_or(0), 4);
    uint64_t end = data + size->codeBytes;
    if (end <= target.sramBytes + result.missing)
      return;
    result = {data - std::min<uint64_t>(data, target.reservedBytes),
              end - target.sramBytes,
              "class '" + cls.getSymName().str() + "' needs " +
                  std::to_string(end) + " bytes of SRAM, " + target.name +
                  " has " + std::to_string(target.sramBytes) + " (R-MEM-1)"};
  });
  return result;
}

void weft::buildLowering(OpPassManager &pm, const Target &target, Plan *plan,
                         uint64_t most) {
  pm.addPass(createPartitionPass(target, plan, most));
  pm.addPass(createPlacePass());
  pm.addPass(createExpandPass());
  pm.addPass(createAssignColorsPass());
  pm.addPass(createSchedulePass());
}

namespace {

/// What became of one try: empty if the model fits.
struct Refusal {
  std::string message;
  bool memory = false; // (R-MEM-1); else another reason
};

class Search {
public:
  Search(ModuleOp module, const Target &whole) : module(module), whole(whole) {}

  std::string run(uint32_t w, uint32_t h) {
    auto isWhole = [&] { return w == whole.gridW && h == whole.gridH; };
    if (isWhole())
      return whole.name + " has no more than these " + text(w, h) + " PEs";
    uint32_t smallW, smallH; // not enough
    Refusal refusal;
    do {
      smallW = w;
      smallH = h;
      w = std::min<uint64_t>(2 * uint64_t(w), whole.gridW);
      h = std::min<uint64_t>(2 * uint64_t(h), whole.gridH);
      refusal = tryGrid(w, h);
    } while (refusal.memory && !isWhole());
    if (refusal.memory)
      return "not even all of " + whole.name + ", " + text(w, h) +
             " PEs, is enough: " + refusal.message;
    if (!refusal.message.empty())
      return "no grid is known to be enough, " + text(w, h) +
             " is refused: " + refusal.message;
    for (unsigned step = 0; step < 6 && (w - smallW > 1 || h - smallH > 1);
         ++step) {
      uint32_t midW = (smallW + w + 1) / 2, midH = (smallH + h + 1) / 2;
      bool fits = tryGrid(midW, midH).message.empty();
      (fits ? w : smallW) = midW;
      (fits ? h : smallH) = midH;
    }
    return "the smallest grid found to be enough is --grid=" + text(w, h);
  }

private:
  static std::string text(uint32_t w, uint32_t h) {
    return std::to_string(w) + "x" + std::to_string(h);
  }

  Refusal tryGrid(uint32_t w, uint32_t h) {
    Target target = whole;
    llvm::cantFail(cutGrid(target, w, h));
    Refusal result;
    ScopedDiagnosticHandler quiet(module.getContext(), [&](Diagnostic &d) {
      if (d.getSeverity() == DiagnosticSeverity::Error &&
          result.message.empty())
        result.message = d.str();
      return success();
    });
    Fullest fullest = lower(target, UINT64_MAX, result);
    // As the compiler does, if code lacks room.
    if (fullest.missing && result.message.empty())
      fullest = lower(target, fullest.dataBytes / 2, result);
    if (result.message.empty())
      result.message = fullest.error;
    result.memory = StringRef(result.message).contains("R-MEM-1");
    return result;
  }

  Fullest lower(const Target &target, uint64_t most, Refusal &result) {
    OwningOpRef<ModuleOp> copy = module.clone();
    PassManager pm(module.getContext());
    buildLowering(pm, target, nullptr, most);
    if (succeeded(pm.run(*copy)))
      return fullestClass(*copy, target);
    if (result.message.empty())
      result.message = "a pass failed";
    return {};
  }

  ModuleOp module;
  const Target &whole;
};

} // namespace

std::string weft::smallestGrid(ModuleOp module, const Target &target,
                               const Target &whole) {
  size_t ops = 0;
  module.walk([&](Operation *) { ++ops; });
  if (ops > MaxOps)
    return "no larger grid was tried: the program has " + std::to_string(ops) +
           " ops, at most " + std::to_string(MaxOps) + " are tried";
  return Search(module, whole).run(target.gridW, target.gridH);
}
