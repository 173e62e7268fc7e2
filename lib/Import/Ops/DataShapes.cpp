//===- DataShapes.cpp - Rules of ops whose shape depends on data ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// How much NonZero, Unique and NonMaxSuppression find, only their operands say.
// So these are computed here if the operands are known, and refused otherwise:
// no length may depend on data.
//
//===----------------------------------------------------------------------===//
#include "../Importer.h"
#include <numeric>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

static const HostTensor *needKnown(NodeCtx &n, unsigned input) {
  const HostTensor *tensor = n.has(input) ? n.known(n.in(input)) : nullptr;
  if (!tensor)
    n.fail("has a result whose shape depends on the values of input #" +
           Twine(input) + ", which are not known at compile time");
  return tensor;
}

static bool nonZero(NodeCtx &n) {
  const HostTensor *x = needKnown(n, 0);
  if (!x)
    return false;
  Ints found;
  for (int64_t i = 0; i < x->size(); ++i)
    if (x->getFloat(i) != 0)
      found.push_back(i);
  int64_t rank = x->type.getRank(), count = found.size();
  HostTensor out = HostTensor::zeros(
      RankedTensorType::get({rank, count}, n.builder().getI64Type()));
  for (int64_t j = 0; j < count; ++j) {
    int64_t rest = found[j];
    for (int64_t d = rank; d-- > 0; rest /= x->type.getDimSize(d))
      out.setInt(d * count + j, rest % x->type.getDimSize(d));
  }
  return n.out(n.constant(std::move(out)));
}

//===----------------------------------------------------------------------===//
// Unique
//===----------------------------------------------------------------------===//

namespace {
/// The slices of a tensor along an axis, as [outer, extent, inner].
struct Slices {
  const HostTensor &x;
  int64_t outer = 1, extent = 1, inner = 1;

  Slices(const HostTensor &x, std::optional<int64_t> axis) : x(x) {
    ArrayRef<int64_t> shape = x.type.getShape();
    if (!axis) {
      extent = x.size();
      return;
    }
    extent = shape[*axis];
    for (int64_t dim : shape.take_front(*axis))
      outer *= dim;
    for (int64_t dim : shape.drop_front(*axis + 1))
      inner *= dim;
  }

  /// Lexicographic, in row-major order of what a slice holds.
  int compare(int64_t a, int64_t b) const {
    bool isFloat = isa<FloatType>(x.type.getElementType());
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t j = 0; j < inner; ++j) {
        int64_t p = (o * extent + a) * inner + j,
                q = (o * extent + b) * inner + j;
        bool less =
            isFloat ? x.getFloat(p) < x.getFloat(q) : x.getInt(p) < x.getInt(q);
        bool more =
            isFloat ? x.getFloat(q) < x.getFloat(p) : x.getInt(q) < x.getInt(p);
        if (less || more)
          return less ? -1 : 1;
      }
    return 0;
  }

  HostTensor take(ArrayRef<int64_t> kept, RankedTensorType type) const {
    HostTensor out = HostTensor::zeros(type);
    size_t width = hostElementBytes(type.getElementType()),
           bytes = size_t(inner) * width;
    uint8_t *to = out.bytes.data();
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i : kept) {
        const uint8_t *from = x.bytes.data() + size_t(o * extent + i) * bytes;
        to = std::copy_n(from, bytes, to);
      }
    return out;
  }
};
} // namespace

static bool unique(NodeCtx &n) {
  const HostTensor *x = needKnown(n, 0);
  if (!x)
    return false;
  std::optional<int64_t> axis;
  if (n.attr("axis"))
    if (axis = n.axis(n.attrInt("axis", 0), x->type.getRank()); !axis)
      return false;
  Slices slices(*x, axis);
  constexpr int64_t MaxSlices = int64_t(1) << 22; // without elements, if many
  if (slices.extent > MaxSlices)
    return n.fail("sorts " + Twine(slices.extent) + " slices, supported are " +
                  Twine(MaxSlices));
  Ints order(slices.extent);
  std::iota(order.begin(), order.end(), 0);
  llvm::stable_sort(
      order, [&](int64_t a, int64_t b) { return slices.compare(a, b) < 0; });
  SmallVector<Ints> groups; // equal slices, the first one first
  for (int64_t i : order)
    if (!groups.empty() && slices.compare(groups.back().front(), i) == 0)
      groups.back().push_back(i);
    else
      groups.push_back({i});
  if (!n.attrInt("sorted", 1))
    llvm::sort(groups, [](const Ints &a, const Ints &b) {
      return a.front() < b.front();
    });
  Ints firsts, inverse(slices.extent), counts;
  for (auto [g, group] : llvm::enumerate(groups)) {
    firsts.push_back(group.front());
    counts.push_back(group.size());
    for (int64_t i : group)
      inverse[i] = g;
  }
  Ints shape(axis ? Ints(x->type.getShape()) : Ints{0});
  shape[axis.value_or(0)] = firsts.size();
  auto type = RankedTensorType::get(shape, x->type.getElementType());
  return n.out(n.constant(slices.take(firsts, type))) &&
         n.out(n.ints(firsts), 1) && n.out(n.ints(inverse), 2) &&
         n.out(n.ints(counts), 3);
}

