//===- HugePages.h - Big arrays in big pages ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The state of a big grid is walked once per simulated cycle. In pages of 4 KiB
// nearly each look at a PE would have to walk the host's page tables too.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_HUGEPAGES_H
#define WEFT_LIB_SIM_HUGEPAGES_H

#include <cstddef>
#include <memory>
#include <new>
#include <sys/mman.h>
#include <vector>

namespace weft::sim {

/// Arrays of at least two huge pages lie in such, where the host has them.
template <typename T> struct HugeAllocator {
  static constexpr size_t Page = size_t(2) << 20;
  using value_type = T;
  HugeAllocator() = default;
  template <typename U> HugeAllocator(const HugeAllocator<U> &) {}

  T *allocate(size_t n) {
    size_t bytes = n * sizeof(T);
    if (bytes < 2 * Page)
      return std::allocator<T>().allocate(n);
    void *p = ::operator new(bytes, std::align_val_t(Page));
#ifdef MADV_HUGEPAGE
    madvise(p, bytes, MADV_HUGEPAGE); // a hint
#endif
    return static_cast<T *>(p);
  }
  void deallocate(T *p, size_t n) {
    if (n * sizeof(T) < 2 * Page)
      return std::allocator<T>().deallocate(p, n);
    ::operator delete(p, std::align_val_t(Page));
  }
  bool operator==(const HugeAllocator &) const { return true; }
};

template <typename T> using HugeVector = std::vector<T, HugeAllocator<T>>;

} // namespace weft::sim
#endif
