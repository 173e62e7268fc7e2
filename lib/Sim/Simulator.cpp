//===- Simulator.cpp - Cycle-exact execution of a .weft program -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Sim/Simulator.h"
#include "Fetch.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

char RunError::ID = 0;
std::error_code RunError::convertToErrorCode() const {
  return inconvertibleErrorCode();
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

Error Machine::addPEs(uint32_t cls, const bin::Pattern &where) {
  const bin::PEClass &c = program.classes[cls];
  if (!where.w || !where.h || !where.dx || !where.dy ||
      where.x0 + uint64_t(where.w - 1) * where.dx >= program.gridW ||
      where.y0 + uint64_t(where.h - 1) * where.dy >= program.gridH)
    return createStringError("class '" + c.name + "' leaves the grid");
  for (uint32_t j = 0; j < where.h; ++j)
    for (uint32_t i = 0; i < where.w; ++i) {
      uint32_t x = where.x0 + i * where.dx, y = where.y0 + j * where.dy,
               r = routerAt(x, y);
      if (peAt[r] != None)
        return createStringError(
            formatv("PE ({0}, {1}) is in class '{2}' and in class '{3}'", x, y,
                    program.classes[pes.classOf(peAt[r])].name, c.name));
      peAt[r] = pes.add();
      routerOf.push_back(r);
    }
  return Error::success();
}

Error Machine::buildClasses() {
  size_t cells = size_t(program.gridW) * program.gridH;
  peAt.assign(cells, None);
  for (const bin::PEClass &c : program.classes) {
    Expected<Code> code = decodeClass(program, c, target);
    if (!code)
      return code.takeError();
    codes.push_back(std::move(*code));
  }
  pes.reserve(cells);
  routerOf.reserve(cells);
  size_t local = 0;
  for (uint32_t cls = 0; cls < program.classes.size(); ++cls) {
    pes.addClass();
    for (const bin::Pattern &p : program.classes[cls].where)
      if (Error e = addPEs(cls, p))
        return e;
    macBase.push_back(local);
    local += pes.countOf(cls) * codes[cls].kernels.size();
  }
  macsOf.resize(local);
  return Error::success();
}

Error Machine::build() {
  if (!program.gridW || !program.gridH || program.gridW > 65535 ||
      program.gridH > 65535)
    return createStringError(
        formatv("a grid of {0} x {1} PEs", program.gridW, program.gridH));
  if (program.gridW > target.gridW || program.gridH > target.gridH)
    return createStringError(formatv(
        "a grid of {0} x {1} PEs on a machine of {2} x {3}", program.gridW,
        program.gridH, target.gridW.value, target.gridH.value));
  if (target.microthreads > 31)
    return createStringError("the simulator knows 31 microthreads");
  if (Error e = buildClasses())
    return e;
  if (Error e = buildRoutes())
    return e;
  buildQueues();
  if (!memory.allocate(pes.size(), target.sramBytes))
    return createStringError(
        formatv("no memory for the SRAM of {0} PEs", pes.size()));
  for (const bin::DataInit &d : program.inits) {
    if (d.tensor >= program.tensors.size())
      return createStringError(formatv("initial data names tensor {0} of {1}",
                                       d.tensor, program.tensors.size()));
    const bin::Tensor &t = program.tensors[d.tensor];
    if (Error e = writeTiles(d.place, t.type, t.shape,
                             ArrayRef(t.data, t.data ? t.bytes : 0),
                             "tensor '" + t.name + "'", /*constant=*/true))
      return e;
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

void Machine::reset() {
  now = 0;
  faults.clear();
  resetForms();
  resetFabric();
  if (fidelity != Fidelity::Exact)
    resetTapes();
  if (lazy)
    resetLazy();
  peEvents.resize(pes.size());
  sleepers.clear();
  donePEs = 0;
  lastHalt = 0;
  KernelStats fresh;
  fresh.firstCycle = ~uint64_t(0);
  kernels.assign(program.kernels.size(), fresh);
  std::fill(macsOf.begin(), macsOf.end(), 0);
  workedFor.assign(macsOf.size(), false);
  lateKernels.clear();
  for (Probe &p : probes)
    std::fill(p.states.begin(), p.states.end(), Probe::Missing);
  macs = instructions = elements = fabricElements = lastElement = 0;
  firstElement = ~uint64_t(0);
  pes.releaseAll();
  retired.assign(codes.size(), {});
  if (fidelity != Fidelity::Functional)
    peEvents.addAll();
  if (!recorder)
    return;
  for (uint32_t id = 0; id < pes.size(); ++id)
    startPE(id);
  traceReset();
}

template <bool Plain> void Machine::lookAtPE(uint32_t id) {
  PE *pe = pes.find(id);
  if (!pe && pes.halted(id))
    return;
  if (!pe)
    pe = &startPE(id);
  if (Plain)
    stepPE<true>(*pe);
  else if (fidelity == Fidelity::Functional)
    advance(*pe);
  else
    lazy ? stepLazyPE(*pe) : stepPE<false>(*pe);
  if (pe->counted && (Plain || !recorder))
    retire(*pe);
  if (!aheadOfNow.empty())
    runAhead();
}
template void Machine::lookAtPE<false>(uint32_t id);

/// It has halted; a trace looks back at it, so then it stays.
void Machine::retire(PE &pe) {
  retired[pe.cls].add(pe);
  pes.release(pe.id);
}

/// Moves to the next cycle in which something can happen.
bool Machine::advanceClock(uint64_t maxCycles) {
  uint64_t slots = routerEvents.occupiedSlots() | peEvents.occupiedSlots(),
           next = Never;
  if (slots)
    next = now + 1 + countr_zero(rotr(slots, int((now + 1) % 64)));
  next = std::min(next, sleepers.next());
  if (next == Never && donePEs == pes.size())
    return false;
  if (next == Never) {
    if (lazy)
      settleAll(Never);
    faults.push_back(deadlock());
    return false;
  }
  if (next > maxCycles) {
    faults.push_back({RunError::Limit, "",
                      formatv("{0} of {1} PEs have not halted after {2} cycles",
                              pes.size() - donePEs, pes.size(), maxCycles),
                      maxCycles});
    return false;
  }
  now = next;
  sleepers.open(now, peEvents);
  return true;
}

/// All that must be looked at in this cycle.
template <bool Plain> void Machine::stepAll() {
  std::span<const uint32_t> at = routerEvents.take(now);
  for (size_t i = 0; i < at.size(); ++i) {
    if (at.size() >= FetchFrom)
      fetchRouters(at, i);
    !Plain &&lazy ? stepLazyRouter(at[i]) : stepRouter<Plain>(at[i]);
  }
  std::span<const uint32_t> who = peEvents.take(now);
  for (size_t i = 0; i < who.size(); ++i) {
    if (who.size() >= FetchFrom)
      fetchPEs(who, i);
    lookAtPE<Plain>(who[i]);
  }
  if (!unpaired.empty())
    lookAtUnpaired();
}

void Machine::runTimed() {
  bool plain = !lazy && !recorder && switches.empty();
  while (donePEs < pes.size() || now < lastHalt) {
    plain ? stepAll<true>() : stepAll<false>();
    if (!faults.empty() || !advanceClock(limit))
      break;
  }
  if (lazy)
    settleAll(donePEs == pes.size() ? lastHalt : now + 1);
}

Expected<Stats> Machine::run(uint64_t maxCycles, Fidelity how) {
  limit = std::min(maxCycles, Simulator::MaxCycles);
  timed = recorder || how != Fidelity::Functional;
  // Who sends first over a switch is a matter of time.
  bool exact = recorder || (how == Fidelity::Functional && !switches.empty());
  fidelity = exact ? Fidelity::Exact : how;
  lazy = fidelity == Fidelity::Batched;
  reset();
  if (fidelity == Fidelity::Functional)
    runFunctional();
  else
    runTimed();
  if (Fault f; faults.empty() && leftOver(f))
    faults.push_back(std::move(f));
  if (recorder)
    traceFinish();
  if (!faults.empty())
    return make_error<RunError>(faults[0].kind, faults[0].rule,
                                faults[0].message);
  return collect();
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

Simulator::Simulator(std::unique_ptr<Machine> m) : machine(std::move(m)) {}
Simulator::~Simulator() = default;

Expected<std::unique_ptr<Simulator>> Simulator::create(const bin::Program &p,
                                                       const Target &t) {
  auto machine = std::make_unique<Machine>(p, t);
  if (Error e = machine->build())
    return e;
  return std::unique_ptr<Simulator>(new Simulator(std::move(machine)));
}

Error Simulator::setInput(size_t index, ArrayRef<uint8_t> bytes) {
  return machine->setInput(index, bytes);
}
Expected<Stats> Simulator::run(uint64_t maxCycles, Fidelity fidelity) {
  return machine->run(maxCycles, fidelity);
}
Expected<std::vector<uint8_t>> Simulator::getOutput(size_t index) const {
  return machine->getOutput(index);
}
Stats Simulator::stats() const { return machine->collect(); }
Error Simulator::record(const TraceOptions &o) { return machine->record(o); }
const Trace &Simulator::recorded() const { return machine->recorded(); }
Error Simulator::probe(size_t index) { return machine->addProbe(index); }
Expected<std::vector<uint8_t>> Simulator::getProbe(size_t index) const {
  return machine->getProbe(index);
}
