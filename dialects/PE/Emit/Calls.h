//===- Calls.h - Calls and their parameter table --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Isomorphic layers are one loop over a table: a run of calls that repeats with
// some period becomes a counted loop, and r31 walks through the parameter
// blocks, which lie in the table in the order of the calls.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_PE_EMIT_CALLS_H
#define WEFT_PE_EMIT_CALLS_H

#include "Lowering.h"

namespace weft::pe {

class CallLowering {
public:
  CallLowering(ClassOp cls, ProgramOp program);

  /// Finds what each subroutine is passed, in the order callees first.
  /// Diagnoses recursion and arguments that are known only at run time.
  mlir::LogicalResult analyse();

  /// Lowers the calls from `it` on and moves it behind them.
  mlir::LogicalResult lowerRun(Lowering &lower, mlir::Block::iterator &it);

  /// The calls recorded from `first` on are made `trip` times.
  void repeatKernels(size_t first, int64_t trip) {
    std::vector<int32_t> round(kernels.begin() + first, kernels.end());
    while (--trip > 0)
      kernels.insert(kernels.end(), round.begin(), round.end());
  }

  SubInfo *lookup(llvm::StringRef name);
  int32_t kernelIndex(std::optional<llvm::StringRef> name);

  std::vector<SubInfo> subs;    // callees before callers
  std::vector<Word> table;      // parameter blocks, one word each
  std::vector<int32_t> kernels; // of every call of the last task, in order
  int64_t tableAddr = 0;

private:
  /// `count` rounds of `items`, or the call numbered `call`.
  struct Item {
    int call = -1, count = 1;
    std::vector<Item> items;
  };
  struct Walker; // r31 while calls are emitted

  mlir::LogicalResult order(SubOp sub, llvm::SmallVectorImpl<SubOp> &path);
  mlir::LogicalResult collectWords();
  std::vector<Item> fold(llvm::ArrayRef<CallOp> calls, int first) const;
  void remarkLoops(const std::vector<Item> &items,
                   llvm::ArrayRef<CallOp> calls);
  unsigned slotsOf(const std::vector<Item> &items,
                   llvm::ArrayRef<CallOp> calls);
  void emitItems(Lowering &lower, const std::vector<Item> &items,
                 llvm::ArrayRef<CallOp> calls, Walker &walker);

  ClassOp cls;
  ProgramOp program;
};

} // namespace weft::pe
#endif
