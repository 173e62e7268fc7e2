//===- CriticalPath.h - What each thread's present time depends on --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The chain is not walked back over a log, which would have no bound: each
// thread and each wavelet carries the chain that led to it, summed up kernel by
// kernel. Chains share their beginnings, and those nobody has any more are
// swept. The parts of a chain always add up to the time at its end.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_CRITICALPATH_H
#define WEFT_LIB_SIM_CRITICALPATH_H

#include "weft/Sim/Trace.h"
#include <array>
#include <memory>
#include <unordered_map>

namespace weft::sim {

/// The last stretch of a chain; those before it hang on `parent`.
struct Path {
  static constexpr uint32_t None = ~uint32_t(0);
  uint32_t parent = None, kernel = None, pe = 0, start = 0;
  uint32_t messages = 0, hops = 0;
  uint32_t part[NumPathParts] = {};

  uint64_t end() const {
    uint64_t t = start;
    for (uint32_t p : part)
      t += p;
    return t;
  }
};

/// The chain of a wavelet on its way.
struct Wave {
  Path path;           // to the end of the element that sent it
  uint32_t waited = 0; // since: cycles in which it could not move
  uint32_t hops = 0;
};

class CriticalPath {
public:
  explicit CriticalPath(size_t maxNodes) : maxNodes(maxNodes) {}
  void reset(size_t pes);

  /// The chain of a thread of a PE: 0 is the main thread, 1 + m microthread m.
  Path &of(uint32_t pe, unsigned thread);
  /// `p` goes on, on this PE and for this kernel.
  void add(Path &p, uint32_t pe, uint32_t kernel, PathPart part,
           uint64_t cycles);
  /// The chain of what lies in a place of the fabric's queues.
  Wave &at(uint32_t place);
  /// The chain of a wavelet that can move in `cycle`.
  static Path onItsWay(const Wave &w, uint64_t cycle);
  /// The chain of a thread that goes on as soon as `w` is there, in `cycle`.
  static Path arrived(const Wave &w, uint64_t cycle);
  /// What led to the present cycle made room in a queue, by its number.
  void makesRoom(uint32_t queue, const Path &p);
  /// What made room there in the cycle before `cycle`, up to `cycle`.
  std::optional<Path> madeRoom(uint32_t queue, uint64_t cycle) const;

  bool tooLong() const { return overflow; }
  /// The end of a PE's longest chain; null: it did nothing.
  const Path *latest(uint32_t pe) const;
  /// The end of the first PE's chain that ends with `cycles`.
  const Path *endingAt(uint64_t cycles) const;
  /// The stretches of the chain that ends with `last`.
  std::vector<Path> walk(const Path &last) const;

private:
  uint32_t keep(const Path &p);
  void sweep(const Path &p);

  struct Node {
    Path path;
    bool live = false;
  };
  static constexpr uint32_t PageSize = 64;
  size_t maxNodes, sweepAt = 1u << 16;
  bool overflow = false;
  std::vector<Node> nodes;
  std::vector<uint32_t> unused;
  std::vector<std::vector<Path>> threads;
  std::vector<std::unique_ptr<Wave[]>> pages;
  /// Of queues that were full: what left last, and before that. A router may
  /// move again in the cycle in which what it did before is asked for.
  std::unordered_map<uint32_t, std::array<Path, 2>> room;
};

} // namespace weft::sim
#endif
