//===- Interpreter.h - Executing a kernel's code on one PE ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Executes fabric code element by element, in the order the machine does, so
// that a kernel is tested without compiling it further. On a rectangle of one
// PE there is no communication and every kernel can run.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_KERNELS_INTERPRETER_H
#define WEFT_TEST_UNIT_KERNELS_INTERPRETER_H

#include "PE/PEDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "weft/Kernels/Code.h"

namespace weft::test {

/// 32-bit words: f32 and i32 elements alike.
using Words = std::vector<uint32_t>;

Words wordsOf(const std::vector<float> &values);
std::vector<float> floatsOf(const Words &words);

/// A context with the dialects that kernels use.
class Context {
public:
  Context();
  mlir::MLIRContext context;
};

/// Runs the body of `kernel`; buffers[i] is argument i. Further arguments are
/// scratch, filled with NaN, which nothing may depend on.
void execute(fabric::KernelOp kernel, std::vector<Words> &buffers);

/// Expands the options()[index] of `problem` on one PE and runs it. Returns the
/// result's words; operands and result lie as the kernel's layouts say.
Words run(const kernels::Problem &problem, const kernels::Option &option,
          const std::vector<Words> &operands);

/// Row-major to the storage of `type` on one PE, and back.
Words toStorage(mlir::RankedTensorType type, const Words &rowMajor);
Words fromStorage(mlir::RankedTensorType type, const Words &storage);

} // namespace weft::test
#endif
