//===- Memory.cpp - The SRAM of all PEs -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include <algorithm>
#include <cstring>
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
  if (mayShare(lo, hi))
    if (const SharedTile *t = meets(pe, lo, hi))
      return (lo >= t->lo || written(pe, lo, t->lo)) &&
             (hi <= t->hi || written(pe, t->hi, hi));
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

//===----------------------------------------------------------------------===//
// Shared constants
//===----------------------------------------------------------------------===//

uint32_t Memory::addShared(SharedTile tile, const uint32_t *routers,
                           uint32_t width) {
  if (sets.empty()) {
    sets.push_back({});
    setOf.assign(pes, 0);
    owned.assign(pes, 0);
  }
  routerOf = routers;
  gridW = width;
  sharedLo = std::min(sharedLo, tile.lo);
  sharedHi = std::max(sharedHi, tile.hi);
  shared.push_back(std::move(tile));
  if (!shared.back().held.empty())
    shared.back().tiles = shared.back().held.data();
  return uint32_t(shared.size() - 1);
}

bool Memory::share(uint32_t pe, uint32_t tile) {
  const SharedTile &t = shared[tile];
  const std::vector<uint32_t> &set = sets[setOf[pe]];
  bool fits = set.size() < 32;
  for (uint32_t other : set)
    fits &= shared[other].hi <= t.lo || t.hi <= shared[other].lo;
  if (!fits)
    return false;
  auto [it, fresh] = larger.try_emplace({setOf[pe], tile}, sets.size());
  if (fresh) {
    std::vector<uint32_t> more = set;
    more.push_back(tile);
    sets.push_back(std::move(more));
  }
  setOf[pe] = it->second;
  return true;
}

uint8_t *Memory::tileOf(uint32_t pe, const SharedTile &t) const {
  uint32_t x = (routerOf[pe] % gridW - t.where.x0) / t.where.dx,
           y = (routerOf[pe] / gridW - t.where.y0) / t.where.dy;
  size_t index = size_t(x) * t.stepX + size_t(y) * t.stepY;
  return const_cast<uint8_t *>(t.tiles) + index * size_t(t.hi - t.lo);
}

uint8_t *Memory::sharedAt(uint32_t pe, int64_t addr) const {
  uint8_t *found = nullptr;
  eachShared(pe, [&](uint32_t, const SharedTile &t) {
    if (addr >= t.lo && addr < t.hi)
      found = tileOf(pe, t) + (addr - t.lo);
  });
  return found;
}

/// A tile that `pe` shares and that has bytes of [lo, hi), or null.
const SharedTile *Memory::meets(uint32_t pe, int64_t lo, int64_t hi) const {
  const SharedTile *found = nullptr;
  eachShared(pe, [&](uint32_t, const SharedTile &t) {
    if (lo < t.hi && hi > t.lo)
      found = &t;
  });
  return found;
}

void Memory::read(uint32_t pe, int64_t lo, int64_t hi, uint8_t *to) const {
  memcpy(to, bytes.data() + pe * stride + lo, size_t(hi - lo));
  if (!mayShare(lo, hi))
    return;
  eachShared(pe, [&](uint32_t, const SharedTile &t) {
    int64_t from = std::max(lo, t.lo), end = std::min(hi, t.hi);
    if (from < end)
      memcpy(to + (from - lo), tileOf(pe, t) + (from - t.lo),
             size_t(end - from));
  });
}

void Memory::ownTiles(uint32_t pe, int64_t lo, int64_t hi, bool partlyOnly) {
  eachShared(pe, [&](uint32_t k, const SharedTile &t) {
    if (lo >= t.hi || hi <= t.lo || (partlyOnly && lo >= t.lo && hi <= t.hi))
      return;
    const uint8_t *from = tileOf(pe, t);
    owned[pe] |= 1u << k;
    memcpy(bytes.data() + pe * stride + t.lo, from, size_t(t.hi - t.lo));
    mark(pe, t.lo, t.hi);
  });
}
