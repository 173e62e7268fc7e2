//===- Evaluate.cpp - nn ops on constant tensors --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One small reference semantics of the ops that constant expressions are made
// of. Data movement copies bytes with strides; arithmetic is done element by
// element in double or int64 and rounded to the result's type.
//
//===----------------------------------------------------------------------===//
#include "EvaluateAxis.h"
#include "EvaluateNumbers.h"
#include "NN/NNOps.h"
#include "ScalarMath.h"
#include "weft/Import/Constant.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <cstring>
#include <functional>

using namespace mlir;
using llvm::Expected;
using namespace weft;
using namespace weft::nn;

using Operands = ArrayRef<const HostTensor *>;
using Strides = SmallVector<int64_t>;

static Strides rowMajor(ArrayRef<int64_t> shape) {
  Strides strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// Strides that read `from` as if broadcast to `rank` dimensions.
static Strides broadcastStrides(ArrayRef<int64_t> from, size_t rank) {
  Strides own = rowMajor(from), strides(rank, 0);
  for (size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1)
      strides[rank - from.size() + i] = own[i];
  return strides;
}

namespace {
/// Walks a shape in row-major order and keeps one element offset per operand.
class Walk {
public:
  Walk(ArrayRef<int64_t> shape, ArrayRef<Strides> strides)
      : shape(shape), strides(strides), index(shape.size(), 0),
        offsets(strides.size(), 0) {}

  int64_t offset(unsigned operand) const { return offsets[operand]; }

  void next() {
    for (size_t d = shape.size(); d-- > 0;) {
      bool wraps = ++index[d] == shape[d];
      for (size_t i = 0; i < strides.size(); ++i)
        offsets[i] += wraps ? -strides[i][d] * (shape[d] - 1) : strides[i][d];
      if (!wraps)
        return;
      index[d] = 0;
    }
  }

private:
  ArrayRef<int64_t> shape;
  ArrayRef<Strides> strides;
  SmallVector<int64_t> index, offsets;
};
} // namespace

/// Copies elements of `from`, starting at `start` and walked by `strides`.
static void gatherStrided(const HostTensor &from, int64_t start,
                          const Strides &strides, HostTensor &to) {
  size_t width = hostElementBytes(to.type.getElementType());
  Walk walk(to.type.getShape(), strides);
  uint8_t *out = to.bytes.data();
  for (int64_t i = 0, n = to.size(); i < n; ++i, out += width, walk.next())
    std::memcpy(out, from.bytes.data() + (start + walk.offset(0)) * width,
                width);
}

static HostTensor binaryFloat(RankedTensorType type, Operands in,
                              double (*f)(double, double)) {
  HostTensor out = HostTensor::zeros(type);
  size_t rank = type.getRank();
  Strides strides[] = {broadcastStrides(in[0]->type.getShape(), rank),
                       broadcastStrides(in[1]->type.getShape(), rank)};
  Walk walk(type.getShape(), strides);
  for (int64_t i = 0, n = out.size(); i < n; ++i, walk.next())
    out.setFloat(
        i, f(in[0]->getFloat(walk.offset(0)), in[1]->getFloat(walk.offset(1))));
  return out;
}

static HostTensor binaryInt(RankedTensorType type, Operands in,
                            int64_t (*f)(int64_t, int64_t)) {
  HostTensor out = HostTensor::zeros(type);
  size_t rank = type.getRank();
  Strides strides[] = {broadcastStrides(in[0]->type.getShape(), rank),
                       broadcastStrides(in[1]->type.getShape(), rank)};
  Walk walk(type.getShape(), strides);
  for (int64_t i = 0, n = out.size(); i < n; ++i, walk.next())
    out.setInt(i,
               f(in[0]->getInt(walk.offset(0)), in[1]->getInt(walk.offset(1))));
  return out;
}

static HostTensor unaryFloat(RankedTensorType type, Operands in,
                             double (*f)(double)) {
  HostTensor out = HostTensor::zeros(type);
  for (int64_t i = 0, n = out.size(); i < n; ++i)
    out.setFloat(i, f(in[0]->getFloat(i)));
  return out;
}

static HostTensor unaryInt(RankedTensorType type, Operands in,
                           int64_t (*f)(int64_t)) {
  HostTensor out = HostTensor::zeros(type);
  for (int64_t i = 0, n = out.size(); i < n; ++i)
    out.setInt(i, f(in[0]->getInt(i)));
  return out;
}

static bool isFloat(const HostTensor &tensor) {
  return isa<FloatType>(tensor.type.getElementType());
}

/// Integer arithmetic wraps, so it is done unsigned.
static int64_t wrap(uint64_t value) { return int64_t(value); }
static int64_t divide(int64_t a, int64_t b) {
  return b == 0 ? 0 : b == -1 ? wrap(-uint64_t(a)) : a / b;
}
static int64_t power(int64_t a, int64_t b) {
  uint64_t result = 1, base = uint64_t(a);
  if (b < 0)
    return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  for (; b; b >>= 1, base *= base)
    if (b & 1)
      result *= base;
  return wrap(result);
}

static std::optional<BinaryRule> binaryRule(Operation *op) {
  using D = double;
  using I = int64_t;
  using R = std::optional<BinaryRule>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([](AddOp) {
        return BinaryRule{
            [](D a, D b) { return a + b; },
            [](I a, I b) { return wrap(uint64_t(a) + uint64_t(b)); }};
      })
      .Case([](SubOp) {
        return BinaryRule{
            [](D a, D b) { return a - b; },
            [](I a, I b) { return wrap(uint64_t(a) - uint64_t(b)); }};
      })
      .Case([](MulOp) {
        return BinaryRule{
            [](D a, D b) { return a * b; },
            [](I a, I b) { return wrap(uint64_t(a) * uint64_t(b)); }};
      })
      .Case([](DivOp) {
        return BinaryRule{[](D a, D b) { return a / b; }, divide};
      })
      .Case([](PowOp) { return BinaryRule{scalar::pow, power}; })
      .Case([](MaxOp) {
        return BinaryRule{[](D a, D b) { return a != a || a > b ? a : b; },
                          [](I a, I b) { return std::max(a, b); }};
      })
      .Case([](MinOp) {
        return BinaryRule{[](D a, D b) { return a != a || a < b ? a : b; },
                          [](I a, I b) { return std::min(a, b); }};
      })
      .Case([](AndOp) {
        return BinaryRule{nullptr, [](I a, I b) -> I { return a && b; }};
      })
      .Case([](OrOp) {
        return BinaryRule{nullptr, [](I a, I b) -> I { return a || b; }};
      })
      .Default([](Operation *) { return std::nullopt; });
}

static std::optional<BinaryRule> compareRule(Operation *op) {
  using D = double;
  using I = int64_t;
  using R = std::optional<BinaryRule>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([](EqualOp) {
        return BinaryRule{[](D a, D b) -> D { return a == b; },
                          [](I a, I b) -> I { return a == b; }};
      })
      .Case([](LessOp) {
        return BinaryRule{[](D a, D b) -> D { return a < b; },
                          [](I a, I b) -> I { return a < b; }};
      })
      .Case([](LessEqualOp) {
        return BinaryRule{[](D a, D b) -> D { return a <= b; },
                          [](I a, I b) -> I { return a <= b; }};
      })
      .Case([](GreaterOp) {
        return BinaryRule{[](D a, D b) -> D { return a > b; },
                          [](I a, I b) -> I { return a > b; }};
      })
      .Case([](GreaterEqualOp) {
        return BinaryRule{[](D a, D b) -> D { return a >= b; },
                          [](I a, I b) -> I { return a >= b; }};
      })
      .Default([](Operation *) { return std::nullopt; });
}

static std::optional<UnaryRule> unaryRule(Operation *op) {
  using D = double;
  using I = int64_t;
  using R = std::optional<UnaryRule>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([](NegOp) {
        return UnaryRule{[](D x) { return -x; },
                         [](I x) { return wrap(-uint64_t(x)); }};
      })
      .Case([](AbsOp) {
        return UnaryRule{[](D x) { return std::fabs(x); },
                         [](I x) { return x < 0 ? wrap(-uint64_t(x)) : x; }};
      })
      .Case([](ReluOp) {
        return UnaryRule{[](D x) { return x < 0 ? 0 : x; },
                         [](I x) { return std::max<I>(x, 0); }};
      })
      .Case(
          [](NotOp) { return UnaryRule{nullptr, [](I x) -> I { return !x; }}; })
      .Case([](SqrtOp) {
        return UnaryRule{[](D x) { return std::sqrt(x); }, nullptr};
      })
      .Case([](RsqrtOp) {
        return UnaryRule{[](D x) { return 1 / std::sqrt(x); }, nullptr};
      })
      .Case([](ReciprocalOp) {
        return UnaryRule{[](D x) { return 1 / x; }, nullptr};
      })
      .Case([](FloorOp) {
        return UnaryRule{[](D x) { return std::floor(x); }, nullptr};
      })
      .Case([](ExpOp) { return UnaryRule{scalar::exp, nullptr}; })
      .Case([](LogOp) { return UnaryRule{scalar::log, nullptr}; })
      .Case([](TanhOp) { return UnaryRule{scalar::tanh, nullptr}; })
      .Case([](ErfOp) { return UnaryRule{scalar::erf, nullptr}; })
      .Case([](SinOp) { return UnaryRule{scalar::sin, nullptr}; })
      .Case([](CosOp) { return UnaryRule{scalar::cos, nullptr}; })
      .Case([](SigmoidOp) {
        return UnaryRule{[](D x) { return 1 / (1 + scalar::exp(-x)); },
                         nullptr};
      })
      .Case([](SiluOp) {
        return UnaryRule{[](D x) { return x / (1 + scalar::exp(-x)); },
                         nullptr};
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// The largest finite number of a float type; infinite for others.
static double largestOf(Type type) {
  auto f = dyn_cast<FloatType>(type);
  return f ? APFloat::getLargest(f.getFloatSemantics()).convertToDouble()
           : std::numeric_limits<double>::infinity();
}

static double clampTo(double x, double most) { // NaN and infinities stay
  return std::isinf(x) ? x : x > most ? most : x < -most ? -most : x;
}

static HostTensor castTensor(RankedTensorType type, Operands in,
                             bool saturate) {
  double most = saturate ? largestOf(type.getElementType())
                         : std::numeric_limits<double>::infinity();
  HostTensor out = HostTensor::zeros(type);
  bool bothInt = !isFloat(*in[0]) && isa<IntegerType>(type.getElementType());
  auto integer = dyn_cast<IntegerType>(type.getElementType());
  bool word = integer && integer.getWidth() == 32; // saturates on a PE
  double low = word && !integer.isUnsigned() ? -0x1p31 : 0;
  double high = word && integer.isUnsigned() ? 0x1p32 - 1 : 0x1p31 - 1;
  for (int64_t i = 0, n = out.size(); i < n; ++i)
    if (bothInt)
      out.setInt(i, in[0]->getInt(i));
    else if (double v = in[0]->getFloat(i); word && v == v)
      out.setFloat(i, std::clamp(v, low, high));
    else
      out.setFloat(i, clampTo(in[0]->getFloat(i), most));
  return out;
}

static HostTensor selectTensor(RankedTensorType type, Operands in) {
  HostTensor out = HostTensor::zeros(type);
  size_t rank = type.getRank(), width = hostElementBytes(type.getElementType());
  SmallVector<Strides> strides;
  for (const HostTensor *operand : in)
    strides.push_back(broadcastStrides(operand->type.getShape(), rank));
  Walk walk(type.getShape(), strides);
  for (int64_t i = 0, n = out.size(); i < n; ++i, walk.next()) {
    unsigned chosen = in[0]->bytes[walk.offset(0)] ? 1 : 2;
    std::memcpy(out.bytes.data() + i * width,
                in[chosen]->bytes.data() + walk.offset(chosen) * width, width);
  }
  return out;
}

static HostTensor transposeTensor(RankedTensorType type, Operands in,
                                  ArrayRef<int64_t> perm) {
  HostTensor out = HostTensor::zeros(type);
  Strides from = rowMajor(in[0]->type.getShape()), strides;
  for (int64_t axis : perm)
    strides.push_back(from[axis]);
  gatherStrided(*in[0], 0, strides, out);
  return out;
}

static HostTensor sliceTensor(RankedTensorType type, Operands in, SliceOp op) {
  HostTensor out = HostTensor::zeros(type);
  Strides strides = rowMajor(in[0]->type.getShape());
  int64_t start = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    start += op.getStarts()[i] * strides[i];
    strides[i] *= op.getSteps()[i];
  }
  gatherStrided(*in[0], start, strides, out);
  return out;
}

static HostTensor concatTensor(RankedTensorType type, Operands in,
                               int64_t axis) {
  HostTensor out = HostTensor::zeros(type);
  int64_t outer = 1;
  for (int64_t dim : type.getShape().take_front(axis))
    outer *= dim;
  if (!outer || out.bytes.empty())
    return out;
  uint8_t *to = out.bytes.data();
  for (int64_t i = 0; i < outer; ++i)
    for (const HostTensor *operand : in) {
      size_t bytes = operand->bytes.size() / outer;
      if (bytes)
        std::memcpy(to, operand->bytes.data() + i * bytes, bytes);
      to += bytes;
    }
  return out;
}

static Expected<HostTensor> gatherTensor(RankedTensorType type, Operands in,
                                         int64_t axis) {
  HostTensor out = HostTensor::zeros(type);
  ArrayRef<int64_t> shape = in[0]->type.getShape();
  int64_t outer = 1, extent = shape[axis], count = in[1]->size();
  for (int64_t dim : shape.take_front(axis))
    outer *= dim;
  size_t inner = hostElementBytes(type.getElementType());
  for (int64_t dim : shape.drop_front(axis + 1))
    inner *= dim;
  uint8_t *to = out.bytes.data();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < count; ++i, to += inner) {
      int64_t index = in[1]->getInt(i);
      if (index < -extent || index >= extent)
        return llvm::createStringError(
            "index " + Twine(index) + " is out of the extent " + Twine(extent));
      index += index < 0 ? extent : 0;
      if (inner)
        std::memcpy(to, in[0]->bytes.data() + (o * extent + index) * inner,
                    inner);
    }
  return out;
}

/// Of no elements: infinite, or the least and the greatest of an integer type.
static double initialOf(Operation *op, Type element) {
  if (!isa<ReduceMaxOp, ReduceMinOp>(op))
    return 0;
  bool isMax = isa<ReduceMaxOp>(op);
  if (auto integer = dyn_cast<IntegerType>(element)) {
    unsigned width = integer.getWidth();
    if (integer.isUnsigned() || width == 1)
      return isMax ? 0 : std::ldexp(1.0, width) - 1;
    return isMax ? -std::ldexp(1.0, width - 1) : std::ldexp(1.0, width - 1) - 1;
  }
  double infinity = std::numeric_limits<double>::infinity();
  return isMax ? -infinity : infinity;
}

/// Sums in double, in row-major order.
static HostTensor reduceTensor(RankedTensorType type, Operands in,
                               Operation *op, ArrayRef<int64_t> axes) {
  ArrayRef<int64_t> shape = in[0]->type.getShape();
  SmallVector<int64_t> kept(shape);
  int64_t reduced = 1;
  for (int64_t axis : axes) {
    reduced *= shape[axis];
    kept[axis] = 1;
  }
  Strides strides[] = {broadcastStrides(kept, shape.size())};
  std::vector<double> sums(type.getNumElements(),
                           initialOf(op, type.getElementType()));
  Walk walk(shape, strides);
  for (int64_t i = 0, n = in[0]->size(); i < n; ++i, walk.next()) {
    double value = in[0]->getFloat(i), &sum = sums[walk.offset(0)];
    if (!isa<ReduceMaxOp, ReduceMinOp>(op))
      sum += value;
    else if (value != value ||
             (isa<ReduceMaxOp>(op) ? value > sum : value < sum))
      sum = value; // a NaN stays: nothing is more or less
  }
  HostTensor out = HostTensor::zeros(type);
  for (size_t i = 0; i < sums.size(); ++i)
    out.setFloat(i,
                 isa<ReduceMeanOp>(op) ? sums[i] / double(reduced) : sums[i]);
  return out;
}

/// sin, cos and tan reduce their argument for moderate values only.
static bool inRange(Operation *op, const HostTensor &x) {
  if (!isa<SinOp, CosOp, TanOp>(op))
    return true;
  for (int64_t i = 0, n = x.size(); i < n; ++i)
    if (std::fabs(x.getFloat(i)) >= 0x1p20)
      return false;
  return true;
}

static llvm::Error notEvaluated(Operation *op) {
  return llvm::createStringError("'" + op->getName().getStringRef() +
                                 "' is not evaluated on constants");
}

static Expected<HostTensor>
evaluateArithmetic(Operation *op, RankedTensorType type, Operands in) {
  std::optional<BinaryRule> binary = binaryRule(op);
  if (!binary)
    binary = compareRule(op);
  if (!binary)
    binary = binaryNumberRule(op);
  if (binary)
    return isFloat(*in[0]) && binary->onFloat
               ? binaryFloat(type, in, binary->onFloat)
               : binaryInt(type, in, binary->onInt);
  std::optional<UnaryRule> unary = unaryRule(op);
  if (!unary)
    unary = unaryNumberRule(op);
  if (unary && inRange(op, *in[0])) {
    if (!isFloat(*in[0]) && unary->onInt)
      return unaryInt(type, in, unary->onInt);
    if (unary->onFloat)
      return unaryFloat(type, in, unary->onFloat);
  }
  return notEvaluated(op);
}

static HostTensor sameBytes(RankedTensorType type, Operands in) {
  HostTensor out;
  out.type = type;
  out.bytes = in[0]->bytes;
  return out;
}

static HostTensor expandTensor(RankedTensorType type, Operands in) {
  HostTensor out = HostTensor::zeros(type);
  gatherStrided(*in[0], 0,
                broadcastStrides(in[0]->type.getShape(), type.getRank()), out);
  return out;
}

Expected<HostTensor> weft::evaluateOp(Operation *op, Operands in) {
  if (op->getNumResults() != 1 || in.empty())
    return notEvaluated(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return evaluateOpAs(op, type, in);
}

Expected<HostTensor> weft::evaluateOpAs(Operation *op, RankedTensorType type,
                                        Operands in) {
  using R = Expected<HostTensor>;
  if (std::optional<HostTensor> along = evaluateAlongAxis(op, type, in))
    return std::move(*along);
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case(
          [&](CastOp o) -> R { return castTensor(type, in, o.getSaturate()); })
      .Case<ReshapeOp, BitCastOp>(
          [&](auto) -> R { return sameBytes(type, in); })
      .Case([&](ExpandOp) -> R { return expandTensor(type, in); })
      .Case([&](TransposeOp o) -> R {
        return transposeTensor(type, in, o.getPerm());
      })
      .Case([&](SliceOp o) -> R { return sliceTensor(type, in, o); })
      .Case([&](ConcatOp o) -> R {
        return concatTensor(type, in, int64_t(o.getAxis()));
      })
      .Case([&](GatherOp o) -> R {
        return gatherTensor(type, in, int64_t(o.getAxis()));
      })
      .Case([&](WhereOp) -> R { return selectTensor(type, in); })
      .Case<ReduceSumOp, ReduceMeanOp, ReduceMaxOp, ReduceMinOp>(
          [&](auto o) -> R { return reduceTensor(type, in, o, o.getAxes()); })
      .Default(
          [&](Operation *o) -> R { return evaluateArithmetic(o, type, in); });
}
