//===- Calls.cpp - Calls and their parameter table ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Calls.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace weft::pe;

CallLowering::CallLowering(ClassOp cls, ProgramOp program)
    : cls(cls), program(program) {}

SubInfo *CallLowering::lookup(StringRef name) {
  for (SubInfo &s : subs)
    if (s.op.getSymName() == name)
      return &s;
  return nullptr;
}

int32_t CallLowering::kernelIndex(std::optional<StringRef> name) {
  int32_t i = 0;
  if (name && program)
    for (KernelOp k : program.getOps<KernelOp>()) {
      if (k.getSymName() == *name)
        return i;
      ++i;
    }
  return -1;
}

static StringRef calleeOf(CallOp call) { return call.getCallee(); }

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

/// Appends `sub` behind everything it calls.
LogicalResult CallLowering::order(SubOp sub, SmallVectorImpl<SubOp> &path) {
  if (llvm::is_contained(path, sub)) {
    InFlightDiagnostic d = sub.emitOpError("calls itself (R-OP-5)");
    if (path.back() != sub)
      d.attachNote(path.back().getLoc()) << "through this subroutine";
    return failure();
  }
  if (lookup(sub.getSymName()))
    return success();
  path.push_back(sub);
  WalkResult w = sub.walk([&](CallOp call) {
    auto callee = dyn_cast_or_null<SubOp>(
        SymbolTable::lookupSymbolIn(cls, call.getCallee()));
    return callee && succeeded(order(callee, path)) ? WalkResult::advance()
                                                    : WalkResult::interrupt();
  });
  if (w.wasInterrupted())
    return failure();
  path.pop_back();
  SubInfo info;
  info.op = sub;
  info.index = subs.size();
  info.kernel = kernelIndex(sub.getKernel());
  subs.push_back(std::move(info));
  return success();
}

LogicalResult CallLowering::collectWords() {
  auto visit = [&](CallOp call) {
    SubInfo *s = lookup(call.getCallee());
    if (s->kernel < 0)
      s->kernel = kernelIndex(call.getKernel());
    bool first = !s->reached;
    s->reached = true;
    for (auto [i, arg] : llvm::enumerate(call.getArgs())) {
      FailureOr<Word> w = constantWord(arg);
      if (failed(w)) {
        call.emitOpError("argument ")
            << i << " is known only at run time; a parameter is a buffer, a "
            << "view at a constant offset or a constant";
        return WalkResult::interrupt();
      }
      if (first)
        s->fixed.push_back(*w);
      else if (s->fixed[i] && !(*s->fixed[i] == *w))
        s->fixed[i] = std::nullopt;
    }
    return WalkResult::advance();
  };
  if (cls.walk(visit).wasInterrupted())
    return failure();
  for (SubInfo &s : subs)
    for (std::optional<Word> &w : s.fixed)
      s.slot.push_back(w ? -1 : int(s.numSlots++));
  return success();
}

