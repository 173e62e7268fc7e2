//===- NewerFields.cpp - Fields of ONNX that libonnx does not know --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "NewerFields.h"
#include "google/protobuf/unknown_field_set.h"

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

constexpr int AttributeProtoOfFunction = 11, OverloadOfFunction = 13,
              OverloadOfNode = 8;

static std::string lastString(const UnknownFieldSet &fields, int number) {
  std::string found;
  for (int i = 0; i < fields.field_count(); ++i)
    if (const UnknownField &field = fields.field(i);
        field.number() == number &&
        field.type() == UnknownField::TYPE_LENGTH_DELIMITED)
      found = field.length_delimited();
  return found;
}

llvm::Expected<std::vector<onnx::AttributeProto>>
weft::defaultAttributes(const onnx::FunctionProto &function) {
  std::vector<onnx::AttributeProto> found;
  size_t left = MostDefaultBytes;
  const UnknownFieldSet &fields = function.unknown_fields();
  if (fields.field_count() > MostNewerFields) // each call looks at them
    return llvm::createStringError("more than " + llvm::Twine(MostNewerFields) +
                                   " fields that are not known");
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField &field = fields.field(i);
    if (field.number() != AttributeProtoOfFunction ||
        field.type() != UnknownField::TYPE_LENGTH_DELIMITED)
      continue;
    const std::string &bytes = field.length_delimited();
    if (bytes.size() > left)
      return llvm::createStringError("defaults of more than " +
                                     llvm::Twine(MostDefaultBytes / 1024) +
                                     " KiB");
    left -= bytes.size();
    onnx::AttributeProto attribute;
    if (!attribute.ParseFromString(bytes))
      return llvm::createStringError("a default that is no attribute");
    found.push_back(std::move(attribute));
  }
  return found;
}

std::string weft::overloadOf(const onnx::FunctionProto &function) {
  return lastString(function.unknown_fields(), OverloadOfFunction);
}
std::string weft::overloadOf(const onnx::NodeProto &node) {
  return lastString(node.unknown_fields(), OverloadOfNode);
}
