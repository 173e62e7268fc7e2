//===- Walk.cpp - Tasks, instructions, and what a walk found --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace weft;
using namespace weft::verify;

constexpr unsigned MaxNesting = 16;
static const char *const TooLong =
    "its PEs execute more instructions than are followed";

ClassFacts Walker::run() {
  ClassFacts facts;
  std::string error;
  auto decoded = isa::decodeAll(k.code, error);
  if (!decoded) {
    c.findings.add("R-FILE", className(c, cls) + ": " + error);
    return facts;
  }
  instrs = std::move(*decoded);
  indexOf.assign(k.code.size(), -1);
  for (size_t i = 0; i != instrs.size(); ++i)
    indexOf[instrs[i].wordIndex] = int64_t(i);
  if (!checkTasks() || k.codeAddr + uint64_t(k.code.size()) * 4 > sram)
    return facts;
  for (const Instr &i : instrs)
    if (i.op == Op::Call && at(uint32_t(i.imm)) < 0) {
      c.findings.add("R-OP-5", where(i) + ": the target starts no instruction");
      return facts;
    }
  changeable.resize(sram);
  for (unsigned attempt = 0;; ++attempt) {
    walk();
    if (!relied.anyCommon(stored))
      break;
    // Constants that the code overwrites are none. What a walk without them
    // writes may be more; in the end nothing is relied on.
    if (attempt < 3)
      changeable |= stored;
    else
      changeable.set();
  }
  for (const auto &[key, message] : found)
    c.findings.add(key.first, message);
  facts.walked = halted;
  facts.traffic = traffic;
  facts.peakBytes = peak;
  facts.peakReached = peakReached;
  facts.events = std::move(events);
  return facts;
}

std::string Walker::where(const Instr &i) const {
  return className(c, cls) + ": '" + isa::print(i) + "' at word " +
         std::to_string(i.wordIndex);
}

/// One finding per rule and instruction.
void Walker::report(const char *rule, const Instr &i, const std::string &what) {
  c.budget.spend(32); // the text costs what so many instructions do
  std::string &message = found[{rule, i.wordIndex}];
  if (message.empty())
    message = where(i) + ": " + what;
}

void Walker::report(const char *rule, const std::string &what) {
  found.try_emplace({rule, ~0u}, className(c, cls) + ": " + what);
}

bool Walker::checkTasks() {
  bool ok = true, start = false;
  std::set<uint32_t> ids;
  for (const bin::Task &t : k.tasks) {
    std::string name = cat(className(c, cls), ": task ", t.id);
    if (t.id > 30 || !ids.insert(t.id).second) {
      c.findings.add("R-TASK-1",
                     name + (t.id > 30 ? " is above 30" : " is stated twice"));
      ok = false;
    }
    if (at(t.entry) < 0) {
      c.findings.add("R-TASK-1", cat(name, " enters at word ", t.entry,
                                     ", which starts no instruction"));
      ok = false;
    }
    start |= t.start;
  }
  if (!start) {
    c.findings.add("R-TASK-2",
                   className(c, cls) + " has no start task, so it never halts");
    ok = false;
  }
  return ok;
}

void Walker::walk() {
  found.clear();
  traffic = {};
  events.clear();
  peak = peakReached = 0;
  halted = broken = false;
  activations.clear();
  state = {};
  have = image.certain;
  stored.clear();
  stored.resize(sram);
  relied.clear();
  relied.resize(sram);
  std::set<uint32_t> runnable;
  for (const bin::Task &t : k.tasks)
    if (t.start)
      runnable.insert(t.id);
  runTasks(runnable);
  checkResults();
}

void Walker::runTasks(std::set<uint32_t> &runnable) {
  activated = &runnable;
  while (running() && !runnable.empty()) {
    uint32_t id = nextTask(runnable);
    for (const bin::Task &t : k.tasks)
      if (t.id == id)
        execute(size_t(at(t.entry)));
  }
  if (c.budget.steps == 0)
    report("R-TASK-2", TooLong);
  else if (!halted && !broken)
    report("R-TASK-2", "the last task ends without halt");
}

