//===- Emit.h - From pe text to a program ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Instruction selection, registers and encoding of every class, and the plain
// translation of what surrounds the classes. User mistakes are diagnosed on the
// op that makes them; the error that is returned then only says so.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_EMIT_EMIT_H
#define WEFT_PE_EMIT_EMIT_H

#include "PE/PEOps.h"
#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include "llvm/Support/Error.h"
#include <deque>
#include <functional>

namespace weft::pe {

/// Gives the bytes (dense, row-major, little-endian, in the tensor's type) of a
/// `pe.tensor` whose source is not `dense`. They must stay where they are as
/// long as the program is used.
using TensorSource =
    std::function<llvm::Expected<llvm::ArrayRef<uint8_t>>(TensorOp)>;

/// Reads `#pe.blob` files relative to `dir`, mapped once and kept by the
/// result.
TensorSource blobSource(llvm::StringRef dir);

/// A program, and the bytes of the tensors that it points into.
struct Emitted {
  bin::Program program;
  std::deque<std::vector<uint8_t>> storage;
  /// As PEClass::callKernels.
  std::vector<std::vector<int32_t>> callKernels;
};

/// Translates `program` for `target`. Kernel ranges, queues, limits and
/// addresses are checked against the target.
llvm::Expected<Emitted> emitProgram(ProgramOp program, const Target &target,
                                    TensorSource source);

/// What a class will need, whatever the addresses.
struct CodeSize {
  uint32_t codeBytes = 0, paramBytes = 0;
};
llvm::Expected<CodeSize> measureCode(ClassOp cls, const Target &target);

/// Registers `--pe-to-weft` (pe text to a .weft file; -o names it). `dialects`
/// are those that may stand beside the program; `source` gives the bytes of a
/// module's tensors, which lie relative to a folder.
void registerPEToWeft(
    std::function<void(mlir::DialectRegistry &)> dialects,
    std::function<TensorSource(mlir::ModuleOp, llvm::StringRef)> source);

} // namespace weft::pe
#endif
