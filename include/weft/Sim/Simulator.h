//===- Simulator.h - Cycle-exact execution of a .weft program -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Executes docs/machine-model.md to the cycle. It sees only the program and the
// target, shares no code with compiler, cost model or verifier, and reports
// every broken rule it meets by its number, with the PE and the colour.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SIM_SIMULATOR_H
#define WEFT_SIM_SIMULATOR_H

#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace weft::sim {

/// Where the time of `pes` PEs went, in PE-cycles of their main threads; the
/// five add up to pes * cycles. What runs on microthreads is not counted again.
struct TimeSplit {
  uint64_t pes = 0, compute = 0, setup = 0, waitIn = 0, waitOut = 0, idle = 0;
  bool operator==(const TimeSplit &) const = default;
};

/// What one kernel of the program did. A PE without MACs is not `active`. In
/// `time`, `pes` are those that worked for it, cycles are the kernel's own, and
/// a PE is idle while it is not yet, or no longer, at this kernel.
struct KernelStats {
  uint64_t cycles = 0; // from the first issue to the last end over all PEs
  uint64_t firstCycle = 0, lastCycle = 0;
  uint64_t macs = 0, macsMaxPerPE = 0, pesActive = 0;
  TimeSplit time;
  bool operator==(const KernelStats &) const = default;
};

/// How closely a run follows the clock.
enum class Fidelity {
  Exact,     // cycle by cycle
  Batched,   // a stream of N wavelets is a few events; the same results
  Functional // numbers only, without time
};

/// How much of a run was batched: how it ran, not what came of it, so all are
/// equal.
struct BatchedShare {
  uint64_t moves = 0;   // wavelets that left a router port or queue
  uint64_t batched = 0; // of these, those that were no event of their own
  uint64_t closed = 0;  // of these, those of streams in closed form
  double share() const { return moves ? double(batched) / double(moves) : 0; }
  double closedShare() const {
    return moves ? double(closed) / double(moves) : 0;
  }
  bool operator==(const BatchedShare &) const { return true; }
};

struct Stats {
  BatchedShare batching;
  bool timed = true;   // false: all cycles are 0, since none were counted
  uint64_t cycles = 0; // to the last PE's halt
  uint64_t sramPeakBytes = 0;
  uint64_t waveletHops = 0, maxLinkWavelets = 0, macs = 0;
  /// Start of the first and end of the last element that an op with a fabric
  /// operand processed; both 0 if there is none.
  uint64_t firstElement = 0, lastElement = 0;
  uint64_t instructions = 0, elements = 0; // executed; of vector ops
  uint64_t fabricElements = 0;             // pipe slots
  std::vector<KernelStats> kernels;        // as Program::kernels
  /// As Program::classes, over the cycles of the program; a PE is idle while
  /// it waits for a task and after its halt.
  std::vector<TimeSplit> classes;
  bool operator==(const Stats &) const = default;
};

/// Why a run stopped early.
class RunError : public llvm::ErrorInfo<RunError> {
public:
  enum Kind { Deadlock, Fault, Limit };
  static char ID;
  RunError(Kind kind, std::string rule, std::string message)
      : kind(kind), rule(std::move(rule)), message(std::move(message)) {}
  Kind kind;
  std::string rule; // "R-MEM-3"; empty for a deadlock and for a limit
  std::string message;
  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override;
};

/// The PE that holds an element (counted row-major) of a placed tensor; of
/// replicas the north-western.
std::pair<uint32_t, uint32_t> holderOf(const bin::Placement &p,
                                       uint64_t element);

class Machine;
struct Trace;
struct TraceOptions;

/// One program on one machine. SRAM survives from run() to run(), as it does on
/// the wafer between two launches; everything else starts anew.
class Simulator {
public:
  static constexpr uint64_t MaxCycles = (uint64_t(1) << 31) - 1;

  /// Decodes the code, builds the routers and loads the initial data. `p` must
  /// outlive the simulator. Fails on a program that is no program.
  static llvm::Expected<std::unique_ptr<Simulator>>
  create(const bin::Program &p, const Target &t);
  ~Simulator();

  /// Writes graph input `index`: its bytes in its ElemType, dense, row-major.
  llvm::Error setInput(size_t index, llvm::ArrayRef<uint8_t> bytes);
  /// Runs to the last halt. Fails with a RunError.
  llvm::Expected<Stats> run(uint64_t maxCycles = MaxCycles,
                            Fidelity fidelity = Fidelity::Exact);
  /// Of the last run; of one that failed, up to there, without the idle time
  /// of kernels and classes.
  Stats stats() const;
  /// Graph output `index` in its ElemType, dense, row-major.
  llvm::Expected<std::vector<uint8_t>> getOutput(size_t index) const;

  /// Has Program::values[index] kept, in the runs to come, as it is when its
  /// kernel ends; buffers are reused later.
  llvm::Error probe(size_t index);
  /// The value as the last run kept it, in its ElemType, dense, row-major.
  llvm::Expected<std::vector<uint8_t>> getProbe(size_t index) const;

  /// Has the runs to come recorded (weft/Sim/Trace.h); they are exact. Fails on
  /// PEs outside of the grid.
  llvm::Error record(const TraceOptions &o);
  /// The record of the last run; of one that failed, up to there.
  const Trace &recorded() const;

private:
  explicit Simulator(std::unique_ptr<Machine> m);
  std::unique_ptr<Machine> machine;
};

} // namespace weft::sim
#endif
