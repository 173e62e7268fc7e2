//===- CodeWalk.cpp - The dynamic instruction stream of a class, folded ---===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Follows control flow from each task's entry. Which descriptor a DSR holds
// decides how many elements an op has, so the walk carries, per DSR, the
// instruction that set it. Subroutines are walked once per different set of
// descriptors they inherit. If a class lists the kernels of its calls, each of
// these calls stays an item, and what it does is counted for its kernel at the
// end.
//
//===----------------------------------------------------------------------===//
#include "CodeWalk.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <set>

using namespace weft;
using namespace weft::cost;
using namespace weft::isa;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;

static llvm::Error fault(const bin::PEClass &c, uint32_t word,
                         const std::string &what) {
  return llvm::createStringError("class '" + c.name + "': word " +
                                 std::to_string(word) + ": " + what);
}

//===----------------------------------------------------------------------===//
// Totals
//===----------------------------------------------------------------------===//

template <typename K>
static void addScaled(std::map<K, uint64_t> &to,
                      const std::map<K, uint64_t> &from, uint64_t times) {
  for (const auto &[key, n] : from)
    to[key] = SaturatingAdd(to[key], SaturatingMultiply(n, times));
}

void Totals::add(const Totals &o, uint64_t times) {
  for (const auto &[k, v] : o.kernels) {
    PerKernel &mine = kernels[k];
    mine.macs = SaturatingAdd(mine.macs, SaturatingMultiply(v.macs, times));
    mine.cycles =
        SaturatingAdd(mine.cycles, SaturatingMultiply(v.cycles, times));
    mine.pipe = SaturatingAdd(mine.pipe, SaturatingMultiply(v.pipe, times));
    mine.async = SaturatingAdd(mine.async, SaturatingMultiply(v.async, times));
    mine.slack = SaturatingAdd(mine.slack, SaturatingMultiply(v.slack, times));
  }
  addScaled(words, o.words, times);
  instructions =
      SaturatingAdd(instructions, SaturatingMultiply(o.instructions, times));
  elements = SaturatingAdd(elements, SaturatingMultiply(o.elements, times));
  addScaled(received, o.received, times);
  timedOps = SaturatingAdd(timedOps, SaturatingMultiply(o.timedOps, times));
  fetchedEnd = std::max(fetchedEnd, o.fetchedEnd);
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

namespace {

using DsrState = std::array<int32_t, NumDsrs>; // defining instruction, or -1

/// A subroutine as walked with one set of inherited descriptors.
struct Walked {
  Block *block = nullptr;
  uint32_t uses = 0;    // DSRs read before they are set
  uint32_t defines = 0; // DSRs set
  DsrState in{}, out{};
  // The same of address bits.
  uint64_t slotUses = 0, slotDefines = 0;
  Slots slotsIn, slotsOut;
  std::vector<uint64_t> rounds; // of the loops around it
};

class Walker {
public:
  Walker(const bin::PEClass &c, const Target &t, ClassCode &code)
      : c(c), t(t), code(code) {}
  llvm::Error run();

private:
  /// What one pass over a body knows.
  struct Frame {
    Block *block;
    DsrState dsrs;
    uint32_t uses = 0, defines = 0;
    Slots slots;
    uint64_t slotUses = 0, slotDefines = 0;

    Residue read(unsigned slot) {
      slotUses |= slotDefines >> slot & 1 ? 0 : uint64_t(1) << slot;
      return slots[slot];
    }
    void write(unsigned slot, const Residue &v) {
      if (!slot)
        return; // r0
      slotDefines |= uint64_t(1) << slot;
      slots[slot] = v;
    }
  };
  enum class End : uint8_t { EndLoop, Ret, Task };

  llvm::Error decodeCode();
  llvm::Error runTasks();
  llvm::Expected<uint32_t> body(uint32_t at, Frame &f, End end, unsigned depth);
  llvm::Expected<uint32_t> loop(uint32_t at, Frame &f, unsigned depth);
  llvm::Error call(uint32_t at, Frame &f, unsigned depth);
  llvm::Expected<Walked> subroutine(uint32_t word, const DsrState &in,
                                    const Slots &slots, uint32_t from, End end,
                                    unsigned depth);
  bool matches(const Walked &w, const DsrState &in, const Slots &slots) const;
  void enterRounds(const Instr &i, Frame &inner, uint64_t done) const;
  static void follow(const Instr &i, Frame &f);
  MeanRate rateOf(const Instr &i, const VectorForm &form,
                  const MemOperand mem[3], Frame &f) const;
  llvm::Error vector(const Instr &i, Frame &f);
  llvm::Error elements(const Instr &i, Frame &f, uint64_t &n,
                       MemOperand mem[3]);
  llvm::Error fabric(const Instr &i, TimedOp &op);
  void local(Frame &f, uint64_t cycles, uint32_t kernel);
  void append(Frame &f, Item item, bool timed);
  void absorb(Frame &f, const Block *b, uint64_t times);
  void fold(Frame &f, const Block *b, uint64_t times);
  bool listed() const { return listsCalls && callDepth == 0; }
  void attribute(const Block *b, size_t &next, Totals &to) const;
  void resolveCallers();
  uint64_t scalarCycles(const Instr &i) const;
  uint32_t kernelAt(uint32_t word) const;
  Block *newBlock() {
    code.blocks.push_back(std::make_unique<Block>());
    return code.blocks.back().get();
  }

  const bin::PEClass &c;
  const Target &t;
  ClassCode &code;
  std::vector<bin::CodeRange> ranges; // by begin
  bool listsCalls = false; // in the start task, whose calls are listed
  unsigned callDepth = 0;
  /// By word and by how kernels are found there.
  std::map<std::pair<uint32_t, unsigned>, std::vector<Walked>> memo;
  std::set<uint32_t> active; // subroutines being walked
  std::map<uint8_t, int> inColor, outColor;
  uint64_t steps = 0;
  std::vector<uint64_t> openLoops; // rounds
  mutable std::optional<EffectSums> effects;
};

constexpr uint64_t MaxSteps = 20000000;
constexpr unsigned MaxNest = 64; // the rule (R-OP-5) allows 16

} // namespace

llvm::Error Walker::decodeCode() {
  std::string error;
  auto instrs = decodeAll(c.code, error);
  if (!instrs)
    return llvm::createStringError("class '" + c.name + "': " + error);
  code.instrs = std::move(*instrs);
  code.atWord.assign(c.code.size(), -1);
  for (size_t k = 0; k < code.instrs.size(); ++k)
    code.atWord[code.instrs[k].wordIndex] = int32_t(k);
  effects.emplace(code.instrs, code.atWord);
  ranges = c.ranges;
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const bin::CodeRange &a, const bin::CodeRange &b) {
                     return a.begin < b.begin;
                   });
  for (int32_t k : c.callKernels)
    code.callKernels.push_back(k < 0 ? NoKernel : uint32_t(k));
  for (const bin::QueueBinding &q : c.queues)
    (q.output ? outColor : inColor)[q.queue] = q.color;
  return llvm::Error::success();
}

