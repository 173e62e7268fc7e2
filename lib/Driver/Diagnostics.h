//===- Diagnostics.h - MLIR diagnostics as users of weftc see them --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_DIAGNOSTICS_H
#define WEFT_LIB_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include <string>

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
  /// A note on the model as a whole.
  void note(const std::string &text);

private:
  void print(mlir::Location loc, llvm::StringRef kind, const std::string &text);

  std::string model;
  unsigned errors = 0;
  bool sawInternal = false, sawMemory = false;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace weft

#endif
