//===- LoadOnnx.cpp - ONNX models and the options for them ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Compilation.h"
#include "weft/Support/TensorFile.h"

using namespace mlir;
using namespace weft;

ExitCode Compilation::loadOnnx(const llvm::MemoryBuffer *input) {
  ImportOptions import;
  import.input = input;
  import.needData = o.emit == Emit::Binary;
  import.hashes = o.emit < Emit::Asm; // text is all that shows them
  for (auto read : {&Compilation::readDims, &Compilation::readConsts,
                    &Compilation::readWeights})
    if (ExitCode code = (this->*read)(import))
      return code;
  module = importOnnx(context, o.model, import, report);
  for (const std::string &line : report.warnings)
    llvm::errs() << line << "\n";
  if (!o.check || report.internal)
    for (const std::string &line : report.errors)
      llvm::errs() << line << "\n";
  if (!module)
    return report.internal ? Internal : UserError;
  if (ExitCode code = addStates())
    return code;
  attachLedger();
  nameModule();
  return Success;
}

ExitCode Compilation::readDims(ImportOptions &import) {
  for (const std::string &d : o.dims) {
    auto [name, value] = StringRef(d).rsplit('=');
    int64_t n = 0;
    if (name.empty() || value.getAsInteger(10, n) || n < 0)
      return fail("found --dim " + d + ", allowed is NAME=N with N at least 0");
    auto [entry, isNew] = import.dims.try_emplace(name.str(), n);
    if (!isNew && entry->second != n)
      return fail("found --dim " + d + " and " + Twine(entry->second) +
                  " before, allowed is one value");
  }
  return Success;
}

ExitCode Compilation::readConsts(ImportOptions &import) {
  for (StringRef c : o.consts) {
    auto [name, file] = c.split('=');
    if (name.empty() || file.empty())
      return fail("found --const " + c + ", allowed is NAME=FILE");
    auto [entry, isNew] = import.consts.try_emplace(name.str());
    if (!isNew)
      return fail("found --const " + c + ", '" + name +
                  "' has a value already");
    if (ExitCode code = readValue("--const ", name, file, entry->second))
      return code;
  }
  return Success;
}

ExitCode Compilation::readWeights(ImportOptions &import) {
  for (StringRef w : o.weights) {
    auto [name, file] = w.split('=');
    if (name.empty() || name.count('*') > 1 ||
        (w.contains('=') && (file.empty() || name.contains('*'))))
      return fail("found --weight " + w +
                  ", allowed is NAME, with one '*' at most, or NAME=FILE");
    WeightInput &weight = import.weights.emplace_back();
    weight.name = name.str();
    if (file.empty())
      continue;
    weight.value.emplace();
    if (ExitCode code = readValue("--weight ", name, file, *weight.value))
      return code;
  }
  return Success;
}

ExitCode Compilation::readValue(StringRef option, StringRef name,
                                StringRef file, ConstInput &value) {
  llvm::Expected<FileTensor> tensor = readTensor(file);
  if (!tensor)
    return fail(option + name + ": " + llvm::toString(tensor.takeError()));
  value.type = tensor->type;
  value.shape.assign(tensor->shape.begin(), tensor->shape.end());
  value.bytes = std::move(tensor->bytes);
  return Success;
}
