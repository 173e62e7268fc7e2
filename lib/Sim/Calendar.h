//===- Calendar.h - Who must be looked at in which cycle ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A wheel of 64 cycles holds the near future of routers and PEs. Each item is
// entered at most once per cycle, so waking it twice costs nothing.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_CALENDAR_H
#define WEFT_LIB_SIM_CALENDAR_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <vector>

namespace weft::sim {

class Calendar {
public:
  static constexpr uint64_t Horizon = 63;

  void resize(size_t items) {
    pending.assign(items, 0);
    occupied = 0;
    for (auto &s : slots)
      s.clear();
  }
  /// Enters all items at cycle 0.
  void addAll() {
    pending.assign(pending.size(), 1);
    occupied |= 1;
    slots[0].resize(pending.size());
    std::iota(slots[0].begin(), slots[0].end(), 0);
  }
  /// Enters `item` at cycle now + delay, delay <= Horizon.
  void add(uint32_t item, uint64_t now, uint64_t delay) {
    unsigned s = (now + delay) % 64;
    uint64_t bit = uint64_t(1) << s;
    if (pending[item] & bit)
      return;
    pending[item] |= bit;
    occupied |= bit;
    slots[s].push_back(item);
  }
  /// Takes the items of cycle `now`; valid until the next call.
  const std::vector<uint32_t> &take(uint64_t now) {
    unsigned s = now % 64;
    uint64_t bit = uint64_t(1) << s;
    current.clear();
    current.swap(slots[s]);
    occupied &= ~bit;
    for (uint32_t item : current)
      pending[item] &= ~bit;
    return current;
  }
  uint64_t occupiedSlots() const { return occupied; }

private:
  std::array<std::vector<uint32_t>, 64> slots;
  std::vector<uint32_t> current;
  std::vector<uint64_t> pending;
  uint64_t occupied = 0;
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
      near.add(item, now, delay);
    blocks.erase(blocks.begin());
  }

private:
  std::map<uint64_t, std::vector<std::pair<uint32_t, uint32_t>>> blocks;
};

} // namespace weft::sim
#endif
