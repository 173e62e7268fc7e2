//===- Compiler.cpp - From a model to a .weft file ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Driver/Compiler.h"
#include "Diagnostics.h"
#include "Fabric/FabricOps.h"
#include "NN/NNDialect.h"
#include "NN/NNOps.h"
#include "PE/Emit/Emit.h"
#include "Wafer/WaferOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "weft/Binary/Dump.h"
#include "weft/Binary/File.h"
#include "weft/Cost/Cost.h"
#include "weft/Import/Constant.h"
#include "weft/Import/Import.h"
#include "weft/Passes/Passes.h"
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
      : o(o), diagnostics(context, o.model) {
    context.loadDialect<nn::NNDialect, wafer::WaferDialect,
                        fabric::FabricDialect, pe::PEDialect, scf::SCFDialect,
                        arith::ArithDialect, memref::MemRefDialect>();
    context.disableMultithreading();
    context.printOpOnDiagnostic(false);
  }

  ExitCode run() {
    if (ExitCode code = loadMachine())
      return code;
    if (ExitCode code = loadModule())
      return code;
    if (o.emit == Emit::NN)
      return print();
    if (ExitCode code = lower())
      return code;
    if (o.emit < Emit::Asm)
      return print();
    return finish();
  }

private:
  const CompilerOptions &o;
  MLIRContext context;
  DiagnosticPrinter diagnostics;
  Target target;
  OwningOpRef<ModuleOp> module;
  ImportReport report;

  ExitCode fail(const Twine &message, ExitCode code = UserError) {
    llvm::errs() << "weftc: error: " << (code == Internal ? "internal: " : "")
                 << message << "\n";
    return code;
  }

  ExitCode loadMachine() {
    llvm::Expected<Target> t = loadTarget(o.target);
    if (!t)
      return fail(llvm::toString(t.takeError()));
    target = std::move(*t);
    for (const std::string &s : o.set)
      if (llvm::Error e = setField(target, s))
        return fail(llvm::toString(std::move(e)));
    if (o.grid.empty())
      return Success;
    auto [w, h] = StringRef(o.grid).split('x');
    uint32_t width = 0, height = 0;
    if (w.getAsInteger(10, width) || h.getAsInteger(10, height) || !width ||
        !height)
      return fail("found --grid=" + o.grid +
                  ", allowed is WIDTHxHEIGHT with both at least 1");
    if (llvm::Error e = cutGrid(target, width, height))
      return fail(llvm::toString(std::move(e)));
    return Success;
  }

  ExitCode loadModule() {
    StringRef extension = llvm::sys::path::extension(o.model);
    if (extension == ".mlir") {
      module = parseSourceFile<ModuleOp>(o.model, &context);
      if (module)
        return attachWeights();
      return UserError;
    }
    ImportOptions import;
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
    for (const std::string &line : report.errors)
      llvm::errs() << line << "\n";
    if (!module)
      return report.internal ? Internal : UserError;
    attachLedger();
    return Success;
  }

  ExitCode addConstant(StringRef nameAndFile, ImportOptions &import) {
    auto [name, file] = nameAndFile.split('=');
    if (name.empty() || file.empty())
      return fail("found --const " + nameAndFile + ", allowed is NAME=FILE");
    llvm::Expected<FileTensor> tensor = readTensor(file);
    if (!tensor)
      return fail(file + ": " + llvm::toString(tensor.takeError()));
    ConstInput &c = import.consts[name.str()];
    c.type = tensor->type;
    c.shape.assign(tensor->shape.begin(), tensor->shape.end());
    c.bytes = std::move(tensor->bytes);
    return Success;
  }

  /// Weight references in a module are relative to the module's folder.
  ExitCode attachWeights() {
    auto store = std::make_shared<WeightStore>(
        llvm::sys::path::parent_path(o.model).str());
    context.getLoadedDialect<nn::NNDialect>()->setWeights(store);
    return Success;
  }

  void attachLedger() {
    OpBuilder b(&context);
    SmallVector<Attribute> entries;
    for (const bin::LedgerEntry &e : report.ledger)
      entries.push_back(
          b.getArrayAttr({b.getI64IntegerAttr(e.index), b.getStringAttr(e.name),
                          b.getStringAttr(e.op), b.getI64IntegerAttr(e.fate)}));
    (*module)->setAttr("weft.ledger", b.getArrayAttr(entries));
  }

  /// Runs the passes from the level that the module is at to the one wanted.
  ExitCode lower() {
    PassManager pm(&context);
    pm.enableVerifier(true);
    pm.addPass(createPartitionPass(target));
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

  ExitCode print() {
    auto write = [&](llvm::raw_ostream &os) {
      OpPrintingFlags flags;
      flags.enableDebugInfo(true, false);
      module->print(os, flags);
    };
    if (llvm::Error e = writeOutput(o.output.empty() ? "-" : o.output, write))
      return fail(llvm::toString(std::move(e)));
    return Success;
  }

  /// Bytes of a tensor: inline, or the constant expression of a symbol.
  llvm::Expected<ArrayRef<uint8_t>> bytesOf(pe::TensorOp tensor) {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(tensor.getSource());
    if (!symbol)
      return pe::blobSource(llvm::sys::path::parent_path(o.model))(tensor);
    auto constant = module->lookupSymbol<wafer::ConstantOp>(symbol.getValue());
    if (!constant)
      return llvm::createStringError("no wafer.constant '" + symbol.getValue() +
                                     "'");
    Value value = constant.getBody().front().getTerminator()->getOperand(0);
    llvm::Expected<std::vector<uint8_t>> bytes = evaluateConstant(value);
    if (!bytes)
      return bytes.takeError();
    storage.push_back(std::move(*bytes));
    return ArrayRef<uint8_t>(storage.back());
  }
  std::deque<std::vector<uint8_t>> storage;

  ExitCode finish() {
    auto programs = llvm::to_vector(module->getOps<pe::ProgramOp>());
    if (programs.size() != 1)
      return fail("the module holds " + Twine(programs.size()) +
                  " programs, allowed is one");
    auto emitted =
        pe::emitProgram(programs.front(), target,
                        [&](pe::TensorOp tensor) { return bytesOf(tensor); });
    if (!emitted) {
      std::string text = llvm::toString(emitted.takeError());
      return diagnostics.count() ? UserError : fail(text);
    }
    bin::Program &p = emitted->program;
    p.targetYaml = printTarget(target);
    p.name = llvm::sys::path::stem(o.model).str();
    for (auto [cls, kernels] : llvm::zip(p.classes, emitted->callKernels))
      cls.callKernels = kernels;
    llvm::Expected<cost::CostReport> cost = cost::embed(p, target);
    if (!cost)
      return fail(llvm::toString(cost.takeError()), Internal);
    if (ExitCode code = check(p))
      return code;
    if (ExitCode code = writeReport(*cost))
      return code;
    return writeProgram(p, *cost);
  }

  /// The independent checker on what is about to be written.
  ExitCode check(const bin::Program &p) {
    verify::Result result = verify::verify(p, target);
    for (const verify::Finding &f : result.findings)
      llvm::errs() << "weftc: error: internal: " << f.rule << ": " << f.message
                   << "\n";
    return result.ok() ? Success : Internal;
  }

  ExitCode writeReport(const cost::CostReport &cost) {
    if (o.costJson.empty())
      return Success;
    auto write = [&](llvm::raw_ostream &os) {
      os << llvm::formatv("{0:2}", cost::toJson(cost)) << "\n";
    };
    if (llvm::Error e = writeOutput(o.costJson, write))
      return fail(llvm::toString(std::move(e)));
    return Success;
  }

  ExitCode writeProgram(const bin::Program &p, const cost::CostReport &cost) {
    llvm::Error e = llvm::Error::success();
    if (o.emit == Emit::Binary) {
      e = bin::writeFile(p, o.output);
    } else {
      auto write = [&](llvm::raw_ostream &os) {
        if (o.emit == Emit::Asm)
          bin::dumpCode(p, os);
        else
          cost::printTable(cost, os);
      };
      e = writeOutput(o.output.empty() ? "-" : o.output, write);
    }
    if (e)
      return fail(llvm::toString(std::move(e)));
    return Success;
  }
};
} // namespace

ExitCode weft::compile(const CompilerOptions &options) {
  if ((options.dtype != "keep" && options.dtype != "f32") ||
      options.acc != "f32") {
    llvm::errs() << "weftc: error: found --dtype=" << options.dtype
                 << " --acc=" << options.acc
                 << ", supported are --dtype=keep, --dtype=f32 and --acc=f32\n";
    return UserError;
  }
  if (options.emit == Emit::Binary && options.output.empty()) {
    llvm::errs() << "weftc: error: no output file, give -o OUT.weft\n";
    return UserError;
  }
  return Compilation(options).run();
}
