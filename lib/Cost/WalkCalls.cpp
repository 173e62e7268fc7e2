//===- WalkCalls.cpp - Loops and subroutines of a walk --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Bodies are walked once per different set of descriptors and address bits that
// they find.
//
//===----------------------------------------------------------------------===//
#include "Walker.h"
#include "llvm/ADT/bit.h"
#include <numeric>

using namespace weft;
using namespace weft::cost;
using namespace weft::isa;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;

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
    double branches =
        double(times - last) * t.branchTaken + (last ? t.branchNotTaken : 0);
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
    item.rounds = times;
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
  Residue round = Residue::constant(int64_t(done));
  if (many && l < MaxOpenLoops)
    round.step[l] = 1;
  const Effects &body = effects->of(i.wordIndex + i.numWords);
  for (unsigned s = 1; many && s < NumSlots; ++s) {
    const Effect &e = body[s];
    bool own = e.kind == Effect::Offset && e.slot == s;
    if (own && !e.at)
      continue;
    Residue entered = Residue::unknown();
    if (own && l < MaxOpenLoops) {
      entered = inner.read(s);
      entered.step[l] = e.at;
    }
    inner.slots[s] = entered.lastBits(entered.bits);
  }
  inner.write(i.a, many && l >= MaxOpenLoops ? Residue::unknown() : round);
}

/// The place of all PEs of the class, as far as they have it in common.
Residue Walker::place(bool y) const {
  uint32_t first = 0, apart = 0;
  for (const bin::Pattern &w : c.where) {
    uint32_t at = y ? w.y0 : w.x0, n = y ? w.h : w.w, step = y ? w.dy : w.dx;
    if (&w == &c.where.front())
      first = at;
    apart = std::gcd(apart, at > first ? at - first : first - at);
    if (n > 1)
      apart = std::gcd(apart, step);
  }
  Residue r = Residue::constant(first);
  return apart ? r.lastBits(unsigned(llvm::countr_zero(apart))) : r;
}

/// Loops that look up more of a table are not followed.
constexpr uint64_t MaxTableRounds = 65536;
/// Nor, unless it grows evenly, of so much.
constexpr uint64_t MaxUnevenRounds = 256;

/// A word of a constant table. In one loop it may differ from round to round.
Residue Walker::load(const Residue &address) {
  if (!address.known() || address.more.words)
    return Residue::unknown();
  int64_t loop = -1, rounds = 1;
  for (unsigned l = 0; l < MaxOpenLoops; ++l)
    if (address.step[l]) {
      if (loop >= 0 || l >= openLoops.size() || openLoops[l] > MaxTableRounds)
        return Residue::unknown();
      loop = l;
      rounds = int64_t(openLoops[l]);
    }
  int64_t first = address.at;
  int64_t step = loop < 0 ? 0 : int32_t(address.step[unsigned(loop)]);
  int64_t last = first + step * (rounds - 1);
  const ConstantTable *table =
      tables.holding(std::min(first, last), std::max(first, last));
  if (!table)
    return Residue::unknown();
  if (rounds == 1)
    return Residue::constant(table->word(first));
  std::vector<uint32_t> words;
  for (int64_t n = 0; n < rounds; ++n)
    words.push_back(uint32_t(table->word(first + n * step)));
  return inRounds(std::move(words), unsigned(loop));
}

/// A value of each round of open loop `l`.
Residue Walker::inRounds(std::vector<uint32_t> words, unsigned l) {
  Residue r = Residue::constant(words[0]);
  uint32_t gain = words[1] - words[0];
  bool even = true;
  for (size_t n = 0; n < words.size(); ++n)
    even &= words[n] == words[0] + uint32_t(n) * gain;
  if (even) {
    r.step[l] = gain;
    return r;
  }
  if (words.size() > MaxUnevenRounds)
    return Residue::unknown();
  for (uint32_t &w : words)
    w -= r.at;
  r.more = {&*lookedUp.insert(std::move(words)).first, 1, uint8_t(l)};
  return r;
}

/// Min and the like of what differs between the rounds of one loop, round by
/// round. False if it is not such an instruction.
bool Walker::followRounds(const Instr &i, Frame &f) {
  if (i.op != Op::Min && i.op != Op::Max && i.op != Op::Slt &&
      i.op != Op::Seq && i.op != Op::Sel && i.op != Op::Shri)
    return false;
  uint32_t loops = 0;
  bool known = true;
  const uint8_t slots[] = {i.b, i.op == Op::Shri ? i.b : i.c,
                           i.op == Op::Sel ? i.a : i.b};
  for (uint8_t slot : slots) {
    Residue r = f.read(slot);
    known &= r.known();
    for (unsigned l = 0; l < MaxOpenLoops; ++l)
      loops |= uint32_t(r.varies(l)) << l;
  }
  unsigned l = unsigned(llvm::countr_zero(loops));
  if (!known || llvm::popcount(loops) != 1 || l >= openLoops.size() ||
      openLoops[l] < 2 || openLoops[l] > MaxUnevenRounds)
    return false;
  std::vector<uint32_t> words;
  for (uint64_t n = 0; n < openLoops[l]; ++n) {
    transfer<Residue>(
        i, [&](unsigned slot) { return f.read(slot).inRound(l, n); },
        [&](unsigned, const Residue &v) {
          if (v.isConstant())
            words.push_back(v.at);
        },
        [](const Residue &) { return Residue::unknown(); },
        [](bool) { return Residue::unknown(); });
  }
  if (words.size() != openLoops[l])
    return false;
  f.write(i.a, inRounds(std::move(words), l));
  return true;
}

void Walker::follow(const Instr &i, Frame &f) {
  if (followRounds(i, f))
    return;
  transfer<Residue>(
      i, [&](unsigned slot) { return f.read(slot); },
      [&](unsigned slot, const Residue &v) { f.write(slot, v); },
      [&](const Residue &address) { return load(address); },
      [&](bool y) { return place(y); });
}

llvm::Error Walker::call(uint32_t at, Frame &f, unsigned depth) {
  const Instr &i = code.instrs[code.atWord[at]];
  if (listed())
    outerLoops = openLoops.size();
  ++callDepth;
  auto sub = subroutine(uint32_t(i.imm), f.dsrs, f.slots, at, End::Ret, depth);
  --callDepth;
  if (listed())
    outerLoops = 0;
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
    item.cycles = double(scalarCycles(i));
    Totals::PerKernel &k = f.block->totals.kernels[CallerKernel];
    k.cycles += item.cycles;
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
      if (slots[s].varies(l) &&
          (l >= w.rounds.size() || l >= openLoops.size() ||
           w.rounds[l] != openLoops[l] ||
           (l < w.outerLoops) != (l < outerLoops)))
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
  Walked w{f.block,       f.uses, f.defines, in,        f.dsrs,    f.slotUses,
           f.slotDefines, slots,  f.slots,   openLoops, outerLoops};
  known.push_back(w);
  return w;
}
