//===- Diagnostics.h - MLIR diagnostics as users of weftc see them --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_DIAGNOSTICS_H
#define WEFT_LIB_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "weft/Import/Import.h"
#include <string>
#include <vector>

namespace weft {

/// Prints errors and notes on stderr: `file:line:col: error: ...` for text,
/// `MODEL: error: node 'N' (Op, #i): ...` for what came from ONNX.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(mlir::MLIRContext &context, std::string model);
  unsigned count() const { return errors; }
  /// Did a message begin with `internal`?
  bool internal() const { return sawInternal; }
  /// Did an error say that a PE's memory is too small?
  bool outOfMemory() const { return sawMemory; }
  /// An error of the tool, with no place in the model.
  void error(llvm::StringRef kind, const std::string &text);
  /// A complete line that another part wrote.
  void line(llvm::StringRef kind, const std::string &text);
  /// A note on the model as a whole.
  void note(const std::string &text);

  /// From now on errors go to `list` and notes to `advice`; what is Weft's own
  /// fault is printed as well.
  void collect(std::vector<ImportProblem> &list) { problems = &list; }
  std::vector<std::string> advice;

private:
  void keep(mlir::Location loc, const std::string &place,
            const std::string &text);
  void print(mlir::Location loc, llvm::StringRef kind, const std::string &text);

  std::string model;
  unsigned errors = 0;
  bool sawInternal = false, sawMemory = false;
  std::vector<ImportProblem> *problems = nullptr;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace weft

#endif
