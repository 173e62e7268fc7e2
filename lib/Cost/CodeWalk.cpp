//===- CodeWalk.cpp - The dynamic instruction stream of a class, folded ---===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Follows control flow from each task's entry. Which descriptor a DSR holds
// decides how many elements an op has, so the walk carries, per DSR, the
// instruction that set it. Subroutines are walked once per different set of
// descriptors they inherit. If a class lists the kernels of its calls, each of
// these calls stays an item, and what it does is counted for its kernel at the
// end.
//
//===----------------------------------------------------------------------===//
#include "Walker.h"
#include <algorithm>

using namespace weft;
using namespace weft::cost;
using namespace weft::isa;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;

constexpr uint64_t MaxSteps = 20000000;
constexpr unsigned MaxNest = 64; // the rule (R-OP-5) allows 16

llvm::Error Walker::decodeCode() {
  std::string error;
  auto instrs = decodeAll(c.code, error);
  if (!instrs)
    return llvm::createStringError("class '" + c.name + "': " + error);
  code.instrs = std::move(*instrs);
  code.atWord.assign(c.code.size(), -1);
  for (size_t k = 0; k < code.instrs.size(); ++k)
    code.atWord[code.instrs[k].wordIndex] = int32_t(k);
  effects.emplace(code.instrs, code.atWord);
  ranges = c.ranges;
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const bin::CodeRange &a, const bin::CodeRange &b) {
                     return a.begin < b.begin;
                   });
  for (int32_t k : c.callKernels)
    code.callKernels.push_back(k < 0 ? NoKernel : uint32_t(k));
  for (const bin::QueueBinding &q : c.queues)
    (q.output ? outColor : inColor)[q.queue] = q.color;
  return llvm::Error::success();
}

uint32_t Walker::kernelAt(uint32_t word) const {
  if (listsCalls && callDepth > 0)
    return CallerKernel;
  auto it = std::upper_bound(
      ranges.begin(), ranges.end(), word,
      [](uint32_t w, const bin::CodeRange &r) { return w < r.begin; });
  if (it == ranges.begin())
    return NoKernel;
  --it;
  return word < it->end ? it->kernel : NoKernel;
}

uint64_t Walker::scalarCycles(const Instr &i) const {
  switch (i.op) {
  case Op::Ld:
  case Op::Ld16:
  case Op::LdH:
  case Op::LdB:
    return t.scalarLoad;
  case Op::Dsd:
  case Op::DsdAdd:
    return t.dsdLoad;
  case Op::Call:
  case Op::Ret:
    return t.branchTaken;
  default:
    return t.scalarAlu;
  }
}

void Walker::local(Frame &f, double cycles, uint32_t kernel) {
  f.block->totals.kernels[kernel].cycles += cycles;
  std::vector<Item> &items = f.block->items;
  if (!items.empty() && items.back().kind == Item::Local &&
      items.back().kernel == kernel) {
    items.back().cycles += cycles;
    return;
  }
  Item item;
  item.kernel = kernel;
  item.cycles = cycles;
  items.push_back(item);
}

void Walker::append(Frame &f, Item item, bool timed) {
  f.block->items.push_back(item);
  f.block->timed |= timed;
}

/// Adds what `times` executions of b do, but for its place in the timeline.
void Walker::absorb(Frame &f, const Block *b, uint64_t times) {
  f.block->totals.add(b->totals, times);
  f.block->activates.insert(b->activates.begin(), b->activates.end());
  f.block->halts |= b->halts;
}

/// Replaces a block without fabric by its cycles.
void Walker::fold(Frame &f, const Block *b, uint64_t times) {
  for (const auto &[kernel, v] : b->totals.kernels) {
    Item item;
    item.kernel = kernel;
    item.cycles = v.cycles * double(times);
    append(f, item, false);
  }
}

