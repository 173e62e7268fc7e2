//===- Initializers.cpp - Constants and weights of a graph --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//
// Small values are folded with and lie in memory; the others are references.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include "Ops/Quantization.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;
using onnx::TensorProto;

Value Importer::addConstant(HostTensor tensor, Location loc) {
  auto placeholder = UnrealizedConversionCastOp::create(
      builder, loc, TypeRange(tensor.type), ValueRange());
  Value value = placeholder.getResult(0);
  host[value] = std::make_unique<HostTensor>(std::move(tensor));
  return value;
}

Value Importer::declareWeight(RankedTensorType type, DataAttr data,
                              StringRef name) {
  std::string symbol = name.empty() ? "folded" : name.str();
  for (unsigned i = 0; !symbols.insert(symbol).second; ++i)
    symbol = (name.empty() ? "folded" : name.str()) + "." + std::to_string(i);
  OpBuilder::InsertionGuard guard(builder);
  OpBuilder top(&context);
  top.setInsertionPoint(program);
  WeightOp::create(top, UnknownLoc::get(&context), symbol, type, data,
                   StringAttr());
  return LoadOp::create(builder, UnknownLoc::get(&context), type,
                        FlatSymbolRefAttr::get(&context, symbol));
}

DataAttr Importer::dataOf(const SourceTensor &tensor) {
  if (!tensor.file.empty())
    return DataAttr::get(&context, tensor.file, tensor.offset,
                         tensor.bytes.size(),
                         options.hashes ? hashBytes(tensor.bytes) : "");
  std::string hash = file.store->add(tensor.bytes);
  return DataAttr::get(&context, "", 0, tensor.bytes.size(), hash);
}

bool weft::isDialectElement(Type type) { return elementBytes(type) != 0; }

/// A weight whose values nobody has seen.
Value Importer::declaredOnly(const SourceTensor &data, StringRef name) {
  Type element = data.type.getElementType();
  if (!isDialectElement(element)) {
    error("weight '" + name + "' " + data.absent + " and has an element type " +
              "that is supported in small constants only",
          "initializer");
    return {};
  }
  if (options.needData) {
    error("weight '" + name + "' " + data.absent +
              ", but a program needs its values; --emit=cost and the levels "
              "above it do not",
          "initializer");
    return {};
  }
  uint64_t bytes =
      uint64_t(data.type.getNumElements()) * hostElementBytes(element);
  return declareWeight(
      data.type, DataAttr::get(&context, data.file, data.offset, bytes, ""),
      name);
}

Value Importer::loadSource(const SourceTensor &data, StringRef name,
                           int32_t onnxType) {
  if (!data.absent.empty())
    return declaredOnly(data, name);
  if (data.bytes.size() > size_t(FoldLimit)) {
    if (isDialectElement(data.type.getElementType()))
      return declareWeight(data.type, dataOf(data), name);
    error("initializer '" + name + "' has element type " +
              elementName(onnxType) +
              ", which is supported in small constants only",
          "initializer");
    return {};
  }
  HostTensor small;
  small.type = data.type;
  small.bytes.assign(data.bytes.begin(), data.bytes.end());
  if (small.type.getElementType().isInteger(1))
    for (uint8_t &byte : small.bytes)
      byte = byte != 0;
  Value value = addConstant(std::move(small), UnknownLoc::get(&context));
  originName[value] = name.str();
  if (!data.file.empty())
    origin[value] = dataOf(data);
  return value;
}

Value Importer::loadTensor(const TensorProto &tensor, StringRef name,
                           const std::optional<TensorSpan> &span) {
  auto source = readTensor(&context, tensor, file, span);
  if (!source) {
    error("initializer '" + name + "' " + llvm::toString(source.takeError()),
          "initializer");
    return {};
  }
  Value value = loadSource(**source, name, tensor.data_type());
  return value && packedBits(tensor.data_type())
             ? unpackedInitializer(*this, value, tensor)
             : value;
}

Value Importer::loadInitializer(Scope &scope, StringRef name) {
  const TensorProto *tensor = scope.initializers.lookup(name);
  std::optional<TensorSpan> span;
  if (auto found = scope.initializerIndex.find(name);
      found != scope.initializerIndex.end() &&
      found->second < file.spans.size())
    span = file.spans[found->second];
  OpBuilder::InsertionGuard guard(builder);
  if (lastInitializer)
    builder.setInsertionPointAfter(lastInitializer);
  else
    builder.setInsertionPointToStart(&program.getBody().front());
  Value value = loadTensor(*tensor, name, span);
  if (value)
    lastInitializer = value.getDefiningOp();
  return value;
}

Value Importer::lookup(Scope &scope, StringRef name, bool &defined) {
  defined = true;
  for (Scope *s = &scope; s; s = s->parent) {
    if (auto found = s->values.find(name); found != s->values.end())
      return found->second;
    if (s->initializers.count(name))
      return s->values[name] = loadInitializer(*s, name);
  }
  defined = false;
  return {};
}
