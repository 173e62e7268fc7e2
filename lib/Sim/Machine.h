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
#include "Code.h"
#include "Memory.h"
#include "weft/Sim/Simulator.h"
#include "weft/Sim/Trace.h"
#include <memory>
#include <queue>

namespace weft::sim {

/// A wavelet and the first cycle in which it can be taken out.
struct Wavelet {
  uint32_t word, ready;
};

/// The wavelets of one colour at a router port or in an input queue. Each has
/// one writer and one reader, and each moves at most one wavelet per cycle.
struct Fifo {
  uint32_t ring = 0; // offset into Fabric::wavelets
  uint16_t head = 0, count = 0, capacity = 0, mask = 0;
  uint32_t lastPop = ~uint32_t(0);
  uint64_t pushed = 0;

  bool exists() const { return capacity; }
  /// Room at the start of cycle `now`.
  bool room(uint64_t now) const {
    return uint32_t(count) + (lastPop == uint32_t(now)) < capacity;
  }
};

/// Directions in the order of the bits of bin::Port.
enum Dir : unsigned { DirNorth, DirSouth, DirEast, DirWest, DirRamp, NumDirs };

/// An operand of a vector op on one PE.
struct Source {
  enum Kind : uint8_t { Nothing, Mem, Reg, FabIn, FabOut } kind = Nothing;
  DType type = DType::F32;
  uint8_t queue = 0, reg = 0;
  uint32_t value = 0; // Reg
  uint32_t fifo = None;
  int64_t base = 0;
  const Shape *shape = nullptr;
  Cursor cursor;
};

/// A vector op in flight: slot 0 is the main thread's, 1 + m microthread m's.
struct Flight {
  const Inst *inst = nullptr;
  Recipe recipe;
  Source dst, src0, src1;
  bool fabric = false;
  DType fabType = DType::F32;
  uint32_t total = 0, left = 0; // elements
  uint32_t rate = 1000, carry = 0;
  uint64_t issue = 0, earliest = 0, end = 0;
  bool checkEach = false; // R-MEM-3 element by element
  char blockedOn = 0;     // 'i', 'o' or 0: what the last look found missing
  uint32_t kernel = None; // at its issue
};

struct Dsr {
  int64_t base = 0;
  const Shape *shape = nullptr;
};

struct Frame {
  uint32_t pc = 0, round = 0, rounds = 0; // rounds 0: a call
  uint8_t reg = 0;
};

/// The counters of a PE's main thread when it began what it works for now.
struct Account {
  uint64_t time = 0, compute = 0, setup = 0, waitIn = 0, waitOut = 0;
};

/// A value that is kept when its kernel ends.
struct Probe {
  enum State : uint8_t { Missing, Unwritten, Kept };
  uint32_t value = 0; // index into Program::values
  size_t tileBytes = 0;
  std::vector<uint8_t> tiles; // of the PEs of its rectangle, row by row
  std::vector<State> states;  // of the same PEs
};

/// PE::callKernel outside the calls that PEClass::callKernels lists: an
/// instruction works for the kernel of its address, if any.
constexpr uint32_t ByAddress = None - 1;

struct PE {
  enum State : uint8_t { Running, InOp, Waiting, Ended, Halted };
  uint32_t id = 0, router = 0, cls = 0;
  uint16_t x = 0, y = 0;
  const Code *code = nullptr;
  State state = Running;
  uint8_t depth = 0, waitsFor = 0, nextThread = 0;
  bool counted = false;    // among the PEs that are done
  bool listsCalls = false; // the task's calls are in Code::callKernels
  uint8_t callDepth = 0;
  uint32_t pc = 0, peak = 0;
  uint64_t time = 0; // when the main thread can go on
  uint32_t pendingTasks = 0;
  uint32_t callKernel = ByAddress; // of the depth-0 call it is in
  uint32_t account = None;         // kernel that its time is charged to
  uint64_t activated[31] = {};
  uint32_t live = 0;    // bit s: slot s holds a fabric op
  uint32_t memLive = 0; // bit s: slot s holds an async op in memory
  std::vector<Flight> flights;
  uint32_t regs[isa::NumRegs] = {};
  Dsr dsrs[isa::NumDsrs];
  Frame frames[16];
  uint64_t compute = 0, setup = 0, waitIn = 0, waitOut = 0;
  uint64_t lastElement = 0;
};

/// A main thread's place and counters before an instruction.
struct Standing {
  uint64_t time, compute, setup, elements;
  uint32_t pc, kernel;
};

struct Path;
struct Recorder;

struct Fault {
  RunError::Kind kind;
  std::string rule, message;
};

class Machine {
public:
  Machine(const bin::Program &p, const Target &t) : program(p), target(t) {}
  llvm::Error build();
  llvm::Error writeTiles(const bin::Placement &p, bin::ElemType type,
                         llvm::ArrayRef<uint64_t> shape,
                         llvm::ArrayRef<uint8_t> bytes,
                         const std::string &what);
  llvm::Expected<std::vector<uint8_t>> readTiles(const bin::IOTensor &t) const;
  llvm::Error setInput(size_t index, llvm::ArrayRef<uint8_t> bytes);
  llvm::Expected<std::vector<uint8_t>> getOutput(size_t index) const;
  llvm::Error addProbe(size_t value);
  llvm::Expected<std::vector<uint8_t>> getProbe(size_t value) const;
  llvm::Expected<Stats> run(uint64_t maxCycles);
  llvm::Error record(const TraceOptions &o);
  const Trace &recorded() const;

private:
  // Fabric.cpp
  llvm::Error buildRoutes();
  llvm::Error addRoute(const bin::Route &r);
  void makeFifo(Fifo &f, uint32_t capacity);
  void buildQueues();
  void buildNeighbours();
  void resetFabric();
  void stepRouter(uint32_t r);
  bool colorCanLeave(uint32_t r, unsigned ci);
  void forward(uint32_t r, unsigned ci);
  unsigned pickRoundRobin(uint32_t mask, uint8_t last) const;
  Fifo *targetOf(uint32_t r, unsigned ci, unsigned dir);
  uint32_t neighbour(uint32_t r, unsigned dir) const {
    return neighbours[size_t(r) * 4 + dir];
  }
  uint32_t popRouter(uint32_t r, unsigned ci);
  uint32_t popQueue(PE &pe, uint32_t fifo);
  void pushRouter(uint32_t r, unsigned ci, uint32_t word, uint64_t ready);
  void pushQueue(uint32_t r, unsigned ci, uint32_t word, uint64_t ready);
  void unrouted(uint32_t r, unsigned ci, unsigned dir);
  void wakeRouter(uint32_t r, uint64_t at);
  void wakePE(uint32_t pe, uint64_t at);

