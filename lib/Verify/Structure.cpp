//===- Structure.cpp - Loops, calls and tasks nest ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Structure.h"
#include "Internal.h"

using namespace weft::verify;
using weft::isa::Instr;
using weft::isa::Op;

constexpr unsigned MaxNesting = 16;

Structure::Structure(const std::vector<Instr> &instrs, uint32_t words)
    : instrs(instrs) {
  indexOf.assign(words, -1);
  for (size_t i = 0; i != instrs.size(); ++i)
    indexOf[instrs[i].wordIndex] = int64_t(i);
  loopEnd.assign(instrs.size(), 0);
}

bool Structure::parse(size_t entry, bool isTask, Sequence &out,
                      std::string &error) {
  auto done = parsed.find({entry, isTask});
  if (done != parsed.end()) {
    out = done->second;
    return true;
  }
  if (!active.insert(entry).second)
    return fail(error, entry, "calls recurse");
  if (active.size() > MaxNesting + 1)
    return fail(error, entry, "calls nest deeper than 16");
  bool ok = parseBody(entry, isTask, out, error);
  active.erase(entry);
  parsed[{entry, isTask}] = out;
  return ok;
}

bool Structure::fail(std::string &error, size_t index,
                     const std::string &what) {
  error = "word " +
          std::to_string(index < instrs.size() ? instrs[index].wordIndex : 0) +
          ": " + what;
  return false;
}

bool Structure::parseBody(size_t pc, bool isTask, Sequence &out,
                          std::string &error) {
  std::vector<Open> open(1);
  for (;; ++pc) {
    if (pc >= instrs.size())
      return fail(error, instrs.size() - 1,
                  "the code ends without halt, endtask or ret");
    const Instr &i = instrs[pc];
    Sequence &here = open.back().body;
    here.steps = satAdd(here.steps, 1);
    switch (i.op) {
    case Op::Loop:
      open.push_back({pc, {}});
      break;
    case Op::EndLoop:
      if (open.size() == 1)
        return fail(error, pc, "endloop closes no loop of this subroutine");
      if (instrs[open.back().loop].a != i.a)
        return fail(error, pc, "endloop names another register than its loop");
      close(open, pc);
      break;
    case Op::Call:
      if (!call(i, here, error))
        return false;
      break;
    case Op::Ret:
    case Op::EndTask:
      if ((i.op == Op::Ret) == isTask)
        return fail(error, pc,
                    isTask ? "ret without a call"
                           : "endtask inside a subroutine");
      [[fallthrough]];
    case Op::Halt:
      if (open.size() != 1)
        return fail(error, pc,
                    std::string(isa::mnemonic(uint8_t(i.op))) +
                        " inside a loop");
      out = here;
      return out.depth <= MaxNesting ||
             fail(error, pc, "loops and calls nest deeper than 16");
    default:
      break;
    }
  }
}

void Structure::close(std::vector<Open> &open, size_t pc) {
  Open inner = open.back();
  open.pop_back();
  loopEnd[inner.loop] = pc;
  Sequence &outer = open.back().body;
  outer.steps = satAdd(
      outer.steps, satMul(uint32_t(instrs[inner.loop].imm), inner.body.steps));
  outer.depth = std::max(outer.depth, inner.body.depth + 1);
}

bool Structure::call(const Instr &i, Sequence &here, std::string &error) {
  int64_t target = at(uint32_t(i.imm));
  if (target < 0)
    return fail(error, size_t(at(i.wordIndex)),
                "call of a word that starts no instruction");
  Sequence callee;
  if (!parse(size_t(target), false, callee, error))
    return false;
  here.steps = satAdd(here.steps, callee.steps);
  here.depth = std::max(here.depth, callee.depth + 1);
  return true;
}
