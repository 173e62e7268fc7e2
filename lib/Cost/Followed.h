//===- Followed.h - The PEs that the timeline follows ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The state of the timeline: what each followed PE has done and sent, and the
// class whose parts are in TimelinePlaces.cpp (which PEs), TimelineOps.cpp (one
// op) and Timeline.cpp (one PE after the other).
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_COST_FOLLOWED_H
#define WEFT_LIB_COST_FOLLOWED_H

#include "Grid.h"
#include "Timeline.h"
#include <algorithm>
#include <array>
#include <deque>
#include <map>

namespace weft::cost {

/// The longest chain of messages that leads to a moment, each message one word
/// and all local work free: so many cycles, from the first op at PE `from`.
struct Reach {
  uint32_t at = 0;
  int32_t from = -1;
  void cover(const Reach &o) {
    if (o.at > at)
      *this = o;
  }
  Reach plus(double cycles) const { return {uint32_t(at + cycles), from}; }
};

/// The chains within the program, within one stage and within one kernel; the
/// latter two count from the first issue of that stage or kernel anywhere.
enum Scope : unsigned { InProgram, InStage, InKernel, NumScopes };
using Reaches = std::array<Reach, NumScopes>;

/// Words first .. first + n - 1, the first at `t0` and the last at `t1`,
/// evenly. `kernel` is that of the op.
struct Segment {
  uint64_t first = 0, n = 0;
  double t0 = 0, t1 = 0;
  Reaches reach = {};
  uint32_t kernel = NoKernel;
  double at(uint64_t word) const {
    return n > 1 ? t0 + (t1 - t0) * double(word - first) / double(n - 1) : t0;
  }
};

struct Channel { // what a PE has sent on one colour
  uint8_t color = 0;
  uint64_t sent = 0;
  std::vector<Segment> segments;
};

struct Origin {       // one of those that send a PE words of one colour
  int32_t pe = -1;    // followed PE, or
  bool copy = false;  // take the arrival from the model PE
  bool exact = false; // `pe` is the sender itself, not its like
  double latency = 0;
  uint64_t words = 0; // in all
  uint64_t hops = 0;
  size_t segment = 0; // first one not wholly taken
};

/// Where a PE's words of one colour come from: from one PE, or over routers
/// with switches from several, the nearest first.
struct Source {
  uint8_t color = 0;
  std::vector<Origin> origins;
  size_t at = 0;       // the origin whose turn it is
  uint64_t taken = 0;  // from all
  uint64_t before = 0; // from those before `at`
  bool copy() const {
    return std::any_of(origins.begin(), origins.end(),
                       [](const Origin &o) { return o.copy; });
  }
};

struct Mark { // a PE's state at the start of a round
  double t = 0;
  size_t ops = 0;
  std::vector<uint64_t> sent, taken;
  size_t call = 0; // PE::nextCall
  Reach reach;     // in the program
};

struct Level { // a position in the tree of blocks
  const Block *block = nullptr;
  size_t item = 0;
  const Item *loop = nullptr;
  uint64_t left = 0; // rounds
  std::unique_ptr<Mark> mark = nullptr;
  bool listedCall = false;
};

struct Logged { // a fabric op of a model PE
  double issue = 0;
  std::vector<Segment> segments; // when its elements were processed
  double end = 0;
};

struct Span { // from first issue to last end
  double first = -1, last = -1;
  void cover(double from, double to) {
    first = first < 0 ? from : std::min(first, from);
    last = std::max(last, to);
  }
};

struct Issued {
  const TimedOp *op = nullptr;
  double at = 0;
  size_t number = 0;
  uint32_t kernel = NoKernel;
  Reaches reach = {};
};

/// When the last element of an op has been processed.
struct Ended {
  double at = 0;
  uint32_t kernel = NoKernel;
  Reaches reach = {};
};

struct Followed {
  uint32_t cls = 0, x = 0, y = 0;
  int32_t model = -1; // PE of its kind on the crossing row and column
  bool isModel = false;
  double t = 0;
  size_t run = 0; // of ClassCode::runs
  std::vector<Level> stack;
  std::vector<Channel> channels;
  std::vector<Source> sources;
  std::vector<Ended> threads;              // last op of each microthread
  std::vector<std::deque<Issued>> pending; // issued ops, by microthread
  std::map<size_t, Logged> log;            // of a model PE, by number of the op
  size_t ops = 0;                          // issued so far
  std::vector<double> activated;           // by task id
  std::vector<int32_t> waiters;            // PEs that wait for this one
  uint32_t kernel = NoKernel;              // of the listed call it is in
  size_t nextCall = 0;                     // into ClassCode::callKernels
  std::vector<Span> calls;                 // if rounds are skipped
  Reaches reach = {};                      // of the main thread
  uint32_t lastKernel = NoKernel;          // that `reach` is about
  /// Of skipped rounds: how many, and the reach that one of them gains.
  std::vector<std::pair<uint64_t, uint32_t>> skipped;
  bool done = false, queued = false;
};

class Timeline {
public:
  Timeline(const bin::Program &p, const Target &t,
           const std::vector<std::unique_ptr<ClassCode>> &codes,
           const Traffic &traffic)
      : p(p), t(t), codes(codes), traffic(traffic) {}
  Estimate run();

private:
  // TimelinePlaces.cpp
  void choosePEs();
  static std::vector<uint32_t> follow(const Kinds &kinds,
                                      std::vector<int32_t> &slot);
  static uint32_t nearest(const Kinds &kinds, uint32_t at);
  int32_t classAt(uint32_t x, uint32_t y) const;
  int32_t addPE(uint32_t x, uint32_t y);
  void findSources();
  void findSource(Followed &pe, uint8_t color);
  Origin originOf(const Followed &pe, const Delivery &d, int64_t sx,
                  int64_t sy) const;

