//===- Attention.cpp - Softmax between two matmuls ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-raise-attention. From the second matmul the chain is followed up
// through softmax and scores to the first one; what stands in between is either
// a factor, a mask or a change of shape, or the match fails.
//
//===----------------------------------------------------------------------===//
#include "AttentionMask.h"
#include "Remarks.h"
#include "ValueNames.h"
#include "mlir/IR/BuiltinOps.h"
#include <cmath>

namespace weft::nn {
#define GEN_PASS_DEF_RAISEATTENTION
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {
constexpr StringRef PassName = "nn-raise-attention";

struct Match {
  MatMulOp scores;
  Value v;
  double scale = 1;
  SmallVector<MaskTerm> masks;
  SmallVector<Operation *> ops;
  SmallVector<int64_t> shape4; // of the scores where they have rank 4
  std::optional<double> least; // of a clamp of the masked scores
  bool zeroMasked = false;     // probabilities of fully masked rows become 0
  std::string why;             // why it is none

  bool fail(const Twine &reason) {
    why = reason.str();
    return false;
  }
};

//===----------------------------------------------------------------------===//
// From the probabilities up to the scores
//===----------------------------------------------------------------------===//

/// Looks through casts, changes of shape that keep rows and columns, and the
/// removal of NaN of fully masked rows.
SoftmaxOp matchProbabilities(Value value, Match &match) {
  for (;;) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return {};
    match.ops.push_back(op);
    if (auto softmax = dyn_cast<SoftmaxOp>(op)) {
      match.zeroMasked |= softmax.getZeroMasked();
      return softmax;
    }
    if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      if (tensorType(value).getRank() < 2 ||
          tensorType(reshape.getX()).getRank() < 2 ||
          shapeOf(value).take_back(2) != shapeOf(reshape.getX()).take_back(2))
        return {};
      value = reshape.getX();
    } else if (auto cast = dyn_cast<CastOp>(op)) {
      if (!isa<FloatType>(elementOf(cast)) ||
          !isa<FloatType>(elementOf(cast.getX())))
        return {};
      value = cast.getX();
    } else if (auto where = dyn_cast<WhereOp>(op)) {
      // After simplification: where(p == p, p, 0).
      auto test = where.getCondition().getDefiningOp<EqualOp>();
      if (!test || test.getLhs() != test.getRhs() ||
          test.getLhs() != where.getA() ||
          constantScalar(where.getB(), 4096) != 0.0)
        return {};
      match.ops.push_back(test);
      match.zeroMasked = true;
      value = where.getA();
    } else {
      return {};
    }
  }
}

/// Whether the scores come in through `value`, not a mask.
bool leadsToScores(Value value, unsigned depth = 0) {
  Operation *op = value.getDefiningOp();
  if (!op || depth > 12)
    return false;
  if (auto matmul = dyn_cast<MatMulOp>(op))
    return !isConstant(matmul.getRhs());
  if (!isa<AddOp, SubOp, MulOp, DivOp, WhereOp, ReshapeOp, CastOp, MaxOp>(op))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return leadsToScores(operand, depth + 1);
  });
}

/// An op that hides keys; the scores it works on, or null.
Value matchMask(Operation *op, Match &match) {
  int64_t rank = tensorType(op->getResult(0)).getRank();
  auto term = [&](MaskTerm::Kind kind, Value value, double fill = 0) {
    match.masks.push_back({kind, value, fill, match.scale, rank});
  };
  if (auto add = dyn_cast<AddOp>(op)) {
    bool left = leadsToScores(add.getLhs());
    term(MaskTerm::Additive, left ? add.getRhs() : add.getLhs());
    return left ? add.getLhs() : add.getRhs();
  }
  if (auto sub = dyn_cast<SubOp>(op)) {
    term(MaskTerm::Subtracted, sub.getRhs());
    return sub.getLhs();
  }
  if (auto mul = dyn_cast<MulOp>(op)) {
    bool left = leadsToScores(mul.getLhs());
    Value factor = left ? mul.getRhs() : mul.getLhs();
    if (!isConstant(factor))
      return {};
    term(MaskTerm::Factor, factor);
    return left ? mul.getLhs() : mul.getRhs();
  }
  auto where = dyn_cast<WhereOp>(op);
  if (!where)
    return {};
  bool keep = leadsToScores(where.getA());
  auto fill = constantScalar(keep ? where.getB() : where.getA());
  if (!fill || *fill > -1000 || *fill * match.scale > -1000)
    return {};
  term(keep ? MaskTerm::KeepWhere : MaskTerm::DropWhere, where.getCondition(),
       *fill * match.scale);
  return keep ? where.getA() : where.getB();
}

