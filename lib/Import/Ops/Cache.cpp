//===- Cache.cpp - Rules of ops that write into a cache -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Caches of fixed capacity as exporters update them: ScatterND with one index a
// row, ScatterElements with indices repeated over the row, TensorScatter of
// opset 24. The fourth spelling, a select, is raised by nn-raise-cache.
//
//===----------------------------------------------------------------------===//
#include "Importer.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

static bool update(NodeCtx &n, Value cache, Value rows, Value positions,
                   int64_t axis, bool wrap) {
  SmallVector<NamedAttribute> attrs = {n.named("axis", axis)};
  if (wrap)
    attrs.push_back(n.named("wrap", n.builder().getUnitAttr()));
  return n.out(n.make<CacheUpdateOp>({cache, rows, positions}, attrs));
}

static bool plainReduction(NodeCtx &n) {
  std::string reduction = n.attrString("reduction", "none");
  return reduction == "none" ||
         n.fail("has reduction '" + reduction +
                "', supported is none where values are not known at compile "
                "time");
}

bool weft::scatterRows(NodeCtx &n) {
  Value data = n.in(0), indices = n.in(1), rows = n.in(2);
  if (!data || !indices || !rows || n.rank(indices) < 1 || n.rank(data) < 1)
    return n.fail("has fewer than 3 inputs, or scalars");
  if (!plainReduction(n))
    return false;
  if (n.shape(indices).back() != 1)
    return n.fail("has indices of depth " + Twine(n.shape(indices).back()) +
                  ", supported is 1 where values are not known at compile "
                  "time: whole rows of the first dimension");
  int64_t count = n.type(indices).getNumElements();
  Ints shape(n.shape(data));
  shape[0] = count;
  if (n.type(rows).getNumElements() !=
      RankedTensorType::get(shape, n.element(data)).getNumElements())
    return n.fail("has updates that do not match the indices");
  return update(n, data, n.reshape(rows, shape), n.reshape(indices, {count}), 0,
                /*wrap=*/true);
}

/// Indices that differ along `axis` only: one per row.
static Value rowIndices(Value indices, int64_t axis, int64_t rows) {
  auto expand = indices.getDefiningOp<ExpandOp>();
  Value source = expand ? expand.getX() : indices;
  int64_t shift = NodeCtx::rank(indices) - NodeCtx::rank(source);
  for (auto [d, size] : llvm::enumerate(NodeCtx::shape(source)))
    if (size != (int64_t(d) + shift == axis ? rows : 1))
      return {};
  return NodeCtx::type(source).getNumElements() == rows ? source : Value();
}

static bool scatterElements(NodeCtx &n) {
  Value data = n.in(0), indices = n.in(1), rows = n.in(2);
  if (!data || !indices || !rows || n.type(rows).getShape() != n.shape(indices))
    return n.fail("has fewer than 3 inputs, or updates of another shape than "
                  "the indices");
  auto axis = n.axis(n.attrInt("axis", 0), n.rank(data));
  if (!axis || !plainReduction(n))
    return false;
  int64_t count = n.rank(rows) == n.rank(data) ? n.shape(rows)[*axis] : 0;
  Ints shape(n.shape(data));
  shape[*axis] = count;
  Value source = rowIndices(indices, *axis, count);
  if (!source || n.shape(rows) != ArrayRef(shape))
    return n.fail("writes elements, supported are whole rows: updates as wide "
                  "as the data and one index for each, expanded over the row");
  return update(n, data, rows, n.reshape(source, {count}), *axis,
                /*wrap=*/true);
}

/// Rows at write_indices[batch], +1, ...; without them at 0, 1, ...
static bool tensorScatter(NodeCtx &n) {
  Value cache = n.in(0), rows = n.in(1), start = n.in(2);
  if (!cache || !rows || n.rank(cache) < 2 || n.rank(rows) != n.rank(cache))
    return n.fail("has no cache and update of one rank of at least 2");
  auto axis = n.axis(n.attrInt("axis", -2), n.rank(cache));
  std::string mode = n.attrString("mode", "linear");
  if (!axis)
    return false;
  if (mode != "linear" && mode != "circular")
    return n.fail("has mode '" + mode + "', expected linear or circular");
  if (start && n.type(start).getNumElements() != 1)
    return n.fail("has " + Twine(n.type(start).getNumElements()) +
                  " write indices, supported is one: a batch of 1");
  int64_t count = n.shape(rows)[*axis];
  Type element = start ? n.element(start) : n.builder().getI64Type();
  HostTensor order = HostTensor::zeros(RankedTensorType::get({count}, element));
  for (int64_t i = 0; i < count; ++i)
    order.setInt(i, i);
  Value at = n.constant(std::move(order));
  if (start)
    at = n.make<AddOp>({n.reshape(start, {1}), at});
  if (at && mode == "circular") {
    Value capacity = n.scalar(double(n.shape(cache)[*axis]), element);
    at = n.make<WhereOp>(
        {n.make<LessOp>({at, capacity}), at, n.make<SubOp>({at, capacity})});
  }
  return at && update(n, cache, rows, at, *axis, /*wrap=*/false);
}

void weft::addCacheRules(llvm::StringMap<Rule> &rules) {
  rules["ScatterElements"] = {scatterElements, {"axis", "reduction"}};
  rules["Scatter"] = {scatterElements, {"axis"}};
  rules["TensorScatter"] = {tensorScatter, {"axis", "mode"}};
}
