//===- Activity.h - In how many cycles a PE does something ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What the speed of a simulator is counted in. A PE, router included, counts
// once for a cycle, whatever it does in it. Main threads run ahead of the
// clock, so what they did is kept until the routers come to it.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_ACTIVITY_H
#define WEFT_LIB_SIM_ACTIVITY_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace weft::sim {

class Activity {
public:
  void reset(size_t routers) {
    perRouter.assign(routers, {});
    total = 0;
  }
  /// The main thread is busy in cycles [from, to); each begins where the one
  /// before it ended, or later.
  void mainThread(uint32_t router, uint64_t from, uint64_t to) {
    One &one = perRouter[router];
    if (from < one.next) // a router's move, or an element, came first
      from = one.next;
    if (from >= to)
      return;
    total += to - from;
    one.ahead.push_back({from, to});
  }
  /// Router or element pipe do something in cycle `now`; calls ascend.
  void inCycle(uint32_t router, uint64_t now) {
    One &one = perRouter[router];
    if (now < one.next)
      return;
    one.next = now + 1;
    while (!one.ahead.empty() && one.ahead.front().second <= now)
      one.ahead.pop_front();
    if (one.ahead.empty() || one.ahead.front().first > now)
      ++total;
  }
  uint64_t cycles() const { return total; }

private:
  struct One {
    uint64_t next = 0; // the first cycle that inCycle() has not seen
    std::deque<std::pair<uint64_t, uint64_t>> ahead;
  };
  std::vector<One> perRouter;
  uint64_t total = 0;
};

} // namespace weft::sim
#endif
