//===- State.h - The state of routers, queues and PEs ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Plain data of the machine. What a PE or router does not use costs nothing:
// cells exist for the settings of routers only.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_STATE_H
#define WEFT_LIB_SIM_STATE_H

#include "Code.h"
#include "Flow.h"
#include "Memory.h"
#include "weft/Sim/Simulator.h"
#include <bit>
#include <deque>
#include <memory>

namespace weft::sim {

constexpr uint8_t NoColor = 255;

/// A wavelet and the first cycle in which it can be taken out.
struct Wavelet {
  uint32_t word, ready;
};

/// The wavelets of one colour at a router port or in an input queue. Each has
/// one writer and one reader, and each moves at most one wavelet per cycle.
/// Wavelets are numbered; number k lies at place k & mask of the ring.
struct Fifo {
  uint32_t ring = 0; // offset into Machine::wavelets
  uint16_t count = 0, capacity = 0, mask = 0;
  uint32_t lastPop = ~uint32_t(0);
  uint64_t popped = 0; // the number of the next to leave

  uint64_t pushed() const { return popped + count; }
  uint32_t head() const { return ring + (uint32_t(popped) & mask); }
  uint32_t tail() const { return ring + (uint32_t(popped + count) & mask); }
  /// Room at the start of cycle `now`.
  bool room(uint64_t now) const {
    return uint32_t(count) + (lastPop == uint32_t(now)) < capacity;
  }
};

/// Directions in the order of the bits of bin::Port.
enum Dir : unsigned { DirNorth, DirSouth, DirEast, DirWest, DirRamp, NumDirs };

/// One colour's setting of one router, and the buffer of its receive port: from
/// the ramp that is the PE's output queue.
struct alignas(64) Cell {
  Fifo fifo;
  uint32_t router = 0;
  uint32_t up = None;                          // the cell that feeds it
  uint32_t next[4] = {None, None, None, None}; // the cells it feeds
  uint32_t queue = None;                       // the input queue of its ramp
  uint32_t tape = None;                        // see Tape; not in exact runs
  uint8_t rx = 0, tx = 0, color = 0;           // index of the colour
  uint8_t everTx = 0; // of all positions; tx is 0 while another one holds
  uint32_t delay = 0; // of a wavelet from `up`, or from the PE's step
};

/// A position of a switch.
struct Position {
  uint32_t cell = None;
  uint8_t tx = 0;
  uint64_t moved = 0; // wavelets while it held, when it is over
};

/// The positions of one colour on one router.
struct Switch {
  std::vector<Position> positions;
  uint32_t at = 0, issued = 0;  // advances: made, and of ops that were issued
  uint64_t since = 0;           // what the cell had moved when its turn came
  std::deque<uint64_t> pending; // advances once so many have left the PE
};

/// The cells of a router are Machine::cells[first, first + count), in ascending
/// order of their colours; masks have one bit for each.
struct Router {
  uint32_t first = 0;
  uint32_t occupied = 0;
  uint32_t asleep = 0; // those that state their moves; see Flow
  uint8_t count = 0;
  uint8_t lastWinner[NumDirs] = {NoColor, NoColor, NoColor, NoColor, NoColor};
};

/// An input queue of a PE.
struct alignas(64) Queue {
  Fifo fifo;
  uint32_t cell = None, pe = None;
  uint32_t tape = None; // see Tape
  uint32_t slot = None; // of the op in flight that takes from it
  uint64_t taken = 0;   // the number of the next word of the tape to take
};

/// The words that the PE at the root of a colour's route sends, once for all
/// that forward and receive them; wavelet k of each fifo on the route is word k
/// here. Exact runs carry the words in the fifos instead, and all runs those of
/// colours with a switch, whose words come from more than one root.
struct Tape {
  uint32_t *words = nullptr; // from `base` on; of a WordPool
  uint32_t size = 0, capacity = 0;
  uint64_t base = 0;
  uint32_t root = None; // cell
  uint32_t lost = None; // a cell that leads nowhere
  uint32_t behind = 0;  // readers that have words to take
  // Queues, and cells of the route: parts of Machine::tapeReaders, tapeCells.
  uint32_t firstReader = 0, readers = 0, firstCell = 0, cells = 0;
  // Streams in closed form; see Streams.cpp.
  uint32_t latency = 0, room = 0;       // from end to end
  bool alone = false;                   // one reader, and ports of its own
  bool quiet = true;                    // nothing is under way
  bool sends = false, receives = false; // an op waits for its counterpart
  bool listed = false;                  // among Machine::unpaired
  uint64_t end() const { return base + size; }
};

/// Memory for the words of tapes. What a tape gives back is the next to be
/// taken, so short-lived tapes stay in the host's caches.
class WordPool {
public:
  /// At least `n` words.
  uint32_t *take(uint32_t n, uint32_t &capacity) {
    unsigned k = std::max(4u, unsigned(std::bit_width(n - 1)));
    capacity = 1u << k;
    if (!unused[k].empty()) {
      uint32_t *words = unused[k].back();
      unused[k].pop_back();
      return words;
    }
    all.push_back(std::make_unique_for_overwrite<uint32_t[]>(capacity));
    return all.back().get();
  }
  void give(uint32_t *words, uint32_t capacity) {
    unused[unsigned(std::bit_width(capacity - 1))].push_back(words);
  }

private:
  std::vector<std::unique_ptr<uint32_t[]>> all;
  std::vector<uint32_t *> unused[33]; // by the logarithm of their capacity
};

/// An operand of a vector op on one PE.
struct Source {
  enum Kind : uint8_t { Nothing, Mem, Reg, FabIn, FabOut } kind = Nothing;
  DType type = DType::F32;
  uint8_t queue = 0, reg = 0;
  uint32_t value = 0;   // Reg
  uint32_t fifo = None; // a queue, or the cell of an output queue
  int64_t base = 0;
  const Shape *shape = nullptr;
  Cursor cursor;
};

/// What a step of a simple op needs beside its wavelets: see SimpleOps.cpp.
struct SimpleOp {
  enum : uint8_t {
    Simple = 1,
    ToReg = 2,
    Mem0 = 4,
    Mem1 = 8,
    ReadsDst = 16,
    Ahead0 = 32,  // source 0 is read ahead, into Flight::ahead
    Ahead1 = 64,  // source 1 is
    Behind = 128, // the destination is written behind, from Flight::behind
  };
  uint32_t dst = 0, src0 = 0, src1 = 0; // addresses, a register, values
  int16_t dstStep = 0, step0 = 0, step1 = 0;
  uint8_t flags = 0; // 0: not simple
  isa::Op op = isa::Op::Nop;
  View view = View::Float;
};

/// A vector op in flight: slot 0 is the main thread's, 1 + m microthread m's.
/// What most steps read and write lies in the first cache line, and in that of
/// `ahead` or `behind`.
struct alignas(64) Flight {
  uint64_t earliest = 0;
  uint32_t left = 0; // elements
  uint32_t rate = 1000;
  uint16_t carry = 0;     // < 1000
  char blockedOn = 0;     // 'i', 'o' or 0: what the last look found missing
  uint32_t kernel = None; // at its issue
  uint32_t in0 = None, in1 = None; // queues
  uint32_t out = None;             // the cell of an output queue
  SimpleOp simple;

