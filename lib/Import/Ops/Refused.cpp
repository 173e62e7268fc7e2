//===- Refused.cpp - Why some ops stay unsupported ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Ops that cannot be compiled for a machine where no length depends on data, or
// that are no business of an inference compiler; the message says which.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"

using namespace weft;
using llvm::StringRef;

static llvm::StringMap<StringRef> makeReasons() {
  llvm::StringMap<StringRef> reasons;
  auto add = [&](StringRef reason, std::initializer_list<StringRef> ops) {
    for (StringRef op : ops)
      reasons[op] = reason;
  };
  add("its result is random, and a program gives equal results for equal "
      "inputs",
      {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike",
       "RandomUniform", "RandomUniformLike"});
  add("it is of training, and programs are of inference",
      {"ai.onnx.preview.training/Adagrad", "ai.onnx.preview.training/Adam",
       "ai.onnx.preview.training/Momentum",
       "ai.onnx.preview.training/Gradient"});
  add("the machine has no strings",
      {"RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit"});
  add("it counts sequences of tokens, which is work of the host before a model",
      {"TfIdfVectorizer"});
  add("it decodes a compressed file, which is work of the host before a model",
      {"ImageDecoder"});
  add("which elements it reads depends on data", {"DeformConv"});
  add("only tensors are supported, no optional values",
      {"Optional", "OptionalGetElement", "OptionalHasElement"});
  return reasons;
}

StringRef weft::refusalReason(StringRef domain, StringRef op) {
  static const llvm::StringMap<StringRef> reasons = makeReasons();
  domain = plainDomain(domain);
  if (domain == "ai.onnx.ml")
    return "it is of classical machine learning, and programs are of "
           "transformers";
  std::string key = domain.empty() ? op.str() : (domain + "/" + op).str();
  auto found = reasons.find(key);
  return found == reasons.end() ? StringRef() : found->second;
}
