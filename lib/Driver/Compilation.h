//===- Compilation.h - One run of weftc -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Loads a model or a module, lowers it to the level wanted, and writes the
// result: all of it, or nothing and a diagnostic. With --check the same is done
// up to the writing, and what was found is reported.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_COMPILATION_H
#define WEFT_LIB_DRIVER_COMPILATION_H

#include "Diagnostics.h"
#include "Fabric/FabricOps.h"
#include "NN/NNDialect.h"
#include "NN/NNOps.h"
#include "PE/PEOps.h"
#include "RemarkFile.h"
#include "Wafer/WaferOps.h"
#include "weft/Compare/Compare.h"
#include "weft/Cost/Cost.h"
#include "weft/Driver/Compiler.h"
#include "weft/Import/Import.h"
#include "weft/Passes/Plan.h"
#include "weft/Support/Output.h"
#include "weft/Target/Target.h"

namespace weft {

class Compilation {
public:
  explicit Compilation(const CompilerOptions &o);
  ExitCode run();

private:
  ExitCode compile();
  ExitCode fail(const mlir::Twine &message, ExitCode code = UserError);

  // Load.cpp, LoadOnnx.cpp.
  ExitCode loadMachine();
  ExitCode loadModule();
  ExitCode loadKernel();
  ExitCode loadText(const llvm::MemoryBuffer &text);
  ExitCode loadOnnx(const llvm::MemoryBuffer *input);
  ExitCode readDims(ImportOptions &import);
  ExitCode readConsts(llvm::ArrayRef<std::string> inputs,
                      ImportOptions &import);
  ExitCode readWeights(llvm::ArrayRef<std::string> inputs,
                       ImportOptions &import);
  ExitCode readValue(llvm::StringRef option, llvm::StringRef name,
                     llvm::StringRef file, ConstInput &value);
  ExitCode refuseModelOptions(llvm::StringRef what);
  ExitCode addStates();
  ExitCode layOutStates();
  ExitCode resume();
  ExitCode convertFloats();
  ExitCode simplifyArithmetic();
  ExitCode loadPlan();
  void attachLedger();
  void nameModule();
  llvm::StringRef modelName() const;

  // Comparison.cpp.
  ExitCode prepareComparison();
  ExitCode writeComparison(const cost::CostReport &cost);

  ExitCode lower();
  void makeRoom(mlir::ModuleOp model);
  void adviseGrid(mlir::ModuleOp model);

  // Write.cpp.
  ExitCode print();
  void keepInputs();
  ExitCode write(OutputSet::Write main);
  ExitCode finish();
  ExitCode check(const bin::Program &p);
  ExitCode addReport(const cost::CostReport &cost);
  ExitCode writeProgram(const bin::Program &p, const cost::CostReport &cost);
  ExitCode writeCheck(ExitCode code);

  const CompilerOptions &o;
  mlir::MLIRContext context;
  DiagnosticPrinter diagnostics;
  Target target;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ImportReport report;
  OutputSet outputs;
  std::vector<compare::Device> devices; // with --compare, as is
  compare::ModelWork work;
  RemarkFile remarks;
  Plan plan;
  bool codeIsGiven = false; // the module came as fabric or pe
};

} // namespace weft
#endif
