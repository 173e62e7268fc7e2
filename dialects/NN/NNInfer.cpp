//===- NNInfer.cpp - Result types of nn ops -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Inference doubles as the verifier of operand shapes, so the messages here are
// what a user of a malformed model sees: they name the operand, what was found
// and what was expected.
//
//===----------------------------------------------------------------------===//
#include "NN/NNOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace weft::nn;

using Loc = std::optional<Location>;
using Types = SmallVectorImpl<Type>;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

template <typename... Args>
static LogicalResult fail(Loc loc, const char *op, Args &&...args) {
  if (!loc)
    return failure();
  InFlightDiagnostic diag = emitError(*loc) << "'nn." << op << "' op ";
  ((diag << std::forward<Args>(args)), ...);
  return diag;
}

FailureOr<SmallVector<int64_t>> weft::nn::broadcastShapes(ArrayRef<int64_t> a,
                                                          ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  SmallVector<int64_t> shape(a);
  size_t shift = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i) {
    int64_t &dim = shape[shift + i];
    if (dim == 1)
      dim = b[i];
    else if (b[i] != 1 && b[i] != dim)
      return failure();
  }
  return shape;
}

/// `value` has the element type `expected`, which is that of `other`.
static LogicalResult sameElement(Loc loc, const char *op, const char *name,
                                 Value value, const char *other,
                                 Value expected) {
  Type found = tensorType(value).getElementType();
  Type want = tensorType(expected).getElementType();
  if (found == want)
    return success();
  return fail(loc, op, "has ", name, " of element type ", found,
              ", expected that of ", other, ", ", want);
}

/// `value` is the vector of `extent` elements of the type of `x`.
static LogicalResult isVector(Loc loc, const char *op, const char *name,
                              Value value, Value x, int64_t extent) {
  RankedTensorType found = tensorType(value);
  auto want = RankedTensorType::get({extent}, tensorType(x).getElementType());
  if (found == want)
    return success();
  return fail(loc, op, "has ", name, " of type ", found, ", expected ", want);
}

static LogicalResult inAxis(Loc loc, const char *op, int64_t axis,
                            int64_t rank) {
  if (axis >= 0 && axis < rank)
    return success();
  return fail(loc, op, "has axis ", axis, ", expected one in [0, ", rank, ")");
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

LogicalResult LinearOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Types &types) {
  RankedTensorType x = tensorType(op.getX()), w = tensorType(op.getWeight());
  if (x.getRank() < 1)
    return fail(loc, "linear", "has x of rank 0, expected at least 1");
  if (w.getRank() != 2)
    return fail(loc, "linear", "has weight of rank ", w.getRank(),
                ", expected 2");
  if (failed(
          sameElement(loc, "linear", "weight", op.getWeight(), "x", op.getX())))
    return failure();
  if (x.getShape().back() != w.getDimSize(0))
    return fail(loc, "linear", "has weight with ", w.getDimSize(0),
                " rows, expected the last extent of x, ", x.getShape().back());
  if (op.getBias() && failed(isVector(loc, "linear", "bias", op.getBias(),
                                      op.getX(), w.getDimSize(1))))
    return failure();
  SmallVector<int64_t> shape(x.getShape());
  shape.back() = w.getDimSize(1);
  types.push_back(RankedTensorType::get(shape, x.getElementType()));
  return success();
}

LogicalResult MatMulOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Types &types) {
  RankedTensorType a = tensorType(op.getLhs()), b = tensorType(op.getRhs());
  if (failed(
          sameElement(loc, "matmul", "rhs", op.getRhs(), "lhs", op.getLhs())))
    return failure();
  if (a.getRank() < 1 || b.getRank() < 1)
    return fail(loc, "matmul", "has an operand of rank 0, expected at least 1");
  SmallVector<int64_t> l(a.getShape()), r(b.getShape());
  if (a.getRank() == 1)
    l.insert(l.begin(), 1);
  if (b.getRank() == 1)
    r.push_back(1);
  if (l.back() != r[r.size() - 2])
    return fail(loc, "matmul", "multiplies ", a, " by ", b, ": ", l.back(),
                " columns against ", r[r.size() - 2], " rows");
  auto shape =
      broadcastShapes(ArrayRef(l).drop_back(2), ArrayRef(r).drop_back(2));
  if (failed(shape))
    return fail(loc, "matmul", "has batch dimensions of ", a, " and ", b,
                " that do not broadcast");
  if (a.getRank() > 1)
    shape->push_back(l[l.size() - 2]);
  if (b.getRank() > 1)
    shape->push_back(r.back());
  types.push_back(RankedTensorType::get(*shape, a.getElementType()));
  return success();
}

