//===- Memory.h - The SRAM of all PEs -------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One lazily touched mapping for the bytes and one for the shadow bits that say
// which halfwords were written (R-MEM-3), so PEs cost what they use.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_MEMORY_H
#define WEFT_LIB_SIM_MEMORY_H

#include "VectorUnit.h"
#include <string>

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

class Memory {
public:
  bool allocate(size_t pes, uint32_t sramBytes);
  uint8_t *at(uint32_t pe, int64_t addr) const {
    return bytes.data() + pe * stride + addr;
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
  static constexpr uint64_t WordsPerPage = 4096 / 2 / 64;
  LazyBytes bytes, shadow;
  size_t stride = 0, pes = 0;
};

} // namespace weft::sim
#endif
