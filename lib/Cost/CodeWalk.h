//===- CodeWalk.h - The dynamic instruction stream of a class, folded -----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A class's code is folded into trees of loops, calls and ops. Stretches that
// touch no fabric collapse into a number of cycles; totals (MACs, words) are
// multiplied out in closed form. So a loop of a million rounds costs as much to
// analyse as one round.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_CODEWALK_H
#define WEFT_LIB_COST_CODEWALK_H

#include "Residues.h"
#include "weft/Binary/Isa.h"
#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include "llvm/Support/Error.h"
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace weft::cost {

constexpr uint32_t NoKernel = ~0u;
/// The kernel of the depth-0 call that is being executed: what a subroutine's
/// instructions work for if the class lists its calls (PEClass::callKernels).
constexpr uint32_t CallerKernel = NoKernel - 1;
constexpr int NoColor = -1;

/// A vector op that the timeline must see: fabric operands or a microthread.
struct TimedOp {
  uint64_t elements = 0; // wavelets, if an operand is fabric
  uint32_t rate = 1000;  // cycles per 1000 of them
  uint32_t setup = 0;    // cycles
  int in[2] = {NoColor, NoColor};
  int out = NoColor;
  bool async = false;
  uint8_t microthread = 0;
  uint32_t kernel = NoKernel;
  bool usesFabric() const { return in[0] != NoColor || out != NoColor; }
};

struct Block;

struct Item {
  enum Kind : uint8_t {
    Local,
    Op,
    Loop,
    Call,
    Activate,
    Wait,
    EndTask,
    Halt
  } kind = Local;
  uint32_t kernel = NoKernel;
  uint32_t index = 0;  // Op: of ClassCode::ops; Activate, Wait: the id;
                       // Loop: is its last round the last of the loop?
  uint64_t rounds = 0; // Loop
  double cycles = 0;   // Local, listed Call; a mean over rounds may be broken
  const Block *body = nullptr;
  /// A call that PEClass::callKernels lists.
  bool listed() const { return kind == Call && kernel == CallerKernel; }
};

/// Sums over the dynamic instructions of a block, calls and loops included.
struct Totals {
  struct PerKernel {
    uint64_t macs = 0;
    uint64_t pipe = 0; // steps of the element pipe
    double cycles = 0; // busy, no waiting
    double async = 0;  // of microthreads, busy: set-up and elements
    double slack = 0;  // how much less `cycles` may be: unknown addresses
    void add(const PerKernel &o, uint64_t times = 1);
    void take(const PerKernel &o); // none falls below 0
    /// No run is busy for less.
    uint64_t leastCycles() const { return wholeCycles(cycles - slack); }
    static uint64_t wholeCycles(double v);
  };
  std::map<uint32_t, PerKernel> kernels;
  /// Sent and received, by kernel and colour.
  std::map<std::pair<uint32_t, int>, uint64_t> words, received;
  uint64_t instructions = 0; // executed
  uint64_t elements = 0;     // of vector ops
  uint64_t timedOps = 0;     // ops that the timeline sees
  uint32_t fetchedEnd = 0;   // one past the highest code word fetched
  void add(const Totals &o, uint64_t times);
};

struct Block {
  std::vector<Item> items;
  Totals totals;
  bool timed = false;              // holds an item that the timeline must see
  std::vector<uint32_t> callItems; // items with listed calls
  std::set<uint32_t> activates;
  bool halts = false;
};

struct TaskRun {
  uint32_t id = 0;
  const Block *block = nullptr;
};

struct ClassCode {
  std::vector<isa::Instr> instrs;
  std::vector<int32_t> atWord; // instruction index or -1
  std::vector<TaskRun> runs;   // in the order in which a PE runs its tasks
  std::vector<std::unique_ptr<Block>> blocks; // owns
  std::vector<TimedOp> ops;
  std::vector<uint32_t> callKernels; // of listed calls in order, or NoKernel
  Totals totals; // of one PE, from cycle 0 to halt; no CallerKernel
};

/// The operands of a vector op in memory (dst, src0, src1).
struct MemOperand {
  bool exists = false;
  isa::DType type = isa::DType::F32;
  int64_t stride = 1; // innermost, in elements
};

/// The elements of an op, over all rounds of the open loops.
struct ElementTime {
  uint32_t rate = 1000;         // mean
  double cycles = 0, least = 0; // mean; what no run is below
  bool varies = false;
};

/// The time for the `n` elements of an op whose bases lie at `at` (dst, src0,
/// src1) in loops of `rounds`, with bank conflicts. What is not known of a base
/// may be anything. The first `outer` loops lie around a listed call, which
/// sees one round of them.
ElementTime elementTime(const VectorForm &form, uint64_t n, const isa::Instr &i,
                        const Target &t, const MemOperand mem[3],
                        const Residue at[3],
                        const std::vector<uint64_t> &rounds, size_t outer);
/// Can banks slow the op at all?
bool meetsBanks(const isa::Instr &i, const MemOperand mem[3]);

/// What vector op `i` with these operands costs.
VectorForm vectorForm(const isa::Instr &i, const Target &t,
                      const MemOperand mem[3]);

llvm::Expected<std::unique_ptr<ClassCode>>
walkClass(const bin::Program &p, const bin::PEClass &c, const Target &t);

} // namespace weft::cost
#endif