static LogicalResult checkHeads(Loc loc, AttentionOp::Adaptor op) {
  int64_t heads = op.getNumHeads(), kvHeads = op.getNumKvHeads();
  if (heads < 1 || kvHeads < 1 || heads % kvHeads)
    return fail(loc, "attention", "has ", heads, " heads over ", kvHeads,
                " key/value heads, expected a positive multiple");
  RankedTensorType q = tensorType(op.getQ()), k = tensorType(op.getK()),
                   v = tensorType(op.getV());
  for (auto [name, type] :
       {std::pair("q", q), std::pair("k", k), std::pair("v", v)})
    if (type.getRank() != 3)
      return fail(loc, "attention", "has ", name, " of rank ", type.getRank(),
                  ", expected 3");
  if (q.getDimSize(2) % heads)
    return fail(loc, "attention", "has q with ", q.getDimSize(2),
                " columns, expected a multiple of ", heads, " heads");
  int64_t columns = q.getDimSize(2) / heads * kvHeads;
  if (k.getDimSize(2) != columns)
    return fail(loc, "attention", "has k with ", k.getDimSize(2),
                " columns, expected ", columns);
  if (v.getDimSize(2) % kvHeads)
    return fail(loc, "attention", "has v with ", v.getDimSize(2),
                " columns, expected a multiple of ", kvHeads, " heads");
  if (k.getDimSize(0) != q.getDimSize(0) || v.getDimSize(0) != q.getDimSize(0))
    return fail(loc, "attention", "has q, k and v of batch ", q.getDimSize(0),
                ", ", k.getDimSize(0), " and ", v.getDimSize(0),
                ", expected the same");
  if (v.getDimSize(1) != k.getDimSize(1))
    return fail(loc, "attention", "has v with ", v.getDimSize(1),
                " rows, expected those of k, ", k.getDimSize(1));
  return success();
}

static LogicalResult checkMask(Loc loc, AttentionOp::Adaptor op,
                               ArrayRef<int64_t> full) {
  RankedTensorType mask = tensorType(op.getMask());
  auto shape = broadcastShapes(mask.getShape(), full);
  if (mask.getRank() != 4 || failed(shape) || ArrayRef<int64_t>(*shape) != full)
    return fail(loc, "attention", "has mask of type ", mask,
                ", expected one of rank 4 that broadcasts to [", full[0], ", ",
                full[1], ", ", full[2], ", ", full[3], "]");
  return success();
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                            Types &types) {
  if (failed(sameElement(loc, "attention", "k", op.getK(), "q", op.getQ())) ||
      failed(sameElement(loc, "attention", "v", op.getV(), "q", op.getQ())) ||
      failed(checkHeads(loc, op)))
    return failure();
  RankedTensorType q = tensorType(op.getQ()), k = tensorType(op.getK()),
                   v = tensorType(op.getV());
  int64_t heads = op.getNumHeads();
  int64_t t = q.getDimSize(1), s = k.getDimSize(1);
  if (op.getCausal() && t > s)
    return fail(loc, "attention", "is causal with ", t, " queries over ", s,
                " keys, expected at most as many queries as keys");
  if (op.getMask() &&
      failed(checkMask(loc, op, {q.getDimSize(0), heads, t, s})))
    return failure();
  int64_t width = v.getDimSize(2) / int64_t(op.getNumKvHeads()), columns;
  if (llvm::MulOverflow(width, heads, columns))
    return fail(loc, "attention", "has ", heads, " heads of ", width,
                " columns, which are too many");
  types.push_back(
      RankedTensorType::get({q.getDimSize(0), t, columns}, q.getElementType()));
  return success();
}

//===----------------------------------------------------------------------===//
// Normalisation and activation
//===----------------------------------------------------------------------===//

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                            Types &types) {
  RankedTensorType x = tensorType(op.getX());
  if (x.getRank() < 1)
    return fail(loc, "layer_norm", "has x of rank 0, expected at least 1");
  int64_t extent = x.getShape().back();
  if (failed(isVector(loc, "layer_norm", "scale", op.getScale(), op.getX(),
                      extent)) ||
      (op.getBias() && failed(isVector(loc, "layer_norm", "bias", op.getBias(),
                                       op.getX(), extent))))
    return failure();
  types.push_back(x);
  return success();
}

