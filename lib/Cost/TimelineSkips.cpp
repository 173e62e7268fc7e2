//===- TimelineSkips.cpp - Rounds that the timeline does not follow -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// In a long program a loop is followed for its first rounds and the last one.
//
//===----------------------------------------------------------------------===//
#include "Followed.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace weft;
using namespace weft::cost;

constexpr uint64_t MinRounds = 6;

/// In a long program, the rounds of a loop after the first few are taken to be
/// like the last one: time, words and ops advance by as much.
void Timeline::skipRounds(Followed &pe, Level &l) {
  uint64_t done = l.loop->rounds - l.left;
  bool pending = std::any_of(pe.pending.begin(), pe.pending.end(),
                             [](const auto &q) { return !q.empty(); });
  if (!skipping || done < MinRounds || l.left <= 2 || pending)
    return;
  if (!l.mark || done == MinRounds) {
    l.mark = std::make_unique<Mark>(
        Mark{pe.t, pe.ops, {}, {}, pe.nextCall, pe.reach[InProgram]});
    for (const Channel &c : pe.channels)
      l.mark->sent.push_back(c.sent);
    for (const Source &s : pe.sources)
      l.mark->taken.push_back(s.taken);
    return;
  }
  const Mark &m = *l.mark;
  uint64_t rounds = l.left - 1; // the last one is followed again
  double span = (pe.t - m.t) * double(rounds);
  for (size_t k = 0; k < pe.channels.size(); ++k) {
    Channel &c = pe.channels[k];
    uint64_t n = (c.sent - (k < m.sent.size() ? m.sent[k] : 0)) * rounds;
    if (n)
      c.segments.push_back({c.sent, n, pe.t, pe.t + span});
    c.sent += n;
  }
  for (size_t k = 0; k < pe.sources.size(); ++k)
    pe.sources[k].taken += (pe.sources[k].taken - m.taken[k]) * rounds;
  pe.ops += (pe.ops - m.ops) * rounds;
  skipCalls(pe, m, rounds);
  pe.skipped.push_back({rounds, pe.reach[InProgram].at - m.reach.at});
  charge(pe, l.loop->kernel, span);
  l.left = 1;
  wake(pe);
}

/// The calls of skipped rounds, each a period after its like in the round
/// before.
void Timeline::skipCalls(Followed &pe, const Mark &m, uint64_t rounds) {
  const std::vector<uint32_t> &list = codes[pe.cls]->callKernels;
  size_t n = pe.nextCall - m.call;
  double period = pe.t - m.t;
  size_t end =
      llvm::SaturatingAdd(pe.nextCall, llvm::SaturatingMultiply(n, rounds));
  for (; pe.nextCall < std::min(end, list.size()); ++pe.nextCall) {
    Span s = pe.calls[pe.nextCall - n];
    pe.calls.push_back({s.first + period, s.last + period});
    cover(list[pe.nextCall], pe.calls.back().first, pe.calls.back().last);
  }
  pe.nextCall = end;
}

/// What skipped rounds add to the path: if all PEs skip alike, no round takes
/// less than the least that any of them gained in the round before. A round is
/// a function of the one before that never shrinks when times grow, so if each
/// clock gains g in one round, each gains at least g in the next.
uint64_t Timeline::skippedReach() const {
  const Followed *first = nullptr;
  std::vector<uint64_t> gain;
  for (const Followed &pe : pes) {
    if (!codes[pe.cls]->totals.timedOps)
      continue;
    if (!first) {
      first = &pe;
      gain.assign(pe.skipped.size(), UINT64_MAX);
    }
    if (pe.skipped.size() != gain.size())
      return 0;
    for (size_t k = 0; k < gain.size(); ++k) {
      if (pe.skipped[k].first != first->skipped[k].first)
        return 0;
      gain[k] = std::min<uint64_t>(gain[k], pe.skipped[k].second);
    }
  }
  uint64_t sum = 0;
  for (size_t k = 0; k < gain.size(); ++k)
    sum = llvm::SaturatingMultiplyAdd(gain[k], first->skipped[k].first, sum);
  return sum;
}
