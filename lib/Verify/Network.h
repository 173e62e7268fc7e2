//===- Network.h - PEs in the same state, and the channels between them ---===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A group is a set of PEs of one class that have done the same so far. Groups
// start as whole classes and are split where some of their PEs wait for PEs in
// another state than the rest.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_NETWORK_H
#define WEFT_LIB_VERIFY_NETWORK_H

#include "Trace.h"
#include "llvm/ADT/DenseMap.h"

namespace weft::verify {

/// An op that has started; nullptr: idle.
struct Running {
  const Event *event = nullptr;
  uint64_t left = 0; // words
};

struct Group {
  size_t cls = 0;
  Region where;
  llvm::ArrayRef<Event> rest;          // events that have not started
  std::array<Running, 17> ops;         // microthreads, then the main thread
  std::map<int, uint64_t> sent, taken; // words of each PE, by colour

  /// The slot of the op that sends or takes `color`, or -1.
  int running(int color, bool sending) const;
  bool finished();
};

/// PEs of `sender` send to PEs of `receiver`, displaced by some (dx, dy) of the
/// box. At least `room` words fit between two of them.
struct Channel {
  size_t sender, receiver;
  int color;
  uint64_t room;
  int64_t dx0, dx1, dy0, dy1;
  /// Words that the receiver takes from others first, and then from this one.
  uint64_t before = 0, words = UINT64_MAX;
};

/// An op that has started: the slot of a group.
struct Member {
  size_t group;
  int slot;
  bool operator==(const Member &) const = default;
};

class Network {
public:
  Network(const Context &c, const std::vector<ClassFacts> &facts,
          const Flows &flows);

  std::vector<Group> groups;
  uint64_t looks = 0; // at groups and ops that may be an end of a channel

  const Event *event(const Member &m) const {
    return groups[m.group].ops[size_t(m.slot)].event;
  }

  /// One side of a channel as the other sees it: what is there to take, or room
  /// to send; `other` has no slot if no op uses the channel there.
  struct Side {
    const Channel &ch;
    bool sending;
    uint64_t free;
    Member other;
  };
  Side side(const Channel &ch, bool sending) {
    looks += 16; // slots
    size_t g = sending ? ch.receiver : ch.sender;
    return {ch,
            sending,
            sending ? ch.room - waiting(ch) : waiting(ch),
            {g, hasTurn(ch) ? groups[g].running(ch.color, !sending) : -1}};
  }
  /// Calls `f(side)` for the channels of a started op.
  template <typename F> void sides(const Member &m, F f) {
    const Event *e = event(m);
    for (int color : {e->in0, e->in1})
      if (color >= 0)
        for (const Channel &ch : into(m.group, color))
          if (hasTurn(ch))
            f(side(ch, false));
    if (e->out >= 0)
      for (const Channel &ch : outOf(m.group, e->out))
        f(side(ch, true));
  }

  /// Splits off the PEs of a group at whose channel `stuck` holds while it does
  /// not at another's: they cannot go on, the others may. True if any are.
  bool split(size_t g, int color, bool sending,
             const std::function<bool(const Side &)> &stuck);

private:
  using Key = std::pair<unsigned, unsigned>;
  /// The channels into (out of) group `g` on `color`; good until a split.
  const std::vector<Channel> &into(size_t g, int color);
  const std::vector<Channel> &outOf(size_t g, int color);
  uint64_t taken(const Channel &ch) const;   // words, of this one
  uint64_t waiting(const Channel &ch) const; // words sent and not yet taken
  /// Will the receiver's next word come from this one?
  bool hasTurn(const Channel &ch) const;
  /// What the PEs of group `g` send on `color`.
  std::vector<Delivery> deliveries(size_t g, int color) const;
  std::vector<Channel> find(size_t sender, int color);
  uint64_t room(size_t sender, size_t receiver, int color, const Delivery &d,
                bool multicast) const;
  /// The PEs of `g` with a partner in `other` on `color`.
  Region partnersIn(size_t g, size_t other, int color, bool sending);

  const Context &c;
  const std::vector<ClassFacts> &facts;
  const Flows &flows;
  llvm::DenseMap<Key, std::vector<Channel>> in, out;
};

} // namespace weft::verify
#endif
