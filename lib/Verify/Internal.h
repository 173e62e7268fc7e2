//===- Internal.h - What the parts of the verifier hand to each other -----===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The parts: memory (what the loader puts where), code (one walk per class),
// fabric (routes and streams, given what the code sends and receives), progress
// (can they all go on). They share findings and facts and nothing else.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_VERIFY_INTERNAL_H
#define WEFT_LIB_VERIFY_INTERNAL_H

#include "Events.h"
#include "Explain/Explain.h"
#include "Region.h"
#include "Value.h"
#include "weft/Binary/Isa.h"
#include "weft/Verify/Verifier.h"
#include "llvm/ADT/BitVector.h"
#include <array>
#include <deque>
#include <map>
#include <set>

namespace weft::verify {

constexpr unsigned NumColors = 256; // of the file's encoding; rules allow fewer
using PerColor = std::array<uint64_t, NumColors>;

/// Collects findings: the same one once, and at most a few of one rule.
class Findings {
public:
  void add(const std::string &rule, const std::string &message);
  void note(const std::string &message) { notes.insert(message); }
  bool has(const std::string &rule) const { return byRule.count(rule) != 0; }
  void moveTo(Result &result);

private:
  struct Rule {
    std::vector<std::string> messages;
    std::set<std::string> seen;
  };
  std::map<std::string, Rule> byRule;
  std::set<std::string> notes;
};

/// What one PE of a class sends, receives and multiplies in all.
struct Traffic {
  PerColor sent{}, received{};                       // wavelets of one PE
  uint64_t macs = 0, elements = 0, instructions = 0; // of one PE
  struct Advances {
    uint64_t times = 0, words = 0; // words sent up to the last
  };
  std::map<unsigned, Advances> advances; // by colour
};

/// What the walk over the code of one class found.
struct ClassFacts {
  bool walked = false; // false: the code could not be followed to its end
  Traffic traffic;
  uint64_t peakBytes = 0;   // no byte above is touched on any PE
  uint64_t peakReached = 0; // ... and up to here some PE surely does
  std::vector<Event> events;
};

/// What is in the SRAM of a class's PEs before cycle 0 (Memory.cpp).
struct LoadImage {
  llvm::BitVector certain; // bytes that hold something on every PE of the class
  /// The integers that may lie at an address, by their bytes (2 or 4), if
  /// constant data is known to lie there on every PE.
  std::map<std::pair<uint32_t, unsigned>, Value> words;
  llvm::BitVector constants; // bytes of initial data, inputs excepted
  /// Bytes the host reads after halt.
  llvm::BitVector results;
  /// Bytes that .weft.memory states on every PE of the class; empty if it
  /// states no data at all.
  llvm::BitVector declared;
};

/// Bounds the verifier's own work, over all classes.
struct Budget {
  uint64_t steps = 50'000'000;  // instructions to walk, runs of bytes to touch
  uint64_t events = 1 << 24;    // ops to keep that can wait for the fabric
  uint64_t routes = 50'000'000; // settings to look at, over all colours
  /// False if nothing is left: then the program is refused.
  bool spend(uint64_t n) { return steps -= std::min(steps, n); }
  bool spendRoutes(uint64_t n) { return routes -= std::min(routes, n); }
};

struct Context {
  const bin::Program &program;
  const Target &target;
  Findings &findings;
  Pattern grid;
  /// Structure that passed: later parts see only these.
  std::map<uint8_t, std::vector<const bin::Route *>> routes; // by colour
  std::map<unsigned, std::vector<const bin::Switch *>> switches;
  std::vector<const bin::Stream *> streams;
  std::vector<Region> where; // of each class
  Budget budget;
  /// Where colours have a second position; as settings, these join `routes`.
  std::map<unsigned, Region> switched;
  std::deque<bin::Route> positions;
};

/// Memory.cpp: what the loader puts on the PEs of a class.
LoadImage loadImage(Context &c, size_t cls);

/// An integer of a tensor as the host reads it (of u32 the bits as i32);
/// nothing if its type is none or data is missing.
std::optional<int64_t> element(const bin::Tensor &t, uint64_t index);

/// Does .weft.memory list data, not only code?
bool statesData(const bin::Program &p);

/// Placements.cpp: R-FILE, R-MEM-1 ... R-MEM-4, R-MEM-7 of the file.
void checkPlacements(Context &c);
unsigned storageBytes(bin::ElemType t); // 0: not a type of SRAM
uint64_t span(const bin::Placement &p); // elements of one tile's buffer
uint64_t tileElems(const bin::Placement &p);
constexpr uint64_t MaxLocalElems = 1 << 18; // of one tile; SRAM holds fewer

/// Walk.cpp: R-MEM, R-QUE-1, R-QUE-4, R-TASK, R-OP and R-FAB-8 of one class.
ClassFacts walkClass(Context &c, size_t cls, const LoadImage &image);

/// Routes.cpp: R-FAB-1 ... R-FAB-4, R-QUE-1 ... R-QUE-3.
void checkRoutes(Context &c);
void checkBindings(Context &c);

/// Switches.cpp: R-FAB-10.
void addPositions(Context &c, unsigned color);
void checkAdvances(Context &c, const std::vector<ClassFacts> &facts);

/// Where the words go that a class sends on a colour.
struct Delivery;
using Flows = std::map<std::pair<size_t, unsigned>, std::vector<Delivery>>;

/// Streams.cpp: R-FAB-7, R-FAB-9, and the counts of the fabric.
Flows checkStreams(Context &c, const std::vector<ClassFacts> &facts,
                   Counts &counts);

/// Report.cpp: R-COST. `reached`: the highest byte that is surely touched.
void checkCostReport(Context &c, const Counts &counts, uint64_t reached);

/// Progress.cpp: R-TASK-2, do all PEs halt or may they wait for each other?
void checkProgress(Context &c, const std::vector<ClassFacts> &facts,
                   const Flows &flows);

} // namespace weft::verify
#endif
