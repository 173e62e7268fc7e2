//===- Plan.h - Algorithm, layout and rectangle of every kernel -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What weft-partition decided, as data that can be written, edited and obeyed.
// Every entry but its identity may be left out on reading; what is absent stays
// the compiler's choice. Holds no MLIR.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PASSES_PLAN_H
#define WEFT_PASSES_PLAN_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// Where an entry stands in the plan's file; 0: nowhere.
struct PlanPlace {
  unsigned line = 0, column = 0;
};

struct PlanStage : PlanPlace {
  std::string name;
  std::vector<int64_t> rectangle; // width, height
};

struct PlanInput : PlanPlace {
  std::string name, layout;
};

struct PlanNode {
  std::optional<int64_t> index;
  std::optional<std::string> name, op;
};

/// One kernel: of one ONNX node, of several, or one of several of a node.
struct PlanKernel : PlanPlace {
  std::optional<int64_t> id; // number in the program
  std::optional<std::string> op;
  std::vector<PlanNode> nodes;
  std::optional<std::string> stage, algorithm, result;
  std::optional<std::vector<std::string>> operands; // layouts, as is `result`
};

struct Plan {
  std::string file;   // for messages
  bool given = false; // read, so to be obeyed; else to be filled
  std::vector<PlanStage> stages;
  std::vector<PlanInput> inputs;
  std::vector<PlanKernel> kernels;
};

/// Reads a plan; strict: unknown or repeated keys and wrong types are errors,
/// with file and line.
llvm::Expected<Plan> parsePlan(llvm::StringRef yaml, llvm::StringRef file);
void printPlan(const Plan &plan, llvm::raw_ostream &os);

} // namespace weft
#endif
