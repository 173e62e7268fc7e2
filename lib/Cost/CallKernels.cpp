//===- CallKernels.cpp - Totals, and whose they are -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A class may list the kernels of its calls; what a call counts is given to its
// kernel at the end.
//
//===----------------------------------------------------------------------===//
#include "Walker.h"
#include <algorithm>

using namespace weft;
using namespace weft::cost;
using namespace weft::isa;
using llvm::SaturatingAdd;
using llvm::SaturatingMultiply;

template <typename K>
static void addScaled(std::map<K, uint64_t> &to,
                      const std::map<K, uint64_t> &from, uint64_t times) {
  for (const auto &[key, n] : from)
    to[key] = SaturatingAdd(to[key], SaturatingMultiply(n, times));
}

void Totals::PerKernel::add(const PerKernel &o, uint64_t times) {
  for (uint64_t PerKernel::*n : {&PerKernel::macs, &PerKernel::pipe})
    this->*n = SaturatingAdd(this->*n, SaturatingMultiply(o.*n, times));
  for (double PerKernel::*n :
       {&PerKernel::cycles, &PerKernel::async, &PerKernel::slack})
    this->*n += o.*n * double(times);
}

void Totals::PerKernel::take(const PerKernel &o) {
  for (uint64_t PerKernel::*n : {&PerKernel::macs, &PerKernel::pipe})
    this->*n -= std::min(this->*n, o.*n);
  for (double PerKernel::*n :
       {&PerKernel::cycles, &PerKernel::async, &PerKernel::slack})
    this->*n -= std::min(this->*n, o.*n);
}

/// A mean may be a third; so many rounds of it as there are make whole cycles.
uint64_t Totals::PerKernel::wholeCycles(double v) {
  return v < 1e18 ? uint64_t(v + 1e-3) : UINT64_MAX;
}

void Totals::add(const Totals &o, uint64_t times) {
  for (const auto &[k, v] : o.kernels)
    kernels[k].add(v, times);
  addScaled(words, o.words, times);
  instructions =
      SaturatingAdd(instructions, SaturatingMultiply(o.instructions, times));
  elements = SaturatingAdd(elements, SaturatingMultiply(o.elements, times));
  addScaled(received, o.received, times);
  timedOps = SaturatingAdd(timedOps, SaturatingMultiply(o.timedOps, times));
  fetchedEnd = std::max(fetchedEnd, o.fetchedEnd);
}

/// Adds what `from` counts for "the caller" to what `to` counts for `kernel`.
static void giveTo(uint32_t kernel, const Totals &from, Totals &to) {
  if (auto done = from.kernels.find(CallerKernel); done != from.kernels.end())
    to.kernels[kernel].add(done->second);
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
    uint64_t rounds = item.kind == Item::Loop ? item.rounds : 0;
    for (; rounds && next < code.callKernels.size(); --rounds)
      attribute(item.body, next, to);
    if (next >= code.callKernels.size())
      return;
    if (!item.listed())
      continue;
    uint32_t kernel = code.callKernels[next++];
    Totals::PerKernel &k = to.kernels[kernel];
    k.cycles += item.cycles;
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
  for (const auto &[kernel, v] : listedCalls.kernels)
    rest.take(v);
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
