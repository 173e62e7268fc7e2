//===- Processor.cpp - The main thread of a PE ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What does not depend on the fabric runs ahead of the clock: only a
// synchronous fabric op, a wait for one, or a conflict with one makes a PE come
// back to the present. Each handler returns false when the main thread must
// stop for now.
//
//===----------------------------------------------------------------------===//
#include "Moves.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <memory>

using namespace llvm;
using namespace weft;
using namespace weft::sim;
using isa::Op;

PE &Machine::startPE(uint32_t id) {
  PE &pe = pes.start(id);
  std::destroy_at(&pe);
  std::construct_at(&pe);
  pe.id = id;
  pe.router = routerOf[id];
  pe.cls = pes.classOf(id);
  pe.x = uint16_t(pe.router % program.gridW);
  pe.y = uint16_t(pe.router / program.gridW);
  pe.code = &codes[pe.cls];
  for (unsigned t = 0; t < 31; ++t)
    if (pe.code->tasks[t].exists && pe.code->tasks[t].start)
      pe.pendingTasks |= 1u << t;
  nextTask(pe);
  return pe;
}

/// Starts the lowest task that can start; if none can yet, the first that will.
void Machine::nextTask(PE &pe) {
  unsigned best = 31;
  uint64_t bestAt = 0;
  for (uint32_t m = pe.pendingTasks; m; m &= m - 1) {
    unsigned id = countr_zero(m);
    uint64_t at = std::max(pe.time, pe.activated[id]);
    if (best == 31 || at < bestAt) {
      best = id;
      bestAt = at;
    }
  }
  chargeTo(pe, None); // until the task starts
  if (best == 31) {
    pe.state = PE::Ended;
    return;
  }
  pe.pendingTasks &= ~(1u << best);
  pe.time = bestAt;
  pe.pc = pe.code->tasks[best].entry;
  pe.depth = pe.callDepth = 0;
  pe.callKernel = ByAddress;
  pe.listsCalls = !pe.code->callKernels.empty() && pe.code->tasks[best].start;
}

/// The call itself already works for its kernel.
void Machine::enterCall(PE &pe) {
  if (pe.callDepth++ || !pe.listsCalls)
    return;
  const std::vector<uint32_t> &list = pe.code->callKernels;
  uint32_t &next = pe.nextCall;
  pe.callKernel = next < list.size() ? list[next++] : None;
  chargeTo(pe, pe.callKernel);
}

void Machine::leaveCall(PE &pe) {
  if (--pe.callDepth)
    return;
  if (!probesOf.empty())
    endOfKernel(pe, pe.callKernel);
  pe.callKernel = ByAddress;
}

void Machine::noteKernel(const PE &pe, uint32_t kernel, uint64_t from,
                         uint64_t to) {
  if (kernel == None)
    return;
  KernelStats &k = kernels[pe.code->kernels[kernel]];
  k.firstCycle = std::min(k.firstCycle, from);
  k.lastCycle = std::max(k.lastCycle, to);
}

void Machine::addMacs(const PE &pe, uint32_t kernel, uint64_t n) {
  macs += n;
  if (kernel != None)
    macsOf[macIndex(pe, kernel)] += n;
}

void Machine::finishIfDone(PE &pe) {
  if (pe.counted || pe.state != PE::Halted || pe.live)
    return;
  pe.counted = true;
  ++donePEs;
  lastHalt = std::max({lastHalt, pe.time, pe.lastElement});
}

template <bool Plain> void Machine::stepPE(PE &pe) {
  if (pe.state == PE::Running && pe.time <= now)
    runMain(pe);
  if (pe.live)
    serve<Plain>(pe);
}
template void Machine::stepPE<false>(PE &pe);
template void Machine::stepPE<true>(PE &pe);

