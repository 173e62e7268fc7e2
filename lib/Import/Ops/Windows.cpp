//===- Windows.cpp - Sliding windows of convolutions and pools ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Windows.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

/// Enough for any image, too little to overflow what is computed from it.
constexpr int64_t MaxNumber = int64_t(1) << 24;

bool Windows::tiles(size_t i) const {
  return before[i] == 0 && strides[i] == kernel[i] && dilations[i] == 1 &&
         out[i] * kernel[i] <= in[i];
}

/// Attribute `name`: `count` numbers from `least` on, `otherwise` if absent.
static bool readNumbers(NodeCtx &n, StringRef name, size_t count,
                        int64_t otherwise, int64_t least, Ints &numbers) {
  auto given = n.attrInts(name);
  numbers = given && !given->empty() ? *given : Ints(count, otherwise);
  if (numbers.size() != count)
    return n.fail("has " + Twine(numbers.size()) + " " + name + ", expected " +
                  Twine(count));
  for (int64_t number : numbers)
    if (number < least || number > MaxNumber)
      return n.fail("has " + name + " of " + Twine(number) + ", expected " +
                    Twine(least) + " to " + Twine(MaxNumber));
  return true;
}

bool weft::readWindows(NodeCtx &n, Value x, ArrayRef<int64_t> kernel,
                       Windows &w) {
  if (!x || n.rank(x) < 3)
    return n.fail("has no input of rank 3 or more");
  return readWindows(n, n.shape(x).drop_front(2), kernel, w);
}

bool weft::readWindows(NodeCtx &n, ArrayRef<int64_t> extents,
                       ArrayRef<int64_t> kernel, Windows &w) {
  w.in.assign(extents.begin(), extents.end());
  size_t count = w.dims();
  if (!readNumbers(n, "strides", count, 1, 1, w.strides) ||
      !readNumbers(n, "dilations", count, 1, 1, w.dilations) ||
      !readNumbers(n, "kernel_shape", count, 0, 0, w.kernel))
    return false;
  bool given = n.attrInts("kernel_shape").has_value();
  if (!given)
    w.kernel.assign(kernel);
  if (w.kernel.size() != count || llvm::is_contained(w.kernel, 0) ||
      (!kernel.empty() && kernel != ArrayRef(w.kernel)))
    return n.fail("has a kernel_shape that is empty or not that of its "
                  "weights");
  for (int64_t size : w.kernel)
    if (size < 1 || size > MaxNumber)
      return n.fail("has windows of extent " + Twine(size) +
                    ", expected 1 to " + Twine(MaxNumber));
  for (int64_t extent : w.in)
    if (extent < 1 || extent > MaxNumber)
      return n.fail("has a spatial dimension of extent " + Twine(extent) +
                    ", expected 1 to " + Twine(MaxNumber));
  return true;
}