uint32_t Walker::kernelAt(uint32_t word) const {
  if (listsCalls && callDepth > 0)
    return CallerKernel;
  auto it = std::upper_bound(
      ranges.begin(), ranges.end(), word,
      [](uint32_t w, const bin::CodeRange &r) { return w < r.begin; });
  if (it == ranges.begin())
    return NoKernel;
  --it;
  return word < it->end ? it->kernel : NoKernel;
}

uint64_t Walker::scalarCycles(const Instr &i) const {
  switch (i.op) {
  case Op::Ld:
  case Op::Ld16:
  case Op::LdH:
  case Op::LdB:
    return t.scalarLoad;
  case Op::Dsd:
  case Op::DsdAdd:
    return t.dsdLoad;
  case Op::Call:
  case Op::Ret:
    return t.branchTaken;
  default:
    return t.scalarAlu;
  }
}

void Walker::local(Frame &f, uint64_t cycles, uint32_t kernel) {
  Totals::PerKernel &k = f.block->totals.kernels[kernel];
  k.cycles = SaturatingAdd(k.cycles, cycles);
  std::vector<Item> &items = f.block->items;
  if (!items.empty() && items.back().kind == Item::Local &&
      items.back().kernel == kernel) {
    items.back().cycles = SaturatingAdd(items.back().cycles, cycles);
    return;
  }
  Item item;
  item.kernel = kernel;
  item.cycles = cycles;
  items.push_back(item);
}

