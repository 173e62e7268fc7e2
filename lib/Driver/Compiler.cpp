//===- Compiler.cpp - From a model to a .weft file ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Driver/Compiler.h"
#include "Diagnostics.h"
#include "Fabric/FabricOps.h"
#include "Fit.h"
#include "KernelModel.h"
#include "NN/NNDialect.h"
#include "NN/NNOps.h"
#include "PE/Emit/Emit.h"
#include "RemarkFile.h"
#include "Resume.h"
#include "State.h"
#include "Wafer/WaferOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "weft/Binary/Dump.h"
#include "weft/Binary/File.h"
#include "weft/Cost/Cost.h"
#include "weft/Driver/ProgramData.h"
#include "weft/Import/Import.h"
#include "weft/Import/Passes.h"
#include "weft/Passes/Passes.h"
#include "weft/Passes/Plan.h"
#include "weft/Support/Output.h"
#include "weft/Support/TensorFile.h"
#include "weft/Verify/Verifier.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace weft;

namespace {
class Compilation {
public:
  explicit Compilation(const CompilerOptions &o)
      : o(o), diagnostics(context,
                          o.kernel.empty() ? o.model : "--kernel=" + o.kernel) {
    context.loadDialect<nn::NNDialect, wafer::WaferDialect,
                        fabric::FabricDialect, pe::PEDialect, scf::SCFDialect,
                        arith::ArithDialect, memref::MemRefDialect>();
    context.disableMultithreading();
    context.printOpOnDiagnostic(false);
  }

  ExitCode run() {
    if (ExitCode code = loadMachine())
      return code;
    if (!o.remarks.empty())
      if (llvm::Error e = remarks.open(context, o.remarksFilter, modelName()))
        return fail(llvm::toString(std::move(e)));
    if (ExitCode code = loadModule())
      return code;
    if (ExitCode code = convertFloats())
      return code;
    if (ExitCode code = layOutStates())
      return code;
    if (ExitCode code = loadPlan())
      return code;
    if (o.emit == Emit::NN)
      return print();
    OwningOpRef<ModuleOp> model = module->clone();
    ExitCode code = lower();
    if (!code)
      code = o.emit < Emit::Asm ? print() : finish();
    if (code == UserError && diagnostics.outOfMemory())
      adviseGrid(*model);
    return code;
  }

private:
  const CompilerOptions &o;
  MLIRContext context;
  DiagnosticPrinter diagnostics;
  Target target;
  OwningOpRef<ModuleOp> module;
  ImportReport report;
  OutputSet outputs;
  RemarkFile remarks;
  Plan plan;
  bool codeIsGiven = false; // the module came as fabric or pe

  ExitCode fail(const Twine &message, ExitCode code = UserError) {
    llvm::errs() << "weftc: error: " << (code == Internal ? "internal: " : "")
                 << message << "\n";
    return code;
  }

  ExitCode loadMachine() {
    StringRef name = o.target.empty() ? StringRef("wse2") : StringRef(o.target);
    llvm::Expected<Target> t = resolveTarget(name, o.grid, o.set);
    if (!t)
      return fail(llvm::toString(t.takeError()));
    target = std::move(*t);
    return Success;
  }

  ExitCode loadModule() {
    if (!o.kernel.empty())
      return loadKernel();
    llvm::Expected<ModelText> model = readModelText(o.model);
    if (!model)
      return fail(llvm::toString(model.takeError()));
    if (model->text)
      return loadText(*model->text);
    return loadOnnx(model->input.get());
  }

  ExitCode loadKernel() {
    if (!o.dims.empty() || !o.consts.empty())
      return fail("--dim and --const are for ONNX models; a kernel leaves "
                  "nothing open");
    auto built = buildKernelModel(context, o.kernel);
    if (!built)
      return fail(llvm::toString(built.takeError()));
    module = std::move(*built);
    return addStates();
  }

