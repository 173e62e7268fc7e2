//===- Memory.cpp - The SRAM of all PEs -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include <sys/mman.h>

using namespace weft::sim;

LazyBytes::~LazyBytes() {
  if (base)
    munmap(base, size);
}

bool LazyBytes::allocate(size_t n) {
  size = n ? n : 1;
  base = mmap(nullptr, size, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    base = nullptr;
  return base;
}

bool Memory::allocate(size_t n, uint32_t sramBytes) {
  pes = n;
  stride = (size_t(sramBytes) + 63) & ~size_t(63);
  size_t pages = (stride + 4095) / 4096;
  return bytes.allocate(pes * stride) &&
         shadow.allocate(pes * pages * WordsPerPage * 8);
}

/// Bits [from, to) of a word.
static uint64_t bitsOf(unsigned from, unsigned to) {
  uint64_t below = to == 64 ? ~uint64_t(0) : (uint64_t(1) << to) - 1;
  return below & ~((uint64_t(1) << from) - 1);
}

/// Calls f(word index, mask) for the halfword bits of the bytes [lo, hi).
template <typename F> static bool eachWord(int64_t lo, int64_t hi, F f) {
  uint64_t from = uint64_t(lo) / 2, to = (uint64_t(hi) + 1) / 2;
  while (from < to) {
    uint64_t word = from / 64, end = (word + 1) * 64;
    unsigned last = to < end ? to % 64 : 64;
    if (!f(word, bitsOf(from % 64, last)))
      return false;
    from = end;
  }
  return true;
}

bool Memory::written(uint32_t pe, int64_t lo, int64_t hi) const {
  return eachWord(lo, hi, [&](uint64_t w, uint64_t m) {
    return (shadowWord(pe, w) & m) == m;
  });
}

void Memory::mark(uint32_t pe, int64_t lo, int64_t hi) {
  eachWord(lo, hi, [&](uint64_t w, uint64_t m) {
    shadowWord(pe, w) |= m;
    return true;
  });
}

int64_t Memory::firstUnwritten(uint32_t pe, const Shape &s,
                               int64_t base) const {
  if (written(pe, base + s.lo, base + s.hi))
    return -1;
  Cursor c;
  c.start(&s, base);
  for (uint32_t i = 0; i < s.count; ++i, c.advance(1))
    if (!written(pe, c.addr, c.addr + s.bytes))
      return c.addr;
  return -1;
}

void Memory::markWalk(uint32_t pe, const Shape &s, int64_t base) {
  int64_t lo = base + s.lo, hi = base + s.hi;
  if (s.dense)
    return mark(pe, lo, hi);
  if (written(pe, lo, hi))
    return;
  Cursor c;
  c.start(&s, base);
  for (uint32_t i = 0; i < s.count; ++i, c.advance(1))
    mark(pe, c.addr, c.addr + s.bytes);
}
