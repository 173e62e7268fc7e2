//===- Finish.cpp - The end of an import --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//
// Outputs, and what becomes of the constants that were folded with.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;
using onnx::ValueInfoProto;

/// Does the shape that the model declares fit, as far as it gives numbers?
static bool fitsDeclared(const ValueInfoProto &info, ArrayRef<int64_t> shape) {
  const auto &tensor = info.type().tensor_type();
  if (!tensor.has_shape())
    return true;
  if (tensor.shape().dim_size() != int(shape.size()))
    return false;
  for (auto [i, extent] : llvm::enumerate(shape))
    if (isStated(info, int(i)) &&
        tensor.shape().dim(int(i)).dim_value() != extent)
      return false;
  return true;
}

bool Importer::finish(Scope &scope) {
  SmallVector<Value> results;
  SmallVector<Attribute> names;
  Builder b(&context);
  auto named = [&](StringRef name) -> Attribute {
    return b.getDictionaryAttr(
        b.getNamedAttr("nn.name", b.getStringAttr(name)));
  };
  for (const ValueInfoProto &info : file.model.graph().output()) {
    bool defined = true;
    Value value = lookup(scope, info.name(), defined);
    if (!defined)
      error("output '" + info.name() +
            (notComputed.contains(info.name())
                 ? "' is an output of its node that is not supported"
                 : "' is computed by no node"));
    if (!value)
      continue;
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type) {
      error("output '" + info.name() + "' is a sequence, expected a tensor");
      continue;
    }
    int32_t declared = info.type().tensor_type().elem_type();
    if (!isDialectElement(type.getElementType()) ||
        (declared && elementType(&context, declared) != type.getElementType()))
      error("output '" + info.name() + "' is declared with element type " +
            elementName(declared) +
            ", but what is computed does not fit it or "
            "is not supported");
    if (!fitsDeclared(info, type.getShape())) {
      std::string found = llvm::join(
          llvm::map_range(type.getShape(),
                          [](int64_t d) { return std::to_string(d); }),
          ", ");
      warning("output '" + info.name() + "' is declared as [" +
              shapeText(info) + "], but what is computed is [" + found + "]");
    }
    results.push_back(value);
    names.push_back(named(info.name()));
  }
  if (!report.errors.empty())
    return false;
  Block &block = program.getBody().front();
  ReturnOp::create(builder, program.getLoc(), results);
  program.setFunctionType(b.getFunctionType(block.getArgumentTypes(),
                                            TypeRange(ValueRange(results))));
  if (!results.empty())
    program.setResAttrsAttr(b.getArrayAttr(names));
  SmallVector<Attribute> inputs;
  for (const std::string &name : inputNames)
    inputs.push_back(named(name));
  if (!inputs.empty())
    program.setArgAttrsAttr(b.getArrayAttr(inputs));
  materializeConstants();
  return report.errors.empty();
}

static DenseElementsAttr denseOf(const HostTensor &tensor, bool splat) {
  size_t width = hostElementBytes(tensor.type.getElementType());
  ArrayRef<uint8_t> bytes(tensor.bytes);
  if (splat)
    bytes = bytes.take_front(width);
  if (tensor.type.getElementType().isInteger(1)) {
    SmallVector<bool> values(bytes.begin(), bytes.end());
    return DenseElementsAttr::get(tensor.type, values);
  }
  return DenseElementsAttr::getFromRawBuffer(
      tensor.type,
      ArrayRef(reinterpret_cast<const char *>(bytes.data()), bytes.size()));
}

bool Importer::isFileWeight(Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  return origin.count(value) && type.getNumElements() > 8 &&
         isa<FloatType>(type.getElementType());
}

/// Vectors of floats that the file holds stay references; what is small and
/// what was computed is written out.
Value Importer::materialize(Value placeholder) {
  const HostTensor &tensor = *host.find(placeholder)->second;
  size_t width = hostElementBytes(tensor.type.getElementType());
  bool splat = tensor.size() > 0;
  for (size_t i = width; splat && i < tensor.bytes.size(); ++i)
    splat = tensor.bytes[i] == tensor.bytes[i % width];
  auto found = origin.find(placeholder);
  std::string name = originName.lookup(placeholder);
  bool asWeight = isFileWeight(placeholder);
  bool isSmall = tensor.bytes.size() <= 4096 || splat;
  if (isSmall && !asWeight)
    return ConstantOp::create(builder, placeholder.getLoc(), tensor.type,
                              denseOf(tensor, splat));
  DataAttr data = found != origin.end()
                      ? found->second
                      : DataAttr::get(&context, "", 0, tensor.bytes.size(),
                                      file.store->add(tensor.bytes));
  Value load = declareWeight(tensor.type, data, name);
  load.getDefiningOp()->setLoc(placeholder.getLoc());
  return load;
}

void Importer::materializeConstants() {
  SmallVector<UnrealizedConversionCastOp> placeholders;
  program.walk(
      [&](UnrealizedConversionCastOp op) { placeholders.push_back(op); });
  for (UnrealizedConversionCastOp op : placeholders) {
    if (!op.use_empty()) {
      builder.setInsertionPoint(op);
      op.getResult(0).replaceAllUsesWith(materialize(op.getResult(0)));
    }
    op.erase();
  }
  host.clear();
}
