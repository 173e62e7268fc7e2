//===- Events.h - What a class does that can wait for the fabric ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_EVENTS_H
#define WEFT_LIB_VERIFY_EVENTS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::verify {

/// One step of a class that can wait for the fabric, in program order.
struct Event {
  enum Kind { Op, Wait, Repeat } kind = Op;
  bool async = false;
  uint8_t microthread = 0;
  int in0 = -1, in1 = -1, out = -1; // colours of an Op
  uint64_t times = 0;               // words of an Op, rounds of a Repeat
  std::vector<Event> body;          // of a Repeat

  bool uses(int color, bool sending) const {
    return kind == Op &&
           (sending ? out == color : in0 == color || in1 == color);
  }
};

/// Visits the events in order, repeats unrolled.
class Cursor {
public:
  explicit Cursor(const std::vector<Event> *events = nullptr) {
    if (events)
      stack.push_back({events, 0, 1});
  }
  /// The next Op or Wait, or nullptr at the end.
  const Event *peek() {
    while (!stack.empty()) {
      Level &l = stack.back();
      if (l.next == l.events->size()) {
        if (--l.rounds == 0)
          stack.pop_back();
        else
          l.next = 0;
        continue;
      }
      const Event &e = (*l.events)[l.next];
      if (e.kind != Event::Repeat)
        return &e;
      ++l.next;
      stack.push_back({&e.body, 0, e.times});
    }
    return nullptr;
  }
  void pop() { ++stack.back().next; }

private:
  struct Level {
    const std::vector<Event> *events;
    size_t next;
    uint64_t rounds;
  };
  std::vector<Level> stack;
};

} // namespace weft::verify
#endif
