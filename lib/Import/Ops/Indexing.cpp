//===- Indexing.cpp - Rules of ops that read by index ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Gathers of elements and slices, one-hot rows, parts that a condition keeps,
// reversed sequences. Those that write by index are in Cache.cpp.
//
//===----------------------------------------------------------------------===//
#include "Indices.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

static bool gatherElements(NodeCtx &n) {
  if (!n.has(0) || !n.has(1))
    return n.fail("has fewer than 2 inputs");
  auto axis = n.axis(n.attrInt("axis", 0), n.rank(n.in(0)));
  return axis && n.out(gatherAlong(n, n.in(0), n.in(1), *axis));
}

static bool gatherND(NodeCtx &n) {
  Value data = n.in(0), indices = n.in(1);
  if (!data || !indices)
    return n.fail("has fewer than 2 inputs");
  int64_t batch = n.attrInt("batch_dims", 0);
  Value flat = sliceIndices(n, data, indices, batch);
  if (!flat)
    return false;
  // The dimensions that indices and batches name become one.
  size_t named = batch + n.shape(indices).back();
  Ints shape{1};
  for (int64_t dim : n.shape(data).take_front(named))
    shape[0] *= dim;
  llvm::append_range(shape, n.shape(data).drop_front(named));
  return n.out(
      n.make<GatherOp>({n.reshape(data, shape), flat}, n.named("axis", 0)));
}

static bool oneHot(NodeCtx &n) {
  Value indices = n.in(0), values = n.in(2);
  auto depths = n.knownInts(n.in(1));
  if (!indices || !values || n.type(values).getNumElements() != 2)
    return n.fail("has no indices, or values other than off and on");
  if (!depths || depths->size() != 1)
    return n.fail("has a depth that is not known at compile time, and with it "
                  "the shape of its result");
  int64_t depth = depths->front(), rank = n.rank(indices) + 1;
  if (depth < 1)
    return n.fail("has depth " + Twine(depth) + ", expected at least 1");
  auto axis = n.axis(n.attrInt("axis", -1), rank);
  if (!axis)
    return false;
  Type i64 = n.builder().getI64Type();
  Ints shape(n.shape(indices));
  shape.insert(shape.begin() + *axis, 1);
  // Beyond [-depth, depth) nothing is on.
  Value at = wrapped(n, n.reshape(n.cast(indices, i64), shape), depth);
  Value on = n.make<EqualOp>({at, iota(n, depth, 1, *axis, rank, i64)});
  auto value = [&](int64_t i) {
    return n.reshape(n.sliceAxis(n.reshape(values, {2}), 0, i, 1), {});
  };
  return n.out(n.make<WhereOp>({on, value(1), value(0)}));
}

static bool compress(NodeCtx &n) {
  Value x = n.in(0);
  auto condition = n.knownInts(n.in(1));
  if (!x || !n.has(1))
    return n.fail("has fewer than 2 inputs");
  if (!condition)
    return n.fail("has a condition that is not known at compile time, so the "
                  "shape of its result depends on data");
  std::optional<int64_t> axis = 0;
  if (n.attr("axis"))
    axis = n.axis(n.attrInt("axis", 0), n.rank(x));
  else
    x = n.reshape(x, {n.type(x).getNumElements()});
  if (!axis || !x)
    return false;
  if (int64_t(condition->size()) > n.shape(x)[*axis])
    return n.fail("has a condition of " + Twine(condition->size()) +
                  " elements for " + Twine(n.shape(x)[*axis]));
  Ints kept;
  for (auto [i, keep] : llvm::enumerate(*condition))
    if (keep)
      kept.push_back(i);
  return n.out(takeAlong(n, x, *axis, kept));
}

/// The first lengths[b] rows of batch b in reverse order: row t is row
/// lengths[b] - 1 - t there, itself beyond.
static bool reverseSequence(NodeCtx &n) {
  Value x = n.in(0), lengths = n.in(1);
  if (!x || !lengths || n.rank(x) < 2 || n.rank(lengths) != 1)
    return n.fail("has no input of rank 2 or more, or no vector of lengths");
  int64_t batchAxis = n.attrInt("batch_axis", 1),
          timeAxis = n.attrInt("time_axis", 0);
  if (!(batchAxis == 0 && timeAxis == 1) && !(batchAxis == 1 && timeAxis == 0))
    return n.fail("has batch_axis " + Twine(batchAxis) + " and time_axis " +
                  Twine(timeAxis) + ", expected 0 and 1 or 1 and 0");
  Ints perm = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  if (batchAxis == 1)
    std::swap(perm[0], perm[1]);
  Value rows = n.transpose(x, perm);
  Ints shape(n.shape(rows)), flatShape(shape);
  int64_t batch = shape[0], time = shape[1];
  if (n.shape(lengths)[0] != batch)
    return n.fail("has " + Twine(n.shape(lengths)[0]) + " lengths for " +
                  Twine(batch) + " batches");
  Type element = n.element(lengths);
  Value order = iota(n, time, 1, 1, 2, element);
  Value length = n.reshape(lengths, {batch, 1});
  if (!order || !length)
    return false;
  Value one = n.scalar(1, element);
  Value back = n.make<SubOp>({n.make<SubOp>({length, one}), order});
  Value at = n.make<WhereOp>({n.make<LessOp>({order, length}), back, order});
  at = n.make<AddOp>({at, iota(n, batch, time, 0, 2, element)});
  flatShape.erase(flatShape.begin());
  flatShape[0] = batch * time;
  Value out =
      n.make<GatherOp>({n.reshape(rows, flatShape), at}, n.named("axis", 0));
  return n.out(n.transpose(out, perm));
}

void weft::addIndexingRules(llvm::StringMap<Rule> &rules) {
  rules["GatherElements"] = {gatherElements, {"axis"}};
  rules["GatherND"] = {gatherND, {"batch_dims"}};
  rules["OneHot"] = {oneHot, {"axis"}};
  rules["Compress"] = {compress, {"axis"}};
  rules["ReverseSequence"] = {reverseSequence, {"batch_axis", "time_axis"}};
}
