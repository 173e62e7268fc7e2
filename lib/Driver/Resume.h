//===- Resume.h - Compiling on from a printed level -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_DRIVER_RESUME_H
#define WEFT_LIB_DRIVER_RESUME_H

#include "mlir/IR/BuiltinOps.h"
#include "weft/Driver/Compiler.h"
#include "weft/Passes/Plan.h"
#include "weft/Target/Target.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <optional>

namespace weft {

/// A model that is given as MLIR text: a file named .mlir, or standard input
/// that does not look like Protobuf. Null: it is ONNX; `input` then holds what
/// was read of standard input.
struct ModelText {
  std::unique_ptr<llvm::MemoryBuffer> text, input;
};
llvm::Expected<ModelText> readModelText(const std::string &model);

/// The plan at `path` if a file is there, else one that is not `given`.
llvm::Expected<Plan> readPlan(const std::string &path);

/// The one program of `module` and its level; an error if there is not one.
llvm::Expected<Emit> levelOf(mlir::ModuleOp module);

/// The machine that the module's program states; none on nn.
llvm::Expected<std::optional<Target>> machineOf(mlir::ModuleOp module);

} // namespace weft
#endif
