//===- Shape.cpp - Rules of data movement ---------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Shapes, axes and slice bounds must be known when a rule runs: they are, once
// the dimensions of the inputs are bound. A gather of known consecutive indices
// is a slice, which every level below handles better.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

std::optional<Ints> weft::intsOf(NodeCtx &n, unsigned input, StringRef attr) {
  if (!n.has(input))
    return n.attrInts(attr);
  auto values = n.knownInts(n.in(input));
  if (!values)
    n.fail("has input #" + Twine(input) + " ('" + attr +
           "') that is not known at compile time");
  return values;
}

static bool reshape(NodeCtx &n) {
  Value x = n.in(0);
  auto shape = intsOf(n, 1, "shape");
  if (!x || !shape)
    return n.fail("has no input or no shape");
  int64_t known = 1, open = -1;
  for (auto [i, dim] : llvm::enumerate(*shape)) {
    if (dim == 0 && !n.attrInt("allowzero", 0)) {
      if (int64_t(i) >= n.rank(x))
        return n.fail("copies dimension " + Twine(i) + " of an input of rank " +
                      Twine(n.rank(x)));
      dim = n.shape(x)[i];
    }
    if (dim == -1 && open < 0)
      open = i;
    else if (dim < 0 || dim > (int64_t(1) << 40))
      return n.fail("has shape with dimension " + Twine(dim) +
                    ", expected at most one -1");
    else if (dim && known > (int64_t(1) << 44) / dim)
      return n.fail("has a shape of more than 2^44 elements");
    else
      known *= dim;
  }
  int64_t count = n.type(x).getNumElements();
  if (open >= 0) {
    if (known == 0 || count % known)
      return n.fail("cannot split " + Twine(count) +
                    " elements into parts of " + Twine(known));
    (*shape)[open] = count / known;
  }
  return n.out(n.reshape(x, *shape));
}

static bool transpose(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  auto perm = n.attrInts("perm");
  if (!perm)
    perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, n.rank(x))));
  return n.out(n.transpose(x, *perm));
}

static bool flatten(NodeCtx &n) {
  Value x = n.in(0);
  if (!x)
    return n.fail("has no input");
  int64_t axis = n.attrInt("axis", 1), rank = n.rank(x);
  if (axis < -rank || axis > rank)
    return n.fail("has axis " + Twine(axis) + ", expected one in [" +
                  Twine(-rank) + ", " + Twine(rank) + "]");
  axis += axis < 0 ? rank : 0;
  int64_t outer = 1, inner = 1;
  for (auto [i, dim] : llvm::enumerate(n.shape(x)))
    (int64_t(i) < axis ? outer : inner) *= dim;
  return n.out(n.reshape(x, {outer, inner}));
}

static bool squeeze(NodeCtx &n) {
  Value x = n.in(0);
  auto axes = intsOf(n, 1, "axes");
  if (!x || n.failed)
    return n.fail("has no input");
  Ints shape(n.shape(x));
  if (!axes || axes->empty()) { // as ONNX Runtime takes an empty list
    llvm::erase(shape, 1);
    return n.out(n.reshape(x, shape));
  }
  for (int64_t value : *axes) {
    auto axis = n.axis(value, n.rank(x));
    if (!axis)
      return false;
    if (n.shape(x)[*axis] != 1)
      return n.fail("squeezes dimension " + Twine(*axis) + " of extent " +
                    Twine(n.shape(x)[*axis]) + ", expected 1");
    shape[*axis] = -1;
  }
  llvm::erase(shape, -1);
  return n.out(n.reshape(x, shape));
}

static bool unsqueeze(NodeCtx &n) {
  Value x = n.in(0);
  auto axes = intsOf(n, 1, "axes");
  if (!x || !axes)
    return n.fail("has no input or no axes");
  int64_t rank = n.rank(x) + int64_t(axes->size());
  Ints shape(rank, 0);
  for (int64_t value : *axes) {
    auto axis = n.axis(value, rank);
    if (!axis)
      return false;
    if (shape[*axis])
      return n.fail("has axis " + Twine(*axis) + " twice");
    shape[*axis] = 1;
  }
  ArrayRef<int64_t> rest = n.shape(x);
  SmallVector<bool> isNew;
  for (int64_t dim : shape)
    isNew.push_back(dim == 1);
  for (auto [dim, added] : llvm::zip(shape, isNew))
    if (!added) {
      dim = rest.front();
      rest = rest.drop_front();
    }
  return n.out(n.reshape(x, shape));
}