LogicalResult CallLowering::analyse() {
  for (SubOp sub : cls.getOps<SubOp>()) {
    SmallVector<SubOp> path;
    if (failed(order(sub, path)))
      return failure();
  }
  return collectWords();
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

// Words of a call with its advance of r31, and of a loop; a fold has to win
// more than the cycles of its branches are worth.
static constexpr int64_t wordsPerCall = 4, wordsPerLoop = 3, minGain = 12;

/// Folds the repetition that saves most, then what is left of it, inside it and
/// right of it.
std::vector<CallLowering::Item> CallLowering::fold(ArrayRef<CallOp> calls,
                                                   int first) const {
  int n = calls.size(), bestAt = 0, bestPeriod = 0, bestCount = 0;
  int64_t best = minGain - 1;
  for (int p = 1; p <= n / 2; ++p)
    for (int at = 0, same = 0; at + p < n; ++at) {
      bool equal = calleeOf(calls[at]) == calleeOf(calls[at + p]);
      same = equal ? same + 1 : 0;
      int count = same / p + 1;
      int64_t gain = wordsPerCall * p * int64_t(count - 1) - wordsPerLoop;
      if (same >= p && gain > best) {
        best = gain;
        bestPeriod = p;
        bestCount = count;
        bestAt = at + 1 - (count - 1) * p;
      }
    }
  std::vector<Item> out;
  if (!bestCount) {
    for (int i = 0; i < n; ++i)
      out.push_back({first + i, 1, {}});
    return out;
  }
  int end = bestAt + bestPeriod * bestCount;
  out = fold(calls.take_front(bestAt), first);
  out.push_back(
      {-1, bestCount, fold(calls.slice(bestAt, bestPeriod), first + bestAt)});
  for (Item &i : fold(calls.drop_front(end), first + end))
    out.push_back(std::move(i));
  return out;
}

unsigned CallLowering::slotsOf(const std::vector<Item> &items,
                               ArrayRef<CallOp> calls) {
  unsigned n = 0;
  for (const Item &i : items)
    n += i.call >= 0 ? lookup(calleeOf(calls[i.call]))->numSlots
                     : i.count * slotsOf(i.items, calls);
  return n;
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

/// Where r31 points (in words of the table), and where it has to.
struct CallLowering::Walker {
  Lowering &lower;
  int64_t tableAddr;
  std::optional<int64_t> at;
  int64_t next;

  void seek() {
    if (at == next)
      return;
    mir::Inst &i = lower.emit(at ? Opcode::Addi : Opcode::Li,
                              int(lower.scopes.size()) - 1);
    i.a = mir::Params;
    if (at)
      i.b = mir::Params;
    i.imm = int32_t(4 * (at ? next - *at : next) + (at ? 0 : tableAddr));
    at = next;
  }
};

void CallLowering::emitItems(Lowering &lower, const std::vector<Item> &items,
                             ArrayRef<CallOp> calls, Walker &walker) {
  for (const Item &item : items) {
    if (item.call >= 0) {
      const SubInfo *s = lookup(calleeOf(calls[item.call]));
      if (s->numSlots)
        walker.seek();
      lower.emit(Opcode::Call, lower.depth()).imm = int32_t(s->index);
      walker.next += s->numSlots;
      continue;
    }
    unsigned slots = slotsOf(item.items, calls);
    if (slots)
      walker.seek();
    auto loop = std::make_unique<mir::Loop>();
    loop->counter = lower.newReg();
    loop->trip = item.count;
    Lowering::Scope scope;
    scope.loop = loop.get();
    scope.nodes = &loop->body;
    scope.hasCall = true;
    lower.scopes.push_back(std::move(scope));
    emitItems(lower, item.items, calls, walker);
    if (slots)
      walker.seek(); // to the block of the next round
    lower.scopes.pop_back();
    lower.scopes.back().nodes->push_back({{}, std::move(loop)});
    walker.next += int64_t(item.count - 1) * slots;
    if (slots)
      walker.at = walker.next;
  }
}

void CallLowering::remarkLoops(const std::vector<Item> &items,
                               ArrayRef<CallOp> calls) {
  for (const Item &item : items) {
    if (item.call >= 0)
      continue;
    const Item *first = &item;
    while (first->call < 0)
      first = &first->items.front();
    CallOp call = calls[first->call];
    remark::passed(call.getLoc(),
                   remark::RemarkOpts::name("Loop").category("pe-emit"))
        << remark::metric("Class", cls.getSymName())
        << remark::metric("Rounds", item.count)
        << remark::metric("ItemsPerRound", item.items.size())
        << remark::metric("FirstCall", call.getCallee());
    remarkLoops(item.items, calls);
  }
}

LogicalResult CallLowering::lowerRun(Lowering &lower, Block::iterator &it) {
  SmallVector<CallOp> run;
  Block *block = it->getBlock();
  for (; it != block->end(); ++it) {
    if (auto call = dyn_cast<CallOp>(*it))
      run.push_back(call);
    else if (!isMemoryEffectFree(&*it) || it->getNumRegions() ||
             it->hasTrait<OpTrait::IsTerminator>())
      break;
  }
  int64_t first = table.size();
  bool inTask = !lower.sub;
  for (CallOp call : run) {
    SubInfo *s = lookup(call.getCallee());
    if (inTask)
      kernels.push_back(
          kernelIndex(call.getKernel() ? call.getKernel() : s->op.getKernel()));
    for (auto [i, arg] : llvm::enumerate(call.getArgs()))
      if (s->slot[i] >= 0)
        table.push_back(*constantWord(arg));
  }
  lower.forgetAtCall();
  Walker walker{lower, tableAddr, std::nullopt, first};
  bool foldable = llvm::isa<TaskOp>(block->getParentOp());
  std::vector<Item> items;
  if (foldable) {
    items = fold(run, 0);
    remarkLoops(items, run);
  } else {
    for (int i = 0; i < int(run.size()); ++i)
      items.push_back({i, 1, {}});
  }
  emitItems(lower, items, run, walker);
  return success();
}