/// A clamp from below by a number that no score reaches: it bounds the masks
/// that lie above it, of which there must be all.
Value matchClamp(Operation *op, Match &match) {
  Value x;
  double least;
  if (!matchScalarOperand(op, x, least) || least * match.scale > -1e30 ||
      match.least || !match.masks.empty())
    return {};
  match.least = std::max(least * match.scale, -3.4e38);
  return x;
}

/// One step up from `value`; null if the chain breaks.
Value stepUp(Operation *op, Match &match) {
  Value x;
  double factor;
  if (isa<MulOp, DivOp>(op) && matchScaled(op->getResult(0), x, factor)) {
    match.scale *= factor;
    return x;
  }
  if (auto cast = dyn_cast<CastOp>(op))
    return isa<FloatType>(elementOf(cast.getX())) ? cast.getX() : Value();
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    bool keeps =
        tensorType(reshape).getRank() >= 2 &&
        tensorType(reshape.getX()).getRank() >= 2 &&
        shapeOf(reshape).take_back(2) == shapeOf(reshape.getX()).take_back(2);
    return keeps ? reshape.getX() : Value();
  }
  if (isa<MaxOp>(op))
    return matchClamp(op, match);
  return matchMask(op, match);
}

bool matchScores(Value value, Match &match) {
  for (unsigned depth = 0; depth < 32; ++depth) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return match.fail("the scores are no product");
    if (!value.hasOneUse())
      return match.fail("something else reads the scores");
    match.ops.push_back(op);
    if (tensorType(value).getRank() == 4)
      match.shape4.assign(shapeOf(value).begin(), shapeOf(value).end());
    if (auto matmul = dyn_cast<MatMulOp>(op)) {
      match.scores = matmul;
      return true;
    }
    Value next = stepUp(op, match);
    // Masks broadcast to the scores, never the other way round.
    if (!next ||
        tensorType(next).getNumElements() != tensorType(value).getNumElements())
      return match.fail(op->getName().getStringRef() +
                        " between the products is neither factor, mask nor "
                        "change of shape");
    value = next;
  }
  return match.fail("more than 32 ops stand between the products");
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// `value` without constant factors, also behind transposes and reshapes.
Value peelScale(OpBuilder &b, Value value, double &scale, Match &match,
                unsigned depth = 0) {
  Operation *op = value.getDefiningOp();
  Value x;
  double factor;
  if (!op || depth > 8)
    return value;
  if (isa<MulOp, DivOp>(op) && matchScaled(value, x, factor) &&
      !isConstant(x)) {
    scale *= factor;
    match.ops.push_back(op);
    return peelScale(b, x, scale, match, depth + 1);
  }
  if (!isa<TransposeOp, ReshapeOp>(op))
    return value;
  Value inner = peelScale(b, op->getOperand(0), scale, match, depth + 1);
  if (inner == op->getOperand(0))
    return value;
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return makeTranspose(b, op->getLoc(), inner, transpose.getPerm());
  return makeReshape(b, op->getLoc(), inner, shapeOf(value));
}

/// Keys and values repeated for groups of heads:
/// reshape(expand(reshape(x))) with x of fewer heads.
Value stripRepeat(Value x, Match &match) {
  auto outer = x.getDefiningOp<ReshapeOp>();
  auto expand = outer ? outer.getX().getDefiningOp<ExpandOp>() : ExpandOp();
  if (!expand || tensorType(x).getRank() != 4)
    return x;
  ArrayRef<int64_t> from = shapeOf(expand.getX()), to = shapeOf(expand);
  if (from.size() != 5 || to.size() != 5 || from[2] != 1 || from[0] != to[0] ||
      from[1] != to[1] || from.take_back(2) != to.take_back(2))
    return x;
  auto inner = expand.getX().getDefiningOp<ReshapeOp>();
  SmallVector<int64_t> shape = {from[0], from[1], from[3], from[4]};
  if (!inner || shapeOf(inner.getX()) != ArrayRef(shape))
    return x;
  match.ops.append({outer, expand, inner});
  return inner.getX();
}

