//===- Resume.cpp - Compiling on from a printed level ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Resume.h"
#include "Fabric/FabricOps.h"
#include "NN/NNOps.h"
#include "PE/PEOps.h"
#include "Wafer/WaferOps.h"
#include "weft/Passes/Passes.h"
#include "weft/Support/Input.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace weft;

/// Text has no control characters but those of layout. Every ONNX model has
/// some early on: field tags and lengths.
static bool looksLikeText(StringRef bytes) {
  return llvm::all_of(bytes.take_front(4096), [](unsigned char c) {
    return c >= 0x20 || c == '\n' || c == '\t' || c == '\r';
  });
}

llvm::Expected<ModelText> weft::readModelText(const std::string &model) {
  ModelText result;
  bool standardInput = model == "-";
  if (!standardInput && llvm::sys::path::extension(model) != ".mlir")
    return result;
  auto buffer = readInput(model, /*terminated=*/true);
  if (!buffer)
    return llvm::createStringError("cannot read '" + model +
                                   "': " + llvm::toString(buffer.takeError()));
  bool isText = !standardInput || looksLikeText((*buffer)->getBuffer());
  (isText ? result.text : result.input) = std::move(*buffer);
  return result;
}

llvm::Expected<Plan> weft::readPlan(const std::string &path) {
  llvm::sys::fs::file_status status;
  bool isFile = path != "-" && !llvm::sys::fs::status(path, status) &&
                status.type() == llvm::sys::fs::file_type::regular_file;
  if (!isFile)
    return Plan();
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return llvm::createStringError("weftc: error: cannot read '" + path +
                                   "': " + buffer.getError().message());
  return parsePlan((*buffer)->getBuffer(), path);
}

llvm::Expected<Emit> weft::levelOf(ModuleOp module) {
  unsigned programs = 0;
  Emit level = Emit::NN;
  for (Operation &op : *module.getBody()) {
    if (!isa<nn::ProgramOp, wafer::ProgramOp, fabric::ProgramOp, pe::ProgramOp>(
            op))
      continue;
    ++programs;
    level = isa<nn::ProgramOp>(op)       ? Emit::NN
            : isa<wafer::ProgramOp>(op)  ? Emit::Wafer
            : isa<fabric::ProgramOp>(op) ? Emit::Fabric
                                         : Emit::PE;
  }
  if (programs == 1)
    return level;
  return llvm::createStringError("the module holds " + Twine(programs) +
                                 " programs, allowed is one");
}

llvm::Expected<std::optional<Target>> weft::machineOf(ModuleOp module) {
  auto stated =
      [](StringRef text,
         ArrayRef<int64_t> grid) -> llvm::Expected<std::optional<Target>> {
    llvm::Expected<Target> target = statedTarget(text, grid);
    if (!target)
      return target.takeError();
    return std::optional<Target>(std::move(*target));
  };
  for (auto p : module.getOps<wafer::ProgramOp>())
    return stated(p.getTarget().getYaml(), p.getGrid());
  for (auto p : module.getOps<fabric::ProgramOp>())
    return stated(p.getTarget().getYaml(), p.getGrid());
  for (auto p : module.getOps<pe::ProgramOp>())
    return stated(p.getTarget(), p.getGrid());
  return std::optional<Target>();
}
