//===- NNDialect.h - The nn dialect, its attributes, its locations --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The dialect and its attributes, and the functions that keep ONNX nodes on
// locations: promise 5 of the design rests on these few.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_NN_DIALECT_H
#define WEFT_NN_DIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallVector.h"

#include <memory>

namespace weft {
class WeightStore;
}

#include "NN/NNDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "NN/NNAttrs.h.inc"

namespace weft::nn {

/// The ONNX nodes on a location, ascending by index, each once.
llvm::SmallVector<NodeAttr> nodesOf(mlir::Location loc);

/// The location of one node, and of several merged ones.
mlir::Location nodeLoc(NodeAttr node);
mlir::Location fuseNodes(mlir::MLIRContext *context,
                         llvm::ArrayRef<NodeAttr> nodes);
mlir::Location fuseLocs(mlir::MLIRContext *context,
                        llvm::ArrayRef<mlir::Location> locs);

/// The ONNX values that an op's result is, outermost names of its location; the
/// location without them, and with others. Nodes say what an op computes, names
/// what comes out: of a fused group only the last value has one.
llvm::SmallVector<mlir::StringAttr> valueNamesOf(mlir::Location loc);
mlir::Location withoutValueNames(mlir::Location loc);
mlir::Location withValueNames(mlir::Location loc,
                              llvm::ArrayRef<mlir::StringAttr> names);

/// Bytes of one element of a dense tensor (bool is one byte), 0 if `type` is no
/// element type of the dialect.
unsigned elementBytes(mlir::Type type);

} // namespace weft::nn
#endif
