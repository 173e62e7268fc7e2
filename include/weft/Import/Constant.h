//===- Constant.h - Constant expressions of the nn dialect ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Casts, transposes and slices of weights stay ops in the IR and are evaluated
// here: at import for shape arithmetic, while raising to look at masks and
// epsilons, and once at emission. Arithmetic is done in double and rounded
// once; no libm, so the result is the same on every machine.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_IMPORT_CONSTANT_H
#define WEFT_IMPORT_CONSTANT_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "weft/Import/HostBytes.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace weft {

/// A dense row-major little-endian tensor; bool is one byte an element. Beyond
/// the element types of the dialect, f64, ui16, ui32 and ui64 occur in folding.
struct HostTensor {
  mlir::RankedTensorType type;
  HostBytes bytes;

  int64_t size() const { return type.getNumElements(); }
  double getFloat(int64_t i) const; // any element type
  int64_t getInt(int64_t i) const;  // any element type; floats truncate
  void setFloat(int64_t i, double value);
  void setInt(int64_t i, int64_t value);

  static HostTensor zeros(mlir::RankedTensorType type);
};

/// Bytes of one element in a HostTensor, 0 if the type cannot be held.
unsigned hostElementBytes(mlir::Type type);

/// The result of an nn op on constant operands; an error if the evaluator does
/// not know the op.
llvm::Expected<HostTensor>
evaluateOp(mlir::Operation *op, llvm::ArrayRef<const HostTensor *> operands);

/// The same for operands of other shapes than the IR has, and a result of
/// `type`.
llvm::Expected<HostTensor>
evaluateOpAs(mlir::Operation *op, mlir::RankedTensorType type,
             llvm::ArrayRef<const HostTensor *> operands);

/// `value` is made of weights and constants by ops that can be evaluated.
bool isConstant(mlir::Value value);

/// The same for the result of `op`, if `constants` holds all constant values
/// before it: for walks over a whole program.
bool isConstantAfter(mlir::Operation *op,
                     const llvm::DenseSet<mlir::Value> &constants);

/// How many elements raising may compute to look at a value: enough for a mask
/// of 8192 tokens.
constexpr int64_t LookLimit = int64_t(1) << 26;

/// The value of a constant expression of at most `limit` elements, all that is
/// computed on the way included. Weights are read through the WeightStore of
/// the nn dialect (NNDialect::setWeights).
llvm::Expected<HostTensor> evaluateTensor(mlir::Value value,
                                          int64_t limit = INT64_MAX);

/// The same, bytes only.
llvm::Expected<HostBytes> evaluateConstant(mlir::Value value);

/// The only element, or the common value of all elements, of a constant
/// expression of at most `limit` elements. Elements are computed only where its
/// form does not tell. With `left`, what is computed is taken off it, and once
/// nothing is left, nothing more: for patterns, which ask for each op.
std::optional<double> constantScalar(mlir::Value value, int64_t limit = 65536,
                                     int64_t *left = nullptr);

} // namespace weft
#endif
