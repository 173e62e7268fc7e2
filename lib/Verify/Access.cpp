//===- Access.cpp - What an access touches --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Bounds, alignment, bytes that nothing wrote (R-MEM-1 to R-MEM-4, R-MEM-7) and
// races with ops in flight (R-MEM-5).
//
//===----------------------------------------------------------------------===//
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace weft;
using namespace weft::verify;

namespace {
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
} // namespace

const Shape *Walker::scalarShape(unsigned bytes) {
  Shape &s = bytes == 4 ? scalar4 : scalar2;
  s = {1, bytes, 0, bytes, {{0, bytes}}, {}};
  return &s;
}

const Shape &Walker::shapeOf(const Instr &dsd) {
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
Runs Walker::runsOf(const Instr &dsd, const Shape &s) {
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

/// Bounds, alignment, initialisation, and what a write leaves behind. False if
/// bytes outside of SRAM may be meant.
bool Walker::touch(const Instr &i, const Access &a) {
  const char *verb = a.write ? "writes" : "reads";
  if (a.base.isTop()) {
    report("R-MEM-2", i,
           std::string(verb) + " at an address that cannot be bounded");
    if (a.write)
      touchBytes(0, sram);
    return false;
  }
  int64_t lo = a.base.lo + a.shape->lo, hi = a.base.hi + a.shape->hi;
  auto range = [&] { return cat(verb, " bytes ", lo, " to ", hi); };
  if (a.base.lo % a.shape->bytes || a.base.step % a.shape->bytes)
    report("R-MEM-2", i, cat(range(), ", not aligned to ", a.shape->bytes));
  if (lo < 0 || hi > int64_t(sram)) {
    report("R-MEM-2", i, cat(range(), ", SRAM has ", sram));
    if (a.write)
      touchBytes(std::max<int64_t>(lo, 0), std::min<int64_t>(hi, sram));
    return false;
  }
  if (lo < int64_t(c.target.reservedBytes))
    report(
        "R-MEM-1", i,
        cat(range(), ", the lowest ", c.target.reservedBytes, " are reserved"));
  peak = std::max(peak, uint64_t(hi));
  if (a.base.isConst())
    peakReached = std::max(peakReached, uint64_t(hi));
  if (a.write)
    write(i, a);
  else
    read(i, a);
  return true;
}

void Walker::read(const Instr &i, const Access &a) {
  std::optional<bool> own; // asked once: it walks all elements
  auto ownResult = [&] { return own ? *own : *(own = writtenBefore(a)); };
  forEachRun(a, [&](int64_t begin, int64_t end, bool) {
    declared(i, "reads", begin, end);
    int missing = have.find_first_unset_in(unsigned(begin), unsigned(end));
    if (missing >= 0 && !ownResult() && !meetsCode(i, "reads", begin, end))
      report("R-MEM-3", i,
             cat("reads byte ", missing,
                 ", which nothing has written on some PE of the class"));
  });
}

constexpr uint64_t MaxFollowed = 1 << 20; // elements

/// Does the op write each of the bytes it reads here before it reads them, if
/// no one else has? Both walks are followed element by element.
bool Walker::writtenBefore(const Access &a) {
  if (!ownResult || !a.base.isConst() || !ownResult->base.isConst())
    return false;
  // The destination's own bounds are looked at later; a walk that stands still
  // may be longer than anything to follow.
  const Access &own = *ownResult;
  if (own.base.lo + own.shape->lo < 0 ||
      own.base.lo + own.shape->hi > int64_t(sram) ||
      a.shape->count > MaxFollowed)
    return false;
  uint64_t followed = std::min(a.shape->count, own.shape->count);
  c.budget.spend(followed + sram / 512);
  Walk reads(a), writes(own);
  llvm::BitVector now = have;
  for (uint64_t n = followed; n--;) {
    unsigned r = unsigned(reads.next()), w = unsigned(writes.next());
    if (now.find_first_unset_in(r, r + a.shape->bytes) >= 0)
      return false;
    now.set(w, w + ownResult->shape->bytes);
  }
  return true;
}

void Walker::write(const Instr &i, const Access &a) {
  forEachRun(a, [&](int64_t begin, int64_t end, bool each) {
    touchBytes(begin, end);
    if (a.base.isConst() && each)
      have.set(unsigned(begin), unsigned(end));
    meetsCode(i, "writes", begin, end);
    meetsConstants(i, begin, end);
    declared(i, "writes", begin, end);
  });
}

void Walker::declared(const Instr &i, const char *verb, int64_t begin,
                      int64_t end) {
  if (image.declared.empty())
    return;
  int at = image.declared.find_first_unset_in(unsigned(begin), unsigned(end));
  if (at >= 0 && !meetsCode(i, verb, begin, end))
    report("R-MEM-7", i,
           cat(verb, " byte ", at, ", which lies in no range of .weft.memory"));
}

bool Walker::meetsCode(const Instr &i, const char *verb, int64_t begin,
                       int64_t end) {
  int64_t code = k.codeAddr, codeEnd = code + 4 * int64_t(k.code.size());
  if (begin >= codeEnd || end <= code)
    return false;
  report("R-MEM-4", i,
         cat(verb, " bytes ", begin, " to ", end, ", the code lies at ", code,
             " to ", codeEnd));
  return true;
}

/// A program that runs again finds its initial data as it was loaded.
void Walker::meetsConstants(const Instr &i, int64_t begin, int64_t end) {
  if (!c.program.repeatable || begin >= end)
    return;
  int at = image.constants.find_first_in(unsigned(begin), unsigned(end));
  if (at >= 0)
    report("R-MEM-6", i,
           cat("overwrites initial data at byte ", at,
               " of a program that is to be repeatable"));
}

/// What was known of these bytes is so no more.
void Walker::touchBytes(int64_t begin, int64_t end) {
  if (begin >= end)
    return;
  stored.set(unsigned(begin), unsigned(end));
  auto &s = state.spilled;
  s.erase(s.lower_bound(begin - 3), s.lower_bound(end));
}

/// R-MEM-5 of `a` against all ops in flight. Bytes that may be touched count.
void Walker::race(const Instr &i, const Access &a) {
  for (const Flight &f : state.flights) {
    if (!f.op)
      continue;
    forEachRun(a, [&](unsigned begin, unsigned end, bool) {
      bool written = f.writes.find_first_in(begin, end) >= 0;
      if (written || (a.write && f.reads.find_first_in(begin, end) >= 0))
        report("R-MEM-5", i,
               cat(a.write ? "writes" : "reads", " bytes ", begin, " to ", end,
                   ", which '", isa::print(*f.op), "' at word ",
                   f.op->wordIndex, written ? " writes" : " reads",
                   " in flight"));
    });
  }
}
