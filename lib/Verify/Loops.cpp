//===- Loops.cpp - A loop in two rounds -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The first round exactly, then one that stands for all others: pointers that
// advance by a constant are found by their tags, the rest is widened.
//
//===----------------------------------------------------------------------===//
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace weft;
using namespace weft::verify;
using isa::Instr;
using isa::Op;
using isa::Operand;
using isa::OperandKind;

void Walker::loop(size_t pc, const Instr &i) {
  size_t body = pc + 1, end = structure->loopEnd[pc];
  int64_t trips = uint32_t(i.imm);
  if (structure->unrolled[pc]) {
    for (int64_t round = 0; round != trips && !halted && !exhausted();
         ++round) {
      setReg(i.a, Value::constant(round));
      execute(body, end);
      reg(i, i.a); // the next round writes it
    }
  } else {
    summarise(i, body, end, trips);
  }
  // The body may have written the counter last.
  reg(i, i.a);
  setReg(i.a, {});
}

/// Round 0 exactly, all others at once.
void Walker::summarise(const Instr &i, size_t body, size_t end, int64_t trips) {
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
    events->push_back({Event::Repeat, false, 0, -1, -1, -1, uint64_t(trips - 1),
                       std::move(rounds)});
}

Value Walker::lastRound(Value v, int64_t d, int64_t rounds) {
  __int128 far = __int128(d) * rounds;
  v.tag = -1;
  return far > INT32_MAX || far < INT32_MIN ? Value()
                                            : shiftBy(v, int64_t(far));
}

/// By how much slot s advanced in the round that `s0` ended, if by a
/// constant.
std::optional<int64_t> Walker::stride(State &s0, unsigned s) {
  Value &v = s0.slot(s);
  if (v.tag != int(s))
    return std::nullopt;
  return v.delta;
}

/// Does the round that began in `head` and ended in `out` confirm `head`?
/// Widens `head` (and gives up strides of `first`) where it does not.
bool Walker::settle(State &first, State &head, State &out, unsigned counter,
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
    if (head.dsrs[d].dsd != out.dsrs[d].dsd) { // set by the body in both: once
      head.dsrs[d].dsd = out.dsrs[d].dsd;
      ok = false;
    }
  for (auto [before, now] : llvm::zip(head.flights, out.flights))
    ok &= settleFlight(before, now);
  return ok;
}

/// An op in flight from one round to the next has the addresses of each round:
/// the same in all, or nothing is known of them.
bool Walker::settleFlight(Flight &before, const Flight &now) {
  bool ok = before.op == now.op;
  if (!ok)
    before = now;
  for (unsigned n = 0; before.op && n != before.numAccesses; ++n) {
    Value &base = before.accesses[n].base;
    if (base.isTop() || base.sameSet(now.accesses[n].base))
      continue;
    base = {};
    ok = false;
  }
  return ok;
}

/// Tags of the state after a loop, relative to the round of the loop around.
void Walker::retagAfter(State &entry, State &first, State &out, int64_t trips) {
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