void Walker::append(Frame &f, Item item, bool timed) {
  f.block->items.push_back(item);
  f.block->timed |= timed;
}

/// Adds what `times` executions of b do, but for its place in the timeline.
void Walker::absorb(Frame &f, const Block *b, uint64_t times) {
  f.block->totals.add(b->totals, times);
  f.block->activates.insert(b->activates.begin(), b->activates.end());
  f.block->halts |= b->halts;
}

/// Replaces a block without fabric by its cycles.
void Walker::fold(Frame &f, const Block *b, uint64_t times) {
  for (const auto &[kernel, v] : b->totals.kernels) {
    Item item;
    item.kernel = kernel;
    item.cycles = SaturatingMultiply(v.cycles, times);
    append(f, item, false);
  }
}

llvm::Expected<uint32_t> Walker::body(uint32_t at, Frame &f, End end,
                                      unsigned depth) {
  if (depth > MaxNest)
    return fault(c, at, "loops and calls nest too deep (R-OP-5)");
  for (;;) {
    if (at >= code.atWord.size() || code.atWord[at] < 0)
      return fault(c, at, "control flow leaves the code");
    if (++steps > MaxSteps)
      return fault(c, at, "the code is too large to analyse");
    const Instr &i = code.instrs[code.atWord[at]];
    uint32_t next = at + i.numWords, kernel = kernelAt(at);
    Totals &totals = f.block->totals;
    totals.fetchedEnd = std::max(totals.fetchedEnd, next);
    totals.instructions = SaturatingAdd(totals.instructions, uint64_t(1));
    if (i.isVector()) {
      if (llvm::Error e = vector(i, f))
        return e;
      at = next;
      continue;
    }
    if (i.op == Op::EndLoop) {
      if (end != End::EndLoop)
        return fault(c, at, "endloop without loop (R-OP-5)");
      return next; // its cycles belong to the loop
    }
    if (i.op != Op::Call || !listed())
      local(f, scalarCycles(i), kernel);
    follow(i, f);
    Item item;
    item.kernel = kernel;
    item.index = i.a;
    switch (i.op) {
    case Op::Loop: {
      auto after = loop(at, f, depth);
      if (!after)
        return after.takeError();
      next = *after;
      break;
    }
    case Op::Call:
      if (llvm::Error e = call(at, f, depth))
        return e;
      break;
    case Op::Ret:
      if (end != End::Ret)
        return fault(c, at, "ret outside a subroutine, or inside its loop");
      return next;
    case Op::EndTask:
    case Op::Halt:
      item.kind = i.op == Op::Halt ? Item::Halt : Item::EndTask;
      f.block->halts |= i.op == Op::Halt;
      append(f, item, true);
      if (end != End::Task)
        return fault(c, at, "a task ends inside a loop or a subroutine");
      return next;
    case Op::Activate:
      item.kind = Item::Activate;
      f.block->activates.insert(i.a);
      append(f, item, true);
      break;
    case Op::Wait:
      item.kind = Item::Wait;
      append(f, item, true);
      break;
    case Op::Dsd:
      f.dsrs[i.a % NumDsrs] = code.atWord[at];
      f.defines |= 1u << (i.a % NumDsrs);
      break;
    case Op::FMac: {
      Totals::PerKernel &k = f.block->totals.kernels[kernel];
      k.macs = SaturatingAdd(k.macs, uint64_t(1));
      break;
    }
    default:
      break;
    }
    at = next;
  }
}

