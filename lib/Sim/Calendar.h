//===- Calendar.h - Who must be looked at in which cycle ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A wheel of 64 cycles holds the near future of routers and PEs: a bit for each
// item and cycle, and above that a bit for each 64 of these. So waking an item
// twice costs nothing, and those of a cycle are looked at in ascending order,
// in which their state lies in memory.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_CALENDAR_H
#define WEFT_LIB_SIM_CALENDAR_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace weft::sim {

class Calendar {
public:
  static constexpr uint64_t Horizon = 63;

  void resize(size_t n) {
    items = n;
    words = (n + 63) / 64;
    heads = (words + 63) / 64;
    bits.assign(64 * words, 0);
    above.assign(64 * heads, 0);
    current = std::make_unique_for_overwrite<uint32_t[]>(n);
    occupied = 0;
  }
  /// Enters all items at cycle 0.
  void addAll() {
    for (uint32_t item = 0; item < items; ++item)
      add(item, 0);
  }
  /// Enters `item` at cycle `at`, at most Horizon cycles from now.
  void add(uint32_t item, uint64_t at) {
    size_t slot = at % 64, word = item / 64;
    bits[slot * words + word] |= uint64_t(1) << item % 64;
    above[slot * heads + word / 64] |= uint64_t(1) << word % 64;
    occupied |= uint64_t(1) << slot;
  }
  /// Takes the items of cycle `now`; valid until the next call.
  std::span<const uint32_t> take(uint64_t now) {
    size_t slot = now % 64, n = 0;
    if (!(occupied >> slot & 1))
      return {};
    occupied &= ~(uint64_t(1) << slot);
    for (size_t head = 0; head < heads; ++head)
      for (uint64_t m = takeWord(above[slot * heads + head]); m; m &= m - 1) {
        size_t word = head * 64 + size_t(std::countr_zero(m));
        for (uint64_t k = takeWord(bits[slot * words + word]); k; k &= k - 1)
          current[n++] = uint32_t(word * 64 + size_t(std::countr_zero(k)));
      }
    return {current.get(), n};
  }
  uint64_t occupiedSlots() const { return occupied; }

private:
  static uint64_t takeWord(uint64_t &w) { return std::exchange(w, 0); }

  size_t items = 0, words = 0, heads = 0;
  std::vector<uint64_t> bits, above; // by slot
  std::unique_ptr<uint32_t[]> current;
  uint64_t occupied = 0; // slots
};

/// What lies beyond a Calendar's horizon, 64 cycles together.
class FarCalendar {
public:
  void clear() { blocks.clear(); }
  void add(uint32_t item, uint64_t at) {
    blocks[at / 64].push_back({item, uint32_t(at % 64)});
  }
  /// The cycle in which the next block begins; it must be opened then.
  uint64_t next() const {
    return blocks.empty() ? ~uint64_t(0) : blocks.begin()->first * 64;
  }
  /// Hands the block that begins in cycle `now`, if there is one, to `near`.
  void open(uint64_t now, Calendar &near) {
    if (next() != now)
      return;
    for (auto [item, delay] : blocks.begin()->second)
      near.add(item, now + delay);
    blocks.erase(blocks.begin());
  }

private:
  std::map<uint64_t, std::vector<std::pair<uint32_t, uint32_t>>> blocks;
};

} // namespace weft::sim
#endif
