//===- Code.cpp - Abstract execution of a class's code --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Control flow is static, so one walk per class covers all its PEs: registers
// hold strided intervals over the PEs and rounds. A loop is walked for its
// first round and once more for all others, pointers that advance by a constant
// being found by their tags; short loops and those of a task's top level (whose
// counters index tables of addresses) are unrolled.
//
//===----------------------------------------------------------------------===//
#include "Internal.h"
#include "Value.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace weft;
using namespace weft::verify;
using isa::Instr;
using isa::Op;
using isa::Operand;
using isa::OperandKind;

namespace {

constexpr uint64_t StepBudget = 20'000'000; // abstract instructions per class
constexpr uint64_t UnrollCost = 4096;       // ... of a loop unrolled anywhere
constexpr uint64_t TopUnrollTrips = 4096, TopUnrollCost = 4'000'000;
constexpr unsigned MaxNesting = 16;

//===----------------------------------------------------------------------===//
// Structure: loops, calls, tasks
//===----------------------------------------------------------------------===//

/// The static shape of a class's code, and whether it nests properly.
class Structure {
public:
  Structure(const std::vector<Instr> &instrs, uint32_t words) : instrs(instrs) {
    indexOf.assign(words, -1);
    for (size_t i = 0; i != instrs.size(); ++i)
      indexOf[instrs[i].wordIndex] = int64_t(i);
    loopEnd.assign(instrs.size(), 0);
    unrolled.assign(instrs.size(), false);
  }

  /// Index of the instruction at `word`, or -1.
  int64_t at(uint32_t word) const {
    return word < indexOf.size() ? indexOf[word] : -1;
  }

