//===- Load.cpp - What weftc is given -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Compilation.h"
#include "KernelModel.h"
#include "Resume.h"
#include "State.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "weft/Import/Passes.h"
#include "weft/Passes/Passes.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace weft;

ExitCode Compilation::loadMachine() {
  StringRef name = o.target.empty() ? StringRef("wse2") : StringRef(o.target);
  llvm::Expected<Target> t = resolveTarget(name, o.grid, o.set);
  if (!t)
    return fail(llvm::toString(t.takeError()));
  target = std::move(*t);
  return Success;
}

ExitCode Compilation::loadModule() {
  if (!o.kernel.empty())
    return loadKernel();
  llvm::Expected<ModelText> model = readModelText(o.model);
  if (!model)
    return fail(llvm::toString(model.takeError()));
  if (model->text)
    return loadText(*model->text);
  return loadOnnx(model->input.get());
}

ExitCode Compilation::refuseModelOptions(StringRef what) {
  if (o.dims.empty() && o.consts.empty() && o.weights.empty())
    return Success;
  return fail("--dim, --const and --weight are for ONNX models; " + what +
              " leaves nothing open");
}

ExitCode Compilation::loadKernel() {
  if (ExitCode code = refuseModelOptions("a kernel"))
    return code;
  auto built = buildKernelModel(context, o.kernel);
  if (!built)
    return fail(llvm::toString(built.takeError()));
  module = std::move(*built);
  return addStates();
}

/// MLIR at any level; what it states about the machine holds.
ExitCode Compilation::loadText(const llvm::MemoryBuffer &text) {
  if (ExitCode code = refuseModelOptions("a module"))
    return code;
  StringRef name = o.model == "-" ? StringRef("<stdin>") : StringRef(o.model);
  module = parseSourceString<ModuleOp>(text.getBuffer(), &context, name);
  if (!module)
    return UserError;
  // Weight references in a module are relative to its folder.
  context.getLoadedDialect<nn::NNDialect>()->setWeights(
      std::make_shared<WeightStore>(
          llvm::sys::path::parent_path(o.model).str()));
  nameModule();
  if (ExitCode code = addStates())
    return code;
  return o.emit == Emit::NN ? Success : resume();
}

/// --state, on a module at nn.
ExitCode Compilation::addStates() {
  if (o.states.empty())
    return Success;
  auto programs = module->getOps<nn::ProgramOp>();
  if (programs.empty())
    return fail("--state is for ONNX models and modules of nn; what is lower "
                "has its states");
  for (nn::ProgramOp program : programs)
    if (llvm::Error e = bindStates(program, o.states))
      return fail(llvm::toString(std::move(e)));
  return Success;
}

/// Once types are final.
ExitCode Compilation::layOutStates() {
  if (o.states.empty())
    return Success;
  PassManager pm(&context);
  buildStatePipeline(pm);
  if (failed(pm.run(*module)))
    return Internal;
  if (!report.ledger.empty()) {
    updateLedger(*module, report.ledger);
    attachLedger();
  }
  if (llvm::Error e = checkStates(*module))
    return fail(llvm::toString(std::move(e)));
  return Success;
}

ExitCode Compilation::resume() {
  llvm::Expected<Emit> level = levelOf(*module);
  if (!level)
    return fail(llvm::toString(level.takeError()));
  codeIsGiven = *level > Emit::Wafer;
  if (o.emit < *level)
    return fail("the module is already lower than the level to stop at");
  llvm::Expected<std::optional<Target>> stated = machineOf(*module);
  if (!stated)
    return fail("target of the module: " + llvm::toString(stated.takeError()));
  if (!*stated)
    return Success;
  bool given = !o.target.empty() || !o.grid.empty() || !o.set.empty();
  if (given && printTarget(target) != printTarget(**stated))
    return fail("the module is for another machine than --target, --grid and "
                "--set say; leave them out, or compile from the model again");
  target = std::move(**stated);
  return Success;
}

StringRef Compilation::modelName() const {
  if (!o.kernel.empty())
    return StringRef(o.kernel).split(':').first;
  StringRef stem = llvm::sys::path::stem(o.model);
  return stem == "-" ? StringRef("stdin") : stem;
}

/// The program's name, for reports; it survives printing.
void Compilation::nameModule() {
  if (!module->getSymName())
    module->setSymName(modelName());
}

void Compilation::attachLedger() {
  OpBuilder b(&context);
  SmallVector<Attribute> entries;
  for (auto [e, outputs] : llvm::zip(report.ledger, report.nodeOutputs)) {
    SmallVector<StringRef> names(outputs.begin(), outputs.end());
    entries.push_back(
        b.getArrayAttr({b.getI64IntegerAttr(e.index), b.getStringAttr(e.name),
                        b.getStringAttr(e.op), b.getI64IntegerAttr(e.fate),
                        b.getStrArrayAttr(names)}));
  }
  (*module)->setAttr("weft.ledger", b.getArrayAttr(entries));
}

/// --dtype and --acc, which are for the tensor graph.
ExitCode Compilation::convertFloats() {
  if (o.dtype == "keep" && o.acc == "f32")
    return Success;
  if (module->getOps<nn::ProgramOp>().empty())
    return fail("--dtype and --acc are for ONNX models and modules of the nn "
                "dialect; lower levels state their types");
  PassManager pm(&context);
  pm.addPass(createConvertFloatsPass(o.dtype, o.acc));
  return succeeded(pm.run(*module)) ? Success : Internal;
}

/// What needs final types, and would hide what a reader of nn looks for.
ExitCode Compilation::simplifyArithmetic() {
  if (module->getOps<nn::ProgramOp>().empty())
    return Success;
  PassManager pm(&context);
  pm.addPass(createKnownDivisorsPass());
  return succeeded(pm.run(*module)) ? Success : Internal;
}

/// A plan that is there is obeyed; one that is not will be written.
ExitCode Compilation::loadPlan() {
  if (o.plan.empty())
    return Success;
  llvm::Expected<Emit> level = levelOf(*module);
  if (!level)
    return fail(llvm::toString(level.takeError()));
  if (*level != Emit::NN || o.emit == Emit::NN)
    return fail("--plan is for what comes from a model or an nn module and "
                "goes to --emit=wafer or further");
  llvm::Expected<Plan> read = readPlan(o.plan);
  if (!read) {
    diagnostics.line("option", llvm::toString(read.takeError()));
    return UserError;
  }
  plan = std::move(*read);
  return Success;
}