/// The lowest of the runnable tasks. That it is runnable in time is sure if
/// it is a start task, or if all that are runnable were activated after it.
uint32_t Walker::nextTask(std::set<uint32_t> &runnable) {
  uint32_t id = *runnable.begin();
  if (llvm::is_contained(activations, id) &&
      (activations.front() != id || runnable.size() > activations.size()))
    report("R-TASK-1", cat("task ", id,
                           " is activated while others are, or are to start: "
                           "which comes first depends on time"));
  runnable.erase(id);
  llvm::erase(activations, id);
  return id;
}

/// What the host reads after halt must have been written.
void Walker::checkResults() {
  if (!halted)
    return;
  int missing = -1;
  for (int b : image.results.set_bits())
    if (!have.test(unsigned(b))) {
      missing = b;
      break;
    }
  if (missing >= 0)
    report("R-MEM-3", cat("the host reads an output at byte ", missing,
                          ", which nothing wrote"));
}

/// From the entry of a task to its end, with the loops and calls on the way.
void Walker::execute(size_t pc) {
  open.clear();
  while (running()) {
    if (pc == instrs.size())
      return nesting(instrs.back(), "the code ends here");
    const Instr &i = instrs[pc];
    fetch(i);
    switch (i.op) {
    case Op::Loop:
    case Op::Call:
      pc = enter(pc);
      break;
    case Op::EndLoop:
      pc = nextRound(pc);
      break;
    case Op::Ret:
      if (open.empty() || instrs[open.back().at].op == Op::Loop)
        return nesting(i,
                       open.empty() ? "there was no call" : "a loop is open");
      pc = open.pop_back_val().at + 1;
      break;
    case Op::Halt:
    case Op::EndTask:
      if (!open.empty() &&
          (i.op == Op::EndTask || instrs[open.back().at].op == Op::Loop))
        return nesting(i, "a loop or a call is open");
      halted = i.op == Op::Halt;
      return;
    default:
      instruction(i);
      ++pc;
    }
  }
}

void Walker::nesting(const Instr &i, const char *what) {
  report("R-OP-5", i, what);
  broken = true;
}

/// Begins a loop or a call; returns the next instruction.
size_t Walker::enter(size_t pc) {
  const Instr &i = instrs[pc];
  if (open.size() == MaxNesting)
    nesting(i, "loops and calls nest deeper than 16");
  open.push_back({pc, 0});
  if (i.op == Op::Call)
    return size_t(at(uint32_t(i.imm)));
  setCounter(i, Value::constant(0));
  // At least so many rounds are to come: no need to begin if they are too many.
  uint64_t rounds = 1;
  for (const Open &o : open)
    if (instrs[o.at].op == Op::Loop)
      rounds = satMul(rounds, uint32_t(instrs[o.at].imm) - o.round);
  if (rounds > c.budget.steps)
    c.budget.steps = 0;
  return pc + 1;
}

size_t Walker::nextRound(size_t pc) {
  const Instr &i = instrs[pc];
  if (open.empty() || instrs[open.back().at].op != Op::Loop ||
      instrs[open.back().at].a != i.a) {
    nesting(i, "no loop of this subroutine with that register is open");
    return pc;
  }
  Open &loop = open.back();
  if (++loop.round != uint32_t(instrs[loop.at].imm)) {
    setCounter(i, Value::constant(loop.round));
    return loop.at + 1;
  }
  setCounter(i, {});
  open.pop_back();
  return pc + 1;
}

void Walker::setCounter(const Instr &i, const Value &v) {
  reg(i, i.a); // not while an op in flight is to write it
  setReg(i.a, v);
}

void Walker::record(const Event &e) {
  if (c.budget.events == 0)
    return report("R-TASK-2", TooLong);
  --c.budget.events;
  events.push_back(e);
}

void Walker::fetch(const Instr &i) {
  c.budget.spend(1);
  ++traffic.instructions;
  uint64_t end = k.codeAddr + 4 * uint64_t(i.wordIndex + i.numWords);
  peak = std::max(peak, end);
  peakReached = std::max(peakReached, end);
}

ClassFacts weft::verify::walkClass(Context &c, size_t cls,
                                   const LoadImage &image) {
  return Walker(c, cls, image).run();
}