/// A loop's body is walked once; twice if its first round sees other
/// descriptors than the later ones.
llvm::Expected<uint32_t> Walker::loop(uint32_t at, Frame &f, unsigned depth) {
  const Instr &i = code.instrs[code.atWord[at]];
  if (i.imm < 1)
    return fault(c, at, "a loop of " + std::to_string(i.imm) + " rounds");
  uint64_t rounds = uint32_t(i.imm), done = 0;
  uint32_t after = 0;
  bool alike = true;
  while (done < rounds) {
    uint64_t times = alike ? rounds - done : 1;
    openLoops.push_back(times);
    Frame inner{newBlock(), f.dsrs, 0, 0, f.slots};
    enterRounds(i, inner, done);
    auto next = body(at + i.numWords, inner, End::EndLoop, depth + 1);
    openLoops.pop_back();
    if (!next)
      return next;
    after = *next;
    if (alike && times > 1 && (inner.uses & inner.defines) &&
        inner.dsrs != f.dsrs) {
      alike = false; // the first round is walked again, on its own
      continue;
    }
    alike = true;
    f.uses |= inner.uses & ~f.defines;
    f.defines |= inner.defines;
    f.slotUses |= inner.slotUses & ~f.slotDefines;
    f.slotDefines |= inner.slotDefines;
    for (unsigned s = 0; s < NumSlots; ++s)
      f.slots[s] = inner.slots[s].inRound(openLoops.size(), times - 1);
    f.dsrs = inner.dsrs;
    done += times;
    absorb(f, inner.block, times);
    // The closing endloop: taken on all but the last round of the loop.
    bool last = done == rounds;
    uint32_t kernel = kernelAt(after - 1);
    uint64_t branches =
        SaturatingAdd(SaturatingMultiply(times - last, uint64_t(t.branchTaken)),
                      last ? uint64_t(t.branchNotTaken) : uint64_t(0));
    if (!inner.block->timed) {
      fold(f, inner.block, times);
      local(f, branches, kernel);
      continue;
    }
    f.block->totals.kernels[kernel].cycles += branches;
    Item item;
    item.kind = Item::Loop;
    item.kernel = kernel;
    item.index = last;
    item.cycles = times;
    item.body = inner.block;
    if (!inner.block->callItems.empty())
      f.block->callItems.push_back(uint32_t(f.block->items.size()));
    append(f, item, true);
  }
  return after;
}

/// What a round of the innermost open loop finds in the slots: the same as
/// before the loop, or so much more each round, or nothing known.
void Walker::enterRounds(const Instr &i, Frame &inner, uint64_t done) const {
  unsigned l = unsigned(openLoops.size() - 1);
  bool many = openLoops.back() > 1;
  Residue round = Residue::constant(int64_t(done % Modulus));
  if (many && l < MaxOpenLoops)
    round.step[l] = 1;
  const Effects &body = effects->of(i.wordIndex + i.numWords);
  for (unsigned s = 1; many && s < NumSlots; ++s) {
    const Effect &e = body[s];
    bool own = e.kind == Effect::Offset && e.slot == s;
    if (own && !e.at)
      continue;
    if (own && l < MaxOpenLoops && inner.read(s).known)
      inner.slots[s].step[l] = e.at;
    else
      inner.slots[s] = Residue::unknown();
  }
  inner.write(i.a, many && l >= MaxOpenLoops ? Residue::unknown() : round);
}

void Walker::follow(const Instr &i, Frame &f) {
  transfer<Residue>(
      i, [&](unsigned slot) { return f.read(slot); },
      [&](unsigned slot, const Residue &v) { f.write(slot, v); });
}

llvm::Error Walker::call(uint32_t at, Frame &f, unsigned depth) {
  const Instr &i = code.instrs[code.atWord[at]];
  ++callDepth;
  auto sub = subroutine(uint32_t(i.imm), f.dsrs, f.slots, at, End::Ret, depth);
  --callDepth;
  if (!sub)
    return sub.takeError();
  f.uses |= sub->uses & ~f.defines;
  f.defines |= sub->defines;
  for (unsigned d = 0; d < NumDsrs; ++d)
    if (sub->defines >> d & 1)
      f.dsrs[d] = sub->out[d];
  f.slotUses |= sub->slotUses & ~f.slotDefines;
  f.slotDefines |= sub->slotDefines;
  for (unsigned s = 0; s < NumSlots; ++s)
    if (sub->slotDefines >> s & 1)
      f.slots[s] = sub->slotsOut[s];
  absorb(f, sub->block, 1);
  if (!sub->block->timed && !listed()) {
    fold(f, sub->block, 1);
    return llvm::Error::success();
  }
  Item item;
  item.kind = Item::Call;
  item.body = sub->block;
  if (listed()) { // the call itself already works for its kernel
    item.kernel = CallerKernel;
    item.cycles = scalarCycles(i);
    Totals::PerKernel &k = f.block->totals.kernels[CallerKernel];
    k.cycles = SaturatingAdd(k.cycles, item.cycles);
    f.block->callItems.push_back(uint32_t(f.block->items.size()));
  }
  append(f, item, true);
  return llvm::Error::success();
}