  /// MLIR at any level; what it states about the machine holds.
  ExitCode loadText(const llvm::MemoryBuffer &text) {
    if (!o.dims.empty() || !o.consts.empty())
      return fail("--dim and --const are for ONNX models; a module leaves "
                  "nothing open");
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
  ExitCode addStates() {
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
  ExitCode layOutStates() {
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

  ExitCode resume() {
    llvm::Expected<Emit> level = levelOf(*module);
    if (!level)
      return fail(llvm::toString(level.takeError()));
    codeIsGiven = *level > Emit::Wafer;
    if (o.emit < *level)
      return fail("the module is already lower than the level to stop at");
    llvm::Expected<std::optional<Target>> stated = machineOf(*module);
    if (!stated)
      return fail("target of the module: " +
                  llvm::toString(stated.takeError()));
    if (!*stated)
      return Success;
    bool given = !o.target.empty() || !o.grid.empty() || !o.set.empty();
    if (given && printTarget(target) != printTarget(**stated))
      return fail("the module is for another machine than --target, --grid and "
                  "--set say; leave them out, or compile from the model again");
    target = std::move(**stated);
    return Success;
  }

  StringRef modelName() const {
    if (!o.kernel.empty())
      return StringRef(o.kernel).split(':').first;
    StringRef stem = llvm::sys::path::stem(o.model);
    return stem == "-" ? StringRef("stdin") : stem;
  }

  /// The program's name, for reports; it survives printing.
  void nameModule() {
    if (!module->getSymName())
      module->setSymName(modelName());
  }

  ExitCode loadOnnx(const llvm::MemoryBuffer *input) {
    ImportOptions import;
    import.input = input;
    for (const std::string &d : o.dims) {
      auto [name, value] = StringRef(d).rsplit('=');
      int64_t n = 0;
      if (name.empty() || value.getAsInteger(10, n) || n < 1)
        return fail("found --dim " + d +
                    ", allowed is NAME=N with N at least 1");
      import.dims[name.str()] = n;
    }
    for (const std::string &c : o.consts)
      if (ExitCode code = addConstant(c, import))
        return code;
    module = importOnnx(context, o.model, import, report);
    for (const std::string &line : report.warnings)
      llvm::errs() << line << "\n";
    for (const std::string &line : report.errors)
      llvm::errs() << line << "\n";
    if (!module)
      return report.internal ? Internal : UserError;
    if (ExitCode code = addStates())
      return code;
    attachLedger();
    nameModule();
    return Success;
  }

  ExitCode addConstant(StringRef nameAndFile, ImportOptions &import) {
    auto [name, file] = nameAndFile.split('=');
    if (name.empty() || file.empty())
      return fail("found --const " + nameAndFile + ", allowed is NAME=FILE");
    llvm::Expected<FileTensor> tensor = readTensor(file);
    if (!tensor)
      return fail("--const " + name + ": " +
                  llvm::toString(tensor.takeError()));
    ConstInput &c = import.consts[name.str()];
    c.type = tensor->type;
    c.shape.assign(tensor->shape.begin(), tensor->shape.end());
    c.bytes = std::move(tensor->bytes);
    return Success;
  }

  void attachLedger() {
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
  ExitCode convertFloats() {
    if (o.dtype == "keep" && o.acc == "f32")
      return Success;
    if (module->getOps<nn::ProgramOp>().empty())
      return fail("--dtype and --acc are for ONNX models and modules of the nn "
                  "dialect; lower levels state their types");
    PassManager pm(&context);
    pm.addPass(createConvertFloatsPass(o.dtype, o.acc));
    return succeeded(pm.run(*module)) ? Success : Internal;
  }

  /// A plan that is there is obeyed; one that is not will be written.
  ExitCode loadPlan() {
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
      llvm::errs() << llvm::toString(read.takeError()) << "\n";
      return UserError;
    }
    plan = std::move(*read);
    return Success;
  }

  /// Runs the passes from the level that the module is at to the one wanted.
  ExitCode lower() {
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

  /// What would do instead. Below nn the choice of the grid lies behind.
  void adviseGrid(ModuleOp model) {
    if (model.getOps<nn::ProgramOp>().empty())
      return diagnostics.note(
          "a larger grid gives each PE less to hold; compile "
          "from the model again");
    StringRef name = o.target.empty() ? StringRef("wse2") : StringRef(o.target);
    llvm::Expected<Target> whole = resolveTarget(name, "", o.set);
    if (!whole) // the file was a pipe, or is gone: no advice
      return llvm::consumeError(whole.takeError());
    diagnostics.note(smallestGrid(model, target, *whole));
  }

  ExitCode print() {
    return write([&](llvm::raw_ostream &os) {
      OpPrintingFlags flags;
      flags.enableDebugInfo(true, false);
      module->print(os, flags);
      return llvm::Error::success();
    });
  }

  /// The main output and those beside it: all of them, or none.
  ExitCode write(OutputSet::Write main) {
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
    if (!e)
      e = outputs.commit();
    return e ? fail(llvm::toString(std::move(e))) : Success;
  }

  ExitCode finish() {
    auto program = *module->getOps<pe::ProgramOp>().begin();
    // Holds the bytes until the program is written.
    pe::TensorSource data =
        programData(*module, llvm::sys::path::parent_path(o.model));
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
    return writeProgram(p, *cost);
  }

  /// The independent checker on what is about to be written. Code that was
  /// given, as fabric or pe, is the user's.
  ExitCode check(const bin::Program &p) {
    verify::Result result = verify::verify(p, target);
    for (const verify::Finding &f : result.findings)
      llvm::errs() << "weftc: error: " << (codeIsGiven ? "" : "internal: ")
                   << f.rule << ": " << f.message << "\n";
    if (result.ok())
      return Success;
    return codeIsGiven ? UserError : Internal;
  }

  ExitCode addReport(const cost::CostReport &cost) {
    if (o.costJson.empty())
      return Success;
    llvm::Error e = outputs.add(o.costJson, [&](llvm::raw_ostream &os) {
      os << llvm::formatv("{0:2}", cost::toJson(cost)) << "\n";
      return llvm::Error::success();
    });
    return e ? fail(llvm::toString(std::move(e))) : Success;
  }

  ExitCode writeProgram(const bin::Program &p, const cost::CostReport &cost) {
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
};
} // namespace

ExitCode weft::compile(const CompilerOptions &options) {
  if (!llvm::is_contained({"keep", "f32", "f16", "bf16"}, options.dtype) ||
      !llvm::is_contained({"f32", "f16"}, options.acc)) {
    llvm::errs() << "weftc: error: found --dtype=" << options.dtype
                 << " --acc=" << options.acc
                 << ", allowed are --dtype=keep, f32, f16 or bf16 and "
                    "--acc=f32 or f16\n";
    return UserError;
  }
  if (options.model.empty() == options.kernel.empty()) {
    llvm::errs() << "weftc: error: "
                 << (options.model.empty()
                         ? "no model, give MODEL or --kernel=NAME:SIZES,TYPE"
                         : "found a MODEL and --kernel, allowed is one of them")
                 << "\n";
    return UserError;
  }
  if (options.emit == Emit::Binary && options.output.empty()) {
    llvm::errs() << "weftc: error: no output file, give -o OUT.weft\n";
    return UserError;
  }
  if (!options.remarksFilter.empty() && options.remarks.empty()) {
    llvm::errs() << "weftc: error: --remarks-filter needs --remarks=FILE\n";
    return UserError;
  }
  if (!options.costJson.empty() && options.emit < Emit::Asm) {
    llvm::errs() << "weftc: error: --cost-json needs code, allowed are "
                    "--emit=asm, --emit=binary and --emit=cost\n";
    return UserError;
  }
  return Compilation(options).run();
}