static bool expand(NodeCtx &n) {
  Value x = n.in(0);
  auto shape = intsOf(n, 1, "shape");
  if (!x || !shape)
    return n.fail("has no input or no shape");
  for (int64_t dim : *shape)
    if (dim < 0 || dim > (int64_t(1) << 40))
      return n.fail("expands to dimension " + Twine(dim));
  auto result = broadcastShapes(n.shape(x), *shape);
  if (mlir::failed(result))
    return n.fail("has a shape that does not broadcast with the input's");
  return n.out(n.expand(x, *result));
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Shapes as values, copies
//===----------------------------------------------------------------------===//

static bool shapeOf(NodeCtx &n) {
  if (!n.has(0))
    return n.fail("has no input");
  ArrayRef<int64_t> shape = n.shape(n.in(0));
  int64_t rank = shape.size();
  auto bound = [&](int64_t v) {
    return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank);
  };
  int64_t start = bound(n.attrInt("start", 0)),
          end = bound(n.attrInt("end", rank));
  return n.out(n.ints(shape.slice(start, std::max<int64_t>(end - start, 0))));
}

static bool sizeOf(NodeCtx &n) {
  if (!n.has(0))
    return n.fail("has no input");
  Value size = n.ints({n.type(n.in(0)).getNumElements()});
  return n.out(n.reshape(size, {}));
}

static bool identity(NodeCtx &n) {
  return n.has(0) ? n.out(n.in(0)) : n.fail("has no input");
}

static bool tile(NodeCtx &n) {
  Value x = n.in(0);
  auto repeats = intsOf(n, 1, "repeats");
  if (!x || !repeats || int64_t(repeats->size()) != n.rank(x))
    return n.fail("has repeats that do not match the input");
  Ints open, wide, shape;
  for (auto [dim, times] : llvm::zip(n.shape(x), *repeats)) {
    if (times < 0 || times > (int64_t(1) << 30) ||
        (times && dim > (int64_t(1) << 40) / times))
      return n.fail("repeats a dimension " + Twine(times) + " times");
    open.append({1, dim});
    wide.append({times, dim});
    shape.push_back(dim * times);
  }
  return n.out(n.reshape(n.expand(n.reshape(x, open), wide), shape));
}

/// Keeps the triangle: a select by a constant mask of the last two dimensions.
static bool trilu(NodeCtx &n) {
  Value x = n.in(0);
  auto offset = n.has(1) ? n.knownInts(n.in(1)) : Ints{0};
  if (!x || !offset || offset->size() != 1 || n.rank(x) < 2)
    return n.fail(
        "has an input of rank below 2 or an offset that is not known");
  int64_t rows = n.shape(x)[n.rank(x) - 2], columns = n.shape(x).back();
  if (rows > (1 << 14) || columns > (1 << 14))
    return n.fail("has a triangle of more than 16384 rows or columns");
  bool upper = n.attrInt("upper", 1) != 0;
  Type i1 = n.builder().getI1Type();
  HostTensor mask =
      HostTensor::zeros(RankedTensorType::get({rows, columns}, i1));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      mask.bytes[i * columns + j] =
          upper ? j - i >= offset->front() : j - i <= offset->front();
  return n.out(n.make<WhereOp>(
      {n.constant(std::move(mask)), x, n.scalar(0, n.element(x))}));
}

void weft::addShapeRules(llvm::StringMap<Rule> &rules) {
  rules["Reshape"] = {reshape, {"shape", "allowzero"}};
  rules["Transpose"] = {transpose, {"perm"}};
  rules["Flatten"] = {flatten, {"axis"}};
  rules["Squeeze"] = {squeeze, {"axes"}};
  rules["Unsqueeze"] = {unsqueeze, {"axes"}};
  rules["Expand"] = {expand, {}};
  rules["Slice"] = {slice, {"starts", "ends", "axes"}};
  rules["Split"] = {split, {"axis", "split", "num_outputs"}};
  rules["Concat"] = {concat, {"axis"}};
  rules["Gather"] = {gather, {"axis"}};
  rules["Shape"] = {shapeOf, {"start", "end"}};
  rules["Size"] = {sizeOf, {}};
  rules["Identity"] = {identity, {}};
  rules["Tile"] = {tile, {}};
  rules["Trilu"] = {trilu, {"upper"}};
}