LogicalResult RMSNormOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Types &types) {
  RankedTensorType x = tensorType(op.getX());
  if (x.getRank() < 1)
    return fail(loc, "rms_norm", "has x of rank 0, expected at least 1");
  if (failed(isVector(loc, "rms_norm", "scale", op.getScale(), op.getX(),
                      x.getShape().back())))
    return failure();
  types.push_back(x);
  return success();
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                          Types &types) {
  RankedTensorType x = tensorType(op.getX());
  if (failed(inAxis(loc, "softmax", int64_t(op.getAxis()), x.getRank())))
    return failure();
  types.push_back(x);
  return success();
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// Broadcasts lhs and rhs; the result has `element`, or theirs if null.
static LogicalResult inferBinary(Loc loc, const char *op, Value lhs, Value rhs,
                                 Type element, Types &types) {
  if (failed(sameElement(loc, op, "rhs", rhs, "lhs", lhs)))
    return failure();
  RankedTensorType a = tensorType(lhs), b = tensorType(rhs);
  auto shape = broadcastShapes(a.getShape(), b.getShape());
  if (failed(shape))
    return fail(loc, op, "has operands ", a, " and ", b,
                " whose shapes do not broadcast");
  types.push_back(
      RankedTensorType::get(*shape, element ? element : a.getElementType()));
  return success();
}

#define BINARY(OP, NAME)                                                       \
  LogicalResult OP::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,       \
                                     Types &types) {                           \
    return inferBinary(loc, NAME, op.getLhs(), op.getRhs(), {}, types);        \
  }
#define COMPARE(OP, NAME)                                                      \
  LogicalResult OP::inferReturnTypes(MLIRContext *context, Loc loc,            \
                                     Adaptor op, Types &types) {               \
    return inferBinary(loc, NAME, op.getLhs(), op.getRhs(),                    \
                       IntegerType::get(context, 1), types);                   \
  }
#define UNARY(OP)                                                              \
  LogicalResult OP::inferReturnTypes(MLIRContext *, Loc, Adaptor op,           \
                                     Types &types) {                           \
    types.push_back(op.getX().getType());                                      \
    return success();                                                          \
  }

BINARY(AddOp, "add")
BINARY(SubOp, "sub")
BINARY(MulOp, "mul")
BINARY(DivOp, "div")
BINARY(ExactDivOp, "exact_div")
BINARY(ModOp, "mod")
BINARY(RemOp, "rem")
BINARY(PowOp, "pow")
BINARY(MaxOp, "max")
BINARY(MinOp, "min")
BINARY(AndOp, "and")
BINARY(OrOp, "or")
BINARY(BitAndOp, "bit_and")
BINARY(BitOrOp, "bit_or")
BINARY(BitXorOp, "bit_xor")
BINARY(ShiftLeftOp, "shift_left")
BINARY(ShiftRightOp, "shift_right")
COMPARE(EqualOp, "equal")
COMPARE(LessOp, "less")
COMPARE(LessEqualOp, "less_equal")
COMPARE(GreaterOp, "greater")
COMPARE(GreaterEqualOp, "greater_equal")
UNARY(GeluOp)
UNARY(NegOp)
UNARY(AbsOp)
UNARY(ExpOp)
UNARY(LogOp)
UNARY(SqrtOp)
UNARY(RsqrtOp)
UNARY(ReciprocalOp)
UNARY(TanhOp)
UNARY(ErfOp)
UNARY(SigmoidOp)
UNARY(SiluOp)
UNARY(ReluOp)
UNARY(SinOp)
UNARY(CosOp)
UNARY(FloorOp)
UNARY(RoundOp)
UNARY(SignOp)
UNARY(TanOp)
UNARY(AsinOp)
UNARY(AcosOp)
UNARY(AtanOp)
UNARY(SinhOp)
UNARY(CoshOp)
UNARY(AsinhOp)
UNARY(AcoshOp)
UNARY(AtanhOp)
UNARY(NotOp)

LogicalResult DivByOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                        Types &types) {
  if (op.getMinusInverse().getType() != op.getDivisor().getType())
    return fail(loc, "div_by", "has minusInverse ",
                tensorType(op.getMinusInverse()), ", expected the divisor's ",
                tensorType(op.getDivisor()));
  return inferBinary(loc, "div_by", op.getX(), op.getDivisor(), {}, types);
}