  // TimelineOps.cpp
  Channel &channel(Followed &pe, uint8_t color);
  static Source *source(Followed &pe, int color);
  void wake(Followed &pe);
  void wait(Followed &pe, int32_t on) { pes[on].waiters.push_back(idOf(pe)); }
  std::optional<Ended> perform(Followed &pe, const Issued &what, bool force);
  bool arrivals(Followed &pe, Source &s, const Issued &what,
                std::vector<Segment> &out, bool force);
  void take(const Origin &o, uint8_t color, uint64_t word, uint64_t last,
            uint64_t shift, const Issued &what, std::vector<Segment> &out);
  bool copied(Followed &pe, const Issued &what, std::vector<Segment> &out,
              Ended &end);
  double spanOf(uint64_t n, double pace, uint32_t room) const;
  uint32_t roomOf(const Followed &pe, int color) const;
  Ended process(const Followed &pe, const Issued &what,
                const std::vector<Segment> &in, std::vector<Segment> &out);
  void emit(Followed &pe, const TimedOp &op,
            const std::vector<Segment> &segments);
  void consume(Followed &pe, const TimedOp &op);
  uint32_t stageOf(uint32_t kernel) const {
    return kernel < p.kernels.size() ? p.kernels[kernel].stage : NoKernel;
  }
  /// The reaches of a moment of kernel `of` as far as they count in `in`.
  Reaches within(const Reaches &r, uint32_t of, uint32_t in) const;
  void noteSpill(uint32_t sender, uint32_t receiver);
  void arrive(Followed &pe, const Ended &end);
  void note(const Followed &pe, const Ended &end);

  // Timeline.cpp
  bool advance(Followed &pe, bool force);
  bool step(Followed &pe, bool force);
  bool startTask(Followed &pe);
  bool doItem(Followed &pe, const Item &item, bool force);
  Issued issue(const Followed &pe, const TimedOp &op) const;
  bool doOp(Followed &pe, const Item &item, bool force);
  bool endBlock(Followed &pe);
  void skipRounds(Followed &pe, Level &l);
  void skipCalls(Followed &pe, const Mark &m, uint64_t rounds);
  void drain(Followed &pe, bool force);
  void charge(Followed &pe, uint32_t kernel, double cycles);
  static uint32_t kernelOf(const Followed &pe, uint32_t kernel) {
    return kernel == CallerKernel ? pe.kernel : kernel;
  }
  void cover(uint32_t kernel, double from, double to);
  void enterCall(Followed &pe, const Item &item);
  int32_t idOf(const Followed &pe) const { return int32_t(&pe - pes.data()); }
  void followAll();
  uint64_t skippedReach() const;
  PathCost pathTo(const Reach &r, const Followed &pe) const;

  const bin::Program &p;
  const Target &t;
  const std::vector<std::unique_ptr<ClassCode>> &codes;
  const Traffic &traffic;
  std::vector<Followed> pes;
  Kinds columns, rows;
  std::vector<int32_t> rowSlot, columnSlot; // followed? its index, else -1
  std::vector<std::vector<int32_t>> rowPEs, columnPEs;
  std::deque<int32_t> work;
  std::vector<Span> kernels; // over all PEs
  Estimate estimate;
  bool skipping = false;
};

} // namespace weft::cost
#endif
