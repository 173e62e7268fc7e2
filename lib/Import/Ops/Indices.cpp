//===- Indices.cpp - Indices as values, for rules -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Indices.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// More slices than this are one gather.
constexpr size_t MaxRuns = 8;

static Ints rowMajor(ArrayRef<int64_t> shape) {
  Ints strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

Value weft::iota(NodeCtx &n, int64_t extent, int64_t factor, int64_t axis,
                 int64_t rank, Type element) {
  if (extent > MaxIota)
    return n.failValue("numbers " + Twine(extent) +
                       " elements along one dimension, supported are up to " +
                       Twine(MaxIota));
  Ints shape(rank, 1);
  shape[axis] = extent;
  HostTensor out = HostTensor::zeros(RankedTensorType::get(shape, element));
  for (int64_t i = 0; i < extent; ++i)
    out.setInt(i, i * factor);
  return n.constant(std::move(out));
}

/// An integer constant; `scalar` goes through double.
static Value number(NodeCtx &n, int64_t value, Type element) {
  HostTensor out = HostTensor::zeros(RankedTensorType::get({}, element));
  out.setInt(0, value);
  return n.constant(std::move(out));
}

Value weft::wrapped(NodeCtx &n, Value indices, int64_t extent) {
  if (!indices)
    return {};
  Type element = n.element(indices);
  Value negative = n.make<LessOp>({indices, number(n, 0, element)});
  Value shifted = n.make<AddOp>({indices, number(n, extent, element)});
  return n.make<WhereOp>({negative, shifted, indices});
}

Value weft::takeAlong(NodeCtx &n, Value x, int64_t axis,
                      ArrayRef<int64_t> indices) {
  if (!x || indices.empty())
    return n.sliceAxis(x, axis, 0, 0);
  struct Run {
    int64_t first, step, count;
  };
  SmallVector<Run> runs;
  for (size_t i = 0; i < indices.size() && runs.size() <= MaxRuns;) {
    Run run{indices[i], 1, 1};
    if (i + 1 < indices.size() && indices[i + 1] != indices[i])
      run.step = indices[i + 1] - indices[i];
    while (i + run.count < indices.size() &&
           indices[i + run.count] == run.first + run.count * run.step)
      ++run.count;
    i += run.count;
    runs.push_back(run);
  }
  if (runs.size() > MaxRuns)
    return n.make<GatherOp>({x, n.ints(indices)}, n.named("axis", axis));
  SmallVector<Value> parts;
  for (const Run &run : runs) {
    Ints starts(n.rank(x), 0), sizes(n.shape(x)), steps(n.rank(x), 1);
    starts[axis] = run.first;
    sizes[axis] = run.count;
    steps[axis] = run.count == 1 ? 1 : run.step;
    parts.push_back(n.slice(x, starts, sizes, steps));
  }
  return n.concat(parts, axis);
}

Value weft::flatIndices(NodeCtx &n, Value data, Value indices, int64_t axis,
                        bool negative) {
  int64_t rank = n.rank(data);
  if (n.rank(indices) != rank)
    return n.failValue("has indices of rank " + Twine(n.rank(indices)) +
                       ", expected that of the data, " + Twine(rank));
  Ints strides = rowMajor(n.shape(data)), shape(n.shape(indices));
  Type element = n.element(indices);
  Value flat = negative ? wrapped(n, indices, n.shape(data)[axis]) : indices;
  if (strides[axis] != 1)
    flat = n.make<MulOp>({flat, number(n, strides[axis], element)});
  for (int64_t d = 0; d < rank && flat; ++d) {
    if (d == axis || shape[d] == 1)
      continue;
    if (shape[d] > n.shape(data)[d])
      return n.failValue("has indices with " + Twine(shape[d]) +
                         " rows in dimension " + Twine(d) + ", the data has " +
                         Twine(n.shape(data)[d]));
    flat =
        n.make<AddOp>({flat, iota(n, shape[d], strides[d], d, rank, element)});
  }
  return flat;
}

Value weft::gatherAlong(NodeCtx &n, Value data, Value indices, int64_t axis,
                        bool negative) {
  Value flat = flatIndices(n, data, indices, axis, negative);
  int64_t count = n.type(data).getNumElements();
  return flat ? n.make<GatherOp>({n.reshape(data, {count}), flat},
                                 n.named("axis", 0))
              : Value();
}

Value weft::sliceIndices(NodeCtx &n, Value data, Value indices, int64_t batch) {
  int64_t rank = n.rank(indices), depth = rank ? n.shape(indices).back() : 0;
  if (batch < 0 || batch >= rank || depth < 1 || batch + depth > n.rank(data))
    return n.failValue("has indices of depth " + Twine(depth) + " after " +
                       Twine(batch) + " batch dimensions, the data has rank " +
                       Twine(n.rank(data)));
  ArrayRef<int64_t> extents = n.shape(data).slice(batch, depth);
  Type element = n.element(indices);
  HostTensor size = HostTensor::zeros(RankedTensorType::get({depth}, element));
  HostTensor stride = size;
  for (auto [d, step] : llvm::enumerate(rowMajor(extents))) {
    size.setInt(d, extents[d]);
    stride.setInt(d, step);
  }
  Value negative = n.make<LessOp>({indices, number(n, 0, element)});
  Value shifted = n.make<AddOp>({indices, n.constant(std::move(size))});
  Value flat = n.make<WhereOp>({negative, shifted, indices});
  Ints shape(n.shape(indices).drop_back());
  if (depth == 1) {
    flat = n.reshape(flat, shape);
  } else {
    flat = n.make<MulOp>({flat, n.constant(std::move(stride))});
    flat = n.make<ReduceSumOp>(
        flat, {n.named("axes", ArrayRef<int64_t>(rank - 1)),
               n.named("keepdims", n.builder().getBoolAttr(false))});
  }
  int64_t step = llvm::product_of(Ints(extents));
  for (int64_t d = batch; d-- > 0 && flat; step *= shape[d]) {
    if (shape[d] != n.shape(data)[d])
      return n.failValue("has batches of " + Twine(shape[d]) + " indices for " +
                         Twine(n.shape(data)[d]));
    flat = n.make<AddOp>({flat, iota(n, shape[d], step, d, rank - 1, element)});
  }
  return flat;
}

Value weft::argReduce(NodeCtx &n, Value x, int64_t axis, bool largest,
                      bool last) {
  if (!x)
    return {};
  int64_t extent = n.shape(x)[axis], rank = n.rank(x);
  if (extent == 0)
    return n.failValue("reduces a dimension without elements");
  const NamedAttribute over[] = {
      n.named("axes", ArrayRef<int64_t>(axis)),
      n.named("keepdims", n.builder().getBoolAttr(true))};
  Value best =
      largest ? n.make<ReduceMaxOp>(x, over) : n.make<ReduceMinOp>(x, over);
  // Not "equal": where a NaN is the best, all lose to none.
  Value loses =
      largest ? n.make<LessOp>({x, best}) : n.make<GreaterOp>({x, best});
  Type i64 = n.builder().getI64Type();
  Value order = iota(n, extent, 1, axis, rank, i64);
  Value none = number(n, last ? 0 : extent - 1, i64);
  Value found = n.make<WhereOp>({loses, none, order});
  return last ? n.make<ReduceMaxOp>(found, over)
              : n.make<ReduceMinOp>(found, over);
}
