//===- Verifier.h - The independent checker of a .weft program ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The shadow of the whole compiler: it sees only the program and the target,
// walks the code of each class abstractly and follows the routes on rectangles,
// and says which rules of docs/machine-model.md do not hold. Its work depends
// on classes, patterns and routes, never on the number of PEs. It shares no
// code with compiler, cost model or simulator but the reader of the file.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_VERIFY_VERIFIER_H
#define WEFT_VERIFY_VERIFIER_H

#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include <map>
#include <string>
#include <vector>

namespace weft::verify {

/// A rule that does not hold, and where. "R-FILE" stands for the structure of
/// the program itself (patterns on the grid, indices in range, code decodes).
struct Finding {
  std::string rule, message;
};

struct ColorCount {
  uint64_t words = 0; // wavelets that enter the fabric
  uint64_t hops = 0;  // crossings of links between routers
};

/// What the program will do, recomputed from code and routes alone.
struct Counts {
  uint64_t sramPeakBytes = 0;   // highest byte touched on any PE, plus one
  uint64_t waveletHops = 0;     // crossings of links between routers
  uint64_t maxLinkWavelets = 0; // over one directed link, all colours
  uint64_t macs = 0, elements = 0, instructions = 0; // over all PEs
  std::map<unsigned, ColorCount> colors;
};

struct Result {
  std::vector<Finding> findings;  // in rule order, then in program order
  std::vector<std::string> rules; // every rule checked
  std::vector<std::string> notes; // where a check was weaker than its rule
  Counts counts;
  bool ok() const { return findings.empty(); }
  bool violates(const std::string &rule) const;
};

Result verify(const bin::Program &program, const Target &target);

/// The report of tools/weft-verify: rules with ok or findings, then counts.
std::string printResult(const Result &result);

} // namespace weft::verify
#endif
