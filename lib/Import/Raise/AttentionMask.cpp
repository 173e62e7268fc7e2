//===- AttentionMask.cpp - Masks of raised attention ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A constant mask whose values are 0 or at most -9999 hides keys and does
// nothing else: exp of it is 0 in every float type. Such masks are read as a
// table of visible pairs and recognised by that; others stay additive.
//
//===----------------------------------------------------------------------===//
#include "AttentionMask.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

constexpr double Hidden = -9999;
constexpr int64_t MaxTable = int64_t(1) << 26; // elements looked at

/// The shape of `value` as rank 4, of scores whose rank is `levelRank`.
static std::optional<SmallVector<int64_t>> rank4(const MaskTerm &term,
                                                 const ScoreShape &shape) {
  ArrayRef<int64_t> own = shapeOf(term.value);
  SmallVector<int64_t> dims;
  // Scores of a higher rank have their dimensions elsewhere.
  if (term.levelRank > 4)
    return std::nullopt;
  if (term.levelRank == 3 && own.size() == 3) {
    if (own[0] != 1 && own[0] != shape.batch * shape.heads)
      return std::nullopt;
    bool whole = own[0] != 1;
    dims = {whole ? shape.batch : 1, whole ? shape.heads : 1, own[1], own[2]};
  } else {
    if (own.size() > 4)
      return std::nullopt;
    dims.assign(4 - own.size(), 1);
    llvm::append_range(dims, own);
  }
  int64_t full[] = {shape.batch, shape.heads, shape.rows, shape.columns};
  for (size_t i = 0; i < 4; ++i)
    if (dims[i] != 1 && dims[i] != full[i])
      return std::nullopt;
  return dims;
}

namespace {
/// Pairs (row, column) that a constant term leaves visible.
enum class Table { All, Causal, Other, Unknown };

class TableReader {
public:
  TableReader(const MaskTerm &term, ArrayRef<int64_t> dims,
              const ScoreShape &shape)
      : term(term), dims(dims), shape(shape) {}

  Table read() {
    if (tensorType(term.value).getNumElements() > MaxTable ||
        shape.rows * shape.columns > MaxTable || !isConstant(term.value))
      return Table::Unknown;
    auto tensor = evaluateTensor(term.value, LookLimit);
    if (!tensor) {
      llvm::consumeError(tensor.takeError());
      return Table::Unknown;
    }
    return classify(*tensor);
  }

private:
  /// 1: visible, 0: hidden, -1: neither.
  int visible(double value) const {
    switch (term.kind) {
    case MaskTerm::KeepWhere:
      return value != 0;
    case MaskTerm::DropWhere:
      return value == 0;
    case MaskTerm::Factor:
      return value == 1 ? 1 : value == 0 ? 0 : -1;
    case MaskTerm::Additive:
    case MaskTerm::Subtracted:
      break;
    }
    double added =
        term.scale * (term.kind == MaskTerm::Subtracted ? -value : value);
    return added == 0 ? 1 : added <= Hidden ? 0 : -1;
  }

  Table classify(const HostTensor &tensor) const {
    bool all = true, causal = shape.rows <= shape.columns;
    int64_t slices = dims[0] * dims[1];
    for (int64_t s = 0; s < slices; ++s)
      for (int64_t i = 0; i < shape.rows; ++i)
        for (int64_t j = 0; j < shape.columns; ++j) {
          int64_t at = (s * dims[2] + (dims[2] == 1 ? 0 : i)) * dims[3] +
                       (dims[3] == 1 ? 0 : j);
          int seen = visible(tensor.getFloat(at));
          if (seen < 0)
            return Table::Unknown;
          all &= seen == 1;
          causal &= (seen == 1) == (j <= i + shape.columns - shape.rows);
          if (!all && !causal)
            return Table::Other;
        }
    return all ? Table::All : Table::Causal;
  }

  const MaskTerm &term;
  ArrayRef<int64_t> dims;
  const ScoreShape &shape;
};
} // namespace

/// The term as an additive f32 mask of rank 4.
static Value additive(OpBuilder &b, Location loc, const MaskTerm &term,
                      ArrayRef<int64_t> dims) {
  Type f32 = b.getF32Type();
  Value value = makeReshape(b, loc, term.value, dims);
  auto scalar = RankedTensorType::get({}, f32);
  if (term.kind == MaskTerm::KeepWhere || term.kind == MaskTerm::DropWhere) {
    // The select forgets the score; so does the sum with a number this large,
    // which leaves all keys alike where none is visible.
    double fill = std::isinf(term.fill) ? term.fill : -1e30;
    Value zero = makeSplat(b, loc, 0, scalar);
    Value low = makeSplat(b, loc, fill, scalar);
    bool keep = term.kind == MaskTerm::KeepWhere;
    return WhereOp::create(b, loc, value, keep ? zero : low, keep ? low : zero);
  }
  value = makeCast(b, loc, value, f32);
  double factor = term.kind == MaskTerm::Subtracted ? -term.scale : term.scale;
  if (factor == -1)
    return NegOp::create(b, loc, value);
  if (factor == 1)
    return value;
  return MulOp::create(b, loc, value, makeSplat(b, loc, factor, scalar));
}

static bool isFiniteSelect(const MaskTerm &term) {
  return (term.kind == MaskTerm::KeepWhere ||
          term.kind == MaskTerm::DropWhere) &&
         !std::isinf(term.fill);
}

bool nn::combineMasks(OpBuilder &b, Location loc, ArrayRef<MaskTerm> terms,
                      const ScoreShape &shape, MaskResult &result) {
  SmallVector<std::pair<const MaskTerm *, SmallVector<int64_t>>> kept;
  for (const MaskTerm &term : terms) {
    auto dims = rank4(term, shape);
    if (!dims)
      return false;
    Table table = TableReader(term, *dims, shape).read();
    if (term.kind == MaskTerm::Factor) {
      // scores * triangle is harmless if the triangle is masked afterwards;
      // terms come from the softmax up, so that mask has been met.
      if (table != Table::All && !(table == Table::Causal && result.causal))
        return false;
      continue;
    }
    if (table == Table::Causal)
      result.causal = true;
    else if (table != Table::All)
      kept.emplace_back(&term, *dims);
  }
  // Of several masks a sum cannot say what a select took from the others.
  if (kept.size() > 1 &&
      llvm::any_of(kept, [](auto &k) { return isFiniteSelect(*k.first); }))
    return false;
  for (const auto &[term, dims] : kept) {
    Value mask = additive(b, loc, *term, dims);
    result.mask =
        result.mask ? Value(AddOp::create(b, loc, result.mask, mask)) : mask;
  }
  if (result.mask && shape.least) {
    auto scalar = RankedTensorType::get({}, b.getF32Type());
    Value least = makeSplat(b, loc, *shape.least, scalar);
    result.mask = MaxOp::create(b, loc, result.mask, least);
  }
  return true;
}
