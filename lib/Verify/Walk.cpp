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
using isa::Instr;
using isa::Op;
using isa::Operand;
using isa::OperandKind;

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
  Structure s(instrs, uint32_t(k.code.size()));
  structure = &s;
  if (!checkTasks() || k.codeAddr + uint64_t(k.code.size()) * 4 > sram)
    return facts;
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
    int64_t entry = structure->at(t.entry);
    if (entry < 0) {
      c.findings.add("R-TASK-1", cat(name, " enters at word ", t.entry,
                                     ", which starts no instruction"));
      ok = false;
      continue;
    }
    Structure::Sequence seq;
    std::string error;
    if (!structure->parse(size_t(entry), true, seq, error)) {
      c.findings.add("R-OP-5", name + ": " + error);
      ok = false;
    } else if (seq.steps > c.budget.steps) { // refused before it is walked
      c.findings.add("R-TASK-2", cat(name, ": ", TooLong));
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
  halted = false;
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
  while (!halted && !runnable.empty() && !exhausted()) {
    uint32_t id = nextTask(runnable);
    for (const bin::Task &t : k.tasks)
      if (t.id == id)
        execute(size_t(structure->at(t.entry)), instrs.size());
  }
  if (exhausted())
    report("R-TASK-2", TooLong);
  else if (!halted)
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

/// Runs from `pc` to `end` (a loop's EndLoop) or to the end of the sequence.
void Walker::execute(size_t pc, size_t end) {
  while (pc != end && !halted && !exhausted()) {
    const Instr &i = instrs[pc];
    fetch(i);
    switch (i.op) {
    case Op::Loop:
      loop(i, pc + 1, structure->loopEnd[pc]);
      pc = structure->loopEnd[pc];
      break;
    case Op::Call:
      execute(size_t(structure->at(uint32_t(i.imm))), instrs.size());
      break;
    case Op::Halt:
      halted = true;
      return;
    case Op::Ret:
    case Op::EndTask:
      return;
    default:
      instruction(i);
    }
    ++pc;
  }
}

/// Loop and EndLoop write the counter.
void Walker::loop(const Instr &i, size_t body, size_t end) {
  for (uint32_t round = 0; round != uint32_t(i.imm); ++round) {
    reg(i, i.a);
    setReg(i.a, Value::constant(round));
    execute(body, end);
    if (halted || exhausted())
      return;
    fetch(instrs[end]);
  }
  reg(i, i.a);
  setReg(i.a, {});
}

void Walker::record(const Event &e) {
  if (c.budget.events == 0)
    return report("R-TASK-2", TooLong);
  --c.budget.events;
  events.push_back(e);
}

void Walker::fetch(const Instr &i) {
  c.budget.steps -= c.budget.steps != 0;
  ++traffic.instructions;
  uint64_t end = k.codeAddr + 4 * uint64_t(i.wordIndex + i.numWords);
  peak = std::max(peak, end);
  peakReached = std::max(peakReached, end);
}

ClassFacts weft::verify::walkClass(Context &c, size_t cls,
                                   const LoadImage &image) {
  return Walker(c, cls, image).run();
}
