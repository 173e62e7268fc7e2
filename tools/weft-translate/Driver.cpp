//===- Driver.cpp - Command line of weft-translate ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// `weft-translate --import-onnx MODEL` prints nn IR, with `--ledger` the fate
// of every node instead. Errors go to stderr, one a line.
//
//===----------------------------------------------------------------------===//
#include "Driver.h"
#include "NN/NNDialect.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "weft/Import/Import.h"
#include "weft/Import/WeightStore.h"
#include "weft/Support/Output.h"
#include "weft/Support/Tool.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace weft;

static cl::OptionCategory category("weft-translate options");
static cl::opt<std::string> input(cl::Positional, cl::desc("MODEL"),
                                  cl::Required, cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("output file"), cl::init("-"),
                                   cl::cat(category));
static cl::opt<bool> importFlag("import-onnx",
                                cl::desc("read an ONNX model, write nn"),
                                cl::cat(category));
static cl::list<std::string> dimFlags("dim", cl::desc("extent of a dimension"),
                                      cl::value_desc("NAME=N"),
                                      cl::cat(category));
static cl::opt<bool> noRaise("no-raise",
                             cl::desc("stop before the raising passes"),
                             cl::cat(category));
static cl::opt<bool> ledgerFlag("ledger",
                                cl::desc("print the fate of every node"),
                                cl::cat(category));

/// Splits NAME=N at the last '=': names may contain one.
static bool parseDims(ImportOptions &options) {
  for (const std::string &text : dimFlags) {
    auto [name, value] = StringRef(text).rsplit('=');
    int64_t extent;
    if (name.empty() || value.getAsInteger(10, extent)) {
      errs() << "weft-translate: error: --dim " << text
             << ": expected NAME=N with a number N\n";
      return false;
    }
    auto [entry, isNew] = options.dims.try_emplace(name.str(), extent);
    if (!isNew && entry->second != extent) {
      errs() << "weft-translate: error: found --dim " << text << " and "
             << entry->second << " before, allowed is one value\n";
      return false;
    }
  }
  return true;
}

static void printLedger(const ImportReport &report, raw_ostream &os) {
  static const char *const fates[] = {"executed", "folded", "merged", "dead"};
  for (const bin::LedgerEntry &entry : report.ledger)
    os << '#' << entry.index << " '" << entry.name << "' " << entry.op << ' '
       << fates[entry.fate] << '\n';
}

static int writeModule(mlir::ModuleOp module, const ImportReport &report) {
  OutputSet files;
  files.keep(input);
  auto *nn = module.getContext()->getLoadedDialect<nn::NNDialect>();
  for (const std::string &weights : nn->getWeights()->paths())
    files.keep(weights);
  Error e = files.add(output, [&](raw_ostream &os) {
    if (ledgerFlag)
      printLedger(report, os);
    else
      module->print(os);
    return Error::success();
  });
  if (!e)
    e = files.commit();
  if (!e)
    return 0;
  errs() << "weft-translate: error: " << toString(std::move(e)) << '\n';
  return 1;
}

static int importModel() {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  ImportOptions options;
  ImportReport report;
  options.raise = !noRaise;
  if (!parseDims(options))
    return 1;
  auto module = importOnnx(context, input, options, report);
  for (const std::string &warning : report.warnings)
    errs() << warning << '\n';
  for (const std::string &error : report.errors)
    errs() << error << '\n';
  if (!module)
    return report.internal ? 3 : 1;
  return writeModule(*module, report);
}

int weft::translateMain(int argc, char **argv) {
  mlir::registerMLIRContextCLOptions();
  mlir::registerAsmPrinterCLOptions();
  if (!parseOptions("weft-translate", argc, argv, "Weft translator\n",
                    category))
    return 1;
  if (!importFlag) {
    errs() << "weft-translate: error: nothing to do, expected --import-onnx\n";
    return 1;
  }
  return importModel();
}
