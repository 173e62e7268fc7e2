//===- NNState.cpp - States of a program ----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One check for the programs of all levels that carry states.
//
//===----------------------------------------------------------------------===//
#include "NN/NNOps.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace weft::nn;

static LogicalResult verifyHost(Operation *op, StateAttr state,
                                RankedTensorType own) {
  auto host = dyn_cast<RankedTensorType>(state.getHost());
  if (!host || !host.hasStaticShape())
    return op->emitOpError("has a state whose host type is ")
           << state.getHost() << ", expected a tensor of static shape";
  SmallVector<int64_t> sorted(state.getPerm());
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, host.getRank())))
    return op->emitOpError("has a state with perm [")
           << state.getPerm() << "], expected a permutation of "
           << host.getRank() << " axes";
  Type from = host.getElementType(), to = own.getElementType();
  bool converts = isa<FloatType>(from) && isa<FloatType>(to);
  if (host.getNumElements() != own.getNumElements() ||
      (from != to && !converts))
    return op->emitOpError("has a state that is ")
           << host << " to the host and " << own << " here";
  return success();
}

LogicalResult weft::nn::verifyStates(Operation *op, ArrayAttr states,
                                     TypeRange inputs, ArrayRef<Type> outputs) {
  llvm::SmallBitVector seenIn(inputs.size()), seenOut(outputs.size());
  for (Attribute a : states ? states.getValue() : ArrayRef<Attribute>()) {
    auto state = dyn_cast<StateAttr>(a);
    if (!state)
      return op->emitOpError("has state ") << a << ", expected #nn.state";
    unsigned in = state.getInput(), out = state.getOutput();
    if (in >= inputs.size() || out >= outputs.size())
      return op->emitOpError("has state ")
             << state << ", the program has " << inputs.size() << " inputs and "
             << outputs.size() << " outputs";
    if (seenIn.test(in) || seenOut.test(out))
      return op->emitOpError("has state ")
             << state << ", whose input or output is part of another state";
    seenIn.set(in);
    seenOut.set(out);
    auto from = dyn_cast<RankedTensorType>(inputs[in]);
    auto to = dyn_cast_or_null<RankedTensorType>(outputs[out]);
    if (!from || (outputs[out] && (!to || from.getShape() != to.getShape())))
      return op->emitOpError("has state ")
             << state << " from " << outputs[out] << " to " << inputs[in]
             << ", expected equal shapes";
    if (state.getHost() && failed(verifyHost(op, state, from)))
      return failure();
  }
  return success();
}

template <typename Match> static StateAttr find(ArrayAttr states, Match match) {
  for (Attribute a : states ? states.getValue() : ArrayRef<Attribute>())
    if (auto state = dyn_cast<StateAttr>(a); state && match(state))
      return state;
  return {};
}

StateAttr weft::nn::stateOfInput(ArrayAttr states, unsigned i) {
  return find(states, [&](StateAttr s) { return s.getInput() == i; });
}

StateAttr weft::nn::stateOfOutput(ArrayAttr states, unsigned i) {
  return find(states, [&](StateAttr s) { return s.getOutput() == i; });
}