struct Operands {
  Value q, k, v; // [B, heads, rows, d] each
};

/// Any rank from 2 to 4 as [batch, heads, rows, columns].
Value asRank4(OpBuilder &b, Location loc, Value x, int64_t batch) {
  SmallVector<int64_t> shape(shapeOf(x));
  if (shape.size() == 4)
    return x;
  if (shape.size() == 2)
    return makeReshape(b, loc, x, {1, 1, shape[0], shape[1]});
  if (shape.size() != 3 || batch < 1 || shape[0] % batch)
    return {};
  return makeReshape(b, loc, x, {batch, shape[0] / batch, shape[1], shape[2]});
}

/// k from the right side of the first matmul, [.., d, rows].
Value transposeKeys(OpBuilder &b, Location loc, Value k, int64_t batch) {
  int64_t rank = tensorType(k).getRank();
  if (rank == 4 || !k.getDefiningOp<TransposeOp>())
    k = asRank4(b, loc, k, batch);
  if (!k)
    return {};
  rank = tensorType(k).getRank();
  auto perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(perm[rank - 1], perm[rank - 2]);
  return asRank4(b, loc, makeTranspose(b, loc, k, perm), batch);
}

/// [B, H, T, d] to [B, T, H*d].
Value mergeHeads(OpBuilder &b, Location loc, Value x) {
  SmallVector<int64_t> s(shapeOf(x));
  Value rows = makeTranspose(b, loc, x, {0, 2, 1, 3});
  return makeReshape(b, loc, rows, {s[0], s[2], s[1] * s[3]});
}

/// All in one type: that of the result, or f32 if they differ.
void unifyTypes(OpBuilder &b, Location loc, Operands &in, Type result) {
  Type element = result;
  for (Value x : SmallVector<Value>{in.q, in.k, in.v})
    if (elementOf(x) != result)
      element = b.getF32Type();
  for (Value *x : {&in.q, &in.k, &in.v})
    *x = makeCast(b, loc, *x, element);
}

/// The number of batches that rank-3 operands [B*H, T, d] hide.
int64_t findBatch(Match &match, MatMulOp out) {
  if (!match.shape4.empty())
    return match.shape4[0];
  int64_t flat = tensorType(out).getRank() == 3 ? shapeOf(out)[0] : 1;
  for (Value x : SmallVector<Value>{match.scores.getLhs(),
                                    match.scores.getRhs(), match.v}) {
    while (auto transpose = x.getDefiningOp<TransposeOp>())
      x = transpose.getX();
    auto reshape = x.getDefiningOp<ReshapeOp>();
    if (reshape && tensorType(x).getRank() == 3 &&
        tensorType(reshape.getX()).getRank() == 4 &&
        shapeOf(reshape.getX())[0] * shapeOf(reshape.getX())[1] == flat)
      return shapeOf(reshape.getX())[0];
  }
  for (Operation *user : out->getUsers())
    if (auto reshape = dyn_cast<ReshapeOp>(user);
        reshape && tensorType(reshape).getRank() == 4 &&
        shapeOf(reshape)[0] * shapeOf(reshape)[1] == flat)
      return shapeOf(reshape)[0];
  return flat; // one head each
}

//===----------------------------------------------------------------------===//
// The pattern
//===----------------------------------------------------------------------===//

class Raiser {
public:
  static LogicalResult tryRaise(MatMulOp op, RewriterBase &rewriter) {
    Match match;
    match.ops.push_back(op);
    match.v = op.getRhs();
    SoftmaxOp softmax = matchProbabilities(op.getLhs(), match);
    if (!softmax)
      return failure(); // not even near
    rewriter.setInsertionPoint(op);
    if (matchChain(softmax, match) && build(op, match, rewriter))
      return success();
    remarkNotRaised(PassName, op, AttentionOp::getOperationName(), match.why);
    return failure();
  }

private:
  static bool matchChain(SoftmaxOp softmax, Match &match) {
    if (!usedByChain(softmax, match))
      return match.fail("something else reads the probabilities");
    if (int64_t(softmax.getAxis()) != tensorType(softmax).getRank() - 1)
      return match.fail("softmax is not over the last axis");
    return matchScores(softmax.getX(), match);
  }

