//===- Dims.cpp - ONNX to nn: symbolic dimensions -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Which dimensions have a value, and which names the user must bind.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include "weft/Import/DimExpression.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace weft;
using onnx::TensorProto;
using onnx::ValueInfoProto;

/// Exporters also write -1 for none.
bool weft::isStated(const ValueInfoProto &info, int i) {
  const auto &dim = info.type().tensor_type().shape().dim(i);
  return dim.has_dim_value() && dim.dim_value() >= 0;
}

/// The name by which --dim binds dimension `i`; `spelt`: the model gives it.
static std::string dimName(const ValueInfoProto &info, int i, bool &spelt) {
  const auto &dim = info.type().tensor_type().shape().dim(i);
  spelt = dim.has_dim_param() && !dim.dim_param().empty();
  return spelt ? dim.dim_param() : info.name() + "." + std::to_string(i);
}

std::string weft::dimText(const ValueInfoProto &info, int i) {
  bool spelt;
  return isStated(info, i)
             ? std::to_string(
                   info.type().tensor_type().shape().dim(i).dim_value())
             : dimName(info, i, spelt);
}

std::string weft::shapeText(const ValueInfoProto &info) {
  std::string text;
  const auto &shape = info.type().tensor_type().shape();
  for (int i = 0; i < shape.dim_size(); ++i)
    text += (i ? ", " : "") + dimText(info, i);
  return text;
}

/// A name that the model gives may be an expression, another is itself.
static DimValue valueOf(const ValueInfoProto &info, int i,
                        const llvm::StringMap<int64_t> &bound) {
  bool spelt;
  std::string name = dimName(info, i, spelt);
  if (spelt)
    return evaluateDim(name, bound);
  DimValue result;
  if (auto found = bound.find(name); found != bound.end())
    result.extent = found->second;
  else
    result.unbound.push_back(name);
  return result;
}

std::optional<int64_t> Importer::dimExtent(const ValueInfoProto &info,
                                           int i) const {
  return isStated(info, i)
             ? info.type().tensor_type().shape().dim(i).dim_value()
             : valueOf(info, i, dims).extent;
}

namespace {
/// The symbolic dimensions of a graph's inputs and outputs.
class DimSurvey {
public:
  explicit DimSurvey(const llvm::StringMap<int64_t> &bound) : bound(bound) {}

  /// `needed`: the dimension must have a value.
  void visit(const ValueInfoProto &info, bool needed) {
    const auto &shape = info.type().tensor_type().shape();
    for (int i = 0; i < shape.dim_size(); ++i) {
      if (isStated(info, i))
        continue;
      bool spelt;
      std::string name = dimName(info, i, spelt);
      known.insert(name);
      std::vector<std::string> parts;
      if (spelt)
        parts = dimNames(name);
      for (const std::string &part : parts)
        known.insert(part);
      if (parts.size() == 1 && parts[0] == name)
        plain.insert(name);
      if (!needed || !seen.insert(name).second)
        continue;
      DimValue value = valueOf(info, i, bound);
      dims.push_back({name, value.extent, value.unbound});
      if (!value.error.empty())
        errors.push_back("dimension '" + name + "' of input '" + info.name() +
                         "' " + value.error);
    }
  }

  /// `seq-length` is taken for a name unless its parts are names elsewhere;
  /// what has another operator is an expression.
  void finish() {
    for (DimSummary &dim : dims) {
      bool isPlain =
          StringRef(dim.name).find_first_of("+*/%()") == StringRef::npos &&
          llvm::none_of(dimNames(dim.name), [&](const std::string &part) {
            return plain.contains(part) || bound.count(part);
          });
      if (isPlain && !dim.unbound.empty())
        dim.unbound = {dim.name};
    }
  }

  llvm::StringSet<> known;
  std::vector<DimSummary> dims;
  std::vector<std::string> errors;

private:
  const llvm::StringMap<int64_t> &bound;
  llvm::StringSet<> plain, seen;
};
} // namespace

bool Importer::bindDims() {
  for (const auto &[name, value] : options.dims)
    dims[name] = value;
  llvm::StringSet<> initializers;
  for (const TensorProto &tensor : file.model.graph().initializer())
    initializers.insert(tensor.name());
  auto needed = [&](const std::string &name) {
    const WeightInput *weight = findWeight(name);
    return !initializers.contains(name) && !options.consts.count(name) &&
           !(weight && weight->value);
  };
  DimSurvey survey(dims);
  for (const ValueInfoProto &info : file.model.graph().input())
    survey.visit(info, needed(info.name()));
  for (const ValueInfoProto &info : file.model.graph().output())
    survey.visit(info, false);
  survey.finish();
  report.dims = survey.dims;
  size_t before = report.errors.size();
  for (const auto &[name, value] : options.dims) {
    if (!survey.known.contains(name))
      error("--dim " + name + ": no dimension has this name", "option");
    if (value < 0 || value >= (int64_t(1) << 31))
      error("--dim " + name + "=" + Twine(value) +
                ": expected an extent in [0, 2147483648)",
            "option");
  }
  for (const std::string &message : survey.errors)
    error(message, "dimension");
  std::vector<std::string> unbound;
  for (const DimSummary &dim : survey.dims)
    for (const std::string &name : dim.unbound)
      if (!llvm::is_contained(unbound, name))
        unbound.push_back(name);
  if (!unbound.empty())
    error("symbolic dimensions have no value: '" + llvm::join(unbound, "', '") +
              "'; bind them with --dim " + llvm::join(unbound, "=N --dim ") +
              "=N",
          "dimension");
  return before == report.errors.size();
}
