//===- Write.cpp - What weftc writes ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "CheckReport.h"
#include "Compilation.h"
#include "PE/Emit/Emit.h"
#include "weft/Binary/Dump.h"
#include "weft/Binary/File.h"
#include "weft/Driver/ProgramData.h"
#include "weft/Verify/Verifier.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace weft;

ExitCode Compilation::print() {
  return write([&](llvm::raw_ostream &os) {
    OpPrintingFlags flags;
    flags.enableDebugInfo(true, false);
    module->print(os, flags);
    return llvm::Error::success();
  });
}

/// No output replaces what the model, the machine or the plan came from.
void Compilation::keepInputs() {
  outputs.keep(o.model);
  outputs.keep(o.target);
  if (plan.given)
    outputs.keep(o.plan);
  for (const std::string &device : o.devices)
    outputs.keep(device);
  auto store = context.getLoadedDialect<nn::NNDialect>()->getWeights();
  for (const std::string &file :
       store ? store->paths() : std::vector<std::string>())
    outputs.keep(file);
}

/// The main output and those beside it: all of them, or none.
ExitCode Compilation::write(OutputSet::Write main) {
  if (o.check) { // made, but not kept
    llvm::Error e = main(llvm::nulls());
    return e ? fail(llvm::toString(std::move(e))) : Success;
  }
  llvm::Error e = outputs.add(o.output.empty() ? "-" : o.output, main);
  if (!e && !o.plan.empty() && !plan.given)
    e = outputs.add(o.plan, [this](llvm::raw_ostream &os) {
      printPlan(plan, os);
      return llvm::Error::success();
    });
  if (!e && !o.remarks.empty())
    e = outputs.add(o.remarks, [this](llvm::raw_ostream &os) {
      os << remarks.text();
      return llvm::Error::success();
    });
  keepInputs();
  if (!e)
    e = outputs.commit();
  return e ? fail(llvm::toString(std::move(e))) : Success;
}

ExitCode Compilation::finish() {
  auto program = *module->getOps<pe::ProgramOp>().begin();
  // Holds the bytes until the program is written.
  StringRef folder = llvm::sys::path::parent_path(o.model);
  pe::TensorSource data = o.emit == Emit::Binary
                              ? programData(*module, folder)
                              : programSizes(*module, folder);
  auto emitted = pe::emitProgram(program, target, data);
  if (!emitted) {
    std::string text = llvm::toString(emitted.takeError());
    return diagnostics.count() ? UserError : fail(text);
  }
  bin::Program &p = emitted->program;
  p.targetYaml = printTarget(target);
  p.name = module->getSymName()->str();
  for (auto [cls, kernels] : llvm::zip(p.classes, emitted->callKernels))
    cls.callKernels = kernels;
  llvm::Expected<cost::CostReport> cost = cost::embed(p, target);
  if (!cost)
    return fail(llvm::toString(cost.takeError()),
                codeIsGiven ? UserError : Internal);
  if (ExitCode code = check(p))
    return code;
  remarkProgram(module->getLoc(), p, *cost, target);
  if (ExitCode code = addReport(*cost))
    return code;
  return o.compare ? writeComparison(*cost) : writeProgram(p, *cost);
}

/// The independent checker on what is about to be written. Code that was
/// given, as fabric or pe, is the user's.
ExitCode Compilation::check(const bin::Program &p) {
  verify::Result result = verify::verify(p, target);
  for (const verify::Finding &f : result.findings)
    diagnostics.error("program", (codeIsGiven ? "" : "internal: ") + f.rule +
                                     ": " + f.message);
  if (result.ok())
    return Success;
  return codeIsGiven ? UserError : Internal;
}

ExitCode Compilation::addReport(const cost::CostReport &cost) {
  if (o.costJson.empty() || o.check)
    return Success;
  llvm::Error e = outputs.add(o.costJson, [&](llvm::raw_ostream &os) {
    os << llvm::formatv("{0:2}", cost::toJson(cost)) << "\n";
    return llvm::Error::success();
  });
  return e ? fail(llvm::toString(std::move(e))) : Success;
}

ExitCode Compilation::writeProgram(const bin::Program &p,
                                   const cost::CostReport &cost) {
  return write([&](llvm::raw_ostream &os) -> llvm::Error {
    if (o.emit == Emit::Binary)
      return bin::writeStream(p, os);
    if (o.emit == Emit::Asm)
      bin::dumpCode(p, os);
    else
      cost::printTable(cost, os);
    return llvm::Error::success();
  });
}

ExitCode Compilation::writeCheck(ExitCode code) {
  CheckReport check{o.kernel.empty() ? o.model : "--kernel=" + o.kernel,
                    target.name,
                    {target.gridW, target.gridH},
                    code == Success,
                    report,
                    diagnostics.advice};
  OutputSet files;
  llvm::Error e = llvm::Error::success();
  if (o.checkJson != "-")
    e = files.add("-", [&](llvm::raw_ostream &os) {
      printCheck(check, os);
      return llvm::Error::success();
    });
  if (!e && !o.checkJson.empty())
    e = files.add(o.checkJson, [&](llvm::raw_ostream &os) {
      os << llvm::formatv("{0:2}", checkJson(check)) << "\n";
      return llvm::Error::success();
    });
  if (!e)
    e = files.commit();
  if (!e)
    return code;
  llvm::errs() << "weftc: error: " << llvm::toString(std::move(e)) << "\n";
  return code ? code : UserError;
}