  // Processor.cpp
  void startPE(PE &pe);
  void stepPE(PE &pe);
  void runMain(PE &pe);
  bool scalar(PE &pe, const Inst &i);
  bool control(PE &pe, const Inst &i);
  bool memoryAccess(PE &pe, const Inst &i);
  bool setDsr(PE &pe, const Inst &i);
  bool hasType(PE &pe, DType type);
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

  // Probe.cpp
  bool inFlight(const PE &pe, uint32_t kernel) const;
  void endOfKernel(PE &pe, uint32_t kernel);
  void keepValues(const PE &pe, uint32_t kernel);
  void keepTile(Probe &probe, const PE &pe);
  void keepLate(PE &pe);

  // TraceHooks.cpp; called only with a recorder
  void traceReset();
  Standing standing(const PE &pe) const;
  void traceInst(PE &pe, const Inst &i, const Standing &before);
  void traceIssue(PE &pe, const Inst &i, const Standing &before,
                  uint32_t kernel);
  void traceTake(PE &pe, unsigned slot);
  void tracePut(PE &pe, unsigned slot, uint32_t n);
  void traceEnd(PE &pe, unsigned slot);
  void traceForward(uint32_t r, unsigned ci);
  void traceFinish();
  void tracePath(const std::vector<Path> &chain);
  void traceEvent(const PE &pe, unsigned lane, PEEvent::Kind kind,
                  uint64_t from, uint64_t to, uint32_t a, uint32_t b);
  uint32_t textOf(const PE &pe, const Inst &i);
  uint32_t lastToHalt() const;

  // TimeSplit.cpp
  void chargeTo(PE &pe, uint32_t kernel);
  void splitTime(Stats &s) const;

