//===- Opsets.cpp - Versions of operators that a model imports ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Opsets.h"

using namespace weft;
using llvm::StringRef;
using llvm::Twine;

/// Zero for domains that are no business of the importer's.
static int64_t newestKnown(StringRef domain) {
  return llvm::StringSwitch<int64_t>(domain)
      .Case("", 28)
      .Cases({"com.microsoft", "ai.onnx.preview"}, 1)
      .Default(0);
}

static void
check(Importer &importer,
      const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &sets,
      const Twine &who, llvm::StringSet<> &told) {
  for (const onnx::OperatorSetIdProto &set : sets) {
    StringRef domain = plainDomain(set.domain());
    int64_t newest = newestKnown(domain);
    std::string what =
        (who + "imports opset " + Twine(set.version()) + " of domain '" +
         (domain.empty() ? "ai.onnx" : domain) + "', ")
            .str();
    if (set.version() < 1)
      importer.error(what + "expected 1 or more");
    else if (newest && set.version() > newest && told.insert(what).second)
      importer.warning(what + "the newest that is known is " + Twine(newest) +
                       ": its ops are read as those of that");
  }
}

void weft::checkOpsetImports(Importer &importer) {
  llvm::StringSet<> told;
  const onnx::ModelProto &model = importer.file.model;
  check(importer, model.opset_import(), "", told);
  for (const onnx::FunctionProto &function : model.functions())
    check(importer, function.opset_import(),
          "function '" + function.name() + "' ", told);
}
