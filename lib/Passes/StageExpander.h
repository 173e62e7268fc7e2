//===- StageExpander.h - Kernels and buffers of one stage -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A buffer per value, a launch per kernel. Values that may share storage do:
// reshapes that keep the last dimension, and results that may overwrite an
// operand that dies.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_PASSES_STAGEEXPANDER_H
#define WEFT_LIB_PASSES_STAGEEXPANDER_H

#include "PassDetail.h"
#include "weft/Kernels/Kernel.h"
#include <map>

namespace weft {

/// Kernels of the program, equal code once.
class KernelCache {
public:
  explicit KernelCache(mlir::OpBuilder &b) : b(b) {}

  struct Entry {
    std::string symbol;
    llvm::SmallVector<mlir::MemRefType> scratch;
    unsigned uses = 0;
  };
  Entry get(const kernels::Problem &p, const kernels::Option &o,
            const kernels::Rect &r, mlir::Location loc);
  /// The kernel that copies one buffer to another.
  std::string copyOf(mlir::MemRefType type);

private:
  mlir::OpBuilder &b;
  std::map<std::string, Entry> known;
  std::map<std::string, std::string> copies; // by type
};

class StageExpander {
public:
  StageExpander(KernelCache &cache, wafer::StageOp stage,
                fabric::RegionOp region);

  /// `inputs[i]`: graph input number of stage operand i, or -1. Fails on a
  /// kernel that is not legal.
  mlir::LogicalResult run(llvm::ArrayRef<int64_t> inputs);

  /// Before run(): result `index` of the stage is graph input `input` of the
  /// next step. Fails if the stage does not lay that input out the same way.
  mlir::LogicalResult addState(mlir::BlockArgument input, unsigned index);

  mlir::Value bufferOf(mlir::Value v) { return buffers.lookup(v); }

  /// Where result `index` of the stage lies.
  mlir::Value resultBuffer(unsigned index);

  /// The buffer that operand `index` of the stage arrives in.
  mlir::Value receiveBuffer(unsigned index);

  /// Launches a kernel that sends or receives `buffer` on `channel`.
  void communicate(mlir::Value buffer, llvm::StringRef channel, bool send,
                   mlir::OpBuilder &kernels, mlir::Location loc);

private:
  mlir::OpBuilder b;
  KernelCache &cache;
  wafer::StageOp stage;
  kernels::Rect rect;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers, roots; // lookups only
  llvm::DenseMap<mlir::Value, unsigned> lastUse; // of a root, in op numbers
  llvm::DenseMap<mlir::Operation *, unsigned> order;
  /// Of a buffer: the launch that wrote it last, or the last name after that.
  llvm::DenseMap<mlir::Value, mlir::Operation *> written;
  std::map<std::string, unsigned> names;
  struct State {
    wafer::PlaceOp place;
    unsigned result = 0;
    mlir::Value buffer;   // of the input
    bool written = false; // in place, by the kernel that computes the result
  };
  std::vector<State> states;

  mlir::Value root(mlir::Value v);

  /// Numbers ops and finds the last use of every storage.
  void number();

  std::string uniqueName(std::string base);

  fabric::BufferOp makeBuffer(mlir::Location loc, llvm::StringRef name,
                              llvm::StringRef cls, mlir::RankedTensorType type);

  void expandPlace(wafer::PlaceOp place, llvm::ArrayRef<int64_t> inputs);

  void expandKernel(mlir::Operation *op);

  /// Names what the buffer holds, after the launch that wrote it.
  void expandValue(wafer::ValueOp value);

  mlir::Value yielded(unsigned index) {
    return stage.getBody().front().getTerminator()->getOperand(index);
  }

  /// The state that `op` may write in place over its operand `v`, or null.
  State *stateWrittenBy(mlir::Operation *op, mlir::Value v);

  /// Launches a copy of `from`, to a new buffer if `to` is null.
  mlir::Value copy(mlir::Value from, mlir::Value to, mlir::Location loc);

  /// Brings every state to its input's buffer.
  void settleStates();

  /// A name a reader recognises: op and the last ONNX node it computes.
  std::string instanceName(mlir::Operation *op, const kernels::Option &o);

  /// The buffer of an operand that dies here and may be overwritten.
  mlir::Value inPlaceBuffer(mlir::Operation *op, const kernels::Problem &p,
                            const kernels::Option &o);
};

} // namespace weft

#endif
