//===- StateViews.cpp - Caches in the form that attention reads -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Pass nn-state-views. A layout splits the last dimension; of [batch, heads,
// capacity, width] that would be the width of a head, of [batch, capacity,
// heads * width] it is all features, as the projections before leave them.
//
//===----------------------------------------------------------------------===//
#include "PassDetail.h"
#include "mlir/IR/BuiltinOps.h"

namespace weft::nn {
#define GEN_PASS_DEF_STATEVIEWS
#include "Passes.h.inc"
} // namespace weft::nn

using namespace mlir;
using namespace weft;
using namespace weft::nn;

namespace {

const int64_t HeadsSecond[] = {0, 2, 1, 3}; // and back: it is its own inverse

/// Does the transpose move nothing but dimensions of extent 1?
bool keepsOrder(TransposeOp op) {
  int64_t last = -1;
  for (int64_t axis : op.getPerm()) {
    if (shapeOf(op.getX())[axis] == 1)
      continue;
    if (axis < last)
      return false;
    last = axis;
  }
  return true;
}

/// [B, H, T, d] as [B, T, H * d]
Value merged(OpBuilder &b, Location loc, Value x) {
  SmallVector<int64_t> s(shapeOf(x)), to = {s[0], s[2], s[1] * s[3]};
  if (s[2] != 1)
    return makeReshape(b, loc, makeTranspose(b, loc, x, HeadsSecond), to);
  while (Operation *op = x.getDefiningOp()) {
    auto transpose = dyn_cast<TransposeOp>(op);
    if (!isa<ReshapeOp>(op) && !(transpose && keepsOrder(transpose)))
      break;
    x = op->getOperand(0);
  }
  return makeReshape(b, loc, x, to);
}

/// The reverse, to the shape of `like`.
Value split(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> like) {
  Value heads = makeReshape(b, loc, x, {like[0], like[2], like[1], like[3]});
  return makeTranspose(b, loc, heads, HeadsSecond);
}

class Rewriter {
public:
  explicit Rewriter(ProgramOp program)
      : program(program),
        ret(cast<ReturnOp>(program.getBody().front().getTerminator())),
        b(program) {}

  void run() {
    SmallVector<Attribute> states;
    for (Attribute a : program.getStateAttr())
      states.push_back(rewritten(cast<StateAttr>(a)));
    program.setStateAttr(b.getArrayAttr(states));
    program.setFunctionType(
        b.getFunctionType(program.getBody().front().getArgumentTypes(),
                          TypeRange(ret.getOperands())));
  }

private:
  ProgramOp program;
  ReturnOp ret;
  OpBuilder b;

  /// A state that is only read and written through casts to another float type
  /// lies in that type; the host converts.
  StateAttr narrowed(StateAttr state) {
    BlockArgument arg = program.getBody().getArgument(state.getInput());
    auto last = ret.getOperand(state.getOutput()).getDefiningOp<CastOp>();
    if (!last || !isa<FloatType>(elementOf(arg)) ||
        !isa<FloatType>(elementOf(last.getX())))
      return state;
    RankedTensorType host = tensorType(arg);
    SmallVector<CastOp> casts;
    for (Operation *user : arg.getUsers()) {
      auto cast = dyn_cast<CastOp>(user);
      if (!cast || cast.getType() != last.getX().getType() ||
          llvm::is_contained(cast->getUsers(), ret.getOperation()))
        return state;
      casts.push_back(cast);
    }
    arg.setType(last.getX().getType());
    for (CastOp cast : casts) {
      cast.replaceAllUsesWith(Value(arg));
      cast.erase();
    }
    ret.setOperand(state.getOutput(), last.getX());
    auto same = llvm::to_vector(llvm::seq<int64_t>(0, host.getRank()));
    return StateAttr::get(program.getContext(), state.getOutput(),
                          state.getInput(), host, same);
  }

  StateAttr rewritten(StateAttr state) {
    if (state.getHost())
      return state;
    state = narrowed(state);
    BlockArgument arg = program.getBody().getArgument(state.getInput());
    Value out = ret.getOperand(state.getOutput());
    auto update = out.getDefiningOp<CacheUpdateOp>();
    if (!update || update.getCache() != arg || update.getAxis() != 2 ||
        tensorType(arg).getRank() != 4)
      return state;
    SmallVector<int64_t> s(shapeOf(arg));
    auto host = cast<RankedTensorType>(state.getHost() ? state.getHost()
                                                       : arg.getType());
    auto wide =
        RankedTensorType::get({s[0], s[2], s[1] * s[3]}, elementOf(arg));
    arg.setType(wide);
    b.setInsertionPointToStart(&program.getBody().front());
    Value heads = split(b, arg.getLoc(), arg, s);
    auto isView = [&](OpOperand &use) {
      return use.getOwner() != heads.getDefiningOp() &&
             use.getOwner() !=
                 heads.getDefiningOp()->getOperand(0).getDefiningOp();
    };
    arg.replaceUsesWithIf(heads, isView);
    b.setInsertionPoint(update);
    Location loc = update.getLoc();
    Value written =
        CacheUpdateOp::create(b, loc, arg, merged(b, loc, update.getUpdate()),
                              update.getPositions(), b.getI64IntegerAttr(1),
                              update.getWrapAttr(), update.getReductionAttr());
    ret.setOperand(state.getOutput(), written);
    update.replaceAllUsesWith(split(b, loc, written, s));
    update.erase();
    return StateAttr::get(program.getContext(), state.getOutput(),
                          state.getInput(), host, HeadsSecond);
  }
};

struct StateViewsPass : nn::impl::StateViewsBase<StateViewsPass> {
  void runOnOperation() override {
    getOperation()->walk([](ProgramOp program) {
      if (program.getStateAttr())
        Rewriter(program).run();
    });
  }
};

} // namespace