llvm::Expected<uint32_t> Walker::body(uint32_t at, Frame &f, End end,
                                      unsigned depth) {
  if (depth > MaxNest)
    return fault(c, at, "loops and calls nest too deep (R-OP-5)");
  for (;;) {
    if (at >= code.atWord.size() || code.atWord[at] < 0)
      return fault(c, at, "control flow leaves the code");
    if (++steps > MaxSteps)
      return fault(c, at, "the code is too large to analyse");
    const Instr &i = code.instrs[code.atWord[at]];
    uint32_t next = at + i.numWords, kernel = kernelAt(at);
    Totals &totals = f.block->totals;
    totals.fetchedEnd = std::max(totals.fetchedEnd, next);
    totals.instructions = SaturatingAdd(totals.instructions, uint64_t(1));
    if (i.isVector()) {
      if (llvm::Error e = vector(i, f))
        return e;
      at = next;
      continue;
    }
    if (i.op == Op::EndLoop) {
      if (end != End::EndLoop)
        return fault(c, at, "endloop without loop (R-OP-5)");
      return next; // its cycles belong to the loop
    }
    if (i.op != Op::Call || !listed())
      local(f, double(scalarCycles(i)), kernel);
    follow(i, f);
    Item item;
    item.kernel = kernel;
    item.index = i.a;
    switch (i.op) {
    case Op::Loop: {
      auto after = loop(at, f, depth);
      if (!after)
        return after.takeError();
      next = *after;
      break;
    }
    case Op::Call:
      if (llvm::Error e = call(at, f, depth))
        return e;
      break;
    case Op::Ret:
      if (end != End::Ret)
        return fault(c, at, "ret outside a subroutine, or inside its loop");
      return next;
    case Op::EndTask:
    case Op::Halt:
      item.kind = i.op == Op::Halt ? Item::Halt : Item::EndTask;
      f.block->halts |= i.op == Op::Halt;
      append(f, item, true);
      if (end != End::Task)
        return fault(c, at, "a task ends inside a loop or a subroutine");
      return next;
    case Op::Activate:
      item.kind = Item::Activate;
      f.block->activates.insert(i.a);
      append(f, item, true);
      break;
    case Op::Wait:
      item.kind = Item::Wait;
      append(f, item, true);
      break;
    case Op::Dsd:
      f.dsrs[i.a % NumDsrs] = code.atWord[at];
      f.defines |= 1u << (i.a % NumDsrs);
      break;
    case Op::FMac: {
      Totals::PerKernel &k = f.block->totals.kernels[kernel];
      k.macs = SaturatingAdd(k.macs, uint64_t(1));
      break;
    }
    default:
      break;
    }
    at = next;
  }
}

//===----------------------------------------------------------------------===//
// Tasks
//===----------------------------------------------------------------------===//

/// Which task runs after which is static: activation is local. Descriptors stay
/// in their registers from one task to the next.
llvm::Error Walker::runTasks() {
  std::map<uint32_t, uint32_t> entries;
  std::set<uint32_t> runnable, start;
  for (const bin::Task &task : c.tasks) {
    entries[task.id] = task.entry;
    if (task.start)
      start.insert(task.id);
  }
  runnable = start;
  DsrState dsrs;
  dsrs.fill(-1);
  Slots slots; // registers start as zeros
  while (!runnable.empty()) {
    uint32_t id = *runnable.begin();
    runnable.erase(runnable.begin());
    auto it = entries.find(id);
    if (it == entries.end())
      return llvm::createStringError("class '" + c.name + "': task " +
                                     std::to_string(id) +
                                     " is activated but not declared");
    if (code.runs.size() >= 1000000)
      return llvm::createStringError("class '" + c.name +
                                     "': its tasks never halt (R-TASK-2)");
    listsCalls = start.count(id) && !code.callKernels.empty();
    auto w = subroutine(it->second, dsrs, slots, it->second, End::Task, 0);
    if (!w)
      return w.takeError();
    for (unsigned d = 0; d < NumDsrs; ++d)
      if (w->defines >> d & 1)
        dsrs[d] = w->out[d];
    for (unsigned s = 0; s < NumSlots; ++s)
      if (w->slotDefines >> s & 1)
        slots[s] = w->slotsOut[s];
    code.runs.push_back({id, w->block});
    if (w->block->halts)
      break;
    runnable.insert(w->block->activates.begin(), w->block->activates.end());
  }
  std::map<const Block *, uint64_t> times;
  std::vector<const Block *> order;
  for (const TaskRun &r : code.runs)
    if (++times[r.block] == 1)
      order.push_back(r.block);
  for (const Block *b : order)
    code.totals.add(b->totals, times[b]);
  resolveCallers();
  return llvm::Error::success();
}

llvm::Error Walker::run() {
  if (llvm::Error e = decodeCode())
    return e;
  return runTasks();
}

llvm::Expected<std::unique_ptr<ClassCode>>
cost::walkClass(const bin::Program &p, const bin::PEClass &c, const Target &t) {
  auto code = std::make_unique<ClassCode>();
  if (llvm::Error e = Walker(p, c, t, *code).run())
    return e;
  return code;
}