  struct Sequence {
    uint64_t cost = 0;
    unsigned depth = 0; // of loops and calls together
  };
  /// Parses from `entry` to the end of the task or subroutine; an error is a
  /// text for R-OP-5.
  bool parse(size_t entry, bool isTask, Sequence &out, std::string &error) {
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

  std::vector<size_t> loopEnd; // of a Loop: index of its EndLoop
  std::vector<bool> unrolled;

private:
  struct Open {
    size_t loop;
    Sequence body;
  };

  bool fail(std::string &error, size_t index, const std::string &what) {
    error =
        "word " +
        std::to_string(index < instrs.size() ? instrs[index].wordIndex : 0) +
        ": " + what;
    return false;
  }

  bool parseBody(size_t pc, bool isTask, Sequence &out, std::string &error) {
    std::vector<Open> open(1);
    for (;; ++pc) {
      if (pc >= instrs.size())
        return fail(error, instrs.size() - 1,
                    "the code ends without halt, endtask or ret");
      const Instr &i = instrs[pc];
      Sequence &here = open.back().body;
      here.cost = satAdd(here.cost, 1);
      switch (i.op) {
      case Op::Loop:
        open.push_back({pc, {}});
        break;
      case Op::EndLoop:
        if (open.size() == 1)
          return fail(error, pc, "endloop closes no loop of this subroutine");
        if (instrs[open.back().loop].a != i.a)
          return fail(error, pc,
                      "endloop names another register than its loop");
        close(open, pc, isTask);
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

  void close(std::vector<Open> &open, size_t pc, bool isTask) {
    Open inner = open.back();
    open.pop_back();
    uint64_t trips = uint64_t(uint32_t(instrs[inner.loop].imm));
    uint64_t full = satMul(trips, inner.body.cost);
    bool top = isTask && open.size() == 1 && trips <= TopUnrollTrips &&
               full <= TopUnrollCost;
    loopEnd[inner.loop] = pc;
    unrolled[inner.loop] = top || full <= UnrollCost;
    Sequence &outer = open.back().body;
    outer.cost = satAdd(
        outer.cost, unrolled[inner.loop] ? full : satMul(2, inner.body.cost));
    outer.depth = std::max(outer.depth, inner.body.depth + 1);
  }

  bool call(const Instr &i, Sequence &here, std::string &error) {
    int64_t target = at(uint32_t(i.imm));
    if (target < 0)
      return fail(error, size_t(at(i.wordIndex)),
                  "call of a word that starts no instruction");
    Sequence callee;
    if (!parse(size_t(target), false, callee, error))
      return false;
    here.cost = satAdd(here.cost, callee.cost);
    here.depth = std::max(here.depth, callee.depth + 1);
    return true;
  }

  const std::vector<Instr> &instrs;
  std::vector<int64_t> indexOf;
  std::map<std::pair<size_t, bool>, Sequence> parsed;
  std::set<size_t> active;
};

//===----------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------===//

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
  std::array<Access, 4> accesses;
  unsigned numAccesses = 0;
  bool fabric = false;
};

constexpr unsigned NumSlots = isa::NumRegs + isa::NumDsrs;

struct State {
  std::array<Value, isa::NumRegs> regs;
  std::array<Dsr, isa::NumDsrs> dsrs;
  std::array<Flight, 16> flights;
  std::map<int64_t, Value> spilled; // what `st` put at a known address

  Value &slot(unsigned s) {
    return s < isa::NumRegs ? regs[s] : dsrs[s - isa::NumRegs].base;
  }
  /// Starts a round: every slot is "itself plus 0".
  void retag() {
    for (unsigned s = 0; s != NumSlots; ++s) {
      slot(s).tag = int(s);
      slot(s).delta = 0;
    }
    forgetFlightTags();
  }
  void forgetFlightTags() {
    for (Flight &f : flights)
      for (Access &a : f.accesses)
        a.base.tag = -1;
  }
};

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

class Walker {
public:
  Walker(Context &c, size_t cls, const LoadImage &image)
      : c(c), cls(cls), k(c.program.classes[cls]), image(image),
        sram(c.target.sramBytes) {}

  ClassFacts run() {
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
    if (!checkTasks() || !usableCode())
      return facts;
    changeable.resize(sram);
    for (unsigned attempt = 0;; ++attempt) {
      walk();
      if (!relied.anyCommon(stored) || attempt == 3)
        break;
      changeable |= stored; // constants that the code overwrites are none
    }
    for (const Found &f : found)
      c.findings.add(f.key.first, f.message);
    facts.walked = halted;
    facts.traffic = traffic;
    facts.peakBytes = peak;
    facts.peakReached = peakReached;
    facts.events = std::move(recorded);
    return facts;
  }

private:
  //===--- messages
  //---------------------------------------------------------===//
  std::string where(const Instr &i) const {
    return className(c, cls) + ": '" + isa::print(i) + "' at word " +
           std::to_string(i.wordIndex);
  }
  /// One finding per rule and instruction.
  void report(const char *rule, const Instr &i, const std::string &what) {
    std::pair<std::string, uint32_t> key = {rule, i.wordIndex};
    if (reported.insert(key).second)
      found.push_back({key, where(i) + ": " + what});
  }
  void report(const char *rule, const std::string &what) {
    std::pair<std::string, uint32_t> key = {rule, ~0u};
    if (reported.insert(key).second)
      found.push_back({key, className(c, cls) + ": " + what});
  }

  void forgetFindings(size_t keep) {
    for (size_t n = keep; n < found.size(); ++n)
      reported.erase(found[n].key);
    found.erase(found.begin() + std::min(keep, found.size()), found.end());
  }

  //===--- tasks
  //------------------------------------------------------------===//
  bool checkTasks() {
    bool ok = true, start = false;
    std::set<uint32_t> ids;
    for (const bin::Task &t : k.tasks) {
      std::string name = className(c, cls) + ": task " + std::to_string(t.id);
      if (t.id > 30 || !ids.insert(t.id).second) {
        c.findings.add("R-TASK-1", name + (t.id > 30 ? " is above 30"
                                                     : " is stated twice"));
        ok = false;
      }
      int64_t entry = structure->at(t.entry);
      if (entry < 0) {
        c.findings.add("R-TASK-1", name + " enters at word " +
                                       std::to_string(t.entry) +
                                       ", which starts no instruction");
        ok = false;
        continue;
      }
      Structure::Sequence seq;
      std::string error;
      if (!structure->parse(size_t(entry), true, seq, error)) {
        c.findings.add("R-OP-5", name + ": " + error);
        ok = false;
      }
      start |= t.start;
    }
    if (!start) {
      c.findings.add("R-TASK-2", className(c, cls) +
                                     " has no start task, so it never halts");
      ok = false;
    }
    return ok;
  }

  bool usableCode() const {
    return k.codeAddr + uint64_t(k.code.size()) * 4 <= sram;
  }

  void walk() {
    found.clear();
    reported.clear();
    traffic = {};
    recorded.clear();
    events = &recorded;
    peak = peakReached = 0;
    halted = false;
    activations.clear();
    steps = 0;
    multiplier = 1;
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

  void runTasks(std::set<uint32_t> &runnable) {
    activated = &runnable;
    while (!halted && !runnable.empty() && !exhausted()) {
      uint32_t id = nextTask(runnable);
      for (const bin::Task &t : k.tasks)
        if (t.id == id)
          execute(size_t(structure->at(t.entry)), instrs.size());
    }
    if (exhausted())
      report(
          "R-TASK-2",
          "not at halt after " + std::to_string(StepBudget) +
              " abstract steps; the tasks never end, or loops nest too deep");
    else if (!halted)
      report("R-TASK-2", "the last task ends without halt");
  }

  /// The lowest of the runnable tasks. That it is runnable in time is sure if
  /// it is a start task, or if all that are runnable were activated after it.
  uint32_t nextTask(std::set<uint32_t> &runnable) {
    uint32_t id = *runnable.begin();
    if (llvm::is_contained(activations, id) &&
        (activations.front() != id || runnable.size() > activations.size()))
      report("R-TASK-1", "task " + std::to_string(id) +
                             " is activated while others are, or are to start: "
                             "which comes first depends on time");
    runnable.erase(id);
    llvm::erase(activations, id);
    return id;
  }

  bool exhausted() const { return steps > StepBudget; }

  /// What the host reads after halt must have been written.
  void checkResults() {
    if (!halted)
      return;
    int missing = -1;
    for (int b : image.results.set_bits())
      if (!have.test(unsigned(b))) {
        missing = b;
        break;
      }
    if (missing >= 0)
      report("R-MEM-3", "the host reads an output at byte " +
                            std::to_string(missing) + ", which nothing wrote");
  }

  //===--- control flow
  //-----------------------------------------------------===//

  /// Runs from `pc` to `end` (a loop's EndLoop) or to the end of the sequence.
  void execute(size_t pc, size_t end) {
    while (pc != end && !halted && !exhausted()) {
      const Instr &i = instrs[pc];
      ++steps;
      fetch(i, 1);
      switch (i.op) {
      case Op::Loop:
        loop(pc, i);
        pc = structure->loopEnd[pc];
        fetch(instrs[pc], uint32_t(i.imm));
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

  void fetch(const Instr &i, uint64_t times) {
    traffic.instructions =
        satAdd(traffic.instructions, satMul(times, multiplier));
    uint64_t end = k.codeAddr + 4 * uint64_t(i.wordIndex + i.numWords);
    peak = std::max(peak, end);
    peakReached = std::max(peakReached, end);
  }

  void loop(size_t pc, const Instr &i) {
    size_t body = pc + 1, end = structure->loopEnd[pc];
    int64_t trips = uint32_t(i.imm);
    if (structure->unrolled[pc]) {
      for (int64_t round = 0; round != trips && !halted && !exhausted();
           ++round) {
        setReg(i.a, Value::constant(round));
        execute(body, end);
      }
    } else {
      summarise(i, body, end, trips);
    }
    // What the counter holds afterwards is nobody's business.
    setReg(i.a, Value::range(trips - 1, trips, 1, false));
  }

  /// Round 0 exactly, all others at once.
  void summarise(const Instr &i, size_t body, size_t end, int64_t trips) {
    State entry = state;
    state.retag();
    setReg(i.a, Value::constant(0));
    execute(body, end);
    if (halted || exhausted())
      return;
    State first = state; // its tags say what round 0 did to each slot
    if (trips == 1) {
      retagAfter(entry, first, first, 1);
      return;
    }
    State head = first;
    for (unsigned s = 0; s != NumSlots; ++s)
      head.slot(s) =
          advance(head.slot(s), stride(first, s).value_or(0), trips - 2);
    State out;
    // Slots that do not settle go to "anything", so few attempts suffice.
    uint64_t outer = multiplier, outerPeak = peak, outerReached = peakReached;
    Traffic before = traffic;
    std::vector<Event> rounds, *around = events;
    size_t findings = found.size();
    bool confirmed = false;
    for (unsigned attempt = 0; !halted && !exhausted(); ++attempt) {
      traffic = before;
      peak = outerPeak;
      peakReached = outerReached;
      forgetFindings(findings); // of an attempt from wrong assumptions
      rounds.clear();
      events = &rounds;
      multiplier = satMul(outer, uint64_t(trips - 1));
      state = head;
      state.retag();
      setReg(i.a, Value::range(1, trips - 1, 1, true));
      execute(body, end);
      multiplier = outer;
      events = around;
      out = state;
      // A round may read what the one before wrote further down: findings
      // stand only if they are found again when all writes are known.
      if (!settle(first, head, out, i.a, attempt))
        continue;
      if (confirmed || found.size() == findings)
        break;
      confirmed = true;
    }
    for (unsigned s = 0; s != NumSlots; ++s)
      if (auto d = stride(first, s)) {
        Value v = shiftBy(first.slot(s), 0);
        state.slot(s) = *d == 0 ? v : lastRound(v, *d, trips - 1);
      }
    retagAfter(entry, first, out, trips);
    if (!rounds.empty())
      events->push_back({Event::Repeat, false, 0, -1, -1, -1,
                         uint64_t(trips - 1), std::move(rounds)});
  }

  static Value lastRound(Value v, int64_t d, int64_t rounds) {
    __int128 far = __int128(d) * rounds;
    v.tag = -1;
    return far > INT32_MAX || far < INT32_MIN ? Value()
                                              : shiftBy(v, int64_t(far));
  }

  /// By how much slot s advanced in the round that `s0` ended, if by a
  /// constant.
  static std::optional<int64_t> stride(State &s0, unsigned s) {
    Value &v = s0.slot(s);
    if (v.tag != int(s))
      return std::nullopt;
    return v.delta;
  }

  /// Does the round that began in `head` and ended in `out` confirm `head`?
  /// Widens `head` (and gives up strides of `first`) where it does not.
  bool settle(State &first, State &head, State &out, unsigned counter,
              unsigned attempt) {
    bool ok = true;
    for (unsigned s = 1; s != NumSlots; ++s) {
      if (s == counter)
        continue;
      auto d = stride(first, s);
      if (d && stride(out, s) == d)
        continue;
      if (d) { // no constant advance after all
        first.slot(s).tag = -1;
        head.slot(s) = *d == 0 ? join(first.slot(s), out.slot(s)) : Value();
        ok = false;
      } else if (!head.slot(s).contains(out.slot(s))) {
        head.slot(s) = attempt == 0 ? join(head.slot(s), out.slot(s)) : Value();
        ok = false;
      }
    }
    for (auto it = head.spilled.begin(); it != head.spilled.end();) {
      auto now = out.spilled.find(it->first);
      if (now != out.spilled.end() && it->second.contains(now->second)) {
        ++it;
        continue;
      }
      it = head.spilled.erase(it);
      ok = false;
    }
    for (unsigned d = 0; d != isa::NumDsrs; ++d)
      if (head.dsrs[d].dsd !=
          out.dsrs[d].dsd) { // set by the body in both: once
        head.dsrs[d].dsd = out.dsrs[d].dsd;
        ok = false;
      }
    return ok;
  }

  /// Tags of the state after a loop, relative to the round of the loop around.
  void retagAfter(State &entry, State &first, State &out, int64_t trips) {
    state.forgetFlightTags();
    for (unsigned s = 0; s != NumSlots; ++s) {
      Value f = first.slot(s), o = out.slot(s);
      Value &v = state.slot(s);
      int from = -1;
      int64_t delta = 0;
      if (auto d = stride(first, s)) {
        from = int(s);
        delta = *d * trips;
      } else if (f.tag >= 0 && f.tag == o.tag && f.delta == o.delta &&
                 stride(first, unsigned(f.tag)) == std::optional<int64_t>(0)) {
        from = f.tag;
        delta = f.delta;
      }
      v.tag = -1;
      if (from < 0 || v.isTop())
        continue;
      const Value &e = entry.slot(unsigned(from));
      v.tag = e.tag;
      v.delta = e.delta + delta;
    }
  }

  //===--- scalar instructions
  //----------------------------------------------===//
  void setReg(unsigned r, const Value &v) {
    if (r != 0)
      state.regs[r] = v;
  }

  const Value &reg(const Instr &i, unsigned r) {
    static const Value zero = Value::constant(0);
    if (r == 0)
      return zero;
    for (const Flight &f : state.flights)
      if (f.op && f.op->dst == Operand{OperandKind::Reg, uint8_t(r)})
        report("R-MEM-5", i,
               "r" + std::to_string(r) + " is the destination of '" +
                   isa::print(*f.op) + "', which is in flight");
    return state.regs[r];
  }

  void instruction(const Instr &i) {
    if (i.isVector())
      return vector(i);
    switch (i.op) {
    case Op::Nop:
      return;
    case Op::Li:
      return setReg(i.a, Value::constant(i.imm));
    case Op::Addi:
    case Op::Muli:
    case Op::Andi:
      return setReg(i.a,
                    evaluate(i.op, {}, reg(i, i.b), Value::constant(i.imm)));
    case Op::Shli:
    case Op::Shri:
      return setReg(i.a, evaluate(i.op, {}, reg(i, i.b), Value::constant(i.c)));
    case Op::Ld:
    case Op::Ld16:
    case Op::LdH:
    case Op::LdB:
      return load(i);
    case Op::St:
    case Op::St16:
    case Op::StH:
    case Op::StB:
      return store(i);
    case Op::Coord:
      return setReg(i.a, coordinate(i.b == 1));
    case Op::Activate:
      return activate(i);
    case Op::Wait:
      if (i.a >= c.target.microthreads)
        return report("R-OP-4", i, microthreadRange());
      if (state.flights[i.a].fabric)
        events->push_back({Event::Wait, false, i.a, -1, -1, -1, 0, {}});
      state.flights[i.a] = {};
      return;
    case Op::Dsd:
      return setDsr(i);
    case Op::DsdAdd:
      if (!state.dsrs[i.a].dsd)
        report("R-OP-1", i, "d" + std::to_string(i.a) + " holds no descriptor");
      state.dsrs[i.a].base = evaluate(Op::Add, {}, state.dsrs[i.a].base,
                                      shiftBy(reg(i, i.b), i.imm));
      return;
    case Op::FMac:
      traffic.macs = satAdd(traffic.macs, multiplier);
      [[fallthrough]];
    default:
      return setReg(i.a,
                    evaluate(i.op, state.regs[i.a], reg(i, i.b), reg(i, i.c)));
    }
  }

  std::string microthreadRange() const {
    return "the target has microthreads 0 to " +
           std::to_string(c.target.microthreads - 1);
  }

  void activate(const Instr &i) {
    for (const bin::Task &t : k.tasks)
      if (t.id == i.a) {
        if (activated->insert(t.id).second)
          activations.push_back(t.id);
        return;
      }
    report("R-TASK-1", i, "the class has no task " + std::to_string(i.a));
  }

  Value coordinate(bool y) const {
    Value v;
    bool first = true;
    for (const Pattern &p : c.where[cls]) {
      int64_t a = y ? p.y0 : p.x0, n = y ? p.h : p.w, s = y ? p.dy : p.dx;
      Value w = Value::range(a, a + (n - 1) * s, n == 1 ? 0 : s, false);
      v = first ? w : join(v, w);
      first = false;
    }
    return v;
  }

  void checkBrain(const Instr &i) {
    if (!c.target.bf16)
      report("R-OP-6", i, "bf16 is not a type of the target");
  }

  void load(const Instr &i) {
    unsigned bytes = i.op == Op::Ld ? 4 : 2;
    if (i.op == Op::LdB)
      checkBrain(i);
    Value at = shiftBy(reg(i, i.b), i.imm);
    const Shape *shape = scalarShape(bytes);
    Access a{shape, at, false};
    touch(i, a);
    race(i, a, nullptr);
    bool isFloat = i.op == Op::LdH || i.op == Op::LdB;
    Value v = isFloat ? Value() : known(at, bytes);
    v.tag = -1;
    setReg(i.a, v);
  }

  void store(const Instr &i) {
    unsigned bytes = i.op == Op::St ? 4 : 2;
    if (i.op == Op::StB)
      checkBrain(i);
    Value at = shiftBy(reg(i, i.b), i.imm);
    Access a{scalarShape(bytes), at, true};
    Value v = reg(i, i.a);
    v.tag = -1;
    touch(i, a);
    race(i, a, nullptr);
    if (bytes == 4 && at.isConst())
      state.spilled[at.lo] = v;
  }

  /// What a load may give: a spilled scalar, constants, or anything.
  Value known(const Value &at, unsigned bytes) {
    if (at.isTop() || (at.step && (at.hi - at.lo) / at.step > 4096))
      return {};
    if (bytes == 4 && at.isConst())
      if (auto it = state.spilled.find(at.lo); it != state.spilled.end())
        return it->second;
    const auto &words = bytes == 4 ? image.words32 : image.words16;
    Value v;
    for (int64_t a = at.lo; a <= at.hi; a += std::max<int64_t>(at.step, 1)) {
      auto it = a < 0 ? words.end() : words.find(uint32_t(a));
      if (it == words.end() || a + bytes > sram ||
          changeable.find_first_in(unsigned(a), unsigned(a + bytes)) >= 0)
        return {};
      relied.set(unsigned(a), unsigned(a + bytes));
      Value w = Value::range(it->second.lo, it->second.hi,
                             it->second.lo == it->second.hi ? 0 : 1, false);
      v = a == at.lo ? w : join(v, w);
    }
    return v;
  }

  //===--- descriptors
  //------------------------------------------------------===//
  const Shape *scalarShape(unsigned bytes) {
    Shape &s = bytes == 4 ? scalar4 : scalar2;
    s = {1, bytes, 0, bytes, {{0, bytes}}, {}};
    return &s;
  }

  void setDsr(const Instr &i) {
    const Target &t = c.target;
    if (i.dtype == isa::DType::BF16)
      checkBrain(i);
    if (i.dims.size() > t.maxDsdDims)
      report("R-OP-1", i,
             std::to_string(i.dims.size()) + " dimensions, at most " +
                 std::to_string(t.maxDsdDims) + " are allowed");
    for (const isa::DsdDim &d : i.dims) {
      if (d.length > t.maxDsdExtent)
        report("R-OP-1", i,
               "extent " + std::to_string(d.length) + ", at most " +
                   std::to_string(t.maxDsdExtent) + " is allowed");
      if (uint32_t(std::abs(int(d.stride))) > t.maxDsdStride)
        report("R-OP-1", i,
               "stride " + std::to_string(d.stride) + ", at most " +
                   std::to_string(t.maxDsdStride) + " is allowed");
    }
    state.dsrs[i.a] = {&i, shiftBy(reg(i, i.b), i.imm)};
  }

  const Shape &shapeOf(const Instr &dsd) {
    auto [it, isNew] = shapes.try_emplace(dsd.wordIndex);
    Shape &s = it->second;
    if (!isNew)
      return s;
    s.bytes = isa::dtypeBytes(dsd.dtype);
    s.count = 1;
    s.hi = s.bytes;
    for (const isa::DsdDim &d : dsd.dims) {
      s.count = satMul(s.count, d.length);
      int64_t reach = int64_t(d.length - 1) * d.stride * s.bytes;
      (reach < 0 ? s.lo : s.hi) += reach;
    }
    s.runs = runsOf(dsd, s);
    s.dims = dsd.dims;
    return s;
  }

  /// The exact byte runs; empty if there are too many to care.
  static Runs runsOf(const Instr &dsd, const Shape &s) {
    std::vector<std::pair<int64_t, int64_t>> dims; // |stride| in bytes, length
    for (const isa::DsdDim &d : dsd.dims)
      if (d.length > 1 && d.stride != 0)
        dims.push_back({std::abs(int64_t(d.stride)) * s.bytes, d.length});
    std::sort(dims.begin(), dims.end());
    int64_t block = s.bytes;
    size_t n = 0;
    while (n != dims.size() && dims[n].first <= block) {
      block += (dims[n].second - 1) * dims[n].first;
      ++n;
    }
    Runs runs = {{s.lo, block}};
    for (; n != dims.size(); ++n) {
      if (runs.size() * uint64_t(dims[n].second) > 8192)
        return {};
      Runs next;
      for (int64_t j = 0; j != dims[n].second; ++j)
        for (const auto &r : runs)
          next.push_back({r.first + j * dims[n].first, r.second});
      runs = std::move(next);
    }
    std::sort(runs.begin(), runs.end());
    return runs;
  }

  //===--- memory
  //-----------------------------------------------------------===//

  /// Bounds, alignment, initialisation, and what a write leaves behind.
  void touch(const Instr &i, const Access &a) {
    const char *verb = a.write ? "writes" : "reads";
    if (a.base.isTop()) {
      report("R-MEM-2", i,
             std::string(verb) + " at an address that cannot be bounded");
      if (a.write)
        touchBytes(0, sram);
      return;
    }
    int64_t lo = a.base.lo + a.shape->lo, hi = a.base.hi + a.shape->hi;
    std::string range = std::string(verb) + " bytes " + std::to_string(lo) +
                        " to " + std::to_string(hi);
    if (a.base.lo % a.shape->bytes || a.base.step % a.shape->bytes)
      report("R-MEM-2", i,
             range + ", not aligned to " + std::to_string(a.shape->bytes));
    if (lo < 0 || hi > int64_t(sram)) {
      report("R-MEM-2", i, range + ", SRAM has " + std::to_string(sram));
      if (a.write)
        touchBytes(std::max<int64_t>(lo, 0), std::min<int64_t>(hi, sram));
      return;
    }
    if (lo < int64_t(c.target.reservedBytes))
      report("R-MEM-1", i,
             range + ", the lowest " + std::to_string(c.target.reservedBytes) +
                 " are reserved");
    peak = std::max(peak, uint64_t(hi));
    if (a.base.exact)
      peakReached = std::max(peakReached, uint64_t(hi));
    if (a.write)
      write(i, a);
    else
      read(i, a);
  }

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
    for (; lo <= hi; lo += std::max<int64_t>(step, 1))
      for (const auto &r : runs)
        f(lo + r.first, lo + r.first + r.second, true);
  }

  void read(const Instr &i, const Access &a) {
    forEachRun(a, [&](int64_t begin, int64_t end, bool) {
      declared(i, "reads", begin, end);
      int missing = have.find_first_unset_in(unsigned(begin), unsigned(end));
      if (missing >= 0 && !writtenBefore(a) &&
          !meetsCode(i, "reads", begin, end))
        report("R-MEM-3", i,
               "reads byte " + std::to_string(missing) +
                   ", which nothing has written on some PE of the class");
    });
  }

  /// Does the op write each of the bytes it reads here before it reads them, if
  /// no one else has? Both walks are followed element by element.
  bool writtenBefore(const Access &a) {
    if (!ownResult || !a.base.isConst() || !ownResult->base.isConst())
      return false;
    Walk reads(a), writes(*ownResult);
    llvm::BitVector now = have;
    for (uint64_t n = std::min(a.shape->count, ownResult->shape->count); n--;) {
      unsigned r = unsigned(reads.next()), w = unsigned(writes.next());
      if (now.find_first_unset_in(r, r + a.shape->bytes) >= 0)
        return false;
      now.set(w, w + ownResult->shape->bytes);
    }
    return true;
  }

  /// The addresses of the elements of a walk, in order.
  class Walk {
  public:
    explicit Walk(const Access &a)
        : shape(*a.shape), base(a.base.lo), at(a.shape->dims.size()) {}
    int64_t next() {
      int64_t address = base;
      for (size_t d = 0; d != at.size(); ++d)
        address += int64_t(at[d]) * shape.dims[d].stride * shape.bytes;
      for (size_t d = at.size(); d-- && ++at[d] == shape.dims[d].length;)
        at[d] = 0;
      return address;
    }

  private:
    const Shape &shape;
    int64_t base;
    std::vector<uint32_t> at;
  };

  void write(const Instr &i, const Access &a) {
    forEachRun(a, [&](int64_t begin, int64_t end, bool each) {
      touchBytes(begin, end);
      if (a.base.exact && each)
        have.set(unsigned(begin), unsigned(end));
      meetsCode(i, "writes", begin, end);
      declared(i, "writes", begin, end);
    });
  }

  void declared(const Instr &i, const char *verb, int64_t begin, int64_t end) {
    if (image.declared.empty())
      return;
    int at = image.declared.find_first_unset_in(unsigned(begin), unsigned(end));
    if (at >= 0 && !meetsCode(i, verb, begin, end))
      report("R-MEM-7", i,
             std::string(verb) + " byte " + std::to_string(at) +
                 ", which lies in no range of .weft.memory");
  }

  bool meetsCode(const Instr &i, const char *verb, int64_t begin, int64_t end) {
    int64_t code = k.codeAddr, codeEnd = code + 4 * int64_t(k.code.size());
    if (begin >= codeEnd || end <= code)
      return false;
    report("R-MEM-4", i,
           std::string(verb) + " bytes " + std::to_string(begin) + " to " +
               std::to_string(end) + ", the code lies at " +
               std::to_string(code) + " to " + std::to_string(codeEnd));
    return true;
  }

  /// What was known of these bytes is so no more.
  void touchBytes(int64_t begin, int64_t end) {
    if (begin >= end)
      return;
    stored.set(unsigned(begin), unsigned(end));
    auto &s = state.spilled;
    s.erase(s.lower_bound(begin - 3), s.lower_bound(end));
  }

  //===--- vector ops
  //-------------------------------------------------------===//

  /// Do both surely touch a common byte? Unknown relations count as no.
  static bool overlap(const Access &a, const Access &b, bool &unsure) {
    if (a.base.isTop() || b.base.isTop())
      return false; // reported
    if (a.base.lo + a.shape->lo >= b.base.hi + b.shape->hi ||
        b.base.lo + b.shape->lo >= a.base.hi + a.shape->hi)
      return false;
    int64_t distance; // of b's base from a's
    if (a.base.isConst() && b.base.isConst()) {
      distance = b.base.lo - a.base.lo;
    } else if (a.base.tag >= 0 && a.base.tag == b.base.tag) {
      distance = b.base.delta - a.base.delta;
    } else {
      unsure = true;
      return false;
    }
    if (a.shape->runs.empty() || b.shape->runs.empty()) {
      unsure = true;
      return false;
    }
    auto i = a.shape->runs.begin();
    auto j = b.shape->runs.begin();
    while (i != a.shape->runs.end() && j != b.shape->runs.end()) {
      int64_t jb = j->first + distance;
      if (i->first < jb + j->second && jb < i->first + i->second)
        return true;
      if (i->first + i->second < jb + j->second)
        ++i;
      else
        ++j;
    }
    return false;
  }

  /// R-MEM-5 of `a` against all ops in flight but `self`.
  void race(const Instr &i, const Access &a, const Flight *self) {
    for (const Flight &f : state.flights) {
      if (!f.op || &f == self)
        continue;
      for (unsigned n = 0; n != f.numAccesses; ++n) {
        const Access &b = f.accesses[n];
        bool unsure = false;
        if ((a.write || b.write) && overlap(a, b, unsure))
          report("R-MEM-5", i,
                 std::string(a.write ? "writes" : "reads") + " bytes that '" +
                     isa::print(*f.op) + "' at word " +
                     std::to_string(f.op->wordIndex) + " " +
                     (b.write ? "writes" : "reads") + " in flight");
        else if (unsure && (a.write || b.write))
          report("R-MEM-5", i,
                 "may meet bytes of '" + isa::print(*f.op) + "' at word " +
                     std::to_string(f.op->wordIndex) +
                     ", in flight: how far apart they are is not known");
      }
    }
  }

  struct Operands {
    uint64_t count = 0; // elements
    unsigned bytes = 0; // of the widest element in memory
    uint64_t words() const { return isa::waveletsOf(count, bytes); }
    std::array<Access, 4> accesses;
    unsigned numAccesses = 0;
    unsigned fabricIn = 0;
  };

  void vector(const Instr &i) {
    checkTypes(i);
    // An op may read what it wrote a few elements earlier, unless it reads
    // where it writes.
    Access result;
    if (const Instr *d = dsdOf(i.dst); d && !readsDestination(i))
      result = {&shapeOf(*d), state.dsrs[i.dst.index].base, true};
    ownResult = result.shape && !result.base.isTop() ? &result : nullptr;
    vectorOperands(i);
    ownResult = nullptr;
  }

  static bool readsDestination(const Instr &i) {
    return i.op == Op::VFMac || i.op == Op::VSel;
  }

  const Instr *dsdOf(Operand op) const {
    return op.kind == OperandKind::Dsr ? state.dsrs[op.index].dsd : nullptr;
  }

  /// vmov converts between widths within a family.
  void checkTypes(const Instr &i) {
    auto isInt = [](const Instr *d) {
      return d && (d->dtype == isa::DType::I32 || d->dtype == isa::DType::I16);
    };
    const Instr *dst = dsdOf(i.dst), *src0 = dsdOf(i.src0);
    if (i.op == Op::VMov && dst && src0 && isInt(dst) != isInt(src0) &&
        isa::dtypeBytes(dst->dtype) != isa::dtypeBytes(src0->dtype))
      report("R-OP-2", i, "vmov does not convert between floats and integers");
  }

  void vectorOperands(const Instr &i) {
    Operands o;
    o.count = i.extended ? i.length : 0;
    if (i.async && i.microthread >= c.target.microthreads)
      report("R-OP-4", i, microthreadRange());
    memoryOperand(i, i.src0, false, o);
    memoryOperand(i, i.src1, false, o);
    if (readsDestination(i))
      memoryOperand(i, i.dst, false, o);
    if (i.dst.kind == OperandKind::Dsr)
      memoryOperand(i, i.dst, true, o);
    if (o.count == 0)
      report("R-OP-3", i, "no operand in memory, and no length");
    Event e{Event::Op, i.async, uint8_t(i.microthread & 15), -1, -1, -1,
            o.words(), {}};
    e.in0 = fabricOperand(i, i.src0, o);
    e.in1 = fabricOperand(i, i.src1, o);
    e.out = fabricOperand(i, i.dst, o);
    bool fabric = e.in0 >= 0 || e.in1 >= 0 || e.out >= 0;
    if (fabric)
      events->push_back(std::move(e));
    if (o.fabricIn > c.target.fabricInputsPerOp)
      report("R-QUE-4", i,
             std::to_string(o.fabricIn) + " fabric inputs, at most " +
                 std::to_string(c.target.fabricInputsPerOp) + " are allowed");
    for (Operand src : {i.src0, i.src1})
      if (src.kind == OperandKind::Reg)
        reg(i, src.index);
    traffic.elements = satAdd(traffic.elements, satMul(o.count, multiplier));
    if (i.op == Op::VFMac || i.op == Op::VFDot)
      traffic.macs = satAdd(traffic.macs, satMul(o.count, multiplier));
    if (i.dst.kind == OperandKind::Reg) {
      reg(i, i.dst.index); // reductions add to what it holds
      setReg(i.dst.index, {});
    }
    issue(i, o, fabric);
  }

  /// Reads come first so that an op may read what it overwrites.
  void memoryOperand(const Instr &i, Operand op, bool write, Operands &o) {
    if (op.kind != OperandKind::Dsr)
      return;
    const Dsr &d = state.dsrs[op.index];
    if (!d.dsd) {
      report("R-OP-1", i,
             "d" + std::to_string(op.index) + " holds no descriptor");
      o.count = std::max<uint64_t>(o.count, 1);
      return;
    }
    const Shape &s = shapeOf(*d.dsd);
    if (o.count == 0)
      o.count = s.count;
    else if (o.count != s.count)
      report("R-OP-2", i,
             "d" + std::to_string(op.index) + " has " +
                 std::to_string(s.count) + " elements, the op " +
                 std::to_string(o.count));
    o.bytes = std::max(o.bytes, s.bytes);
    Access a{&s, d.base, write};
    touch(i, a);
    if (o.numAccesses != o.accesses.size())
      o.accesses[o.numAccesses++] = a;
  }

  /// Returns the colour of a fabric operand, else -1.
  int fabricOperand(const Instr &i, Operand op, Operands &o) {
    bool in = op.kind == OperandKind::FabIn;
    if (!in && op.kind != OperandKind::FabOut)
      return -1;
    const auto &allowed =
        in ? c.target.inQueues.value : c.target.outQueues.value;
    std::string name = std::string(in ? "input" : "output") + " queue " +
                       std::to_string(op.index);
    if (std::find(allowed.begin(), allowed.end(), op.index) == allowed.end())
      report("R-QUE-1", i, name + " is not one that programs may use");
    o.fabricIn += in;
    if (in && i.src0 == i.src1)
      report("R-FAB-8", i, name + " feeds both sources");
    for (const Flight &f : state.flights)
      if (f.op && (f.op->dst == op || f.op->src0 == op || f.op->src1 == op))
        report("R-FAB-8", i,
               name + " is in use by '" + isa::print(*f.op) + "', in flight");
    for (const bin::QueueBinding &q : k.queues)
      if (q.queue == op.index && q.output != in) {
        uint64_t &n = (in ? traffic.received : traffic.sent)[q.color];
        n = satAdd(n, satMul(o.words(), multiplier));
        return q.color;
      }
    report("R-QUE-1", i, name + " is bound to no colour");
    return -1;
  }

  void issue(const Instr &i, const Operands &o, bool fabric) {
    for (unsigned n = 0; n != o.numAccesses; ++n)
      race(i, o.accesses[n], nullptr);
    if (!i.async)
      return;
    Flight &f = state.flights[i.microthread & 15];
    if (f.op)
      report("R-OP-4", i,
             "microthread " + std::to_string(i.microthread) + " still runs '" +
                 isa::print(*f.op) + "'; a wait is missing");
    f.op = &i;
    f.fabric = fabric;
    f.accesses = o.accesses;
    f.numAccesses = o.numAccesses;
  }

  Context &c;
  size_t cls;
  const bin::PEClass &k;
  const LoadImage &image;
  unsigned sram;
  std::vector<Instr> instrs;
  Structure *structure = nullptr;
  std::set<uint32_t> *activated = nullptr;
  std::map<uint32_t, Shape> shapes; // by word index of the dsd
  Shape scalar4, scalar2;

  State state;
  const Access *ownResult = nullptr; // of the op at hand
  Traffic traffic;
  std::vector<Event> recorded, *events = nullptr; // the list being filled
  uint64_t multiplier = 1, steps = 0, peak = 0, peakReached = 0;
  bool halted = false;
  std::vector<uint32_t> activations; // of tasks that have not started, in order
  llvm::BitVector have;       // bytes written so far, or loaded on every PE
  llvm::BitVector stored;     // bytes the code may write
  llvm::BitVector relied;     // constants that loads took as known
  llvm::BitVector changeable; // bytes that are no constants after all
  struct Found {
    std::pair<std::string, uint32_t> key; // rule and word
    std::string message;
  };
  std::vector<Found> found;
  std::set<std::pair<std::string, uint32_t>> reported;
};

} // namespace

ClassFacts weft::verify::walkClass(Context &c, size_t cls,
                                   const LoadImage &image) {
  return Walker(c, cls, image).run();
}
