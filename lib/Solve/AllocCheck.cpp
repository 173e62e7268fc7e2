//===- AllocCheck.cpp - Is that a problem, is this a solution of it -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Shares nothing with the solver but how a buffer is named.
//
//===----------------------------------------------------------------------===//
#include "weft/Solve/Alloc.h"
#include <algorithm>
#include <numeric>

using namespace weft::solve;

static constexpr uint64_t MaxAddress = uint64_t(1) << 48; // keeps sums exact

std::string AllocProblem::nameOf(unsigned i) const {
  const std::string &name = buffers[i].name;
  return name.empty() ? "buffer #" + std::to_string(i) : "'" + name + "'";
}

static bool overlapInTime(const AllocBuffer &a, const AllocBuffer &b) {
  return a.begin < b.end && b.begin < a.end;
}

static std::string checkBuffer(const AllocProblem &p, unsigned i) {
  const AllocBuffer &b = p.buffers[i];
  if (b.size == 0 || b.size > MaxAddress)
    return p.nameOf(i) + " has size " + std::to_string(b.size) +
           ", allowed are 1 to 2^48 bytes";
  if (b.align == 0 || (b.align & (b.align - 1)) != 0 || b.align > MaxAddress)
    return p.nameOf(i) + " has alignment " + std::to_string(b.align) +
           ", a power of two is needed";
  if (b.begin >= b.end)
    return p.nameOf(i) + " lives in the empty interval [" +
           std::to_string(b.begin) + ", " + std::to_string(b.end) + ")";
  if (!b.fixed)
    return "";
  if (*b.fixed % b.align != 0)
    return p.nameOf(i) + " is fixed at " + std::to_string(*b.fixed) +
           ", which is not a multiple of " + std::to_string(b.align);
  if (*b.fixed < p.base || *b.fixed > MaxAddress ||
      *b.fixed + b.size > p.capacity)
    return p.nameOf(i) + " is fixed at " + std::to_string(*b.fixed) + " with " +
           std::to_string(b.size) + " bytes, outside [" +
           std::to_string(p.base) + ", " + std::to_string(p.capacity) + ")";
  return "";
}

std::string AllocProblem::check() const {
  if (base > capacity || capacity > MaxAddress)
    return "the memory [" + std::to_string(base) + ", " +
           std::to_string(capacity) + ") is no interval below 2^48";
  for (unsigned i = 0; i < buffers.size(); ++i)
    if (std::string e = checkBuffer(*this, i); !e.empty())
      return e;
  for (unsigned i = 0; i < buffers.size(); ++i)
    for (unsigned j = 0; buffers[i].fixed && j < i; ++j) {
      const AllocBuffer &a = buffers[i], &b = buffers[j];
      if (b.fixed && overlapInTime(a, b) && *a.fixed < *b.fixed + b.size &&
          *b.fixed < *a.fixed + a.size)
        return nameOf(i) + " and " + nameOf(j) +
               " are fixed at overlapping addresses and live at one time";
    }
  return banks().check();
}

BankProblem AllocProblem::banks() const {
  BankProblem b;
  b.word = word;
  b.line = line;
  b.pairs = pairs;
  for (const AllocBuffer &buffer : buffers)
    b.buffers.push_back({buffer.align, buffer.fixed});
  return b;
}

std::string AllocProblem::verify(const AllocSolution &s) const {
  if (s.address.size() != buffers.size())
    return std::to_string(s.address.size()) + " addresses for " +
           std::to_string(buffers.size()) + " buffers";
  uint64_t top = base;
  for (unsigned i = 0; i < buffers.size(); ++i) {
    const AllocBuffer &b = buffers[i];
    uint64_t at = s.address[i];
    if (at < base || at > capacity || b.size > capacity - at)
      return nameOf(i) + " at " + std::to_string(at) + " leaves the memory";
    if (at & (b.align - 1))
      return nameOf(i) + " at " + std::to_string(at) + " is misaligned";
    if (b.fixed && *b.fixed != at)
      return nameOf(i) + " is not at its fixed address";
    top = std::max(top, at + b.size);
  }
  if (top != s.top)
    return "the top is " + std::to_string(top) + ", the solution says " +
           std::to_string(s.top);
  uint64_t waits = banks().cycles(s.address);
  if (waits != s.conflictCycles)
    return "bank conflicts take " + std::to_string(waits) +
           " cycles, the solution says " + std::to_string(s.conflictCycles);
  // A sweep over addresses: only neighbours in address order can overlap.
  std::vector<unsigned> byAddress(buffers.size());
  std::iota(byAddress.begin(), byAddress.end(), 0u);
  std::stable_sort(
      byAddress.begin(), byAddress.end(),
      [&](unsigned a, unsigned b) { return s.address[a] < s.address[b]; });
  for (unsigned k = 0; k < byAddress.size(); ++k)
    for (unsigned m = k + 1; m < byAddress.size(); ++m) {
      unsigned lo = byAddress[k], hi = byAddress[m];
      if (s.address[lo] + buffers[lo].size <= s.address[hi])
        break;
      if (std::max(buffers[lo].begin, buffers[hi].begin) <
          std::min(buffers[lo].end, buffers[hi].end))
        return nameOf(lo) + " and " + nameOf(hi) + " overlap at address " +
               std::to_string(s.address[hi]);
    }
  return "";
}