void Machine::runMain(PE &pe) {
  const Code &code = *pe.code;
  while (faults.empty() && pe.state == PE::Running) {
    if (pe.time > limit)
      break; // the clock reports it
    if (pe.pc >= code.insts.size()) {
      fault(pe, "R-TASK-1", "execution runs past the end of the code");
      return;
    }
    const Inst &i = code.insts[pe.pc];
    if (uint32_t kernel = kernelOf(pe, i); kernel != pe.account)
      chargeTo(pe, kernel);
    ++instructions;
    pe.peak = std::max(pe.peak, i.endAddr);
    Standing before;
    if (recorder)
      before = standing(pe);
    bool goOn = i.vector ? vector(pe, i) : scalar(pe, i);
    pe.regs[0] = 0;
    if (recorder)
      traceInst(pe, i, before);
    if (!goOn)
      break;
  }
  if (pe.state == PE::Running && pe.time > now && faults.empty())
    wakePE(pe.id, pe.time);
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

bool Machine::loop(PE &pe, const Inst &i) {
  if (i.op == Op::Loop) {
    if (pe.depth == 16) {
      fault(pe, "R-OP-5", "loops and calls nest deeper than 16");
      return false;
    }
    pe.frames[pe.depth++] = {pe.pc + 1, 0, uint32_t(i.imm), i.a};
    pe.regs[i.a] = 0;
    pe.compute += i.cost;
    pe.time += i.cost;
    ++pe.pc;
    return true;
  }
  Frame *f = pe.depth ? &pe.frames[pe.depth - 1] : nullptr;
  if (!f || !f->rounds) {
    fault(pe, "R-OP-5", "an endloop closes no loop of its subroutine");
    return false;
  }
  bool again = ++f->round < f->rounds;
  uint32_t cost = again ? target.branchTaken : target.branchNotTaken;
  pe.compute += cost;
  pe.time += cost;
  if (again) {
    pe.regs[f->reg] = f->round;
    pe.pc = f->pc;
  } else {
    --pe.depth;
    ++pe.pc;
  }
  return true;
}

bool Machine::waitFor(PE &pe, const Inst &i) {
  unsigned slot = 1 + i.a;
  retireMemoryOps(pe);
  uint64_t done = pe.time + i.cost;
  if (pe.live >> slot & 1) {
    pe.state = PE::Waiting;
    pe.waitsFor = slot;
    return false;
  }
  if (pe.memLive >> slot & 1)
    done = std::max(done, pe.flights[slot].end);
  noteKernel(pe, i, pe.time, done);
  pe.compute += done - pe.time;
  pe.time = done;
  ++pe.pc;
  return true;
}

bool Machine::control(PE &pe, const Inst &i) {
  uint64_t from = pe.time;
  switch (i.op) {
  case Op::Loop:
  case Op::EndLoop:
    if (!loop(pe, i))
      return false;
    noteKernel(pe, i, from, pe.time);
    return true;
  case Op::Wait:
    if (i.a >= target.microthreads) {
      fault(pe, "R-OP-4",
            formatv("microthread {0} of {1}", i.a, target.microthreads.value));
      return false;
    }
    return waitFor(pe, i);
  case Op::Call:
    enterCall(pe);
    break;
  default:
    break;
  }
  pe.compute += i.cost;
  pe.time += i.cost;
  noteKernel(pe, i, from, pe.time);
  switch (i.op) {
  case Op::Halt:
    pe.state = PE::Halted;
    chargeTo(pe, None);
    retireMemoryOps(pe);
    for (uint32_t m = pe.memLive; m; m &= m - 1)
      pe.lastElement = std::max(pe.lastElement, pe.flights[countr_zero(m)].end);
    finishIfDone(pe);
    return false;
  case Op::Coord:
    pe.regs[i.a] = i.b ? pe.y : pe.x;
    break;
  case Op::Call:
    if (pe.depth == 16) {
      fault(pe, "R-OP-5", "loops and calls nest deeper than 16");
      return false;
    }
    pe.frames[pe.depth++] = {pe.pc + 1, 0, 0, 0};
    pe.pc = i.target;
    return true;
  case Op::Ret:
    if (!pe.depth || pe.frames[pe.depth - 1].rounds) {
      fault(pe, "R-OP-5",
            pe.depth ? "a ret leaves an open loop" : "a ret without a call");
      return false;
    }
    pe.pc = pe.frames[--pe.depth].pc;
    leaveCall(pe);
    return true;
  case Op::Activate:
    if (i.a > 30 || !pe.code->tasks[i.a].exists) {
      fault(pe, "R-TASK-1", formatv("task {0} does not exist", i.a));
      return false;
    }
    if (!(pe.pendingTasks >> i.a & 1)) // a flag: a second time changes nothing
      pe.activated[i.a] = pe.time + target.taskActivate;
    pe.pendingTasks |= 1u << i.a;
    break;
  case Op::EndTask:
    nextTask(pe);
    return pe.state == PE::Running;
  default:
    break;
  }
  ++pe.pc;
  return true;
}
