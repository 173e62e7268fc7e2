//===- Probe.h - Intermediate values against files ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// --probe VALUE=FILE compares values of the ONNX graph that lie in SRAM for a
// while, and names the first that diverges in the order of execution: the node
// to look at.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_RUN_PROBE_H
#define WEFT_TOOLS_RUN_PROBE_H

#include "Options.h"
#include "weft/Sim/Simulator.h"
#include "weft/Support/TensorFile.h"

namespace weft::run {

class Probes {
public:
  using Read = llvm::function_ref<llvm::Expected<FileTensor>(llvm::StringRef)>;

  Probes(const Options &o, const bin::Program &p) : o(o), program(p) {}

  /// Finds the values; says of one that no buffer holds why, and what is near.
  llvm::Error bind();
  llvm::Error ask(sim::Simulator &simulator) const;
  /// Reads the files; what is wrong with them is better known before a run.
  llvm::Error read(Read readFile);
  llvm::Error take(const sim::Simulator &simulator);
  /// Prints how they compare; `where` follows each name. True if one differs.
  bool compare(llvm::StringRef where) const;

  /// What the last run had, in the order of the command line.
  std::vector<FileTensor> values;

private:
  llvm::Error bindOne(llvm::StringRef text, llvm::ArrayRef<std::string> names);
  llvm::Error check(const bin::NamedValue &v, FileTensor &t,
                    llvm::StringRef file) const;

  const Options &o;
  const bin::Program &program;
  std::vector<size_t> indices;    // into program.values
  std::vector<std::string> files; // "": only to be written
  std::vector<FileTensor> wanted;
};

/// Why `name` cannot be probed: what it is, and which values near it can.
std::string whyNoProbe(const bin::Program &p, llvm::StringRef name);
/// "node 'h.0/Add' (Add, #5)" that defines a value; "" if none is known.
std::string definerText(const bin::Program &p, llvm::StringRef value);

} // namespace weft::run
#endif
