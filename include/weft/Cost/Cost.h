//===- Cost.h - What a program will take, before anything runs ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The static cost model. Control flow and routes do not depend on data, so
// bytes, words and MACs are counted from the code and are exact; cycles carry a
// lower bound and an estimate. Work grows with classes, patterns and w + h,
// never with w * h. The simulator is neither linked nor consulted.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_COST_COST_H
#define WEFT_COST_COST_H

#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <string>
#include <vector>

namespace weft::cost {

/// What holds cycles back: a PE, a link, a ramp, or the path of one-wavelet
/// messages, and where: at (x, y), or from there to (toX, toY).
enum class Resource : uint8_t { None, PE, Link, Ramp, Path };
struct Place {
  Resource resource = Resource::None;
  uint32_t x = 0, y = 0, toX = 0, toY = 0;
};
/// "pe", "link", "ramp", "path" or "none".
llvm::StringRef resourceName(Resource r);

/// So many cycles of one resource.
struct Demand {
  uint64_t cycles = 0;
  Place where;
};

struct Bracket {
  uint64_t lo = 0, hi = 0;
};

/// `bound` is the resource that makes the lower bound. The ranges are over the
/// brackets of the target fields in `assumed`, on which the figures depend.
struct CycleCost {
  uint64_t lower = 0, estimate = 0;
  Place bound;
  Bracket lowerRange, estimateRange;
  std::vector<std::string> assumed;
};

struct KernelCost {
  std::string name, algorithm;
  std::vector<uint32_t> nodes; // ONNX node indices
  bin::Pattern where;
  uint32_t stage = 0;
  uint64_t macs = 0;  // executed on all PEs
  uint64_t words = 0; // wavelets that PEs send, on all PEs
  CycleCost cycles;   // from its first issue to its last end
};

/// Per PE, the largest value on any PE. `buffers` are fabric staging buffers.
struct MemoryCost {
  uint64_t code = 0, weights = 0, activations = 0, buffers = 0, reserved = 0,
           io = 0;
};

struct StageCost {
  std::string name;
  bin::Pattern where;
  uint64_t macs = 0, words = 0; // sums over its kernels
  MemoryCost memory;            // of its PEs
  CycleCost cycles;             // from first issue to last end of its kernels
  Demand interval;              // between runs that follow each other
};

struct ColorCost {
  uint32_t color = 0;
  uint64_t words = 0; // wavelets that enter the fabric
  uint64_t hops = 0;  // wavelets x links they cross
};

/// A directed link between neighbouring routers.
struct LinkCost {
  uint32_t x = 0, y = 0;     // the router that sends
  uint32_t toX = 0, toY = 0; // the router that receives
  char direction = 'E';      // N, S, E or W
  uint64_t wavelets = 0;
  std::vector<ColorCost> colors; // their words on this link; hops is 0
};

struct CostReport {
  std::string program, target;
  uint32_t gridW = 1, gridH = 1;
  CycleCost cycles; // from cycle 0 to the last halt
  /// What the busiest resource needs for one run: runs that overlap as well as
  /// they can follow each other at this distance.
  Demand interval;
  uint64_t sramPeakBytes = 0; // highest byte read, written or fetched, plus 1
  uint64_t waveletHops = 0;
  uint64_t maxLinkWavelets = 0;
  uint64_t macs = 0;
  uint64_t instructions = 0, elements = 0; // executed; of vector ops
  MemoryCost memory;
  std::vector<KernelCost> kernels;
  std::vector<StageCost> stages;
  std::vector<LinkCost> hottestLinks; // at most 8, hottest first
  std::vector<ColorCost> colors;      // ascending, used ones only
  std::vector<std::string> assumed;   // target fields with an assumed source
};

/// Counts and estimates a complete program. Fails on code that does not decode
/// or has no static control flow, and on routes that never end; legality in
/// general is the verifier's business.
llvm::Expected<CostReport> analyze(const bin::Program &p, const Target &t);

/// The report as nested JSON, with the names that execution statistics use.
llvm::json::Value toJson(const CostReport &r);
/// A table for people.
void printTable(const CostReport &r, llvm::raw_ostream &os);

/// The bytes of Program::costReport (proto/cost.proto), and back.
std::string serialize(const CostReport &r);
llvm::Expected<CostReport> deserialize(llvm::StringRef bytes);

/// Analyses `p` and embeds the result in it (cycles and costReport).
llvm::Expected<CostReport> embed(bin::Program &p, const Target &t);

} // namespace weft::cost
#endif
