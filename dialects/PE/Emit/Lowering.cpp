//===- Lowering.cpp - Blocks, loops, vector ops, loads and stores ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What has an effect is lowered in program order; scalar values are lowered
// where they are used (Scalar.cpp).
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"
#include "Calls.h"

using namespace mlir;
using namespace weft::pe;

using weft::isa::OperandKind;

LogicalResult Lowering::run(Block &block) {
  scopes.emplace_back();
  scopes.back().nodes = &body.nodes;
  return lowerBlock(block);
}

LogicalResult Lowering::lowerBlock(Block &block) {
  for (auto it = block.begin(); it != block.end();) {
    if (llvm::isa<CallOp>(*it)) {
      if (failed(calls.lowerRun(*this, it)))
        return failure();
      continue;
    }
    if (failed(lower(*it++)))
      return failure();
  }
  return success();
}

LogicalResult Lowering::lower(Operation &op) {
  inUse.clear();
  if (isMemoryEffectFree(&op) && op.getNumRegions() == 0 &&
      !op.hasTrait<OpTrait::IsTerminator>())
    return success(); // when it is used
  if (auto o = dyn_cast<VecOp>(op))
    return lowerVec(o);
  if (auto o = dyn_cast<ReduceOp>(op))
    return lowerReduce(o);
  if (auto o = dyn_cast<memref::LoadOp>(op))
    return lowerLoad(o);
  if (auto o = dyn_cast<memref::StoreOp>(op))
    return lowerStore(o);
  if (auto o = dyn_cast<scf::ForOp>(op))
    return lowerFor(o);
  if (auto o = dyn_cast<ActivateOp>(op)) {
    emit(Opcode::Activate, depth()).small = o.getTask();
    return success();
  }
  if (auto o = dyn_cast<WaitOp>(op)) {
    if (o.getMicrothread() >= target.microthreads)
      return op.emitOpError("microthread ")
             << int32_t(o.getMicrothread()) << ", " << target.name << " has "
             << target.microthreads.value << " (R-OP-4)";
    emit(Opcode::Wait, depth()).small = o.getMicrothread();
    return success();
  }
  if (llvm::isa<HaltOp, EndOp, ReturnOp>(op)) {
    emit(llvm::isa<HaltOp>(op)  ? Opcode::Halt
         : llvm::isa<EndOp>(op) ? Opcode::EndTask
                                : Opcode::Ret,
         depth());
    return success();
  }
  if (llvm::isa<scf::YieldOp>(op))
    return success(); // by the loop
  return op.emitOpError("has no instruction");
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

LogicalResult Lowering::lowerFor(scf::ForOp op) {
  std::optional<int64_t> lower = constant(op.getLowerBound()),
                         upper = constant(op.getUpperBound()),
                         step = constant(op.getStep());
  if (!lower || !upper || !step || *step < 1)
    return op.emitOpError("bounds and step must be constants: no trip count "
                          "depends on data");
  int64_t trip = *upper > *lower ? (*upper - *lower + *step - 1) / *step : 0;
  int64_t unroll = unrollFactor(op, trip), done = 0;
  if (trip / unroll > 1) {
    if (failed(lowerLoop(op, trip / unroll, unroll)))
      return failure();
    done = trip / unroll * unroll;
  } else if (failed(bindInits(op))) {
    return failure();
  }
  for (; done < trip; ++done)
    if (failed(lowerRound(op, Form{{}, *lower + done * *step})))
      return failure();
  return bindResults(op);
}

/// The arguments of the loop's region are its initial values.
LogicalResult Lowering::bindInits(scf::ForOp op) {
  for (auto [arg, init] : llvm::zip(op.getRegionIterArgs(), op.getInitArgs())) {
    FailureOr<Form> f = form(init);
    if (failed(f))
      return failure();
    forms[arg] = *f;
  }
  return success();
}

LogicalResult Lowering::bindResults(scf::ForOp op) {
  for (auto [result, arg] :
       llvm::zip(op.getResults(), op.getRegionIterArgs())) {
    Form f = forms[arg];
    forms[result] = f;
  }
  return success();
}

/// A branch costs as much as a few instructions, so small innermost loops do
/// several rounds in one.
int64_t Lowering::unrollFactor(scf::ForOp op, int64_t trip) {
  int64_t effects = 0;
  bool inner = true;
  op.getBody()->walk([&](Operation *o) {
    inner &= !llvm::isa<scf::ForOp, CallOp>(o);
    effects += !isMemoryEffectFree(o);
  });
  int64_t u = level.unroll;
  while (u > 1 && (!inner || effects * u > 16 || trip < u))
    u /= 2;
  return std::max<int64_t>(u, 1);
}

/// The body once, with the induction variable at `index`; the arguments of the
/// region are then what it yields.
LogicalResult Lowering::lowerRound(scf::ForOp op, const Form &index) {
  op.getBody()->walk([&](Operation *o) {
    for (Value v : o->getResults())
      forms.erase(v);
  });
  forms[op.getInductionVar()] = index;
  if (failed(lowerBlock(*op.getBody())))
    return failure();
  SmallVector<Form> yielded;
  for (Value v : op.getYieldedValues()) {
    FailureOr<Form> f = form(v);
    if (failed(f))
      return failure();
    // The argument takes the place of a value that only the yield uses.
    if (f->terms.size() == 1 && atoms[f->terms[0].atom].owner == v &&
        v.hasOneUse())
      atoms[f->terms[0].atom].owner =
          op.getRegionIterArg(unsigned(yielded.size()));
    yielded.push_back(*f);
  }
  for (auto [arg, f] : llvm::zip(op.getRegionIterArgs(), yielded))
    forms[arg] = f;
  return success();
}

static bool containsCall(scf::ForOp op) {
  return op.getBody()
      ->walk([](CallOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

/// `trip` rounds of `unroll` copies of the body.
LogicalResult Lowering::lowerLoop(scf::ForOp op, int64_t trip, int64_t unroll) {
  if (scopes.size() > 16)
    return op.emitOpError("loops nest deeper than 16 (R-OP-5)");
  SmallVector<mir::Reg> carried;
  for (Value init : op.getInitArgs()) {
    FailureOr<mir::Reg> from = reg(init);
    if (failed(from))
      return failure();
    mir::Reg r = newReg();
    mir::Inst &i = emit(Opcode::Mov, depth());
    i.a = r;
    i.b = *from;
    carried.push_back(r);
  }
  auto loop = std::make_unique<mir::Loop>();
  loop->counter = newReg();
  loop->trip = trip;
  Scope scope;
  scope.loop = loop.get();
  scope.nodes = &loop->body;
  scope.hasCall = containsCall(op);
  scopes.push_back(std::move(scope));
  Form counter = atom(loop->counter, depth(), {}, /*counter=*/true);
  for (auto [arg, r] : llvm::zip(op.getRegionIterArgs(), carried))
    forms[arg] = atom(r, depth(), arg);
  int64_t lower = *constant(op.getLowerBound()), step = *constant(op.getStep());
  size_t firstCall = calls.kernels.size();
  for (int64_t u = 0; u < unroll; ++u)
    if (failed(lowerRound(op, Form{{}, lower + u * step} +
                                  counter * (unroll * step))))
      return failure();
  if (failed(lowerYield(op, carried)))
    return failure();
  calls.repeatKernels(firstCall, trip);
  scopes.pop_back();
  scopes.back().nodes->push_back({{}, std::move(loop)});
  for (auto [arg, r] : llvm::zip(op.getRegionIterArgs(), carried))
    forms[arg] = atom(r, depth(), arg);
  return success();
}

/// Moves what the last round yielded to the carried registers, all at once.
LogicalResult Lowering::lowerYield(scf::ForOp op, ArrayRef<mir::Reg> carried) {
  SmallVector<std::pair<mir::Reg, mir::Reg>> moves;
  for (auto [arg, to] : llvm::zip(op.getRegionIterArgs(), carried)) {
    mir::Reg from = regOf(forms[arg], depth());
    if (from != to)
      moves.push_back({to, from});
  }
  auto move = [&](mir::Reg to, mir::Reg from) {
    mir::Inst &i = emit(Opcode::Mov, depth());
    i.a = to;
    i.b = from;
  };
  bool overlap = llvm::any_of(
      moves, [&](auto &m) { return llvm::is_contained(carried, m.second); });
  for (auto &m : moves)
    if (overlap) {
      mir::Reg temp = newReg();
      move(temp, m.second);
      m.second = temp;
    }
  for (auto &m : moves)
    move(m.first, m.second);
  return success();
}

//===----------------------------------------------------------------------===//
// Vector ops
//===----------------------------------------------------------------------===//

LogicalResult Lowering::vectorOperand(Operation *op, Value v,
                                      mir::Operand &out) {
  if (llvm::isa<MemRefType>(v.getType())) {
    View w;
    if (failed(view(v, w)))
      return failure();
    FailureOr<mir::Dsr> d = dsd(op, w);
    if (failed(d))
      return failure();
    inUse.push_back(*d);
    out = {OperandKind::Dsr, *d};
    return success();
  }
  if (auto q = v.getDefiningOp<QueueOp>()) {
    out = {q.getDir() == QueueDir::Input ? OperandKind::FabIn
                                         : OperandKind::FabOut,
           int32_t(q.getQueue())};
    return success();
  }
  FailureOr<mir::Reg> r = reg(v);
  if (failed(r))
    return failure();
  out = {OperandKind::Reg, *r};
  return success();
}

static LogicalResult checkFabric(Operation *op, ValueRange srcs,
                                 const weft::Target &t) {
  unsigned n = llvm::count_if(
      srcs, [](Value v) { return llvm::isa<FabInType>(v.getType()); });
  if (n > t.fabricInputsPerOp)
    return op->emitOpError("reads ")
           << n << " queues, an op of " << t.name << " reads at most "
           << t.fabricInputsPerOp.value << " (R-QUE-4)";
  return success();
}

static bool hasMemory(ValueRange operands) {
  return llvm::any_of(
      operands, [](Value v) { return llvm::isa<MemRefType>(v.getType()); });
}

LogicalResult Lowering::lowerVec(VecOp op) {
  if (failed(checkFabric(op, op.getSrcs(), target)))
    return failure();
  if (op.getAsync() && *op.getAsync() >= target.microthreads)
    return op.emitOpError("microthread ")
           << int32_t(*op.getAsync()) << ", " << target.name << " has "
           << target.microthreads.value << " (R-OP-4)";
  mir::Inst i;
  i.op = Opcode(uint8_t(op.getOpcode()));
  if (failed(vectorOperand(op, op.getDst(), i.dst)) ||
      failed(vectorOperand(op, op.getSrcs()[0], i.src0)))
    return failure();
  if (op.getSrcs().size() > 1 &&
      failed(vectorOperand(op, op.getSrcs()[1], i.src1)))
    return failure();
  if (op.getAdvance() && !target.switchAdvance)
    return op.emitOpError("advances a switch, which ops do not on ")
           << target.name << " (R-FAB-10)";
  i.advance = op.getAdvance();
  i.async = op.getAsync().has_value();
  i.small = op.getAsync().value_or(0);
  i.length = hasMemory(op->getOperands()) ? 0 : op.getLength().value_or(0);
  emit(i.op, depth()) = std::move(i);
  return success();
}

LogicalResult Lowering::lowerReduce(ReduceOp op) {
  if (failed(checkFabric(op, op.getSrcs(), target)))
    return failure();
  mir::Inst i;
  i.op = Opcode(uint8_t(op.getOpcode()));
  if (failed(vectorOperand(op, op.getSrcs()[0], i.src0)))
    return failure();
  if (op.getSrcs().size() > 1 &&
      failed(vectorOperand(op, op.getSrcs()[1], i.src1)))
    return failure();
  FailureOr<mir::Reg> acc = accumulator(op.getInit());
  if (failed(acc))
    return failure();
  i.dst = {OperandKind::Reg, *acc};
  i.length = hasMemory(op.getSrcs()) ? 0 : op.getLength().value_or(0);
  emit(i.op, depth()) = std::move(i);
  forms[op.getResult()] = atom(*acc, depth(), op.getResult());
  return success();
}

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

/// The one element of `memref` at `indices`.
LogicalResult Lowering::access(Operation *op, Value memref, ValueRange indices,
                               View &v) {
  if (failed(view(memref, v)))
    return failure();
  if (failed(checkElement(op, v.elem)))
    return failure();
  unsigned bytes = v.elem.getIntOrFloatBitWidth() / 8;
  for (auto [index, stride] : llvm::zip(indices, v.strides)) {
    FailureOr<Form> f = form(index);
    if (failed(f))
      return failure();
    v.addr = v.addr + *f * (stride * bytes);
  }
  v.sizes = {1};
  v.strides = {1};
  return success();
}

/// Narrow floats are f32 in registers, i16 sign-extended.
static Opcode loadOf(Type t) {
  if (t.isF16())
    return Opcode::LdH;
  if (t.isBF16())
    return Opcode::LdB;
  return t.isInteger(16) ? Opcode::Ld16 : Opcode::Ld;
}

static Opcode storeOf(Type t) {
  if (t.isF16())
    return Opcode::StH;
  if (t.isBF16())
    return Opcode::StB;
  return t.isInteger(16) ? Opcode::St16 : Opcode::St;
}

LogicalResult Lowering::lowerLoad(memref::LoadOp op) {
  View v;
  if (failed(access(op, op.getMemRef(), op.getIndices(), v)))
    return failure();
  mir::Reg r = newReg();
  mir::Reg base =
      v.addr.terms.empty() ? mir::Zero : linear(v.addr.terms, depth());
  mir::Inst &i = emit(loadOf(v.elem), depth());
  i.a = r;
  i.b = base;
  i.imm = int32_t(addressOf(v.buffer) + v.addr.konst);
  forms[op.getResult()] = atom(r, depth(), op.getResult());
  return success();
}

LogicalResult Lowering::lowerStore(memref::StoreOp op) {
  View v;
  if (failed(access(op, op.getMemRef(), op.getIndices(), v)))
    return failure();
  Value value = op.getValueToStore();
  if (auto t = value.getDefiningOp<arith::TruncFOp>())
    value = t.getIn(); // the store rounds
  FailureOr<mir::Reg> from = reg(value);
  if (failed(from))
    return failure();
  mir::Reg base =
      v.addr.terms.empty() ? mir::Zero : linear(v.addr.terms, depth());
  mir::Inst &i = emit(storeOf(v.elem), depth());
  i.a = *from;
  i.b = base;
  i.imm = int32_t(addressOf(v.buffer) + v.addr.konst);
  return success();
}