/// Did the subroutine see the same descriptors and address bits?
bool Walker::matches(const Walked &w, const DsrState &in,
                     const Slots &slots) const {
  for (unsigned d = 0; d < NumDsrs; ++d)
    if ((w.uses >> d & 1) && w.in[d] != in[d])
      return false;
  for (unsigned s = 0; s < NumSlots; ++s) {
    if (!(w.slotUses >> s & 1))
      continue;
    if (w.slotsIn[s] != slots[s])
      return false;
    for (unsigned l = 0; l < MaxOpenLoops; ++l)
      if (slots[s].step[l] && (l >= w.rounds.size() || l >= openLoops.size() ||
                               w.rounds[l] != openLoops[l]))
        return false;
  }
  return true;
}

llvm::Expected<Walked> Walker::subroutine(uint32_t word, const DsrState &in,
                                          const Slots &slots, uint32_t from,
                                          End end, unsigned depth) {
  std::vector<Walked> &known = memo[{word, listsCalls * (1 + !!callDepth)}];
  for (const Walked &w : known)
    if (matches(w, in, slots))
      return w;
  if (!active.insert(word).second)
    return fault(c, from, "a call recurses (R-OP-5)");
  Frame f{newBlock(), in, 0, 0, slots};
  auto after = body(word, f, end, depth + 1);
  active.erase(word);
  if (!after)
    return after.takeError();
  Walked w{f.block,    f.uses,        f.defines, in,      f.dsrs,
           f.slotUses, f.slotDefines, slots,     f.slots, openLoops};
  known.push_back(w);
  return w;
}

//===----------------------------------------------------------------------===//
// Vector ops
//===----------------------------------------------------------------------===//

/// Number of elements and the memory operands.
llvm::Error Walker::elements(const Instr &i, Frame &f, uint64_t &n,
                             MemOperand mem[3]) {
  const Operand *operands[3] = {&i.dst, &i.src0, &i.src1};
  uint64_t fromDsr = 0;
  for (int k = 0; k < 3; ++k) {
    if (operands[k]->kind != OperandKind::Dsr)
      continue;
    unsigned d = operands[k]->index % NumDsrs;
    if (!(f.defines >> d & 1))
      f.uses |= 1u << d;
    if (f.dsrs[d] < 0)
      return fault(c, i.wordIndex,
                   "d" + std::to_string(d) + " is used before a dsd sets it");
    const Instr &dsd = code.instrs[f.dsrs[d]];
    mem[k] = {true, dsd.dtype, 1};
    uint64_t count = 1;
    for (const DsdDim &dim : dsd.dims) {
      count = SaturatingMultiply(count, uint64_t(dim.length));
      if (dim.length > 1)
        mem[k].stride = dim.stride;
    }
    fromDsr = std::max(fromDsr, count);
  }
  n = i.length ? i.length : fromDsr;
  if (n == 0)
    return fault(c, i.wordIndex,
                 "an op without memory states no length (R-OP-3)");
  return llvm::Error::success();
}

llvm::Error Walker::fabric(const Instr &i, TimedOp &op) {
  const Operand *operands[3] = {&i.dst, &i.src0, &i.src1};
  int ins = 0;
  for (const Operand *o : operands) {
    bool out = o->kind == OperandKind::FabOut;
    if (!out && o->kind != OperandKind::FabIn)
      continue;
    const auto &colors = out ? outColor : inColor;
    auto it = colors.find(o->index);
    if (it == colors.end())
      return fault(c, i.wordIndex,
                   std::string(out ? "output" : "input") + " queue " +
                       std::to_string(o->index) + " is bound to no colour");
    if (out)
      op.out = it->second;
    else if (ins < 2)
      op.in[ins++] = it->second;
  }
  return llvm::Error::success();
}

MeanRate Walker::rateOf(const Instr &i, const VectorForm &form,
                        const MemOperand mem[3], Frame &f) const {
  uint32_t rate = t.rateOf(form);
  if (!meetsBanks(i, mem))
    return {rate, rate, false};
  Residue at[3];
  const Operand *operands[3] = {&i.dst, &i.src0, &i.src1};
  for (int k = 0; k < 3; ++k)
    if (mem[k].exists)
      at[k] = f.read(baseSlot(operands[k]->index));
  return meanRate(form, i, t, mem, at, openLoops);
}

