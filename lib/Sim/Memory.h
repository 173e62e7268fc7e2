//===- Memory.h - The SRAM of all PEs -------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One lazily touched mapping for the bytes and one for the shadow bits that say
// which halfwords were written (R-MEM-3), so PEs cost what they use. Constants
// that many PEs hold alike lie in memory once; a PE that writes to its own gets
// a copy of them first.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_MEMORY_H
#define WEFT_LIB_SIM_MEMORY_H

#include "VectorUnit.h"
#include "weft/Binary/Program.h"
#include <map>
#include <string>
#include <vector>

namespace weft::sim {

/// Zero-filled memory that takes pages only when touched.
class LazyBytes {
public:
  LazyBytes() = default;
  LazyBytes(const LazyBytes &) = delete;
  LazyBytes &operator=(const LazyBytes &) = delete;
  ~LazyBytes();
  bool allocate(size_t bytes);
  uint8_t *data() const { return static_cast<uint8_t *>(base); }

private:
  void *base = nullptr;
  size_t size = 0;
};

/// Bytes [lo, hi) of SRAM, the same for all PEs of a row, column or rectangle.
struct SharedTile {
  int64_t lo = 0, hi = 0;
  bin::Pattern where;
  uint32_t stepX = 0, stepY = 0;  // tiles from a PE to the next; 0: the same
  const uint8_t *tiles = nullptr; // `held`, or bytes of the loaded file
  std::vector<uint8_t> held;
};

class Memory {
public:
  bool allocate(size_t pes, uint32_t sramBytes);
  /// Valid up to the end of what was given to `settle` or `own` before.
  uint8_t *at(uint32_t pe, int64_t addr) const {
    if (mayShare(addr, addr + 1))
      if (uint8_t *shared = sharedAt(pe, addr))
        return shared;
    return bytes.data() + pe * stride + addr;
  }

  /// Has PEs share `tile` (aligned to 4 bytes); `routers` says where PEs lie in
  /// a grid of `width`.
  uint32_t addShared(SharedTile tile, const uint32_t *routers, uint32_t width);
  /// False, if `pe` shares too much already or something in this place: then it
  /// needs the bytes itself.
  bool share(uint32_t pe, uint32_t tile);
  /// Must be called before bytes [lo, hi) are written.
  void own(uint32_t pe, int64_t lo, int64_t hi) {
    if (mayShare(lo, hi))
      ownTiles(pe, lo, hi, /*partlyOnly=*/false);
  }
  /// Copies bytes [lo, hi) to `to`.
  void read(uint32_t pe, int64_t lo, int64_t hi, uint8_t *to) const;
  /// Must be called before bytes [lo, hi) are read through one pointer.
  void settle(uint32_t pe, int64_t lo, int64_t hi) {
    if (mayShare(lo, hi))
      ownTiles(pe, lo, hi, /*partlyOnly=*/true);
  }
  /// All halfwords of [lo, hi) written?
  bool written(uint32_t pe, int64_t lo, int64_t hi) const;
  void mark(uint32_t pe, int64_t lo, int64_t hi);
  /// The first address on the walk that was never written, or -1.
  int64_t firstUnwritten(uint32_t pe, const Shape &s, int64_t base) const;
  void markWalk(uint32_t pe, const Shape &s, int64_t base);

private:
  /// 64 shadow bits. Those of one page of SRAM lie together for all PEs, so
  /// pages that no PE uses have none.
  uint64_t &shadowWord(uint32_t pe, uint64_t word) const {
    uint64_t page = word / WordsPerPage;
    return reinterpret_cast<uint64_t *>(
        shadow.data())[(page * pes + pe) * WordsPerPage + word % WordsPerPage];
  }
  /// What a PE shares and has no copy of: calls f(number in its set, tile).
  template <typename F> void eachShared(uint32_t pe, F f) const {
    const std::vector<uint32_t> &set = sets[setOf[pe]];
    for (uint32_t k = 0; k < set.size(); ++k)
      if (!(owned[pe] >> k & 1))
        f(k, shared[set[k]]);
  }
  /// Do all shared tiles of the machine together leave that open?
  bool mayShare(int64_t lo, int64_t hi) const {
    return lo < sharedHi && hi > sharedLo;
  }
  uint8_t *sharedAt(uint32_t pe, int64_t addr) const;
  uint8_t *tileOf(uint32_t pe, const SharedTile &t) const;
  void ownTiles(uint32_t pe, int64_t lo, int64_t hi, bool partlyOnly);
  const SharedTile *meets(uint32_t pe, int64_t lo, int64_t hi) const;

  static constexpr uint64_t WordsPerPage = 4096 / 2 / 64;
  std::vector<SharedTile> shared;
  int64_t sharedLo = INT64_MAX, sharedHi = 0; // over all of them
  std::vector<std::vector<uint32_t>>
      sets; // of shared tiles; 0 is the empty one
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> larger; // set and a tile
  std::vector<uint32_t> setOf, owned;                       // by PE
  const uint32_t *routerOf = nullptr;                       // by PE
  uint32_t gridW = 1;
  LazyBytes bytes, shadow;
  size_t stride = 0, pes = 0;
};

} // namespace weft::sim
#endif
