//===- Compiler.h - weftc as a library ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_DRIVER_COMPILER_H
#define WEFT_DRIVER_COMPILER_H

#include <string>
#include <vector>

namespace weft {

/// The levels at which a compilation can stop.
enum class Emit { NN, Wafer, Fabric, PE, Asm, Binary, Cost };

struct CompilerOptions {
  std::string model, output;
  std::string target, grid; // empty: wse2, all of it
  std::vector<std::string> set, dims, consts, weights, states;
  std::string costJson, remarks, plan;
  std::string kernel;        // instead of a model: NAME:SIZES,TYPE
  std::string remarksFilter; // of names of passes; empty: all
  std::string dtype = "keep", acc = "f32"; // of tensors, of accumulators
  Emit emit = Emit::Binary;
  bool check = false; // writes nothing but a report of what would happen
  std::string checkJson;
  bool compare = false; // writes rooflines of devices beside the cost report
  std::string compareJson;
  std::vector<std::string> devices; // files
  std::string tokens;               // of a step; empty: as the model says
};

/// Exit codes of the tools: done; the user's mistake; a result that is not the
/// expected one, or a program that is refused; Weft's own fault.
enum ExitCode { Success = 0, UserError = 1, Differs = 2, Internal = 3 };

/// Compiles as told; diagnostics go to stderr. Nothing is left at `output` on
/// failure.
ExitCode compile(const CompilerOptions &options);

} // namespace weft
#endif