llvm::Error Walker::vector(const Instr &i, Frame &f) {
  uint64_t n = 0;
  MemOperand mem[3];
  if (llvm::Error e = elements(i, f, n, mem))
    return e;
  VectorForm form = vectorForm(i, t, mem);
  TimedOp op;
  op.elements = n;
  MeanRate rate = rateOf(i, form, mem, f);
  op.rate = rate.mean;
  op.setup = t.setupOf(form);
  op.async = i.async;
  op.microthread = i.microthread;
  op.kernel = kernelAt(i.wordIndex);
  if (llvm::Error e = fabric(i, op))
    return e;
  Totals &totals = f.block->totals;
  Totals::PerKernel &k = totals.kernels[op.kernel];
  totals.elements = SaturatingAdd(totals.elements, n);
  if (i.op == Op::VFMac || i.op == Op::VFDot)
    k.macs = SaturatingAdd(k.macs, n);
  bool usesFabric = op.in[0] != NoColor || op.out != NoColor;
  uint64_t cycles = Target::elementCycles(n, op.rate);
  uint64_t least = SaturatingMultiply(n, uint64_t(rate.least)) / 1000;
  if (usesFabric) {
    // From here on an element of the op is a wavelet.
    unsigned bytes = form.wide ? 4 : 2;
    op.rate *= elementsPerWavelet(bytes);
    op.elements = n = waveletsOf(n, bytes);
    cycles = std::max(cycles, n);
  }
  least = usesFabric ? std::max(least, n) : least;
  uint64_t less = rate.varies ? cycles - std::min(cycles, least) : 0;
  if (!op.async)
    k.slack = SaturatingAdd(k.slack, less);
  if (!usesFabric && !op.async) {
    local(f, op.setup + cycles, op.kernel);
    return llvm::Error::success();
  }
  k.cycles = SaturatingAdd(k.cycles, op.async ? uint64_t(t.scalarAlu)
                                              : op.setup + cycles);
  if (op.async)
    k.async = SaturatingAdd(k.async, op.setup + cycles - less);
  if (usesFabric)
    k.pipe = SaturatingAdd(k.pipe, n);
  ++totals.timedOps;
  if (op.out != NoColor)
    totals.words[{op.kernel, op.out}] += n;
  for (int color : op.in)
    if (color != NoColor)
      totals.received[{op.kernel, color}] += n;
  Item item;
  item.kind = Item::Op;
  item.kernel = op.kernel;
  item.index = uint32_t(code.ops.size());
  code.ops.push_back(op);
  append(f, item, true);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Tasks
//===----------------------------------------------------------------------===//

/// Which task runs after which is static: activation is local. Descriptors stay
/// in their registers from one task to the next.
llvm::Error Walker::runTasks() {
  std::map<uint32_t, uint32_t> entries;
  std::set<uint32_t> runnable, start;
  for (const bin::Task &task : c.tasks) {
    entries[task.id] = task.entry;
    if (task.start)
      start.insert(task.id);
  }
  runnable = start;
  DsrState dsrs;
  dsrs.fill(-1);
  Slots slots; // registers start as zeros
  while (!runnable.empty()) {
    uint32_t id = *runnable.begin();
    runnable.erase(runnable.begin());
    auto it = entries.find(id);
    if (it == entries.end())
      return llvm::createStringError("class '" + c.name + "': task " +
                                     std::to_string(id) +
                                     " is activated but not declared");
    if (code.runs.size() >= 1000000)
      return llvm::createStringError("class '" + c.name +
                                     "': its tasks never halt (R-TASK-2)");
    listsCalls = start.count(id) && !code.callKernels.empty();
    auto w = subroutine(it->second, dsrs, slots, it->second, End::Task, 0);
    if (!w)
      return w.takeError();
    for (unsigned d = 0; d < NumDsrs; ++d)
      if (w->defines >> d & 1)
        dsrs[d] = w->out[d];
    for (unsigned s = 0; s < NumSlots; ++s)
      if (w->slotDefines >> s & 1)
        slots[s] = w->slotsOut[s];
    code.runs.push_back({id, w->block});
    if (w->block->halts)
      break;
    runnable.insert(w->block->activates.begin(), w->block->activates.end());
  }
  std::map<const Block *, uint64_t> times;
  std::vector<const Block *> order;
  for (const TaskRun &r : code.runs)
    if (++times[r.block] == 1)
      order.push_back(r.block);
  for (const Block *b : order)
    code.totals.add(b->totals, times[b]);
  resolveCallers();
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Kernels of listed calls
//===----------------------------------------------------------------------===//

/// Adds what `from` counts for "the caller" to what `to` counts for `kernel`.
static void giveTo(uint32_t kernel, const Totals &from, Totals &to) {
  if (auto done = from.kernels.find(CallerKernel); done != from.kernels.end()) {
    Totals::PerKernel &k = to.kernels[kernel];
    k.macs = SaturatingAdd(k.macs, done->second.macs);
    k.cycles = SaturatingAdd(k.cycles, done->second.cycles);
    k.pipe = SaturatingAdd(k.pipe, done->second.pipe);
    k.async = SaturatingAdd(k.async, done->second.async);
    k.slack = SaturatingAdd(k.slack, done->second.slack);
  }
  auto give = [&](const auto &words, auto &mine) {
    for (const auto &[key, n] : words)
      if (key.first == CallerKernel)
        mine[{kernel, key.second}] =
            SaturatingAdd(mine[{kernel, key.second}], n);
  };
  give(from.words, to.words);
  give(from.received, to.received);
}

/// Counts what the calls of `b` do for their kernels, one by one: as many as
/// are listed, whatever the trip counts.
void Walker::attribute(const Block *b, size_t &next, Totals &to) const {
  for (uint32_t at : b->callItems) {
    const Item &item = b->items[at];
    uint64_t rounds = item.kind == Item::Loop ? item.cycles : 0;
    for (; rounds && next < code.callKernels.size(); --rounds)
      attribute(item.body, next, to);
    if (next >= code.callKernels.size())
      return;
    if (!item.listed())
      continue;
    uint32_t kernel = code.callKernels[next++];
    Totals::PerKernel &k = to.kernels[kernel];
    k.cycles = SaturatingAdd(k.cycles, item.cycles);
    giveTo(kernel, item.body->totals, to);
  }
}

/// Gives what was counted for "the caller" to the kernels of the calls; calls
/// beyond the list have none.
void Walker::resolveCallers() {
  if (code.callKernels.empty())
    return;
  Totals listedCalls;
  size_t next = 0;
  for (const TaskRun &r : code.runs)
    attribute(r.block, next, listedCalls);
  auto take = [](uint64_t &from, uint64_t n) { from -= std::min(from, n); };
  Totals::PerKernel rest = code.totals.kernels[CallerKernel];
  for (const auto &[kernel, v] : listedCalls.kernels) {
    take(rest.macs, v.macs);
    take(rest.cycles, v.cycles);
    take(rest.pipe, v.pipe);
    take(rest.async, v.async);
    take(rest.slack, v.slack);
  }
  auto split = [&](auto &all, const auto &listed) {
    std::map<std::pair<uint32_t, int>, uint64_t> words;
    for (const auto &[key, n] : all) {
      bool caller = key.first == CallerKernel;
      uint64_t &to = words[{caller ? NoKernel : key.first, key.second}];
      to = SaturatingAdd(to, n);
    }
    for (const auto &[key, n] : listed)
      take(words[{NoKernel, key.second}], n);
    all = std::move(words);
  };
  split(code.totals.words, listedCalls.words);
  split(code.totals.received, listedCalls.received);
  code.totals.kernels.erase(CallerKernel);
  code.totals.add(listedCalls, 1);
  listedCalls = {};
  listedCalls.kernels[NoKernel] = rest;
  code.totals.add(listedCalls, 1);
}

llvm::Error Walker::run() {
  if (llvm::Error e = decodeCode())
    return e;
  return runTasks();
}

llvm::Expected<std::unique_ptr<ClassCode>>
cost::walkClass(const bin::PEClass &c, const Target &t) {
  auto code = std::make_unique<ClassCode>();
  if (llvm::Error e = Walker(c, t, *code).run())
    return e;
  return code;
}