LogicalResult WhereOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                        Types &types) {
  if (failed(sameElement(loc, "where", "b", op.getB(), "a", op.getA())))
    return failure();
  RankedTensorType c = tensorType(op.getCondition()), a = tensorType(op.getA()),
                   b = tensorType(op.getB());
  auto values = broadcastShapes(a.getShape(), b.getShape());
  auto shape = failed(values) ? values : broadcastShapes(*values, c.getShape());
  if (failed(shape))
    return fail(loc, "where", "has operands ", c, ", ", a, " and ", b,
                " whose shapes do not broadcast");
  types.push_back(RankedTensorType::get(*shape, a.getElementType()));
  return success();
}

//===----------------------------------------------------------------------===//
// Data movement
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Types &types) {
  RankedTensorType table = tensorType(op.getTable());
  int64_t axis = op.getAxis();
  if (failed(inAxis(loc, "gather", axis, table.getRank())))
    return failure();
  SmallVector<int64_t> shape(table.getShape().take_front(axis));
  llvm::append_range(shape, tensorType(op.getIndices()).getShape());
  llvm::append_range(shape, table.getShape().drop_front(axis + 1));
  types.push_back(RankedTensorType::get(shape, table.getElementType()));
  return success();
}

LogicalResult CacheUpdateOp::inferReturnTypes(MLIRContext *, Loc loc,
                                              Adaptor op, Types &types) {
  RankedTensorType cache = tensorType(op.getCache()),
                   update = tensorType(op.getUpdate()),
                   positions = tensorType(op.getPositions());
  int64_t axis = op.getAxis();
  if (failed(inAxis(loc, "cache_update", axis, cache.getRank())) ||
      failed(sameElement(loc, "cache_update", "an update", op.getUpdate(),
                         "the cache", op.getCache())))
    return failure();
  SmallVector<int64_t> shape(update.getShape());
  bool fits = update.getRank() == cache.getRank();
  int64_t rows = fits ? shape[axis] : 0;
  if (fits)
    shape[axis] = cache.getDimSize(axis);
  if (!fits || ArrayRef(shape) != cache.getShape())
    return fail(loc, "cache_update", "has an update of type ", update,
                ", expected that of the cache but for axis ", axis, ", ",
                cache);
  SmallVector<int64_t> batched{shape.front(), rows};
  bool perBatch = positions.getShape() == ArrayRef(batched) && axis != 0;
  if (!perBatch && positions.getShape() != ArrayRef(rows))
    return fail(loc, "cache_update", "has positions of type ", positions,
                ", expected a vector of ", rows,
                axis ? " or one for each batch" : "");
  if (op.getReduction() &&
      !llvm::is_contained({"add", "mul", "max", "min"}, *op.getReduction()))
    return fail(loc, "cache_update", "has reduction '", *op.getReduction(),
                "', expected add, mul, max or min");
  types.push_back(cache);
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                            Types &types) {
  RankedTensorType x = tensorType(op.getX());
  llvm::SmallBitVector seen(x.getRank());
  SmallVector<int64_t> shape;
  for (int64_t axis : op.getPerm()) {
    if (axis < 0 || axis >= x.getRank() || seen[axis])
      break;
    seen.set(axis);
    shape.push_back(x.getDimSize(axis));
  }
  if (op.getPerm().size() != shape.size() || !seen.all())
    return fail(loc, "transpose", "has perm [", op.getPerm(),
                "], expected a permutation of ", x.getRank(), " axes");
  types.push_back(RankedTensorType::get(shape, x.getElementType()));
  return success();
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                        Types &types) {
  RankedTensorType x = tensorType(op.getX());
  size_t rank = x.getRank();
  ArrayRef<int64_t> starts = op.getStarts(), sizes = op.getSizes(),
                    steps = op.getSteps();
  if (starts.size() != rank || sizes.size() != rank || steps.size() != rank)
    return fail(loc, "slice", "has ", starts.size(), " starts, ", sizes.size(),
                " sizes and ", steps.size(), " steps, expected ", rank,
                " of each");
  for (size_t i = 0; i < rank; ++i) {
    int64_t extent = x.getDimSize(i);
    if (steps[i] == 0 || sizes[i] < 0)
      return fail(loc, "slice", "has size ", sizes[i], " and step ", steps[i],
                  " in dimension ", i,
                  ", expected a size of at least 0 and a step other than 0");
    if (sizes[i] == 0)
      continue;
    // Extents fit in 63 bits, so the product is checked by division.
    bool inside = starts[i] >= 0 && starts[i] < extent && sizes[i] <= extent &&
                  std::abs(steps[i]) <= extent;
    int64_t last = inside ? starts[i] + (sizes[i] - 1) * steps[i] : -1;
    if (sizes[i] == 1 && starts[i] >= 0 && starts[i] < extent)
      continue;
    if (last < 0 || last >= extent)
      return fail(loc, "slice", "takes ", sizes[i], " elements from ",
                  starts[i], " by ", steps[i], " of dimension ", i,
                  ", which has ", extent);
  }
  types.push_back(RankedTensorType::get(sizes, x.getElementType()));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Types &types) {
  if (op.getInputs().empty())
    return fail(loc, "concat", "has no operands, expected at least one");
  RankedTensorType first = tensorType(op.getInputs().front());
  int64_t axis = op.getAxis();
  if (failed(inAxis(loc, "concat", axis, first.getRank())))
    return failure();
  SmallVector<int64_t> shape(first.getShape());
  for (auto [i, input] : llvm::enumerate(op.getInputs().drop_front())) {
    RankedTensorType type = tensorType(input);
    SmallVector<int64_t> other(type.getShape());
    bool ranks = type.getRank() == first.getRank();
    if (ranks)
      other[axis] = first.getDimSize(axis);
    if (!ranks || ArrayRef(other) != first.getShape() ||
        type.getElementType() != first.getElementType())
      return fail(loc, "concat", "has operand #", i + 1, " of type ", type,
                  ", which differs from ", first, " beyond axis ", axis);
    shape[axis] += type.getDimSize(axis);
  }
  types.push_back(RankedTensorType::get(shape, first.getElementType()));
  return success();
}

