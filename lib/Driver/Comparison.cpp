//===- Comparison.cpp - weftc --compare -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Compilation.h"
#include "ModelWork.h"

using namespace mlir;
using namespace weft;

/// What does not depend on the cost report; before the module is lowered.
ExitCode Compilation::prepareComparison() {
  auto read = compare::loadDevices(o.devices);
  if (!read)
    return fail(llvm::toString(read.takeError()));
  devices = std::move(*read);
  auto programs = module->getOps<nn::ProgramOp>();
  if (programs.empty())
    return fail("--compare is for ONNX models and modules of the nn dialect; "
                "lower levels do not state the model's own work");
  for (nn::ProgramOp program : programs) // partitioning refuses more than one
    work = measureWork(program);
  if (o.tokens.empty())
    return Success;
  if (StringRef(o.tokens).getAsInteger(10, work.tokens) || !work.tokens ||
      work.tokens > (uint64_t(1) << 40))
    return fail("found --tokens=" + o.tokens +
                ", allowed is a number from 1 to 2^40");
  work.tokensSource = "--tokens";
  return Success;
}

ExitCode Compilation::writeComparison(const cost::CostReport &cost) {
  compare::Comparison c{o.kernel.empty() ? o.model : "--kernel=" + o.kernel,
                        work, devices, target, cost};
  auto json = [&](llvm::raw_ostream &os) {
    os << llvm::formatv("{0:2}", compare::comparisonJson(c)) << "\n";
    return llvm::Error::success();
  };
  if (o.compareJson == "-") // instead of the table
    return write(json);
  if (!o.compareJson.empty())
    if (llvm::Error e = outputs.add(o.compareJson, json))
      return fail(llvm::toString(std::move(e)));
  return write([&](llvm::raw_ostream &os) {
    compare::printComparison(c, os);
    return llvm::Error::success();
  });
}
