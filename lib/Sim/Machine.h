//===- Machine.h - The state of a running wafer ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Routers, queues, PEs and the clock. Events, not cycles, are walked: a router
// is looked at when a wavelet can move, a PE when an element can be processed
// or its main thread must see the present. All decisions rest on the state at
// the start of the cycle, so the order within a cycle does not matter.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_MACHINE_H
#define WEFT_LIB_SIM_MACHINE_H

#include "Calendar.h"
#include "HugePages.h"
#include "PEs.h"
#include "weft/Sim/Trace.h"
#include "llvm/ADT/DenseMap.h"
#include <map>
#include <memory>

namespace weft::sim {

/// How messages begin.
std::string switchText(const bin::Switch &s);

class Machine {
public:
  Machine(const bin::Program &p, const Target &t) : program(p), target(t) {}
  llvm::Error build();
  llvm::Error writeTiles(const bin::Placement &p, bin::ElemType type,
                         llvm::ArrayRef<uint64_t> shape,
                         llvm::ArrayRef<uint8_t> bytes, const std::string &what,
                         bool constant = false);
  uint32_t shareTiles(const bin::Placement &p, llvm::ArrayRef<uint8_t> stored,
                      bool keep);
  llvm::Expected<std::vector<uint8_t>> readTiles(const bin::IOTensor &t) const;
  llvm::Error setInput(size_t index, llvm::ArrayRef<uint8_t> bytes);
  llvm::Expected<std::vector<uint8_t>> getOutput(size_t index) const;
  llvm::Error addProbe(size_t value);
  llvm::Expected<std::vector<uint8_t>> getProbe(size_t value) const;
  llvm::Expected<Stats> run(uint64_t maxCycles, Fidelity how);
  llvm::Error record(const TraceOptions &o);
  const Trace &recorded() const;
  Stats collect() const;

private:
  // Fabric.cpp
  llvm::Error buildRoutes();
  struct Setting {
    uint32_t router, route; // index into routes, or switches
    uint8_t color, position, rx, tx;
  };
  template <typename Route>
  llvm::Error expandRoute(const Route &r, Setting like, const std::string &name,
                          std::vector<Setting> &settings);
  llvm::Error buildCells(std::vector<Setting> &settings);
  uint32_t addCell(const Setting &s);
  void linkCells();
  uint32_t wire(const Cell &from, unsigned dir) const;
  void makeFifo(Fifo &f, uint32_t capacity);
  void buildQueues();
  void resetFabric();
  // `Plain`: an exact run of a program without switches that nobody records.
  template <bool Plain = false> void stepRouter(uint32_t r);
  bool canLeave(Cell &c);
  uint32_t choose(const Router &r, uint32_t can) const;
  template <bool Plain = false> void forward(Router &r, uint32_t cell);
  uint32_t cellAt(uint32_t router, unsigned ci, unsigned rx) const;
  uint32_t cellOfRamp(uint32_t router, unsigned ci, bool in) const;
  uint32_t neighbour(uint32_t r, unsigned dir) const;
  template <bool Plain> uint32_t popCell(Router &r, uint32_t cell);
  uint32_t popQueue(uint32_t queue);
  template <bool Plain = false>
  void pushCell(uint32_t cell, uint32_t word, uint64_t ready);
  template <bool Plain = false>
  void pushQueue(uint32_t queue, uint32_t word, uint64_t ready);
  void unrouted(const Cell &c, unsigned dir);
  void wakeRouter(uint32_t r, uint64_t at);
  template <bool Plain = false> void wakePE(uint32_t pe, uint64_t at);

  // Switches.cpp
  llvm::Error checkPosition(const Setting &s, const Switch &sw) const;
  llvm::Error addPosition(const Setting &s);
  void resetSwitches();
  bool mayAdvance(PE &pe, uint32_t root);
  void advanceAfter(uint32_t root);
  void passedSwitch(uint32_t root);
  uint64_t crossed(uint32_t cell, unsigned dir) const;
  uint32_t lastOfColor(const Router &r, uint32_t cell) const;

  // Processor.cpp
  PE &startPE(uint32_t id);
  template <bool Plain> void stepPE(PE &pe);
  void runMain(PE &pe);
  bool control(PE &pe, const Inst &i);
  bool loop(PE &pe, const Inst &i);
  bool waitFor(PE &pe, const Inst &i);
  void nextTask(PE &pe);
  void finishIfDone(PE &pe);
  void enterCall(PE &pe);
  void leaveCall(PE &pe);
  static uint32_t kernelOf(const PE &pe, const Inst &i) {
    return pe.callKernel == ByAddress ? i.kernel : pe.callKernel;
  }
  void noteKernel(const PE &pe, uint32_t kernel, uint64_t from, uint64_t to);
  void noteKernel(const PE &pe, const Inst &i, uint64_t from, uint64_t to) {
    noteKernel(pe, kernelOf(pe, i), from, to);
  }
  void addMacs(const PE &pe, uint32_t kernel, uint64_t n);
  size_t macIndex(const PE &pe, uint32_t kernel) const {
    return macBase[pe.cls] +
           (pe.id - pes.firstOf(pe.cls)) * pe.code->kernels.size() + kernel;
  }