  static constexpr unsigned Line = 16; // words: a cache line
  // By address; see SimpleOps.cpp.
  alignas(64) uint32_t ahead[Line] = {};
  alignas(64) uint32_t behind[Line];

  const Inst *inst = nullptr;
  Recipe recipe;
  Source dst, src0, src1;
  bool fabric = false;
  bool eager = false; // its data is moved ahead of its steps
  bool words = false; // batched runs: an operand's words are in its fifo
  DType fabType = DType::F32;
  uint32_t total = 0, setup = 0;
  uint32_t unmoved = 0; // elements whose data has not been moved
  uint64_t issue = 0, end = 0;
  bool checkEach = false; // R-MEM-3 element by element
};

/// What the issues of one instruction have in common; see Issue.cpp.
struct IssueForm {
  const Shape *shapes[3] = {}; // of destination and sources in memory
  int64_t bases[3] = {};       // that the timing is for
  Flight flight;
  unsigned misses = 0;
  bool known = false;
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

/// The ops of a PE by slot; most have none but that of the main thread.
class Flights {
public:
  Flight &operator[](size_t slot) { return slot ? more[slot - 1] : main; }
  const Flight &operator[](size_t slot) const {
    return slot ? more[slot - 1] : main;
  }
  size_t size() const { return more.size() + 1; }
  void resize(size_t slots) { more.resize(slots - 1); }

private:
  Flight main;
  std::vector<Flight> more;
};

/// A PE that has started and not halted; see PEs. What each look at it needs
/// comes first, what few programs need last.
struct alignas(64) PE {
  enum State : uint8_t { Running, InOp, Waiting, Ended, Halted };
  uint64_t time = 0; // when the main thread can go on
  const Code *code = nullptr;
  uint64_t compute = 0, waitIn = 0;
  uint32_t id = 0, pc = 0;
  uint32_t live = 0;    // bit s: slot s holds a fabric op
  uint32_t memLive = 0; // bit s: slot s holds an async op in memory
  State state = Running;
  uint8_t depth = 0, waitsFor = 0, nextThread = 0;
  bool counted = false;    // among the PEs that are done
  bool held = false;       // its fault is in Machine::heldFaults
  bool listsCalls = false; // the task's calls are in Code::callKernels
  uint8_t callDepth = 0;
  Flights flights;
  LazyOp lazy; // batched runs
  uint64_t setup = 0, waitOut = 0, lastElement = 0;
  int64_t writtenLo = 0, writtenHi = 0; // bytes that are known to be written
  uint32_t router = 0, cls = 0;
  uint16_t x = 0, y = 0;
  uint32_t peak = 0;
  uint32_t callKernel = ByAddress; // of the depth-0 call it is in
  uint32_t account = None;         // kernel that its time is charged to
  uint32_t regs[isa::NumRegs] = {};
  Dsr dsrs[isa::NumDsrs];
  Account since;         // when `account` began
  uint32_t nextCall = 0; // into Code::callKernels
  uint32_t pendingTasks = 0;
  Frame frames[16];
  uint64_t activated[31] = {};

