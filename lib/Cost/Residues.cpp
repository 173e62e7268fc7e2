//===- Residues.cpp - Addresses modulo the rows of the banks --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Residues.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

using namespace weft;
using namespace weft::cost;
using isa::Instr;
using isa::Op;

static uint32_t wrapped(uint64_t v) { return uint32_t(v); }

Residue Residue::lastBits(unsigned n) const {
  Residue r = *this;
  r.bits = uint8_t(std::min<unsigned>(bits, n));
  auto mask = wrapped((uint64_t(1) << r.bits) - 1);
  r.at &= mask;
  for (uint32_t &s : r.step)
    s &= mask;
  r.more.times &= mask;
  if (!r.more.times)
    r.more = {};
  return r;
}

Residue Residue::plus(const Residue &o) const {
  if (o.more.words && !more.words)
    return o.plus(*this);
  if (o.more.words && (o.more.words != more.words || o.more.loop != more.loop))
    return unknown();
  Residue r = *this;
  r.more.times += o.more.times;
  r.at = wrapped(r.at + o.at);
  for (unsigned l = 0; l < MaxOpenLoops; ++l)
    r.step[l] = wrapped(r.step[l] + o.step[l]);
  return r.lastBits(o.bits);
}

Residue Residue::times(const Residue &o) const {
  if (!o.isConstant())
    return isConstant() ? o.times(*this) : unknown();
  if (!o.at)
    return constant(0);
  Residue r = *this;
  r.at = wrapped(uint64_t(r.at) * o.at);
  for (uint32_t &s : r.step)
    s = wrapped(uint64_t(s) * o.at);
  r.more.times *= o.at;
  unsigned zeros = unsigned(llvm::countr_zero(o.at));
  r.bits = uint8_t(std::min<unsigned>(All, bits + zeros));
  return r.lastBits(All);
}

/// Bits of a value that are known stay so under ones, and zeros are known.
Residue Residue::masked(int64_t mask) const {
  if (isConstant())
    return constant(at & mask);
  auto m = uint64_t(mask);
  return m & 1 ? lastBits(unsigned(llvm::countr_one(m)))
               : constant(0).lastBits(unsigned(llvm::countr_zero(m)));
}

Residue Residue::shiftedRight(unsigned by) const {
  return isConstant() ? constant(at >> by) : unknown();
}

Residue Residue::lesser(const Residue &o) const {
  return isConstant() && o.isConstant()
             ? constant(std::min(int32_t(at), int32_t(o.at)))
             : unknown();
}

Residue Residue::greater(const Residue &o) const {
  return isConstant() && o.isConstant()
             ? constant(std::max(int32_t(at), int32_t(o.at)))
             : unknown();
}

Residue Residue::inRound(unsigned l, uint64_t round) const {
  Residue r = *this;
  if (l >= MaxOpenLoops)
    return r;
  r.at = wrapped(r.at + r.step[l] * round);
  r.step[l] = 0;
  if (r.more.words && r.more.loop == l) {
    r.at += r.more.in(round);
    r.more = {};
  }
  return r;
}

Effect Effect::plus(const Effect &o) const {
  if (kind == Constant && o.kind != Constant)
    return o.plus(*this);
  if (kind == Unknown || o.kind != Constant)
    return unknown();
  return {kind, slot, wrapped(at + o.at)};
}

Effect Effect::times(const Effect &o) const {
  if (kind == Constant && o.kind == Constant)
    return constant(int64_t(at) * o.at);
  return unknown();
}

Effect Effect::masked(int64_t mask) const {
  return kind == Constant ? constant(at & mask) : unknown();
}

Effect Effect::shiftedRight(unsigned by) const {
  return kind == Constant ? constant(at >> by) : unknown();
}

Effect Effect::lesser(const Effect &o) const {
  return kind == Constant && o.kind == Constant
             ? constant(std::min(int32_t(at), int32_t(o.at)))
             : unknown();
}

Effect Effect::greater(const Effect &o) const {
  return kind == Constant && o.kind == Constant
             ? constant(std::max(int32_t(at), int32_t(o.at)))
             : unknown();
}

static Effects none() {
  Effects e;
  for (unsigned s = 0; s < NumSlots; ++s)
    e[s] = {Effect::Offset, uint8_t(s), 0};
  e[0] = Effect::constant(0);
  return e;
}

/// `then` after `e`.
static Effect after(const Effects &e, const Effect &then) {
  return then.kind == Effect::Offset
             ? e[then.slot].plus(Effect::constant(then.at))
             : then;
}

uint32_t EffectSums::loop(const Instr &i, Effects &e) {
  const Sum &body = sum(i.wordIndex + i.numWords);
  uint64_t rounds = uint32_t(i.imm);
  Effects before = e;
  for (unsigned s = 1; s < NumSlots; ++s) {
    Effect once = body.effects[s];
    bool own = once.kind == Effect::Offset && once.slot == s;
    if (own)
      once.at = wrapped(once.at * rounds);
    else if (once.kind == Effect::Offset)
      once = Effect::unknown();
    e[s] = after(before, once);
  }
  if (i.a)
    e[i.a] = Effect::constant(int64_t(rounds - 1));
  return body.after;
}

void EffectSums::call(const Instr &i, Effects &e) {
  const Effects &sub = sum(uint32_t(i.imm)).effects;
  Effects before = e;
  for (unsigned s = 1; s < NumSlots; ++s)
    e[s] = after(before, sub[s]);
}

const EffectSums::Sum &EffectSums::sum(uint32_t at) {
  if (auto it = known.find(at); it != known.end())
    return it->second;
  static const Sum lost = [] {
    Sum s;
    s.effects.fill(Effect::unknown());
    s.after = ~0u;
    return s;
  }();
  if (!active.insert(at).second)
    return lost; // it calls itself; the walk refuses it
  Sum s{none(), at};
  while (s.after < atWord.size() && atWord[s.after] >= 0) {
    const Instr &i = instrs[atWord[s.after]];
    s.after += i.numWords;
    if (i.op == Op::EndLoop || i.op == Op::Ret || i.op == Op::EndTask ||
        i.op == Op::Halt)
      break;
    if (i.op == Op::Loop)
      s.after = loop(i, s.effects);
    else if (i.op == Op::Call)
      call(i, s.effects);
    else
      transfer<Effect>(
          i, [&](unsigned slot) { return s.effects[slot]; },
          [&](unsigned slot, const Effect &v) {
            if (slot)
              s.effects[slot] = v;
          },
          [](const Effect &) { return Effect::unknown(); },
          [](bool) { return Effect::unknown(); });
  }
  active.erase(at);
  return known.emplace(at, s).first->second;
}