  /// Nothing but the chain reads the probabilities.
  static bool usedByChain(SoftmaxOp softmax, const Match &match) {
    return llvm::all_of(softmax->getUsers(), [&](Operation *user) {
      return llvm::is_contained(match.ops, user) && user->hasOneUse();
    });
  }

  static bool fits(const Operands &in, const ScoreShape &s) {
    ArrayRef<int64_t> q = shapeOf(in.q), k = shapeOf(in.k), v = shapeOf(in.v);
    return q[0] == s.batch && k[0] == s.batch && v[0] == s.batch &&
           q[1] == s.heads && k[1] == v[1] && s.heads % k[1] == 0 &&
           q[3] == k[3] && k[2] == v[2] && k[2] == s.columns;
  }

  static bool build(MatMulOp op, Match &match, RewriterBase &rewriter) {
    int64_t batch = findBatch(match, op);
    Location loc = fuseOps(match.ops);
    Operands in;
    double scale = match.scale;
    Value q = peelScale(rewriter, match.scores.getLhs(), scale, match);
    Value k = peelScale(rewriter, match.scores.getRhs(), scale, match);
    in.q = asRank4(rewriter, loc, q, batch);
    in.k = transposeKeys(rewriter, loc, k, batch);
    in.v = asRank4(rewriter, loc, match.v, batch);
    if (!in.q || !in.k || !in.v)
      return match.fail("an operand's heads cannot be told from its batches");
    in.k = stripRepeat(in.k, match);
    in.v = stripRepeat(in.v, match);
    ScoreShape shape = {shapeOf(in.q)[0], shapeOf(in.q)[1], shapeOf(in.q)[2],
                        shapeOf(in.k)[2], match.least};
    MaskResult mask;
    if (!fits(in, shape))
      return match.fail("the shapes of query, key and value do not fit");
    if (!combineMasks(rewriter, loc, match.masks, shape, mask))
      return match.fail(
          "its masks are not one additive mask per query and key");
    loc = fuseOps(match.ops);
    unifyTypes(rewriter, loc, in, elementOf(op));
    int64_t dv = shapeOf(in.v)[3];
    // One after another: the order of arguments is the compiler's.
    Value queries = mergeHeads(rewriter, loc, in.q);
    Value keys = mergeHeads(rewriter, loc, in.k);
    Value values = mergeHeads(rewriter, loc, in.v);
    auto attention = AttentionOp::create(
        rewriter, loc, queries, keys, values, mask.mask, shape.heads,
        shapeOf(in.k)[1], llvm::APFloat(float(scale)), mask.causal,
        match.zeroMasked);
    remarkRaised(PassName, attention);
    Value y = makeCast(rewriter, loc, attention, elementOf(op));
    y = makeReshape(rewriter, loc, y,
                    {shape.batch, shape.rows, shape.heads, dv});
    y = makeTranspose(rewriter, loc, y, {0, 2, 1, 3});
    rewriter.replaceOp(op, makeReshape(rewriter, loc, y, shapeOf(op)));
    return true;
  }
};

struct RaiseAttentionPass : nn::impl::RaiseAttentionBase<RaiseAttentionPass> {
  void runOnOperation() override {
    // One attempt for each matmul: an attempt may leave dead ops behind, which
    // a greedy driver would take for a change.
    SmallVector<MatMulOp> ops;
    getOperation()->walk([&](MatMulOp op) { ops.push_back(op); });
    {
      ValueNameKeeper names(getOperation());
      IRRewriter rewriter(&getContext(), &names);
      for (MatMulOp op : ops)
        (void)Raiser::tryRaise(op, rewriter);
    }
    if (failed(runPatterns(getOperation(), RewritePatternSet(&getContext()))))
      signalPassFailure();
  }
};

} // namespace