//===----------------------------------------------------------------------===//
// NonMaxSuppression
//===----------------------------------------------------------------------===//

namespace {
struct Box {
  double y1, x1, y2, x2;
  double area() const { return (y2 - y1) * (x2 - x1); }
};
} // namespace

static Box boxAt(const HostTensor &boxes, int64_t i, bool isCentred) {
  double v[4];
  for (int64_t k = 0; k < 4; ++k)
    v[k] = boxes.getFloat(i * 4 + k);
  if (isCentred) // x, y, width, height
    return {v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2};
  return {std::min(v[0], v[2]), std::min(v[1], v[3]), std::max(v[0], v[2]),
          std::max(v[1], v[3])};
}

/// Intersection over union.
static double overlap(const Box &a, const Box &b) {
  double h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1),
         w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  double shared = h > 0 && w > 0 ? h * w : 0,
         all = a.area() + b.area() - shared;
  return all > 0 ? shared / all : 0;
}

/// Boxes of one batch and class that are kept, by falling score.
static Ints keptBoxes(ArrayRef<Box> boxes, ArrayRef<double> scores,
                      int64_t most, double iou, double least) {
  Ints order, kept;
  for (auto [i, score] : llvm::enumerate(scores))
    if (score > least)
      order.push_back(i);
  llvm::stable_sort(
      order, [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  for (int64_t i : order)
    if (int64_t(kept.size()) < most && llvm::none_of(kept, [&](int64_t k) {
          return overlap(boxes[i], boxes[k]) > iou;
        }))
      kept.push_back(i);
  return kept;
}

static bool nonMaxSuppression(NodeCtx &n) {
  const HostTensor *known[5] = {};
  for (unsigned i = 0; i < 5; ++i)
    if (i < 2 || n.has(i))
      if (known[i] = needKnown(n, i); !known[i])
        return false;
  const HostTensor &boxes = *known[0], &scores = *known[1];
  ArrayRef<int64_t> b = boxes.type.getShape(), s = scores.type.getShape();
  if (b.size() != 3 || s.size() != 3 || b[2] != 4 || b[0] != s[0] ||
      b[1] != s[2])
    return n.fail("has no boxes [batches, boxes, 4] and scores [batches, "
                  "classes, boxes]");
  auto scalar = [&](unsigned i, double otherwise) {
    return known[i] && known[i]->size() == 1 ? known[i]->getFloat(0)
                                             : otherwise;
  };
  int64_t most = known[2] && known[2]->size() == 1 ? known[2]->getInt(0) : 0;
  double least = scalar(4, -std::numeric_limits<double>::infinity());
  Ints rows;
  for (int64_t batch = 0; scores.size() && batch < s[0]; ++batch) {
    SmallVector<Box> own;
    for (int64_t i = 0; i < b[1]; ++i)
      own.push_back(boxAt(boxes, batch * b[1] + i,
                          n.attrInt("center_point_box", 0) != 0));
    for (int64_t c = 0; c < s[1]; ++c) {
      SmallVector<double> of;
      for (int64_t i = 0; i < s[2]; ++i)
        of.push_back(scores.getFloat((batch * s[1] + c) * s[2] + i));
      for (int64_t i : keptBoxes(own, of, most, scalar(3, 0), least))
        rows.append({batch, c, i});
    }
  }
  int64_t count = rows.size() / 3;
  return n.out(n.reshape(n.ints(rows), {count, 3}));
}

void weft::addDataShapeRules(llvm::StringMap<Rule> &rules) {
  rules["NonZero"] = {nonZero, {}};
  rules["Unique"] = {unique, {"axis", "sorted"}};
  rules["NonMaxSuppression"] = {nonMaxSuppression, {"center_point_box"}};
}
