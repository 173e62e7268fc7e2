//===- Walk.h - Abstract execution of the code of a class -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Control flow is static, so one walk per class covers all its PEs: registers
// hold strided intervals over the PEs. Every round of a loop is walked: what is
// known of memory and of the ops in flight is that of one moment, never of
// several rounds at once.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_WALK_H
#define WEFT_LIB_VERIFY_WALK_H

#include "Internal.h"
#include "Value.h"
#include "llvm/ADT/SmallVector.h"

namespace weft::verify {
using isa::Instr;
using isa::Op;
using isa::Operand;
using isa::OperandKind;

/// Byte runs [first, first + second) relative to a DSD's base, ascending.
using Runs = std::vector<std::pair<int64_t, int64_t>>;

struct Shape {
  uint64_t count = 0;
  unsigned bytes = 0;
  int64_t lo = 0, hi = 0; // of bytes touched, relative to the base
  Runs runs;
  std::vector<isa::DsdDim> dims;
};

struct Dsr {
  const Instr *dsd = nullptr;
  Value base;
};

struct Access {
  const Shape *shape = nullptr;
  Value base;
  bool write = false;
};

/// An op on a microthread between issue and wait.
struct Flight {
  const Instr *op = nullptr; // nullptr: idle
  bool fabric = false;
  llvm::BitVector reads, writes; // bytes that it may touch
};

struct State {
  std::array<Value, isa::NumRegs> regs;
  std::array<Dsr, isa::NumDsrs> dsrs;
  std::array<Flight, 16> flights;
  std::map<int64_t, Value> spilled; // what `st` put at a known address
};

class Walker {
public:
  Walker(Context &c, size_t cls, const LoadImage &image)
      : c(c), cls(cls), k(c.program.classes[cls]), image(image),
        sram(c.target.sramBytes) {}

  ClassFacts run();

private:
  // Walk.cpp
  std::string where(const Instr &i) const;
  void report(const char *rule, const Instr &i, const std::string &what);
  void report(const char *rule, const std::string &what);
  bool checkTasks();
  void walk();
  void runTasks(std::set<uint32_t> &runnable);
  uint32_t nextTask(std::set<uint32_t> &runnable);
  void checkResults();
  void execute(size_t pc);
  void nesting(const Instr &i, const char *what);
  size_t enter(size_t pc);
  size_t nextRound(size_t pc);
  void setCounter(const Instr &i, const Value &v);
  void fetch(const Instr &i);
  void record(const Event &e);
  bool running() const { return !halted && !broken && c.budget.steps != 0; }
  /// Index of the instruction at `word`, or -1.
  int64_t at(uint32_t word) const {
    return word < indexOf.size() ? indexOf[word] : -1;
  }

  // Scalar.cpp
  void setReg(unsigned r, const Value &v);
  const Value &reg(const Instr &i, unsigned r);
  void instruction(const Instr &i);
  std::string microthreadRange() const;
  void activate(const Instr &i);
  Value coordinate(bool y) const;
  void checkBrain(const Instr &i);
  void load(const Instr &i);
  void store(const Instr &i);
  Value known(const Value &at, unsigned bytes);

  // Access.cpp
  const Shape *scalarShape(unsigned bytes);
  const Shape &shapeOf(const Instr &dsd);
  static Runs runsOf(const Instr &dsd, const Shape &s);
  bool touch(const Instr &i, const Access &a);
  void read(const Instr &i, const Access &a);
  bool writtenBefore(const Access &a);
  void write(const Instr &i, const Access &a);
  void declared(const Instr &i, const char *verb, int64_t begin, int64_t end);
  bool meetsCode(const Instr &i, const char *verb, int64_t begin, int64_t end);
  void meetsConstants(const Instr &i, int64_t begin, int64_t end);
  void touchBytes(int64_t begin, int64_t end);
  void race(const Instr &i, const Access &a);
  /// Calls `f(begin, end, each)` for the bytes of all addresses that may be. If
  /// they are too many, for all between the lowest and the highest; then `each`
  /// is false.
  template <typename F> void forEachRun(const Access &a, F f) {
    const Runs &runs = a.shape->runs;
    int64_t lo = a.base.lo, hi = a.base.hi, step = a.base.step;
    int64_t bases = step ? (hi - lo) / step + 1 : 1;
    bool dense = runs.size() == 1 && (bases == 1 || step <= runs[0].second);
    if (dense || runs.empty() || bases * int64_t(runs.size()) > 65536)
      return f(lo + a.shape->lo, hi + a.shape->hi, dense);
    c.budget.spend(uint64_t(bases) * runs.size());
    for (; lo <= hi; lo += std::max<int64_t>(step, 1))
      for (const auto &r : runs)
        f(lo + r.first, lo + r.first + r.second, true);
  }

  // Vector.cpp
  struct Operands {
    uint64_t count = 0; // elements
    unsigned bytes = 0; // of the widest element in memory
    uint64_t words() const { return isa::waveletsOf(count, bytes); }
    llvm::SmallVector<Access, 4> accesses;
    unsigned fabricIn = 0;
  };
  void setDsr(const Instr &i);
  void vector(const Instr &i);
  static bool readsDestination(const Instr &i);
  const Instr *dsdOf(Operand op) const;
  void checkTypes(const Instr &i);
  void vectorOperands(const Instr &i);
  void memoryOperand(const Instr &i, Operand op, bool write, Operands &o);
  int fabricOperand(const Instr &i, Operand op, Operands &o);
  void issue(const Instr &i, const Operands &o, bool fabric);

  Context &c;
  size_t cls;
  const bin::PEClass &k;
  const LoadImage &image;
  unsigned sram;
  std::vector<Instr> instrs;
  std::vector<int64_t> indexOf; // of the instruction at a word
  /// Loops and calls that have begun and not ended, the innermost last.
  struct Open {
    size_t at;
    uint32_t round;
  };
  llvm::SmallVector<Open, 16> open;
  std::set<uint32_t> *activated = nullptr;
  std::map<uint32_t, Shape> shapes; // by word index of the dsd
  Shape scalar4, scalar2;
  State state;
  const Access *ownResult = nullptr; // of the op at hand
  Traffic traffic;
  std::vector<Event> events;
  uint64_t peak = 0, peakReached = 0;
  bool halted = false, broken = false; // broken: no way to go on
  std::vector<uint32_t> activations; // of tasks that have not started, in order
  llvm::BitVector have;       // bytes written so far, or loaded on every PE
  llvm::BitVector stored;     // bytes the code may write
  llvm::BitVector relied;     // constants that loads took as known
  llvm::BitVector changeable; // bytes that are no constants after all
  std::map<std::pair<std::string, uint32_t>, std::string>
      found; // by rule, word
};

} // namespace weft::verify
#endif