  // Scalar.cpp
  bool scalar(PE &pe, const Inst &i);
  bool memoryAccess(PE &pe, const Inst &i);
  bool setDsr(PE &pe, const Inst &i);
  bool hasType(PE &pe, DType type);

  // Probe.cpp
  bool inFlight(const PE &pe, uint32_t kernel) const;
  void endOfKernel(PE &pe, uint32_t kernel);
  void keepValues(const PE &pe, uint32_t kernel);
  void keepTile(Probe &probe, const PE &pe);
  void keepLate(PE &pe);

  // TraceHooks.cpp; called only with a recorder
  void traceReset();
  Standing standing(const PE &pe) const;
  void countInst(const PE &pe, const Inst &i, const Standing &before);
  void countCycle(uint32_t router);
  void traceInst(PE &pe, const Inst &i, const Standing &before);
  void traceIssue(PE &pe, const Inst &i, const Standing &before,
                  uint32_t kernel);
  void traceTake(PE &pe, unsigned slot);
  void tracePut(PE &pe, unsigned slot, uint32_t n);
  void traceEnd(PE &pe, unsigned slot);
  void traceForward(const Cell &c);
  Wave traceLeave(const Cell &c);
  const Fifo &fifoTowards(const Cell &c, unsigned dir) const;
  void traceFinish();
  const Path *lastOfPath(uint32_t &pe) const;
  void tracePath(const std::vector<Path> &chain, uint32_t last);
  // TraceStop.cpp
  uint64_t endOfRecord() const;
  void traceStop();
  void traceStopOp(PE &pe, unsigned slot, uint64_t at);
  void traceEvent(const PE &pe, unsigned lane, PEEvent::Kind kind,
                  uint64_t from, uint64_t to, uint32_t a, uint32_t b);
  uint32_t textOf(const PE &pe, const Inst &i);
  uint32_t lastToHalt() const;

  // TimeSplit.cpp
  void chargeTo(PE &pe, uint32_t kernel);
  void splitTime(Stats &s, const std::vector<Retired> &by) const;

  // VectorOps.cpp
  bool vector(PE &pe, const Inst &i);
  bool checkAndIssue(PE &pe, Flight &f, bool hasTiming, IssueForm *toFill);
  bool resolve(PE &pe, const Inst &i, Flight &f);
  bool resolveOperand(PE &pe, const Inst &i, isa::Operand o, Source &s);
  bool checkTypes(PE &pe, Flight &f);
  bool checkLength(PE &pe, Flight &f);
  bool checkMemory(PE &pe, Flight &f);
  bool checkAccess(PE &pe, int64_t lo, int64_t hi, unsigned align, bool write);
  bool checkReads(PE &pe, Flight &f);
  void markWritten(PE &pe, const Shape &s, int64_t base);
  bool checkRaces(PE &pe, const Flight &f, bool &retry);
  void retireMemoryOps(PE &pe);
  void execute(PE &pe, Flight &f);
  void issueMemory(PE &pe, Flight &f);

  // Issue.cpp
  void resetForms();
  const IssueForm *formFor(const PE &pe, const Inst &i) const;
  IssueForm *formToFill(const PE &pe, const Inst &i);
  static void fillForm(IssueForm &form, const PE &pe, const Flight &f);
  bool bindOperand(const PE &pe, isa::Operand o, Source &s) const;
  bool startForm(const PE &pe, const IssueForm &form, Flight &f) const;
  static bool sameBases(const IssueForm &form, const Flight &f);

  // VectorTiming.cpp
  void setTiming(Flight &f) const;

  // FabricOps.cpp
  void issueFabric(PE &pe, Flight &f);
  template <bool Plain = false> void serve(PE &pe);
  template <bool Plain> void serveOne(PE &pe);
  template <bool Plain = false> bool ready(PE &pe, Flight &f, uint64_t &wake);
  template <bool Plain> void process(PE &pe, unsigned slot);
  template <bool Plain> void moveElements(PE &pe, Flight &f, unsigned k);
  uint32_t processElement(PE &pe, Flight &f, uint32_t in0, uint32_t in1,
                          unsigned half);
  uint32_t takeOperand(PE &pe, Flight &f, Source &s, View v, uint32_t word,
                       unsigned half);
  uint32_t loadChecked(PE &pe, Flight &f, Source &s, View v);
  void finishOp(PE &pe, unsigned slot);

