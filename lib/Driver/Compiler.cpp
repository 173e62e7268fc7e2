//===- Compiler.cpp - From a model to a .weft file ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Driver/Compiler.h"
#include "CheckReport.h"
#include "Compilation.h"
#include "Fit.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Pass/PassManager.h"
#include "weft/Passes/Passes.h"

using namespace mlir;
using namespace weft;

Compilation::Compilation(const CompilerOptions &o)
    : o(o), diagnostics(context,
                        o.kernel.empty() ? o.model : "--kernel=" + o.kernel) {
  context.loadDialect<nn::NNDialect, wafer::WaferDialect, fabric::FabricDialect,
                      pe::PEDialect, scf::SCFDialect, arith::ArithDialect,
                      memref::MemRefDialect>();
  context.disableMultithreading();
  context.printOpOnDiagnostic(false);
}

ExitCode Compilation::run() {
  if (!o.check)
    return compile();
  diagnostics.collect(report.problems);
  return writeCheck(compile());
}

ExitCode Compilation::compile() {
  if (ExitCode code = loadMachine())
    return code;
  if (!o.remarks.empty())
    if (llvm::Error e = remarks.open(context, o.remarksFilter, modelName()))
      return fail(llvm::toString(std::move(e)));
  if (ExitCode code = loadModule())
    return code;
  if (o.check)
    describeModule(*module, report.summary);
  if (ExitCode code = convertFloats())
    return code;
  if (ExitCode code = layOutStates())
    return code;
  if (ExitCode code = loadPlan())
    return code;
  if (o.emit == Emit::NN)
    return print();
  if (o.compare)
    if (ExitCode code = prepareComparison())
      return code;
  if (ExitCode code = simplifyArithmetic())
    return code;
  OwningOpRef<ModuleOp> model = module->clone();
  ExitCode code = lower();
  if (!code)
    makeRoom(*model);
  if (!code)
    code = o.emit < Emit::Asm ? print() : finish();
  if (code == UserError && diagnostics.outOfMemory())
    adviseGrid(*model);
  return code;
}

ExitCode Compilation::fail(const Twine &message, ExitCode code) {
  diagnostics.error("option",
                    ((code == Internal ? "internal: " : "") + message).str());
  return code;
}

/// Runs the passes from the level that the module is at to the one wanted.
ExitCode Compilation::lower() {
  PassManager pm(&context);
  pm.enableVerifier(true);
  pm.addPass(createPartitionPass(target, o.plan.empty() ? nullptr : &plan));
  pm.addPass(createPlacePass());
  if (o.emit > Emit::Wafer) {
    pm.addPass(createExpandPass());
    pm.addPass(createAssignColorsPass());
  }
  if (o.emit > Emit::Fabric)
    pm.addPass(createSchedulePass());
  if (succeeded(pm.run(*module)))
    return Success;
  return diagnostics.internal() ? Internal : UserError;
}

/// Layouts are chosen before there is code. Where code then lacks room, data
/// are held to what that leaves, which may cost cycles, and layouts chosen
/// again.
void Compilation::makeRoom(ModuleOp model) {
  if (o.emit < Emit::PE || plan.given || model.getOps<nn::ProgramOp>().empty())
    return;
  // What is wrong is said of the first choice, by what comes after.
  ScopedDiagnosticHandler quiet(&context,
                                [](Diagnostic &) { return success(); });
  Fullest first = fullestClass(*module, target);
  Plan chosen = plan;
  uint64_t data = first.dataBytes;
  for (uint64_t most :
       {data - std::min(data, first.missing), data / 4 * 3, data / 2}) {
    if (!first.missing)
      break;
    auto options =
        remark::RemarkOpts::name("RoomForCode").category("weft-partition");
    remark::passed(module->getLoc(), options)
        << remark::metric("Missing", first.missing)
        << remark::metric("Capacity", most);
    plan = Plan();
    plan.file = chosen.file;
    OwningOpRef<ModuleOp> copy = model.clone();
    PassManager pm(&context);
    buildLowering(pm, target, o.plan.empty() ? nullptr : &plan, most);
    if (failed(pm.run(*copy)) || fullestClass(*copy, target).missing)
      continue;
    module = std::move(copy);
    return;
  }
  plan = std::move(chosen);
}

/// What would do instead. Below nn the choice of the grid lies behind.
void Compilation::adviseGrid(ModuleOp model) {
  if (model.getOps<nn::ProgramOp>().empty())
    return diagnostics.note("a larger grid gives each PE less to hold; compile "
                            "from the model again");
  StringRef name = o.target.empty() ? StringRef("wse2") : StringRef(o.target);
  llvm::Expected<Target> whole = resolveTarget(name, "", o.set);
  if (!whole) // the file was a pipe, or is gone: no advice
    return llvm::consumeError(whole.takeError());
  diagnostics.note(smallestGrid(model, target, *whole));
}

/// What is wrong with --compare and the options that belong to it, or empty.
static std::string wrongComparison(const CompilerOptions &options) {
  if (options.compare && options.check)
    return "found --compare and --check, allowed is one of them";
  if (options.compare && options.emit != Emit::Binary &&
      options.emit != Emit::Cost)
    return "--compare writes a table and no level, leave --emit out";
  if (options.compare)
    return "";
  if (!options.compareJson.empty())
    return "--compare-json needs --compare";
  if (!options.devices.empty())
    return "--device needs --compare";
  return options.tokens.empty() ? "" : "--tokens needs --compare";
}

/// What is wrong with the options by themselves, or empty.
static std::string wrongOptions(const CompilerOptions &options) {
  if (!llvm::is_contained({"keep", "f32", "f16", "bf16"}, options.dtype) ||
      !llvm::is_contained({"f32", "f16"}, options.acc))
    return "found --dtype=" + options.dtype + " --acc=" + options.acc +
           ", allowed are --dtype=keep, f32, f16 or bf16 and --acc=f32 or f16";
  if (options.model.empty() && options.kernel.empty())
    return "no model, give MODEL or --kernel=NAME:SIZES,TYPE";
  if (!options.model.empty() && !options.kernel.empty())
    return "found a MODEL and --kernel, allowed is one of them";
  if (std::string wrong = wrongComparison(options); !wrong.empty())
    return wrong;
  if (options.emit == Emit::Binary && options.output.empty() &&
      !options.check && !options.compare)
    return "no output file, give -o OUT.weft";
  if (!options.checkJson.empty() && !options.check)
    return "--check-json needs --check";
  if (!options.remarksFilter.empty() && options.remarks.empty())
    return "--remarks-filter needs --remarks=FILE";
  if (!options.costJson.empty() && options.emit < Emit::Asm)
    return "--cost-json needs code, allowed are --emit=asm, --emit=binary and "
           "--emit=cost";
  return "";
}

ExitCode weft::compile(const CompilerOptions &given) {
  if (std::string wrong = wrongOptions(given); !wrong.empty()) {
    llvm::errs() << "weftc: error: " << wrong << "\n";
    return UserError;
  }
  CompilerOptions options = given;
  if (options.compare)
    options.emit = Emit::Cost;
  return Compilation(options).run();
}
