//===- Options.h - The command line of weft-run ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Options with a value take it as the next word or after '='. NAME=VALUE is
// split only once the program's names are known, since names may hold '='.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_RUN_OPTIONS_H
#define WEFT_TOOLS_RUN_OPTIONS_H

#include "weft/Sim/Simulator.h"
#include "weft/Sim/Trace.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::run {

struct Options {
  std::string program, outputDir, statsJson, trace;
  std::vector<std::string> inputs, expects, probes; // NAME=FILE
  std::optional<double> rtol;
  double atol = 0;
  uint64_t steps = 1, maxCycles = 0; // maxCycles 0: the simulator's limit
  sim::TraceOptions record;
  std::optional<sim::Fidelity> askedFidelity;
  bool zeros = false, quiet = false, help = false, version = false;

  bool observes() const { return record.criticalPath || !trace.empty(); }
  /// Batched runs give the same results; exact ones can be observed.
  sim::Fidelity fidelity() const {
    return askedFidelity.value_or(observes() ? sim::Fidelity::Exact
                                             : sim::Fidelity::Batched);
  }
};

extern const char Usage[];
llvm::Expected<Options> parseOptions(llvm::ArrayRef<const char *> args);

/// As the option names it.
const char *fidelityName(sim::Fidelity f);

struct Binding {
  size_t index = 0; // of the name
  std::string file;
};
/// "; the nearest is 'x'", or "" if there are no names.
std::string nearestText(llvm::StringRef name,
                        llvm::ArrayRef<std::string> known);
/// Splits `text` at the longest of `names` that a '=' follows.
llvm::Expected<Binding> bindName(llvm::StringRef option, llvm::StringRef text,
                                 llvm::ArrayRef<std::string> names);

} // namespace weft::run
#endif
