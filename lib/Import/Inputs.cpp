//===- Inputs.cpp - ONNX to nn: graph inputs ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Which inputs stay inputs, which --const binds, and which --weight makes a
// weight.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;
using onnx::TensorProto;
using onnx::TypeProto;
using onnx::ValueInfoProto;

/// Null, with a message or, if a dimension has no value, without: bindDims has
/// said so.
RankedTensorType Importer::inputType(const ValueInfoProto &info) {
  auto refuse = [&](const Twine &what) {
    error("input '" + info.name() + "' " + what, "input");
    return RankedTensorType();
  };
  if (info.type().value_case() == TypeProto::VALUE_NOT_SET)
    return refuse("has no type");
  if (!info.type().has_tensor_type())
    return refuse("is no tensor (a sequence, an optional, a map or sparse), "
                  "which is not supported");
  const auto &tensor = info.type().tensor_type();
  Type element = elementType(&context, tensor.elem_type());
  if (!element || !isDialectElement(element))
    return refuse("has element type " + elementName(tensor.elem_type()) +
                  ", expected float, float16, bfloat16, an integer of 8 to 64 "
                  "bits or bool");
  if (!tensor.has_shape())
    return refuse("has no shape");
  SmallVector<int64_t> shape;
  int64_t count = 1;
  for (int i = 0; i < tensor.shape().dim_size(); ++i) {
    std::optional<int64_t> extent = dimExtent(info, i);
    if (!extent)
      return {};
    if (!addExtent(count, *extent))
      return refuse("has extent " + Twine(*extent) + " in dimension " +
                    Twine(i) + ", which is too large");
    shape.push_back(*extent);
  }
  return RankedTensorType::get(shape, element);
}

RankedTensorType Importer::statedType(const ValueInfoProto &info) {
  const auto &tensor = info.type().tensor_type();
  Type element = elementType(&context, tensor.elem_type());
  if (!info.type().has_tensor_type() || !element || !tensor.has_shape())
    return {};
  SmallVector<int64_t> shape;
  int64_t count = 1;
  for (int i = 0; i < tensor.shape().dim_size(); ++i) {
    std::optional<int64_t> extent = dimExtent(info, i);
    if (!extent || !addExtent(count, *extent))
      return {};
    shape.push_back(*extent);
  }
  return RankedTensorType::get(shape, element);
}

/// Whether a constant of `shape` can be input `info`; dimensions without a
/// value take any extent.
bool Importer::matchesShape(const ValueInfoProto &info,
                            ArrayRef<int64_t> shape) {
  const auto &tensor = info.type().tensor_type();
  if (!tensor.has_shape())
    return true;
  if (tensor.shape().dim_size() != int64_t(shape.size()))
    return false;
  for (auto [i, extent] : llvm::enumerate(shape)) {
    std::optional<int64_t> stated = dimExtent(info, int(i));
    if (stated && *stated != extent)
      return false;
  }
  return true;
}

/// Whether `value` can be that of input `info`, else with a message.
bool Importer::fitsInput(const ValueInfoProto &info, const ConstInput &value) {
  auto refuse = [&](const Twine &what) {
    error("input '" + info.name() + "'" + what, "input");
    return false;
  };
  Type element = elementType(&context, int32_t(value.type));
  int64_t count = 1;
  for (int64_t dim : value.shape)
    count *= dim;
  if (!element ||
      uint64_t(count) * hostElementBytes(element) != value.bytes.size())
    return refuse(": the constant bound to it is malformed");
  int32_t declared = info.type().tensor_type().elem_type();
  if (declared && declared != int32_t(value.type))
    return refuse(" has element type " + elementName(declared) +
                  ", but the constant bound to it has " +
                  elementName(int32_t(value.type)));
  if (matchesShape(info, value.shape))
    return true;
  std::string given;
  for (int64_t dim : value.shape)
    given += (given.empty() ? "" : ", ") + std::to_string(dim);
  return refuse(" has shape [" + shapeText(info) +
                "], but the constant bound to it has [" + given + "]");
}

/// `name` matches `pattern`, in which one `*` stands for any text.
static bool matches(StringRef pattern, StringRef name) {
  size_t star = pattern.find('*');
  if (star == StringRef::npos)
    return pattern == name;
  StringRef before = pattern.take_front(star),
            after = pattern.drop_front(star + 1);
  return name.size() >= before.size() + after.size() &&
         name.starts_with(before) && name.ends_with(after);
}

const WeightInput *Importer::findWeight(StringRef name) const {
  auto found = llvm::find_if(options.weights, [&](const WeightInput &weight) {
    return matches(weight.name, name);
  });
  return found == options.weights.end() ? nullptr : &*found;
}

/// As an initializer would be, with the given value or without data.
Value Importer::weightInput(const ValueInfoProto &info,
                            const WeightInput &weight) {
  SourceTensor data;
  if (!weight.value) {
    data.type = inputType(info);
    data.absent = "is a graph input";
    return data.type ? loadSource(data, info.name(), 0) : Value();
  }
  if (!fitsInput(info, *weight.value))
    return {};
  int32_t type = int32_t(weight.value->type);
  data.type =
      RankedTensorType::get(weight.value->shape, elementType(&context, type));
  data.bytes = weight.value->bytes;
  return loadSource(data, info.name(), type);
}

Value Importer::declareInput(const ValueInfoProto &info) {
  auto value = options.consts.find(info.name());
  bool bound = value != options.consts.end();
  if (const WeightInput *weight = findWeight(info.name())) {
    if (!bound)
      return weightInput(info, *weight);
    error("input '" + info.name() + "' is bound by --const and by --weight",
          "option");
    return {};
  }
  if (bound && !fitsInput(info, value->second))
    return {};
  if (bound && !asInput.contains(info.name())) {
    HostTensor tensor;
    tensor.type = RankedTensorType::get(
        value->second.shape,
        elementType(&context, int32_t(value->second.type)));
    tensor.bytes = value->second.bytes;
    return addConstant(std::move(tensor), UnknownLoc::get(&context));
  }
  RankedTensorType type =
      bound ? RankedTensorType::get(
                  value->second.shape,
                  elementType(&context, int32_t(value->second.type)))
            : inputType(info);
  if (!type)
    return {};
  inputNames.push_back(info.name());
  Value argument =
      program.getBody().front().addArgument(type, program.getLoc());
  // Known, whatever the host gives.
  if (type.getNumElements() == 0)
    return addConstant(HostTensor::zeros(type), UnknownLoc::get(&context));
  return argument;
}

/// Inputs that cannot be are without a value, as if a node had failed.
void Importer::declareInputs(Scope &scope) {
  llvm::StringSet<> names;
  for (const ValueInfoProto &info : file.model.graph().input()) {
    if (scope.initializers.count(info.name()))
      continue;
    if (names.insert(info.name()).second)
      scope.values[info.name()] = declareInput(info);
    else
      error("input '" + info.name() + "' is listed twice", "input");
  }
  auto why = [&](const std::string &name) {
    return scope.initializers.count(name)
               ? ": the model has a value for it, an initializer"
               : ": no graph input has this name";
  };
  for (const auto &[name, value] : options.consts)
    if (!names.contains(name))
      error("--const " + name + why(name), "option");
  for (const WeightInput &weight : options.weights)
    if (llvm::none_of(names.keys(), [&](StringRef name) {
          return matches(weight.name, name);
        }))
      error("--weight " + weight.name + why(weight.name), "option");
}
