//===- Slices.cpp - Rules of slices and gathers ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Axes, bounds and sizes must be known when a rule runs. A gather of known
// consecutive indices is a slice, which every level below handles better.
//
//===----------------------------------------------------------------------===//
#include "Slices.h"
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// One axis of ONNX Slice: clamps as the standard says.
static void sliceOne(int64_t extent, int64_t start, int64_t end, int64_t step,
                     int64_t &first, int64_t &size) {
  first = size = 0;
  if (extent == 0)
    return;
  auto wrapped = [&](int64_t v) { return v < 0 ? v + extent : v; };
  if (step > 0) {
    start = std::clamp<int64_t>(wrapped(start), 0, extent);
    end = std::clamp<int64_t>(wrapped(end), 0, extent);
    size = end > start ? (end - start - 1) / step + 1 : 0;
  } else {
    start = std::clamp<int64_t>(wrapped(start), 0, extent - 1);
    end = std::clamp<int64_t>(wrapped(end), -1, extent - 1);
    size = start > end ? (start - end - 1) / -step + 1 : 0;
  }
  first = size ? start : 0;
}

static bool slice(NodeCtx &n) {
  Value x = n.in(0);
  auto begins = intsOf(n, 1, "starts"), ends = intsOf(n, 2, "ends"),
       axes = intsOf(n, 3, "axes"), by = intsOf(n, 4, "steps");
  if (n.failed)
    return false;
  if (!x || !begins || !ends || begins->size() != ends->size())
    return n.fail("has starts and ends that do not match");
  if (!axes)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, begins->size()));
  if (!by)
    by = Ints(begins->size(), 1);
  if (axes->size() != begins->size() || by->size() != begins->size())
    return n.fail("has axes or steps that do not match the starts");
  Ints starts(n.rank(x), 0), sizes(n.shape(x)), steps(n.rank(x), 1);
  for (size_t i = 0; i < begins->size(); ++i) {
    auto axis = n.axis((*axes)[i], n.rank(x));
    if (!axis)
      return false;
    int64_t extent = n.shape(x)[*axis];
    int64_t step =
        std::clamp<int64_t>((*by)[i], -(int64_t(1) << 40), int64_t(1) << 40);
    if (step == 0)
      return n.fail("has step 0");
    sliceOne(extent, (*begins)[i], (*ends)[i], step, starts[*axis],
             sizes[*axis]);
    steps[*axis] = sizes[*axis] <= 1 ? 1 : step;
  }
  return n.out(n.slice(x, starts, sizes, steps));
}

static bool split(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  auto axis = n.axis(n.attrInt("axis", 0), n.rank(x));
  auto sizes = intsOf(n, 1, "split");
  if (!axis || n.failed)
    return false;
  int64_t extent = n.shape(x)[*axis], parts = n.node.output_size();
  if (!sizes) {
    int64_t count = n.attrInt("num_outputs", parts);
    if (count < 1 || count != parts)
      return n.fail("splits into " + Twine(count) + " parts, but has " +
                    Twine(parts) + " outputs");
    int64_t part = (extent + count - 1) / count;
    sizes.emplace();
    for (int64_t at = 0; int64_t(sizes->size()) < count; at += part)
      sizes->push_back(std::clamp<int64_t>(extent - at, 0, part));
  }
  int64_t at = 0;
  if (int64_t(sizes->size()) != parts)
    return n.fail("has " + Twine(sizes->size()) + " sizes for " + Twine(parts) +
                  " outputs");
  for (auto [i, size] : llvm::enumerate(*sizes)) {
    if (size < 0 || size > extent - at)
      return n.fail("has parts that do not sum up to " + Twine(extent));
    if (n.wants(i) && !n.out(n.sliceAxis(x, *axis, at, size), i))
      return false;
    at += size;
  }
  return at == extent || n.fail("has parts that sum up to " + Twine(at) +
                                " of " + Twine(extent));
}

static bool concat(NodeCtx &n) {
  SmallVector<Value> values;
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.has(i))
      values.push_back(n.in(i));
  if (values.empty())
    return n.fail("has no inputs");
  auto axis = n.axis(n.attrInt("axis", 1), n.rank(values.front()));
  return axis && n.out(n.concat(values, *axis));
}

/// Known indices lie within the extent, counted from either end.
static bool indicesFit(NodeCtx &n, Value indices, int64_t extent) {
  for (int64_t index : n.knownInts(indices).value_or(Ints()))
    if (index < -extent || index >= extent)
      return n.fail("has index " + Twine(index) + " into extent " +
                    Twine(extent));
  return true;
}

/// Known indices `first, first + step, ...`: a slice, reshaped to the indices'
/// dimensions. Null if they are irregular.
static Value gatherAsSlice(NodeCtx &n, Value table, Value indices,
                           int64_t axis) {
  auto known = n.knownInts(indices);
  if (!known || known->empty())
    return {};
  int64_t extent = n.shape(table)[axis];
  for (int64_t &index : *known)
    index += index < 0 ? extent : 0;
  int64_t step = known->size() > 1 ? (*known)[1] - (*known)[0] : 1;
  for (size_t i = 1; i < known->size(); ++i)
    if ((*known)[i] - (*known)[i - 1] != step || step == 0)
      return {};
  Ints starts(n.rank(table), 0), sizes(n.shape(table)), steps(n.rank(table), 1);
  starts[axis] = known->front();
  sizes[axis] = known->size();
  steps[axis] = step;
  Ints shape(n.shape(table).take_front(axis));
  llvm::append_range(shape, n.shape(indices));
  llvm::append_range(shape, n.shape(table).drop_front(axis + 1));
  return n.reshape(n.slice(table, starts, sizes, steps), shape);
}

static bool gather(NodeCtx &n) {
  Value table = n.in(0), indices = n.in(1);
  if (!table || !indices)
    return n.fail("has fewer than 2 inputs");
  auto axis = n.axis(n.attrInt("axis", 0), n.rank(table));
  if (!axis)
    return false;
  if (!indicesFit(n, indices, n.shape(table)[*axis]))
    return false;
  if (!n.known(table) || n.importer.isFileWeight(table))
    if (Value slice = gatherAsSlice(n, table, indices, *axis);
        slice || n.failed)
      return n.out(slice);
  return n.out(n.make<GatherOp>({table, indices}, n.named("axis", *axis)));
}

void weft::addSliceRules(llvm::StringMap<Rule> &rules) {
  rules["Slice"] = {slice, {"starts", "ends", "axes"}};
  rules["Split"] = {split, {"axis", "split", "num_outputs"}};
  rules["Concat"] = {concat, {"axis"}};
  rules["Gather"] = {gather, {"axis"}};
}