  // VectorOps.cpp
  bool vector(PE &pe, const Inst &i);
  bool resolve(PE &pe, const Inst &i, Flight &f);
  bool resolveOperand(PE &pe, const Inst &i, isa::Operand o, Source &s);
  bool checkTypes(PE &pe, Flight &f);
  bool checkLength(PE &pe, Flight &f);
  bool checkMemory(PE &pe, Flight &f);
  bool checkAccess(PE &pe, int64_t lo, int64_t hi, unsigned align, bool write);
  bool checkReads(PE &pe, Flight &f);
  bool checkRaces(PE &pe, const Flight &f, bool &retry);
  void retireMemoryOps(PE &pe);
  void execute(PE &pe, Flight &f);
  void issueMemory(PE &pe, Flight &f);

  // FabricOps.cpp
  void issueFabric(PE &pe, Flight &f);
  void serve(PE &pe);
  bool ready(PE &pe, Flight &f, uint64_t &wake);
  void process(PE &pe, unsigned slot);
  uint32_t takeOperand(PE &pe, Flight &f, Source &s, View v, uint32_t word,
                       unsigned half);
  uint32_t loadChecked(PE &pe, Flight &f, Source &s, View v);
  void finishOp(PE &pe, unsigned slot);

  // Report.cpp
  std::string where(const PE &pe) const;
  std::string describe(const PE &pe, const Inst &i, uint32_t kernel) const;
  std::string colorAt(uint32_t router, unsigned ci) const;
  void fault(const PE &pe, const char *rule, const std::string &what);
  std::string waitingText(const PE &pe) const;
  std::string flightText(const PE &pe, const Flight &f) const;
  Fault deadlock() const;
  bool leftOver(Fault &f) const;
  Stats collect() const;

  // Simulator.cpp
  llvm::Error buildClasses();
  llvm::Error addPEs(uint32_t cls, const bin::Pattern &where);
  void reset();
  bool advanceClock(uint64_t maxCycles);

  uint32_t routerAt(uint32_t x, uint32_t y) const {
    return y * program.gridW + x;
  }
  Fifo &routerFifo(uint32_t r, unsigned ci) {
    return fifos[size_t(r) * numColors + ci];
  }

  const bin::Program &program;
  const Target &target;

  // Fabric; colours are numbered densely in ascending order of their ids.
  unsigned numColors = 0;
  uint32_t hop = 1, ramp = 2;
  std::vector<uint8_t> colorId;     // by index
  uint8_t colorIndex[256];          // by id; 255: unused
  std::vector<uint8_t> rx, tx;      // [router][colour], 0: no setting
  std::vector<Fifo> fifos, queues;  // [router][colour]; input queues
  std::vector<uint32_t> queueOf;    // [router][colour] -> queues, or None
  std::vector<uint32_t> neighbours; // [router][north, south, east, west]
  std::vector<Wavelet> wavelets;
  std::vector<uint32_t> occupied;     // [router], bit per colour
  std::vector<uint8_t> lastWinner;    // [router][dir]
  std::vector<uint32_t> linkWavelets; // [router][dir]
  std::vector<uint32_t> peAt;         // [router], or None
  uint64_t hops = 0;
  Calendar routerEvents;

  // PEs.
  std::vector<Code> codes;
  std::vector<PE> pes;
  Memory memory;
  // [PE], into Code::callKernels. Not in PE: at 1024 bytes PEs share cache
  // sets.
  std::vector<uint32_t> nextCall;
  Calendar peEvents;
  using Sleeper = std::pair<uint64_t, uint32_t>;
  std::priority_queue<Sleeper, std::vector<Sleeper>, std::greater<Sleeper>>
      sleepers;
  size_t donePEs = 0;
  uint64_t lastHalt = 0;

  // Counters.
  std::vector<KernelStats> kernels;
  std::vector<uint64_t> macsOf;  // [macBase of the PE + local kernel]
  std::vector<size_t> macBase;   // by PE
  std::vector<bool> workedFor;   // as macsOf: did the PE spend time on it
  std::vector<Account> accounts; // by PE: since PE::account began
  uint64_t macs = 0, instructions = 0, elements = 0, fabricElements = 0;
  uint64_t firstElement = ~uint64_t(0), lastElement = 0;

  std::vector<std::vector<uint8_t>>
      inputBytes; // as set, for outputs that are inputs
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
