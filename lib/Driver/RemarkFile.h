//===- RemarkFile.h - Remarks as YAML -------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_REMARKFILE_H
#define WEFT_LIB_DRIVER_REMARKFILE_H

#include "mlir/IR/MLIRContext.h"
#include "weft/Binary/Program.h"
#include "weft/Cost/Cost.h"
#include "weft/Target/Target.h"
#include <memory>
#include <string>

namespace weft {

/// What MLIR's remark engine is told, in LLVM's YAML format, one document per
/// remark and each once. ONNX nodes of a location become the argument `Nodes`.
class RemarkFile {
public:
  /// Collects from now on what is said in `context` by passes whose name
  /// matches `filter`. The error says what is wrong with the filter.
  llvm::Error open(mlir::MLIRContext &context, llvm::StringRef filter,
                   llvm::StringRef program);
  const std::string &text() const { return *yaml; }

private:
  std::shared_ptr<std::string> yaml = std::make_shared<std::string>();
};

/// What the emitted program needs, per class of PEs and per stage.
void remarkProgram(mlir::Location loc, const bin::Program &p,
                   const cost::CostReport &cost, const Target &t);

} // namespace weft
#endif