bool weft::placeWindows(NodeCtx &n, Windows &w) {
  size_t count = w.dims();
  std::string automatic = n.attrString("auto_pad", "NOTSET");
  bool upper = automatic == "SAME_UPPER", same = upper;
  same |= automatic == "SAME_LOWER";
  if (!same && automatic != "NOTSET" && automatic != "VALID" &&
      !automatic.empty())
    return n.fail("has auto_pad '" + automatic +
                  "', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  Ints pads(2 * count, 0);
  if (!same && automatic != "VALID" &&
      !readNumbers(n, "pads", 2 * count, 0, 0, pads))
    return false;
  w.before.assign(pads.begin(), pads.begin() + count);
  w.after.assign(pads.begin() + count, pads.end());
  bool ceil = n.attrInt("ceil_mode", 0) != 0;
  for (size_t i = 0; i < count; ++i) {
    int64_t stride = w.strides[i], span = w.span(i);
    if (same) {
      w.out.push_back((w.in[i] - 1) / stride + 1);
      int64_t total =
          std::max<int64_t>((w.out[i] - 1) * stride + span - w.in[i], 0);
      w.before[i] = upper ? total / 2 : total - total / 2;
      w.after[i] = total - w.before[i];
      continue;
    }
    int64_t room = w.in[i] + w.before[i] + w.after[i] - span;
    if (room < 0)
      return n.fail("has windows of " + Twine(span) + " over a padded extent " +
                    "of " + Twine(room + span));
    int64_t size = room / stride + 1;
    // A window more for the rest, unless it begins behind the input.
    if (ceil && room % stride && size * stride < w.in[i] + w.before[i])
      ++size;
    w.out.push_back(size);
  }
  return true;
}

Value weft::padded(NodeCtx &n, Value x, const Windows &w, Value fill) {
  for (size_t i = 0; i < w.dims() && x; ++i) {
    int64_t reach = (w.out[i] - 1) * w.strides[i] + w.span(i);
    int64_t sides[2] = {w.before[i],
                        std::max<int64_t>(reach - w.in[i] - w.before[i], 0)};
    SmallVector<Value> parts = {x};
    for (int side = 0; side < 2; ++side) {
      if (!sides[side])
        continue;
      Ints shape(n.shape(x));
      shape[2 + i] = sides[side];
      parts.insert(side ? parts.end() : parts.begin(), n.expand(fill, shape));
    }
    x = n.concat(parts, 2 + int64_t(i));
  }
  return x;
}

Value weft::takeTap(NodeCtx &n, Value x, const Windows &w,
                    ArrayRef<int64_t> tap, int64_t first) {
  if (!x)
    return {};
  Ints starts(n.rank(x), 0), sizes(n.shape(x)), steps(n.rank(x), 1);
  for (size_t i = 0; i < w.dims(); ++i) {
    starts[first + i] = tap[i] * w.dilations[i];
    sizes[first + i] = w.out[i];
    steps[first + i] = w.out[i] == 1 ? 1 : w.strides[i];
  }
  return n.slice(x, starts, sizes, steps);
}

bool weft::nextTap(const Windows &w, Ints &tap) {
  for (size_t i = w.dims(); i-- > 0; tap[i] = 0)
    if (++tap[i] < w.kernel[i])
      return true;
  return false;
}

bool weft::checkConvolution(NodeCtx &n, Value x, Value weight, Value bias,
                            int64_t groups, int64_t inner) {
  if (!x || !weight || n.rank(x) < 3 || n.rank(weight) != n.rank(x))
    return n.fail("has no input and weights of one rank, 3 or more");
  int64_t channels = n.shape(x)[1], found = n.shape(weight)[inner];
  // Groups divide the channels, so no product overflows.
  bool divides = groups >= 1 && channels >= 1 && channels % groups == 0;
  int64_t maps =
      !divides ? 0 : n.shape(weight)[1 - inner] * (inner ? 1 : groups);
  if (maps < 1 || maps % groups ||
      found != (inner ? channels / groups : channels))
    return n.fail("has weights '" + Twine(n.shape(weight)[0]) + "x" +
                  Twine(n.shape(weight)[1]) + "' for " + Twine(channels) +
                  " channels in " + Twine(groups) + " groups");
  if (bias && n.type(bias).getNumElements() != maps)
    return n.fail("has a bias of " + Twine(n.type(bias).getNumElements()) +
                  " elements, expected " + Twine(maps));
  return true;
}

static Ints rotated(int64_t rank, bool last) {
  Ints perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::rotate(perm.begin() + 1, last ? perm.begin() + 2 : perm.end() - 1,
              perm.end());
  return perm;
}

Value weft::channelsLast(NodeCtx &n, Value x) {
  return x ? n.transpose(x, rotated(n.rank(x), true)) : Value();
}

Value weft::channelsFirst(NodeCtx &n, Value x) {
  return x ? n.transpose(x, rotated(n.rank(x), false)) : Value();
}