static LogicalResult inferReduce(Loc loc, const char *op, Value value,
                                 ArrayRef<int64_t> axes, bool keepdims,
                                 Types &types) {
  RankedTensorType x = tensorType(value);
  int64_t previous = -1;
  SmallVector<int64_t> shape(x.getShape());
  for (int64_t axis : axes) {
    if (axis <= previous || axis >= x.getRank())
      return fail(loc, op, "has axes [", axes,
                  "], expected ascending ones in [0, ", x.getRank(), ")");
    shape[axis] = keepdims ? 1 : -1;
    previous = axis;
  }
  llvm::erase(shape, -1);
  types.push_back(RankedTensorType::get(shape, x.getElementType()));
  return success();
}

#define REDUCE(OP, NAME)                                                       \
  LogicalResult OP::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,       \
                                     Types &types) {                           \
    return inferReduce(loc, NAME, op.getX(), op.getAxes(), op.getKeepdims(),   \
                       types);                                                 \
  }
REDUCE(ReduceSumOp, "reduce_sum")
REDUCE(ReduceMeanOp, "reduce_mean")
REDUCE(ReduceMaxOp, "reduce_max")
REDUCE(ReduceMinOp, "reduce_min")

//===----------------------------------------------------------------------===//
// Along one axis
//===----------------------------------------------------------------------===//

LogicalResult TopKOp::inferReturnTypes(MLIRContext *context, Loc loc,
                                       Adaptor op, Types &types) {
  RankedTensorType x = tensorType(op.getX());
  int64_t axis = op.getAxis(), k = op.getK();
  if (failed(inAxis(loc, "top_k", axis, x.getRank())))
    return failure();
  SmallVector<int64_t> shape(x.getShape());
  if (k < 0 || k > shape[axis])
    return fail(loc, "top_k", "takes ", k, " elements of dimension ", axis,
                ", which has ", shape[axis]);
  shape[axis] = k;
  types.push_back(RankedTensorType::get(shape, IntegerType::get(context, 32)));
  return success();
}

#define CUMULATIVE(OP, NAME)                                                   \
  LogicalResult OP::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,       \
                                     Types &types) {                           \
    RankedTensorType x = tensorType(op.getX());                                \
    if (failed(inAxis(loc, NAME, op.getAxis(), x.getRank())))                  \
      return failure();                                                        \
    types.push_back(x);                                                        \
    return success();                                                          \
  }
CUMULATIVE(CumSumOp, "cum_sum")
CUMULATIVE(CumProdOp, "cum_prod")