  // SimpleOps.cpp, SimpleStep.h
  void makeSimple(const PE &pe, Flight &f) const;
  uint32_t simpleStep(PE &pe, Flight &f, uint32_t in0, uint32_t in1);

  // Tapes.cpp
  void buildTapes();
  void resetTapes();
  llvm::ArrayRef<uint32_t> readersOf(const Tape &t) const {
    return llvm::ArrayRef(tapeReaders).slice(t.firstReader, t.readers);
  }
  uint32_t *wordsFor(uint32_t queue) const;
  void takeWords(uint32_t queue, uint32_t n);
  uint32_t takeWord(uint32_t queue);
  uint32_t *appendWords(uint32_t tape, uint32_t n);
  void trimTape(Tape &t);
  void processMany(PE &pe, Flight &f, uint32_t steps);
  void countSteps(PE &pe, Flight &f, uint32_t steps);
  void moveData(PE &pe, Flight &f, uint32_t steps);
  void applyRuns(PE &pe, Flight &f, uint32_t n, uint32_t *in0, uint32_t *in1,
                 uint32_t *out);
  uint32_t stepsWithWords(const Flight &f) const;
  void moveAhead(PE &pe, unsigned slot);
  void moveWaiting();
  void addReaders(const Tape &t);
  void processEach(PE &pe, Flight &f, uint32_t n, const uint32_t *in0,
                   const uint32_t *in1, uint32_t *out);

  // Settle.cpp
  void settle(Fifo &f, const Flow &in, uint32_t delay, const Flow &out,
              uint64_t at);
  const Flow &feedOf(const Cell &c, uint32_t &delay) const;
  void settleCell(uint32_t cell, uint64_t at);
  void settleQueue(uint32_t queue, uint64_t at);
  void settleTarget(uint32_t index, bool queue, uint64_t at);
  void settleAll(uint64_t at);
  uint64_t blockedAt(const Flow &f, const Fifo &to, const Flow &out) const;
  uint64_t blockedAt(const Flow &f, const Cell &c);
  void setAlarm(uint32_t cell);
  void setFeedAlarm(uint32_t cell);

  // Lazy.cpp
  void resetLazy();
  void endFlow(uint32_t cell);
  void stopFlow(uint32_t cell);
  void cutTargets(uint32_t cell, uint64_t end);
  void cutAll();
  bool sharesPorts(uint32_t cell);
  Flow evenFlow(const Cell &c, const Flow &in, uint32_t delay) const;
  bool trySleep(uint32_t cell);
  bool roomFor(const Cell &c);
  bool canLeaveLazy(uint32_t cell);
  void lookAtFlow(uint32_t cell);
  void wakeForNext(uint32_t cell, bool moved);
  void stepLazyRouter(uint32_t index);

  // LazyOps.cpp
  void catchUp(PE &pe, uint64_t at);
  void runSteps(PE &pe, LazyOp &op, uint64_t n);
  void stepLazyOp(PE &pe, Flight &f, unsigned k);
  bool hasWords(const Flight &f) const;
  uint32_t takeLazyWord(uint32_t queue);
  void stepWords(PE &pe, Flight &f, unsigned k);
  void popLazyQueue(uint32_t queue);
  void sendLazy(uint32_t root);
  Flow arrivals(uint32_t queue) const;
  bool comeInTime(uint32_t queue, const Flow &steps) const;
  Flow evenSteps(const Flight &f);
  bool trySleepOp(PE &pe, unsigned slot, uint64_t others);
  void stopOp(PE &pe);
  void cutOp(PE &pe, uint64_t n);
  void lookAtOp(PE &pe);
  void stepLazyPE(PE &pe);
  bool serveOthers(PE &pe);
  uint64_t nextArrival(uint32_t queue) const;
  bool roomToSend(uint32_t root, uint64_t &wake);

  // Streams.cpp
  void findAlone(Tape &t);
  bool makeQuiet(Tape &t);
  uint32_t streamOf(const PE &pe, const Flight &f);
  bool startStream(PE &pe, uint32_t tape);
  bool closeStream(Tape &t);
  void moveStream(Tape &t, PE &from, PE &to, uint32_t steps);
  void endStreamOp(PE &pe, uint64_t first, uint64_t last);
  void openStream(PE &pe);
  void lookAtUnpaired();
  void runFrom(PE &pe, uint64_t at, bool early = false);
  void runAhead();
  void releaseFault(const PE &pe);

  // Functional.cpp
  void runFunctional();
  void advance(PE &pe);
  uint32_t stepsPossible(const Flight &f) const;
  bool moveWords(PE &pe, unsigned slot);
  void lookAt(uint32_t pe);
  void closeFunctional(Stats &s) const;

