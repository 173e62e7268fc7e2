//===- PEBorder.cpp - What pe.input and pe.output share -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "PEBorder.h"

using namespace mlir;
using namespace weft::pe;

RankedTensorType weft::pe::placedType(Type type, std::optional<Type> view) {
  return cast<RankedTensorType>(view ? *view : type);
}

LogicalResult weft::pe::verifyView(Operation *op, Type type, bool isPlaced,
                                   std::optional<Type> view,
                                   std::optional<ArrayRef<int64_t>> perm) {
  if (!view && !perm)
    return success();
  if (!view || !perm || !isPlaced)
    return op->emitOpError("needs all of 'at', 'view' and 'perm' for a view");
  auto own = cast<RankedTensorType>(type),
       placed = cast<RankedTensorType>(*view);
  Type from = own.getElementType(), to = placed.getElementType();
  bool converts = isa<FloatType>(from) && isa<FloatType>(to);
  if (!placed.hasStaticShape() ||
      placed.getNumElements() != own.getNumElements() ||
      (from != to && !converts))
    return op->emitOpError("is a ")
           << own << ", its view " << placed
           << ", expected as many elements of one type";
  SmallVector<int64_t> sorted(*perm);
  llvm::sort(sorted);
  if (llvm::equal(sorted, llvm::seq<int64_t>(0, own.getRank())))
    return success();
  return op->emitOpError("has perm [")
         << *perm << "], expected a permutation of " << own.getRank()
         << " axes";
}

LogicalResult weft::pe::verifyState(OutputOp output, ArrayRef<InputOp> inputs) {
  if (!output.getState())
    return success();
  uint32_t i = *output.getState();
  if (i >= inputs.size())
    return output.emitOpError("state ")
           << int32_t(i) << " is no input, there are " << inputs.size();
  InputOp input = inputs[i];
  auto program = cast<ProgramOp>(output->getParentOp());
  if (!program.getRepeatable())
    return output.emitOpError("is a state, but the program is not repeatable");
  for (OutputOp other : program.getOps<OutputOp>())
    if (other != output && other.getState() == output.getState())
      return output.emitOpError("is state ")
             << i << ", which output '" << other.getName() << "' is, too";
  bool same = output.getAddr() && output.getType() == input.getType() &&
              output.getAddr() == input.getAddr() &&
              output.getWhere() == input.getWhere() &&
              output.getStorage() == input.getStorage() &&
              output.getMap() == input.getMap() &&
              output.getPerm() == input.getPerm();
  if (same)
    return success();
  auto diag = output.emitOpError("is state ")
              << i << ", but lies elsewhere or in another form than that input";
  diag.attachNote(input.getLoc()) << "input here";
  return diag;
}
