//===- PEs.h - The PEs of a machine ---------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What a PE does takes more than a kilobyte to describe, and on a big grid many
// PEs have nothing to do: their state is taken from a pool when they start and
// goes back when they have halted. A PE is a number; those of a class follow
// each other.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_PES_H
#define WEFT_LIB_SIM_PES_H

#include "HugePages.h"
#include "State.h"
#include <algorithm>
#include <iterator>
#include <memory>

namespace weft::sim {

class PEs {
public:
  size_t size() const { return states.size(); }
  void reserve(size_t n) { states.reserve(n); }
  /// A class begins; its PEs are added next.
  void addClass() { firsts.push_back(uint32_t(size())); }
  uint32_t add() {
    states.push_back(nullptr);
    return uint32_t(size() - 1);
  }
  uint32_t classOf(uint32_t id) const {
    return uint32_t(std::upper_bound(firsts.begin(), firsts.end(), id) -
                    firsts.begin() - 1);
  }
  uint32_t firstOf(uint32_t cls) const { return firsts[cls]; }
  uint32_t countOf(uint32_t cls) const {
    return (cls + 1 < firsts.size() ? firsts[cls + 1] : uint32_t(size())) -
           firsts[cls];
  }

  /// Null: it has not started, or has halted.
  PE *find(uint32_t id) const { return has(states[id]) ? states[id] : nullptr; }
  /// Only of one that has started and not halted.
  PE &operator[](uint32_t id) const { return *states[id]; }
  bool halted(uint32_t id) const { return states[id] == &gone; }

  PE &start(uint32_t id) {
    if (unused.empty())
      grow();
    states[id] = unused.back();
    unused.pop_back();
    return *states[id];
  }
  void release(uint32_t id) {
    unused.push_back(states[id]);
    states[id] = &gone;
  }
  void releaseAll() {
    for (size_t id = size(); id-- > 0; states[id] = nullptr)
      if (has(states[id]))
        unused.push_back(states[id]);
  }

  /// Over those that have started and not halted.
  class Iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = PE;
    using difference_type = ptrdiff_t;
    using pointer = PE *;
    using reference = PE &;
    Iterator(PE *const *at, PE *const *end) : at(at), end(end) { skip(); }
    PE &operator*() const { return **at; }
    PE *operator->() const { return *at; }
    Iterator &operator++() {
      ++at;
      skip();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator &o) const { return at == o.at; }

  private:
    void skip() {
      while (at != end && !has(*at))
        ++at;
    }
    PE *const *at, *const *end;
  };
  Iterator begin() const {
    return {states.data(), states.data() + states.size()};
  }
  Iterator end() const {
    return {states.data() + states.size(), states.data() + states.size()};
  }

private:
  static constexpr size_t LeastChunk = 32, MostChunk = 4096;
  static bool has(const PE *p) { return p && p != &gone; }
  void grow() {
    size_t chunk = std::clamp(pooled, LeastChunk, MostChunk);
    pool.emplace_back(chunk);
    pooled += chunk;
    for (size_t i = chunk; i-- > 0;)
      unused.push_back(&pool.back()[i]);
  }

  static PE gone;
  std::vector<PE *> states; // by PE; null before its start, &gone after
  std::vector<uint32_t> firsts;
  std::vector<HugeVector<PE>> pool; // each doubles it, up to MostChunk
  size_t pooled = 0;
  std::vector<PE *> unused;
};

inline PE PEs::gone;

} // namespace weft::sim
#endif