  bool knowsWritten(int64_t lo, int64_t hi) const {
    return lo >= writtenLo && hi <= writtenHi;
  }
  /// All bytes of [lo, hi) are written.
  void noteWritten(int64_t lo, int64_t hi) {
    bool meets = lo <= writtenHi && hi >= writtenLo;
    writtenLo = meets ? std::min(lo, writtenLo) : lo;
    writtenHi = meets ? std::max(hi, writtenHi) : hi;
  }
};

/// What is kept of the PEs of a class that have halted.
struct Retired {
  uint64_t compute = 0, setup = 0, waitIn = 0, waitOut = 0;
  uint32_t peak = 0;
  void add(const PE &pe) {
    compute += pe.compute;
    setup += pe.setup;
    waitIn += pe.waitIn;
    waitOut += pe.waitOut;
    peak = std::max(peak, pe.peak);
  }
};

/// A main thread's place and counters before an instruction.
struct Standing {
  uint64_t time, compute, setup, elements;
  uint32_t pc, kernel;
};

struct Path;
struct Wave;
struct Recorder;

struct Fault {
  RunError::Kind kind;
  std::string rule, message;
  uint64_t at = 0;    // the cycle in which it stops the run
  uint32_t pe = None; // whose it is, if it is one PE's
};

} // namespace weft::sim
#endif