  // Report.cpp
  std::string where(const PE &pe) const;
  std::string describe(const PE &pe, const Inst &i, uint32_t kernel) const;
  std::string colorAt(const Cell &c) const;
  void fault(const PE &pe, const char *rule, const std::string &what);
  std::string waitingText(const PE &pe) const;
  std::string flightText(const PE &pe, const Flight &f) const;
  Fault deadlock() const;
  bool leftOver(Fault &f) const;
  void countLinks(Stats &s) const;
  void countMacs(Stats &s) const;
  std::vector<Retired> totals() const;

  // Simulator.cpp
  llvm::Error buildClasses();
  llvm::Error addPEs(uint32_t cls, const bin::Pattern &where);
  void reset();
  template <bool Plain = false> void lookAtPE(uint32_t id);
  void retire(PE &pe);
  void runTimed();
  template <bool Plain> void stepAll();
  // Fetch.h
  void fetchFifo(const Fifo &f) const;
  void fetchQueues(const Flight &f) const;
  void fetchLines(const PE &pe, const Flight &f) const;
  void fetchPEs(std::span<const uint32_t> list, size_t i) const;
  void fetchRouters(std::span<const uint32_t> list, size_t i) const;
  uint64_t lastChange() const;
  bool advanceClock(uint64_t maxCycles);

  uint32_t routerAt(uint32_t x, uint32_t y) const {
    return y * program.gridW + x;
  }

  const bin::Program &program;
  const Target &target;

  // Fabric; colours are numbered densely in ascending order of their ids.
  unsigned numColors = 0;
  uint32_t hop = 1, ramp = 2, turn = 0;
  std::vector<uint8_t> colorId; // by index
  uint8_t colorIndex[256];      // by id; 255: unused
  HugeVector<Cell> cells;
  HugeVector<Router> routers;
  HugeVector<Queue> queues;
  HugeVector<Wavelet> wavelets;
  std::vector<Tape> tapes; // built by the first run that needs them
  std::vector<uint32_t> tapeReaders, tapeCells;
  WordPool words;
  std::vector<Switch> switches;
  llvm::DenseMap<uint32_t, uint32_t> switchOf; // of a cell
  std::vector<uint32_t> toLookAt;              // PEs; functional runs
  std::vector<bool> willBeLookedAt;            // by PE
  Fidelity fidelity = Fidelity::Exact;
  bool timed = true; // false: only numbers were asked for

  // Batched runs; see Flow.
  bool lazy = false;
  std::vector<LazyCell> lazyCells;
  std::vector<Flow> queueFlows; // by queue: what an op takes
  std::vector<Flow> tapeFlows;  // by tape: what an op sends
  struct Cut {
    uint32_t index;
    bool queue;
    uint64_t end;
  };
  std::vector<Cut> cuts;                             // to be made
  std::vector<std::pair<uint32_t, unsigned>> toMove; // ops that have new words
  uint64_t batchedMoves = 0, closedMoves = 0;
  std::vector<uint32_t> unpaired;   // tapes with a sender that may have to go
                                    // on cycle by cycle
  std::vector<uint32_t> aheadOfNow; // PEs whose op ended in closed form
  std::vector<uint32_t> streamWords;
  uint64_t ahead = 0; // the cycle in which an exact run looks at the PE
  struct HeldFault {
    Fault fault;
    uint32_t pe;
    uint64_t cycle; // in which it stops the run
  };
  std::vector<HeldFault> heldFaults;
  std::vector<uint32_t> peAt; // [router], or None
  Calendar routerEvents;

  // PEs.
  std::vector<Code> codes;
  std::deque<IssueForm> forms;
  std::vector<std::vector<uint32_t>> formOf; // by class and instruction
  PEs pes;
  std::vector<uint32_t> routerOf; // by PE
  std::vector<Retired> retired;   // by class
  Memory memory;
  Calendar peEvents;
  FarCalendar sleepers;
  size_t donePEs = 0;
  uint64_t lastHalt = 0;

  // Counters.
  std::vector<KernelStats> kernels;
  std::vector<uint64_t> macsOf; // [macIndex of the PE and its kernel]
  std::vector<size_t> macBase;  // by class
  std::vector<bool> workedFor;  // as macsOf: did the PE spend time on it
  uint64_t macs = 0, instructions = 0, elements = 0, fabricElements = 0;
  uint64_t firstElement = ~uint64_t(0), lastElement = 0;

  std::map<uint32_t, std::vector<uint8_t>>
      inputBytes; // as set, of inputs that are outputs
  std::vector<Probe> probes;
  std::vector<std::vector<uint32_t>> probesOf; // by kernel; empty: no probes
  /// PEs that left a call for a kernel (of their code) with ops in flight.
  std::vector<std::pair<uint32_t, uint32_t>> lateKernels;
  std::shared_ptr<Recorder> recorder; // of a trace, or null
  uint64_t now = 0, limit = 0;
  std::vector<Fault> faults; // the first one stops the run
};

} // namespace weft::sim
#endif
