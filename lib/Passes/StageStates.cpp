//===- StageStates.cpp - States of a stage and their buffers --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A state's output and input are one buffer. A kernel that may overwrite its
// operand writes there itself, if nothing reads the old value later. Else the
// result is copied there when all kernels have run, and what still lies in a
// state's buffer but is not its new value is copied out first.
//
//===----------------------------------------------------------------------===//
#include "StageExpander.h"

using namespace mlir;
using namespace weft;

std::string KernelCache::copyOf(MemRefType type) {
  std::string key;
  llvm::raw_string_ostream(key) << type;
  std::string &name = copies[key];
  if (!name.empty())
    return name;
  name = "copy_" + std::to_string(copies.size() - 1);
  Location loc = UnknownLoc::get(b.getContext());
  auto kernel = fabric::KernelOp::create(b, loc, name);
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&kernel.getBody(), {}, {type, type}, {loc, loc});
  pe::VecOp::create(b, loc, pe::VecOpcode::VMov, body->getArgument(1),
                    body->getArgument(0));
  fabric::ReturnOp::create(b, loc);
  return name;
}

LogicalResult StageExpander::addState(BlockArgument input, unsigned index) {
  wafer::PlaceOp place;
  for (auto op : stage.getBody().getOps<wafer::PlaceOp>()) {
    auto arg = dyn_cast_or_null<BlockArgument>(op.getInput());
    if (arg && stage.getOperand(arg.getArgNumber()) == input)
      place = op;
  }
  if (!place)
    return stage.emitOpError("result #")
           << index << " is the state of input #" << input.getArgNumber()
           << ", which this stage does not lay out";
  if (place.getResult().getType() != yielded(index).getType()) {
    auto diag = stage.emitOpError("result #")
                << index << " is the state of input #" << input.getArgNumber()
                << ", but has type " << yielded(index).getType();
    diag.attachNote(place.getLoc())
        << "laid out here as " << place.getResult().getType();
    return diag;
  }
  states.push_back({place, index, Value()});
  return success();
}

Value StageExpander::resultBuffer(unsigned index) {
  for (const State &s : states)
    if (s.result == index)
      return s.buffer;
  return bufferOf(yielded(index));
}

StageExpander::State *StageExpander::stateWrittenBy(Operation *op, Value v) {
  for (State &s : states)
    if (s.place.getOperation()->getResult(0) == v &&
        root(yielded(s.result)) == op->getResult(0))
      return &s;
  return nullptr;
}

Value StageExpander::copy(Value from, Value to, Location loc) {
  auto source = from.getDefiningOp<fabric::BufferOp>();
  auto type = cast<MemRefType>(from.getType());
  std::string name = uniqueName("copy");
  if (!to)
    to = makeBuffer(loc, name, "activations",
                    cast<RankedTensorType>(*source.getTensor()));
  fabric::LaunchOp::create(
      b, loc, FlatSymbolRefAttr::get(b.getContext(), cache.copyOf(type)),
      ValueRange{from, to}, b.getStringAttr(name), b.getStringAttr("copy"),
      b.getDenseI64ArrayAttr(nodeIndices(loc)));
  return to;
}

void StageExpander::settleStates() {
  auto yield = stage.getBody().front().getTerminator();
  for (Value v : yield->getOperands())
    for (const State &s : states)
      if (!s.written && bufferOf(v) == s.buffer)
        buffers[v] = copy(bufferOf(v), nullptr, v.getLoc());
  for (const State &s : states)
    if (Value v = yielded(s.result); !s.written)
      copy(bufferOf(v), s.buffer, v.getLoc());
}
