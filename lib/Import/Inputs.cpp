//===- Inputs.cpp - ONNX to nn: symbolic dimensions and graph inputs ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Which dimensions have a value, which inputs stay inputs, and which --const
// binds.
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

namespace {
/// Sums, differences and products of bound names and numbers: exporters write
/// such text as the name of a dimension.
class DimParser {
public:
  DimParser(StringRef text, const llvm::StringMap<int64_t> &dims)
      : text(text), dims(dims) {}
  std::optional<int64_t> parse() {
    auto value = sum();
    return rest().empty() ? value : std::nullopt;
  }

private:
  using Result = std::optional<int64_t>;
  StringRef rest() { return text = text.ltrim(); }

  Result sum() {
    Result left = product();
    while (left && (rest().starts_with("+") || rest().starts_with("-"))) {
      bool plus = text.consume_front("+");
      if (!plus)
        text = text.drop_front();
      Result right = product();
      if (!right)
        return right;
      *left += plus ? *right : -*right;
    }
    return left;
  }
  Result product() {
    Result left = atom();
    while (left && rest().consume_front("*")) {
      text = text.drop_front();
      Result right = atom();
      if (!right || std::abs(*left) > (1 << 20) || std::abs(*right) > (1 << 20))
        return std::nullopt;
      *left *= *right;
    }
    return left;
  }
  Result atom() {
    rest();
    if (text.consume_front("(")) {
      if (++depth > 32)
        return std::nullopt;
      Result value = sum();
      return rest().consume_front("(") || !text.consume_front(")") ? Result()
                                                                   : value;
    }
    StringRef word = text.take_while(
        [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
    text = text.drop_front(word.size());
    int64_t number;
    if (auto found = dims.find(word); found != dims.end())
      return found->second;
    if (!word.getAsInteger(10, number) && number < (int64_t(1) << 31))
      return number;
    return std::nullopt;
  }

  StringRef text;
  const llvm::StringMap<int64_t> &dims;
  unsigned depth = 0;
};
} // namespace

std::optional<int64_t> Importer::evaluateDim(StringRef expression) {
  if (auto found = dims.find(expression); found != dims.end())
    return found->second;
  auto value = DimParser(expression, dims).parse();
  return value && *value >= 0 ? value : std::nullopt;
}

/// Whether dimension `i` has a value; exporters also write -1 for none.
static bool isBound(const onnx::TensorShapeProto::Dimension &dim) {
  return dim.has_dim_value() && dim.dim_value() >= 0;
}

/// The name by which --dim binds dimension `i` of a value.
static std::string dimName(const ValueInfoProto &info, int i) {
  const auto &dim = info.type().tensor_type().shape().dim(i);
  if (dim.has_dim_param() && !dim.dim_param().empty())
    return dim.dim_param();
  return info.name() + "." + std::to_string(i);
}

bool Importer::bindDims() {
  llvm::StringSet<> initializers, known;
  for (const TensorProto &tensor : file.model.graph().initializer())
    initializers.insert(tensor.name());
  for (const auto &[name, value] : options.dims)
    dims[name] = value;
  std::vector<std::string> unbound;
  auto visit = [&](const ValueInfoProto &info, bool isInput) {
    const auto &shape = info.type().tensor_type().shape();
    for (int i = 0; i < shape.dim_size(); ++i) {
      if (isBound(shape.dim(i)))
        continue;
      std::string name = dimName(info, i);
      if (!known.insert(name).second || !isInput)
        continue;
      report.dimNames.push_back(name);
      if (!evaluateDim(name))
        unbound.push_back(name);
    }
  };
  for (const ValueInfoProto &info : file.model.graph().input())
    if (!initializers.contains(info.name()) &&
        !options.consts.count(info.name()))
      visit(info, true);
  for (const ValueInfoProto &info : file.model.graph().input())
    visit(info, false);
  for (const ValueInfoProto &info : file.model.graph().output())
    visit(info, false);
  for (const auto &[name, value] : options.dims) {
    bool part = llvm::any_of(known.keys(),
                             [&](StringRef key) { return key.contains(name); });
    if (!part)
      error("--dim " + name + ": no dimension has this name");
    if (value < 0 || value >= (int64_t(1) << 31))
      error("--dim " + name + "=" + Twine(value) +
            ": expected an extent in [0, 2147483648)");
  }
  if (!unbound.empty())
    error("symbolic dimensions have no value: '" + llvm::join(unbound, "', '") +
          "'; bind them with --dim " + llvm::join(unbound, "=N --dim ") + "=N");
  return unbound.empty() && report.errors.empty();
}

RankedTensorType Importer::inputType(const ValueInfoProto &info) {
  auto refuse = [&](const Twine &what) {
    error("input '" + info.name() + "' " + what);
    return RankedTensorType();
  };
  if (info.type().value_case() == TypeProto::VALUE_NOT_SET)
    return refuse("has no type");
  if (!info.type().has_tensor_type())
    return refuse("is no tensor (a sequence, an optional, a map or sparse), "
                  "which is not supported");
  const auto &tensor = info.type().tensor_type();
  Type element = elementType(&context, tensor.elem_type());
  bool allowed = element && (!isa<FloatType>(element) || !element.isF64()) &&
                 (!element.isUnsignedInteger() || element.isUnsignedInteger(8));
  if (!allowed)
    return refuse("has element type " + elementName(tensor.elem_type()) +
                  ", expected float, float16, bfloat16, int64, int32, int16, "
                  "int8, uint8 or bool");
  if (!tensor.has_shape())
    return refuse("has no shape");
  SmallVector<int64_t> shape;
  int64_t count = 1;
  for (int i = 0; i < tensor.shape().dim_size(); ++i) {
    const auto &dim = tensor.shape().dim(i);
    int64_t extent = isBound(dim) ? dim.dim_value()
                                  : evaluateDim(dimName(info, i)).value_or(-1);
    if (extent < 0 || (extent && count > (int64_t(1) << 44) / extent))
      return refuse("has extent " + Twine(extent) + " in dimension " +
                    Twine(i) + ", which is negative or too large");
    count *= extent;
    shape.push_back(extent);
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
    const auto &dim = tensor.shape().dim(i);
    std::optional<int64_t> stated =
        isBound(dim) ? dim.dim_value() : evaluateDim(dimName(info, i));
    if (stated && *stated != extent)
      return false;
  }
  return true;
}

static std::string shapeText(const ValueInfoProto &info) {
  std::string text;
  const auto &shape = info.type().tensor_type().shape();
  for (int i = 0; i < shape.dim_size(); ++i)
    text += (i ? ", " : "") + (isBound(shape.dim(i))
                                   ? std::to_string(shape.dim(i).dim_value())
                                   : dimName(info, i));
  return text;
}

void Importer::bindConst(Scope &scope, const ValueInfoProto &info,
                         const ConstInput &value) {
  Type element = elementType(&context, int32_t(value.type));
  int64_t count = 1;
  for (int64_t dim : value.shape)
    count *= dim;
  if (!element ||
      uint64_t(count) * hostElementBytes(element) != value.bytes.size()) {
    error("input '" + info.name() + "': the constant bound to it is malformed");
    return;
  }
  int32_t declared = info.type().tensor_type().elem_type();
  if (declared && declared != int32_t(value.type)) {
    error("input '" + info.name() + "' has element type " +
          elementName(declared) + ", but the constant bound to it has " +
          elementName(int32_t(value.type)));
    return;
  }
  if (!matchesShape(info, value.shape)) {
    std::string given;
    for (int64_t dim : value.shape)
      given += (given.empty() ? "" : ", ") + std::to_string(dim);
    error("input '" + info.name() + "' has shape [" + shapeText(info) +
          "], but the constant bound to it has [" + given + "]");
    return;
  }
  HostTensor tensor;
  tensor.type = RankedTensorType::get(value.shape, element);
  tensor.bytes = value.bytes;
  scope.values[info.name()] =
      addConstant(std::move(tensor), UnknownLoc::get(&context));
}

bool Importer::declareInputs(Scope &scope) {
  Block &block = program.getBody().front();
  llvm::StringSet<> names;
  for (const ValueInfoProto &info : file.model.graph().input()) {
    if (scope.initializers.count(info.name()))
      continue;
    if (!names.insert(info.name()).second) {
      error("input '" + info.name() + "' is listed twice");
      continue;
    }
    if (auto found = options.consts.find(info.name());
        found != options.consts.end()) {
      bindConst(scope, info, found->second);
      continue;
    }
    RankedTensorType type = inputType(info);
    if (!type)
      continue;
    scope.values[info.name()] = block.addArgument(type, program.getLoc());
    inputNames.push_back(info.name());
  }
  for (const auto &[name, value] : options.consts)
    if (!names.contains(name))
      error("--const " + name + ": no graph input has this name");
  return report.errors.empty();
}
