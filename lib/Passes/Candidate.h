//===- Candidate.h - An nn program on one rectangle -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The program as a layout problem, with its costs and its solution.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_CANDIDATE_H
#define WEFT_LIB_PASSES_CANDIDATE_H

#include "Costs.h"
#include "NN/NNOps.h"
#include "OpProblem.h"
#include "PassDetail.h"
#include "weft/Solve/Layout.h"
#include <map>

namespace weft {
using kernels::Option;
using kernels::Problem;
using kernels::Rect;

/// The program as a layout problem on one rectangle, and its solution.
class Candidate {
public:
  Candidate(nn::ProgramOp program, const Rect &r, const Target &t)
      : rect(r), costs(program.getContext(), r, t) {}

  /// Collects the options of every op; an op without any is an error.
  mlir::LogicalResult build(nn::ProgramOp program);
  /// Chooses for `capacity` bytes per PE: by cycles alone, or if that does not
  /// fit, with a rising price on bytes until it does. Returns the cycles.
  uint64_t solve(uint64_t capacity);
  /// Keeps the options of `node` that `keep` likes; false, and all of them, if
  /// it likes none. To be called before solve().
  bool restrict(int node, llvm::function_ref<bool(const Option &)> keep);
  /// Bytes per PE: all constants, and the largest op's other operands.
  uint64_t bytes() const;
  uint64_t leastBytes() const;
  /// The chosen options' cycles, relayouts included.
  uint64_t cycles() const;
  const Option &chosen(int node) const { return options[node][choice[node]]; }
  unsigned choiceOf(int node) const { return choice[node]; }
  llvm::ArrayRef<Option> optionsOf(int node) const { return options[node]; }

  /// Of an option by itself.
  struct OptionCost {
    uint64_t cycles = 0, constantBytes = 0, otherBytes = 0;
  };
  const OptionCost &costOf(int node, unsigned option) const {
    return optionCosts[node][option];
  }
  /// What the program costs more if `node` alone takes another option: cycles,
  /// relayouts and the price of bytes that the choice was made with.
  int64_t extraCost(int node, unsigned option) const;
  /// Cycles to bring `node`'s value from one axis to another.
  uint64_t relayoutCycles(int node, int from, int to);

  Rect rect;
  llvm::SmallVector<mlir::Value> values;                // by node
  std::vector<llvm::SmallVector<mlir::Value>> operands; // of its problem
  std::vector<mlir::Location> locs; // naming all ops of a chain
  std::vector<Problem> problems;
  llvm::DenseMap<mlir::Value, int> nodeOf; // lookups only
  /// Output number to the node of the input that it becomes.
  std::map<unsigned, int> stateInput;

private:
  Costs costs;
  solve::LayoutProblem problem;
  std::map<std::tuple<int, int, int>, uint64_t> relayouts; // known cycles
  std::vector<unsigned> choice;
  std::vector<std::vector<Option>> options;
  std::vector<std::vector<OptionCost>> optionCosts; // by node and option

  /// Elementwise ops that are computed as a step of their only user.
  llvm::DenseMap<mlir::Operation *, mlir::Operation *> stepBefore;
  llvm::DenseSet<mlir::Operation *> absorbed;

  /// Linears of patches, and the inputs that are their images.
  llvm::DenseMap<mlir::Operation *, OpProblem> patchProducts;
  llvm::DenseMap<mlir::Value, mlir::Operation *> imageOf; // lookups only

  void findPatchProducts(nn::ProgramOp program);
  void findChains(nn::ProgramOp program);
  void addInput(mlir::BlockArgument arg);
  mlir::LogicalResult addOp(mlir::Operation *op);
  OptionCost measure(const Problem &p, const Option &o);
  mlir::LogicalResult addStates(nn::ProgramOp program);
  void append(mlir::Value v, mlir::Location loc, solve::LayoutNode node,
              OpProblem p, std::vector<Option> opts,
              std::vector<OptionCost> optionCost);
};

} // namespace weft

#endif
