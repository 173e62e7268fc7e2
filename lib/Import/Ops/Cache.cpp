//===- Cache.cpp - Rules of ops that write by index -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// ScatterND, ScatterElements, Scatter and TensorScatter of opset 24 become
// nn.cache_update. Three of them are how exporters update a cache of fixed
// capacity: one index a row, indices repeated over the row, TensorScatter;
// these keep its shape. A fourth spelling, a select, is raised by
// nn-raise-cache.
//
//===----------------------------------------------------------------------===//
#include "Indices.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// ONNX's reduction attribute; none if rows replace what lies there.
static StringAttr reductionOf(NodeCtx &n) {
  std::string how = n.attrString("reduction", "none");
  if (how != "none" && how != "add" && how != "mul" && how != "max" &&
      how != "min")
    n.fail("has reduction '" + how + "', expected none, add, mul, max or min");
  return how == "none" ? StringAttr() : n.builder().getStringAttr(how);
}

static Value update(NodeCtx &n, Value cache, Value rows, Value positions,
                    int64_t axis, bool wrap, StringAttr reduction = {}) {
  SmallVector<NamedAttribute> attrs = {n.named("axis", axis)};
  if (wrap)
    attrs.push_back(n.named("wrap", n.builder().getUnitAttr()));
  if (reduction)
    attrs.push_back(n.named("reduction", reduction));
  return n.make<CacheUpdateOp>({cache, rows, positions}, attrs);
}

/// Slices named by one or more indices. The dimensions that they index become
/// one; a single one stays as it is, because the data may be a cache.
static bool scatterND(NodeCtx &n) {
  Value data = n.in(0), indices = n.in(1), rows = n.in(2);
  if (!data || !indices || !rows || n.rank(indices) < 1 || n.rank(data) < 1)
    return n.fail("has fewer than 3 inputs, or scalars");
  StringAttr reduction = reductionOf(n);
  int64_t depth = n.shape(indices).back();
  if (n.failed || depth < 1 || depth > n.rank(data))
    return n.fail("has indices of depth " + Twine(depth) +
                  ", the data has rank " + Twine(n.rank(data)));
  int64_t count = n.type(indices).getNumElements() / depth;
  Ints whole(n.shape(data)), shape{1};
  for (int64_t dim : n.shape(data).take_front(depth))
    shape[0] *= dim;
  llvm::append_range(shape, n.shape(data).drop_front(depth));
  Ints shapeOfRows(shape);
  shapeOfRows[0] = count;
  if (n.type(rows).getNumElements() != llvm::product_of(shapeOfRows))
    return n.fail("has updates that do not match the indices");
  Value at = depth == 1 ? indices : sliceIndices(n, data, indices, 0);
  at = n.reshape(at, {count});
  rows = n.reshape(rows, shapeOfRows);
  Value written = update(n, n.reshape(data, shape), rows, at, 0,
                         /*wrap=*/depth == 1, reduction);
  return n.out(n.reshape(written, whole));
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

/// Whole rows if the indices say so, which a cache can do in place; else single
/// elements of the flattened data.
static bool scatterElements(NodeCtx &n) {
  Value data = n.in(0), indices = n.in(1), rows = n.in(2);
  if (!data || !indices || !rows || n.type(rows).getShape() != n.shape(indices))
    return n.fail("has fewer than 3 inputs, or updates of another shape than "
                  "the indices");
  auto axis = n.axis(n.attrInt("axis", 0), n.rank(data));
  StringAttr reduction = reductionOf(n);
  if (!axis || n.failed)
    return false;
  int64_t count = n.rank(rows) == n.rank(data) ? n.shape(rows)[*axis] : 0;
  Ints shape(n.shape(data)), whole(shape);
  shape[*axis] = count;
  if (Value source = rowIndices(indices, *axis, count);
      source && n.shape(rows) == ArrayRef(shape))
    return n.out(update(n, data, rows, n.reshape(source, {count}), *axis,
                        /*wrap=*/true, reduction));
  Value at = flatIndices(n, data, indices, *axis);
  int64_t all = n.type(data).getNumElements(),
          some = n.type(rows).getNumElements();
  at = n.reshape(at, {some});
  rows = n.reshape(rows, {some});
  Value written = update(n, n.reshape(data, {all}), rows, at, 0,
                         /*wrap=*/false, reduction);
  return n.out(n.reshape(written, whole));
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
  int64_t count = n.shape(rows)[*axis];
  int64_t starts = start ? n.type(start).getNumElements() : 1;
  if (starts != 1 && (starts != n.shape(cache)[0] || *axis == 0))
    return n.fail("has " + Twine(starts) +
                  " write indices, expected one for "
                  "each of " +
                  Twine(n.shape(cache)[0]) +
                  " batches and another axis than theirs");
  Type element = start ? n.element(start) : n.builder().getI64Type();
  Value at = iota(n, count, 1, 0, 1, element);
  if (start)
    at = n.make<AddOp>(
        {n.reshape(start, starts == 1 ? Ints{1} : Ints{starts, 1}), at});
  if (at && mode == "circular") {
    Value capacity = n.scalar(double(n.shape(cache)[*axis]), element);
    at = n.make<WhereOp>(
        {n.make<LessOp>({at, capacity}), at, n.make<SubOp>({at, capacity})});
  }
  return n.out(update(n, cache, rows, at, *axis, /*wrap=*/false));
}

void weft::addCacheRules(llvm::StringMap<Rule> &rules) {
  rules["ScatterND"] = {scatterND, {"reduction"}};
  rules["ScatterElements"] = {scatterElements, {"axis", "reduction"}};
  rules["Scatter"] = {scatterElements, {"axis"}};
  rules["TensorScatter"] = {tensorScatter, {"axis", "mode"}};
}
