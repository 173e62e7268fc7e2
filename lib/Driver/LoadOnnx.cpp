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
  if (ExitCode code = readDims(import))
    return code;
  ExitCode bound = Success;
  import.bind = [&](const std::vector<std::string> &inputs,
                    ImportOptions &options) {
    bound = readConsts(inputs, options);
    if (!bound)
      bound = readWeights(inputs, options);
    return bound == Success;
  };
  module = importOnnx(context, o.model, import, report);
  if (bound)
    return bound;
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

/// NAME=FILE. Names may hold '=': it is split behind the longest one that is
/// known; without one, at the first '='.
static std::pair<StringRef, StringRef> splitName(StringRef text,
                                                 ArrayRef<std::string> names) {
  for (size_t at = text.rfind('='); at != StringRef::npos;
       at = text.rfind('=', at))
    if (llvm::is_contained(names, text.take_front(at)))
      return {text.take_front(at), text.drop_front(at + 1)};
  return text.split('=');
}

ExitCode Compilation::readConsts(ArrayRef<std::string> inputs,
                                 ImportOptions &import) {
  for (StringRef c : o.consts) {
    auto [name, file] = splitName(c, inputs);
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

ExitCode Compilation::readWeights(ArrayRef<std::string> inputs,
                                  ImportOptions &import) {
  for (StringRef w : o.weights) {
    auto [name, file] = llvm::is_contained(inputs, w)
                            ? std::pair(w, StringRef())
                            : splitName(w, inputs);
    if (name.empty() || name.count('*') > 1 ||
        (w.size() > name.size() && (file.empty() || name.contains('*'))))
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
  outputs.keep(file);
  llvm::Expected<FileTensor> tensor = readTensor(file);
  if (!tensor)
    return fail(option + name + ": " + llvm::toString(tensor.takeError()));
  value.type = tensor->type;
  value.shape.assign(tensor->shape.begin(), tensor->shape.end());
  value.bytes = std::move(tensor->bytes);
  return Success;
}
