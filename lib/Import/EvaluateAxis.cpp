//===- EvaluateAxis.cpp - Ops along one axis on constant tensors ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "EvaluateAxis.h"
#include "NN/NNOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>
#include <numeric>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Operands = ArrayRef<const HostTensor *>;

namespace {
/// A shape as [outer, extent, inner] around an axis.
struct Around {
  int64_t outer = 1, extent = 1, inner = 1;

  Around(ArrayRef<int64_t> shape, int64_t axis) : extent(shape[axis]) {
    for (int64_t dim : shape.take_front(axis))
      outer *= dim;
    for (int64_t dim : shape.drop_front(axis + 1))
      inner *= dim;
  }
  int64_t at(int64_t o, int64_t i, int64_t j) const {
    return (o * extent + i) * inner + j;
  }
};
} // namespace

static bool isFloat(const HostTensor &tensor) {
  return isa<FloatType>(tensor.type.getElementType());
}

/// Is element `a` before `b`? Integers are compared as such: a double does not
/// hold all of 64 bits.
static bool isBetter(const HostTensor &x, int64_t a, int64_t b, bool largest) {
  if (!isFloat(x))
    return largest ? x.getInt(a) > x.getInt(b) : x.getInt(a) < x.getInt(b);
  // NaN breaks the strict order that sorting needs: it counts as the worst.
  auto valueOf = [&](int64_t i) {
    double v = x.getFloat(i), inf = std::numeric_limits<double>::infinity();
    return v == v ? v : largest ? -inf : inf;
  };
  return largest ? valueOf(a) > valueOf(b) : valueOf(a) < valueOf(b);
}

static HostTensor topK(RankedTensorType type, const HostTensor &x, TopKOp op) {
  HostTensor out = HostTensor::zeros(type);
  Around from(x.type.getShape(), op.getAxis()),
      to(type.getShape(), op.getAxis());
  std::vector<int64_t> order(from.extent);
  for (int64_t o = 0; o < from.outer; ++o)
    for (int64_t j = 0; j < from.inner; ++j) {
      std::iota(order.begin(), order.end(), 0);
      llvm::stable_sort(order, [&](int64_t a, int64_t b) {
        return isBetter(x, from.at(o, a, j), from.at(o, b, j), op.getLargest());
      });
      for (int64_t i = 0; i < to.extent; ++i)
        out.setInt(to.at(o, i, j), order[i]);
    }
  return out;
}

template <typename OpTy>
static HostTensor cumulative(RankedTensorType type, const HostTensor &x,
                             OpTy op) {
  constexpr bool isSum = std::is_same_v<OpTy, CumSumOp>;
  HostTensor out = HostTensor::zeros(type);
  Around a(type.getShape(), op.getAxis());
  for (int64_t o = 0; o < a.outer; ++o)
    for (int64_t j = 0; j < a.inner; ++j) {
      double real = isSum ? 0 : 1;
      uint64_t whole = isSum ? 0 : 1; // wraps
      for (int64_t i = 0; i < a.extent; ++i) {
        int64_t at = a.at(o, op.getReverse() ? a.extent - 1 - i : i, j);
        double oldReal = real;
        uint64_t oldWhole = whole, add = uint64_t(x.getInt(at));
        real = isSum ? real + x.getFloat(at) : real * x.getFloat(at);
        whole = isSum ? whole + add : whole * add;
        if (isFloat(x))
          out.setFloat(at, op.getExclusive() ? oldReal : real);
        else
          out.setInt(at, int64_t(op.getExclusive() ? oldWhole : whole));
      }
    }
  return out;
}

/// One element of the update onto one of the result.
static void combine(HostTensor &out, int64_t at, const HostTensor &update,
                    int64_t from, StringRef how) {
  if (how.empty()) {
    size_t width = hostElementBytes(out.type.getElementType());
    std::memcpy(out.bytes.data() + at * width,
                update.bytes.data() + from * width, width);
  } else if (isFloat(out)) {
    double a = out.getFloat(at), b = update.getFloat(from);
    bool nan = a != a || b != b;
    out.setFloat(at, how == "add"   ? a + b
                     : how == "mul" ? a * b
                     : nan          ? a + b
                     : how == "max" ? std::max(a, b)
                                    : std::min(a, b));
  } else {
    int64_t a = out.getInt(at), b = update.getInt(from);
    out.setInt(at, how == "add"   ? int64_t(uint64_t(a) + uint64_t(b))
                   : how == "mul" ? int64_t(uint64_t(a) * uint64_t(b))
                   : how == "max" ? std::max(a, b)
                                  : std::min(a, b));
  }
}

static HostTensor cacheUpdate(RankedTensorType type, Operands in,
                              CacheUpdateOp op) {
  HostTensor out = *in[0];
  out.type = type;
  int64_t axis = op.getAxis();
  Around to(type.getShape(), axis), from(in[1]->type.getShape(), axis);
  bool perBatch = in[2]->type.getRank() == 2;
  int64_t batch = perBatch ? type.getDimSize(0) : 1;
  StringRef how = op.getReduction().value_or("");
  for (int64_t o = 0; o < to.outer; ++o)
    for (int64_t i = 0; i < from.extent; ++i) {
      int64_t b = batch ? o / (to.outer / batch) : 0;
      int64_t at = in[2]->getInt(perBatch ? b * from.extent + i : i);
      at += at < 0 && op.getWrap() ? to.extent : 0;
      if (at < 0 || at >= to.extent)
        continue;
      for (int64_t j = 0; j < to.inner; ++j)
        combine(out, to.at(o, at, j), *in[1], from.at(o, i, j), how);
    }
  return out;
}

std::optional<HostTensor>
weft::evaluateAlongAxis(Operation *op, RankedTensorType type, Operands in) {
  using R = std::optional<HostTensor>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([&](TopKOp o) -> R { return topK(type, *in[0], o); })
      .Case<CumSumOp, CumProdOp>(
          [&](auto o) -> R { return cumulative(type, *in[0], o); })
      .Case([&](CacheUpdateOp o) -> R { return cacheUpdate(type, in, o); })
      .Default([](Operation *) { return std::nullopt; });
}
