//===- Constants.cpp - Rules of ops that make or need constants -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Exporters compute shapes, positions and masks with these; on values that are
// only known at run time they are refused.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// Enough for masks and position tables, too little to exhaust memory.
constexpr int64_t MaxMade = int64_t(1) << 22;

static const HostTensor *needKnown(NodeCtx &n, unsigned input) {
  const HostTensor *tensor = n.has(input) ? n.known(n.in(input)) : nullptr;
  if (!tensor)
    n.fail("has a result whose length depends on input #" + Twine(input) +
           ", which is not known at compile time");
  return tensor;
}

static HostTensor vectorOf(NodeCtx &n, Type element, int64_t size) {
  return HostTensor::zeros(RankedTensorType::get({size}, element));
}

static bool constantList(NodeCtx &n, const onnx::AttributeProto &attr,
                         bool ints, bool rank0) {
  Type element =
      ints ? Type(n.builder().getI64Type()) : Type(n.builder().getF32Type());
  int64_t size = rank0 ? 1 : ints ? attr.ints_size() : attr.floats_size();
  HostTensor tensor = vectorOf(n, element, size);
  for (int64_t i = 0; i < size; ++i)
    if (ints)
      tensor.setInt(i, rank0 ? attr.i() : attr.ints(int(i)));
    else
      tensor.setFloat(i, rank0 ? attr.f() : attr.floats(int(i)));
  if (rank0)
    tensor.type = RankedTensorType::get({}, element);
  return n.out(n.constant(std::move(tensor)));
}

static bool constant(NodeCtx &n) {
  for (const auto &outer : n.node.attribute()) {
    const onnx::AttributeProto *attr = n.attr(outer.name());
    StringRef name = outer.name();
    if (!attr)
      continue;
    if (name == "value")
      return n.out(n.importer.loadTensor(
          attr->t(), n.node.output_size() ? n.node.output(0) : n.node.name(),
          std::nullopt));
    bool rank0 = name == "value_int" || name == "value_float";
    return constantList(n, *attr, name.starts_with("value_int"), rank0);
  }
  return n.fail("has no value");
}

static bool constantOfShape(NodeCtx &n) {
  auto shape = n.knownInts(n.in(0));
  if (!shape)
    return n.fail("has a shape that is not known at compile time");
  for (int64_t dim : *shape)
    if (dim < 0 || dim > (int64_t(1) << 40))
      return n.fail("has dimension " + Twine(dim));
  Value value = n.scalar(0, n.builder().getF32Type());
  if (const onnx::AttributeProto *attr = n.attr("value")) {
    value = n.importer.loadTensor(attr->t(), "", std::nullopt);
    if (!value || n.type(value).getNumElements() != 1)
      return n.fail("has a value that is not one element");
    value = n.reshape(value, {});
  }
  return n.out(n.expand(value, *shape));
}

static bool range(NodeCtx &n) {
  const HostTensor *start = needKnown(n, 0), *limit = needKnown(n, 1),
                   *delta = needKnown(n, 2);
  if (!start || !limit || !delta)
    return false;
  if (start->size() != 1 || limit->size() != 1 || delta->size() != 1 ||
      delta->getFloat(0) == 0)
    return n.fail("has bounds that are no scalars, or step 0");
  Type element = start->type.getElementType();
  if (limit->type.getElementType() != element ||
      delta->type.getElementType() != element)
    return n.fail("has bounds and a step that are not of one type");
  bool ints = isa<IntegerType>(element);
  double count =
      std::ceil((limit->getFloat(0) - start->getFloat(0)) / delta->getFloat(0));
  if (ints) { // doubles are not exact beyond 2^53
    __int128 span = __int128(limit->getInt(0)) - start->getInt(0);
    __int128 step = delta->getInt(0);
    count =
        double(span / step + (span % step != 0 && (span < 0) == (step < 0)));
  }
  if (!(count <= double(MaxMade)))
    return n.fail("makes more than 4194304 values");
  HostTensor out = vectorOf(n, element, std::max(count, 0.0));
  for (int64_t i = 0; i < out.size(); ++i)
    if (ints) // the sum fits, the product may not
      out.setInt(i, int64_t(uint64_t(start->getInt(0)) +
                            uint64_t(i) * uint64_t(delta->getInt(0))));
    else
      out.setFloat(i, start->getFloat(0) + double(i) * delta->getFloat(0));
  return n.out(n.constant(std::move(out)));
}

static bool eyeLike(NodeCtx &n) {
  if (!n.has(0) || n.rank(n.in(0)) != 2 ||
      n.type(n.in(0)).getNumElements() > MaxMade)
    return n.fail("has an input that is no matrix or too large");
  ArrayRef<int64_t> shape = n.shape(n.in(0));
  Type element = n.element(n.in(0));
  if (n.attr("dtype"))
    element = elementType(n.loc.getContext(), int32_t(n.attrInt("dtype", 1)));
  if (!element)
    return n.fail("has a dtype that is not supported");
  HostTensor out = HostTensor::zeros(RankedTensorType::get(shape, element));
  int64_t k = n.attrInt("k", 0), beyond = std::max(shape[0], shape[1]);
  if (out.size() && k > -beyond && k < beyond)
    for (int64_t i = 0; i < shape[0]; ++i)
      if (i + k >= 0 && i + k < shape[1])
        out.setInt(i * shape[1] + i + k, 1);
  return n.out(n.constant(std::move(out)));
}

void weft::addConstantRules(llvm::StringMap<Rule> &rules) {
  rules["Constant"] = {
      constant,
      {"value", "value_int", "value_ints", "value_float", "value_floats"}};
  rules["ConstantOfShape"] = {constantOfShape, {"value"}};
  rules["Range"] = {range, {}};
  rules["EyeLike"] = {eyeLike, {"dtype", "k"}};
}
