//===- TextFuzzer.cpp - Any text as a module of Weft's dialects -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Parses, verifies, prints, parses again. What must hold: no input crashes; a
// refusal has a diagnostic; what is accepted prints, in both forms, to text
// that is read back as the same module.
//
// MLIR itself is not instrumented and was built without assertions. The mutator
// therefore works on tokens, so that it is our parsers and verifiers that see
// most changes, and what only MLIR's own parser would see is kept within the
// limits of `tooMuchForMlir`.
//
//===----------------------------------------------------------------------===//
#include "Fabric/FabricOps.h"
#include "NN/NNOps.h"
#include "PE/PEOps.h"
#include "Require.h"
#include "Tokens.h"
#include "Wafer/WaferOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using weft::fuzz::require;

namespace {

/// A context for some hundreds of inputs: making one takes longer than an
/// input, but it keeps every type and attribute that it ever saw.
class Contexts {
public:
  MLIRContext &next() {
    if (!context || ++used == 256) {
      context = std::make_unique<MLIRContext>(registry(),
                                              MLIRContext::Threading::DISABLED);
      context->loadAllAvailableDialects();
      used = 0;
    }
    return *context;
  }

private:
  static const DialectRegistry &registry() {
    static const DialectRegistry registry = [] {
      DialectRegistry r;
      r.insert<arith::ArithDialect, memref::MemRefDialect, scf::SCFDialect,
               weft::nn::NNDialect, weft::wafer::WaferDialect,
               weft::fabric::FabricDialect, weft::pe::PEDialect>();
      return r;
    }();
    return registry;
  }
  std::unique_ptr<MLIRContext> context;
  unsigned used = 0;
};

/// Counts errors and keeps them, for messages.
class Errors {
public:
  explicit Errors(MLIRContext &context)
      : handler(&context, [&](Diagnostic &d) {
          if (d.getSeverity() == DiagnosticSeverity::Error)
            text += d.str() + "\n";
        }) {}
  std::string text;

private:
  ScopedDiagnosticHandler handler;
};

std::string printed(ModuleOp module, bool generic) {
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  if (generic)
    flags.printGenericOpForm();
  module.print(os, flags);
  return text;
}

void checkRoundTrip(ModuleOp module, Errors &errors) {
  std::string custom = printed(module, false);
  for (bool generic : {false, true}) {
    std::string text = generic ? printed(module, true) : custom;
    errors.text.clear();
    OwningOpRef<ModuleOp> again =
        parseSourceString<ModuleOp>(text, module.getContext());
    require(bool(again), "what is printed is accepted", errors.text + text);
    std::string second = printed(*again, false);
    require(second == custom, "what is printed is read the same",
            text + "\n--- read as\n" + second);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // MLIR's lexer looks at the byte after the text.
  std::string text(reinterpret_cast<const char *>(data), size);
  if (weft::fuzz::tooMuchForMlir(text))
    return -1; // not for the corpus
  static Contexts contexts;
  MLIRContext &context = contexts.next();
  Errors errors(context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module) {
    require(!errors.text.empty(), "a refusal has a diagnostic", text);
    return weft::fuzz::keepRefused(text) ? 0 : -1;
  }
  checkRoundTrip(*module, errors);
  return 0;
}
