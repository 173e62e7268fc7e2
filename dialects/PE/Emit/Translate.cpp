//===- Translate.cpp - pe text to a .weft file ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Lets hand-written pe text run without the rest of the compiler.
//
//===----------------------------------------------------------------------===//
#include "Emit.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "weft/Binary/File.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace mlir;
using namespace weft;
using namespace weft::pe;

TensorSource weft::pe::blobSource(StringRef dir) {
  using Files = std::map<std::string, std::unique_ptr<llvm::MemoryBuffer>>;
  auto files = std::make_shared<Files>();
  return [files,
          dir = dir.str()](TensorOp t) -> llvm::Expected<ArrayRef<uint8_t>> {
    auto blob = dyn_cast<BlobAttr>(t.getSource());
    if (!blob)
      return llvm::createStringError("source is neither dense nor #pe.blob");
    llvm::SmallString<128> path(dir);
    llvm::sys::path::append(path, blob.getFile().getValue());
    auto &file = (*files)[std::string(path)];
    if (!file) {
      auto f = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                           /*RequiresNullTerminator=*/false);
      if (!f)
        return llvm::createStringError("cannot read '" + path +
                                       "': " + f.getError().message());
      file = std::move(*f);
    }
    uint64_t size = file->getBufferSize();
    if (blob.getOffset() > size || blob.getBytes() > size - blob.getOffset())
      return llvm::createStringError("'" + path + "' has " + llvm::Twine(size) +
                                     " bytes, the blob ends behind them");
    return ArrayRef(reinterpret_cast<const uint8_t *>(file->getBufferStart()) +
                        blob.getOffset(),
                    blob.getBytes());
  };
}

/// Directory that `op` was parsed from, "" if it is not known.
static StringRef directoryOf(Operation *op) {
  auto loc = dyn_cast<FileLineColLoc>(op->getLoc());
  return loc ? llvm::sys::path::parent_path(loc.getFilename().getValue())
             : StringRef();
}

using MakeSource = std::function<TensorSource(ModuleOp, StringRef)>;

static LogicalResult translate(ModuleOp module, const MakeSource &makeSource,
                               raw_ostream &os) {
  ProgramOp program;
  for (ProgramOp p : module.getOps<ProgramOp>()) {
    if (program)
      return p.emitOpError("is a second program; a file is made of one");
    program = p;
  }
  if (!program)
    return module.emitError("no pe.program");
  // A preset or a file by name, or as compilers print it: the text itself.
  StringRef text = program.getTarget();
  llvm::Expected<Target> target =
      text.contains('\n') ? parseTarget(text, "target") : loadTarget(text);
  if (!target)
    return program.emitOpError(llvm::toString(target.takeError()));
  // The source holds the mapped files until the program is written.
  TensorSource source = makeSource(module, directoryOf(program));
  llvm::Expected<Emitted> e = emitProgram(program, *target, source);
  if (!e) {
    llvm::consumeError(e.takeError()); // diagnosed
    return failure();
  }
  if (llvm::Error error = bin::writeStream(e->program, os))
    return program.emitOpError(llvm::toString(std::move(error)));
  return success();
}

void weft::pe::registerPEToWeft(std::function<void(DialectRegistry &)> dialects,
                                MakeSource source) {
  static TranslateFromMLIRRegistration registration(
      "pe-to-weft", "emit a pe program as a .weft file",
      [source](Operation *op, raw_ostream &os) {
        auto module = dyn_cast<ModuleOp>(op);
        if (!module)
          return LogicalResult(op->emitError("expected a module"));
        op->getContext()->printOpOnDiagnostic(false);
        return translate(module, source, os);
      },
      dialects);
}
